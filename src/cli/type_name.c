#include "cli/type_name.h"

static struct ss_slice of_one(const struct ss_field *f)
{
    static const char *const scalars[] = {
        [SS_TYPE_DOUBLE] = "double",     [SS_TYPE_FLOAT] = "float",   [SS_TYPE_INT64] = "int64",
        [SS_TYPE_UINT64] = "uint64",     [SS_TYPE_INT32] = "int32",   [SS_TYPE_FIXED64] = "fixed64",
        [SS_TYPE_FIXED32] = "fixed32",   [SS_TYPE_BOOL] = "bool",     [SS_TYPE_STRING] = "string",
        [SS_TYPE_BYTES] = "bytes",       [SS_TYPE_UINT32] = "uint32", [SS_TYPE_SFIXED32] = "sfixed32",
        [SS_TYPE_SFIXED64] = "sfixed64", [SS_TYPE_SINT32] = "sint32", [SS_TYPE_SINT64] = "sint64",
    };
    if (f->message)
        return f->message->full_name;
    return f->enumeration ? f->enumeration->full_name : ss_slice_str(scalars[f->type]);
}

struct ss_slice ss_type_name(const struct ss_field *f, struct ss_arena *a)
{
    struct ss_slice one = of_one(f);
    if (f->map) {
        struct ss_slice key = of_one(&f->message->fields[0]), value = of_one(&f->message->fields[1]);
        return ss_arena_printf(a, "map<%.*s, %.*s>", SS_FMT(key), SS_FMT(value));
    }
    return f->repeated ? ss_arena_printf(a, "repeated %.*s", SS_FMT(one)) : one;
}
