/* A growable byte buffer. None exists without a cap: growth past it is SS_ERR_LIMIT, never a surprise. */
#ifndef SS_BASE_BUF_H
#define SS_BASE_BUF_H

#include "base/err.h"
#include "base/slice.h"

struct ss_buf {
    char *ptr;  /* owned; NULL until something is reserved */
    size_t len; /* bytes in use */
    size_t cap; /* bytes allocated */
    size_t max; /* bytes that len may reach */
};

/* max in bytes, above 0. Allocates nothing yet. */
void ss_buf_init(struct ss_buf *b, size_t max);
void ss_buf_dispose(struct ss_buf *b);
/* Empties it; keeps the memory when that is at most keep bytes, and no more than max, which may have changed.
 */
void ss_buf_clear(struct ss_buf *b, size_t keep);
/* Room for n more bytes behind len. SS_ERR_LIMIT past max, SS_ERR_MEMORY when out of memory. */
enum ss_err ss_buf_grow(struct ss_buf *b, size_t n);
enum ss_err ss_buf_append_slow(struct ss_buf *b, const char *p, size_t n);
/* Drops the first n bytes; n must not exceed len. Moves the rest. */
void ss_buf_drop(struct ss_buf *b, size_t n);
enum ss_err ss_buf_printf(struct ss_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline enum ss_err ss_buf_reserve(struct ss_buf *b, size_t n)
{
    return __builtin_expect(b->cap - b->len >= n, 1) ? SS_OK : ss_buf_grow(b, n);
}

/* Copies n bytes from p, which must not point into b. */
static inline enum ss_err ss_buf_append(struct ss_buf *b, const char *p, size_t n)
{
    if (__builtin_expect(b->cap - b->len < n, 0))
        return ss_buf_append_slow(b, p, n);
    if (n) {
        if (b->ptr == NULL || p == NULL)
            __builtin_unreachable(); /* there is room for n */
        memcpy(b->ptr + b->len, p, n);
    }
    b->len += n;
    return SS_OK;
}

static inline enum ss_err ss_buf_append_slice(struct ss_buf *b, struct ss_slice s)
{
    return ss_buf_append(b, s.ptr, s.len);
}

static inline struct ss_slice ss_buf_slice(const struct ss_buf *b)
{
    return ss_slice_of(b->ptr, b->len);
}

#endif
