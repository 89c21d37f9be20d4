/* One gRPC call, client side (PROTOCOL-HTTP2.md). Embedded in its owner.
 *
 *   idle ──start──▶ waiting ──a channel has room──▶ open ──▶ ended
 *                      ▲────── transparent retry ─────┘
 *
 * `end` comes exactly once, from a later point than ss_upcall_start; no event follows it, or
 * ss_upcall_cancel. */
#ifndef SS_UPSTREAM_CALL_H
#define SS_UPSTREAM_CALL_H

#include "base/status.h"
#include "h2/h2.h"
#include "http/grpc_frame.h"
#include "http/grpc_timeout.h"

struct ss_cluster;
struct ss_channel;
struct ss_upcall;

struct ss_upcall_ops {
    /* The service's initial metadata, pseudo-headers and content-type left out. Not for an answer of trailers
     * only. */
    void (*head)(struct ss_upcall *u, const struct ss_header *metadata, size_t n);
    /* A whole message; valid for the time of the call. The owner owes ss_upcall_consume for its length, also
     * when that is 0. */
    void (*message)(struct ss_upcall *u, struct ss_slice wire);
    /* Little of what was sent still waits, after ss_upcall_unsent was found high and ss_upcall_want_writable
     * called. */
    void (*writable)(struct ss_upcall *u);
    /* st and the trailing metadata live in the call's arena. */
    void (*end)(struct ss_upcall *u, const struct ss_status *st, const struct ss_header *trailers, size_t n);
    /* Instead of messages: the answer's bytes as they come, framed and perhaps compressed; for passing
     * through. Metadata then holds all that gRPC itself uses, too. NULL: messages. */
    void (*bytes)(struct ss_upcall *u, const char *p, size_t n);
};

/* All borrowed until the call has ended or was cancelled. */
struct ss_upcall_request {
    struct ss_slice path;             /* "/pkg.Service/Method" */
    const struct ss_header *metadata; /* checked names and values */
    size_t n_metadata;
    struct ss_slice content_type; /* empty: application/grpc */
    struct ss_slice user_agent;   /* empty: sidespan's */
    int64_t timeout_ms;           /* from now; 0: none */
    size_t max_message_bytes;
    size_t max_unsent_bytes; /* of what is sent, that may wait for the service; past it the call fails */
    bool unary;              /* one small request: may be sent again when the service says it never saw it */
};

struct ss_metadata {
    struct ss_header *fields;
    size_t n, cap;
};

enum ss_upcall_state { SS_UPCALL_IDLE, SS_UPCALL_WAITING, SS_UPCALL_OPEN, SS_UPCALL_ENDED };

/* Private but for embedding. */
struct ss_upcall {
    struct ss_h2_stream h2; /* first: an h2 event's stream is this call */
    const struct ss_upcall_ops *ops;
    struct ss_upcall_request request;
    struct ss_arena *arena;
    struct ss_cluster *cluster;
    struct ss_channel *channel;     /* while open */
    struct ss_upcall *next, **link; /* in the cluster's queue while waiting, in its list while open */
    struct ss_timer deadline;
    uint64_t deadline_at_ms;           /* 0: none */
    char timeout[SS_GRPC_TIMEOUT_MAX]; /* grpc-timeout's value */
    struct ss_deframer deframer;
    struct ss_metadata metadata;  /* of the block being received */
    size_t block_bytes;           /* of the header block being received */
    size_t held;                  /* bytes of messages that the owner has not dealt with */
    size_t prefixes;              /* bytes of these messages' prefixes, not given back */
    size_t partial;               /* bytes of the message being collected, not given back */
    int http_status, grpc_status; /* -1: not seen */
    struct ss_slice grpc_message, details_bin;
    uint8_t state; /* enum ss_upcall_state */
    uint8_t retries;
    bool request_done, grpc_content, got_head, compressed_ok;
    bool early_status; /* a head that did not end the stream had a grpc-status, which does not count */
    struct ss_deferred failing; /* an end that was found at start, reported later */
    enum ss_err fail_err;
};

/* u: zeroed memory; arena: takes the answer's metadata and status. */
void ss_upcall_start(struct ss_upcall *u, struct ss_cluster *c, const struct ss_upcall_request *r,
                     const struct ss_upcall_ops *ops, struct ss_arena *arena);
/* gRPC-framed bytes; takes ownership of b's memory and leaves it empty. last: the request is complete. What
 * would make more than max_unsent_bytes wait ends the call, from a later point. */
void ss_upcall_send(struct ss_upcall *u, struct ss_buf *b, bool last);
/* Bytes that wait here, and asking to be told when few do. */
size_t ss_upcall_unsent(const struct ss_upcall *u);
void ss_upcall_want_writable(struct ss_upcall *u);
/* n message bytes have been dealt with: the service may send more. */
void ss_upcall_consume(struct ss_upcall *u, size_t n);
/* Resets the stream; no event comes any more. Idempotent, also after the end. Needed before u's memory goes.
 */
void ss_upcall_cancel(struct ss_upcall *u);

/* For the cluster. Opens the call on a connection with room; false: it did not take it after all. */
bool ss_upcall_open(struct ss_upcall *u, struct ss_channel *ch);
/* Ends a call with our own reason. */
void ss_upcall_fail(struct ss_upcall *u, enum ss_err err, const char *message);

/* The h2 events of streams that are calls, for the channel's ss_h2_ops. */
void ss_upcall_on_request(void *ctx, struct ss_h2_stream *st);
bool ss_upcall_on_header(void *ctx, struct ss_h2_stream *st, struct ss_slice name, struct ss_slice value);
void ss_upcall_on_headers_end(void *ctx, struct ss_h2_stream *st, enum ss_h2_block block);
void ss_upcall_on_data(void *ctx, struct ss_h2_stream *st, char *p, size_t n);
void ss_upcall_on_end(void *ctx, struct ss_h2_stream *st);
void ss_upcall_on_stream_closed(void *ctx, struct ss_h2_stream *st, uint32_t error, bool unprocessed);
void ss_upcall_on_writable(void *ctx, struct ss_h2_stream *st);

#endif
