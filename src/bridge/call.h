/* The call: one REST request, one gRPC call, and what ties them. Private to bridge/.
 *
 *   collecting ──body whole──▶ calling ──first message of a stream──▶ streaming ──▶ over
 *       │ bad request             │ end of a unary call, any error                    ▲
 *       └─────────────────────────┴────────────── answered ─────────────────────────┘
 *   The client's leaving ends any state: the upstream call is cancelled at once.
 *
 * Bytes go one way by push. Credit comes back: when the client has taken what was written, the service may
 * send more. */
#ifndef SS_BRIDGE_CALL_H
#define SS_BRIDGE_CALL_H

#include "bridge/bridge.h"
#include "bridge/idle.h"
#include "http/stream_body.h"
#include "upstream/call.h"

enum { SS_CLIENT_HIGH = 64 * 1024 }; /* bytes unsent to a client above which its service gets no credit */

enum ss_call_state { SS_CALL_COLLECTING, SS_CALL_CALLING, SS_CALL_STREAMING, SS_CALL_OVER };

struct ss_call;
struct ss_inflate;
struct ss_backlog;

/* How a request's body becomes messages. Functions return SS_OK, or an error with st: the call then fails
 * with it. */
struct ss_intake_ops {
    /* The route is known and the head is read. */
    enum ss_err (*begin)(struct ss_call *call, const struct ss_request *r, struct ss_status *st);
    /* n more bytes of the body, as they were before any content-encoding; last: it is whole. Sends what has
     * become whole with ss_call_send. */
    enum ss_err (*push)(struct ss_call *call, const char *p, size_t n, bool last, struct ss_status *st);
    void (*dispose)(struct ss_call *call);
    /* One message of a WebSocket; others leave it NULL. */
    enum ss_err (*message)(struct ss_call *call, struct ss_slice bytes, bool binary, struct ss_status *st);
};

/* How the service's answer becomes the client's. */
struct ss_answer_ops {
    /* The upstream call has been started. May be NULL. */
    void (*begin)(struct ss_call *call);
    void (*message)(struct ss_call *call, struct ss_slice wire);
    /* The service is done, or a stream broke: st says how. Ends the call. */
    void (*end)(struct ss_call *call, const struct ss_status *st, const struct ss_header *trailers, size_t n);
    /* Nothing has been sent yet, and nothing good will. Ends the call. */
    void (*error)(struct ss_call *call, const struct ss_status *st);
};

struct ss_call {
    struct ss_upcall up; /* first: an upstream event's call is this one */
    struct ss_bridge *bridge;
    struct ss_client *client; /* NULL when over */
    struct ss_call *next, **link;
    struct ss_arena arena;
    struct ss_route_match match;    /* without a route for native gRPC */
    const struct ss_method *method; /* NULL: none was found */
    const struct ss_route_options *options;
    const struct ss_intake_ops *intake;
    const struct ss_answer_ops *answer;
    void *intake_state, *answer_state; /* theirs */
    struct ss_inflate *inflate;        /* NULL: the body comes as it is */
    struct ss_backlog *backlog;        /* NULL: the client has never been behind */
    struct ss_slice http_method, path, query, request_id;
    struct ss_header *cors; /* of every answer to this request */
    size_t n_cors;
    bool cors_decides; /* the route or the listener has a CORS policy: the service's own does not pass */
    uint64_t began_ns, up_began_ns, up_ended_ns; /* loop time; 0: not yet */
    uint64_t up_opened_ns;                       /* as up_began_ns, by the clock: for the log */
    uint64_t bytes_in, bytes_out;                /* of the bodies */
    uint64_t bytes_up;                           /* framed, to the service */
    int http_status, grpc_status;                /* as answered; 0 and -1: not yet */
    const char *why; /* note and err of the status that the call ended with, for the log */
    enum ss_err why_err;
    struct ss_buf body; /* of the request, while it is not whole */
    struct ss_buf out;  /* a unary answer, until its status is known */
    struct ss_metadata up_metadata;
    struct ss_metadata head; /* the service's initial metadata */
    struct ss_timer beat;    /* of an event stream: its next heartbeat; of an object: when it must end */
    uint64_t wrote_at_ms;    /* the last of an event stream */
    size_t n_items;          /* in an object */
    struct ss_idle idle;     /* of streams */
    int64_t timeout_ms;      /* 0: none */
    struct ss_json_out json;
    struct ss_stream_body stream;
    struct ss_gzip *gzip; /* of a stream; NULL: it goes as it is */
    size_t max_request_bytes, max_message_bytes;
    size_t max_json_bytes; /* of an answer, or of a message of a stream, with what frames it */
    size_t owed;           /* bytes of messages whose credit is held back from the service */
    size_t in_owed;        /* bytes of the body whose credit is held back from the client */
    struct ss_slice native_type, native_agent; /* of a native request; empty otherwise */
    uint32_t cluster;
    uint8_t state; /* enum ss_call_state */
    bool opened;   /* the upstream call has been started */
    bool native;   /* gRPC itself: bytes pass through */
    bool websocket;
    bool got_message, trailers_ok, patch, accepts_gzip;
    bool head_only; /* the request is HEAD */
};

/* request.c: what the head says. Fills route, timeout, metadata, form, limits, intake and answer;
 * SS_ERR_INVALID, _MEDIA_TYPE, _BODY_TOO_LARGE, _NOT_IMPLEMENTED and the like with st. */
enum ss_err ss_call_read_head(struct ss_call *call, const struct ss_request *r, struct ss_status *st);
/* system.c: what the query's system parameters ask of the answer, into json and *form (_UNSET: nothing);
 * SS_ERR_INVALID with st. */
enum ss_err ss_call_read_system(struct ss_call *call, enum ss_stream_form *form, struct ss_status *st);
/* Gives the call an id of its own. */
void ss_call_make_request_id(struct ss_call *call);

/* intake_*.c */
extern const struct ss_intake_ops ss_intake_json;      /* one JSON text, collected */
extern const struct ss_intake_ops ss_intake_form;      /* application/x-www-form-urlencoded, collected */
extern const struct ss_intake_ops ss_intake_text;      /* text/plain, which must be JSON, collected */
extern const struct ss_intake_ops ss_intake_stream;    /* JSON texts, each a message: NDJSON or an array */
extern const struct ss_intake_ops ss_intake_multipart; /* multipart/form-data */
extern const struct ss_intake_ops ss_intake_raw;       /* any bytes into a google.api.HttpBody */
/* 415: what content types there are for the method. */
enum ss_err ss_call_refuse_type(struct ss_call *call, struct ss_status *st);
/* A buffer of a request could not take more: err says why, for the client. Returns err as it is told. */
enum ss_err ss_call_no_room(struct ss_call *call, enum ss_err err, struct ss_status *st);
/* What every first message begins with: room for the gRPC prefix, to be closed by ss_call_frame. */
enum ss_err ss_call_begin_message(struct ss_call *call, struct ss_buf *out, size_t expect,
                                  struct ss_status *st);
/* Bytes that a message for the service may have: what the request's bytes may become at most. */
size_t ss_call_message_max(const struct ss_call *call);
/* Binds path and query behind what out holds of a first message. */
enum ss_err ss_call_bind(struct ss_call *call, struct ss_buf *out, struct ss_status *st);
/* Writes the gRPC prefix before what out holds. */
enum ss_err ss_call_frame(struct ss_call *call, struct ss_buf *out, struct ss_status *st);
/* Collects a body under the route's cap. *whole views all of it once last came. */
enum ss_err ss_call_collect(struct ss_call *call, const char *p, size_t n, bool last, struct ss_slice *whole,
                            struct ss_status *st);

/* answer.c, answer_stream.c, answer_raw.c */
extern const struct ss_answer_ops ss_answer_unary;  /* one JSON document */
extern const struct ss_answer_ops ss_answer_stream; /* JSON messages in one of the stream forms */
extern const struct ss_answer_ops ss_answer_object; /* a whole stream as one JSON document, capped */
extern const struct ss_answer_ops ss_answer_raw;    /* google.api.HttpBody, as it is */
/* The error as JSON: the way of all answers but gRPC's own. */
void ss_call_answer_error(struct ss_call *call, const struct ss_status *st);
/* OPTIONS: 204 with Allow. */
void ss_call_answer_allow(struct ss_call *call);

/* native.c: gRPC and gRPC-Web on a REST listener. */
extern const struct ss_answer_ops ss_answer_native;
extern const struct ss_upcall_ops ss_native_upcall;
/* Whether the content type says so. */
bool ss_native_wanted(struct ss_slice content_type);
/* Fills the call from the head of a native request, instead of ss_call_read_head's matching. */
enum ss_err ss_native_begin(struct ss_call *call, const struct ss_request *r, struct ss_status *st);

/* native_method.c */
/* Whether the method of call->path may be called by gRPC itself. Sets options, and cluster and method, if
 * there is one. */
bool ss_native_find(struct ss_call *call);
/* The first rule of the method that "/pkg.Service/Method" names; NULL: none. */
const struct ss_rule *ss_native_rule(const struct ss_call *call, struct ss_slice path);

/* websocket.c: messages both ways. */
extern const struct ss_intake_ops ss_intake_websocket;
extern const struct ss_answer_ops ss_answer_websocket;
/* Fills match for a request that wants a WebSocket: streaming methods only. */
enum ss_err ss_websocket_match(struct ss_call *call, const struct ss_request *r, struct ss_status *st);

/* answer_raw.c: the last `data` of a message that is, or holds as its response_body, a google.api.HttpBody;
 * SS_ERR_BAD_RESPONSE with st. */
enum ss_err ss_http_body_data(struct ss_call *call, struct ss_slice wire, struct ss_slice *data,
                              struct ss_status *st);

/* access.c: one line a request, when it is over. */
void ss_access_log(struct ss_call *call);

/* call.c */
/* The limits of the call's route, or of the bridge where it says nothing. */
void ss_call_set_limits(struct ss_call *call);
/* The worker's buffer for one text on its way out, empty, with a cap of max bytes. */
struct ss_buf *ss_call_scratch(struct ss_call *call, size_t max);
/* The answer's head and body, through here so that they are counted. */
void ss_call_head(struct ss_call *call, int status, const struct ss_header *headers, size_t n,
                  int64_t length);
void ss_call_data(struct ss_call *call, const char *p, size_t n);
/* text: what b holds, or something else. As ss_call_data; a large b is given away, not copied. */
void ss_call_give(struct ss_call *call, struct ss_slice text, struct ss_buf *b);
/* There is no memory for what must come next: breaks the answer off, and ends the call. */
void ss_call_tear(struct ss_call *call);
/* Answers are done: remembers the service's word for the log. */
void ss_call_note(struct ss_call *call, const struct ss_status *st);
/* Starts the upstream call, once. unary: one small request follows, which may be sent again elsewhere. */
void ss_call_open(struct ss_call *call, bool unary);
/* Sends gRPC-framed bytes up, opening the call if need be; takes ownership of b's memory. */
void ss_call_send(struct ss_call *call, struct ss_buf *b, bool last);
/* n bytes have been sent up, with which a message is whole, or not. For who sends by itself. */
void ss_call_sent(struct ss_call *call, size_t n, bool whole);
/* A stream's message of n bytes has been written to the client: gives the service credit, or holds it back.
 */
void ss_call_settle_credit(struct ss_call *call, size_t n);
/* Call after each push of n bytes of the client's. On an error (err, st) it fails the call; else it credits
 * the client n bytes, or holds them while the service is behind. */
void ss_call_pushed(struct ss_call *call, size_t n, enum ss_err err, const struct ss_status *st);
/* Much of what was sent to the service still waits here. */
bool ss_call_service_behind(const struct ss_call *call);
/* The service has taken what was sent: the client may send what was held back. */
void ss_call_request_writable(struct ss_call *call);
/* The call fails with st, in the way that its answer's state allows. */
void ss_call_fail(struct ss_call *call, const struct ss_status *st);
/* No event any more; recycled at the end of the turn. The client has been answered or is gone. */
void ss_call_over(struct ss_call *call);
/* The part of a bridge that keeps its calls. */
void ss_call_bridge_init(struct ss_bridge *b);
void ss_call_bridge_dispose(struct ss_bridge *b);

#endif
