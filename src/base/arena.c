#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "base/mem.h"

enum { ALIGN = 16, CHUNK_SIZE = 4096 };

struct ss_arena_chunk {
    struct ss_arena_chunk *next;
    size_t size; /* bytes, this header included */
};

_Static_assert(sizeof(struct ss_arena_chunk) == ALIGN, "the first allocation of a chunk must be aligned");

void ss_arena_init(struct ss_arena *a, size_t max)
{
    *a = (struct ss_arena){.max = max};
}

static void free_chunks(struct ss_arena_chunk *c)
{
    while (c) {
        struct ss_arena_chunk *next = c->next;
        ss_free(c);
        c = next;
    }
}

void ss_arena_dispose(struct ss_arena *a)
{
    free_chunks(a->chunks);
    ss_arena_init(a, a->max);
}

void ss_arena_reset(struct ss_arena *a)
{
    struct ss_arena_chunk *keep = NULL, **link = &a->chunks;
    for (; *link; link = &(*link)->next) {
        if ((*link)->size == CHUNK_SIZE) {
            keep = *link;
            *link = keep->next;
            break;
        }
    }
    free_chunks(a->chunks);
    ss_arena_init(a, a->max);
    if (keep) {
        keep->next = NULL;
        a->chunks = keep;
        a->cur = (char *)keep + sizeof(*keep);
        a->end = (char *)keep + CHUNK_SIZE;
        a->held = CHUNK_SIZE;
    }
}

static void *take(struct ss_arena *a, size_t size, bool must)
{
    if (size > SIZE_MAX / 2)
        return must ? ss_xrealloc(NULL, SIZE_MAX, SIZE_MAX) : NULL;
    size = (size + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
    if (size <= (size_t)(a->end - a->cur) && a->cur) {
        void *p = a->cur;
        a->cur += size;
        return p;
    }
    size_t need = size + sizeof(struct ss_arena_chunk);
    bool shared = need <= CHUNK_SIZE / 4;
    if (shared)
        need = CHUNK_SIZE;
    if (!must && a->max && (need > a->max || a->held > a->max - need))
        return NULL;
    struct ss_arena_chunk *c = must ? ss_xmalloc(need) : ss_try_realloc(NULL, need);
    if (c == NULL)
        return NULL;
    c->size = need;
    a->held += need;
    char *data = (char *)c + sizeof(*c);
    if (shared || a->chunks == NULL) {
        c->next = a->chunks;
        a->chunks = c;
        a->cur = data + size;
        a->end = (char *)c + need;
    } else { /* a large one has its chunk to itself, and the free part in use stays in use */
        c->next = a->chunks->next;
        a->chunks->next = c;
    }
    return data;
}

void *ss_arena_alloc(struct ss_arena *a, size_t size)
{
    return take(a, size, true);
}

void *ss_arena_zalloc(struct ss_arena *a, size_t size)
{
    return memset(take(a, size, true), 0, size);
}

void *ss_arena_try(struct ss_arena *a, size_t size)
{
    return take(a, size, false);
}

struct ss_slice ss_arena_copy(struct ss_arena *a, struct ss_slice s)
{
    char *p = ss_arena_alloc(a, s.len + 1);
    if (s.len)
        memcpy(p, s.ptr, s.len);
    p[s.len] = '\0';
    return ss_slice_of(p, s.len);
}

struct ss_slice ss_arena_printf(struct ss_arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) {
        va_end(again);
        return ss_slice_of("", 0);
    }
    char *p = ss_arena_alloc(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return ss_slice_of(p, (size_t)n);
}
