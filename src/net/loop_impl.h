/* The loop's inside, for the files of this layer.
 *
 * A turn serves the streams that were in line when it began, until it has lasted SS_TURN_NS; who is left over
 * goes first in the next turn. A stream whose owner did not take all that was read stands in a second line,
 * which is served with the time that the first leaves over, and by two at least: who sends much waits, who
 * sends little does not wait for it. When the last turn did not serve all, a client's stream gets a small
 * piece at a time.
 *
 * h2o waits and says which sockets are ready; its callbacks run inside h2o_evloop_run. The clock is read by
 * the first callback after the wait (ss_loop_enter), as h2o leaves no other place between the two. */
#ifndef SS_NET_LOOP_IMPL_H
#define SS_NET_LOOP_IMPL_H

#include <h2o/multithread.h>
#include <h2o/socket.h>

#include "base/buf.h"
#include "net/loop.h"
#include "net/orphan.h"
#include "net/watch.h"

struct ss_stream;
struct ss_linger;

enum {
    SS_READ_SIZE = 65536,  /* bytes that one read asks for */
    SS_TURN_NS = 5000000,  /* a turn that has lasted so long serves nobody more */
    SS_SPARE_COUNT = 64,   /* output buffers kept for reuse by a loop */
    SS_SPARE_SIZE = 16384, /* the largest that is kept */
};

/* A binary heap of armed timers, the earliest at slot 1. */
struct ss_timer_heap {
    struct ss_timer **at; /* slots 1..n; slot 0 is not used */
    uint32_t n, cap;
};

struct ss_deferred_list {
    struct ss_deferred *head, **tail;
};

enum ss_work {
    SS_WORK_DEFERRED, /* for this turn */
    SS_WORK_LATER,    /* for the next turn */
    SS_WORK_READY,    /* streams to read from, first come, first served */
    SS_WORK_REST,     /* streams whose owners have had a part of what was read; ss_defer_in_line */
    SS_WORK_LISTS,
};

struct ss_stream_list {
    struct ss_stream *head, **tail;
};

struct ss_loop {
    const struct ss_log *log;
    h2o_evloop_t *ev;
    h2o_multithread_queue_t *queue;
    h2o_multithread_receiver_t posts; /* of ss_loop_post */
    h2o_multithread_receiver_t names; /* of h2o's getaddrinfo threads */
    size_t lookups;                   /* names asked for and not answered, cancelled ones too */
    uint64_t now_ns;
    bool stale;     /* the clock is to be read */
    bool behind;    /* the last turn did not serve all who were in line */
    bool stopped;   /* the current turn is the last */
    bool finishing; /* the turn in which the last lingering stream goes is */
    bool freeing;   /* posted work is dropped */
    struct ss_timer_heap timers;
    struct ss_deferred_list work[SS_WORK_LISTS];
    uint64_t turn_ns;                 /* when the wait of this turn was over */
    struct ss_stream_list dirty;      /* streams to settle at the end of this turn */
    struct ss_stream_list dirty_next; /* the same of the next turn */
    struct ss_linger *lingers;        /* streams that their owners have closed and that still linger */
    struct ss_watch watch;
    struct ss_orphans orphans;
    char *read_buf;   /* SS_READ_SIZE: bytes on their way to an owner */
    char *cipher_buf; /* SS_READ_SIZE, NULL until there is TLS: bytes on their way to OpenSSL */
    unsigned n_spare;
    struct ss_buf spare[SS_SPARE_COUNT];
};

/* Every callback of h2o begins with it: reads the clock if that is the turn's first. */
void ss_loop_enter(struct ss_loop *l);
/* As ss_defer, but never in the current turn. */
void ss_loop_next(struct ss_loop *l, struct ss_deferred *d);
/* A stream wants to be read. Nothing changes if it stands in line already. line: SS_WORK_READY or _REST. */
void ss_loop_line_up(struct ss_loop *l, enum ss_work line, struct ss_deferred *stream);
/* Whether this turn has lasted so long that what can wait must. Reads the clock. */
bool ss_loop_turn_is_long(const struct ss_loop *l);
/* Whether the last turn was too short for all who stood in line. */
bool ss_loop_is_behind(const struct ss_loop *l);
/* Gives an empty buffer without memory a spare one's, if there is any. */
void ss_loop_lend(struct ss_loop *l, struct ss_buf *b);
/* Takes back the memory of a buffer that has become empty: for reuse, or to free. */
void ss_loop_reclaim(struct ss_loop *l, struct ss_buf *b);

/* timer.c */
void ss_timers_run(struct ss_loop *l);
/* Milliseconds until the earliest is due, rounded up, at most max. */
int32_t ss_timers_wait(const struct ss_loop *l, int32_t max);
void ss_timers_dispose(struct ss_loop *l);

#endif
