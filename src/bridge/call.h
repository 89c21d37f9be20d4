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
#include "http/stream_body.h"
#include "upstream/call.h"

enum ss_call_state { SS_CALL_COLLECTING, SS_CALL_CALLING, SS_CALL_STREAMING, SS_CALL_OVER };

struct ss_call {
    struct ss_upcall up; /* first: an upstream event's call is this one */
    struct ss_bridge *bridge;
    struct ss_client *client; /* NULL when over */
    struct ss_call *next, **link;
    struct ss_arena arena;
    struct ss_route_match match;
    const struct ss_method *method;
    const struct ss_route_options *options;
    struct ss_slice query, request_id;
    struct ss_buf body; /* of the request, while it is not whole */
    struct ss_buf out;  /* a unary answer's JSON, until its status is known */
    struct ss_metadata up_metadata;
    struct ss_metadata head; /* the service's initial metadata */
    struct ss_timer idle;    /* of streams */
    uint64_t active_at_ms;
    int64_t timeout_ms; /* 0: none */
    int64_t idle_ms;    /* of a stream; 0: none */
    struct ss_json_out json;
    struct ss_stream_body stream;
    size_t max_request_bytes;
    size_t owed;   /* bytes of messages whose credit is held back from the service */
    uint8_t state; /* enum ss_call_state */
    bool got_message, trailers_ok, patch;
};

/* request.c: what goes up. Fills timeout, metadata, form and limits from the request's head; SS_ERR_INVALID,
 * SS_ERR_MEDIA_TYPE, SS_ERR_BODY_TOO_LARGE, SS_ERR_NOT_IMPLEMENTED with st. */
enum ss_err ss_call_read_head(struct ss_call *call, const struct ss_request *r, struct ss_status *st);
/* Gives the call an id of its own. */
void ss_call_make_request_id(struct ss_call *call);
/* Transcodes body and bindings into one framed message in out. */
enum ss_err ss_call_encode(struct ss_call *call, struct ss_slice body, struct ss_buf *out,
                           struct ss_status *st);

/* answer.c: what goes down. Each but the streamed message ends the call. */
void ss_call_answer_error(struct ss_call *call, const struct ss_status *st);
void ss_call_answer_allow(struct ss_call *call);
void ss_call_answer_unary(struct ss_call *call, const struct ss_header *trailers, size_t n);
/* JSON of one message of a stream, from the wire; false: it could not be read, and the call is over. */
bool ss_call_stream_message(struct ss_call *call, struct ss_slice wire);
void ss_call_stream_end(struct ss_call *call, const struct ss_status *st, const struct ss_header *trailers,
                        size_t n);

/* call.c: no event any more; recycled at the end of the turn. The client has been answered or is gone. */
void ss_call_over(struct ss_call *call);
/* The part of a bridge that keeps its calls. */
void ss_call_bridge_init(struct ss_bridge *b);
void ss_call_bridge_dispose(struct ss_bridge *b);

#endif
