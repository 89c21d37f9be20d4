/* What the client connections of one worker share: whom they ask for answers, and what they may use up. */
#ifndef SS_DOWNSTREAM_FRONT_H
#define SS_DOWNSTREAM_FRONT_H

#include "bridge/client.h"
#include "downstream/limits.h"
#include "http/http1.h"
#include "net/stream.h"

struct ss_conn;

/* What the front asks of each connection. */
struct ss_conn_ops {
    /* Draining, again and again: the connection is to close as soon as no request of the client's can be lost
     * with it. quiet: none has come to this front for a while. */
    void (*drain)(struct ss_conn *c, bool quiet);
    /* Tells the requests in flight that the process is about to end; closes once their answers have left. */
    void (*shut_down)(struct ss_conn *c);
    /* Closes at once; requests in flight are lost. */
    void (*abort)(struct ss_conn *c);
    /* Its socket, for looking at how fast the client reads. */
    struct ss_stream *(*socket)(struct ss_conn *c);
};

/* Head of every connection object. */
struct ss_conn {
    const struct ss_conn_ops *ops;
    struct ss_conn *next, **link;
    uint64_t slow_since_ms; /* since when output has been waiting for the client; 0: it is not */
    uint64_t slow_bytes;    /* bytes it had taken by then */
};

/* Heads of so many headers are parsed on the stack. */
enum { SS_FRONT_FEW_HEADERS = 128 };

struct ss_front {
    struct ss_loop *loop;
    struct ss_handler handler;
    struct ss_limits limits;
    const struct ss_cors_config *cors; /* of the listener; NULL: none */
    const struct ss_site *site;        /* likewise; NULL: nothing is checked but a WebSocket's origin */
    struct ss_http_date date;
    uint64_t date_at_ms; /* loop time at which date was looked at */
    struct ss_conn *conns;
    unsigned n_conns;
    bool leaving;             /* answers say that their connection closes */
    bool draining;            /* and no connection is kept for longer than it must */
    uint64_t active_at_ms;    /* when the last connection or request came */
    struct ss_header *fields; /* where HTTP/1.1 parses a head, if limits.max_headers is more than
                                 SS_FRONT_FEW_HEADERS; else NULL */
    struct ss_timer pace;     /* looks for clients that read too slowly */
    /* Raised when the last connection is closed while draining. May be NULL. */
    void (*on_empty)(void *ctx);
    void *on_empty_ctx;
};

/* limits are copied. Arms a timer: dispose of it. */
void ss_front_init(struct ss_front *f, struct ss_loop *l, struct ss_handler handler,
                   const struct ss_limits *limits);
/* Closes all connections at once, and rests. */
void ss_front_dispose(struct ss_front *f);
/* A new connection: takes ownership of s and finds out which HTTP it speaks (ALPN, or the preface of HTTP/2).
 */
void ss_front_accept(struct ss_front *f, struct ss_stream *s);
/* From now on answers are the last of their connection, where HTTP/1.1 says so. */
void ss_front_leave(struct ss_front *f);
/* The same, and connections close when they fall idle: those of HTTP/2 after a word with their client, those
 * of HTTP/1.1 after an answer, or when no request has come to any for 750 ms. A request on its way
 * meanwhile is answered. To be called again every few milliseconds. */
void ss_front_drain(struct ss_front *f);
/* Ends all calls in flight with a word for their clients; connections close behind it. Draining only. */
void ss_front_shut_down(struct ss_front *f);
/* Closes all connections at once. */
void ss_front_abort(struct ss_front *f);
/* "Date" of now, for answers. */
struct ss_slice ss_front_date(struct ss_front *f);

/* For connections. */
void ss_front_add(struct ss_front *f, struct ss_conn *c, const struct ss_conn_ops *ops);
void ss_front_remove(struct ss_front *f, struct ss_conn *c);

/* The transports. Each takes ownership of s and frees itself when the connection ends. */
void ss_http1_new(struct ss_front *f, struct ss_stream *s, bool may_be_http2);
/* first: bytes read already: the preface, or nothing. */
void ss_http2_new(struct ss_front *f, struct ss_stream *s, char *first, size_t n_first);

/* WebSocket, over either transport: answers requests that want one (ss_request.websocket) in the place of the
 * front's handler, which it asks in turn. Its call gets the connection's bytes as a body. Head with status
 * 101 is the acceptance, which each transport says in its own way. */
struct ss_handler ss_front_websocket(struct ss_front *f);

/* The preface of HTTP/2 (RFC 9113 §3.4). */
#define SS_HTTP2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

#endif
