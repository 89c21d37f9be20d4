#include "bridge/call.h"

#include "base/mem.h"
#include "http/grpc_frame.h"

enum {
    STREAM_IDLE_MS = 300000, /* where the route says nothing */
    MAX_IDLE_CALLS = 256,    /* kept for reuse, with one arena chunk each */
    CLIENT_HIGH = 64 * 1024, /* bytes unsent to a client above which its service gets no credit */
};

static struct ss_call *call_of(struct ss_upcall *u)
{
    return (struct ss_call *)(void *)u; /* up is its first member */
}

/* ---- life ---- */

static void link_call(struct ss_bridge *b, struct ss_call *call)
{
    call->next = b->calls;
    call->link = &b->calls;
    if (b->calls)
        b->calls->link = &call->next;
    b->calls = call;
    b->n_calls++;
}

static struct ss_call *new_call(struct ss_bridge *b, struct ss_client *c)
{
    struct ss_call *call = b->idle;
    if (call) {
        b->idle = call->next;
        b->n_idle--;
        struct ss_arena arena = call->arena;
        memset(call, 0, sizeof *call);
        call->arena = arena;
    } else {
        call = ss_xcalloc(1, sizeof *call);
        ss_arena_init(&call->arena, 0);
    }
    call->bridge = b;
    call->client = c;
    ss_buf_init(&call->out, SIZE_MAX / 4);
    link_call(b, call);
    return call;
}

static void free_call(struct ss_call *call)
{
    ss_arena_dispose(&call->arena);
    ss_free(call);
}

static void recycle(void *ctx)
{
    struct ss_bridge *b = ctx;
    while (b->done) {
        struct ss_call *call = b->done;
        b->done = call->next;
        ss_buf_dispose(&call->body);
        ss_buf_dispose(&call->out);
        if (b->n_idle >= MAX_IDLE_CALLS) {
            free_call(call);
            continue;
        }
        ss_arena_reset(&call->arena);
        call->next = b->idle;
        b->idle = call;
        b->n_idle++;
    }
    if (b->n_calls == 0 && b->on_idle)
        b->on_idle(b->on_idle_ctx);
}

void ss_call_over(struct ss_call *call)
{
    struct ss_bridge *b = call->bridge;
    if (call->state == SS_CALL_OVER)
        return;
    call->state = SS_CALL_OVER;
    if (call->client)
        call->client->call = NULL;
    call->client = NULL;
    ss_upcall_cancel(&call->up);
    ss_timer_cancel(b->loop, &call->idle);
    *call->link = call->next;
    if (call->next)
        call->next->link = call->link;
    b->n_calls--;
    call->next = b->done;
    b->done = call;
    ss_defer(b->loop, &b->recycle);
}

void ss_call_bridge_init(struct ss_bridge *b)
{
    ss_deferred_init(&b->recycle, recycle, b);
}

void ss_call_bridge_dispose(struct ss_bridge *b)
{
    while (b->calls) {
        struct ss_call *call = b->calls;
        if (call->client)
            call->client->ops->reset(call->client);
        ss_call_over(call);
    }
    b->on_idle = NULL;
    recycle(b);
    ss_deferred_cancel(b->loop, &b->recycle);
    while (b->idle) {
        struct ss_call *call = b->idle;
        b->idle = call->next;
        free_call(call);
    }
}

/* ---- the service's side ---- */

static void on_head(struct ss_upcall *u, const struct ss_header *metadata, size_t n)
{
    struct ss_call *call = call_of(u);
    call->head = (struct ss_metadata){.fields = (struct ss_header *)(uintptr_t)metadata, .n = n, .cap = n};
}

static void pass_credit(struct ss_call *call)
{
    size_t n = call->owed;
    call->owed = 0;
    ss_upcall_consume(&call->up, n);
}

static void on_stream_message(struct ss_call *call, struct ss_slice wire)
{
    call->active_at_ms = ss_loop_now_ms(call->bridge->loop);
    if (!ss_call_stream_message(call, wire))
        return;
    call->owed += wire.len;
    struct ss_client *c = call->client;
    if (c->ops->unsent(c) > CLIENT_HIGH)
        c->ops->want_writable(c);
    else
        pass_credit(call);
}

static void on_unary_message(struct ss_call *call, struct ss_slice wire)
{
    struct ss_status st = {0};
    if (call->got_message) {
        ss_status_set(&st, &call->arena, SS_ERR_BAD_RESPONSE, "the service sent more than one message");
        ss_call_answer_error(call, &st);
        return;
    }
    call->got_message = true;
    const struct ss_snapshot *snapshot = call->bridge->snapshot;
    enum ss_err err = ss_wire_to_json(call->bridge->codec, snapshot->schema, call->method->output,
                                      ss_route_response_field(call->match.route), wire, &call->json,
                                      &call->arena, &call->out, &st);
    ss_upcall_consume(&call->up, wire.len);
    if (err != SS_OK)
        ss_call_answer_error(call, &st);
}

static void on_message(struct ss_upcall *u, struct ss_slice wire)
{
    struct ss_call *call = call_of(u);
    if (call->method->server_streaming)
        on_stream_message(call, wire);
    else
        on_unary_message(call, wire);
}

static void on_end(struct ss_upcall *u, const struct ss_status *st, const struct ss_header *trailers,
                   size_t n)
{
    struct ss_call *call = call_of(u);
    if (call->state == SS_CALL_STREAMING || (st->code == SS_CODE_OK && call->method->server_streaming)) {
        ss_call_stream_end(call, st, trailers, n);
    } else if (st->code != SS_CODE_OK) {
        ss_call_answer_error(call, st);
    } else if (!call->got_message) {
        struct ss_status none;
        ss_status_set(&none, &call->arena, SS_ERR_BAD_RESPONSE, "the service sent no message");
        ss_call_answer_error(call, &none);
    } else {
        ss_call_answer_unary(call, trailers, n);
    }
}

static const struct ss_upcall_ops upcall_ops = {.head = on_head, .message = on_message, .end = on_end};

static void on_idle_timer(void *ctx)
{
    struct ss_call *call = ctx;
    uint64_t now = ss_loop_now_ms(call->bridge->loop);
    uint64_t due = call->active_at_ms + (uint64_t)call->idle_ms;
    if (now < due) {
        ss_timer_set(call->bridge->loop, &call->idle, due);
        return;
    }
    ss_upcall_fail(&call->up, SS_ERR_DEADLINE, "the stream was idle for too long");
}

static void start_idle_timer(struct ss_call *call)
{
    int64_t ms = call->options->idle_timeout_ms;
    call->idle_ms = ms < 0 ? STREAM_IDLE_MS : ms;
    if (!call->method->server_streaming || call->idle_ms == 0)
        return;
    struct ss_loop *l = call->bridge->loop;
    call->active_at_ms = ss_loop_now_ms(l);
    ss_timer_init(&call->idle, on_idle_timer, call);
    ss_timer_set(l, &call->idle, call->active_at_ms + (uint64_t)call->idle_ms);
}

/* The request is whole: sends it up. */
static void go(struct ss_call *call, struct ss_slice body)
{
    struct ss_bridge *b = call->bridge;
    struct ss_status st = {0};
    struct ss_buf framed;
    ss_buf_init(&framed, SIZE_MAX / 4);
    if (ss_call_encode(call, body, &framed, &st) != SS_OK) {
        ss_buf_dispose(&framed);
        ss_call_answer_error(call, &st);
        return;
    }
    size_t max_message = call->options->max_message_bytes;
    struct ss_upcall_request request = {.path = call->method->path,
                                        .metadata = call->up_metadata.fields,
                                        .n_metadata = call->up_metadata.n,
                                        .timeout_ms = call->timeout_ms,
                                        .max_message_bytes = max_message ? max_message : b->max_message_bytes,
                                        .unary = true};
    call->state = SS_CALL_CALLING;
    start_idle_timer(call);
    ss_upcall_start(&call->up, b->clusters[ss_route_rule(call->match.route)->cluster], &request, &upcall_ops,
                    &call->arena);
    ss_upcall_send(&call->up, &framed, true);
}

/* ---- the client's side ---- */

static void *start(void *ctx, struct ss_client *c, const struct ss_request *r)
{
    struct ss_bridge *b = ctx;
    struct ss_call *call = new_call(b, c);
    struct ss_status st = {0};
    enum ss_err err = ss_call_read_head(call, r, &st);
    if (err == SS_ERR_METHOD && ss_slice_eq(r->method, SS_LIT("OPTIONS")))
        ss_call_answer_allow(call);
    else if (err != SS_OK)
        ss_call_answer_error(call, &st);
    else if (r->content_length == 0)
        go(call, (struct ss_slice){0});
    return call->state == SS_CALL_OVER ? NULL : call;
}

static void body(void *ctx, const char *p, size_t n, bool last)
{
    struct ss_call *call = ctx;
    struct ss_client *c = call->client;
    if (call->state != SS_CALL_COLLECTING)
        return;
    c->ops->consume(c, n);
    if (last && call->body.len == 0 && n <= call->max_request_bytes) {
        go(call, ss_slice_of(p, n));
        return;
    }
    if (call->body.max == 0)
        ss_buf_init(&call->body, call->max_request_bytes ? call->max_request_bytes : 1);
    struct ss_status st = {0};
    enum ss_err err =
        n > call->max_request_bytes - call->body.len ? SS_ERR_LIMIT : ss_buf_append(&call->body, p, n);
    if (err != SS_OK) {
        ss_status_set(&st, &call->arena, err == SS_ERR_LIMIT ? SS_ERR_BODY_TOO_LARGE : err,
                      "the body is larger than %zu bytes", call->max_request_bytes);
        ss_call_answer_error(call, &st);
    } else if (last) {
        go(call, ss_buf_slice(&call->body));
        ss_buf_dispose(&call->body);
    }
}

static void refuse(void *ctx, struct ss_client *c, enum ss_err err, const char *why)
{
    struct ss_bridge *b = ctx;
    struct ss_call *call = new_call(b, c);
    struct ss_status st;
    ss_call_make_request_id(call);
    ss_status_set(&st, &call->arena, err, "%s", why);
    ss_call_answer_error(call, &st);
}

static void writable(void *ctx)
{
    pass_credit(ctx);
}

static void gone(void *ctx)
{
    ss_call_over(ctx);
}

struct ss_handler ss_bridge_handler(struct ss_bridge *b)
{
    static const struct ss_handler_ops ops = {
        .start = start, .refuse = refuse, .body = body, .writable = writable, .gone = gone};
    return (struct ss_handler){&ops, b};
}
