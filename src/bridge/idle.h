/* Watches over a stream until no message has moved in it, either way, for too long. Private to bridge/.
 *
 * A message moves when it comes whole from its sender and, if it then had to wait for its receiver, when the
 * receiver has taken the last byte of it. Heartbeats, pings and pieces of a message are no messages: a reader
 * that takes its messages one by one, however slowly, is not idle; one that takes a byte now and then is. */
#ifndef SS_BRIDGE_IDLE_H
#define SS_BRIDGE_IDLE_H

#include <stdint.h>

#include "base/arena.h"
#include "net/loop.h"

/* Where the messages end that wait for a receiver, in the bytes that have been written to it. When they are
 * many, some count together: their number is a peer's choice. */
struct ss_marks {
    uint64_t *ends; /* ascending; NULL until one has waited; in the call's arena */
    unsigned n;
};

struct ss_idle {
    struct ss_timer timer;
    uint64_t moved_at_ms; /* the last message */
    int64_t limit_ms;     /* 0: not watched */
    struct ss_marks down, up;
};

/* Begins; i is zeroed. fire(ctx) is what the timer calls: ss_idle_check, and what is to be done then. */
void ss_idle_begin(struct ss_idle *i, struct ss_loop *l, int64_t limit_ms, void (*fire)(void *ctx),
                   void *ctx);
void ss_idle_end(struct ss_idle *i, struct ss_loop *l);
/* A message has come whole. */
void ss_idle_moved(struct ss_idle *i, const struct ss_loop *l);
/* One has been written to its receiver, to which written bytes have gone in all, of which unsent still wait.
 * way: &i->down or &i->up. */
void ss_idle_wrote(struct ss_idle *i, struct ss_loop *l, struct ss_marks *way, uint64_t written,
                   size_t unsent, struct ss_arena *a);
/* A receiver has taken all but unsent of written bytes: does that move a message? */
void ss_idle_took(struct ss_idle *i, const struct ss_loop *l, struct ss_marks *way, uint64_t written,
                  size_t unsent);
/* Whether it has been idle for too long; else the timer is set anew. After ss_idle_took, both ways. */
bool ss_idle_check(struct ss_idle *i, struct ss_loop *l);

#endif
