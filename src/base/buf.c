#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

enum { FIRST_SIZE = 256 };

void ss_buf_init(struct ss_buf *b, size_t max)
{
    *b = (struct ss_buf){.max = max};
}

void ss_buf_dispose(struct ss_buf *b)
{
    ss_free(b->ptr);
    *b = (struct ss_buf){.max = b->max};
}

void ss_buf_clear(struct ss_buf *b, size_t keep)
{
    if (b->cap > keep || b->cap > b->max)
        ss_buf_dispose(b);
    b->len = 0;
}

enum ss_err ss_buf_grow(struct ss_buf *b, size_t n)
{
    if (n > b->max || b->len > b->max - n)
        return SS_ERR_LIMIT;
    size_t want = b->len + n, cap = b->cap ? b->cap : FIRST_SIZE;
    while (cap < want)
        cap *= 2;
    if (cap > b->max)
        cap = b->max;
    char *p = ss_try_realloc(b->ptr, cap);
    if (p == NULL)
        return SS_ERR_MEMORY;
    b->ptr = p;
    b->cap = cap;
    return SS_OK;
}

enum ss_err ss_buf_append_slow(struct ss_buf *b, const char *p, size_t n)
{
    enum ss_err err = ss_buf_reserve(b, n);
    if (err != SS_OK)
        return err;
    if (n)
        memcpy(b->ptr + b->len, p, n);
    b->len += n;
    return SS_OK;
}

void ss_buf_drop(struct ss_buf *b, size_t n)
{
    if (n == 0)
        return;
    b->len -= n;
    if (b->len)
        memmove(b->ptr, b->ptr + n, b->len);
}

enum ss_err ss_buf_printf(struct ss_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    enum ss_err err = n < 0 ? SS_ERR_INTERNAL : ss_buf_reserve(b, (size_t)n + 1);
    if (err == SS_OK) {
        vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
    return err;
}
