#include "http/grpc_web.h"

#include "base/base64.h"
#include "http/http1.h"

struct ss_slice ss_grpc_web_content_type(bool text)
{
    return text ? SS_LIT("application/grpc-web-text+proto") : SS_LIT("application/grpc-web+proto");
}

/* ---- trailers ---- */

static bool clean(const struct ss_header *h)
{
    for (size_t i = 0; i < h->name.len; i++)
        if (h->name.ptr[i] >= 'A' && h->name.ptr[i] <= 'Z')
            return false;
    return ss_http_name_valid(h->name) && ss_http_value_valid(h->value);
}

enum ss_err ss_grpc_web_trailers(const struct ss_header *trailers, size_t n, struct ss_buf *out)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        if (!clean(&trailers[i]))
            return SS_ERR_INTERNAL;
        len += trailers[i].name.len + trailers[i].value.len + 4;
    }
    if (len > UINT32_MAX)
        return SS_ERR_LIMIT;
    enum ss_err err = ss_buf_reserve(out, len + 5);
    if (err != SS_OK)
        return err;
    const char prefix[5] = {(char)SS_GRPC_WEB_TRAILERS, (char)(len >> 24), (char)(len >> 16),
                            (char)(len >> 8), (char)len};
    ss_buf_append(out, prefix, sizeof prefix);
    for (size_t i = 0; i < n; i++) {
        ss_buf_append_slice(out, trailers[i].name);
        ss_buf_append(out, ": ", 2);
        ss_buf_append_slice(out, trailers[i].value);
        ss_buf_append(out, "\r\n", 2);
    }
    return SS_OK;
}

/* ---- base64 by pieces ---- */

enum ss_err ss_grpc_web_encode(struct ss_grpc_web_encoder *e, struct ss_slice bytes, bool flush,
                               struct ss_buf *out)
{
    size_t total = e->n + bytes.len;
    enum ss_err err = ss_buf_reserve(out, ss_base64_encoded_len(total, true));
    if (err != SS_OK)
        return err;
    if (e->n) { /* the bytes held back come first: up to a whole group with them */
        char group[3];
        memcpy(group, e->held, e->n);
        size_t take = 3u - e->n < bytes.len ? 3u - e->n : bytes.len;
        memcpy(group + e->n, bytes.ptr, take);
        size_t have = e->n + take;
        bytes = ss_slice_skip(bytes, take);
        if (have < 3 && !flush) {
            memcpy(e->held, group, have);
            e->n = (uint8_t)have;
            return SS_OK;
        }
        out->len += ss_base64_encode(out->ptr + out->len, ss_slice_of(group, have), true);
        e->n = 0;
    }
    size_t rest = flush ? 0 : bytes.len % 3;
    size_t whole = bytes.len - rest;
    if (whole)
        out->len += ss_base64_encode(out->ptr + out->len, ss_slice_of(bytes.ptr, whole), true);
    if (rest)
        memcpy(e->held, bytes.ptr + whole, rest);
    e->n = (uint8_t)rest;
    return SS_OK;
}

/* One group of four characters, padding perhaps: it may end a message in mid-stream. */
static enum ss_err decode_group(const char *group, size_t n, struct ss_buf *out)
{
    char bytes[6]; /* ss_base64_decoded_max(4) */
    size_t len = 0;
    enum ss_err err = ss_base64_decode(bytes, &len, ss_slice_of(group, n));
    return err == SS_OK ? ss_buf_append(out, bytes, len) : err;
}

/* The longest front of text in whole groups without padding can be decoded at once. */
static enum ss_err decode_run(struct ss_slice *text, struct ss_buf *out)
{
    const char *pad = text->len ? memchr(text->ptr, '=', text->len) : NULL;
    size_t n = (pad ? (size_t)(pad - text->ptr) : text->len) / 4 * 4;
    if (n == 0)
        return SS_OK;
    enum ss_err err = ss_buf_reserve(out, ss_base64_decoded_max(n));
    size_t len = 0;
    if (err == SS_OK)
        err = ss_base64_decode(out->ptr + out->len, &len, ss_slice_of(text->ptr, n));
    if (err == SS_OK) {
        out->len += len;
        *text = ss_slice_skip(*text, n);
    }
    return err;
}

enum ss_err ss_grpc_web_decode(struct ss_grpc_web_decoder *d, struct ss_slice text, struct ss_buf *out)
{
    enum ss_err err = SS_OK;
    while (text.len && err == SS_OK) {
        if (d->n == 0) {
            err = decode_run(&text, out);
            if (err != SS_OK || text.len == 0)
                break;
        }
        d->held[d->n++] = *text.ptr;
        text = ss_slice_skip(text, 1);
        if (d->n == 4) {
            err = decode_group(d->held, 4, out);
            d->n = 0;
        }
    }
    return err;
}

enum ss_err ss_grpc_web_decode_end(struct ss_grpc_web_decoder *d, struct ss_buf *out)
{
    size_t n = d->n;
    d->n = 0;
    return n ? decode_group(d->held, n, out) : SS_OK;
}
