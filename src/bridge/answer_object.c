/* A whole stream as one document, {"items":[…]}, for clients that buffer everything anyway. Capped in count,
 * bytes and time: past a cap it answers with what has come, and "truncated": true. */
#include "bridge/head.h"

enum { MAX_ITEMS = 10000, MAX_BYTES = 4 << 20, MAX_TIME_MS = 60000, END_MAX = 64 };

static void answer(struct ss_call *call, const struct ss_header *trailers, size_t n)
{
    struct ss_client *c = call->client;
    struct ss_headers down;
    struct ss_headers h;
    ss_headers_init(&down, &call->arena);
    ss_head_trailers(call, trailers, n, &down);
    call->out.max = call->out.len + END_MAX;
    if (ss_stream_body_end(&call->stream, &call->out) != SS_OK) {
        struct ss_status st;
        ss_status_set(&st, &call->arena, SS_ERR_MEMORY, "%s", ss_err_text(SS_ERR_MEMORY));
        ss_call_answer_error(call, &st);
        return;
    }
    ss_head_begin(&h, call, ss_body_content_type(SS_BODY_OBJECT));
    struct ss_slice text =
        ss_head_compress(&h, call, ss_body_content_type(SS_BODY_OBJECT), ss_buf_slice(&call->out));
    ss_head_put_metadata(&h, call);
    ss_call_head(call, ss_head_success(call), h.fields, h.n, down.n ? -1 : (int64_t)text.len);
    ss_call_give(call, text, &call->out);
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

/* Of the document, less its end. */
static size_t max_bytes(const struct ss_call *call)
{
    size_t own = call->options->object.max_bytes ? call->options->object.max_bytes : MAX_BYTES;
    return own < call->max_json_bytes ? own : call->max_json_bytes;
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
    call->out.max = len + call->max_json_bytes; /* a message of its own that is too large is an error */
    if (ss_call_print_message(call, wire, &call->out, &st) != SS_OK) {
        ss_upcall_cancel(&call->up);
        ss_call_fail(call, &st);
        return;
    }
    if (call->out.len > max_bytes(call)) {
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
