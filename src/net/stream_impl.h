/* A stream's inside, and what its files and the listener's ask of each other.
 *
 * Reading: registered with h2o while the owner wants bytes and there is no end yet; else with the watch. What
 * the owner says within a turn is applied once, at its end (settling): a pause that is undone costs nothing.
 * A stream that is readable stands in the loop's line and is served when it has come to its head
 * (loop_impl.h). `rest` is what its owner has not dealt with of the last read; nothing is read before it is,
 * and it is the watch that sees the peer leave. An owner that asks for `ended` is not told of the peer's FIN
 * before it has had the rest.
 *
 * Writing: `out` collects what the owner appends. At the end of the turn it is sent; `wire` holds what the
 * kernel did not take, or, with TLS, ciphertext. While the kernel refuses (armed), nothing is tried until the
 * socket is writable.
 *
 * Failing: a write that fails sets `broken`: what the peer had sent before is still read, then the stream is
 * dead.
 *
 * Closing: `closing` says how; the stream loses its owner at once, and is freed at the end of the turn (or
 * after its linger) by ss_stream_settle_closing. Nothing else frees a stream. */
#ifndef SS_NET_STREAM_IMPL_H
#define SS_NET_STREAM_IMPL_H

#include <h2o/socket.h>

#include "net/listener.h"
#include "net/stream.h"
#include "net/tls_conn.h"
#include "net/watch.h"

enum { SS_OUT_MAX = 64 << 20 };

struct ss_stream {
    struct ss_loop *loop;
    h2o_socket_t *sock; /* owns fd */
    const struct ss_stream_ops *ops;
    void *ctx;
    struct ss_tls_conn *tls; /* NULL: plain */
    struct ss_buf out, wire;
    size_t wire_off; /* bytes of wire that the kernel has */
    size_t out_off;  /* bytes of out that are in wire, as ciphertext */
    uint64_t bytes_in, bytes_out;
    struct ss_stream *next_dirty;
    struct ss_deferred ready;  /* in the loop's line of streams to read from */
    char *rest;                /* NULL: nothing; owned */
    size_t rest_len, rest_at;  /* bytes from rest_at on are the owner's still */
    struct ss_linger *linger;  /* NULL unless it lingers */
    void (*gone)(void *owner); /* it is freed: tells the listener; may be NULL */
    void *gone_ctx;
    char *peer;                                   /* NULL until asked for */
    struct ss_stream *next_unread, **unread_link; /* of the loop's orphans; link NULL: not there */
    int fd;
    enum ss_watch_for watched : 8;
    enum ss_stream_close_how how : 8;
    bool is_unix : 1;
    bool accepted : 1; /* by a listener: a client's */
    bool remote : 1;   /* the kernel does not know the peer's socket: orphans leave it alone */
    bool paused : 1;   /* the owner wants no bytes */
    bool fin : 1;      /* the peer's FIN was told */
    bool eof : 1;      /* all before it has been read */
    bool broken : 1;   /* a write has failed */
    bool dead : 1;     /* SS_ERR_IO was told */
    bool closing : 1;  /* the owner has closed it */
    bool want : 1;     /* the owner wants to fill and flush */
    bool dirty : 1;    /* in a list of the loop, to be settled */
    bool reading : 1;  /* registered with h2o for reading */
    bool armed : 1;    /* registered with h2o for writing */
    bool refused : 1;  /* the kernel refused bytes that wait; drained is owed */
};

/* Takes ownership of sock and its descriptor; paused, without owner. */
struct ss_stream *ss_stream_new(struct ss_loop *l, h2o_socket_t *sock, bool is_unix);
/* Is there nobody to call back, or no reason to? */
static inline bool ss_stream_over(const struct ss_stream *s)
{
    return s->closing || s->dead;
}

/* stream.c */
void ss_stream_dirty(struct ss_stream *s);
void ss_stream_dirty_next(struct ss_stream *s);
void ss_streams_settle(struct ss_loop *l);
void ss_streams_next(struct ss_loop *l);
void ss_stream_drop_output(struct ss_stream *s);
/* The connection is gone: tells the owner, once. */
void ss_stream_die(struct ss_stream *s);
/* The peer has sent FIN: tells the owner, once. */
void ss_stream_finish(struct ss_stream *s);
/* The watch has seen FIN, or the end of all (gone). */
void ss_stream_departed(struct ss_stream *s, bool gone);
void ss_stream_free(struct ss_stream *s);

/* stream_read.c: h2o's callback; and the stream's turn in the line of those that are ready. */
void ss_stream_on_readable(h2o_socket_t *sock, const char *err);
void ss_stream_serve(void *ctx);

/* stream_write.c */
void ss_stream_flush(struct ss_stream *s);
enum ss_push { SS_PUSH_ALL, SS_PUSH_REFUSED, SS_PUSH_FAILED };
/* Sends wire and out as far as the kernel takes them. */
enum ss_push ss_stream_push(struct ss_stream *s);
/* Waits until the socket is writable; the stream is settled then. */
void ss_stream_arm(struct ss_stream *s);

/* stream_close.c */
void ss_stream_settle_closing(struct ss_stream *s);
void ss_linger_on_readable(struct ss_stream *s);
/* Ends all lingering: the loop is being freed. */
void ss_streams_abandon(struct ss_loop *l);

/* TLS: shakes hands, reading as it needs to. done is called once, from the loop, with why NULL when it went
 * well; the stream is paused then and still the caller's. Not after the stream has been closed. */
typedef void ss_handshake_done(void *ctx, const char *why);
void ss_stream_handshake(struct ss_stream *s, struct ss_tls_conn *tls, ss_handshake_done *done, void *ctx);

#endif
