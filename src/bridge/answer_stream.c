/* A stream of messages, each sent when it arrives, as NDJSON, a JSON array or server-sent events. */
#include "bridge/head.h"
#include "http/gzip.h"

enum { HEARTBEAT_MS = 15000, BEAT_MAX = 64 /* bytes of one */ };

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

/* Compressed, what is not compressible grows, by less than this. */
static size_t zipped_max(size_t n)
{
    return n + n / 8 + 1024;
}

/* Sends what out holds: all that there is to send for now, or for good. False: there was no memory for it,
 * and the call is over. */
static bool put(struct ss_call *call, const struct ss_buf *out, bool last)
{
    struct ss_buf *zipped = &call->bridge->zipped;
    if (call->gzip) {
        zipped->max = zipped_max(out->len);
        ss_buf_clear(zipped, SS_SCRATCH_KEEP);
        enum ss_err err = ss_gzip_push(call->gzip, out->ptr, out->len, zipped);
        if (err == SS_OK)
            err = last ? ss_gzip_finish(call->gzip, zipped) : ss_gzip_flush(call->gzip, zipped);
        if (err != SS_OK) {
            ss_call_tear(call);
            return false;
        }
        out = zipped;
    }
    if (out->len)
        ss_call_data(call, out->ptr, out->len);
    return true;
}

static enum ss_err frame_failed(struct ss_call *call, enum ss_err err, struct ss_status *st)
{
    err = err == SS_ERR_LIMIT ? SS_ERR_ANSWER_TOO_LARGE : err;
    return ss_status_set(st, &call->arena, err, "%s", ss_err_text(err));
}

/* Pretty JSON has lines, each of which needs its own prefix in an event stream. */
static enum ss_err print_lines(struct ss_call *call, struct ss_slice wire, struct ss_buf *out,
                               struct ss_status *st)
{
    struct ss_bridge *b = call->bridge;
    struct ss_buf plain;
    ss_buf_init(&plain, call->max_json_bytes);
    enum ss_err err = ss_wire_to_json(b->codec, b->snapshot->schema, call->method->output,
                                      ss_route_response_field(call->match.route), wire, &call->json,
                                      &call->arena, &plain, st);
    if (err == SS_OK) {
        err = ss_stream_body_message(&call->stream, ss_buf_slice(&plain), out);
        err = err == SS_OK ? SS_OK : frame_failed(call, err, st);
    }
    ss_buf_dispose(&plain);
    return err;
}

enum ss_err ss_call_print_message(struct ss_call *call, struct ss_slice wire, struct ss_buf *out,
                                  struct ss_status *st)
{
    struct ss_bridge *b = call->bridge;
    struct ss_json_out json = call->json;
    enum ss_err err = ss_call_print_event(call, wire, out);
    if (err != SS_OK)
        return frame_failed(call, err, st);
    if (json.pretty && call->stream.form == SS_BODY_SSE)
        return print_lines(call, wire, out, st);
    json.indent = ss_stream_body_indent(&call->stream);
    if (call->stream.form == SS_BODY_NDJSON)
        json.pretty = false; /* a message is a line */
    err = ss_stream_body_before(&call->stream, out);
    if (err != SS_OK)
        return frame_failed(call, err, st);
    err = ss_wire_to_json(b->codec, b->snapshot->schema, call->method->output,
                          ss_route_response_field(call->match.route), wire, &json, &call->arena, out, st);
    if (err != SS_OK)
        return err;
    err = ss_stream_body_after(&call->stream, out);
    return err == SS_OK ? SS_OK : frame_failed(call, err, st);
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
    bool first = call->state != SS_CALL_STREAMING;
    bool expired = call->timeout_ms > 0 && now >= call->up_began_ns / 1000000 + (uint64_t)call->timeout_ms;
    if (first && expired) { /* the deadline fires later in this turn; let it answer 504 */
        ss_timer_set(l, &call->beat, now + 1);
        return;
    }
    if (!streaming(call)) /* after so long a silence the client learns that somebody is there */
        return;
    if (now >= due) {
        struct ss_buf *out = ss_call_scratch(call, BEAT_MAX);
        (void)ss_stream_body_heartbeat(&call->stream, out);
        /* A client that does not read needs no signs of life. */
        if ((first || call->client->ops->unsent(call->client) == 0) && !put(call, out, false))
            return;
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
    struct ss_buf *out = ss_call_scratch(call, call->max_json_bytes);
    struct ss_stream_body before = call->stream;
    struct ss_status st = {0};
    if (ss_call_print_message(call, wire, out, &st) != SS_OK) {
        call->stream = before;
        ss_upcall_cancel(&call->up);
        ss_call_fail(call, &st);
        return;
    }
    if (!streaming(call))
        return;
    call->wrote_at_ms = ss_loop_soon_ms(call->bridge->loop);
    if (put(call, out, false) && call->state == SS_CALL_STREAMING)
        ss_call_settle_credit(call, wire.len);
}

/* What ends the stream: of a good one, or of one that failed with *st, which becomes what it is told as. */
static enum ss_err print_end(struct ss_call *call, const struct ss_status **st, struct ss_buf **out)
{
    enum { FRAME = 1024, LINE = 8 }; /* each byte may be a line of an event */
    if ((*st)->code == SS_CODE_OK) {
        *out = ss_call_scratch(call, FRAME + LINE * call->stream.done.len);
        return ss_stream_body_end(&call->stream, *out);
    }
    struct ss_buf text;
    struct ss_json_out layout = {.pretty = call->json.pretty && call->stream.form != SS_BODY_NDJSON};
    if (call->stream.form == SS_BODY_ARRAY)
        layout.indent = 2;
    *st = ss_call_print_status(call, *st, &layout, &text);
    *out = ss_call_scratch(call, FRAME + LINE * text.len);
    enum ss_err err = ss_stream_body_error(&call->stream, ss_buf_slice(&text), *out);
    ss_buf_dispose(&text);
    return err;
}

static void on_end(struct ss_call *call, const struct ss_status *st, const struct ss_header *trailers,
                   size_t n)
{
    struct ss_client *c = call->client;
    if (st->code != SS_CODE_OK && call->state != SS_CALL_STREAMING) {
        ss_call_answer_error(call, st);
        return;
    }
    struct ss_buf *out;
    struct ss_headers down;
    if (!streaming(call))
        return;
    if (print_end(call, &st, &out) != SS_OK) {
        ss_call_tear(call);
        return;
    }
    ss_call_note(call, st);
    ss_headers_init(&down, &call->arena);
    if (call->trailers_ok)
        ss_head_status_trailers(call, st, &down);
    ss_head_trailers(call, trailers, n, &down);
    if (!put(call, out, true))
        return;
    c->ops->finish(c, down.fields, down.n);
    ss_call_over(call);
}

const struct ss_answer_ops ss_answer_stream = {
    .begin = start_beating, .message = on_message, .end = on_end, .error = ss_call_answer_error};
