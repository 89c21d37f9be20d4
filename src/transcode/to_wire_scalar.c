/* Values that are one token: numbers, strings, enums, and the messages that are written as such. */
#include "base/base64.h"
#include "transcode/scalar.h"
#include "transcode/to_wire.h"
#include "transcode/wkt_mask.h"
#include "transcode/wkt_time.h"
#include "wire/writer.h"
#include "json/number.h"

enum { VALUE_NUMBER = 2, VALUE_STRING = 3 }; /* fields of google.protobuf.Value */

bool ss_to_wire_append(struct ss_to_wire *w, const char *p, size_t n)
{
    enum ss_err err = ss_buf_append(w->out, p, n);
    return err ? ss_to_wire_fail(w, err) : true;
}

bool ss_field_takes_null(const struct ss_field *f)
{
    if (f->message)
        return f->message->wkt == SS_WKT_VALUE;
    return f->enumeration && f->enumeration->null_value;
}

static enum ss_put done(bool ok)
{
    return ok ? SS_PUT_DONE : SS_PUT_FAILED;
}

static enum ss_put put_number(struct ss_to_wire *w, const struct ss_field *f, const struct ss_token *t,
                              bool tagged, bool skip_default)
{
    uint64_t bits;
    switch (ss_scalar_read(f, t, w->options.lenient, &bits)) {
    case SS_SCALAR_OK:
        break;
    case SS_SCALAR_UNKNOWN_ENUM:
        if (w->options.ignore_unknown_fields)
            return SS_PUT_DROPPED;
        return done(ss_to_wire_expected(w, ss_field_wants(f, w->arena), t));
    case SS_SCALAR_BAD:
        return done(ss_to_wire_expected(w, ss_field_wants(f, w->arena), t));
    }
    if (skip_default && bits == 0)
        return SS_PUT_DONE;
    char bytes[SS_TAG_MAX + SS_VARINT_MAX + 1];
    struct ss_buf *out = w->out;
    bool direct = out->cap - out->len >= sizeof bytes;
    char *start = direct ? out->ptr + out->len : bytes, *p = start;
    if (tagged) {
        memcpy(p, f->tag, sizeof f->tag);
        p += f->tag_len;
    }
    p = ss_scalar_put(f, bits, p);
    if (!direct)
        return done(ss_to_wire_append(w, bytes, (size_t)(p - start)));
    out->len += (size_t)(p - start);
    return SS_PUT_DONE;
}

/* Tag and length of n bytes, and room for them. */
static bool put_head(struct ss_to_wire *w, const struct ss_field *f, size_t n)
{
    char bytes[SS_TAG_MAX + SS_VARINT_MAX];
    memcpy(bytes, f->tag, sizeof f->tag);
    size_t head = (size_t)(ss_varint_put(bytes + f->tag_len, n) - bytes);
    enum ss_err err = ss_buf_reserve(w->out, head + n);
    return err ? ss_to_wire_fail(w, err) : ss_to_wire_append(w, bytes, head);
}

static enum ss_put put_string(struct ss_to_wire *w, const struct ss_field *f, const struct ss_token *t,
                              bool skip_default)
{
    if (t->kind != SS_TOKEN_STRING && !(w->options.lenient && t->kind == SS_TOKEN_NUMBER))
        return done(ss_to_wire_expected(w, ss_field_wants(f, w->arena), t));
    size_t n = t->text.len;
    if (skip_default && n == 0)
        return SS_PUT_DONE;
    struct ss_buf *out = w->out;
    if (n >= 0x80 || out->cap - out->len < SS_TAG_MAX + 1 + n)
        return done(put_head(w, f, n) && ss_to_wire_append(w, t->text.ptr, n));
    char *p = out->ptr + out->len;
    memcpy(p, f->tag, sizeof f->tag);
    p += f->tag_len;
    *p++ = (char)n;
    if (n)
        memcpy(p, t->text.ptr, n);
    out->len = (size_t)(p + n - out->ptr);
    return SS_PUT_DONE;
}

static enum ss_put put_bytes(struct ss_to_wire *w, const struct ss_field *f, const struct ss_token *t,
                             bool skip_default)
{
    if (t->kind != SS_TOKEN_STRING)
        return done(ss_to_wire_expected(w, ss_field_wants(f, w->arena), t));
    if (skip_default && t->text.len == 0)
        return SS_PUT_DONE;
    struct ss_slice text = t->text;
    enum ss_err err = w->options.lenient ? ss_base64_unfold(&text, &w->c->text) : SS_OK;
    if (err)
        return done(ss_to_wire_fail(w, err));
    size_t chars = text.len;
    for (unsigned i = 0; i < 2 && chars && text.ptr[chars - 1] == '='; i++)
        chars--;
    size_t n = chars / 4 * 3 + chars % 4 * 3 / 4, decoded;
    if (!put_head(w, f, n))
        return SS_PUT_FAILED;
    err = ss_buf_reserve(w->out, ss_base64_decoded_max(text.len));
    if (err)
        return done(ss_to_wire_fail(w, err));
    if (ss_base64_decode(w->out->ptr + w->out->len, &decoded, text) || decoded != n)
        return done(ss_to_wire_expected(w, ss_field_wants(f, w->arena), t));
    w->out->len += n;
    return SS_PUT_DONE;
}

static bool put_time(struct ss_to_wire *w, struct ss_time t)
{
    char bytes[SS_TIME_WIRE_MAX];
    return ss_to_wire_append(w, bytes, ss_time_put(t, bytes));
}

/* google.protobuf.Value: the fields are a oneof, so zero is written too. */
static enum ss_put put_value(struct ss_to_wire *w, const struct ss_message *m, const struct ss_token *t)
{
    char bytes[9];
    double number;
    uint64_t bits;
    switch (t->kind) {
    case SS_TOKEN_NULL:
        return done(ss_to_wire_append(w, "\x08", 2));
    case SS_TOKEN_BOOL:
        return done(ss_to_wire_append(w, t->value ? "\x20\x01" : "\x20", 2));
    case SS_TOKEN_STRING:
        return put_string(w, ss_message_field_by_number(m, VALUE_STRING), t, false);
    case SS_TOKEN_NUMBER:
        if (ss_parse_double(t->text, &number))
            break;
        bytes[0] = (char)ss_tag(VALUE_NUMBER, SS_WIRE_FIXED64);
        memcpy(&bits, &number, sizeof bits);
        ss_fixed64_put(bytes + 1, bits);
        return done(ss_to_wire_append(w, bytes, sizeof bytes));
    case SS_TOKEN_KEY:
    case SS_TOKEN_START_OBJECT:
    case SS_TOKEN_END_OBJECT:
    case SS_TOKEN_START_ARRAY:
    case SS_TOKEN_END_ARRAY:
        break;
    }
    return done(ss_to_wire_expected(w, ss_message_wants(m, w->arena), t));
}

enum ss_put ss_to_wire_put_message(struct ss_to_wire *w, const struct ss_message *m, const struct ss_token *t)
{
    struct ss_time time;
    enum ss_err err;
    bool string = t->kind == SS_TOKEN_STRING;
    switch (m->wkt) {
    case SS_WKT_VALUE:
        return put_value(w, m, t);
    case SS_WKT_WRAPPER:
        return ss_to_wire_put(w, &m->fields[0], t, true, true);
    case SS_WKT_TIMESTAMP:
        if (string && ss_wkt_timestamp_parse(t->text, &time))
            return done(put_time(w, time));
        break;
    case SS_WKT_DURATION:
        if (string && ss_wkt_duration_parse(t->text, &time))
            return done(put_time(w, time));
        break;
    case SS_WKT_FIELD_MASK:
        err = string ? ss_mask_parse(t->text, w->options.lenient, w->out) : SS_ERR_INVALID;
        if (err != SS_ERR_INVALID)
            return done(err == SS_OK || ss_to_wire_fail(w, err));
        break;
    case SS_WKT_NONE:
    case SS_WKT_ANY:
    case SS_WKT_STRUCT:
    case SS_WKT_LIST_VALUE:
    case SS_WKT_EMPTY:
    case SS_WKT_HTTP_BODY:
        break;
    }
    return done(ss_to_wire_expected(w, ss_message_wants(m, w->arena), t));
}

static enum ss_put put_message_field(struct ss_to_wire *w, const struct ss_field *f, const struct ss_token *t)
{
    size_t height = ss_holes_height(&w->c->holes);
    if (!ss_to_wire_begin(w, f))
        return SS_PUT_FAILED;
    enum ss_put put = ss_to_wire_put_message(w, f->message, t);
    return put == SS_PUT_DONE ? done(ss_to_wire_close(w, height)) : put;
}

enum ss_put ss_to_wire_put(struct ss_to_wire *w, const struct ss_field *f, const struct ss_token *t,
                           bool tagged, bool skip_default)
{
    switch ((enum ss_type)f->type) {
    case SS_TYPE_STRING:
        return put_string(w, f, t, skip_default);
    case SS_TYPE_BYTES:
        return put_bytes(w, f, t, skip_default);
    case SS_TYPE_GROUP:
    case SS_TYPE_MESSAGE:
        return put_message_field(w, f, t);
    case SS_TYPE_DOUBLE:
    case SS_TYPE_FLOAT:
    case SS_TYPE_INT64:
    case SS_TYPE_UINT64:
    case SS_TYPE_INT32:
    case SS_TYPE_FIXED64:
    case SS_TYPE_FIXED32:
    case SS_TYPE_BOOL:
    case SS_TYPE_UINT32:
    case SS_TYPE_ENUM:
    case SS_TYPE_SFIXED32:
    case SS_TYPE_SFIXED64:
    case SS_TYPE_SINT32:
    case SS_TYPE_SINT64:
        break;
    }
    return put_number(w, f, t, tagged, skip_default);
}
