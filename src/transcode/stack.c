#include "transcode/stack.h"

#include <stdint.h>

#include "base/mem.h"

bool ss_stack_grow(struct ss_stack *s, size_t size, size_t extra)
{
    size_t most = SS_STACK_MAX / size;
    if (extra > most || s->n > most - extra)
        return false;
    size_t cap = s->cap ? s->cap * 2 : 64;
    if (cap < s->n + extra)
        cap = s->n + extra;
    if (cap > most)
        cap = most;
    void *items = ss_try_realloc(s->items, cap * size);
    if (!items)
        return false;
    s->items = items;
    s->cap = cap;
    return true;
}

void ss_stack_clear(struct ss_stack *s, size_t size)
{
    s->n = 0;
    if (s->cap > SS_SCRATCH_KEEP / size)
        ss_stack_dispose(s);
}

void ss_stack_dispose(struct ss_stack *s)
{
    ss_free(s->items);
    *s = (struct ss_stack){0};
}
