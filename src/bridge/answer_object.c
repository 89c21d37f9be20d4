/* A whole stream as one document, {"items":[…]}, for clients that buffer everything anyway. Capped in count,
 * bytes and time: past a cap it answers with what has come, and "truncated": true. */
#include "bridge/head.h"

enum { MAX_ITEMS = 10000, MAX_BYTES = 4 << 20, MAX_TIME_MS = 60000 };

static void answer(struct ss_call *call, const struct ss_header *trailers, size_t n)
{
    struct ss_client *c = call->client;
    struct ss_headers down;
    struct ss_headers h;
    ss_headers_init(&down, &call->arena);
    ss_head_trailers(call, trailers, n, &down);
    ss_stream_body_end(&call->stream, &call->out);
    ss_head_begin(&h, call, ss_body_content_type(SS_BODY_OBJECT));
    struct ss_slice text =
        ss_head_compress(&h, call, ss_body_content_type(SS_BODY_OBJECT), ss_buf_slice(&call->out));
    ss_head_put_metadata(&h, call);
    ss_call_head(call, ss_head_success(call), h.fields, h.n, down.n ? -1 : (int64_t)text.len);
    ss_call_data(call, text.ptr, text.len);
    c->ops->finish(c, down.fields, down.n);
    ss_call_over(call);
}

/* A cap is reached: the rest of the stream is not wanted. */
static void truncate_here(struct ss_call *call)
{
    struct ss_status ok = {0};
    ss_upcall_cancel(&call->up);
    ss_call_note(call, &ok);
    call->stream.truncated = true;
    answer(call, NULL, 0);
}

static void on_time(void *ctx)
{
    truncate_here(ctx);
}

static void start_clock(struct ss_call *call)
{
    struct ss_loop *l = call->bridge->loop;
    int64_t ms = call->options->object.max_time_ms ? call->options->object.max_time_ms : MAX_TIME_MS;
    ss_timer_init(&call->beat, on_time, call);
    ss_timer_set(l, &call->beat, (call->began_ns + 999999) / 1000000 + (uint64_t)ms);
}

static void on_message(struct ss_call *call, struct ss_slice wire)
{
    const struct ss_route_object *o = &call->options->object;
    struct ss_stream_body before = call->stream;
    struct ss_status st = {0};
    size_t len = call->out.len;
    if (call->n_items == (o->max_items ? o->max_items : MAX_ITEMS)) {
        truncate_here(call);
        return;
    }
    if (ss_call_print_message(call, wire, &call->out, &st) != SS_OK) {
        ss_upcall_cancel(&call->up);
        ss_call_fail(call, &st);
        return;
    }
    if (call->out.len > (o->max_bytes ? o->max_bytes : MAX_BYTES)) {
        call->out.len = len;
        call->stream = before;
        truncate_here(call);
        return;
    }
    call->n_items++;
    ss_upcall_consume(&call->up, wire.len);
}

static void on_end(struct ss_call *call, const struct ss_status *st, const struct ss_header *trailers,
                   size_t n)
{
    if (st->code == SS_CODE_OK)
        answer(call, trailers, n);
    else
        ss_call_answer_error(call, st);
}

const struct ss_answer_ops ss_answer_object = {
    .begin = start_clock, .message = on_message, .end = on_end, .error = ss_call_answer_error};
