#include "net/stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/loop_impl.h"
#include "net/stream_impl.h"

struct ss_stream *ss_stream_new(struct ss_loop *l, h2o_socket_t *sock, bool is_unix)
{
    struct ss_stream *s = ss_xcalloc(1, sizeof(*s));
    s->loop = l;
    s->sock = sock;
    s->fd = h2o_socket_get_fd(sock);
    s->is_unix = is_unix;
    s->paused = true;
    ss_buf_init(&s->out, SS_OUT_MAX);
    ss_buf_init(&s->wire, 2 * (size_t)SS_OUT_MAX);
    ss_deferred_init(&s->ready, ss_stream_serve, s);
    sock->data = s;
    h2o_socket_dont_read(sock, 1);
    ss_stream_dirty(s);
    return s;
}

struct ss_stream *ss_stream_open(struct ss_loop *l, int fd)
{
    int domain = AF_UNIX;
    socklen_t len = sizeof(domain);
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
    return ss_stream_new(l, h2o_evloop_socket_create(l->ev, fd, H2O_SOCKET_FLAG_DONT_READ),
                         domain == AF_UNIX);
}

void ss_stream_free(struct ss_stream *s)
{
    struct ss_loop *l = s->loop;
    ss_deferred_cancel(l, &s->ready);
    ss_watch_set(&l->watch, s, s->fd, s->watched, SS_WATCH_NONE);
    h2o_socket_close(s->sock);
    ss_stream_drop_output(s);
    ss_tls_conn_free(s->tls);
    if (s->gone != NULL)
        s->gone(s->gone_ctx);
    ss_free(s->peer);
    ss_free(s->rest);
    ss_free(s);
}

/* ---- settling: what a turn has changed is applied at its end ---- */

static void push_dirty(struct ss_stream_list *list, struct ss_stream *s)
{
    if (s->dirty)
        return;
    s->dirty = true;
    s->next_dirty = NULL;
    *list->tail = s;
    list->tail = &s->next_dirty;
}

void ss_stream_dirty(struct ss_stream *s)
{
    push_dirty(&s->loop->dirty, s);
}

void ss_stream_dirty_next(struct ss_stream *s)
{
    push_dirty(&s->loop->dirty_next, s);
}

static struct ss_stream *take_all(struct ss_stream_list *list)
{
    struct ss_stream *s = list->head;
    list->head = NULL;
    list->tail = &list->head;
    return s;
}

/* What was put off to the next turn is due in this one. */
void ss_streams_next(struct ss_loop *l)
{
    struct ss_stream_list *next = &l->dirty_next;
    if (next->head == NULL)
        return;
    *l->dirty.tail = next->head;
    l->dirty.tail = next->tail;
    take_all(next);
}

static enum ss_watch_for watch_for(const struct ss_stream *s, bool reading)
{
    bool rest_first = s->rest != NULL && !s->paused && s->ops != NULL && s->ops->ended != NULL;
    if (s->dead || reading)
        return SS_WATCH_NONE;
    return s->fin || rest_first ? SS_WATCH_ERRORS : SS_WATCH_LEAVE;
}

/* Registers the socket where its events are wanted now. */
static void sync_readiness(struct ss_stream *s)
{
    bool reading = !s->dead && !s->paused && !s->eof && s->rest == NULL;
    enum ss_watch_for watch = watch_for(s, reading);
    if (reading != s->reading) {
        s->reading = reading;
        if (reading)
            h2o_socket_read_start(s->sock, ss_stream_on_readable);
        else
            h2o_socket_read_stop(s->sock);
    }
    ss_watch_set(&s->loop->watch, s, s->fd, s->watched, watch);
    s->watched = watch;
    ss_orphans_watch(&s->loop->orphans, s, watch != SS_WATCH_NONE);
}

static void settle(struct ss_stream *s)
{
    if (!ss_stream_over(s))
        ss_stream_flush(s);
    if (s->closing) {
        ss_stream_settle_closing(s);
        return;
    }
    if (s->dead)
        ss_stream_drop_output(s);
    else if (s->broken && (s->paused || s->eof))
        ss_stream_die(s);
    sync_readiness(s);
    if (s->out.len == 0)
        ss_loop_reclaim(s->loop, &s->out);
}

/* A stream may be made dirty again by another's callbacks while it waits in the detached list: it counts as
 * clean only once its turn has come. */
void ss_streams_settle(struct ss_loop *l)
{
    for (struct ss_stream *s = take_all(&l->dirty), *next; s != NULL; s = next) {
        next = s->next_dirty;
        s->dirty = false;
        settle(s);
    }
}

/* ---- what happens to a stream ---- */

void ss_stream_drop_output(struct ss_stream *s)
{
    s->out.len = s->out_off = s->wire.len = s->wire_off = 0;
    ss_loop_reclaim(s->loop, &s->out);
    ss_loop_reclaim(s->loop, &s->wire);
}

void ss_stream_die(struct ss_stream *s)
{
    if (ss_stream_over(s))
        return;
    s->dead = true;
    ss_stream_dirty(s);
    if (s->tls != NULL && ss_tls_conn_fail_handshake(s->tls, "the peer closed the connection"))
        return;
    if (s->ops != NULL)
        s->ops->closed(s->ctx, SS_ERR_IO);
}

void ss_stream_finish(struct ss_stream *s)
{
    if (ss_stream_over(s) || s->fin)
        return;
    s->fin = true;
    ss_stream_dirty(s);
    if (s->tls != NULL && ss_tls_conn_fail_handshake(s->tls, "the peer closed the connection"))
        return;
    if (s->ops != NULL)
        s->ops->closed(s->ctx, SS_ERR_CLOSED);
}

void ss_stream_departed(struct ss_stream *s, bool gone)
{
    if (gone)
        ss_stream_die(s);
    else
        ss_stream_finish(s);
}

/* ---- the owner's side ---- */

void ss_stream_attach(struct ss_stream *s, const struct ss_stream_ops *ops, void *ctx)
{
    s->ops = ops;
    s->ctx = ctx;
}

void ss_stream_pause(struct ss_stream *s)
{
    if (s->paused)
        return;
    s->paused = true;
    ss_stream_dirty(s);
}

void ss_stream_resume(struct ss_stream *s)
{
    if (!s->paused)
        return;
    s->paused = false;
    ss_stream_dirty(s);
    if (s->rest != NULL || (s->tls != NULL && ss_tls_conn_has_more(s->tls)))
        ss_loop_line_up(s->loop, SS_WORK_READY, &s->ready);
}

void ss_stream_raise_output(struct ss_stream *s, size_t max)
{
    if (s->out.max >= max)
        return;
    s->out.max = max;
    s->wire.max = 2 * max; /* what waits already, and the same again as TLS has it */
}

struct ss_buf *ss_stream_output(struct ss_stream *s)
{
    if (s->out.ptr == NULL) {
        ss_loop_lend(s->loop, &s->out);
        ss_stream_dirty(s); /* gives back what is not used */
    }
    return &s->out;
}

void ss_stream_want_drained(struct ss_stream *s)
{
    s->refused = true;
    ss_stream_want_flush(s);
}

void ss_stream_want_flush(struct ss_stream *s)
{
    s->want = true;
    ss_stream_dirty(s);
}

enum ss_err ss_stream_send(struct ss_stream *s, const char *p, size_t n)
{
    if (s->dead || s->broken)
        return SS_ERR_IO;
    enum ss_err err = ss_buf_append(ss_stream_output(s), p, n);
    ss_stream_want_flush(s);
    return err;
}

size_t ss_stream_pending(const struct ss_stream *s)
{
    return (s->out.len - s->out_off) + (s->wire.len - s->wire_off);
}

bool ss_stream_blocked(const struct ss_stream *s)
{
    return s->refused;
}

struct ss_loop *ss_stream_loop(const struct ss_stream *s)
{
    return s->loop;
}

struct ss_slice ss_stream_alpn(const struct ss_stream *s)
{
    return s->tls != NULL ? ss_tls_conn_alpn(s->tls) : ss_slice_of("", 0);
}

bool ss_stream_is_tls(const struct ss_stream *s)
{
    return s->tls != NULL;
}

bool ss_stream_is_unix(const struct ss_stream *s)
{
    return s->is_unix;
}

static void print_peer(int fd, char *text, size_t size)
{
    struct sockaddr_storage sa = {0};
    socklen_t len = sizeof(sa);
    struct sockaddr_in *v4 = (struct sockaddr_in *)&sa;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&sa;
    text[0] = '\0';
    if (getpeername(fd, (struct sockaddr *)&sa, &len) != 0)
        return;
    if (sa.ss_family == AF_INET)
        inet_ntop(AF_INET, &v4->sin_addr, text, (socklen_t)size);
    else if (sa.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, (socklen_t)size);
    else if (sa.ss_family == AF_INET6)
        inet_ntop(AF_INET6, &v6->sin6_addr, text, (socklen_t)size);
}

struct ss_slice ss_stream_peer(struct ss_stream *s)
{
    if (s->is_unix)
        return SS_LIT("unix");
    if (s->peer == NULL) {
        char text[INET6_ADDRSTRLEN];
        print_peer(s->fd, text, sizeof(text));
        s->peer = ss_xstrndup(text, strlen(text));
    }
    return ss_slice_str(s->peer);
}

uint64_t ss_stream_bytes_in(const struct ss_stream *s)
{
    return s->bytes_in;
}

uint64_t ss_stream_bytes_out(const struct ss_stream *s)
{
    return s->bytes_out;
}
