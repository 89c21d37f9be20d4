/* Closing and lingering.
 *
 *   closing ──NOW, RESET────────────────────────────────────────────▶ freed
 *      ├──FLUSH: one more send─────────────────────────────────────▶ freed
 *      └──LINGER: send ──all left──▶ FIN sent, discarding ──FIN read, enough, 2 s──▶ freed
 *                  └──refused, until writable──┘  2 s────────────────────────────▶ freed
 *      Two seconds in which the peer takes something of what the kernel holds for it do not count.
 *
 * Closing a TCP socket with unread bytes makes the kernel send a reset, and a reset makes the peer's kernel
 * throw away what the peer has not read yet: our answer. Hence FIN first, and reading on for a while. */
#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "net/loop_impl.h"
#include "net/stream_impl.h"

enum {
    LINGER_MS = 2000,
    LINGER_BYTES = 1 << 20, /* discarded at most */
};

struct ss_linger {
    struct ss_stream *stream;
    struct ss_linger *next, **link; /* of the loop's list */
    struct ss_timer timer;
    size_t discarded;
    size_t unsent; /* bytes that the peer had not taken yet when that was last looked at */
};

static void end(struct ss_stream *s)
{
    struct ss_linger *g = s->linger;
    if (g != NULL) {
        ss_timer_cancel(s->loop, &g->timer);
        *g->link = g->next;
        if (g->next != NULL)
            g->next->link = g->link;
        s->linger = NULL;
        ss_free(g);
    }
    if (s->dirty) { /* whoever holds the list frees it */
        s->dead = true;
        return;
    }
    ss_stream_free(s);
}

/* Bytes for the peer, here and in the kernel. */
static size_t unsent_of(const struct ss_stream *s)
{
    int held = 0;
    if (ioctl(s->fd, SIOCOUTQ, &held) != 0 || held < 0)
        held = 0;
    return ss_stream_pending(s) + (size_t)held;
}

static void on_timeout(void *ctx)
{
    struct ss_linger *g = ctx;
    size_t unsent = unsent_of(g->stream);
    if (unsent != 0 && unsent < g->unsent) {
        g->unsent = unsent;
        ss_timer_after(g->stream->loop, &g->timer, LINGER_MS);
        return;
    }
    g->stream->dead = true;
    ss_stream_dirty(g->stream);
}

static void begin_linger(struct ss_stream *s)
{
    struct ss_loop *l = s->loop;
    struct ss_linger *g = ss_xcalloc(1, sizeof(*g));
    g->stream = s;
    g->unsent = unsent_of(s);
    g->next = l->lingers;
    g->link = &l->lingers;
    if (g->next != NULL)
        g->next->link = &g->next;
    l->lingers = g;
    ss_timer_init(&g->timer, on_timeout, g);
    ss_timer_after(l, &g->timer, LINGER_MS);
    s->linger = g;
}

/* All that can be sent is being sent. */
static enum ss_push say_goodbye(struct ss_stream *s)
{
    if (s->dead || s->broken)
        return SS_PUSH_FAILED;
    enum ss_push r = ss_stream_push(s);
    if (r != SS_PUSH_ALL || s->tls == NULL)
        return r;
    ss_tls_conn_shutdown(s->tls);
    return ss_stream_push(s);
}

static void discard_from_now_on(struct ss_stream *s)
{
    shutdown(s->fd, SHUT_WR);
    if (s->linger == NULL)
        begin_linger(s);
    ss_watch_set(&s->loop->watch, s, s->fd, s->watched, SS_WATCH_NONE);
    s->watched = SS_WATCH_NONE;
    if (!s->reading)
        h2o_socket_read_start(s->sock, ss_stream_on_readable);
    s->reading = true;
}

/* The kernel will send RST, and drop what the peer has not taken. */
static void set_to_reset(const struct ss_stream *s)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void ss_stream_settle_closing(struct ss_stream *s)
{
    bool discarding = s->linger != NULL && s->reading && !s->armed;
    if (s->how == SS_CLOSE_NOW || s->how == SS_CLOSE_RESET || s->dead) {
        if (s->how == SS_CLOSE_RESET)
            set_to_reset(s);
        end(s);
        return;
    }
    if (discarding || (s->linger != NULL && s->armed))
        return;
    enum ss_push r = say_goodbye(s);
    bool over = s->how == SS_CLOSE_FLUSH || r == SS_PUSH_FAILED || (r != SS_PUSH_REFUSED && s->eof);
    if (over) {
        end(s);
    } else if (r == SS_PUSH_REFUSED) {
        if (s->linger == NULL)
            begin_linger(s);
        if (s->reading)
            h2o_socket_read_stop(s->sock);
        s->reading = false;
        ss_stream_arm(s);
    } else {
        discard_from_now_on(s);
    }
}

void ss_linger_on_readable(struct ss_stream *s)
{
    struct ss_linger *g = s->linger;
    ssize_t n;
    do
        n = recv(s->fd, s->loop->read_buf, SS_READ_SIZE, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return;
    if (n > 0)
        g->discarded += (size_t)n;
    if (n > 0 && g->discarded < LINGER_BYTES)
        return;
    s->dead = true;
    ss_stream_dirty(s);
}

void ss_stream_close(struct ss_stream *s, enum ss_stream_close_how how)
{
    s->closing = true;
    s->how = how;
    s->ops = NULL;
    ss_deferred_cancel(s->loop, &s->ready);
    ss_orphans_watch(&s->loop->orphans, s, false);
    ss_stream_dirty(s);
}

void ss_streams_abandon(struct ss_loop *l)
{
    while (l->lingers != NULL)
        end(l->lingers->stream);
    while (l->dirty.head != NULL || l->dirty_next.head != NULL) {
        ss_streams_next(l);
        ss_streams_settle(l);
    }
}
