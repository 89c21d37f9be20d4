#include "json/pool.h"

#include <stdint.h>

#include "base/mem.h"

enum {
    ALIGN = 16, /* also the bytes before each piece: they hold its size */
    KEEP_MAX = 32 << 20,
};

static size_t *size_of(void *p)
{
    return (size_t *)(void *)((char *)p - ALIGN);
}

static size_t round_up(size_t n)
{
    return (n + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
}

static void *pool_malloc(void *ctx, size_t n)
{
    struct ss_json_pool *p = ctx;
    size_t need = n > SIZE_MAX / 2 ? SIZE_MAX / 2 : round_up(n) + ALIGN;
    char *piece;
    if (need <= p->size - p->used) {
        piece = p->block + p->used;
        p->used += need;
        p->last = piece + ALIGN;
    } else {
        piece = ss_arena_alloc(&p->spill, need);
    }
    *size_of(piece + ALIGN) = n;
    return piece + ALIGN;
}

static void *pool_realloc(void *ctx, void *old, size_t n)
{
    struct ss_json_pool *p = ctx;
    if (old == NULL)
        return pool_malloc(ctx, n);
    size_t had = *size_of(old);
    if (n <= had)
        return old;
    if (old == p->last) {
        size_t start = (size_t)((char *)old - p->block);
        if (n <= p->size - start && round_up(n) <= p->size - start) {
            p->used = start + round_up(n);
            *size_of(old) = n;
            return old;
        }
    }
    return memcpy(pool_malloc(ctx, n), old, had);
}

static void pool_free(void *ctx, void *old)
{
    (void)ctx;
    (void)old;
}

void ss_json_pool_init(struct ss_json_pool *p)
{
    *p = (struct ss_json_pool){.functions = {pool_malloc, pool_realloc, pool_free, p}};
    ss_arena_init(&p->spill, 0);
}

void ss_json_pool_dispose(struct ss_json_pool *p)
{
    ss_free(p->block);
    ss_arena_dispose(&p->spill);
    p->block = NULL;
    p->last = NULL;
    p->size = p->used = 0;
}

enum ss_err ss_json_pool_reset(struct ss_json_pool *p, size_t size)
{
    p->used = 0;
    p->last = NULL;
    if (p->spill.held)
        ss_arena_dispose(&p->spill);
    if (p->size >= size)
        return SS_OK;
    ss_json_pool_dispose(p); /* nothing of it is to be copied */
    p->block = ss_try_realloc(NULL, size);
    if (p->block == NULL)
        return SS_ERR_MEMORY;
    p->size = size;
    return SS_OK;
}

void ss_json_pool_trim(struct ss_json_pool *p)
{
    if (p->size > KEEP_MAX || p->spill.held)
        ss_json_pool_dispose(p);
}
