#include "net/loop.h"

#include <errno.h>
#include <h2o/hostinfo.h>
#include <string.h>

#include "base/mem.h"
#include "net/loop_impl.h"
#include "net/stream_impl.h"

enum {
    /* Flushing may give rise to more work and more to flush: so many times a turn, then the next turn goes
       on. */
    ROUNDS = 4,
    REST_AT_LEAST = 2, /* streams of the second line that are served in any turn */
    /* A slow name server must not keep every other name waiting. */
    NAME_THREADS = 4,
};

struct post {
    h2o_multithread_message_t message;
    void (*fn)(void *arg);
    void *arg;
};

/* ---- deferred work ---- */

static void list_init(struct ss_deferred_list *list)
{
    list->head = NULL;
    list->tail = &list->head;
}

static void list_push(struct ss_deferred_list *list, struct ss_deferred *d)
{
    d->next = NULL;
    d->link = list->tail;
    *list->tail = d;
    list->tail = &d->next;
}

static void list_splice(struct ss_deferred_list *to, struct ss_deferred_list *from)
{
    if (from->head == NULL)
        return;
    *to->tail = from->head;
    from->head->link = to->tail;
    to->tail = from->tail;
    list_init(from);
}

void ss_deferred_init(struct ss_deferred *d, void (*run)(void *ctx), void *ctx)
{
    *d = (struct ss_deferred){.run = run, .ctx = ctx};
}

void ss_defer(struct ss_loop *l, struct ss_deferred *d)
{
    if (d->link == NULL)
        list_push(&l->work[SS_WORK_DEFERRED], d);
}

void ss_loop_next(struct ss_loop *l, struct ss_deferred *d)
{
    if (d->link == NULL)
        list_push(&l->work[SS_WORK_LATER], d);
}

void ss_deferred_cancel(struct ss_loop *l, struct ss_deferred *d)
{
    if (d->link == NULL)
        return;
    *d->link = d->next;
    if (d->next != NULL)
        d->next->link = d->link;
    for (size_t i = 0; d->next == NULL && i < SS_WORK_LISTS; i++)
        if (l->work[i].tail == &d->next)
            l->work[i].tail = d->link;
    d->next = NULL;
    d->link = NULL;
}

static void run_first(struct ss_loop *l, enum ss_work list)
{
    struct ss_deferred *d = l->work[list].head;
    ss_deferred_cancel(l, d);
    d->run(d->ctx);
}

static void run_deferred(struct ss_loop *l)
{
    while (l->work[SS_WORK_DEFERRED].head != NULL)
        run_first(l, SS_WORK_DEFERRED);
}

/* ---- the lines of streams to read from ---- */

void ss_loop_line_up(struct ss_loop *l, enum ss_work line, struct ss_deferred *stream)
{
    if (stream->link == NULL)
        list_push(&l->work[line], stream);
}

void ss_defer_in_line(struct ss_loop *l, struct ss_deferred *d)
{
    ss_loop_line_up(l, SS_WORK_REST, d);
}

bool ss_loop_turn_is_long(const struct ss_loop *l)
{
    return ss_clock_ns() - l->turn_ns > SS_TURN_NS;
}

bool ss_loop_is_behind(const struct ss_loop *l)
{
    return l->behind;
}

/* Serves a line up to `last`: so many at least, then until the turn is long. Whether that were all. */
static bool serve(struct ss_loop *l, enum ss_work line, struct ss_deferred *last, unsigned least)
{
    for (unsigned n = 0; l->work[line].head != last && (n < least || !ss_loop_turn_is_long(l)); n++)
        run_first(l, line);
    bool all = l->work[line].head == last;
    ss_deferred_cancel(l, last);
    return all;
}

/* Serves who is in line now, and nobody who lines up meanwhile. */
static void serve_lines(struct ss_loop *l)
{
    struct ss_deferred last_ready = {0}, last_rest = {0};
    list_push(&l->work[SS_WORK_READY], &last_ready);
    list_push(&l->work[SS_WORK_REST], &last_rest);
    bool ready = serve(l, SS_WORK_READY, &last_ready, 1);
    bool rest = serve(l, SS_WORK_REST, &last_rest, REST_AT_LEAST);
    l->behind = !ready || !rest;
}

/* ---- buffers ---- */

void ss_loop_lend(struct ss_loop *l, struct ss_buf *b)
{
    if (b->ptr != NULL || l->n_spare == 0)
        return;
    size_t max = b->max;
    *b = l->spare[--l->n_spare];
    b->max = max;
}

void ss_loop_reclaim(struct ss_loop *l, struct ss_buf *b)
{
    if (b->ptr == NULL)
        return;
    if (b->cap > SS_SPARE_SIZE || l->n_spare == SS_SPARE_COUNT) {
        ss_buf_dispose(b);
        return;
    }
    size_t max = b->max;
    l->spare[l->n_spare] = *b;
    l->spare[l->n_spare++].len = 0;
    ss_buf_init(b, max);
}

/* ---- messages of other threads ---- */

static void on_posts(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    struct ss_loop *l = H2O_STRUCT_FROM_MEMBER(struct ss_loop, posts, receiver);
    ss_loop_enter(l);
    while (!h2o_linklist_is_empty(messages)) {
        struct post *p = H2O_STRUCT_FROM_MEMBER(struct post, message.link, messages->next);
        h2o_linklist_unlink(&p->message.link);
        void (*fn)(void *) = p->fn;
        void *arg = p->arg;
        ss_free(p);
        if (!l->freeing)
            fn(arg);
    }
}

static void on_names(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    ss_loop_enter(H2O_STRUCT_FROM_MEMBER(struct ss_loop, names, receiver));
    h2o_hostinfo_getaddr_receiver(receiver, messages);
}

void ss_loop_post(struct ss_loop *l, void (*fn)(void *arg), void *arg)
{
    struct post *p = ss_xcalloc(1, sizeof(*p));
    p->fn = fn;
    p->arg = arg;
    h2o_multithread_send_message(&l->posts, &p->message);
}

/* ---- the loop ---- */

struct ss_loop *ss_loop_new(const struct ss_log *log)
{
    struct ss_loop *l = ss_xcalloc(1, sizeof(*l));
    l->log = log;
    l->ev = h2o_evloop_create();
    /* The queue's pipe is the only socket that h2o reads for us, through a buffer from a cache of the thread
     * that makes the socket, without a lock. 0 keeps it from caching: a loop may be made by one thread, run
     * and freed by another. */
    h2o_socket_buffer_prototype._initial_buf.capacity = 0;
    l->queue = h2o_multithread_create_queue(l->ev);
    h2o_multithread_register_receiver(l->queue, &l->posts, on_posts);
    h2o_multithread_register_receiver(l->queue, &l->names, on_names);
    __atomic_store_n(&h2o_hostinfo_max_threads, NAME_THREADS, __ATOMIC_RELAXED);
    l->now_ns = ss_clock_ns();
    for (size_t i = 0; i < SS_WORK_LISTS; i++)
        list_init(&l->work[i]);
    l->dirty.tail = &l->dirty.head;
    l->dirty_next.tail = &l->dirty_next.head;
    ss_watch_init(&l->watch, l);
    ss_orphans_init(&l->orphans, l);
    l->read_buf = ss_xmalloc(SS_READ_SIZE);
    return l;
}

void ss_loop_enter(struct ss_loop *l)
{
    if (!l->stale)
        return;
    l->stale = false;
    l->now_ns = ss_clock_ns();
}

static void end_turn(struct ss_loop *l)
{
    for (int round = 0; round < ROUNDS; round++) {
        run_deferred(l);
        if (l->dirty.head == NULL)
            return;
        ss_streams_settle(l);
    }
}

static bool nothing_to_do(const struct ss_loop *l)
{
    return l->work[SS_WORK_DEFERRED].head == NULL && l->work[SS_WORK_READY].head == NULL &&
           l->work[SS_WORK_REST].head == NULL && l->dirty.head == NULL;
}

static void turn(struct ss_loop *l)
{
    list_splice(&l->work[SS_WORK_DEFERRED], &l->work[SS_WORK_LATER]);
    ss_streams_next(l);
    bool idle = nothing_to_do(l);
    int32_t wait = idle ? ss_timers_wait(l, INT32_MAX) : 0;
    l->stale = true;
    if (h2o_evloop_run(l->ev, wait) != 0 && errno != EINTR)
        ss_log_write(l->log, SS_LOG_ERROR, "event loop: %s", strerror(errno));
    ss_loop_enter(l);
    l->turn_ns = l->now_ns;
    serve_lines(l);
    ss_timers_run(l);
    end_turn(l);
}

static bool finished(const struct ss_loop *l)
{
    return l->finishing && l->lingers == NULL && l->dirty.head == NULL && l->dirty_next.head == NULL;
}

void ss_loop_run(struct ss_loop *l)
{
    while (!l->stopped && !finished(l))
        turn(l);
    l->stopped = l->finishing = false;
}

void ss_loop_stop(struct ss_loop *l)
{
    l->stopped = true;
}

void ss_loop_finish(struct ss_loop *l)
{
    l->finishing = true;
}

/* h2o's getaddrinfo threads cannot be told to forget: a name still being looked up will be answered to the
 * queue, which then has to outlive the loop; it is left behind, with the descriptors of its pipe.
 * h2o_evloop_destroy leaves its epoll descriptor open in any case. Both matter little to a process that is
 * about to end. */
void ss_loop_free(struct ss_loop *l)
{
    end_turn(l);
    ss_streams_abandon(l);
    ss_watch_dispose(&l->watch);
    ss_orphans_dispose(&l->orphans);
    l->freeing = true;
    for (int i = 0; i < 2; i++) /* hands out what was posted, and frees the sockets that were closed */
        h2o_evloop_run(l->ev, 0);
    ss_timers_dispose(l);
    ss_free(l->read_buf);
    ss_free(l->cipher_buf);
    while (l->n_spare != 0)
        ss_buf_dispose(&l->spare[--l->n_spare]);
    if (l->lookups != 0)
        return;
    h2o_multithread_unregister_receiver(l->queue, &l->posts);
    h2o_multithread_unregister_receiver(l->queue, &l->names);
    h2o_multithread_destroy_queue(l->queue);
    h2o_evloop_destroy(l->ev);
    ss_free(l);
}

const struct ss_log *ss_loop_log(const struct ss_loop *l)
{
    return l->log;
}

uint64_t ss_loop_now_ms(const struct ss_loop *l)
{
    return l->now_ns / 1000000;
}

uint64_t ss_loop_now_ns(const struct ss_loop *l)
{
    return l->now_ns;
}

static uint64_t whole_ms(uint64_t ns)
{
    return (ns + 999999) / 1000000;
}

uint64_t ss_loop_from_ms(const struct ss_loop *l)
{
    (void)l;
    return whole_ms(ss_clock_ns());
}

uint64_t ss_loop_soon_ms(const struct ss_loop *l)
{
    return whole_ms(l->now_ns);
}
