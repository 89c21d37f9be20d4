/* Bytes from the kernel to the owner. A read that returns less than was asked for was the last of the turn:
 * no system call only to hear EAGAIN. The socket is level-triggered, so what is left over comes back in the
 * next turn. */
#include <errno.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "net/loop_impl.h"
#include "net/stream_impl.h"
#include "net/sys.h"

enum {
    READS = 4,    /* of a stream in a turn, so that one does not starve the rest */
    PIECE = 4096, /* bytes of a client that are dealt with at a time while the loop is behind */
};

/* Gives the owner what it may have now of n bytes; returns how many it has dealt with. What bytes cost is
 * their sender's choice: so when there is not time for everybody, nobody gets much of it in one go. A service
 * is spared, for everybody waits for its connection. */
static size_t hand_over(struct ss_stream *s, char *p, size_t n)
{
    bool little = s->accepted && n > PIECE && ss_loop_is_behind(s->loop);
    return s->ops->read(s->ctx, p, little ? PIECE : n);
}

/* Keeps what the owner has not dealt with, and lines up again. */
static void keep_rest(struct ss_stream *s, const char *p, size_t n)
{
    s->rest = ss_xmalloc(n); /* at most SS_READ_SIZE */
    memcpy(s->rest, p, n);
    s->rest_len = n;
    s->rest_at = 0;
    ss_stream_dirty(s); /* the watch sees a peer that leaves: its rest need not be served */
    ss_loop_line_up(s->loop, SS_WORK_REST, &s->ready);
}

static void give(struct ss_stream *s, char *p, size_t n)
{
    size_t used = hand_over(s, p, n);
    if (used < n && !ss_stream_over(s))
        keep_rest(s, p + used, n - used);
}

/* Whether the owner has dealt with all of it. */
static bool give_rest(struct ss_stream *s)
{
    char *p = s->rest;
    if (p == NULL)
        return true;
    s->rest_at += hand_over(s, p + s->rest_at, s->rest_len - s->rest_at);
    if (s->rest_at < s->rest_len) {
        if (!ss_stream_over(s))
            ss_loop_line_up(s->loop, SS_WORK_REST, &s->ready);
        return false;
    }
    s->rest = NULL;
    ss_free(p);
    ss_stream_dirty(s);
    return true;
}

static bool wants_bytes(const struct ss_stream *s)
{
    return !ss_stream_over(s) && !s->paused && !s->eof && s->rest == NULL;
}

static void on_end(struct ss_stream *s)
{
    s->eof = true;
    ss_stream_dirty(s);
    if (s->broken) {
        ss_stream_die(s);
        return;
    }
    ss_stream_finish(s);
    if (!ss_stream_over(s) && s->ops != NULL && s->ops->ended != NULL)
        s->ops->ended(s->ctx);
}

/* Reads into buf: the bytes, or 0 when there are none now, and whatever else that means has been told. */
static size_t receive(struct ss_stream *s, char *buf)
{
    ssize_t n;
    do
        n = ss_sys_recv(s->fd, buf, SS_READ_SIZE);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        s->bytes_in += (uint64_t)n;
        return (size_t)n;
    }
    if (n == 0)
        on_end(s);
    else if (s->broken || (errno != EAGAIN && errno != EWOULDBLOCK))
        ss_stream_die(s);
    return 0;
}

static void read_plain(struct ss_stream *s)
{
    char *buf = s->loop->read_buf;
    size_t n = SS_READ_SIZE;
    for (int i = 0; i < READS && n == SS_READ_SIZE && wants_bytes(s); i++) {
        n = receive(s, buf);
        if (n != 0)
            give(s, buf, n);
    }
}

/* Decrypts what OpenSSL can get at. Whether it wants more ciphertext, and the stream wants bytes. */
static bool decrypt(struct ss_stream *s)
{
    char *buf = s->loop->read_buf;
    while (wants_bytes(s)) {
        size_t n = 0;
        enum ss_tls_result r = ss_tls_conn_read(s->tls, buf, SS_READ_SIZE, &n);
        if (s->wire.len != 0)
            ss_stream_dirty(s); /* OpenSSL had something to answer */
        if (n != 0)
            give(s, buf, n);
        if (r == SS_TLS_WANT)
            return wants_bytes(s);
        if (r == SS_TLS_END)
            on_end(s);
        if (r == SS_TLS_FAILED) {
            struct ss_slice peer = ss_stream_peer(s);
            ss_log_write(s->loop->log, SS_LOG_INFO, "TLS with %.*s: %s", SS_FMT(peer),
                         ss_tls_conn_why(s->tls));
            ss_stream_die(s);
        }
        if (r == SS_TLS_END || r == SS_TLS_FAILED)
            return false;
    }
    ss_tls_conn_keep(s->tls);
    return false;
}

/* Whether it wants more. */
static bool shake_hands(struct ss_stream *s)
{
    enum ss_tls_result r = ss_tls_conn_handshake(s->tls);
    if (s->wire.len != 0)
        ss_stream_dirty(s);
    if (r == SS_TLS_WANT)
        return true;
    s->paused = true;
    ss_stream_dirty(s);
    ss_tls_conn_keep(s->tls);
    ss_tls_conn_finish_handshake(s->tls);
    return false;
}

static void read_tls(struct ss_stream *s)
{
    if (s->loop->cipher_buf == NULL)
        s->loop->cipher_buf = ss_xmalloc(SS_READ_SIZE);
    char *buf = s->loop->cipher_buf;
    size_t n = SS_READ_SIZE;
    if (ss_tls_conn_has_more(s->tls) && !decrypt(s))
        return;
    for (int i = 0; i < READS && n == SS_READ_SIZE && wants_bytes(s); i++) {
        n = receive(s, buf);
        if (n == 0)
            return;
        ss_tls_conn_feed(s->tls, buf, n);
        if (!ss_tls_conn_shaking(s->tls)) {
            if (!decrypt(s))
                return;
        } else if (!shake_hands(s)) {
            return;
        }
    }
}

static void read_some(struct ss_stream *s)
{
    if (s->linger != NULL)
        ss_linger_on_readable(s);
    else if (s->tls != NULL)
        read_tls(s);
    else
        read_plain(s);
}

void ss_stream_on_readable(h2o_socket_t *sock, const char *err)
{
    (void)err; /* recv tells */
    struct ss_stream *s = sock->data;
    ss_loop_enter(s->loop);
    ss_loop_line_up(s->loop, SS_WORK_READY, &s->ready);
}

void ss_stream_serve(void *ctx)
{
    struct ss_stream *s = ctx;
    if (s->rest != NULL && !ss_stream_over(s) && !s->paused && !give_rest(s))
        return;
    if (s->linger != NULL || wants_bytes(s))
        read_some(s);
    else
        ss_stream_dirty(s);
}

void ss_stream_handshake(struct ss_stream *s, struct ss_tls_conn *tls, ss_handshake_done *done, void *ctx)
{
    s->tls = tls;
    s->paused = false;
    ss_tls_conn_begin(tls, &s->wire, done, ctx);
    ss_stream_dirty(s);
    if (!ss_tls_conn_is_server(tls))
        ss_tls_conn_handshake(tls); /* says hello */
}
