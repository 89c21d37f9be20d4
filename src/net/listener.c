/* A listener lives until it is closed and its last connection is gone: those count against max_connections.
 */
#include "net/listener.h"

#include <errno.h>
#include <limits.h>

#include "base/mem.h"
#include "net/loop_impl.h"
#include "net/stream_impl.h"

enum {
    ACCEPTS = 64,       /* a turn */
    ACCEPTS_BEHIND = 1, /* a turn, while connections that are there wait to be read */
    LAST_ACCEPTS = 4096,
    REST_MS = 100, /* when descriptors run out */
    HANDSHAKE_MS = 10000,
};

/* A connection shaking hands. */
struct handshake {
    struct ss_listener *listener;
    struct ss_stream *stream;
    struct handshake *next, **link; /* of the listener's list */
    struct ss_timer timer;
};

struct ss_listener {
    struct ss_loop *loop;
    h2o_socket_t *sock; /* NULL: closed */
    struct ss_tls *tls;
    ss_listener_accept *on_accept;
    void *ctx;
    struct handshake *handshakes;
    struct ss_timer rest;
    struct ss_budget own;     /* for the line in the log of one that shares none */
    struct ss_budget *budget; /* shared; or own, without a limit */
    unsigned max, open;       /* connections */
    unsigned refs;            /* the owner, the connections, the callback that runs */
    bool is_unix;
    bool listening; /* registered for reading */
};

static void unref(struct ss_listener *n)
{
    if (--n->refs != 0)
        return;
    ss_tls_unref(n->tls);
    ss_free(n);
}

static void on_acceptable(h2o_socket_t *sock, const char *err);

static bool has_room(const struct ss_listener *n)
{
    return (n->max == 0 || n->open < n->max) && ss_budget_left(n->budget);
}

/* Another listener's connection that ends makes room too, and does not tell: so this one looks again. */
static void rest(struct ss_listener *n)
{
    ss_timer_after(n->loop, &n->rest, REST_MS);
}

static void look_at_budget(struct ss_listener *n)
{
    if (n->sock == NULL || ss_timer_armed(&n->rest) || ss_budget_left(n->budget))
        return;
    rest(n);
    if (ss_budget_tell(n->budget, ss_loop_now_ms(n->loop)))
        ss_log_write(
            n->loop->log, SS_LOG_WARN,
            "%u connections are all that the limit of descriptors (ulimit -n) leaves for clients: more "
            "have to wait",
            n->budget->max);
}

static void set_listening(struct ss_listener *n)
{
    look_at_budget(n);
    bool wanted = n->sock != NULL && !ss_timer_armed(&n->rest) && has_room(n);
    if (wanted == n->listening)
        return;
    n->listening = wanted;
    if (n->sock == NULL)
        return;
    if (wanted)
        h2o_socket_read_start(n->sock, on_acceptable);
    else
        h2o_socket_read_stop(n->sock);
}

static void on_rested(void *ctx)
{
    set_listening(ctx);
}

static void on_gone(void *ctx)
{
    struct ss_listener *n = ctx;
    n->open--;
    atomic_fetch_sub_explicit(&n->budget->used, 1, memory_order_relaxed);
    set_listening(n);
    unref(n);
}

/* ---- TLS ---- */

static struct ss_stream *end_handshake(struct handshake *h)
{
    struct ss_stream *s = h->stream;
    ss_timer_cancel(h->listener->loop, &h->timer);
    *h->link = h->next;
    if (h->next != NULL)
        h->next->link = h->link;
    ss_free(h);
    return s;
}

static void on_handshake(void *ctx, const char *why)
{
    struct handshake *h = ctx;
    struct ss_listener *n = h->listener;
    struct ss_stream *s = end_handshake(h);
    if (why == NULL) {
        n->on_accept(n->ctx, s);
        return;
    }
    struct ss_slice peer = ss_stream_peer(s);
    ss_log_write(n->loop->log, SS_LOG_INFO, "TLS handshake with %.*s: %s", SS_FMT(peer), why);
    ss_stream_close(s, SS_CLOSE_FLUSH); /* an alert may wait */
}

static void on_handshake_late(void *ctx)
{
    struct handshake *h = ctx;
    ss_log_write(h->listener->loop->log, SS_LOG_INFO, "TLS handshake: timed out");
    ss_stream_close(end_handshake(h), SS_CLOSE_NOW);
}

static void begin_handshake(struct ss_listener *n, struct ss_stream *s)
{
    const char *why;
    struct ss_tls_conn *tls = ss_tls_conn_new(n->tls, SS_LIT(""), &why);
    if (tls == NULL) {
        ss_log_write(n->loop->log, SS_LOG_ERROR, "TLS: %s", why);
        ss_stream_close(s, SS_CLOSE_NOW);
        return;
    }
    struct handshake *h = ss_xcalloc(1, sizeof(*h));
    h->listener = n;
    h->stream = s;
    h->next = n->handshakes;
    h->link = &n->handshakes;
    if (h->next != NULL)
        h->next->link = &h->next;
    n->handshakes = h;
    ss_timer_init(&h->timer, on_handshake_late, h);
    ss_timer_after(n->loop, &h->timer, HANDSHAKE_MS);
    ss_stream_handshake(s, tls, on_handshake, h);
}

/* ---- accepting ---- */

/* Whether it is worth trying again at once. */
static bool on_accept_error(struct ss_listener *n, int error)
{
    if (error == EAGAIN || error == EWOULDBLOCK)
        return false;
    if (error == ECONNABORTED || error == EINTR || error == EPROTO || error == EPERM)
        return true;
    if (ss_budget_tell(n->budget, ss_loop_now_ms(n->loop)))
        ss_log_write(n->loop->log, SS_LOG_WARN, "accept: %s: new connections have to wait",
                     strerrordesc_np(error));
    rest(n);
    return false;
}

static void take(struct ss_listener *n, h2o_socket_t *sock)
{
    struct ss_stream *s = ss_stream_new(n->loop, sock, n->is_unix);
    s->accepted = true;
    s->gone = on_gone;
    s->gone_ctx = n;
    n->open++;
    atomic_fetch_add_explicit(&n->budget->used, 1, memory_order_relaxed);
    n->refs++;
    if (n->tls != NULL)
        begin_handshake(n, s);
    else
        n->on_accept(n->ctx, s);
}

static void accept_some(struct ss_listener *n, int most)
{
    for (int i = 0; i < most && n->sock != NULL && has_room(n); i++) {
        h2o_socket_t *accepted = h2o_evloop_socket_accept(n->sock);
        if (accepted != NULL)
            take(n, accepted);
        else if (!on_accept_error(n, errno))
            break;
    }
}

static void on_acceptable(h2o_socket_t *sock, const char *err)
{
    (void)err;
    struct ss_listener *n = sock->data;
    ss_loop_enter(n->loop);
    n->refs++;
    accept_some(n, ss_loop_is_behind(n->loop) ? ACCEPTS_BEHIND : ACCEPTS);
    set_listening(n);
    unref(n);
}

struct ss_listener *ss_listener_new(struct ss_loop *l, int fd, struct ss_tls *tls, unsigned max_connections,
                                    ss_listener_accept *on_accept, void *ctx)
{
    struct ss_listener *n = ss_xcalloc(1, sizeof(*n));
    int domain = AF_INET;
    socklen_t len = sizeof(domain);
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
    n->is_unix = domain == AF_UNIX;
    n->loop = l;
    n->sock = h2o_evloop_socket_create(l->ev, fd, H2O_SOCKET_FLAG_DONT_READ);
    n->sock->data = n;
    n->tls = tls != NULL ? ss_tls_ref(tls) : NULL;
    n->max = max_connections;
    n->own.max = UINT_MAX;
    n->budget = &n->own;
    n->on_accept = on_accept;
    n->ctx = ctx;
    n->refs = 1;
    ss_timer_init(&n->rest, on_rested, n);
    set_listening(n);
    return n;
}

void ss_listener_share(struct ss_listener *n, struct ss_budget *budget)
{
    n->budget = budget;
}

void ss_listener_set_tls(struct ss_listener *n, struct ss_tls *tls)
{
    struct ss_tls *old = n->tls;
    n->tls = tls != NULL ? ss_tls_ref(tls) : NULL;
    ss_tls_unref(old);
}

static void close_socket(struct ss_listener *n)
{
    ss_timer_cancel(n->loop, &n->rest);
    if (n->sock != NULL)
        h2o_socket_close(n->sock);
    n->sock = NULL;
    n->listening = false;
}

void ss_listener_stop(struct ss_listener *n)
{
    n->refs++;
    accept_some(n, LAST_ACCEPTS);
    close_socket(n);
    unref(n);
}

bool ss_listener_busy(const struct ss_listener *n)
{
    return n->handshakes != NULL;
}

void ss_listener_close(struct ss_listener *n)
{
    while (n->handshakes != NULL)
        ss_stream_close(end_handshake(n->handshakes), SS_CLOSE_NOW);
    close_socket(n);
    unref(n);
}
