/* A connection in the making: TCP or unix connect, then TLS. Every step ends in finish(), which frees it. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/loop_impl.h"
#include "net/stream_impl.h"
#include "net/sys.h"

struct ss_connect {
    struct ss_loop *loop;
    ss_connect_done *done;
    void *ctx;
    h2o_socket_t *sock;       /* while connecting */
    struct ss_stream *stream; /* while shaking hands */
    struct ss_tls_conn *tls;  /* until the stream has it */
    struct ss_timer timer;
    struct ss_deferred failed; /* at once, to be told in a later turn */
    const char *why;           /* of failed; static */
    bool is_unix;
};

static void dispose(struct ss_connect *c)
{
    ss_timer_cancel(c->loop, &c->timer);
    ss_deferred_cancel(c->loop, &c->failed);
    if (c->sock != NULL)
        h2o_socket_close(c->sock);
    if (c->stream != NULL)
        ss_stream_close(c->stream, SS_CLOSE_FLUSH);
    ss_tls_conn_free(c->tls);
    ss_free(c);
}

static void succeed(struct ss_connect *c)
{
    struct ss_stream *s = c->stream;
    ss_connect_done *done = c->done;
    void *ctx = c->ctx;
    c->stream = NULL;
    dispose(c);
    done(ctx, s, SS_OK, "");
}

/* why may be of the stream's: it lives until the end of the turn. */
static void fail(struct ss_connect *c, const char *why)
{
    ss_connect_done *done = c->done;
    void *ctx = c->ctx;
    dispose(c);
    done(ctx, NULL, SS_ERR_UNAVAILABLE, why);
}

static void on_failed_at_once(void *ctx)
{
    struct ss_connect *c = ctx;
    fail(c, c->why);
}

static void on_late(void *ctx)
{
    struct ss_connect *c = ctx;
    fail(c, c->stream != NULL ? "TLS handshake timed out" : "connect timed out");
}

static void on_handshake(void *ctx, const char *why)
{
    struct ss_connect *c = ctx;
    if (why == NULL)
        succeed(c);
    else
        fail(c, why);
}

static const char *error_text(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return "connection refused";
    case ETIMEDOUT:
        return "connection timed out";
    case ENETUNREACH:
        return "network is unreachable";
    case EHOSTUNREACH:
        return "no route to host";
    case ECONNRESET:
        return "connection reset by peer";
    case ENOENT:
        return "no such socket";
    case EAGAIN:
        return "the socket's backlog is full";
    case EMFILE:
    case ENFILE:
        return "too many open files";
    case EACCES:
    case EPERM:
        return "permission denied";
    default:
        return strerrordesc_np(error) != NULL ? strerrordesc_np(error) : "connect failed";
    }
}

static void on_connected(h2o_socket_t *sock, const char *err)
{
    (void)err;
    struct ss_connect *c = sock->data;
    ss_loop_enter(c->loop);
    int error = 0;
    socklen_t len = sizeof(error);
    if (getsockopt(h2o_socket_get_fd(sock), SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    if (error != 0) {
        fail(c, error_text(error));
        return;
    }
    c->sock = NULL;
    c->stream = ss_stream_new(c->loop, sock, c->is_unix);
    if (c->tls == NULL) {
        succeed(c);
        return;
    }
    struct ss_tls_conn *tls = c->tls;
    c->tls = NULL;
    ss_stream_handshake(c->stream, tls, on_handshake, c);
}

/* The descriptor, or -1 with errno. */
static int open_socket(const struct ss_address *to)
{
    int one = 1, family = to->addr.ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (family != AF_UNIX) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        ss_sys_limit_unsent(fd);
    }
    if (connect(fd, (const struct sockaddr *)&to->addr, to->len) == 0 || errno == EINPROGRESS)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

struct ss_connect *ss_connect_start(struct ss_loop *l, const struct ss_address *to, struct ss_tls *tls,
                                    struct ss_slice server_name, uint64_t timeout_ms, ss_connect_done *done,
                                    void *ctx)
{
    struct ss_connect *c = ss_xcalloc(1, sizeof(*c));
    c->loop = l;
    c->done = done;
    c->ctx = ctx;
    c->is_unix = to->addr.ss_family == AF_UNIX;
    ss_timer_init(&c->timer, on_late, c);
    ss_deferred_init(&c->failed, on_failed_at_once, c);
    if (tls != NULL && (c->tls = ss_tls_conn_new(tls, server_name, &c->why)) == NULL) {
        ss_loop_next(l, &c->failed);
        return c;
    }
    int fd = open_socket(to);
    if (fd < 0) {
        c->why = error_text(errno);
        ss_loop_next(l, &c->failed);
        return c;
    }
    c->sock = h2o_evloop_socket_create(l->ev, fd, H2O_SOCKET_FLAG_DONT_READ);
    c->sock->data = c;
    h2o_socket_notify_write(c->sock, on_connected);
    ss_timer_after(l, &c->timer, timeout_ms);
    return c;
}

void ss_connect_cancel(struct ss_connect *c)
{
    dispose(c);
}
