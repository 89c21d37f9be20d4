#include "bridge/call.h"

#include "base/mem.h"
#include "bridge/backlog.h"
#include "bridge/inflate.h"
#include "http/gzip.h"

enum {
    GIVE_MIN = 64 * 1024,      /* bytes from which an answer's memory is handed over, not copied */
    STREAM_IDLE_MS = 300000,   /* where the route says nothing */
    PING_MS = 15000,           /* likewise */
    TRIM_BYTES = 4 << 20,      /* of memory that was freed, above which it is given back to the system */
    TRIM_MS = 250,             /* so long after: when most of a burst is over */
    MAX_IDLE_CALLS = 128,      /* kept for reuse, with one arena chunk each */
    SERVICE_HIGH = 256 * 1024, /* bytes unsent to a service above which its client gets no credit */
    SCRATCH_KEEP = 256 * 1024, /* bytes of the worker's buffers that stay between two texts */
    PUSHED_MAX = 4 << 20,      /* what all messages of one window of the client's may become */
    UNSENT_SLACK = 1 << 20,    /* heads, framing, and what a service sends without credit */
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
    call->began_ns = ss_loop_now_ns(b->loop);
    call->grpc_status = -1;
    call->answer = &ss_answer_unary;
    c->torn = false;
    ss_call_set_limits(call);
    link_call(b, call);
    return call;
}

void ss_call_set_limits(struct ss_call *call)
{
    static const struct ss_route_options none;
    const struct ss_bridge *b = call->bridge;
    const struct ss_route_options *o = call->options ? call->options : &none;
    size_t message = o->max_message_bytes ? o->max_message_bytes : b->max_message_bytes;
    size_t json = ss_route_max_json(o, b->max_json_bytes, message);
    call->max_request_bytes = o->max_request_bytes ? o->max_request_bytes : b->max_request_bytes;
    call->max_message_bytes = message;
    call->max_json_bytes = json;
    call->client->max_unsent = (json > message ? json : message) + SS_CLIENT_HIGH + UNSENT_SLACK;
    ss_buf_init(&call->out, json);
}

struct ss_buf *ss_call_scratch(struct ss_call *call, size_t max)
{
    struct ss_buf *out = &call->bridge->scratch;
    out->max = max;
    ss_buf_clear(out, SCRATCH_KEEP);
    ss_defer(call->bridge->loop, &call->bridge->recycle);
    return out;
}

static void free_call(struct ss_call *call)
{
    ss_arena_dispose(&call->arena);
    ss_free(call);
}

/* Memory that is free is not always the system's: the C library keeps it, after a burst for good. */
static void trim(void *ctx)
{
    struct ss_bridge *b = ctx;
    b->freed = 0;
    ss_mem_trim(TRIM_BYTES);
}

/* Counts what n bytes of a call's memory, now free, may leave with the C library. */
static void count_freed(struct ss_bridge *b, size_t n)
{
    b->freed += n;
    if (b->freed >= TRIM_BYTES && !ss_timer_armed(&b->trim))
        ss_timer_after(b->loop, &b->trim, TRIM_MS);
}

static void dispose_request(struct ss_call *call)
{
    if (call->intake && call->intake->dispose)
        call->intake->dispose(call);
    ss_call_inflate_dispose(call);
    ss_buf_dispose(&call->body);
}

/* A large message's text must not stay until the next one. */
static void clear_scratch(struct ss_bridge *b, struct ss_buf *text)
{
    if (text->cap > SCRATCH_KEEP) {
        count_freed(b, text->cap);
        ss_buf_clear(text, SCRATCH_KEEP);
    }
}

static void recycle(void *ctx)
{
    struct ss_bridge *b = ctx;
    while (b->done) {
        struct ss_call *call = b->done;
        b->done = call->next;
        count_freed(b, call->arena.held + call->body.cap + call->out.cap);
        dispose_request(call);
        ss_backlog_dispose(call);
        ss_buf_dispose(&call->out);
        ss_gzip_free(call->gzip);
        if (b->n_idle >= MAX_IDLE_CALLS) {
            free_call(call);
            continue;
        }
        ss_arena_reset(&call->arena);
        call->next = b->idle;
        b->idle = call;
        b->n_idle++;
    }
    clear_scratch(b, &b->scratch);
    clear_scratch(b, &b->zipped);
    if (b->n_calls == 0 && b->on_idle)
        b->on_idle(b->on_idle_ctx);
}

void ss_call_over(struct ss_call *call)
{
    struct ss_bridge *b = call->bridge;
    if (call->state == SS_CALL_OVER)
        return;
    call->state = SS_CALL_OVER;
    if (call->client && call->client->torn) {
        call->grpc_status = SS_CODE_RESOURCE_EXHAUSTED;
        call->why = "there was no memory for the answer, which was broken off";
    }
    ss_access_log(call);
    if (call->client)
        call->client->call = NULL;
    call->client = NULL;
    ss_upcall_cancel(&call->up);
    ss_idle_end(&call->idle, b->loop);
    ss_timer_cancel(b->loop, &call->beat);
    ss_call_inflate_stop(call);
    ss_backlog_stop(call);
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
    ss_timer_init(&b->trim, trim, b);
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
    ss_timer_cancel(b->loop, &b->trim);
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

void ss_call_head(struct ss_call *call, int status, const struct ss_header *headers, size_t n, int64_t length)
{
    call->http_status = status;
    call->client->ops->head(call->client, status, headers, n, length);
}

void ss_call_data(struct ss_call *call, const char *p, size_t n)
{
    if (!call->head_only && !ss_status_bare(call->http_status)) /* else the transport drops it */
        call->bytes_out += n;
    call->client->ops->data(call->client, p, n);
}

void ss_call_give(struct ss_call *call, struct ss_slice text, struct ss_buf *b)
{
    const struct ss_client_ops *ops = call->client->ops;
    if (text.ptr != b->ptr || text.len < GIVE_MIN || ops->give == NULL || call->head_only ||
        ss_status_bare(call->http_status)) {
        ss_call_data(call, text.ptr, text.len);
        return;
    }
    call->bytes_out += text.len;
    ops->give(call->client, b);
}

void ss_call_tear(struct ss_call *call)
{
    call->client->torn = true;
    call->client->ops->reset(call->client);
    ss_call_over(call);
}

void ss_call_note(struct ss_call *call, const struct ss_status *st)
{
    call->grpc_status = st->code;
    call->why = st->note;
    call->why_err = st->err;
}

static void on_message(struct ss_upcall *u, struct ss_slice wire)
{
    struct ss_call *call = call_of(u);
    ss_idle_moved(&call->idle, call->bridge->loop);
    ss_backlog_message(call, wire);
}

static void on_end(struct ss_upcall *u, const struct ss_status *st, const struct ss_header *trailers,
                   size_t n)
{
    struct ss_call *call = call_of(u);
    call->up_ended_ns = ss_loop_now_ns(call->bridge->loop);
    ss_backlog_end(call, st, trailers, n);
}

static void pass_credit(struct ss_call *call)
{
    size_t n = call->owed;
    call->owed = 0;
    ss_upcall_consume(&call->up, n);
}

void ss_call_settle_credit(struct ss_call *call, size_t n)
{
    struct ss_client *c = call->client;
    size_t unsent = c->ops->unsent(c);
    call->owed += n;
    ss_idle_wrote(&call->idle, call->bridge->loop, &call->idle.down, call->bytes_out, unsent, &call->arena);
    if (unsent > SS_CLIENT_HIGH)
        c->ops->want_writable(c);
    else
        pass_credit(call);
}

/* The service has taken what was sent: the client may send more. */
void ss_call_request_writable(struct ss_call *call)
{
    size_t n = call->in_owed;
    call->in_owed = 0;
    if (call->client && n)
        call->client->ops->consume(call->client, n);
}

/* What either side has taken since this was looked at last. */
static void see_what_was_taken(struct ss_call *call)
{
    struct ss_loop *l = call->bridge->loop;
    struct ss_idle *idle = &call->idle;
    ss_idle_took(idle, l, &idle->down, call->bytes_out, call->client->ops->unsent(call->client));
    ss_idle_took(idle, l, &idle->up, call->bytes_up, ss_upcall_unsent(&call->up));
}

static void on_up_writable(struct ss_upcall *u)
{
    struct ss_call *call = call_of(u);
    if (call->client)
        see_what_was_taken(call);
    if (ss_call_inflate_waits(call))
        ss_call_inflate_more(call);
    else
        ss_call_request_writable(call);
}

static const struct ss_upcall_ops upcall_ops = {
    .head = on_head, .message = on_message, .end = on_end, .writable = on_up_writable};

static void on_idle_timer(void *ctx)
{
    struct ss_call *call = ctx;
    see_what_was_taken(call);
    if (!ss_idle_check(&call->idle, call->bridge->loop))
        return;
    struct ss_slice why =
        ss_arena_printf(&call->arena, "the stream was idle for too long (idle_timeout %lld ms)",
                        (long long)call->idle.limit_ms);
    ss_upcall_fail(&call->up, SS_ERR_DEADLINE, why.ptr);
}

/* Whether the request is a stream, of which the idle timeout sees what its client sends, too. */
static bool takes_stream(const struct ss_call *call)
{
    return call->native || call->websocket || call->method->client_streaming;
}

static void start_idle_timer(struct ss_call *call)
{
    int64_t ms = call->options->idle_timeout_ms;
    if (ms < 0)
        ms = STREAM_IDLE_MS;
    if (ms && (takes_stream(call) || call->method->server_streaming))
        ss_idle_begin(&call->idle, call->bridge->loop, ms, on_idle_timer, call);
}

void ss_call_open(struct ss_call *call, bool unary)
{
    if (call->opened)
        return;
    struct ss_upcall_request request = {.path = call->native ? call->path : call->method->path,
                                        .content_type = call->native_type,
                                        .user_agent = call->native_agent,
                                        .metadata = call->up_metadata.fields,
                                        .n_metadata = call->up_metadata.n,
                                        .timeout_ms = call->timeout_ms,
                                        .max_message_bytes = call->max_message_bytes,
                                        .max_unsent_bytes =
                                            SERVICE_HIGH + ss_call_message_max(call) + PUSHED_MAX,
                                        .unary = unary};
    call->opened = true;
    call->state = SS_CALL_CALLING;
    start_idle_timer(call);
    call->up_began_ns = ss_loop_now_ns(call->bridge->loop);
    call->up_opened_ns = ss_clock_ns();
    ss_upcall_start(&call->up, call->bridge->clusters[call->cluster], &request,
                    call->native ? &ss_native_upcall : &upcall_ops, &call->arena);
    if (call->answer->begin)
        call->answer->begin(call);
}

void ss_call_send(struct ss_call *call, struct ss_buf *b, bool last)
{
    size_t n = b->len;
    ss_call_open(call, last);
    ss_upcall_send(&call->up, b, last);
    if (n)
        ss_call_sent(call, n, true);
}

void ss_call_sent(struct ss_call *call, size_t n, bool whole)
{
    struct ss_loop *l = call->bridge->loop;
    call->bytes_up += n;
    if (!whole || call->state == SS_CALL_OVER)
        return;
    ss_idle_moved(&call->idle, l);
    ss_idle_wrote(&call->idle, l, &call->idle.up, call->bytes_up, ss_upcall_unsent(&call->up), &call->arena);
}

/* ---- the client's side ---- */

void ss_call_fail(struct ss_call *call, const struct ss_status *st)
{
    if (call->state == SS_CALL_OVER)
        return;
    ss_call_note(call, st);
    if (call->state == SS_CALL_STREAMING)
        call->answer->end(call, st, NULL, 0);
    else
        call->answer->error(call, st);
}

void ss_call_pushed(struct ss_call *call, size_t n, enum ss_err err, const struct ss_status *st)
{
    if (err != SS_OK) {
        ss_call_fail(call, st);
        return;
    }
    if (call->state == SS_CALL_OVER)
        return;
    call->in_owed += n;
    if (ss_call_inflate_waits(call))
        return; /* it goes on by itself */
    if (ss_call_service_behind(call))
        ss_upcall_want_writable(&call->up);
    else
        ss_call_request_writable(call);
}

bool ss_call_service_behind(const struct ss_call *call)
{
    return call->opened && ss_upcall_unsent(&call->up) > SERVICE_HIGH;
}

static void body(void *ctx, const char *p, size_t n, bool last)
{
    struct ss_call *call = ctx;
    struct ss_status st = {0};
    if (call->state == SS_CALL_OVER)
        return;
    call->bytes_in += n;
    enum ss_err err =
        call->inflate ? ss_call_inflate(call, p, n, last, &st) : call->intake->push(call, p, n, last, &st);
    ss_call_pushed(call, n, err, &st);
}

static void message(void *ctx, struct ss_slice bytes, bool binary)
{
    struct ss_call *call = ctx;
    struct ss_status st = {0};
    if (call->state == SS_CALL_OVER)
        return;
    call->bytes_in += bytes.len;
    ss_call_pushed(call, bytes.len + SS_MESSAGE_COST, call->intake->message(call, bytes, binary, &st), &st);
}

static void *start(void *ctx, struct ss_client *c, const struct ss_request *r)
{
    struct ss_bridge *b = ctx;
    struct ss_call *call = new_call(b, c);
    struct ss_status st = {0};
    enum ss_err err = ss_call_read_head(call, r, &st);
    if (call->state == SS_CALL_OVER)
        return NULL; /* a preflight */
    if (err == SS_ERR_METHOD && ss_slice_eq(r->method, SS_LIT("OPTIONS"))) {
        ss_call_answer_allow(call);
        return NULL;
    }
    c->max_message = call->max_request_bytes;
    if (err == SS_OK && call->websocket)
        c->ping_ms = call->options->websocket.ping_ms < 0 ? PING_MS : call->options->websocket.ping_ms;
    if (err == SS_OK && call->intake->begin)
        err = call->intake->begin(call, r, &st);
    c->patient = call->opened; /* else the body is collected first */
    if (err == SS_OK && r->content_length == 0 && !call->websocket)
        err = call->intake->push(call, NULL, 0, true, &st);
    if (err != SS_OK)
        ss_call_fail(call, &st);
    return call->state == SS_CALL_OVER ? NULL : call;
}

static void refuse(void *ctx, struct ss_client *c, enum ss_err err, const char *why)
{
    struct ss_bridge *b = ctx;
    struct ss_call *call = new_call(b, c);
    struct ss_status st;
    ss_call_make_request_id(call);
    ss_status_say(&st, &call->arena, err, why);
    ss_call_answer_error(call, &st);
}

static void writable(void *ctx)
{
    struct ss_call *call = ctx;
    see_what_was_taken(call);
    pass_credit(call);
    ss_backlog_writable(call);
}

static void gone(void *ctx)
{
    struct ss_call *call = ctx;
    call->grpc_status = SS_CODE_CANCELLED;
    call->why = ss_err_text(SS_ERR_CANCELLED);
    if (call->http_status == 0)
        call->http_status = ss_err_http(SS_ERR_CANCELLED);
    ss_call_over(call);
}

static void shut_down(void *ctx)
{
    static const char why[] = "sidespan is shutting down";
    struct ss_call *call = ctx;
    struct ss_status st;
    if (call->state == SS_CALL_OVER)
        return;
    if (call->opened && !ss_backlog_has_end(call)) {
        ss_upcall_fail(&call->up, SS_ERR_UNAVAILABLE, why);
        return;
    }
    ss_status_set(&st, &call->arena, SS_ERR_UNAVAILABLE, why);
    ss_call_fail(call, &st);
}

struct ss_handler ss_bridge_handler(struct ss_bridge *b)
{
    static const struct ss_handler_ops ops = {.start = start,
                                              .refuse = refuse,
                                              .body = body,
                                              .writable = writable,
                                              .gone = gone,
                                              .shut_down = shut_down,
                                              .message = message};
    return (struct ss_handler){&ops, b};
}
