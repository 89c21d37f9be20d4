#include "http/grpc_web.h"

#include "base/base64.h"
#include "http/chars.h"
#include "http/grpc_frame.h"
#include "http/http1.h"

struct ss_slice ss_grpc_codec(struct ss_slice content_type)
{
    struct ss_slice s = ss_http_trim(content_type);
    const char *plus = s.len ? memchr(s.ptr, '+', s.len) : NULL,
               *semicolon = s.len ? memchr(s.ptr, ';', s.len) : NULL;
    size_t n = 1;
    if (plus == NULL || (semicolon && semicolon < plus))
        return (struct ss_slice){0};
    s = ss_slice_skip(s, (size_t)(plus - s.ptr));
    while (n < s.len && ss_http_tchar(s.ptr[n]))
        n++;
    return n > 1 ? ss_slice_of(s.ptr, n) : (struct ss_slice){0};
}

struct ss_slice ss_grpc_content_type(const char *kind, struct ss_slice codec, struct ss_arena *a)
{
    return ss_arena_printf(a, "application/%s%.*s", kind, SS_FMT(codec));
}

static bool clean(const struct ss_header *h)
{
    for (size_t i = 0; i < h->name.len; i++)
        if (h->name.ptr[i] >= 'A' && h->name.ptr[i] <= 'Z')
            return false; /* PROTOCOL-WEB.md: "use lower-case header/trailer names" */
    const char *end = h->value.ptr + h->value.len;
    return ss_http_name_valid(h->name) && (!h->value.len || ss_http_value_end(h->value.ptr, end) == end);
}

enum ss_err ss_grpc_web_trailers(const struct ss_header *trailers, size_t n, struct ss_buf *out)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        if (!clean(&trailers[i]))
            return SS_ERR_INTERNAL;
        len += trailers[i].name.len + 2 + trailers[i].value.len + 2;
    }
    if (len > UINT32_MAX)
        return SS_ERR_LIMIT;
    enum ss_err err = ss_buf_reserve(out, SS_GRPC_PREFIX + len);
    if (err != SS_OK)
        return err;
    char prefix[SS_GRPC_PREFIX];
    ss_grpc_prefix(prefix, false, (uint32_t)len);
    prefix[0] = (char)SS_GRPC_WEB_TRAILERS;
    ss_buf_append(out, prefix, sizeof prefix);
    for (size_t i = 0; i < n; i++) { /* for all of which there is room */
        ss_buf_append_slice(out, trailers[i].name);
        ss_buf_append(out, ": ", 2);
        ss_buf_append_slice(out, trailers[i].value);
        ss_buf_append(out, "\r\n", 2);
    }
    return SS_OK;
}

static void encode(struct ss_buf *out, struct ss_slice bytes)
{
    out->len += ss_base64_encode(out->ptr + out->len, bytes, true);
}

enum ss_err ss_grpc_web_encode(struct ss_grpc_web_encoder *e, struct ss_slice bytes, bool flush,
                               struct ss_buf *out)
{
    if (bytes.len > SIZE_MAX / 2)
        return SS_ERR_LIMIT;
    enum ss_err err = ss_buf_reserve(out, ss_base64_encoded_len(e->n + bytes.len, true));
    if (err != SS_OK)
        return err;
    while (e->n && e->n < 3 && bytes.len) {
        e->held[e->n++] = bytes.ptr[0];
        bytes = ss_slice_skip(bytes, 1);
    }
    if (e->n == 3 || (e->n && flush)) {
        encode(out, ss_slice_of(e->held, e->n));
        e->n = 0;
    }
    size_t whole = flush ? bytes.len : bytes.len - bytes.len % 3;
    if (whole)
        encode(out, ss_slice_of(bytes.ptr, whole));
    for (size_t i = whole; i < bytes.len; i++)
        e->held[e->n++] = bytes.ptr[i];
    return SS_OK;
}

/* A group of four characters, or the last one; padding is right only in these. */
static enum ss_err decode(struct ss_buf *out, struct ss_slice text)
{
    size_t n = 0;
    enum ss_err err = ss_base64_decode(out->ptr + out->len, &n, text);
    if (err == SS_OK)
        out->len += n;
    return err;
}

enum ss_err ss_grpc_web_decode(struct ss_grpc_web_decoder *d, struct ss_slice text, struct ss_buf *out)
{
    enum ss_err err =
        ss_buf_reserve(out, ss_base64_decoded_max(d->n + (text.len < SIZE_MAX / 2 ? text.len : 0)));
    while (err == SS_OK && d->n && d->n < 4 && text.len) {
        d->held[d->n++] = text.ptr[0];
        text = ss_slice_skip(text, 1);
    }
    if (err == SS_OK && d->n == 4) {
        err = decode(out, ss_slice_of(d->held, 4));
        d->n = 0;
    }
    while (err == SS_OK && text.len >= 4) {
        /* Up to where padding ends a piece, at once. */
        const char *pad = memchr(text.ptr, '=', text.len);
        size_t n = pad ? (size_t)(pad - text.ptr) / 4 * 4 + 4 : text.len / 4 * 4;
        if (n > text.len)
            n = text.len / 4 * 4;
        err = decode(out, ss_slice_of(text.ptr, n));
        text = ss_slice_skip(text, n);
    }
    for (size_t i = 0; err == SS_OK && i < text.len; i++)
        d->held[d->n++] = text.ptr[i];
    return err;
}

enum ss_err ss_grpc_web_decode_end(struct ss_grpc_web_decoder *d, struct ss_buf *out)
{
    if (d->n == 0)
        return SS_OK;
    enum ss_err err = ss_buf_reserve(out, ss_base64_decoded_max(d->n));
    if (err == SS_OK)
        err = memchr(d->held, '=', d->n) ? SS_ERR_INVALID : decode(out, ss_slice_of(d->held, d->n));
    d->n = 0;
    return err;
}
