#include "schema/builtin.h"

#define ENTRY(name, kind)                                                                                    \
    {                                                                                                        \
        SS_LIT(name), kind                                                                                   \
    }

static bool begins_with(struct ss_slice s, struct ss_slice prefix)
{
    return s.len > prefix.len && memcmp(s.ptr, prefix.ptr, prefix.len) == 0;
}

enum ss_builtin_kind ss_builtin_kind_of(struct ss_slice file_name)
{
    static const struct {
        struct ss_slice name;
        enum ss_builtin_kind kind;
    } table[] = {
        ENTRY("google/protobuf/any.proto", SS_BUILTIN_PINNED),
        ENTRY("google/protobuf/duration.proto", SS_BUILTIN_PINNED),
        ENTRY("google/protobuf/empty.proto", SS_BUILTIN_PINNED),
        ENTRY("google/protobuf/field_mask.proto", SS_BUILTIN_PINNED),
        ENTRY("google/protobuf/struct.proto", SS_BUILTIN_PINNED),
        ENTRY("google/protobuf/timestamp.proto", SS_BUILTIN_PINNED),
        ENTRY("google/protobuf/wrappers.proto", SS_BUILTIN_PINNED),
        ENTRY("google/rpc/code.proto", SS_BUILTIN_PINNED),
        ENTRY("google/rpc/error_details.proto", SS_BUILTIN_PINNED),
        ENTRY("google/rpc/status.proto", SS_BUILTIN_PINNED),
        ENTRY("google/api/httpbody.proto", SS_BUILTIN_PINNED),
        ENTRY("google/protobuf/api.proto", SS_BUILTIN_DEFAULT),
        ENTRY("google/protobuf/descriptor.proto", SS_BUILTIN_DEFAULT),
        ENTRY("google/protobuf/source_context.proto", SS_BUILTIN_DEFAULT),
        ENTRY("google/protobuf/type.proto", SS_BUILTIN_DEFAULT),
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (ss_slice_eq(table[i].name, file_name))
            return table[i].kind;
    if (begins_with(file_name, SS_LIT("google/api/")) || begins_with(file_name, SS_LIT("google/rpc/")))
        return SS_BUILTIN_ON_DEMAND;
    return SS_BUILTIN_NONE;
}
