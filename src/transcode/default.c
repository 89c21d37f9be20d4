#include "transcode/default.h"

#include "json/number.h"

static bool float_word(struct ss_slice text, double *v)
{
    if (ss_slice_eq(text, SS_LIT("inf")))
        *v = __builtin_inf();
    else if (ss_slice_eq(text, SS_LIT("-inf")))
        *v = -__builtin_inf();
    else if (ss_slice_eq(text, SS_LIT("nan")))
        *v = __builtin_nan("");
    else
        return false;
    return true;
}

static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 99;
}

/* Up to max digits of that base from text[*i] on. */
static char code_of(struct ss_slice text, size_t *i, unsigned base, unsigned max)
{
    unsigned v = 0;
    for (unsigned n = 0; n < max && *i < text.len && digit_of(text.ptr[*i]) < base; n++)
        v = v * base + digit_of(text.ptr[(*i)++]);
    return (char)(unsigned char)v;
}

/* Bytes are kept as a C string literal's inside. */
static struct ss_slice unescape(struct ss_slice text, struct ss_arena *a)
{
    static const char from[] = "abfnrtv", to[] = "\a\b\f\n\r\t\v";
    char *out = ss_arena_alloc(a, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.len;) {
        char c = text.ptr[i++];
        if (c == '\\' && i < text.len) {
            const char *known = strchr(from, text.ptr[i]);
            if (text.ptr[i] == 'x' || text.ptr[i] == 'X') {
                i++;
                c = code_of(text, &i, 16, 2);
            } else if (digit_of(text.ptr[i]) < 8) {
                c = code_of(text, &i, 8, 3);
            } else {
                c = known && text.ptr[i] ? to[known - from] : text.ptr[i];
                i++;
            }
        }
        out[n++] = c;
    }
    return ss_slice_of(out, n);
}

void ss_field_default(const struct ss_field *f, struct ss_arena *a, uint64_t *bits, struct ss_slice *bytes)
{
    struct ss_slice text = f->default_text;
    double d;
    float s;
    int64_t i;
    uint64_t u;
    uint32_t word;
    const struct ss_enum_value *e;
    switch ((enum ss_type)f->type) {
    case SS_TYPE_DOUBLE:
        if (float_word(text, &d) || !ss_parse_double(text, &d))
            memcpy(bits, &d, sizeof d);
        return;
    case SS_TYPE_FLOAT:
        if (float_word(text, &d))
            s = (float)d;
        else if (ss_parse_float(text, &s))
            return;
        memcpy(&word, &s, sizeof word);
        *bits = word;
        return;
    case SS_TYPE_INT32:
    case SS_TYPE_SINT32:
    case SS_TYPE_SFIXED32:
        if (!ss_parse_int64(text, &i))
            *bits = (uint32_t)i;
        return;
    case SS_TYPE_INT64:
    case SS_TYPE_SINT64:
    case SS_TYPE_SFIXED64:
        if (!ss_parse_int64(text, &i))
            *bits = (uint64_t)i;
        return;
    case SS_TYPE_UINT32:
    case SS_TYPE_UINT64:
    case SS_TYPE_FIXED32:
    case SS_TYPE_FIXED64:
        if (!ss_parse_uint64(text, &u))
            *bits = u;
        return;
    case SS_TYPE_BOOL:
        *bits = ss_slice_eq(text, SS_LIT("true"));
        return;
    case SS_TYPE_ENUM:
        e = ss_enum_by_name(f->enumeration, text);
        if (e)
            *bits = (uint32_t)e->number;
        return;
    case SS_TYPE_STRING:
        *bytes = text;
        return;
    case SS_TYPE_BYTES:
        *bytes = unescape(text, a);
        return;
    case SS_TYPE_GROUP:
    case SS_TYPE_MESSAGE:
        return;
    }
}
