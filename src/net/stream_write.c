/* The flush at the end of a turn: fill, encrypt, one send. */
#include <errno.h>
#include <sys/socket.h>

#include "net/loop_impl.h"
#include "net/stream_impl.h"
#include "net/sys.h"

enum {
    ROOM = 65536,         /* bytes asked of fill at a time */
    TLS_PIECE = 4 * ROOM, /* bytes that are encrypted at a time */
    TURN_MAX = 4 * ROOM,  /* bytes after which a stream that could go on waits for the next turn */
};

/* Bytes taken, 0 when the kernel refuses, -1 on failure. */
static ssize_t send_some(struct ss_stream *s, const char *p, size_t n)
{
    ssize_t sent;
    do
        sent = ss_sys_send(s->fd, p, n);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    s->bytes_out += (uint64_t)sent;
    return sent;
}

static enum ss_push push_wire(struct ss_stream *s)
{
    size_t left = s->wire.len - s->wire_off;
    if (left == 0)
        return SS_PUSH_ALL;
    ssize_t sent = send_some(s, s->wire.ptr + s->wire_off, left);
    if (sent < 0)
        return SS_PUSH_FAILED;
    s->wire_off += (size_t)sent;
    if ((size_t)sent < left)
        return SS_PUSH_REFUSED;
    s->wire.len = s->wire_off = 0;
    ss_loop_reclaim(s->loop, &s->wire);
    return SS_PUSH_ALL;
}

/* What the kernel does not take becomes the wire's, and the owner's buffer starts anew: nothing is moved. */
static enum ss_push push_plain(struct ss_stream *s)
{
    ssize_t sent = send_some(s, s->out.ptr, s->out.len);
    if (sent < 0)
        return SS_PUSH_FAILED;
    if ((size_t)sent == s->out.len) {
        s->out.len = 0;
        return SS_PUSH_ALL;
    }
    struct ss_buf empty = s->wire;
    s->wire = s->out;
    s->wire.max = empty.max;
    s->wire_off = (size_t)sent;
    s->out = (struct ss_buf){.ptr = empty.ptr, .cap = empty.cap, .max = s->out.max};
    return SS_PUSH_REFUSED;
}

/* Encrypts a piece, sends it, and so on: what waits for a slow reader waits once, not as ciphertext too. */
static enum ss_push push_tls(struct ss_stream *s)
{
    enum ss_push r = SS_PUSH_ALL;
    while (r == SS_PUSH_ALL && s->out_off < s->out.len) {
        size_t n = s->out.len - s->out_off;
        if (n > TLS_PIECE)
            n = TLS_PIECE;
        ss_loop_lend(s->loop, &s->wire);
        if (ss_tls_conn_write(s->tls, s->out.ptr + s->out_off, n) != SS_OK)
            return SS_PUSH_FAILED;
        s->out_off += n;
        if (s->out_off == s->out.len)
            s->out.len = s->out_off = 0;
        r = push_wire(s);
    }
    return r;
}

enum ss_push ss_stream_push(struct ss_stream *s)
{
    enum ss_push r = push_wire(s);
    if (r != SS_PUSH_ALL || s->out.len == 0)
        return r;
    if (s->tls == NULL)
        return push_plain(s);
    return push_tls(s);
}

bool ss_stream_give(struct ss_stream *s, struct ss_buf *b)
{
    struct ss_buf head = s->out;
    if (s->dead || s->broken || s->out_off || (head.len && s->wire.len) || b->len > head.max)
        return false;
    if (head.len && s->tls) {
        ss_loop_lend(s->loop, &s->wire);
        if (ss_tls_conn_write(s->tls, head.ptr, head.len) != SS_OK)
            return false;
        s->out.len = 0;
    } else if (head.len) { /* goes out as what the kernel did not take does: before the rest */
        size_t max = s->wire.max;
        s->out = s->wire;
        s->wire = head;
        s->wire.max = max;
    }
    ss_loop_reclaim(s->loop, &s->out);
    ss_buf_dispose(&s->out);
    s->out = *b;
    s->out.max = head.max;
    ss_buf_init(b, b->max);
    ss_stream_want_flush(s);
    return true;
}

static void on_writable(h2o_socket_t *sock, const char *err)
{
    (void)err; /* the next send tells */
    struct ss_stream *s = sock->data;
    ss_loop_enter(s->loop);
    s->armed = false;
    s->want = true;
    ss_stream_dirty(s);
}

void ss_stream_arm(struct ss_stream *s)
{
    if (s->armed)
        return;
    s->armed = true;
    h2o_socket_notify_write(s->sock, on_writable);
}

static void on_failed(struct ss_stream *s)
{
    s->broken = true;
    ss_stream_drop_output(s);
    ss_loop_line_up(s->loop, SS_WORK_READY,
                    &s->ready); /* what the peer said before it left is in the socket still */
}

/* Asks the owner for bytes; whether it had more than fitted, as far as can be seen. */
static bool fill(struct ss_stream *s)
{
    if (s->ops == NULL || s->ops->fill == NULL || s->out.len >= ROOM)
        return false;
    size_t before = s->out.len, room = ROOM - before;
    s->ops->fill(s->ctx, room);
    return s->out.len >= before && s->out.len - before >= room / 2;
}

static void tell_drained(struct ss_stream *s)
{
    if (!s->refused)
        return;
    s->refused = false;
    if (s->ops != NULL && s->ops->drained != NULL)
        s->ops->drained(s->ctx);
}

void ss_stream_flush(struct ss_stream *s)
{
    if (s->armed || s->broken)
        return;
    bool more = s->want;
    s->want = false;
    for (size_t total = 0; total < TURN_MAX;) {
        if (more && s->wire.len == 0)
            more = fill(s);
        size_t pending = ss_stream_pending(s);
        if (pending == 0 && !ss_stream_over(s))
            tell_drained(s);
        if (ss_stream_over(s) || pending == 0)
            return;
        enum ss_push r = ss_stream_push(s);
        if (r == SS_PUSH_FAILED) {
            on_failed(s);
            return;
        }
        if (r == SS_PUSH_REFUSED) {
            s->refused = true;
            ss_stream_arm(s);
            return;
        }
        tell_drained(s);
        if (ss_stream_over(s) || !more)
            return;
        total += pending;
    }
    s->want = true;
    ss_stream_dirty_next(s);
}
