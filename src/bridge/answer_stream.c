/* A stream of messages, each sent when it arrives, as NDJSON, a JSON array or server-sent events. */
#include "bridge/head.h"
#include "http/gzip.h"

enum { HEARTBEAT_MS = 15000 };

static void compress(struct ss_call *call, struct ss_headers *h)
{
    if (!call->options->gzip.streams || call->options->gzip.off)
        return;
    ss_headers_put(h, SS_LIT("vary"), SS_LIT("Accept-Encoding"));
    call->gzip = call->accepts_gzip ? ss_gzip_new(SS_GZIP_STREAM) : NULL;
    if (call->gzip)
        ss_headers_put(h, SS_LIT("content-encoding"), SS_LIT("gzip"));
}

/* Begins the stream unless it has begun; false when a head was all that there is to be sent: the call is
 * over. */
static bool streaming(struct ss_call *call)
{
    if (call->state == SS_CALL_STREAMING)
        return true;
    struct ss_headers h;
    ss_head_begin(&h, call, ss_body_content_type(call->stream.form));
    ss_headers_put(&h, SS_LIT("cache-control"), SS_LIT("no-cache"));
    ss_headers_put(&h, SS_LIT("x-accel-buffering"), SS_LIT("no"));
    compress(call, &h);
    ss_head_put_metadata(&h, call);
    return ss_call_stream_head(call, &h);
}

/* Sends what out holds: all that there is to send for now, or for good. */
static void put(struct ss_call *call, const struct ss_buf *out, bool last)
{
    struct ss_buf *zipped = &call->bridge->zipped;
    if (call->gzip) {
        ss_buf_clear(zipped, SS_SCRATCH_KEEP);
        enum ss_err err = ss_gzip_push(call->gzip, out->ptr, out->len, zipped);
        if (err == SS_OK)
            err = last ? ss_gzip_finish(call->gzip, zipped) : ss_gzip_flush(call->gzip, zipped);
        if (err != SS_OK)
            zipped->len = 0; /* out of memory: the client will find the end missing */
        out = zipped;
    }
    if (out->len)
        ss_call_data(call, out->ptr, out->len);
}

enum ss_err ss_call_print_message(struct ss_call *call, struct ss_slice wire, struct ss_buf *out,
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
    ss_call_print_event(call, wire, out);
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

/* ---- heartbeats ---- */

static int64_t beat_ms(const struct ss_call *call)
{
    int64_t ms = call->options->sse.heartbeat_ms;
    return call->stream.form == SS_BODY_SSE ? ms < 0 ? HEARTBEAT_MS : ms : 0;
}

static void on_beat(void *ctx)
{
    struct ss_call *call = ctx;
    struct ss_loop *l = call->bridge->loop;
    uint64_t now = ss_loop_now_ms(l), due = call->wrote_at_ms + (uint64_t)beat_ms(call);
    struct ss_buf *out = &call->bridge->scratch;
    bool first = call->state != SS_CALL_STREAMING;
    bool expired = call->timeout_ms > 0 && now >= call->up_began_ns / 1000000 + (uint64_t)call->timeout_ms;
    if (first && expired) { /* in this very turn: which is an answer of its own */
        ss_timer_set(l, &call->beat, now + 1);
        return;
    }
    if (!streaming(call)) /* so long a silence: the client shall know that somebody is there */
        return;
    if (now >= due) {
        ss_buf_clear(out, SS_SCRATCH_KEEP);
        ss_stream_body_heartbeat(&call->stream, out);
        if (first ||
            call->client->ops->unsent(call->client) == 0) /* who does not read needs no signs of life */
            put(call, out, false);
        call->wrote_at_ms = now;
        due = now + (uint64_t)beat_ms(call);
    }
    ss_timer_set(l, &call->beat, due);
}

static void start_beating(struct ss_call *call)
{
    struct ss_loop *l = call->bridge->loop;
    if (beat_ms(call) <= 0)
        return;
    call->wrote_at_ms = ss_loop_from_ms(l);
    ss_timer_init(&call->beat, on_beat, call);
    ss_timer_set(l, &call->beat, call->wrote_at_ms + (uint64_t)beat_ms(call));
}

static void on_message(struct ss_call *call, struct ss_slice wire)
{
    struct ss_buf *out = &call->bridge->scratch;
    struct ss_stream_body before = call->stream;
    struct ss_status st = {0};
    ss_buf_clear(out, SS_SCRATCH_KEEP);
    if (ss_call_print_message(call, wire, out, &st) != SS_OK) {
        call->stream = before;
        ss_upcall_cancel(&call->up);
        ss_call_fail(call, &st);
        return;
    }
    if (!streaming(call))
        return;
    call->wrote_at_ms = ss_loop_soon_ms(call->bridge->loop);
    put(call, out, false);
    if (call->state == SS_CALL_STREAMING)
        ss_call_settle_credit(call, wire.len);
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
    struct ss_headers down;
    if (!streaming(call))
        return;
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
    ss_headers_init(&down, &call->arena);
    if (call->trailers_ok)
        ss_head_status_trailers(call, st, &down);
    ss_head_trailers(call, trailers, n, &down);
    put(call, out, true);
    c->ops->finish(c, down.fields, down.n);
    ss_call_over(call);
}

const struct ss_answer_ops ss_answer_stream = {
    .begin = start_beating, .message = on_message, .end = on_end, .error = ss_call_answer_error};
