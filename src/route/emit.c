#include "route/emit.h"

#include "wire/tag.h"
#include "wire/varint.h"

enum { HEAD_MAX = SS_TAG_MAX + SS_VARINT_MAX };

struct frame {
    char head[SS_FIELD_PATH_MAX * HEAD_MAX]; /* filled from its end */
    size_t head_at;
    char tail[SS_FIELD_PATH_MAX * SS_TAG_MAX];
    size_t tail_len;
};

static void prepend(struct frame *frame, const void *p, size_t n)
{
    frame->head_at -= n;
    memcpy(frame->head + frame->head_at, p, n);
}

enum ss_err ss_emit_wrap(struct ss_buf *out, size_t start, const struct ss_field *const *fields, size_t n)
{
    struct frame frame;
    size_t body = out->len - start, inner = body;
    frame.head_at = sizeof frame.head;
    frame.tail_len = 0;
    for (size_t i = n; i > 0; i--) {
        const struct ss_field *f = fields[i - 1];
        if (f->type == SS_TYPE_GROUP) {
            char *end = ss_varint_put(frame.tail + frame.tail_len, ss_tag(f->number, SS_WIRE_END_GROUP));
            frame.tail_len = (size_t)(end - frame.tail);
        } else {
            char len[SS_VARINT_MAX];
            const char *end = ss_varint_put(len, inner);
            prepend(&frame, len, (size_t)(end - len));
        }
        prepend(&frame, f->tag, f->tag_len);
        inner = sizeof frame.head - frame.head_at + body + frame.tail_len;
    }
    size_t head_len = sizeof frame.head - frame.head_at;
    enum ss_err err = ss_buf_reserve(out, head_len + frame.tail_len);
    if (err || head_len == 0)
        return err;
    memmove(out->ptr + start + head_len, out->ptr + start, body);
    memcpy(out->ptr + start, frame.head + frame.head_at, head_len);
    memcpy(out->ptr + start + head_len + body, frame.tail, frame.tail_len);
    out->len += head_len + frame.tail_len;
    return SS_OK;
}

static size_t zero_len(const struct ss_field *f)
{
    return f->wire_type == SS_WIRE_FIXED64 ? 8 : f->wire_type == SS_WIRE_FIXED32 ? 4 : 1;
}

enum ss_err ss_emit_zeros(struct ss_buf *out, const struct ss_field *f)
{
    static const char zeros[8];
    size_t start = out->len;
    for (size_t i = 0; i < f->message->n_fields; i++) {
        const struct ss_field *inner = &f->message->fields[i];
        if (inner->repeated || inner->message || inner->oneof >= 0)
            continue;
        char tag[SS_TAG_MAX];
        memcpy(tag, inner->tag, inner->tag_len);
        enum ss_err err = ss_buf_append(out, tag, inner->tag_len);
        if (err == SS_OK)
            err = ss_buf_append(out, zeros, zero_len(inner));
        if (err)
            return err;
    }
    return ss_emit_wrap(out, start, &f, 1);
}
