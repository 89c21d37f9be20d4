/* WebSocket (RFC 6455), server side, over HTTP/1.1 or HTTP/2 (RFC 8441): the handshake's headers, and frames.
 * Bytes of the client are pushed in and events come out one by one; bytes for the client are appended to a
 * buffer. No extensions.
 *
 *   OPEN ──client's close, answered──────────────▶ DONE
 *    │ └──client breaks the rules, told with 1002, 1007 or 1009─▶ DONE (event CLOSE, local)
 *    └──ss_websocket_close─▶ CLOSING ──client's close─▶ DONE
 *                              └─ messages are still handed out, nothing more can be sent
 */
#ifndef SS_HTTP_WEBSOCKET_H
#define SS_HTTP_WEBSOCKET_H

#include <stdint.h>

#include "base/buf.h"
#include "http/header.h"

/* ---- handshake (RFC 6455 §4.2) ---- */

enum { SS_WEBSOCKET_ACCEPT = 28, SS_WEBSOCKET_REASON = 123 };

struct ss_websocket_hello {
    char accept[SS_WEBSOCKET_ACCEPT]; /* for Sec-WebSocket-Accept; not NUL-terminated; HTTP/1.1 only */
    struct ss_slice
        protocol; /* for Sec-WebSocket-Protocol; empty: leave it out. Static, or a view of headers */
    struct ss_slice bearer; /* TOKEN of "bearer, TOKEN" in Sec-WebSocket-Protocol; a view of headers */
};
/* Whether the request asks for WebSocket: an Upgrade element "websocket" (HTTP/1.1, beside Connection:
 * upgrade, which the head parser reports), or the :protocol of an extended CONNECT. */
bool ss_websocket_wanted(struct ss_slice upgrade);
/* Reads the sec-websocket-* headers of a request that asks for it. http2: there is no key (RFC 8441 §5).
 * SS_ERR_UPGRADE_REQUIRED: the version is not 13 (answer with Sec-WebSocket-Version: 13); SS_ERR_INVALID: a
 * missing, repeated or malformed header. */
enum ss_err ss_websocket_hello(const struct ss_header *headers, size_t n, bool http2,
                               struct ss_websocket_hello *out);

/* ---- frames ---- */

enum {
    SS_WEBSOCKET_NORMAL = 1000,
    SS_WEBSOCKET_GOING_AWAY = 1001,
    SS_WEBSOCKET_PROTOCOL_ERROR = 1002,
    SS_WEBSOCKET_NO_STATUS = 1005, /* never sent */
    SS_WEBSOCKET_BAD_DATA = 1007,
    SS_WEBSOCKET_TOO_BIG = 1009,
    SS_WEBSOCKET_INTERNAL = 1011,
    SS_WEBSOCKET_GRPC = 4000, /* plus the gRPC code */
};

enum ss_websocket_kind {
    SS_WEBSOCKET_NONE,   /* nothing more in what was pushed */
    SS_WEBSOCKET_TEXT,   /* bytes: a whole message, valid UTF-8 */
    SS_WEBSOCKET_BINARY, /* bytes: a whole message */
    SS_WEBSOCKET_PING,   /* has been answered in out; for counting */
    SS_WEBSOCKET_PONG,   /* bytes: what the ping carried */
    SS_WEBSOCKET_CLOSE,  /* the last event: code, and bytes for a reason; flush out, then close */
};

struct ss_websocket_event {
    enum ss_websocket_kind kind;
    struct ss_slice bytes; /* valid until the next call on ws */
    uint16_t code;         /* SS_WEBSOCKET_NO_STATUS when the client gave none */
    bool local;            /* CLOSE: it was us, for what the client sent; bytes is a static text */
};

struct ss_websocket; /* about 4.5 KiB; the memory of a message is held only while it is in pieces */

/* max_message: bytes of one message, all its fragments together. NULL: out of memory. */
struct ss_websocket *ss_websocket_new(size_t max_message);
/* ws may be NULL. */
void ss_websocket_free(struct ss_websocket *ws);
/* Takes bytes from p[0..n); *used says how many, and *event what happened. Some bytes may wait inside: call
 * again with the rest, even when that is nothing, until the event is SS_WEBSOCKET_NONE; all bytes are used
 * then. Pongs and the answer to a close go to out. After CLOSE everything is swallowed. SS_ERR_LIMIT or
 * SS_ERR_MEMORY: out cannot grow (the client sends pings and does not read), or no memory for a message;
 * close the connection. */
enum ss_err ss_websocket_push(struct ss_websocket *ws, const char *p, size_t n, size_t *used,
                              struct ss_websocket_event *event, struct ss_buf *out);
/* One message in one frame. SS_ERR_CLOSED when a close has been sent: nothing may follow it. Errors leave out
 * as it was. */
enum ss_err ss_websocket_text(struct ss_websocket *ws, struct ss_slice text, struct ss_buf *out);
enum ss_err ss_websocket_binary(struct ss_websocket *ws, struct ss_slice bytes, struct ss_buf *out);
/* payload: at most 125 bytes, else SS_ERR_INVALID. */
enum ss_err ss_websocket_ping(struct ss_websocket *ws, struct ss_slice payload, struct ss_buf *out);
/* Begins to close, with code (one that may be sent, else SS_ERR_INVALID) and reason, which is cut behind its
 * last whole and valid character within SS_WEBSOCKET_REASON bytes. SS_ERR_CLOSED when one has been sent. */
enum ss_err ss_websocket_close(struct ss_websocket *ws, uint16_t code, struct ss_slice reason,
                               struct ss_buf *out);
/* Whether a close has been sent; whether it has gone both ways, or the client's fault ended it: the
 * connection can be closed once out is flushed. */
bool ss_websocket_closing(const struct ss_websocket *ws);
bool ss_websocket_done(const struct ss_websocket *ws);

#endif
