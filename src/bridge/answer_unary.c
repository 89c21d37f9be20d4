/* One message, answered as one JSON document once its status is known. */
#include "bridge/head.h"

static void on_message(struct ss_call *call, struct ss_slice wire)
{
    struct ss_status st = {0};
    const struct ss_snapshot *snapshot = call->bridge->snapshot;
    if (call->got_message) {
        ss_status_set(&st, &call->arena, SS_ERR_BAD_RESPONSE, "the service sent more than one message");
        ss_call_answer_error(call, &st);
        return;
    }
    call->got_message = true;
    enum ss_err err = ss_wire_to_json(call->bridge->codec, snapshot->schema, call->method->output,
                                      ss_route_response_field(call->match.route), wire, &call->json,
                                      &call->arena, &call->out, &st);
    ss_upcall_consume(&call->up, wire.len);
    if (err != SS_OK)
        ss_call_answer_error(call, &st);
}

static void answer(struct ss_call *call, const struct ss_header *trailers, size_t n)
{
    struct ss_client *c = call->client;
    struct ss_headers down;
    ss_headers_init(&down, &call->arena);
    ss_head_trailers(call, trailers, n, &down);
    struct ss_headers h;
    ss_head_begin(&h, call, SS_LIT("application/json"));
    struct ss_slice text = ss_head_compress(&h, call, SS_LIT("application/json"), ss_buf_slice(&call->out));
    ss_head_put_metadata(&h, call);
    ss_call_head(call, ss_head_success(call), h.fields, h.n, down.n ? -1 : (int64_t)text.len);
    ss_call_give(call, text, &call->out);
    c->ops->finish(c, down.fields, down.n);
    ss_call_over(call);
}

static void on_end(struct ss_call *call, const struct ss_status *st, const struct ss_header *trailers,
                   size_t n)
{
    if (st->code == SS_CODE_OK && call->got_message) {
        answer(call, trailers, n);
        return;
    }
    struct ss_status none;
    if (st->code == SS_CODE_OK) {
        ss_status_set(&none, &call->arena, SS_ERR_BAD_RESPONSE, "the service sent no message");
        st = &none;
    }
    ss_call_answer_error(call, st);
}

const struct ss_answer_ops ss_answer_unary = {
    .message = on_message, .end = on_end, .error = ss_call_answer_error};
