/* Heads parsed whole, in two pieces at every place, and byte by byte; all must agree. */
#ifndef SS_TEST_HTTP_HEAD_SUPPORT_H
#define SS_TEST_HTTP_HEAD_SUPPORT_H

#include "http/http1.h"
#include "support.h"

enum { MAX_FIELDS = 8, MAX_HEAD = 4096 };

static const struct ss_http1_limits LIMITS = {MAX_HEAD, MAX_FIELDS};

struct result {
    ssize_t r;
    const char *why;
    struct ss_http1_head head;
    struct ss_header fields[64];
    char *block; /* what the slices point into */
    size_t n;
};

static inline void parse_as(struct result *out, const char *text, size_t n, size_t seen,
                            const struct ss_http1_limits *limits)
{
    assert_true(limits->max_headers <= 64);
    *out = (struct result){.block = exact(text, n), .n = n};
    out->r = ss_http1_parse_head(out->block, n, seen, limits, out->fields, &out->head, &out->why);
    assert_true(out->r <= (ssize_t)n);
    if (out->r < 0)
        assert_non_null(out->why);
}

static inline void done(struct result *r)
{
    exact_free(r->block, r->n);
}

static inline void assert_same_slice(struct ss_slice a, struct ss_slice b)
{
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.ptr ? a.ptr : "", b.ptr ? b.ptr : "", a.len);
}

static inline void assert_same(const struct result *a, const struct result *b)
{
    assert_int_equal(a->r, b->r);
    if (a->r < 0)
        assert_string_equal(a->why, b->why);
    if (a->r <= 0)
        return;
    const struct ss_http1_head *x = &a->head, *y = &b->head;
    assert_same_slice(x->method, y->method);
    assert_same_slice(x->target, y->target);
    assert_same_slice(x->path, y->path);
    assert_same_slice(x->query, y->query);
    assert_same_slice(x->host, y->host);
    assert_int_equal(x->minor, y->minor);
    assert_int_equal(x->keep_alive, y->keep_alive);
    assert_int_equal(x->chunked, y->chunked);
    assert_int_equal(x->has_length, y->has_length);
    assert_int_equal(x->length, y->length);
    assert_int_equal(x->n_headers, y->n_headers);
    for (size_t i = 0; i < x->n_headers; i++) {
        assert_same_slice(x->headers[i].name, y->headers[i].name);
        assert_same_slice(x->headers[i].value, y->headers[i].value);
    }
}

/* Parses text whole, then in two pieces at every place, then byte by byte: all must agree. Returns the whole
 * parse. */
static inline void parse_limited(struct result *whole, const char *text, size_t n,
                                 const struct ss_http1_limits *limits)
{
    parse_as(whole, text, n, 0, limits);
    for (size_t k = 0; k <= n; k++) {
        struct result first, second;
        parse_as(&first, text, k, 0, limits);
        if (first.r == 0) {
            parse_as(&second, text, n, k, limits);
            assert_same(whole, &second);
            done(&second);
        } else {
            assert_same(whole, &first);
        }
        done(&first);
    }
    for (size_t k = 1; k <= n; k++) {
        struct result drip;
        parse_as(&drip, text, k, k - 1, limits);
        bool decided = drip.r != 0;
        if (decided || k == n)
            assert_same(whole, &drip);
        done(&drip);
        if (decided)
            break;
    }
}

static inline void parse(struct result *whole, const char *text)
{
    parse_limited(whole, text, strlen(text), &LIMITS);
}

static inline void assert_refused_n(const char *text, size_t n, enum ss_err err)
{
    struct result r;
    parse_limited(&r, text, n, &LIMITS);
    if (r.r != -(ssize_t)err)
        fail_msg("%.*s: got %zd, want %d", (int)n, text, r.r, -(int)err);
    done(&r);
}

static inline void assert_refused(const char *text, enum ss_err err)
{
    assert_refused_n(text, strlen(text), err);
}

/* A request whose header section is fields (with their CR LF) after a Host. */
static inline void with_fields(struct result *r, const char *version, const char *fields)
{
    char text[1024];
    snprintf(text, sizeof text, "POST / HTTP/%s\r\nHost: h\r\n%s\r\n", version, fields);
    parse(r, text);
}

static inline void assert_fields_refused(const char *version, const char *fields, enum ss_err err)
{
    struct result r;
    with_fields(&r, version, fields);
    if (r.r != -(ssize_t)err)
        fail_msg("HTTP/%s %s: got %zd, want %d", version, fields, r.r, -(int)err);
    done(&r);
}

static inline void assert_fields_accepted(struct result *r, const char *version, const char *fields)
{
    with_fields(r, version, fields);
    if (r->r <= 0)
        fail_msg("HTTP/%s %s: got %zd: %s", version, fields, r->r, r->why ? r->why : "");
}

#endif
