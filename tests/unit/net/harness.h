/* A loop that runs until a condition holds, and a peer that records what a stream tells. */
#ifndef SS_TESTS_NET_HARNESS_H
#define SS_TESTS_NET_HARNESS_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
/* after the above */
#include <cmocka.h>

#include "base/mem.h"
#include "net/listener.h"

static const struct ss_log harness_log = {.fd = STDERR_FILENO, .level = SS_LOG_ERROR};

/* ---- running ---- */

struct runner {
    struct ss_loop *loop;
    struct ss_timer tick, limit;
    bool (*until)(void *ctx);
    void *ctx;
    bool late;
};

static void runner_tick(void *ctx)
{
    struct runner *r = ctx;
    if (r->until != NULL && r->until(r->ctx))
        ss_loop_stop(r->loop);
    else
        ss_timer_set(r->loop, &r->tick, ss_loop_now_ms(r->loop) + 1);
}

static void runner_limit(void *ctx)
{
    struct runner *r = ctx;
    r->late = true;
    ss_loop_stop(r->loop);
}

/* Runs until until(ctx), looked at every millisecond; false after ms. */
static inline bool run_until(struct ss_loop *l, bool (*until)(void *ctx), void *ctx, unsigned ms)
{
    struct runner r = {.loop = l, .until = until, .ctx = ctx};
    ss_timer_init(&r.tick, runner_tick, &r);
    ss_timer_init(&r.limit, runner_limit, &r);
    ss_timer_set(l, &r.tick, ss_loop_now_ms(l));
    ss_timer_set(l, &r.limit, ss_loop_now_ms(l) + ms);
    ss_loop_run(l);
    ss_timer_cancel(l, &r.tick);
    ss_timer_cancel(l, &r.limit);
    return !r.late;
}

static void on_turn(void *ctx)
{
    ss_loop_stop(ctx);
}

/* Runs the loop for one turn, whose timers make it return at once. */
static inline void run_one_turn(struct ss_loop *l)
{
    struct ss_timer now;
    ss_timer_init(&now, on_turn, l);
    ss_timer_set(l, &now, 0);
    ss_loop_run(l);
}

static inline void run_for(struct ss_loop *l, unsigned ms)
{
    run_until(l, NULL, NULL, ms);
}

static inline bool is_set(void *ctx)
{
    return *(const bool *)ctx;
}

/* ---- a recorder of what a stream tells ---- */

struct peer {
    struct ss_stream *stream;
    struct ss_buf got;
    bool keep;     /* bytes read go to got */
    uint64_t read; /* bytes */
    unsigned reads, fills, drained, finished, died;
    void (*on_read)(struct peer *p, char *bytes, size_t n); /* may be NULL */
    void (*on_fill)(struct peer *p, size_t room);
    void (*on_drained)(struct peer *p);
    void (*on_closed)(struct peer *p, enum ss_err why);
    void *extra;
};

static size_t peer_read(void *ctx, char *bytes, size_t n)
{
    struct peer *p = ctx;
    assert_true(n > 0);
    assert_int_equal(p->died, 0);
    p->reads++;
    p->read += n;
    if (p->keep)
        ss_buf_append(&p->got, bytes, n);
    if (p->on_read != NULL)
        p->on_read(p, bytes, n);
    return n;
}

static void peer_fill(void *ctx, size_t room)
{
    struct peer *p = ctx;
    p->fills++;
    if (p->on_fill != NULL)
        p->on_fill(p, room);
}

static void peer_drained(void *ctx)
{
    struct peer *p = ctx;
    p->drained++;
    if (p->on_drained != NULL)
        p->on_drained(p);
}

static void peer_closed(void *ctx, enum ss_err why)
{
    struct peer *p = ctx;
    assert_int_equal(p->died, 0); /* SS_ERR_IO is the last callback */
    if (why == SS_ERR_CLOSED)
        p->finished++;
    else
        p->died++;
    assert_true(p->finished <= 1);
    if (p->on_closed != NULL)
        p->on_closed(p, why);
}

static const struct ss_stream_ops peer_ops = {
    .read = peer_read, .fill = peer_fill, .drained = peer_drained, .closed = peer_closed};

static inline void peer_attach(struct peer *p, struct ss_stream *s)
{
    p->stream = s;
    p->keep = true;
    ss_buf_init(&p->got, 64 << 20);
    ss_stream_attach(s, &peer_ops, p);
}

static inline void peer_close(struct peer *p, enum ss_stream_close_how how)
{
    if (p->stream != NULL)
        ss_stream_close(p->stream, how);
    p->stream = NULL;
    ss_buf_dispose(&p->got);
}

static inline bool peer_has_finished(void *ctx)
{
    return ((struct peer *)ctx)->finished != 0;
}

static inline bool peer_has_died(void *ctx)
{
    return ((struct peer *)ctx)->died != 0;
}

static inline bool peer_has_read(void *ctx)
{
    return ((struct peer *)ctx)->read != 0;
}

/* ---- sockets ---- */

/* Both ends non-blocking; a TCP pair on loopback, or a unix one. */
static inline void tcp_pair(int fds[2])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(l, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(l, 1), 0);
    assert_int_equal(getsockname(l, (struct sockaddr *)&at, &len), 0);
    fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fds[0], (struct sockaddr *)&at, len), 0);
    fds[1] = accept4(l, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fds[1] >= 0);
    close(l);
    for (int i = 0; i < 2; i++)
        fcntl(fds[i], F_SETFL, O_NONBLOCK);
}

static inline void unix_pair(int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
}

/* Closes with a reset instead of FIN. */
static inline void reset(int fd)
{
    struct linger lg = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &lg, sizeof(lg));
    close(fd);
}

/* ---- memory and descriptors: what a test leaves behind, its teardown sees ---- */

static inline int set_up_loop(void **state)
{
    signal(SIGPIPE, SIG_IGN);
    *state = ss_loop_new(&harness_log);
    return 0;
}

static inline int tear_down_loop(void **state)
{
    ss_loop_free(*state);
    return 0;
}

#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, set_up_loop, tear_down_loop)

#endif
