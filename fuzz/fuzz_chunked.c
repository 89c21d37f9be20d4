/* A chunked body decodes to the same bytes, or the same refusal, whole and in two pieces split anywhere. */
#include <assert.h>
#include <stdlib.h>

#include "http/http1.h"

enum { MAX_INPUT = 2048, MAX_TRAILER = 256 };

struct result {
    enum ss_err err;
    bool done;
    size_t used, len;
    char data[MAX_INPUT];
};

static void feed(struct ss_chunked *c, struct result *r, const uint8_t *p, size_t n)
{
    char *block = malloc(n ? n : 1);
    if (block == NULL)
        abort();
    if (n)
        memcpy(block, p, n);
    size_t at = 0;
    while (at < n && !c->done && r->err == SS_OK) {
        struct ss_slice data;
        const char *why = NULL;
        ssize_t took = ss_chunked_decode(c, block + at, n - at, &data, &why);
        if (took < 0) {
            assert(why != NULL);
            r->err = (enum ss_err) - took;
            break;
        }
        assert(took > 0 && (size_t)took <= n - at);
        assert(data.len == 0 || (data.ptr >= block + at && data.ptr + data.len <= block + at + took));
        if (data.len)
            memcpy(r->data + r->len, data.ptr, data.len);
        r->len += data.len;
        at += (size_t)took;
    }
    r->used += at;
    r->done = c->done;
    free(block);
}

static void decode(struct result *r, const uint8_t *p, size_t n, size_t split)
{
    struct ss_chunked c = {.max_trailer_bytes = MAX_TRAILER};
    r->err = SS_OK;
    r->used = r->len = 0;
    feed(&c, r, p, split);
    if (r->err == SS_OK)
        feed(&c, r, p + split, n - split);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MAX_INPUT)
        return 0;
    static struct result whole, split;
    decode(&whole, data, size, size);
    for (size_t k = 0; k < size; k++) {
        decode(&split, data, size, k);
        assert(split.err == whole.err && split.done == whole.done && split.len == whole.len);
        assert(memcmp(split.data, whole.data, whole.len) == 0);
        assert(whole.err != SS_OK || split.used == whole.used);
    }
    return 0;
}
