/* The event loop of one worker thread: h2o's evloop for readiness, a heap of timers, work deferred to the end
 * of the turn, and messages from other threads. Everything here belongs to the loop's thread but for
 * ss_loop_post.
 *
 * A turn: wait for events → streams that are ready, first come, first served, for 5 ms at most → timers that
 * are due → deferred work (FIFO, with what it defers in turn) → streams' flushes. Nothing is written to a
 * socket before the flushes, so a connection costs one write a turn. */
#ifndef SS_NET_LOOP_H
#define SS_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

struct ss_loop;

/* log is borrowed and outlives the loop. Never NULL. The thread that makes it is the one that runs it, or
 * outlives it. */
struct ss_loop *ss_loop_new(const struct ss_log *log);
/* Every stream, listener and connect of the loop must be gone. */
void ss_loop_free(struct ss_loop *l);
/* Runs turns until ss_loop_stop, or ss_loop_finish. */
void ss_loop_run(struct ss_loop *l);
/* The current turn is the last. */
void ss_loop_stop(struct ss_loop *l);
/* The last turn is the one in which the last stream that lingers is gone: what it still had to say would be
 * lost with it. */
void ss_loop_finish(struct ss_loop *l);
const struct ss_log *ss_loop_log(const struct ss_loop *l);

/* Milliseconds and nanoseconds of CLOCK_MONOTONIC, read once a turn (after the wait). */
uint64_t ss_loop_now_ms(const struct ss_loop *l);
uint64_t ss_loop_now_ns(const struct ss_loop *l);
/* The same clock, read now: for times that are reported. What a turn has done so far is not in the loop's. */
uint64_t ss_clock_ns(void);
/* The first whole millisecond that is not before this moment. Count a time from it that must not be cut
 * short, neither by the rounding of ss_loop_now_ms nor by what the turn has taken so far: _from_ms reads the
 * clock, which costs some 50 ns; _soon_ms rounds the loop's time up and leaves the turn out. */
uint64_t ss_loop_from_ms(const struct ss_loop *l);
uint64_t ss_loop_soon_ms(const struct ss_loop *l);

/* From any thread: fn(arg) runs on the loop's thread in one of its next turns. Order is kept per posting
 * thread. What was posted and not run when the loop is freed is dropped. */
void ss_loop_post(struct ss_loop *l, void (*fn)(void *arg), void *arg);

/* Timers: embedded in their owner, zero-initialised or by ss_timer_init. Due at at_ms of ss_loop_now_ms,
 * never early. */
struct ss_timer {
    void (*fire)(void *ctx); /* disarmed already when called; may set it again, may free the owner */
    void *ctx;
    uint64_t at_ms;
    uint32_t slot; /* index in the heap, 1-based; 0: not armed */
};
void ss_timer_init(struct ss_timer *t, void (*fire)(void *ctx), void *ctx);
/* Arms, or moves, the timer. */
void ss_timer_set(struct ss_loop *l, struct ss_timer *t, uint64_t at_ms);
/* The same for ms milliseconds after this moment, by the clock: never early, and late by 2 ms at most unless
 * the loop is busy. */
void ss_timer_after(struct ss_loop *l, struct ss_timer *t, uint64_t ms);
/* Harmless when not armed. */
void ss_timer_cancel(struct ss_loop *l, struct ss_timer *t);
static inline bool ss_timer_armed(const struct ss_timer *t)
{
    return t->slot != 0;
}

/* Work for the end of this turn: frees what must not be freed inside its own callback, coalesces what may
 * come many times. Embedded in its owner; queueing it twice counts once. */
struct ss_deferred {
    void (*run)(void *ctx); /* no longer queued when called */
    void *ctx;
    struct ss_deferred *next, **link; /* link NULL: not queued */
};
void ss_deferred_init(struct ss_deferred *d, void (*run)(void *ctx), void *ctx);
void ss_defer(struct ss_loop *l, struct ss_deferred *d);
/* The same for work that a client may make as much of as it likes: d runs in one of the next turns, in line
 * with the streams that have had a part, and after those that wait to be read (loop_impl.h). */
void ss_defer_in_line(struct ss_loop *l, struct ss_deferred *d);
void ss_deferred_cancel(struct ss_loop *l, struct ss_deferred *d);

#endif
