/* gRPC on a REST listener: the bytes of both bodies pass through untouched, trailers and all. gRPC-Web
 * differs only in how the trailers travel (a last frame of the body) and, as -text, in being base64. */
#include "bridge/head.h"
#include "http/grpc_web.h"
#include "http/http1.h"
#include "http/media.h"
#include "http/metadata.h"

struct native {
    bool web, text;
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
    case SS_MEDIA_FORM:
    case SS_MEDIA_MULTIPART:
    case SS_MEDIA_OTHER:
        break;
    }
    return false;
}

/* ---- the request ---- */

static enum ss_err push(struct ss_call *call, const char *p, size_t n, bool last, struct ss_status *st)
{
    struct native *native = call->answer_state;
    struct ss_buf out;
    ss_buf_init(&out, SIZE_MAX / 4);
    enum ss_err err = SS_OK;
    if (native->text)
        err = ss_grpc_web_decode(&native->decoder, ss_slice_of(p, n), &out);
    else
        err = ss_buf_append(&out, p, n);
    if (err == SS_OK && last && native->text)
        err = ss_grpc_web_decode_end(&native->decoder, &out);
    if (err != SS_OK) {
        ss_buf_dispose(&out);
        return ss_status_set(st, &call->arena, err, "the body is not valid base64");
    }
    ss_call_send(call, &out, last);
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

static const struct ss_method *method_of(struct ss_call *call, struct ss_slice path)
{
    struct ss_slice name = ss_arena_copy(&call->arena, path);
    char *slash = name.len ? memrchr((char *)(uintptr_t)name.ptr, '/', name.len) : NULL;
    if (slash == NULL || slash == name.ptr)
        return NULL;
    *slash = '.';
    return ss_schema_method(call->bridge->snapshot->schema, ss_slice_skip(name, 1));
}

enum ss_err ss_native_begin(struct ss_call *call, const struct ss_request *r, struct ss_status *st)
{
    static const struct ss_route_options none = {.timeout_ms = -1, .idle_timeout_ms = -1};
    const struct ss_snapshot *s = call->bridge->snapshot;
    struct native *native = ss_arena_zalloc(&call->arena, sizeof *native);
    const struct ss_header *type = ss_header_find(r->headers, r->n_headers, SS_LIT("content-type"));
    const struct ss_header *agent = ss_header_find(r->headers, r->n_headers, SS_LIT("user-agent"));
    enum ss_media media = ss_media_of(type->value);
    native->text = media == SS_MEDIA_GRPC_WEB_TEXT;
    native->web = native->text || media == SS_MEDIA_GRPC_WEB;
    call->answer_state = native;
    call->path = ss_arena_copy(&call->arena, r->path);
    call->options = &none;
    call->intake = &intake;
    if (!native->web && !r->http2) {
        call->native = false;
        return ss_status_set(st, &call->arena, SS_ERR_UPGRADE_REQUIRED, "gRPC needs HTTP/2");
    }
    call->answer = &ss_answer_native;
    if (!native->web)
        call->native_type = ss_arena_copy(&call->arena, type->value);
    if (agent)
        call->native_agent = ss_arena_copy(&call->arena, agent->value);
    call->method = method_of(call, call->path);
    const struct ss_rule *rule = call->method ? ss_route_table_of(s->routes, call->method) : NULL;
    if (rule == NULL && s->n_clusters != 1)
        return ss_status_set(st, &call->arena, SS_ERR_NOT_IMPLEMENTED, "unknown method %.*s",
                             SS_FMT(call->path));
    if (!ss_slice_eq(r->method, SS_LIT("POST")))
        return ss_status_set(st, &call->arena, SS_ERR_NOT_IMPLEMENTED, "gRPC calls are POST");
    call->cluster = rule ? rule->cluster : 0;
    if (rule)
        call->options = rule->options;
    return SS_OK;
}

/* ---- the answer ---- */

static void begin_answer(struct ss_call *call)
{
    const struct native *native = call->answer_state;
    struct ss_headers h;
    struct ss_slice type = SS_LIT("application/grpc");
    const struct ss_header *given = ss_header_find(call->head.fields, call->head.n, SS_LIT("content-type"));
    if (native->web)
        type = ss_grpc_web_content_type(native->text);
    else if (given)
        type = given->value;
    ss_head_begin(&h, call, type);
    for (size_t i = 0; i < call->head.n; i++) {
        const struct ss_header *m = &call->head.fields[i];
        bool own = ss_slice_starts(m->name, SS_LIT("grpc-")) && ss_http_value_valid(m->value);
        if (own || (ss_header_from_metadata(m) && !ss_slice_eq(m->name, SS_LIT("x-request-id"))))
            ss_headers_put(&h, m->name, m->value);
    }
    call->state = SS_CALL_STREAMING;
    ss_call_head(call, 200, h.fields, h.n, -1);
}

static void send_bytes(struct ss_call *call, const char *p, size_t n, bool flush)
{
    struct native *native = call->answer_state;
    if (!native->text) {
        ss_call_data(call, p, n);
        return;
    }
    struct ss_buf *out = &call->bridge->scratch;
    ss_buf_clear(out, SS_SCRATCH_KEEP);
    if (ss_grpc_web_encode(&native->encoder, ss_slice_of(p, n), flush, out) == SS_OK)
        ss_call_data(call, out->ptr, out->len);
}

static void on_head(struct ss_upcall *u, const struct ss_header *metadata, size_t n)
{
    struct ss_call *call = (struct ss_call *)(void *)u;
    call->head = (struct ss_metadata){.fields = (struct ss_header *)(uintptr_t)metadata, .n = n, .cap = n};
    begin_answer(call);
}

static void on_bytes(struct ss_upcall *u, const char *p, size_t n)
{
    struct ss_call *call = (struct ss_call *)(void *)u;
    call->active_at_ms = ss_loop_now_ms(call->bridge->loop);
    send_bytes(call, p, n, true);
    if (call->state == SS_CALL_STREAMING)
        ss_call_settle_credit(call, n);
}

static void on_writable(struct ss_upcall *u)
{
    ss_call_request_writable((struct ss_call *)(void *)u);
}

static void pass_trailers(const struct ss_header *from, size_t n, struct ss_headers *to)
{
    for (size_t i = 0; i < n; i++) {
        bool own = ss_slice_starts(from[i].name, SS_LIT("grpc-")) && ss_http_value_valid(from[i].value);
        if (own || ss_trailer_from_metadata(&from[i]))
            ss_headers_put_all(to, &from[i], 1);
    }
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
        pass_trailers(trailers, n, &down);
    else
        ss_head_status_trailers(call, st, &down);
    if (call->state != SS_CALL_STREAMING)
        begin_answer(call);
    if (native->web) {
        struct ss_buf frame;
        ss_buf_init(&frame, 256 * 1024);
        if (ss_grpc_web_trailers(down.fields, down.n, &frame) == SS_OK)
            send_bytes(call, frame.ptr, frame.len, true);
        ss_buf_dispose(&frame);
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
