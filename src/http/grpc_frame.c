#include "http/grpc_frame.h"

enum {
    EAGER = 64 * 1024
}; /* room made at once for a message of up to that size; more must have come first */

void ss_deframer_init(struct ss_deframer *d, size_t max)
{
    *d = (struct ss_deframer){.max = max};
    ss_buf_init(&d->body, max ? max : 1);
}

void ss_deframer_dispose(struct ss_deframer *d)
{
    ss_buf_dispose(&d->body);
    d->prefix_len = 0;
    d->len = 0;
}

/* Takes what is missing of the prefix; returns the bytes taken. */
static size_t take_prefix(struct ss_deframer *d, const char *p, size_t n)
{
    size_t missing = (size_t)(SS_GRPC_PREFIX - d->prefix_len), take = n < missing ? n : missing;
    if (take)
        memcpy(d->prefix + d->prefix_len, p, take);
    d->prefix_len = (uint8_t)(d->prefix_len + take);
    return take;
}

static enum ss_err check_prefix(struct ss_deframer *d)
{
    if (d->prefix_len && d->prefix[0] > 1)
        return SS_ERR_BAD_RESPONSE;
    if (d->prefix_len < SS_GRPC_PREFIX)
        return SS_OK;
    const uint8_t *b = d->prefix;
    d->len = (uint32_t)b[1] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 8 | b[4];
    return d->len > d->max ? SS_ERR_MESSAGE_TOO_LARGE : SS_OK;
}

/* Adds to a message in pieces. */
static enum ss_err collect(struct ss_deframer *d, const char *p, size_t n)
{
    if (d->body.len == 0 && d->len <= EAGER) {
        enum ss_err err = ss_buf_reserve(&d->body, d->len);
        if (err != SS_OK)
            return err;
    }
    return ss_buf_append(&d->body, p, n);
}

static void deliver(struct ss_deframer *d, struct ss_slice bytes, struct ss_grpc_message *m)
{
    *m = (struct ss_grpc_message){.bytes = bytes, .compressed = d->prefix[0] == 1};
    d->prefix_len = 0;
}

enum ss_err ss_deframer_push(struct ss_deframer *d, const char *p, size_t n, size_t *used, bool *have,
                             struct ss_grpc_message *m)
{
    *used = 0;
    *have = false;
    if (d->prefix_len == 0 && d->body.ptr != NULL)
        ss_buf_clear(&d->body, 0); /* the message handed out last */
    if (d->prefix_len < SS_GRPC_PREFIX) {
        *used = take_prefix(d, p, n);
        enum ss_err err = check_prefix(d);
        if (err != SS_OK || d->prefix_len < SS_GRPC_PREFIX)
            return err;
    }
    size_t left = n - *used, missing = d->len - d->body.len;
    if (left < missing) {
        enum ss_err err = left ? collect(d, p + *used, left) : SS_OK;
        *used = n;
        return err;
    }
    struct ss_slice bytes = ss_slice_of(n ? p + *used : p, missing);
    if (d->body.len) {
        enum ss_err err = collect(d, bytes.ptr, missing);
        if (err != SS_OK)
            return err;
        bytes = ss_buf_slice(&d->body);
    }
    *used += missing;
    *have = true;
    deliver(d, bytes, m);
    return SS_OK;
}

bool ss_deframer_idle(const struct ss_deframer *d)
{
    return d->prefix_len == 0;
}

size_t ss_frame_watch_push(struct ss_frame_watch *w, const char *p, size_t n, size_t max, bool *cut)
{
    size_t at = 0, start = 0;
    *cut = false;
    while (at < n) {
        if (w->left) {
            size_t part = n - at < w->left ? n - at : (size_t)w->left;
            w->left -= part;
            w->whole += w->left == 0;
            at += part;
            continue;
        }
        if (w->prefix_len == 0)
            start = at;
        while (at < n && w->prefix_len < SS_GRPC_PREFIX)
            w->prefix[w->prefix_len++] = (uint8_t)p[at++];
        if (w->prefix_len < SS_GRPC_PREFIX)
            break;
        const uint8_t *b = w->prefix;
        w->left = (uint32_t)b[1] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 8 | b[4];
        *cut = at - start < SS_GRPC_PREFIX;
        if (w->left > max)
            return *cut ? 0 : start;
        w->prefix_len = 0;
        w->whole += w->left == 0;
    }
    *cut = false;
    return n;
}
