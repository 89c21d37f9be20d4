/* Base64 text decodes to the same bytes, or the same refusal, whole and in two pieces split anywhere; and any
 * bytes come back from being encoded in pieces, flushed here and there. */
#include <assert.h>
#include <stdlib.h>

#include "http/grpc_web.h"

enum { MAX_INPUT = 512, MAX_OUT = 4 * MAX_INPUT };

static enum ss_err decode(const uint8_t *p, size_t n, size_t at, struct ss_buf *out)
{
    struct ss_grpc_web_decoder d = {0};
    char *block = malloc(n ? n : 1);
    if (block == NULL)
        abort();
    if (n)
        memcpy(block, p, n);
    out->len = 0;
    enum ss_err err = ss_grpc_web_decode(&d, ss_slice_of(block, at), out);
    if (err == SS_OK)
        err = ss_grpc_web_decode(&d, ss_slice_of(block + at, n - at), out);
    if (err == SS_OK)
        err = ss_grpc_web_decode_end(&d, out);
    free(block);
    return err;
}

static bool same(const struct ss_buf *a, const void *p, size_t n)
{
    return a->len == n && (n == 0 || memcmp(a->ptr, p, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MAX_INPUT)
        return 0;
    struct ss_buf whole, pieces;
    ss_buf_init(&whole, MAX_OUT);
    ss_buf_init(&pieces, MAX_OUT);
    enum ss_err err = decode(data, size, size, &whole);
    for (size_t k = 0; k < size; k++) {
        enum ss_err other = decode(data, size, k, &pieces);
        assert(other == err && (err != SS_OK || same(&pieces, whole.ptr, whole.len)));
    }
    struct ss_grpc_web_encoder e = {0};
    pieces.len = 0;
    for (size_t at = 0, n; at < size; at += n) {
        n = 1 + data[at] % (size - at);
        err = ss_grpc_web_encode(&e, ss_slice_of((const char *)data + at, n), data[at] & 1, &pieces);
        assert(err == SS_OK);
    }
    err = ss_grpc_web_encode(&e, SS_LIT(""), true, &pieces);
    assert(err == SS_OK);
    err = decode((const uint8_t *)pieces.ptr, pieces.len, pieces.len / 3, &whole);
    assert(err == SS_OK && same(&whole, data, size));
    ss_buf_dispose(&whole);
    ss_buf_dispose(&pieces);
    return 0;
}
