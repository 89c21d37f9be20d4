/* A connected stream socket, TCP or unix, plain or TLS, on a loop.
 *
 *   open ──FIN read──▶ half (still writable; a reset is still noticed) ──error/reset──▶ dead
 *     └────────────────────────error/reset───────────────────────────────────────────▶ dead
 *
 * Bytes read are pushed: they live in a buffer of the loop's, for the time of the call. Bytes to send are
 * collected and written at the end of the loop's turn, all in one system call where the kernel takes them. A
 * stream stays valid until its owner closes it; after ss_stream_close no callback comes. */
#ifndef SS_NET_STREAM_H
#define SS_NET_STREAM_H

#include "base/buf.h"
#include "net/loop.h"

struct ss_stream;

struct ss_stream_ops {
    /* n > 0 bytes arrived at p; the callee may change them in place. May pause, send or close. Returns how
     * many it has dealt with; the rest comes again, in a later turn, once every other stream that is ready
     * has been served: so that an owner need do no more in one call than is fair. */
    size_t (*read)(void *ctx, char *p, size_t n);
    /* Before output is written at the end of a turn: append more with ss_stream_output, up to about room
     * bytes. Called only after ss_stream_want_flush or ss_stream_send, and again when a blocked socket takes
     * bytes again. May be NULL. */
    void (*fill)(void *ctx, size_t room);
    /* All output has left for the kernel after a time in which some could not, or as ss_stream_want_drained
     * asked. May be NULL. */
    void (*drained)(void *ctx);
    /* SS_ERR_CLOSED: the peer has sent FIN (or close_notify): once, also while reading is paused, also when
     * bytes before it are unread. SS_ERR_IO: reset, broken or timed out: once, the last callback; what is
     * unsent is lost. Noticed at once also while reading is paused and nothing is being written. */
    void (*closed)(void *ctx, enum ss_err why);
    /* The peer has sent FIN and all before it has been read: once, behind closed(SS_ERR_CLOSED). May be NULL.
     */
    void (*ended)(void *ctx);
};

/* From a connected stream socket, whose ownership it takes; paused, without owner. */
struct ss_stream *ss_stream_open(struct ss_loop *l, int fd);

/* Sets who gets the events. A stream given by a listener or a connect has none yet: set them in that
 * callback. */
void ss_stream_attach(struct ss_stream *s, const struct ss_stream_ops *ops, void *ctx);
/* Reading is off until the first resume. Idempotent, cheap, and no system call when undone within a turn. */
void ss_stream_pause(struct ss_stream *s);
void ss_stream_resume(struct ss_stream *s);

/* Where output is collected: append and call ss_stream_want_flush. Its cap is no limit to rely on: owners
 * look at ss_stream_pending and stop producing. */
struct ss_buf *ss_stream_output(struct ss_stream *s);
/* Raises that cap to max bytes, where it is less. */
void ss_stream_raise_output(struct ss_stream *s, size_t max);
void ss_stream_want_flush(struct ss_stream *s);
/* Appends all that b holds by taking its memory, without a copy, and leaves b empty; wants the flush. false:
 * nothing was taken, since there is too much before it, or no room for so much. */
bool ss_stream_give(struct ss_stream *s, struct ss_buf *b);
/* Both in one. Copied. */
enum ss_err ss_stream_send(struct ss_stream *s, const char *p, size_t n);
/* Bytes collected and not yet taken by the kernel. */
size_t ss_stream_pending(const struct ss_stream *s);
/* Whether the kernel has refused bytes that still wait. */
bool ss_stream_blocked(const struct ss_stream *s);

/* `drained` comes once all output has left, at the earliest at the end of this turn, blocked or not. */
void ss_stream_want_drained(struct ss_stream *s);

/* Closes: pending output gets one last attempt to be written when flush is true (close_notify is sent in
 * TLS). Takes ownership; freed at the end of the turn. With linger, output that the kernel does not take at
 * once, and the client's unread bytes, are given up to 2 s: so that a client that is still sending reads our
 * answer before a reset. With reset, TCP ends with RST instead of FIN. */
enum ss_stream_close_how { SS_CLOSE_NOW, SS_CLOSE_FLUSH, SS_CLOSE_LINGER, SS_CLOSE_RESET };
void ss_stream_close(struct ss_stream *s, enum ss_stream_close_how how);

struct ss_loop *ss_stream_loop(const struct ss_stream *s);
/* "h2", "http/1.1", or empty without TLS or ALPN. Static. */
struct ss_slice ss_stream_alpn(const struct ss_stream *s);
bool ss_stream_is_tls(const struct ss_stream *s);
bool ss_stream_is_unix(const struct ss_stream *s);
/* The peer's IP address without port as text, "unix" for a unix socket; lives as long as the stream. */
struct ss_slice ss_stream_peer(struct ss_stream *s);
/* Total bytes that came from the kernel and that it took, with TLS ciphertext, since it was opened: for
 * minimum-rate checks and logs. */
uint64_t ss_stream_bytes_in(const struct ss_stream *s);
uint64_t ss_stream_bytes_out(const struct ss_stream *s);

#endif
