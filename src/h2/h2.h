/* One HTTP/2 connection (RFC 9113): nghttp2 over a net stream, in either role. All of HTTP/2 that sidespan
 * speaks passes here; nghttp2 is seen nowhere else.
 *
 * What the owner sees:
 *   connection   open ──goaway──▶ draining ──▶ closed        `closed` comes once, after every stream's
 * `stream_closed` stream       open ──▶ (headers, data)* ──▶ end ──▶ stream_closed └────────── reset, either
 * side ─────────▶ stream_closed
 *
 * - Streams belong to the owner, who embeds a struct ss_h2_stream. It is in use from ss_h2_request, or the
 * `open` event, until `stream_closed` or ss_h2_detach.
 * - Frames are produced at the end of the loop's turn, for all streams at once, and only while the socket
 * takes them. A request waits in the session's own line until then: one that is detached before has cost
 * nghttp2 and the peer nothing.
 * - One call of the socket's begins at most SS_H2_STREAMS_A_READ streams of a peer: the rest of what it sent
 * waits until others have been served.
 * - Credit: a connection's is given back as bytes arrive; a stream's when the owner calls ss_h2_consume. */
#ifndef SS_H2_H2_H
#define SS_H2_H2_H

#include <stdint.h>

#include "base/buf.h"
#include "http/header.h"
#include "net/stream.h"

enum ss_h2_role { SS_H2_CLIENT, SS_H2_SERVER };

/* Error codes of RFC 9113 §7 that sidespan sends or looks at. */
enum {
    SS_H2_NO_ERROR = 0,
    SS_H2_PROTOCOL_ERROR = 1,
    SS_H2_INTERNAL_ERROR = 2,
    SS_H2_REFUSED_STREAM = 7,
    SS_H2_CANCEL = 8,
    SS_H2_ENHANCE_YOUR_CALM = 11,
    SS_H2_INADEQUATE_SECURITY = 12,
};

/* In `stream_closed`: not the stream but its connection ended. */
#define SS_H2_CONNECTION_LOST UINT32_MAX

struct ss_h2;

enum { SS_H2_QUEUED = -1 };

/* Streams of a peer that are begun before others are served; what a turn costs when many peers flood. */
enum { SS_H2_STREAMS_A_READ = 32 };

struct ss_h2_stream {
    int32_t id; /* 0: not in use; SS_H2_QUEUED: waits for its first frame */
    struct ss_h2_stream *next, **link;
    struct ss_buf out; /* body bytes to send; those before `sent` have been framed */
    size_t sent;
    const struct ss_header *trailers; /* borrowed until the stream ends */
    size_t n_trailers;
    bool eof;        /* no more body comes */
    bool want_more;  /* the owner waits for `writable` */
    bool deferred;   /* nghttp2 waits for ss_h2_write or ss_h2_finish */
    bool keep;       /* framed bytes stay in out, so that the request can be sent again elsewhere */
    bool remote_end; /* END_STREAM was received */
    uint8_t blocks;  /* client role: header blocks received, interim ones included */
};

/* A header block's place in its message. */
enum ss_h2_block { SS_H2_REQUEST, SS_H2_RESPONSE, SS_H2_TRAILERS };

struct ss_h2_ops {
    /* Server role: a request begins. Returns the stream's state, zeroed, or NULL to refuse it. */
    struct ss_h2_stream *(*open)(void *ctx);
    /* One field, pseudo-headers included; slices for the time of the call. Also of interim (1xx) responses.
     * false resets the stream with PROTOCOL_ERROR. */
    bool (*header)(void *ctx, struct ss_h2_stream *st, struct ss_slice name, struct ss_slice value);
    void (*headers_end)(void *ctx, struct ss_h2_stream *st, enum ss_h2_block block);
    /* Body bytes; the owner owes ss_h2_consume(n) for them. p is writable for the time of the call. */
    void (*data)(void *ctx, struct ss_h2_stream *st, char *p, size_t n);
    /* END_STREAM was received (st->remote_end is set from the headers_end before it on). */
    void (*end)(void *ctx, struct ss_h2_stream *st);
    /* The stream is over; the last event of st, which the owner may free at once. error: an HTTP/2 error
     * code; unprocessed: the peer says that it has not acted on the request (REFUSED_STREAM, or above
     * GOAWAY's last stream), or nothing of it has left. */
    void (*stream_closed)(void *ctx, struct ss_h2_stream *st, uint32_t error, bool unprocessed);
    /* Less than the low-water mark waits in st->out, after ss_h2_write said that it was full. */
    void (*writable)(void *ctx, struct ss_h2_stream *st);
    /* Client role: the turn of a stream that ss_h2_request queued has come. The owner calls ss_h2_submit. */
    void (*request)(void *ctx, struct ss_h2_stream *st);
    /* Client role: ss_h2_free_slots said 0 because of a long queue, and there is room again. */
    void (*room)(void *ctx);
    /* The peer's SETTINGS arrived (also later ones). */
    void (*settings)(void *ctx);
    /* The peer sent GOAWAY: no new streams here. */
    void (*goaway)(void *ctx);
    /* The connection is over, the last event; the owner calls ss_h2_free, in it or later. */
    void (*closed)(void *ctx, enum ss_err why);
};

struct ss_h2_config {
    enum ss_h2_role role;
    uint32_t max_concurrent_streams; /* server role: what the client may have open */
    uint32_t stream_window;          /* bytes */
    uint32_t connection_window;      /* bytes */
    size_t max_header_bytes;         /* of one block, as RFC 9113 §6.5.2 counts */
    unsigned max_headers;
};

/* Takes ownership of s, sends the preface and SETTINGS, starts reading. */
struct ss_h2 *ss_h2_new(struct ss_stream *s, const struct ss_h2_config *config, const struct ss_h2_ops *ops,
                        void *ctx);
/* Server role: the preface, where it was read before the session was made. */
void ss_h2_feed(struct ss_h2 *h, char *p, size_t n);
/* Closes at once, without further events; freed at the end of the turn. Streams must have been detached or
 * are abandoned by the owner. */
void ss_h2_free(struct ss_h2 *h);

/* Client role. Queues a new stream; `request` asks for its head when the socket takes it. SS_ERR_UNAVAILABLE
 * when the connection takes no new stream. */
enum ss_err ss_h2_request(struct ss_h2 *h, struct ss_h2_stream *st);
/* In `request`, at once. Names are lower case; names and values are borrowed until stream_closed or
 * ss_h2_detach. end: no body follows. On failure stream_closed follows (unprocessed). */
void ss_h2_submit(struct ss_h2 *h, struct ss_h2_stream *st, const struct ss_header *headers, size_t n,
                  bool end);
/* Server role; ":status" first. Headers are copied. end: no body follows. */
enum ss_err ss_h2_respond(struct ss_h2 *h, struct ss_h2_stream *st, const struct ss_header *headers, size_t n,
                          bool end);
/* Appends to what st sends (copied). SS_ERR_LIMIT past out.max. */
enum ss_err ss_h2_write(struct ss_h2 *h, struct ss_h2_stream *st, const char *p, size_t n);
/* Hands out over whole: st->out must be empty. Takes ownership of b's bytes. */
void ss_h2_write_buf(struct ss_h2 *h, struct ss_h2_stream *st, struct ss_buf *b);
/* No more body. Trailers (may be none) are borrowed until stream_closed. */
void ss_h2_finish(struct ss_h2 *h, struct ss_h2_stream *st, const struct ss_header *trailers, size_t n);
/* Bytes of st not framed yet. Above high, the owner should stop and ask for `writable`. */
static inline size_t ss_h2_unsent(const struct ss_h2_stream *st)
{
    return st->out.len - st->sent;
}
void ss_h2_want_writable(struct ss_h2_stream *st);
/* n body bytes have been dealt with: the peer may send as many more on this stream. */
void ss_h2_consume(struct ss_h2 *h, struct ss_h2_stream *st, size_t n);
/* RST_STREAM, of a stream that is not queued. stream_closed still comes, unless detached. */
void ss_h2_reset(struct ss_h2 *h, struct ss_h2_stream *st, uint32_t error);
/* No more events of st; its memory is the owner's again. A stream that is not over is reset. */
void ss_h2_detach(struct ss_h2 *h, struct ss_h2_stream *st);

/* Streams open on it or queued, and how many more it takes now (client role; 0 when draining, or when many
 * are queued). */
unsigned ss_h2_open_streams(const struct ss_h2 *h);
unsigned ss_h2_free_slots(struct ss_h2 *h);
/* Graceful end: the connection closes when its streams are over. A server says so twice (RFC 9113 §6.8): the
 * first GOAWAY refuses nothing, since requests may be on their way; the second, which names the last stream
 * that is answered, goes when the client has answered a PING after the first, or with the next call of this.
 * Further calls do nothing. */
void ss_h2_drain(struct ss_h2 *h);
/* The connection's socket, for looking at; NULL when it is gone. */
struct ss_stream *ss_h2_socket(const struct ss_h2 *h);
/* What the peer floods the connection with, for which it ends; NULL: it does not. Valid in `closed`. */
const char *ss_h2_flood(const struct ss_h2 *h);
/* The connection is over now: events as if it were lost. */
void ss_h2_abort(struct ss_h2 *h);

#endif
