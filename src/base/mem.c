#include "base/mem.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void)
{
    fputs("sidespan: out of memory\n", stderr);
    abort();
}

void *ss_xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (p == NULL)
        out_of_memory();
    return p;
}

void *ss_xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (p == NULL)
        out_of_memory();
    return p;
}

void *ss_xrealloc(void *p, size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total))
        out_of_memory();
    p = realloc(p, total ? total : 1);
    if (p == NULL)
        out_of_memory();
    return p;
}

char *ss_xstrndup(const char *s, size_t len)
{
    char *copy = ss_xmalloc(len + 1);
    if (len)
        memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

void *ss_try_realloc(void *p, size_t size)
{
    return realloc(p, size ? size : 1);
}

void ss_free(void *p)
{
    free(p);
}

void ss_mem_trim(size_t at_least)
{
    if (mallinfo2().fordblks >= at_least)
        malloc_trim(0);
}
