/* The head of an answer in the making, and the trailers behind it. Private to bridge/. */
#ifndef SS_BRIDGE_HEAD_H
#define SS_BRIDGE_HEAD_H

#include "bridge/call.h"

enum { SS_SCRATCH_KEEP = 256 * 1024 };

/* Begins h, whose slices are the call's, the snapshot's or static: content type (empty: none) and the
 * request's id. */
void ss_head_begin(struct ss_headers *h, struct ss_call *call, struct ss_slice content_type);
/* The service's initial metadata, as far as it may become headers. */
void ss_head_put_metadata(struct ss_headers *h, struct ss_call *call);
/* The same beside a google.api.HttpBody, which it may describe. */
void ss_head_put_body_metadata(struct ss_headers *h, struct ss_call *call);
/* 200, or what the service chose by metadata x-http-code, as grpc-gateway has it. */
int ss_head_success(const struct ss_call *call);
/* Puts trailing metadata as HTTP trailers Grpc-Trailer-NAME, where the client takes any. */
void ss_head_trailers(struct ss_call *call, const struct ss_header *from, size_t n, struct ss_headers *to);
/* Puts grpc-status, and grpc-message where there is one. */
void ss_head_status_trailers(struct ss_call *call, const struct ss_status *st, struct ss_headers *to);
/* Whether metadata of that name may reach the client: the route's deny list does not have it, and it is no
 * second CORS policy beside ours. */
bool ss_head_may_go_down(const struct ss_call *call, struct ss_slice name);
/* Whether the route lets this name pass, up or down. */
bool ss_head_allowed(const struct ss_route_options *o, struct ss_slice name);
/* Compresses a whole body when the client takes that and it is worth it: adds the headers that say so, and
 * returns what to send, which is the worker's until the next answer; else body itself. */
struct ss_slice ss_head_compress(struct ss_headers *h, struct ss_call *call, struct ss_slice content_type,
                                 struct ss_slice body);
/* Sends h as the head of a stream's answer. false: there is nothing but a head to this request (HEAD) or with
 * this status, and the call is over. */
bool ss_call_stream_head(struct ss_call *call, struct ss_headers *h);
/* event.c: the event and id lines that go before a message; nothing in forms that have none. */
enum ss_err ss_call_print_event(struct ss_call *call, struct ss_slice wire, struct ss_buf *out);
/* Appends one message of a stream, in the stream's form. */
enum ss_err ss_call_print_message(struct ss_call *call, struct ss_slice wire, struct ss_buf *out,
                                  struct ss_status *st);
/* st as JSON, pretty and indented as layout says, in out, which the caller disposes of. Returns what was
 * printed: st, or, when that is larger than an answer may be, a status that says so. */
const struct ss_status *ss_call_print_status(struct ss_call *call, const struct ss_status *st,
                                             const struct ss_json_out *layout, struct ss_buf *out);

#endif
