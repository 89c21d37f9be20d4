#include "base/percent.h"
#include "bridge/call.h"
#include "http/metadata.h"
#include "wire/reader.h"

enum { MAX_DOWN_HEADERS = 110, SCRATCH_KEEP = 256 * 1024 };

/* ---- heads ---- */

struct head {
    struct ss_header fields[MAX_DOWN_HEADERS];
    size_t n;
};

static void put(struct head *h, struct ss_slice name, struct ss_slice value)
{
    if (h->n < MAX_DOWN_HEADERS)
        h->fields[h->n++] = (struct ss_header){.name = name, .value = value};
}

static void put_metadata(struct head *h, const struct ss_metadata *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (ss_header_from_metadata(&m->fields[i]) &&
            !ss_slice_eq(m->fields[i].name, SS_LIT("x-request-id")) &&
            !ss_slice_eq(m->fields[i].name, SS_LIT("x-http-code")))
            put(h, m->fields[i].name, m->fields[i].value);
}

static void begin_head(struct ss_call *call, struct head *h, struct ss_slice content_type)
{
    h->n = 0;
    if (content_type.len)
        put(h, SS_LIT("content-type"), content_type);
    put(h, SS_LIT("x-request-id"), call->request_id);
}

/* grpc-gateway's way for a service to choose the status of a success: metadata x-http-code. */
static int success_status(const struct ss_call *call)
{
    const struct ss_header *h = ss_header_find(call->head.fields, call->head.n, SS_LIT("x-http-code"));
    if (h == NULL || h->value.len != 3)
        return 200;
    int v = 0;
    for (size_t i = 0; i < 3; i++) {
        if (h->value.ptr[i] < '0' || h->value.ptr[i] > '9')
            return 200;
        v = v * 10 + (h->value.ptr[i] - '0');
    }
    return v >= 200 && v <= 599 ? v : 200;
}

/* Trailing metadata as HTTP trailers: Grpc-Trailer-NAME. */
static size_t to_trailers(struct ss_call *call, const struct ss_header *from, size_t n, struct ss_header *to)
{
    size_t count = 0;
    if (!call->trailers_ok)
        return 0;
    for (size_t i = 0; i < n && count < MAX_DOWN_HEADERS - 2; i++)
        if (ss_trailer_from_metadata(&from[i]))
            to[count++] = (struct ss_header){
                .name = ss_arena_printf(&call->arena, "grpc-trailer-%.*s", SS_FMT(from[i].name)),
                .value = from[i].value};
    return count;
}

/* ---- errors ---- */

static int http_status(const struct ss_call *call, const struct ss_status *st)
{
    if (st->http)
        return st->http;
    if (call->options && st->code >= 0 && st->code < 17 && call->options->status_map[st->code])
        return call->options->status_map[st->code];
    return st->err != SS_OK ? ss_err_http(st->err) : ss_code_http(st->code);
}

static struct ss_slice authenticate(const struct ss_call *call)
{
    const struct ss_metadata *places[] = {&call->head, &call->up.metadata};
    for (size_t i = 0; i < 2; i++) {
        const struct ss_header *h =
            ss_header_find(places[i]->fields, places[i]->n, SS_LIT("www-authenticate"));
        if (h && ss_header_from_metadata(h))
            return h->value;
    }
    return SS_LIT("Bearer");
}

/* The nth value of a length-delimited field of a message; empty when it is not there. */
static struct ss_slice find_bytes(struct ss_slice wire, uint32_t number, size_t nth)
{
    const char *p = wire.ptr, *end = p + wire.len;
    while (p && p < end) {
        uint32_t tag;
        struct ss_slice value;
        p = ss_wire_get_tag(p, end, &tag);
        if (p == NULL)
            break;
        if (tag != ss_tag(number, SS_WIRE_BYTES)) {
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
            continue;
        }
        p = ss_wire_get_bytes(p, end, &value);
        if (p && nth-- == 0)
            return value;
    }
    return (struct ss_slice){0};
}

/* Whole seconds of a google.protobuf.Duration, rounded up. */
static int64_t whole_seconds(struct ss_slice duration)
{
    enum { SECONDS = 1, NANOS = 2 };
    const char *p = duration.ptr, *end = p + duration.len;
    uint64_t seconds = 0, nanos = 0;
    while (p && p < end) {
        uint32_t tag;
        p = ss_wire_get_tag(p, end, &tag);
        if (p && tag == ss_tag(SECONDS, SS_WIRE_VARINT))
            p = ss_varint_get(p, end, &seconds);
        else if (p && tag == ss_tag(NANOS, SS_WIRE_VARINT))
            p = ss_varint_get(p, end, &nanos);
        else if (p)
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
    }
    return seconds > INT32_MAX ? 0 : (int64_t)seconds + (nanos > 0 && nanos < 1000000000);
}

/* Retry-After of the google.rpc.RetryInfo among a google.rpc.Status's details. */
static void put_retry_after(struct ss_call *call, struct head *h, const struct ss_status *st)
{
    enum { STATUS_DETAILS = 3, ANY_URL = 1, ANY_VALUE = 2, RETRY_DELAY = 1 };
    struct ss_slice any;
    for (size_t i = 0; (any = find_bytes(st->details, STATUS_DETAILS, i)).len; i++) {
        struct ss_slice url = find_bytes(any, ANY_URL, 0), name = SS_LIT("/google.rpc.RetryInfo");
        if (url.len < name.len || !ss_slice_eq(ss_slice_skip(url, url.len - name.len), name))
            continue;
        struct ss_slice delay = find_bytes(find_bytes(any, ANY_VALUE, 0), RETRY_DELAY, 0);
        long long seconds = (long long)whole_seconds(delay);
        put(h, SS_LIT("retry-after"), ss_arena_printf(&call->arena, "%lld", seconds));
        return;
    }
}

static void print_status(struct ss_call *call, const struct ss_status *st, struct ss_buf *out)
{
    struct ss_bridge *b = call->bridge;
    if (ss_status_to_json(b->codec, b->snapshot->schema, st, out) != SS_OK)
        ss_buf_clear(out, 0);
}

void ss_call_answer_error(struct ss_call *call, const struct ss_status *st)
{
    struct ss_client *c = call->client;
    struct ss_buf *out = &call->bridge->scratch;
    int status = http_status(call, st);
    struct head h;
    ss_buf_clear(out, SCRATCH_KEEP);
    print_status(call, st, out);
    begin_head(call, &h, SS_LIT("application/json"));
    if (st->err == SS_ERR_METHOD)
        put(&h, SS_LIT("allow"), call->match.allow);
    if (status == 401)
        put(&h, SS_LIT("www-authenticate"), authenticate(call));
    put_retry_after(call, &h, st);
    c->ops->head(c, status, h.fields, h.n, (int64_t)out->len);
    c->ops->data(c, out->ptr, out->len);
    c->ops->finish(c, NULL, 0);
    ss_call_over(call);
}

void ss_call_answer_allow(struct ss_call *call)
{
    struct ss_client *c = call->client;
    struct head h;
    begin_head(call, &h, (struct ss_slice){0});
    put(&h, SS_LIT("allow"), call->match.allow);
    c->ops->head(c, 204, h.fields, h.n, 0);
    c->ops->finish(c, NULL, 0);
    ss_call_over(call);
}

/* ---- unary ---- */

void ss_call_answer_unary(struct ss_call *call, const struct ss_header *trailers, size_t n)
{
    struct ss_client *c = call->client;
    struct ss_header down[MAX_DOWN_HEADERS];
    size_t n_down = to_trailers(call, trailers, n, down);
    struct head h;
    begin_head(call, &h, SS_LIT("application/json"));
    put_metadata(&h, &call->head);
    c->ops->head(c, success_status(call), h.fields, h.n, n_down ? -1 : (int64_t)call->out.len);
    c->ops->data(c, call->out.ptr, call->out.len);
    c->ops->finish(c, down, n_down);
    ss_call_over(call);
}

/* ---- streams ---- */

static void begin_stream(struct ss_call *call)
{
    struct ss_client *c = call->client;
    struct head h;
    begin_head(call, &h, ss_body_content_type(call->stream.form));
    put(&h, SS_LIT("cache-control"), SS_LIT("no-cache"));
    put(&h, SS_LIT("x-accel-buffering"), SS_LIT("no"));
    put_metadata(&h, &call->head);
    call->state = SS_CALL_STREAMING;
    c->ops->head(c, success_status(call), h.fields, h.n, -1);
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

bool ss_call_stream_message(struct ss_call *call, struct ss_slice wire)
{
    struct ss_client *c = call->client;
    struct ss_buf *out = &call->bridge->scratch;
    struct ss_stream_body before = call->stream;
    struct ss_status st = {0};
    ss_buf_clear(out, SCRATCH_KEEP);
    if (print_message(call, wire, out, &st) != SS_OK) {
        call->stream = before;
        ss_upcall_cancel(&call->up);
        if (call->state == SS_CALL_STREAMING)
            ss_call_stream_end(call, &st, NULL, 0);
        else
            ss_call_answer_error(call, &st);
        return false;
    }
    if (call->state != SS_CALL_STREAMING)
        begin_stream(call);
    c->ops->data(c, out->ptr, out->len);
    return call->state == SS_CALL_STREAMING;
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

void ss_call_stream_end(struct ss_call *call, const struct ss_status *st, const struct ss_header *trailers,
                        size_t n)
{
    struct ss_client *c = call->client;
    struct ss_buf *out = &call->bridge->scratch;
    struct ss_header down[MAX_DOWN_HEADERS];
    if (call->state != SS_CALL_STREAMING)
        begin_stream(call);
    ss_buf_clear(out, SCRATCH_KEEP);
    if (st->code == SS_CODE_OK) {
        ss_stream_body_end(&call->stream, out);
    } else {
        struct ss_buf text;
        ss_buf_init(&text, SIZE_MAX / 4);
        print_status(call, st, &text);
        ss_stream_body_error(&call->stream, ss_buf_slice(&text), out);
        ss_buf_dispose(&text);
    }
    size_t n_down = status_trailers(call, st, down);
    n_down += to_trailers(call, trailers, n, down + n_down);
    if (out->len)
        c->ops->data(c, out->ptr, out->len);
    c->ops->finish(c, down, n_down);
    ss_call_over(call);
}
