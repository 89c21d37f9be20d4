/* A body inflates to the same bytes, or the same refusal, whole and in two pieces split anywhere; and any
 * bytes come back from being deflated, in pieces with flushes between. */
#include <assert.h>
#include <stdlib.h>

#include "http/gzip.h"

enum { MAX_INPUT = 512, MAX_OUT = 1 << 16 };

static enum ss_err feed(struct ss_gunzip *g, const uint8_t *p, size_t n, struct ss_buf *out)
{
    char *block = malloc(n ? n : 1);
    if (block == NULL)
        abort();
    if (n)
        memcpy(block, p, n);
    struct ss_slice in = ss_slice_of(block, n);
    enum ss_err err = SS_OK;
    bool more = true;
    while (more && err == SS_OK)
        err = ss_gunzip_push(g, &in, out, &more);
    assert(err != SS_OK || in.len == 0);
    assert(out->len <= MAX_OUT + 1);
    free(block);
    return err;
}

static enum ss_err inflate_split(const uint8_t *p, size_t n, size_t at, struct ss_buf *out)
{
    struct ss_gunzip *g = ss_gunzip_new(MAX_OUT, 0);
    out->len = 0;
    enum ss_err err = feed(g, p, at, out);
    if (err == SS_OK)
        err = feed(g, p + at, n - at, out);
    if (err == SS_OK)
        err = ss_gunzip_end(g);
    ss_gunzip_free(g);
    return err;
}

static void round_trip(const uint8_t *p, size_t n, struct ss_buf *packed, struct ss_buf *out)
{
    struct ss_gzip *g = ss_gzip_new(n & 1 ? SS_GZIP_STREAM : SS_GZIP_WHOLE);
    packed->len = 0;
    for (size_t at = 0, step; at < n; at += step) {
        step = 1 + p[at] % (n - at);
        enum ss_err err = ss_gzip_push(g, (const char *)p + at, step, packed);
        assert(err == SS_OK);
        if (p[at] & 1)
            err = ss_gzip_flush(g, packed);
        assert(err == SS_OK);
    }
    enum ss_err err = ss_gzip_finish(g, packed);
    assert(err == SS_OK);
    ss_gzip_free(g);
    err = inflate_split((const uint8_t *)packed->ptr, packed->len, packed->len / 2, out);
    assert(err == SS_OK && out->len == n && memcmp(out->ptr ? out->ptr : "", p, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MAX_INPUT || size == 0)
        return 0;
    struct ss_buf whole, pieces;
    ss_buf_init(&whole, MAX_OUT + 1);
    ss_buf_init(&pieces, MAX_OUT + 1);
    enum ss_err err = inflate_split(data, size, size, &whole);
    for (size_t k = 0; k < size; k += 1 + size / 16) {
        enum ss_err other = inflate_split(data, size, k, &pieces);
        assert(other == err);
        assert(err != SS_OK || (pieces.len == whole.len && memcmp(pieces.ptr, whole.ptr, whole.len) == 0));
    }
    round_trip(data, size, &pieces, &whole);
    ss_buf_dispose(&whole);
    ss_buf_dispose(&pieces);
    return 0;
}
