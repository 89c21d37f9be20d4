/* The reader's events, and the short way for what most of them are: the key that comes next, and a scalar for
 * the field or array in the top frame. Anything else, and anything wrong, goes the long way (to_wire_sink.c)
 * from its beginning: the short way gives up before it has changed anything. */
#include "transcode/copy.h"
#include "transcode/scalar.h"
#include "transcode/to_wire.h"
#include "wire/tag.h"
#include "wire/varint.h"
#include "json/number.h"
#include "json/short_decimal.h"

/* The field that a scalar would be written to here; NULL when there is more to it than that. */
static inline const struct ss_field *target(const struct ss_frame *f)
{
    const struct ss_field *field = f->field;
    if (f->kind == SS_FRAME_ARRAY)
        return field;
    if (f->kind != SS_FRAME_MESSAGE || !field || field->repeated || field->oneof >= 0)
        return NULL;
    return field;
}

static inline bool may_be_absent(const struct ss_frame *f)
{
    return f->kind == SS_FRAME_MESSAGE && !f->field->presence;
}

static inline bool short_key(const struct ss_to_wire *w, struct ss_slice key)
{
    struct ss_frame *f = w->top;
    if (f->kind != SS_FRAME_MESSAGE || f->next >= f->message->n_fields)
        return false;
    const struct ss_field *field = &f->message->fields[f->next];
    uint64_t *word = (uint64_t *)w->c->seen.items + f->seen + f->next / 64;
    uint64_t bit = UINT64_C(1) << (f->next % 64);
    if (!ss_eq_few(field->json_name, key) || (*word & bit))
        return false;
    *word |= bit;
    f->field = field;
    f->next++;
    return true;
}

/* Writes a number, which the caller has found room for. */
static inline bool put_bits(const struct ss_to_wire *w, const struct ss_field *field, uint64_t bits)
{
    const struct ss_frame *f = w->top;
    struct ss_buf *out = w->out;
    if (bits == 0 && may_be_absent(f))
        return true;
    char *p = out->ptr + out->len;
    if (f->kind == SS_FRAME_MESSAGE || !field->packed) {
        memcpy(p, field->tag, sizeof field->tag);
        p += field->tag_len;
    }
    p = ss_scalar_put(field, bits, p);
    out->len = (size_t)(p - out->ptr);
    return true;
}

static inline bool has_room(const struct ss_to_wire *w)
{
    return w->out->cap - w->out->len >= SS_TAG_MAX + SS_VARINT_MAX;
}

/* An integer of a few digits and no sign. */
static inline bool short_integer(struct ss_slice text, size_t max, uint64_t *bits)
{
    if (text.len - 1 >= max || (text.ptr[0] == '0' && text.len > 1))
        return false;
    uint64_t v = 0;
    size_t i = 0;
    if (SS_SHORT_DECIMAL && text.len >= 8) {
        if (!ss_eight_digits(text.ptr, &v))
            return false;
        i = 8;
    }
    for (; i < text.len; i++) {
        unsigned digit = (unsigned char)(text.ptr[i] - '0');
        if (digit > 9)
            return false;
        v = v * 10 + digit;
    }
    *bits = v;
    return true;
}

static inline bool short_string(const struct ss_to_wire *w, struct ss_slice text)
{
    enum { DIGITS_64 = 18 };
    const struct ss_field *field = target(w->top);
    struct ss_buf *out = w->out;
    size_t n = text.len;
    uint64_t bits;
    if (!field)
        return false;
    if (field->type == SS_TYPE_INT64 || field->type == SS_TYPE_UINT64)
        return has_room(w) && short_integer(text, DIGITS_64, &bits) && put_bits(w, field, bits);
    if (field->type != SS_TYPE_STRING || n >= 0x80 || out->cap - out->len < SS_TAG_MAX + 1 + n ||
        (n == 0 && may_be_absent(w->top)))
        return false;
    char *p = out->ptr + out->len;
    memcpy(p, field->tag, sizeof field->tag);
    p += field->tag_len;
    *p++ = (char)n;
    ss_copy_small(p, text.ptr, n);
    out->len = (size_t)(p + n - out->ptr);
    return true;
}

/* A number as field's wire type has it. */
static inline bool short_value(const struct ss_field *field, struct ss_slice text, uint64_t *bits)
{
    enum { DIGITS_32 = 9 };
    float single;
    uint32_t u;
    double wide;
    uint8_t type = field->type;
    if (type == SS_TYPE_FLOAT) {
        if (ss_parse_float(text, &single))
            return false;
        memcpy(&u, &single, sizeof u);
        *bits = u;
        return true;
    }
    if (type == SS_TYPE_DOUBLE) {
        if (ss_parse_double(text, &wide))
            return false;
        memcpy(bits, &wide, sizeof wide);
        return true;
    }
    return (type == SS_TYPE_INT32 || type == SS_TYPE_INT64 || type == SS_TYPE_UINT32 ||
            type == SS_TYPE_UINT64) &&
           short_integer(text, DIGITS_32, bits);
}

/* An element of a packed array of floats: embeddings have thousands. */
static inline bool short_float(const struct ss_to_wire *w, struct ss_slice text)
{
    const struct ss_frame *f = w->top;
    struct ss_buf *out = w->out;
    float v;
    uint32_t bits;
    if (f->kind != SS_FRAME_ARRAY || f->field->type != SS_TYPE_FLOAT || !f->field->packed ||
        out->cap - out->len < sizeof bits || ss_parse_float(text, &v))
        return false;
    memcpy(&bits, &v, sizeof bits);
    ss_fixed32_put(out->ptr + out->len, bits);
    out->len += sizeof bits;
    return true;
}

static inline bool short_number(const struct ss_to_wire *w, struct ss_slice text)
{
    const struct ss_field *field = target(w->top);
    uint64_t bits;
    return field && has_room(w) && short_value(field, text, &bits) && put_bits(w, field, bits);
}

static inline bool short_boolean(const struct ss_to_wire *w, bool value)
{
    const struct ss_field *field = target(w->top);
    return field && field->type == SS_TYPE_BOOL && has_room(w) && put_bits(w, field, value);
}

static bool on_null(void *ctx)
{
    struct ss_to_wire *w = ctx;
    w->events++;
    return ss_to_wire_value(w, &(struct ss_token){.kind = SS_TOKEN_NULL});
}

static bool on_boolean(void *ctx, bool value)
{
    struct ss_to_wire *w = ctx;
    w->events++;
    return short_boolean(w, value) ||
           ss_to_wire_value(w, &(struct ss_token){.kind = SS_TOKEN_BOOL, .value = value});
}

static __attribute__((noinline)) bool long_value(struct ss_to_wire *w, enum ss_token_kind kind,
                                                 struct ss_slice text)
{
    return ss_to_wire_value(w, &(struct ss_token){kind, false, text});
}

static __attribute__((noinline)) bool number(struct ss_to_wire *w, struct ss_slice text)
{
    return short_number(w, text) || long_value(w, SS_TOKEN_NUMBER, text);
}

static bool on_number(void *ctx, struct ss_slice text)
{
    struct ss_to_wire *w = ctx;
    w->events++;
    return short_float(w, text) || number(w, text);
}

static bool on_string(void *ctx, struct ss_slice text)
{
    struct ss_to_wire *w = ctx;
    w->events++;
    return short_string(w, text) || long_value(w, SS_TOKEN_STRING, text);
}

static bool on_key(void *ctx, struct ss_slice text)
{
    struct ss_to_wire *w = ctx;
    w->events++;
    return short_key(w, text) || ss_to_wire_key(w, text);
}

static bool on_start_object(void *ctx)
{
    struct ss_to_wire *w = ctx;
    w->events++;
    const struct ss_frame *f = w->top;
    if (f->kind == SS_FRAME_ARRAY && f->field->type == SS_TYPE_MESSAGE &&
        f->field->message->wkt == SS_WKT_NONE) {
        size_t outer = ss_holes_height(&w->c->holes);
        return ss_to_wire_begin(w, f->field) && ss_to_wire_push_message(w, f->field->message, outer);
    }
    return ss_to_wire_start_object(w);
}

static bool on_end_object(void *ctx)
{
    struct ss_to_wire *w = ctx;
    w->events++;
    return ss_to_wire_end_object(w);
}

static bool on_start_array(void *ctx)
{
    struct ss_to_wire *w = ctx;
    w->events++;
    return ss_to_wire_start_array(w);
}

static bool on_end_array(void *ctx)
{
    struct ss_to_wire *w = ctx;
    w->events++;
    return ss_to_wire_end_array(w);
}

const struct ss_json_sink ss_to_wire_sink = {
    .null = on_null,
    .boolean = on_boolean,
    .number = on_number,
    .string = on_string,
    .start_object = on_start_object,
    .key = on_key,
    .end_object = on_end_object,
    .start_array = on_start_array,
    .end_array = on_end_array,
};
