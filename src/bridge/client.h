/* The seam between client connections and what answers them. downstream/ implements ss_client for each
 * transport; the bridge and the admin pages implement ss_handler. One ss_client is one request and its
 * answer.
 *
 *   handler.start ──▶ body* (last) ──▶ … head ─▶ data* ─▶ finish
 *                                       └─ reset at any time ─┘     gone: the client left, instead of finish
 *
 * After finish, reset or gone neither side calls the other about this request any more.
 *
 * A request for a WebSocket is accepted by head with status 101, once: from then on messages go both ways
 * instead of bodies, the handler ends it with close, and body says only (empty, last) that the client will
 * send no more. Any other status answers it as every request is answered. */
#ifndef SS_BRIDGE_CLIENT_H
#define SS_BRIDGE_CLIENT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "http/header.h"

struct ss_cors_config;
struct ss_site;

/* A request's head, checked and split. Everything is borrowed for the call of `start`. */
struct ss_request {
    struct ss_slice method, path, query, host;
    struct ss_slice scheme;          /* "http" or "https" */
    const struct ss_header *headers; /* without pseudo-headers */
    size_t n_headers;
    struct ss_slice peer;   /* IP address, or "unix" */
    int64_t content_length; /* -1: not known; 0: there is no body */
    bool trailers_ok;       /* the client takes trailers */
    bool http2;
    bool websocket;                    /* wants one; there is no body */
    struct ss_slice bearer;            /* the token that a WebSocket's subprotocols gave; empty: none */
    const struct ss_cors_config *cors; /* the listener's; NULL: none */
    const struct ss_site *site;        /* the listener's; NULL: nothing is checked but a WebSocket's origin */
};

struct ss_client;

/* What a message of a WebSocket counts for beside its bytes: empty ones take memory too. */
enum { SS_MESSAGE_COST = 16 };

struct ss_client_ops {
    /* The answer's head, once. content_length -1: not known. Headers are copied; a date is added. */
    void (*head)(struct ss_client *c, int status, const struct ss_header *headers, size_t n,
                 int64_t content_length);
    /* A piece of the body; copied. To HEAD, the transport drops it. */
    void (*data)(struct ss_client *c, const char *p, size_t n);
    /* A large piece of the body: as data, but takes b's memory, where the transport can, and leaves b empty.
     * May be NULL: then data serves. */
    void (*give)(struct ss_client *c, struct ss_buf *b);
    /* The answer is whole. Trailers are copied, and dropped where the transport cannot carry them. */
    void (*finish)(struct ss_client *c, const struct ss_header *trailers, size_t n);
    /* Breaks the answer off so that the client cannot take it for whole. */
    void (*reset)(struct ss_client *c);
    /* n bytes given to handler.body or .message have been dealt with: the client may send more. */
    void (*consume)(struct ss_client *c, size_t n);
    /* Bytes of the answer that the client has not taken yet. */
    size_t (*unsent)(const struct ss_client *c);
    /* handler.writable is wanted once unsent is low. */
    void (*want_writable)(struct ss_client *c);
    /* Of an accepted WebSocket, NULL elsewhere. One message; copied. */
    void (*message)(struct ss_client *c, struct ss_slice bytes, bool binary);
    /* Instead of finish: the call has ended with that gRPC code; why may be empty. */
    void (*close)(struct ss_client *c, int code, struct ss_slice why);
};

struct ss_client {
    const struct ss_client_ops *ops;
    void *call;   /* what start returned; NULL: none, or over */
    bool patient; /* set in start: the body is a stream, which may pause; the handler looks after its time */
    /* Set in start, before a WebSocket is accepted: */
    size_t max_message; /* bytes of one message of the client's */
    /* Set in start or refuse, before head: bytes of the answer that may wait for the client at a time. 0: the
     * transport's own cap. */
    size_t max_unsent;
    bool torn;       /* set by the transport: there was no memory for the answer, which breaks off */
    int64_t ping_ms; /* a client that is quiet for so long is asked whether it is there; 0: never */
};

struct ss_handler_ops {
    /* A request. Returns the call that further events go to; NULL when it is answered already. */
    void *(*start)(void *ctx, struct ss_client *c, const struct ss_request *r);
    /* A request that never became one (bad HTTP, too large, too slow): answers it, with why as the message.
     */
    void (*refuse)(void *ctx, struct ss_client *c, enum ss_err err, const char *why);
    /* A piece of the body, at least once unless content_length is 0; the last may be empty. The callee owes
     * consume(n). */
    void (*body)(void *call, const char *p, size_t n, bool last);
    void (*writable)(void *call);
    /* The client has left, or broke the protocol. */
    void (*gone)(void *call);
    /* The process is about to end: the last chance to say so in the answer, and to end it. May be
     * NULL of a handler whose connections nobody shuts down. */
    void (*shut_down)(void *call);
    /* A whole message of an accepted WebSocket; text is valid UTF-8. The callee owes consume(bytes.len +
     * SS_MESSAGE_COST). May be NULL where none is accepted. */
    void (*message)(void *call, struct ss_slice bytes, bool binary);
};

struct ss_handler {
    const struct ss_handler_ops *ops;
    void *ctx;
};

#endif
