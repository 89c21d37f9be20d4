/* A request head has one verdict: parsed whole, or in two pieces split anywhere, with memory ending where the
 * bytes do. */
#include <assert.h>
#include <stdlib.h>

#include "http/http1.h"

enum { MAX_FIELDS = 16, MAX_HEAD = 1024 };

static const struct ss_http1_limits LIMITS = {MAX_HEAD, MAX_FIELDS};

struct result {
    char *block;
    ssize_t r;
    const char *why;
    struct ss_http1_head head;
    struct ss_header fields[MAX_FIELDS];
};

static void parse(struct result *out, const uint8_t *p, size_t n, size_t seen)
{
    out->block = malloc(n ? n : 1);
    if (out->block == NULL)
        abort();
    if (n)
        memcpy(out->block, p, n);
    out->r = ss_http1_parse_head(out->block, n, seen, &LIMITS, out->fields, &out->head, &out->why);
    assert(out->r <= (ssize_t)n && out->r > -(ssize_t)SS_ERR_COUNT);
    assert(out->r >= 0 || out->why != NULL);
}

static void check_within(const struct result *r, struct ss_slice s)
{
    assert(s.len == 0 || (s.ptr >= r->block && s.ptr + s.len <= r->block + r->r));
}

/* What an accepted head may never be. */
static void check_accepted(const struct result *r)
{
    const struct ss_http1_head *h = &r->head;
    assert((size_t)r->r <= MAX_HEAD && h->n_headers <= MAX_FIELDS);
    assert(memcmp(r->block + r->r - 4, "\r\n\r\n", 4) == 0);
    assert(!(h->chunked && (h->has_length || h->minor == 0)));
    assert(h->minor == 0 || h->host.len > 0);
    assert(ss_http_name_valid(h->method));
    check_within(r, h->target);
    check_within(r, h->host);
    check_within(r, h->query);
    for (size_t i = 0; i < h->n_headers; i++) {
        check_within(r, h->headers[i].name);
        check_within(r, h->headers[i].value);
        assert(ss_http_name_valid(h->headers[i].name) && ss_http_value_valid(h->headers[i].value));
    }
}

static void assert_same_slice(struct ss_slice a, struct ss_slice b)
{
    assert(ss_slice_eq(a, b));
}

static void assert_same(const struct result *a, const struct result *b)
{
    assert(a->r == b->r && a->why == b->why);
    if (a->r <= 0)
        return;
    assert_same_slice(a->head.path, b->head.path);
    assert_same_slice(a->head.query, b->head.query);
    assert_same_slice(a->head.host, b->head.host);
    assert(a->head.length == b->head.length && a->head.chunked == b->head.chunked);
    assert(a->head.keep_alive == b->head.keep_alive && a->head.n_headers == b->head.n_headers);
    for (size_t i = 0; i < a->head.n_headers; i++) {
        assert_same_slice(a->head.headers[i].name, b->head.headers[i].name);
        assert_same_slice(a->head.headers[i].value, b->head.headers[i].value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 2 * MAX_HEAD)
        return 0;
    struct result whole;
    parse(&whole, data, size, 0);
    if (whole.r > 0)
        check_accepted(&whole);
    for (size_t k = 0; k <= size; k++) {
        struct result first, second;
        parse(&first, data, k, 0);
        if (first.r == 0) {
            parse(&second, data, size, k);
            assert_same(&whole, &second);
            free(second.block);
        } else {
            assert_same(&whole, &first);
        }
        free(first.block);
    }
    free(whole.block);
    return 0;
}
