#include "transcode/scalar.h"

#include "transcode/stack.h"
#include "wire/varint.h"
#include "json/number.h"

enum { ENUM_VALUES_SHOWN = 20 };

static bool signed_in(struct ss_slice text, int64_t min, int64_t max, int64_t *v)
{
    return ss_parse_int64(text, v) == SS_OK && *v >= min && *v <= max;
}

static bool float_of(struct ss_slice text, bool quoted, uint64_t *bits)
{
    float v;
    if (quoted && ss_slice_eq(text, SS_LIT("NaN")))
        v = __builtin_nanf("");
    else if (quoted && ss_slice_eq(text, SS_LIT("Infinity")))
        v = __builtin_inff();
    else if (quoted && ss_slice_eq(text, SS_LIT("-Infinity")))
        v = -__builtin_inff();
    else if (ss_parse_float(text, &v))
        return false;
    uint32_t u;
    memcpy(&u, &v, 4);
    *bits = u;
    return true;
}

static bool double_of(struct ss_slice text, bool quoted, uint64_t *bits)
{
    double v;
    if (quoted && ss_slice_eq(text, SS_LIT("NaN")))
        v = __builtin_nan("");
    else if (quoted && ss_slice_eq(text, SS_LIT("Infinity")))
        v = __builtin_inf();
    else if (quoted && ss_slice_eq(text, SS_LIT("-Infinity")))
        v = -__builtin_inf();
    else if (ss_parse_double(text, &v))
        return false;
    memcpy(bits, &v, 8);
    return true;
}

static enum ss_scalar enum_of(const struct ss_enum *e, const struct ss_token *t, bool lenient, uint64_t *bits)
{
    int64_t number = 0;
    switch (t->kind) {
    case SS_TOKEN_NULL:
        *bits = 0;
        return e->null_value ? SS_SCALAR_OK : SS_SCALAR_BAD;
    case SS_TOKEN_STRING: {
        const struct ss_enum_value *v = ss_enum_by_name(e, t->text);
        if (!v && lenient)
            v = ss_enum_by_name_ci(e, t->text);
        if (v) {
            *bits = (uint64_t)(int64_t)v->number;
            return SS_SCALAR_OK;
        }
        if (!lenient || !signed_in(t->text, INT32_MIN, INT32_MAX, &number))
            return SS_SCALAR_UNKNOWN_ENUM;
        break;
    }
    case SS_TOKEN_NUMBER:
        if (!signed_in(t->text, INT32_MIN, INT32_MAX, &number))
            return SS_SCALAR_BAD;
        break;
    case SS_TOKEN_BOOL:
    case SS_TOKEN_KEY:
    case SS_TOKEN_START_OBJECT:
    case SS_TOKEN_END_OBJECT:
    case SS_TOKEN_START_ARRAY:
    case SS_TOKEN_END_ARRAY:
        return SS_SCALAR_BAD;
    }
    *bits = (uint64_t)number;
    return e->closed && !ss_enum_by_number(e, (int32_t)number) ? SS_SCALAR_UNKNOWN_ENUM : SS_SCALAR_OK;
}

static bool bool_of(const struct ss_token *t, bool lenient, uint64_t *bits)
{
    if (t->kind == SS_TOKEN_BOOL) {
        *bits = t->value;
        return true;
    }
    if (!lenient || t->kind != SS_TOKEN_STRING)
        return false;
    *bits = ss_slice_eq_ci(t->text, SS_LIT("true"));
    return *bits || ss_slice_eq_ci(t->text, SS_LIT("false"));
}

static bool number_of(const struct ss_field *f, struct ss_slice text, bool quoted, uint64_t *bits)
{
    int64_t v;
    switch ((enum ss_type)f->type) {
    case SS_TYPE_DOUBLE:
        return double_of(text, quoted, bits);
    case SS_TYPE_FLOAT:
        return float_of(text, quoted, bits);
    case SS_TYPE_UINT64:
    case SS_TYPE_FIXED64:
        return ss_parse_uint64(text, bits) == SS_OK;
    case SS_TYPE_UINT32:
    case SS_TYPE_FIXED32:
        return ss_parse_uint64(text, bits) == SS_OK && *bits <= UINT32_MAX;
    case SS_TYPE_INT64:
    case SS_TYPE_SFIXED64:
        if (ss_parse_int64(text, &v))
            return false;
        *bits = (uint64_t)v;
        return true;
    case SS_TYPE_SINT64:
        if (ss_parse_int64(text, &v))
            return false;
        *bits = ss_zigzag_encode(v);
        return true;
    case SS_TYPE_INT32:
    case SS_TYPE_SFIXED32:
        if (!signed_in(text, INT32_MIN, INT32_MAX, &v))
            return false;
        *bits = (uint64_t)v;
        return true;
    case SS_TYPE_SINT32:
        if (!signed_in(text, INT32_MIN, INT32_MAX, &v))
            return false;
        *bits = ss_zigzag_encode(v);
        return true;
    case SS_TYPE_BOOL:
    case SS_TYPE_STRING:
    case SS_TYPE_GROUP:
    case SS_TYPE_MESSAGE:
    case SS_TYPE_BYTES:
    case SS_TYPE_ENUM:
        break;
    }
    return false;
}

enum ss_scalar ss_scalar_read(const struct ss_field *f, const struct ss_token *t, bool lenient,
                              uint64_t *bits)
{
    if (f->type == SS_TYPE_ENUM)
        return enum_of(f->enumeration, t, lenient, bits);
    if (f->type == SS_TYPE_BOOL)
        return bool_of(t, lenient, bits) ? SS_SCALAR_OK : SS_SCALAR_BAD;
    if (t->kind != SS_TOKEN_NUMBER && t->kind != SS_TOKEN_STRING)
        return SS_SCALAR_BAD;
    return number_of(f, t->text, t->kind == SS_TOKEN_STRING, bits) ? SS_SCALAR_OK : SS_SCALAR_BAD;
}

static bool white(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum ss_err ss_base64_unfold(struct ss_slice *text, struct ss_buf *lines)
{
    size_t i = 0;
    while (i < text->len && !white(text->ptr[i]))
        i++;
    if (i == text->len)
        return SS_OK;
    lines->max = text->len;
    ss_buf_clear(lines, SS_SCRATCH_KEEP);
    enum ss_err err = ss_buf_reserve(lines, text->len);
    if (err)
        return err;
    for (i = 0; i < text->len; i++)
        if (!white(text->ptr[i]))
            lines->ptr[lines->len++] = text->ptr[i];
    *text = ss_buf_slice(lines);
    return SS_OK;
}

static struct ss_slice enum_wants(const struct ss_enum *e, struct ss_arena *a)
{
    if (e->null_value)
        return SS_LIT("null");
    size_t shown = e->n_values < ENUM_VALUES_SHOWN ? e->n_values : ENUM_VALUES_SHOWN;
    size_t len = 0;
    for (size_t i = 0; i < shown; i++)
        len += e->values[i].name.len + 2;
    char *text = ss_arena_alloc(a, len + 1);
    char *p = text;
    for (size_t i = 0; i < shown; i++) {
        p = mempcpy(p, e->values[i].name.ptr, e->values[i].name.len);
        p = mempcpy(p, ", ", 2);
    }
    struct ss_slice names = ss_slice_of(text, shown ? len - 2 : 0);
    if (shown < e->n_values)
        return ss_arena_printf(a, "one of %.*s and %zu more", SS_FMT(names), e->n_values - shown);
    return ss_arena_printf(a, "one of %.*s", SS_FMT(names));
}

struct ss_slice ss_field_wants(const struct ss_field *f, struct ss_arena *a)
{
    switch ((enum ss_type)f->type) {
    case SS_TYPE_DOUBLE:
        return SS_LIT("a number in the range of a double, \"NaN\", \"Infinity\" or \"-Infinity\"");
    case SS_TYPE_FLOAT:
        return SS_LIT("a number in the range of a float, \"NaN\", \"Infinity\" or \"-Infinity\"");
    case SS_TYPE_INT64:
    case SS_TYPE_SFIXED64:
    case SS_TYPE_SINT64:
        return SS_LIT("an integer of 64 bits, as a string or a number");
    case SS_TYPE_UINT64:
    case SS_TYPE_FIXED64:
        return SS_LIT("an unsigned integer of 64 bits, as a string or a number");
    case SS_TYPE_INT32:
    case SS_TYPE_SFIXED32:
    case SS_TYPE_SINT32:
        return SS_LIT("an integer between -2147483648 and 2147483647");
    case SS_TYPE_UINT32:
    case SS_TYPE_FIXED32:
        return SS_LIT("an integer between 0 and 4294967295");
    case SS_TYPE_BOOL:
        return SS_LIT("true or false");
    case SS_TYPE_STRING:
        return SS_LIT("a string");
    case SS_TYPE_BYTES:
        return SS_LIT("a string of base64");
    case SS_TYPE_ENUM:
        return enum_wants(f->enumeration, a);
    case SS_TYPE_GROUP:
    case SS_TYPE_MESSAGE:
        return ss_message_wants(f->message, a);
    }
    return SS_LIT("a value");
}

struct ss_slice ss_message_wants(const struct ss_message *m, struct ss_arena *a)
{
    switch (m->wkt) {
    case SS_WKT_TIMESTAMP:
        return SS_LIT("a timestamp of the years 0001 to 9999 such as \"2024-01-31T09:30:00Z\"");
    case SS_WKT_DURATION:
        return SS_LIT("a duration in seconds such as \"3.5s\"");
    case SS_WKT_FIELD_MASK:
        return SS_LIT("a field mask such as \"user.displayName,photo\"");
    case SS_WKT_LIST_VALUE:
        return SS_LIT("an array");
    case SS_WKT_VALUE:
        return SS_LIT("a finite number, a string, true, false, null, an object or an array");
    case SS_WKT_WRAPPER:
        return ss_field_wants(&m->fields[0], a);
    case SS_WKT_NONE:
    case SS_WKT_ANY:
    case SS_WKT_STRUCT:
    case SS_WKT_EMPTY:
    case SS_WKT_HTTP_BODY:
        break;
    }
    return SS_LIT("an object");
}
