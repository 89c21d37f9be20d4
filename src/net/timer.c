#include <time.h>

#include "base/mem.h"
#include "net/loop_impl.h"

uint64_t ss_clock_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void place(struct ss_timer_heap *h, uint32_t slot, struct ss_timer *t)
{
    h->at[slot] = t;
    t->slot = slot;
}

/* Moves t from the free slot towards the root. */
static void sift_up(struct ss_timer_heap *h, uint32_t slot, struct ss_timer *t)
{
    for (; slot > 1 && h->at[slot / 2]->at_ms > t->at_ms; slot /= 2)
        place(h, slot, h->at[slot / 2]);
    place(h, slot, t);
}

/* Moves t from the free slot towards the leaves. */
static void sift_down(struct ss_timer_heap *h, uint32_t slot, struct ss_timer *t)
{
    for (;;) {
        uint32_t child = slot * 2;
        if (child > h->n)
            break;
        if (child < h->n && h->at[child + 1]->at_ms < h->at[child]->at_ms)
            child++;
        if (h->at[child]->at_ms >= t->at_ms)
            break;
        place(h, slot, h->at[child]);
        slot = child;
    }
    place(h, slot, t);
}

static void settle(struct ss_timer_heap *h, uint32_t slot, struct ss_timer *t)
{
    if (slot > 1 && h->at[slot / 2]->at_ms > t->at_ms)
        sift_up(h, slot, t);
    else
        sift_down(h, slot, t);
}

void ss_timer_init(struct ss_timer *t, void (*fire)(void *ctx), void *ctx)
{
    *t = (struct ss_timer){.fire = fire, .ctx = ctx};
}

void ss_timer_set(struct ss_loop *l, struct ss_timer *t, uint64_t at_ms)
{
    struct ss_timer_heap *h = &l->timers;
    t->at_ms = at_ms;
    if (t->slot != 0) {
        settle(h, t->slot, t);
        return;
    }
    if (h->n + 1 >= h->cap) {
        h->cap = h->cap ? h->cap * 2 : 64;
        h->at = ss_xrealloc(h->at, h->cap, sizeof(struct ss_timer *));
    }
    sift_up(h, ++h->n, t);
}

void ss_timer_after(struct ss_loop *l, struct ss_timer *t, uint64_t ms)
{
    ss_timer_set(l, t, ss_loop_from_ms(l) + ms);
}

void ss_timer_cancel(struct ss_loop *l, struct ss_timer *t)
{
    struct ss_timer_heap *h = &l->timers;
    uint32_t slot = t->slot;
    if (slot == 0)
        return;
    t->slot = 0;
    struct ss_timer *last = h->at[h->n--];
    if (last != t)
        settle(h, slot, last);
}

/* A timer that is set again for now or earlier while it fires must not hold the turn: no more fire than were
 * armed. */
void ss_timers_run(struct ss_loop *l)
{
    struct ss_timer_heap *h = &l->timers;
    uint64_t now_ms = ss_loop_now_ms(l);
    for (uint32_t left = h->n; left != 0 && h->n != 0 && h->at[1]->at_ms <= now_ms; left--) {
        struct ss_timer *t = h->at[1];
        ss_timer_cancel(l, t);
        t->fire(t->ctx);
    }
}

/* The wait begins now, not when the turn did: hence a clock of its own. */
int32_t ss_timers_wait(const struct ss_loop *l, int32_t max)
{
    if (l->timers.n == 0)
        return max;
    uint64_t at_ms = l->timers.at[1]->at_ms, now_ns = ss_clock_ns(), now_ms = now_ns / 1000000;
    if (at_ms <= now_ms)
        return 0;
    uint64_t ms = at_ms - now_ms; /* from a floor: the exact wait rounded up */
    return ms < (uint64_t)max ? (int32_t)ms : max;
}

void ss_timers_dispose(struct ss_loop *l)
{
    ss_free(l->timers.at);
    l->timers = (struct ss_timer_heap){0};
}
