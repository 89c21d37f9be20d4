/* The head of an answer in the making, and the trailers behind it. Private to bridge/. */
#ifndef SS_BRIDGE_HEAD_H
#define SS_BRIDGE_HEAD_H

#include "bridge/call.h"

enum { SS_HEAD_MAX = 110, SS_SCRATCH_KEEP = 256 * 1024 };

struct ss_head {
    struct ss_header fields[SS_HEAD_MAX]; /* slices are the call's, the snapshot's or static */
    size_t n;
};

/* Content type (empty: none) and the request's id. */
void ss_head_begin(struct ss_head *h, struct ss_call *call, struct ss_slice content_type);
void ss_head_put(struct ss_head *h, struct ss_slice name, struct ss_slice value);
/* The service's initial metadata, as far as it may become headers. */
void ss_head_put_metadata(struct ss_head *h, struct ss_call *call);
/* The same beside a google.api.HttpBody, which it may describe. */
void ss_head_put_body_metadata(struct ss_head *h, struct ss_call *call);
/* 200, or what the service chose by metadata x-http-code, as grpc-gateway has it. */
int ss_head_success(const struct ss_call *call);
/* Trailing metadata as HTTP trailers Grpc-Trailer-NAME, where the client takes any; to has room for
 * SS_HEAD_MAX less two. Returns how many. */
size_t ss_head_trailers(struct ss_call *call, const struct ss_header *from, size_t n, struct ss_header *to);
/* grpc-status, and grpc-message where there is one, in to, which has room for two. Returns how many. */
size_t ss_head_status_trailers(struct ss_call *call, const struct ss_status *st, struct ss_header *to);
/* Whether metadata of that name may reach the client: the route's deny list does not have it, and it is no
 * second CORS policy beside ours. */
bool ss_head_may_go_down(const struct ss_call *call, struct ss_slice name);
/* Whether the route lets this name pass, up or down. */
bool ss_head_allowed(const struct ss_route_options *o, struct ss_slice name);
/* Compresses a whole body when the client takes that and it is worth it: adds the headers that say so, and
 * returns what to send, which is the worker's until the next answer; else body itself. */
struct ss_slice ss_head_compress(struct ss_head *h, struct ss_call *call, struct ss_slice content_type,
                                 struct ss_slice body);
/* Sends h as the head of a stream's answer. false: there is nothing but a head to this request (HEAD) or with
 * this status, and the call is over. */
bool ss_call_stream_head(struct ss_call *call, struct ss_head *h);
/* event.c: the event and id lines that go before a message; nothing in forms that have none. */
void ss_call_print_event(struct ss_call *call, struct ss_slice wire, struct ss_buf *out);
/* Appends one message of a stream, in the stream's form. */
enum ss_err ss_call_print_message(struct ss_call *call, struct ss_slice wire, struct ss_buf *out,
                                  struct ss_status *st);
/* st as JSON. */
void ss_call_print_status(struct ss_call *call, const struct ss_status *st, struct ss_buf *out);

#endif
