#include "transcode/wkt_mask.h"

#include "wire/writer.h"

static bool upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static enum ss_err put_path(struct ss_slice path, bool proto_spelling, struct ss_buf *out)
{
    size_t len = path.len;
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] == '_' && !proto_spelling)
            return SS_ERR_INVALID;
        len += upper(path.ptr[i]);
    }
    enum ss_err err = ss_buf_reserve(out, ss_wire_bytes_size(1, len));
    if (err || (err = ss_wire_put_head(out, 1, len)))
        return err;
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        if (upper(c)) {
            out->ptr[out->len++] = '_';
            c = (char)(c - 'A' + 'a');
        }
        out->ptr[out->len++] = c;
    }
    return SS_OK;
}

enum ss_err ss_mask_parse(struct ss_slice text, bool proto_spelling, struct ss_buf *out)
{
    if (text.len == 0)
        return SS_OK;
    for (;;) { /* "a,,b" has three paths, as in other implementations */
        const char *comma = text.len ? memchr(text.ptr, ',', text.len) : NULL;
        size_t n = comma ? (size_t)(comma - text.ptr) : text.len;
        enum ss_err err = put_path(ss_slice_of(text.ptr, n), proto_spelling, out);
        if (err || !comma)
            return err;
        text = ss_slice_skip(text, n + 1);
    }
}

enum ss_err ss_mask_print_path(struct ss_slice path, struct ss_buf *out)
{
    enum ss_err err = ss_buf_reserve(out, path.len);
    if (err)
        return err;
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        if (upper(c))
            return SS_ERR_INVALID;
        if (c == '_') {
            if (++i == path.len || !lower(path.ptr[i]))
                return SS_ERR_INVALID;
            c = (char)(path.ptr[i] - 'a' + 'A');
        }
        out->ptr[out->len++] = c;
    }
    return SS_OK;
}
