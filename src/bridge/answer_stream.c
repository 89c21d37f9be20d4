/* A stream of messages, each sent when it arrives, as NDJSON, a JSON array or server-sent events. */
#include "base/percent.h"
#include "bridge/head.h"

static void begin_stream(struct ss_call *call)
{
    struct ss_head h;
    ss_head_begin(&h, call, ss_body_content_type(call->stream.form));
    ss_head_put(&h, SS_LIT("cache-control"), SS_LIT("no-cache"));
    ss_head_put(&h, SS_LIT("x-accel-buffering"), SS_LIT("no"));
    ss_head_put_metadata(&h, call);
    call->state = SS_CALL_STREAMING;
    ss_call_head(call, ss_head_success(call), h.fields, h.n, -1);
}

/* One message in the form of the stream, in out. */
static enum ss_err print_message(struct ss_call *call, struct ss_slice wire, struct ss_buf *out,
                                 struct ss_status *st)
{
    struct ss_bridge *b = call->bridge;
    const struct ss_field *field = ss_route_response_field(call->match.route);
    bool lines = call->json.pretty && call->stream.form == SS_BODY_SSE;
    struct ss_json_out json = call->json;
    if (call->stream.form == SS_BODY_NDJSON)
        json.pretty = false; /* a message is a line */
    struct ss_buf plain;
    ss_buf_init(&plain, SIZE_MAX / 4);
    if (!lines)
        ss_stream_body_before(&call->stream, out);
    enum ss_err err = ss_wire_to_json(b->codec, b->snapshot->schema, call->method->output, field, wire, &json,
                                      &call->arena, lines ? &plain : out, st);
    if (err == SS_OK && lines)
        ss_stream_body_message(&call->stream, ss_buf_slice(&plain), out);
    else if (err == SS_OK)
        ss_stream_body_after(&call->stream, out);
    ss_buf_dispose(&plain);
    return err;
}

static void on_message(struct ss_call *call, struct ss_slice wire)
{
    struct ss_buf *out = &call->bridge->scratch;
    struct ss_stream_body before = call->stream;
    struct ss_status st = {0};
    ss_buf_clear(out, SS_SCRATCH_KEEP);
    if (print_message(call, wire, out, &st) != SS_OK) {
        call->stream = before;
        ss_upcall_cancel(&call->up);
        ss_call_fail(call, &st);
        return;
    }
    if (call->state != SS_CALL_STREAMING)
        begin_stream(call);
    ss_call_data(call, out->ptr, out->len);
    if (call->state == SS_CALL_STREAMING)
        ss_call_settle_credit(call, wire.len);
}

static size_t status_trailers(struct ss_call *call, const struct ss_status *st, struct ss_header *to)
{
    if (!call->trailers_ok)
        return 0;
    to[0] = (struct ss_header){.name = SS_LIT("grpc-status"),
                               .value = ss_arena_printf(&call->arena, "%d", st->code)};
    to[1] = (struct ss_header){.name = SS_LIT("grpc-message"),
                               .value = ss_percent_encode_message(st->message, &call->arena)};
    return st->message.len ? 2 : 1;
}

static void on_end(struct ss_call *call, const struct ss_status *st, const struct ss_header *trailers,
                   size_t n)
{
    struct ss_client *c = call->client;
    if (st->code != SS_CODE_OK && call->state != SS_CALL_STREAMING) {
        ss_call_answer_error(call, st);
        return;
    }
    struct ss_buf *out = &call->bridge->scratch;
    struct ss_header down[SS_HEAD_MAX];
    if (call->state != SS_CALL_STREAMING)
        begin_stream(call);
    ss_buf_clear(out, SS_SCRATCH_KEEP);
    if (st->code == SS_CODE_OK) {
        ss_stream_body_end(&call->stream, out);
    } else {
        struct ss_buf text;
        ss_buf_init(&text, SIZE_MAX / 4);
        ss_call_print_status(call, st, &text);
        ss_stream_body_error(&call->stream, ss_buf_slice(&text), out);
        ss_buf_dispose(&text);
    }
    size_t n_down = status_trailers(call, st, down);
    n_down += ss_head_trailers(call, trailers, n, down + n_down);
    if (out->len)
        ss_call_data(call, out->ptr, out->len);
    c->ops->finish(c, down, n_down);
    ss_call_over(call);
}

const struct ss_answer_ops ss_answer_stream = {
    .message = on_message, .end = on_end, .error = ss_call_answer_error};
