/* gRPC on a REST listener: the bytes of both bodies pass through untouched, trailers and all, as far as the
 * route's options let them: its limits hold for each message, its deny list for metadata both ways. gRPC-Web
 * differs only in how the trailers travel (a last frame of the body) and, as -text, in being base64. The
 * codec
 * (+proto, +json, …) is the client's and the service's matter: its name is carried both ways. */
#include "base/base64.h"
#include "bridge/head.h"
#include "http/grpc_frame.h"
#include "http/grpc_web.h"
#include "http/http1.h"
#include "http/media.h"
#include "http/metadata.h"

struct native {
    bool web, text;
    struct ss_slice codec; /* of the request: "+json"; may be empty */
    struct ss_frame_watch up, down;
    size_t max_message_bytes; /* of the service's */
    struct ss_grpc_web_decoder decoder;
    struct ss_grpc_web_encoder encoder;
};

bool ss_native_wanted(struct ss_slice content_type)
{
    switch (ss_media_of(content_type)) {
    case SS_MEDIA_GRPC:
    case SS_MEDIA_GRPC_WEB:
    case SS_MEDIA_GRPC_WEB_TEXT:
        return true;
    case SS_MEDIA_NONE:
    case SS_MEDIA_JSON:
    case SS_MEDIA_NDJSON:
    case SS_MEDIA_TEXT:
    case SS_MEDIA_FORM:
    case SS_MEDIA_MULTIPART:
    case SS_MEDIA_OTHER:
        break;
    }
    return false;
}

/* ---- the request ---- */

static enum ss_err check_sizes(struct ss_call *call, struct ss_slice bytes, struct ss_status *st)
{
    struct native *native = call->answer_state;
    bool cut;
    if (ss_frame_watch_push(&native->up, bytes.ptr, bytes.len, call->max_request_bytes, &cut) == bytes.len)
        return SS_OK;
    return ss_status_set(st, &call->arena, SS_ERR_BODY_TOO_LARGE, "a message is larger than %zu bytes",
                         call->max_request_bytes);
}

static enum ss_err push(struct ss_call *call, const char *p, size_t n, bool last, struct ss_status *st)
{
    struct native *native = call->answer_state;
    struct ss_buf out;
    ss_buf_init(&out, n + SS_GRPC_PREFIX); /* and what the decoder held back */
    enum ss_err err = SS_OK;
    if (native->text)
        err = ss_grpc_web_decode(&native->decoder, ss_slice_of(p, n), &out);
    else
        err = ss_buf_append(&out, p, n);
    if (err == SS_OK && last && native->text)
        err = ss_grpc_web_decode_end(&native->decoder, &out);
    uint64_t whole = native->up.whole;
    if (err != SS_OK)
        ss_status_set(st, &call->arena, err, "the body is not valid base64");
    else
        err = check_sizes(call, ss_buf_slice(&out), st);
    if (err != SS_OK) {
        ss_buf_dispose(&out);
        return err;
    }
    size_t n_out = out.len;
    ss_call_open(call, false);
    ss_upcall_send(&call->up, &out, last);
    ss_call_sent(call, n_out, native->up.whole > whole);
    return SS_OK;
}

static enum ss_err begin(struct ss_call *call, const struct ss_request *r, struct ss_status *st)
{
    (void)r;
    (void)st;
    ss_call_open(call, false);
    return SS_OK;
}

static const struct ss_intake_ops intake = {.begin = begin, .push = push};

static void set_types(struct ss_call *call, struct native *native, struct ss_slice type)
{
    enum ss_media media = ss_media_of(type);
    native->text = media == SS_MEDIA_GRPC_WEB_TEXT;
    native->web = native->text || media == SS_MEDIA_GRPC_WEB;
    native->codec = ss_arena_copy(&call->arena, ss_grpc_codec(type));
    call->native_type = native->web ? ss_grpc_content_type("grpc", native->codec, &call->arena)
                                    : ss_arena_copy(&call->arena, type);
}

static void set_limits(struct ss_call *call, struct native *native)
{
    const struct ss_route_options *o = call->options;
    const struct ss_bridge *b = call->bridge;
    call->max_request_bytes = o->max_request_bytes ? o->max_request_bytes : b->max_request_bytes;
    native->max_message_bytes = o->max_message_bytes ? o->max_message_bytes : b->max_message_bytes;
}

enum ss_err ss_native_begin(struct ss_call *call, const struct ss_request *r, struct ss_status *st)
{
    struct native *native = ss_arena_zalloc(&call->arena, sizeof *native);
    const struct ss_header *type = ss_header_find(r->headers, r->n_headers, SS_LIT("content-type"));
    const struct ss_header *agent = ss_header_find(r->headers, r->n_headers, SS_LIT("user-agent"));
    call->answer_state = native;
    call->path = ss_arena_copy(&call->arena, r->path);
    call->intake = &intake;
    set_types(call, native, type->value);
    bool callable = ss_native_find(call);
    if (!native->web && !r->http2) {
        call->native = false;
        return ss_status_set(st, &call->arena, SS_ERR_UPGRADE_REQUIRED, "gRPC needs HTTP/2");
    }
    call->answer = &ss_answer_native;
    if (agent)
        call->native_agent = ss_arena_copy(&call->arena, agent->value);
    set_limits(call, native);
    if (!callable)
        return ss_status_set(st, &call->arena, SS_ERR_NOT_IMPLEMENTED, "unknown method %.*s",
                             SS_FMT(call->path));
    if (!ss_slice_eq(r->method, SS_LIT("POST")))
        return ss_status_set(st, &call->arena, SS_ERR_NOT_IMPLEMENTED, "gRPC calls are POST");
    return SS_OK;
}

/* ---- the answer ---- */

/* What frames an answer, which no list keeps from passing. */
static bool is_protocol(struct ss_slice name)
{
    return ss_slice_eq(name, SS_LIT("grpc-status")) || ss_slice_eq(name, SS_LIT("grpc-message")) ||
           ss_slice_eq(name, SS_LIT("grpc-encoding")) || ss_slice_eq(name, SS_LIT("grpc-accept-encoding"));
}

static bool passes_down(const struct ss_call *call, const struct ss_header *m)
{
    if (is_protocol(m->name))
        return ss_http_value_valid(m->value);
    bool own = ss_slice_starts(m->name, SS_LIT("grpc-")) && ss_http_value_valid(m->value);
    return (own || ss_header_from_metadata(m)) && ss_head_may_go_down(call, m->name);
}

/* The service's codec, or the request's where it names none: many services say plain application/grpc. */
static struct ss_slice answer_type(struct ss_call *call)
{
    const struct native *native = call->answer_state;
    const struct ss_header *given = ss_header_find(call->head.fields, call->head.n, SS_LIT("content-type"));
    struct ss_slice codec = given ? ss_grpc_codec(given->value) : native->codec;
    if (codec.len == 0)
        codec = native->codec;
    if (!native->web && given && ss_grpc_codec(given->value).len)
        return given->value;
    if (!native->web)
        return ss_grpc_content_type("grpc", codec, &call->arena);
    if (codec.len == 0)
        codec = SS_LIT("+proto");
    return ss_grpc_content_type(native->text ? "grpc-web-text" : "grpc-web", codec, &call->arena);
}

static void begin_answer(struct ss_call *call)
{
    struct ss_headers h;
    ss_head_begin(&h, call, answer_type(call));
    for (size_t i = 0; i < call->head.n; i++) {
        const struct ss_header *m = &call->head.fields[i];
        if (passes_down(call, m) && !ss_slice_eq(m->name, SS_LIT("x-request-id")))
            ss_headers_put(&h, m->name, m->value);
    }
    call->state = SS_CALL_STREAMING;
    ss_call_head(call, 200, h.fields, h.n, -1);
}

/* False: there was no memory for them, and the call is over. */
static bool send_bytes(struct ss_call *call, const char *p, size_t n, bool flush)
{
    enum { HELD = 8 }; /* by the encoder, and padding */
    struct native *native = call->answer_state;
    if (!native->text) {
        ss_call_data(call, p, n);
        return true;
    }
    struct ss_buf *out = ss_call_scratch(call, ss_base64_encoded_len(n, true) + HELD);
    if (ss_grpc_web_encode(&native->encoder, ss_slice_of(p, n), flush, out) != SS_OK) {
        ss_call_tear(call);
        return false;
    }
    ss_call_data(call, out->ptr, out->len);
    return true;
}

static void on_head(struct ss_upcall *u, const struct ss_header *metadata, size_t n)
{
    struct ss_call *call = (struct ss_call *)(void *)u;
    call->head = (struct ss_metadata){.fields = (struct ss_header *)(uintptr_t)metadata, .n = n, .cap = n};
    begin_answer(call);
}

/* The service's message is too large. What the client has of it must not be taken for anything: trailers of
 * HTTP/2 end it, but gRPC-Web's are a frame among others. */
static void refuse_message(struct ss_call *call, bool cut)
{
    const struct native *native = call->answer_state;
    struct ss_status st;
    ss_upcall_cancel(&call->up);
    ss_status_set(&st, &call->arena, SS_ERR_MESSAGE_TOO_LARGE,
                  "the service's message is over the limit (max_message_bytes)");
    if (!cut || !native->web) {
        ss_call_fail(call, &st);
        return;
    }
    ss_call_note(call, &st);
    call->client->ops->reset(call->client);
    ss_call_over(call);
}

static void on_bytes(struct ss_upcall *u, const char *p, size_t n)
{
    struct ss_call *call = (struct ss_call *)(void *)u;
    struct native *native = call->answer_state;
    bool cut;
    uint64_t whole = native->down.whole;
    size_t may = ss_frame_watch_push(&native->down, p, n, native->max_message_bytes, &cut);
    if (native->down.whole > whole)
        ss_idle_moved(&call->idle, call->bridge->loop);
    if (may && !send_bytes(call, p, may, true))
        return;
    if (call->state == SS_CALL_STREAMING && may < n)
        refuse_message(call, cut);
    else if (call->state == SS_CALL_STREAMING)
        ss_call_settle_credit(call, n);
}

static void on_writable(struct ss_upcall *u)
{
    ss_call_request_writable((struct ss_call *)(void *)u);
}

static void pass_trailers(const struct ss_call *call, const struct ss_header *from, size_t n,
                          struct ss_headers *to)
{
    for (size_t i = 0; i < n; i++)
        if (passes_down(call, &from[i]))
            ss_headers_put_all(to, &from[i], 1);
}

static void on_answer_end(struct ss_call *call, const struct ss_status *st, const struct ss_header *trailers,
                          size_t n)
{
    struct native *native = call->answer_state;
    struct ss_client *c = call->client;
    struct ss_headers down;
    bool given = ss_header_find(trailers, n, SS_LIT("grpc-status")) != NULL;
    ss_headers_init(&down, &call->arena);
    if (given)
        pass_trailers(call, trailers, n, &down);
    else
        ss_head_status_trailers(call, st, &down);
    if (call->state != SS_CALL_STREAMING)
        begin_answer(call);
    if (native->web) {
        struct ss_buf frame;
        ss_buf_init(&frame, 256 * 1024);
        bool sent = false;
        if (ss_grpc_web_trailers(down.fields, down.n, &frame) == SS_OK)
            sent = send_bytes(call, frame.ptr, frame.len, true);
        else
            ss_call_tear(call);
        ss_buf_dispose(&frame);
        if (!sent)
            return;
        down.n = 0;
    }
    c->ops->finish(c, down.fields, down.n);
    ss_call_over(call);
}

static void on_end(struct ss_upcall *u, const struct ss_status *st, const struct ss_header *trailers,
                   size_t n)
{
    struct ss_call *call = (struct ss_call *)(void *)u;
    ss_call_note(call, st);
    on_answer_end(call, st, trailers, n);
}

static void on_error(struct ss_call *call, const struct ss_status *st)
{
    on_answer_end(call, st, NULL, 0);
}

const struct ss_upcall_ops ss_native_upcall = {
    .head = on_head, .bytes = on_bytes, .writable = on_writable, .end = on_end};
const struct ss_answer_ops ss_answer_native = {.end = on_answer_end, .error = on_error};
