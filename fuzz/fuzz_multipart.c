/* A multipart body gives the same parts and the same data, or the same refusal, whole and in two pieces split
 * anywhere. The boundary is "B"; the first byte is a limit. */
#include <assert.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "http/multipart.h"

enum { MAX_INPUT = 1024 };

struct result {
    enum ss_err err;
    size_t len;
    char log[8 * MAX_INPUT];
};

static void put(struct result *r, struct ss_slice s)
{
    assert(r->len + s.len < sizeof r->log);
    if (s.len)
        memcpy(r->log + r->len, s.ptr, s.len);
    r->len += s.len;
}

static void note(struct result *r, const struct ss_multipart_event *e)
{
    if (e->kind == SS_MULTIPART_DATA) {
        assert(e->data.len > 0);
        put(r, e->data);
        return;
    }
    char kind = (char)e->kind;
    put(r, ss_slice_of(&kind, 1));
    if (e->kind != SS_MULTIPART_PART)
        return;
    assert(e->part.name.len && ss_utf8_valid(e->part.name) && ss_utf8_valid(e->part.filename) &&
           ss_utf8_valid(e->part.content_type));
    put(r, e->part.name);
    put(r, e->part.filename);
    put(r, e->part.content_type);
}

static void feed(struct ss_multipart *m, struct result *r, const uint8_t *p, size_t n)
{
    char *block = malloc(n ? n : 1);
    if (block == NULL)
        abort();
    if (n)
        memcpy(block, p, n);
    struct ss_multipart_event event = {.kind = SS_MULTIPART_END};
    for (size_t at = 0, used; r->err == SS_OK && event.kind != SS_MULTIPART_NONE; at += used) {
        r->err = ss_multipart_push(m, block + at, n - at, &used, &event);
        assert(used <= n - at && (r->err != SS_OK || event.kind != SS_MULTIPART_NONE || used == n - at));
        if (r->err == SS_OK && event.kind != SS_MULTIPART_NONE)
            note(r, &event);
    }
    free(block);
}

static void parse(struct result *r, unsigned limit, const uint8_t *p, size_t n, size_t at)
{
    struct ss_multipart m;
    struct ss_multipart_limits limits = {.max_head_bytes = 4 * limit, .max_parts = 1 + limit / 16};
    r->err = ss_multipart_init(&m, SS_LIT("multipart/form-data; boundary=B"), &limits);
    assert(r->err == SS_OK);
    r->len = 0;
    feed(&m, r, p, at);
    if (r->err == SS_OK)
        feed(&m, r, p + at, n - at);
    if (r->err == SS_OK)
        r->err = ss_multipart_end(&m);
    assert((r->err == SS_OK) == (m.why == NULL));
    ss_multipart_dispose(&m);
}

/* The same bytes as a Content-Type: a boundary, if there is one, is a good one. */
static void content_type(const uint8_t *p, size_t n)
{
    struct ss_multipart m;
    struct ss_multipart_limits limits = {.max_head_bytes = 1, .max_parts = 1};
    char *block = malloc(n ? n : 1);
    if (block == NULL)
        abort();
    if (n)
        memcpy(block, p, n);
    if (ss_multipart_init(&m, ss_slice_of(block, n), &limits) == SS_OK) {
        assert(m.delimiter_len > 4 && m.delimiter_len <= sizeof m.delimiter);
        assert(memchr(m.delimiter + 1, '\r', m.delimiter_len - 1u) == NULL);
        ss_multipart_dispose(&m);
    }
    free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > MAX_INPUT)
        return 0;
    static struct result whole, pieces;
    parse(&whole, data[0], data + 1, size - 1, size - 1);
    for (size_t k = 0; k + 1 < size; k++) {
        parse(&pieces, data[0], data + 1, size - 1, k);
        assert(pieces.err == whole.err);
        assert(whole.err != SS_OK ||
               (pieces.len == whole.len && memcmp(pieces.log, whole.log, whole.len) == 0));
    }
    content_type(data, size);
    return 0;
}
