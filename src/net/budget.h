/* How many connections of clients a process may have, whatever its listeners: descriptors are one supply for
 * all, and those that upstreams need must not be taken by clients. Shared by threads. */
#ifndef SS_NET_BUDGET_H
#define SS_NET_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct ss_budget {
    unsigned max;
    atomic_uint used;
    _Atomic uint64_t told_ms; /* when the log was told last that there is no more; 0: never */
};

static inline bool ss_budget_left(struct ss_budget *b)
{
    return atomic_load_explicit(&b->used, memory_order_relaxed) < b->max;
}

/* Whether it is time to tell: once a minute, and one thread only. */
static inline bool ss_budget_tell(struct ss_budget *b, uint64_t now_ms)
{
    uint64_t told = atomic_load(&b->told_ms);
    return (told == 0 || now_ms - told >= 60000) &&
           atomic_compare_exchange_strong(&b->told_ms, &told, now_ms);
}

#endif
