/* Values from a path or a query string. */
#include "base/base64.h"
#include "transcode/scalar.h"
#include "transcode/transcode.h"
#include "transcode/wkt_mask.h"
#include "transcode/wkt_time.h"
#include "wire/writer.h"

bool ss_field_takes_text(const struct ss_field *f)
{
    if (f->map || (f->extension && f->parent->message_set)) /* an item of a set has no tag of its own */
        return false;
    if (!f->message)
        return true;
    switch (f->message->wkt) {
    case SS_WKT_TIMESTAMP:
    case SS_WKT_DURATION:
    case SS_WKT_FIELD_MASK:
    case SS_WKT_WRAPPER:
        return f->type == SS_TYPE_MESSAGE;
    case SS_WKT_NONE:
    case SS_WKT_ANY:
    case SS_WKT_STRUCT:
    case SS_WKT_VALUE:
    case SS_WKT_LIST_VALUE:
    case SS_WKT_EMPTY:
    case SS_WKT_HTTP_BODY:
        break;
    }
    return false;
}

bool ss_text_is_unset(const struct ss_field *f, struct ss_slice text)
{
    if (text.len)
        return false;
    if (f->message && f->message->wkt == SS_WKT_WRAPPER)
        return f->message->fields[0].type != SS_TYPE_STRING;
    if (f->message && f->message->wkt == SS_WKT_VALUE) /* which holds strings too */
        return false;
    return f->type != SS_TYPE_STRING;
}

static enum ss_err decode_bytes(const struct ss_field *f, struct ss_slice text, struct ss_buf *out)
{
    size_t before = out->len, room = ss_base64_decoded_max(text.len), n;
    enum ss_err err = ss_buf_reserve(out, SS_TAG_MAX + SS_VARINT_MAX + room);
    if (err)
        return err;
    /* Decoded behind where it will be at the latest, then moved to behind its length. */
    char *at = out->ptr + before + SS_TAG_MAX + SS_VARINT_MAX;
    err = ss_base64_decode(at, &n, text);
    if (err || (err = ss_wire_put_head(out, f->number, n)))
        return err;
    memmove(out->ptr + out->len, at, n);
    out->len += n;
    return SS_OK;
}

static enum ss_err put_bytes(const struct ss_field *f, struct ss_slice text, bool lenient, struct ss_buf *out)
{
    struct ss_buf lines;
    ss_buf_init(&lines, 1);
    enum ss_err err = lenient ? ss_base64_unfold(&text, &lines) : SS_OK;
    if (!err)
        err = decode_bytes(f, text, out);
    ss_buf_dispose(&lines);
    return err;
}

/* As in Go's strconv.ParseBool, by which grpc-gateway goes, and in any case. */
static struct ss_slice bool_word(struct ss_slice text)
{
    if (ss_slice_eq(text, SS_LIT("1")) || ss_slice_eq_ci(text, SS_LIT("t")))
        return SS_LIT("true");
    if (ss_slice_eq(text, SS_LIT("0")) || ss_slice_eq_ci(text, SS_LIT("f")))
        return SS_LIT("false");
    return text;
}

static enum ss_err put_number(const struct ss_field *f, struct ss_slice text, bool lenient,
                              struct ss_buf *out)
{
    uint64_t bits;
    if (lenient && f->type == SS_TYPE_BOOL)
        text = bool_word(text);
    struct ss_token t = {SS_TOKEN_STRING, false, text};
    if (!lenient && f->type == SS_TYPE_BOOL && !ss_slice_eq(text, SS_LIT("true")) &&
        !ss_slice_eq(text, SS_LIT("false")))
        return SS_ERR_INVALID;
    if (ss_scalar_read(f, &t, true, &bits) != SS_SCALAR_OK)
        return SS_ERR_INVALID;
    char bytes[SS_TAG_MAX + 1 + SS_VARINT_MAX], value[SS_VARINT_MAX];
    size_t n = (size_t)(ss_scalar_put(f, bits, value) - value);
    memcpy(bytes, f->tag, sizeof f->tag);
    char *p = bytes + f->tag_len;
    if (f->packed) /* a packed array of one */
        *p++ = (char)n;
    memcpy(p, value, n);
    return ss_buf_append(out, bytes, (size_t)(p - bytes) + n);
}

/* Writes value, a field's content that a message is, behind the tag and length of f. */
static enum ss_err put_message(const struct ss_field *f, struct ss_slice text, bool lenient,
                               struct ss_arena *a, struct ss_buf *out)
{
    struct ss_time time;
    char bytes[SS_TIME_WIRE_MAX];
    bool timestamp = f->message->wkt == SS_WKT_TIMESTAMP;
    if (timestamp || f->message->wkt == SS_WKT_DURATION) {
        if (!(timestamp ? ss_wkt_timestamp_parse(text, &time) : ss_wkt_duration_parse(text, &time)))
            return SS_ERR_INVALID;
        return ss_wire_put_bytes(out, f->number, ss_slice_of(bytes, ss_time_put(time, bytes)));
    }
    struct ss_buf content;
    struct ss_slice unused;
    ss_buf_init(&content, out->max);
    enum ss_err err = f->message->wkt == SS_WKT_FIELD_MASK
                          ? ss_mask_parse(text, true, &content)
                          : ss_text_to_wire(&f->message->fields[0], text, lenient, a, &content, &unused);
    if (!err)
        err = ss_wire_put_bytes(out, f->number, ss_buf_slice(&content));
    ss_buf_dispose(&content);
    return err;
}

enum ss_err ss_text_to_wire(const struct ss_field *f, struct ss_slice text, bool lenient, struct ss_arena *a,
                            struct ss_buf *out, struct ss_slice *expected)
{
    enum ss_err err = SS_ERR_INVALID;
    size_t before = out->len;
    if (!ss_field_takes_text(f)) {
        *expected = SS_LIT("expected no text: the field is a message or a map");
        return err;
    }
    if (f->type == SS_TYPE_STRING)
        err = ss_wire_put_bytes(out, f->number, text);
    else if (f->type == SS_TYPE_BYTES)
        err = put_bytes(f, text, lenient, out);
    else if (f->message)
        err = put_message(f, text, lenient, a, out);
    else
        err = put_number(f, text, lenient, out);
    if (err)
        out->len = before;
    if (err == SS_ERR_INVALID) {
        struct ss_slice wants = ss_field_wants(f, a);
        *expected = ss_arena_printf(a, "expected %.*s", SS_FMT(wants));
    }
    return err;
}
