/* A gRPC stream is cut into the same messages, or the same refusal, whole and in two pieces split anywhere.
 */
#include <assert.h>
#include <stdlib.h>

#include "http/grpc_frame.h"

enum { MAX_INPUT = 2048, MAX_MESSAGE = 512 };

struct result {
    enum ss_err err;
    bool idle;
    size_t n;                  /* messages */
    size_t len;                /* of bytes */
    char bytes[2 * MAX_INPUT]; /* flag and contents of each message */
};

static void take(struct result *r, const struct ss_grpc_message *m)
{
    assert(m->bytes.len <= MAX_MESSAGE);
    r->n++;
    r->bytes[r->len++] = m->compressed;
    if (m->bytes.len)
        memcpy(r->bytes + r->len, m->bytes.ptr, m->bytes.len);
    r->len += m->bytes.len;
}

static void feed(struct ss_deframer *d, struct result *r, const uint8_t *p, size_t n)
{
    char *block = malloc(n ? n : 1);
    if (block == NULL)
        abort();
    if (n)
        memcpy(block, p, n);
    for (size_t at = 0; at < n && r->err == SS_OK;) {
        size_t used;
        bool have;
        struct ss_grpc_message m;
        r->err = ss_deframer_push(d, block + at, n - at, &used, &have, &m);
        assert(used <= n - at);
        at += used;
        if (r->err == SS_OK && have)
            take(r, &m);
        assert(r->err != SS_OK || have || at == n);
    }
    free(block);
}

static void deframe(struct result *r, const uint8_t *p, size_t n, size_t split)
{
    struct ss_deframer d;
    ss_deframer_init(&d, MAX_MESSAGE);
    r->err = SS_OK;
    r->n = r->len = 0;
    feed(&d, r, p, split);
    if (r->err == SS_OK)
        feed(&d, r, p + split, n - split);
    r->idle = ss_deframer_idle(&d);
    ss_deframer_dispose(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MAX_INPUT)
        return 0;
    static struct result whole, split;
    deframe(&whole, data, size, size);
    for (size_t k = 0; k < size; k++) {
        deframe(&split, data, size, k);
        assert(split.err == whole.err && split.n == whole.n && split.len == whole.len);
        assert(memcmp(split.bytes, whole.bytes, whole.len) == 0);
        assert(whole.err != SS_OK || split.idle == whole.idle);
    }
    return 0;
}
