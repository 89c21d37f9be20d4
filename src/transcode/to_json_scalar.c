/* One scalar value from the wire, and its JSON. */
#include "transcode/copy.h"
#include "transcode/default.h"
#include "transcode/to_json.h"
#include "json/number.h"
#include "json/writer.h"

static inline const char *read(const struct ss_field *f, const char *p, const char *end, struct ss_value *v)
{
    v->bits = 0;
    if (f->wire_type == SS_WIRE_BYTES)
        return ss_wire_get_bytes(p, end, &v->bytes);
    if (f->wire_type == SS_WIRE_FIXED64) {
        if (end - p < 8)
            return NULL;
        v->bits = ss_fixed64_get(p);
        return p + 8;
    }
    if (f->wire_type == SS_WIRE_FIXED32) {
        if (end - p < 4)
            return NULL;
        v->bits = ss_fixed32_get(p);
        return p + 4;
    }
    p = ss_varint_get(p, end, &v->bits);
    if (!p)
        return NULL;
    switch ((enum ss_type)f->type) {
    case SS_TYPE_BOOL:
        v->bits = v->bits != 0;
        break;
    case SS_TYPE_INT32:
    case SS_TYPE_UINT32:
    case SS_TYPE_ENUM:
        v->bits = (uint32_t)v->bits;
        break;
    case SS_TYPE_SINT32:
        v->bits = (uint32_t)ss_zigzag_decode((uint32_t)v->bits);
        break;
    case SS_TYPE_SINT64:
        v->bits = (uint64_t)ss_zigzag_decode(v->bits);
        break;
    case SS_TYPE_INT64:
    case SS_TYPE_UINT64:
    case SS_TYPE_DOUBLE:
    case SS_TYPE_FLOAT:
    case SS_TYPE_FIXED64:
    case SS_TYPE_FIXED32:
    case SS_TYPE_SFIXED64:
    case SS_TYPE_SFIXED32:
    case SS_TYPE_STRING:
    case SS_TYPE_BYTES:
    case SS_TYPE_GROUP:
    case SS_TYPE_MESSAGE:
        break;
    }
    return p;
}

const char *ss_value_read(const struct ss_field *f, const char *p, const char *end, struct ss_value *v)
{
    return read(f, p, end, v);
}

bool ss_value_unknown(const struct ss_field *f, const struct ss_value *v)
{
    return f->enumeration && f->enumeration->closed &&
           !ss_enum_by_number(f->enumeration, (int32_t)(uint32_t)v->bits);
}

bool ss_value_is_zero(const struct ss_field *f, const struct ss_value *v)
{
    if (f->enumeration && f->enumeration->null_value) /* prints as null whatever its number */
        return true;
    return f->wire_type == SS_WIRE_BYTES ? v->bytes.len == 0 : v->bits == 0;
}

static inline unsigned print_int64(char *p, uint64_t bits, bool is_signed, bool quoted)
{
    *p = '"';
    p += quoted;
    unsigned n = is_signed ? ss_print_int64(p, (int64_t)bits) : ss_print_uint64(p, bits);
    p[n] = '"';
    return n + (quoted ? 2 : 0);
}

static unsigned print_copy(char *p, const char *text)
{
    size_t n = strlen(text);
    memcpy(p, text, n);
    return (unsigned)n;
}

static unsigned print_double(char *p, uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    if (__builtin_isfinite(v))
        return ss_print_double(p, v);
    return print_copy(p, __builtin_isnan(v) ? "\"NaN\"" : v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
}

static unsigned print_float(char *p, uint64_t bits)
{
    float v;
    uint32_t u = (uint32_t)bits;
    memcpy(&v, &u, sizeof v);
    if (__builtin_isfinite(v))
        return ss_print_float(p, v);
    return print_copy(p, __builtin_isnan(v) ? "\"NaN\"" : v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
}

/* At most SS_NUMBER_MAX + 2 bytes. */
static inline unsigned print_number(const struct ss_to_json *w, const struct ss_field *f, uint64_t bits,
                                    char *p)
{
    switch ((enum ss_type)f->type) {
    case SS_TYPE_DOUBLE:
        return print_double(p, bits);
    case SS_TYPE_FLOAT:
        return print_float(p, bits);
    case SS_TYPE_INT64:
    case SS_TYPE_SINT64:
    case SS_TYPE_SFIXED64:
        return print_int64(p, bits, true, !w->options.int64_as_number);
    case SS_TYPE_UINT64:
    case SS_TYPE_FIXED64:
        return print_int64(p, bits, false, !w->options.int64_as_number);
    case SS_TYPE_INT32:
    case SS_TYPE_SINT32:
    case SS_TYPE_SFIXED32:
    case SS_TYPE_ENUM:
        return ss_print_int64(p, (int32_t)(uint32_t)bits);
    case SS_TYPE_UINT32:
    case SS_TYPE_FIXED32:
        return ss_print_uint64(p, bits);
    case SS_TYPE_BOOL:
        memcpy(p, bits ? "true " : "false", 5);
        return bits ? 4 : 5;
    case SS_TYPE_STRING:
    case SS_TYPE_BYTES:
    case SS_TYPE_GROUP:
    case SS_TYPE_MESSAGE:
        break;
    }
    return 0;
}

bool ss_to_json_value(struct ss_to_json *w, const struct ss_field *f, const struct ss_value *v)
{
    if (f->type == SS_TYPE_STRING)
        return ss_to_json_string(w, v->bytes, f->validate_utf8);
    if (f->type == SS_TYPE_BYTES) {
        enum ss_err err = ss_json_write_base64(w->out, v->bytes);
        return err ? ss_to_json_fail(w, err) : true;
    }
    if (f->type == SS_TYPE_ENUM) {
        if (f->enumeration->null_value)
            return ss_to_json_text(w, "null", 4);
        const struct ss_enum_value *e =
            w->options.enums_as_ints ? NULL : ss_enum_by_number(f->enumeration, (int32_t)(uint32_t)v->bits);
        if (e)
            return ss_to_json_text(w, e->json.ptr, e->json.len);
    }
    struct ss_buf *out = w->out;
    if (__builtin_expect(out->cap - out->len >= SS_NUMBER_MAX + 2, 1)) {
        out->len += print_number(w, f, v->bits, out->ptr + out->len);
        return true;
    }
    char text[SS_NUMBER_MAX + 2];
    return ss_to_json_text(w, text, print_number(w, f, v->bits, text));
}

struct ss_slice ss_to_json_zero(const struct ss_to_json *w, const struct ss_field *f)
{
    const struct ss_enum *e = f->enumeration;
    if (f->repeated)
        return f->map ? SS_LIT("{}") : SS_LIT("[]");
    switch ((enum ss_type)f->type) {
    case SS_TYPE_STRING:
    case SS_TYPE_BYTES:
        return SS_LIT("\"\"");
    case SS_TYPE_INT64:
    case SS_TYPE_UINT64:
    case SS_TYPE_SINT64:
    case SS_TYPE_FIXED64:
    case SS_TYPE_SFIXED64:
        return w->options.int64_as_number ? SS_LIT("0") : SS_LIT("\"0\"");
    case SS_TYPE_BOOL:
        return SS_LIT("false");
    case SS_TYPE_GROUP:
    case SS_TYPE_MESSAGE:
        return SS_LIT("null");
    case SS_TYPE_ENUM:
        if (e->null_value)
            return SS_LIT("null");
        if (!w->options.enums_as_ints && e->n_values && e->values[0].number == 0)
            return e->values[0].json;
        return SS_LIT("");
    case SS_TYPE_DOUBLE:
    case SS_TYPE_FLOAT:
    case SS_TYPE_INT32:
    case SS_TYPE_UINT32:
    case SS_TYPE_SINT32:
    case SS_TYPE_FIXED32:
    case SS_TYPE_SFIXED32:
        break;
    }
    return SS_LIT("0");
}

/* Key and value of a number, or of a short string without escapes, where there is room for both. */
static inline bool short_member(struct ss_to_json *w, const struct ss_field *f, const struct ss_value *v)
{
    struct ss_buf *out = w->out;
    struct ss_slice key = w->options.preserve_proto_field_names ? f->proto_key : f->json_key;
    bool string = f->type == SS_TYPE_STRING;
    size_t room = 1 + key.len + (string ? v->bytes.len + 2 : SS_NUMBER_MAX + 2);
    if (w->options.pretty || out->cap - out->len < room || (f->wire_type == SS_WIRE_BYTES && !string) ||
        f->enumeration)
        return false;
    char *to = out->ptr + out->len;
    if (to[-1] != '{')
        *to++ = ',';
    ss_copy_small(to, key.ptr, key.len);
    to += key.len;
    if (!string)
        to += print_number(w, f, v->bits, to);
    else if (ss_json_put_plain(to, v->bytes))
        to += v->bytes.len + 2;
    else
        return false;
    out->len = (size_t)(to - out->ptr);
    return true;
}

const char *ss_to_json_scalar_member(struct ss_to_json *w, const struct ss_field *f, const char *p,
                                     const char *end)
{
    struct ss_value v = {0, {NULL, 0}};
    p = read(f, p, end, &v);
    if (!p) {
        ss_to_json_bad(w, "malformed bytes");
        return NULL;
    }
    if (!f->presence && !w->options.emit_defaults && ss_value_is_zero(f, &v))
        return p;
    if (short_member(w, f, &v))
        return p;
    return ss_to_json_key(w, f) && ss_to_json_value(w, f, &v) ? p : NULL;
}

const char *ss_to_json_fixed(struct ss_to_json *w, const struct ss_field *f, const char *p, const char *end)
{
    enum { ROOM = SS_NUMBER_MAX + 4, AT_ONCE = 64 };
    struct ss_buf *out = w->out;
    bool is_float = f->type == SS_TYPE_FLOAT;
    size_t size = is_float ? 4 : 8;
    if ((!is_float && f->type != SS_TYPE_DOUBLE) || w->options.pretty)
        return p;
    while ((size_t)(end - p) >= size) {
        size_t n = (size_t)(end - p) / size;
        n = n < AT_ONCE ? n : AT_ONCE;
        if (ss_buf_reserve(out, n * ROOM) != SS_OK)
            return p; /* it may fit all the same: they are not so long as that */
        char *to = out->ptr + out->len;
        bool comma = ss_to_json_follows(w);
        for (; n; n--, p += size) {
            *to = ',';
            to += comma;
            comma = true;
            to += is_float ? print_float(to, ss_fixed32_get(p)) : print_double(to, ss_fixed64_get(p));
        }
        out->len = (size_t)(to - out->ptr);
    }
    return p;
}

bool ss_to_json_default(struct ss_to_json *w, const struct ss_field *f, bool explicit)
{
    bool own = explicit && f->default_text.len;
    struct ss_slice zero = own ? SS_LIT("") : ss_to_json_zero(w, f);
    if (zero.len)
        return ss_to_json_text(w, zero.ptr, zero.len);
    struct ss_value v = {0, SS_LIT("")};
    if (own)
        ss_field_default(f, w->arena, &v.bits, &v.bytes);
    else if (f->enumeration->closed && f->enumeration->n_values)
        v.bits = (uint32_t)f->enumeration->values[0].number;
    return ss_to_json_value(w, f, &v);
}
