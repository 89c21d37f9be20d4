/* A WebSocket over one request of HTTP/1.1 or HTTP/2: it stands between the transport, for which it is the
 * handler, and the front's handler, for which it is the client. Bytes go through the codec on their way.
 *
 *   hello ──head 101──▶ open ──close of the handler's──▶ closing ──close of the client's, 2 s──▶ over
 *     │                   └──close of the client's, answered──────────────────────────────────────┘
 *     └── any other head: everything passes as it is ──finish──▶ over
 *
 * - A client that closes, breaks the rules or vanishes is gone for the handler, with the close frame
 * answered.
 * - Credit of bytes that have come is given to the client while the handler holds no message (one in pieces
 * is held by the codec, under its cap), and while the client reads what its pings give rise to.
 * - A client that has been quiet for ping_ms is asked whether it is there; one that says nothing for as long
 * again is gone.
 * - The end of the transport's stream waits for the client's own close (RFC 6455 §7.1.1): browsers lose the
 * last messages when it comes at once. Nothing else of the client's is looked at meanwhile.
 * - When it is over the transport is not called any more; the memory goes at the end of the turn. */
#include "http/websocket.h"
#include "base/mem.h"
#include "downstream/front.h"

enum {
    ECHO_HIGH = 64 * 1024, /* bytes unsent to a client above which its pings are not read */
    OUT_MAX = 1 << 20,     /* bytes of frames between two flushes, where the handler says nothing */
    CLOSE_MS = 2000,       /* for a client to answer our close, once it has it */
    CLOSE_LOOK_MS = 100,
};

struct websocket {
    struct ss_client client; /* as the handler sees it */
    struct ss_client *lower; /* the transport's */
    struct ss_front *front;
    struct ss_websocket *codec; /* NULL: not accepted */
    struct ss_buf out;
    struct ss_deferred reap;
    struct ss_timer timer; /* open: for the next ping. Closing: for the client's close */
    uint64_t heard_at_ms;  /* bytes of the client's have come */
    uint64_t closed_at_ms; /* our close was written */
    uint64_t sent_at_ms;   /* it has left; 0: not yet */
    struct ss_websocket_hello hello;
    size_t held;   /* bytes of messages that the handler has not dealt with */
    size_t owed;   /* bytes whose credit is held back from the client */
    bool writable; /* the handler wants to be told */
    bool pinged;   /* by the client, and the answers may be waiting, for it does not read */
    bool asked;    /* the client, whether it is there, since it was heard */
    bool http2, over, ended, closing;
    bool going_away; /* so is the process: closes say 1001 */
};

static struct websocket *of_client(const struct ss_client *c)
{
    return (struct websocket *)(uintptr_t)((const char *)c - offsetof(struct websocket, client));
}

static void reap(void *ctx)
{
    struct websocket *ws = ctx;
    ss_websocket_free(ws->codec);
    ss_buf_dispose(&ws->out);
    ss_free(ws);
}

static void end(struct websocket *ws)
{
    ws->over = true;
    ws->client.call = NULL;
    ss_timer_cancel(ws->front->loop, &ws->timer);
    ss_defer(ws->front->loop, &ws->reap);
}

/* The handler is told that its client is gone; what was said to the client is sent. */
static void leave(struct websocket *ws)
{
    void *call = ws->client.call;
    ws->client.call = NULL;
    if (call)
        ws->front->handler.ops->gone(call);
}

static void flush(struct websocket *ws)
{
    if (ws->out.len)
        ws->lower->ops->data(ws->lower, ws->out.ptr, ws->out.len);
    ws->client.torn |= ws->lower->torn;
    ss_buf_clear(&ws->out, ECHO_HIGH);
}

/* The client is beyond hearing. */
static void cut(struct websocket *ws)
{
    leave(ws);
    ws->lower->ops->reset(ws->lower);
    end(ws);
}

/* Nothing more to be said or heard. */
static void hang_up(struct websocket *ws)
{
    leave(ws);
    flush(ws);
    ws->lower->ops->finish(ws->lower, NULL, 0);
    end(ws);
}

/* ---- is the client there? ---- */

/* Do not expect a pong from a client that we hold back, or that is not reading. */
static bool may_answer(const struct websocket *ws)
{
    return ws->owed == 0 && ws->lower->ops->unsent(ws->lower) == 0;
}

static void ask(struct websocket *ws)
{
    struct ss_loop *l = ws->front->loop;
    uint64_t now = ss_loop_now_ms(l), every = (uint64_t)ws->client.ping_ms;
    uint64_t due = ws->asked ? 0 : ws->heard_at_ms + every;
    if (now >= due && may_answer(ws)) {
        if (ws->asked) { /* a whole period ago */
            cut(ws);
            return;
        }
        ss_websocket_ping(ws->codec, SS_LIT(""), &ws->out);
        flush(ws);
        ws->asked = true;
    } else {
        ws->asked = false;
    }
    ss_timer_set(l, &ws->timer, now < due ? due : now + every);
}

/* The client has CLOSE_MS for its answer once it has all of what was sent before, which may take as long as
 * any answer may. */
static void await_close(struct websocket *ws)
{
    struct ss_loop *l = ws->front->loop;
    uint64_t now = ss_loop_now_ms(l), limit = ws->front->limits.idle_timeout_ms;
    bool sent = ws->lower->ops->unsent(ws->lower) == 0;
    if (sent && ws->sent_at_ms == 0)
        ws->sent_at_ms = now;
    bool late = sent ? now >= ws->sent_at_ms + CLOSE_MS : limit && now >= ws->closed_at_ms + limit;
    if (late)
        hang_up(ws);
    else
        ss_timer_set(l, &ws->timer, now + CLOSE_LOOK_MS);
}

static void on_timer(void *ctx)
{
    struct websocket *ws = ctx;
    if (ws->closing)
        await_close(ws);
    else
        ask(ws);
}

static void begin_asking(struct websocket *ws)
{
    if (ws->client.ping_ms <= 0 || ws->codec == NULL)
        return;
    ws->heard_at_ms = ss_loop_soon_ms(ws->front->loop);
    ss_timer_set(ws->front->loop, &ws->timer, ws->heard_at_ms + (uint64_t)ws->client.ping_ms);
}

/* ---- the handler's client ---- */

/* The headers of the handshake beside the handler's own. */
static void put_hello(const struct websocket *ws, struct ss_headers *to)
{
    if (!ws->http2) {
        ss_headers_put(to, SS_LIT("upgrade"), SS_LIT("websocket"));
        ss_headers_put(to, SS_LIT("connection"), SS_LIT("Upgrade"));
        ss_headers_put(to, SS_LIT("sec-websocket-accept"),
                       ss_slice_of(ws->hello.accept, SS_WEBSOCKET_ACCEPT));
    }
    if (ws->hello.protocol.len)
        ss_headers_put(to, SS_LIT("sec-websocket-protocol"), ws->hello.protocol);
}

static void head(struct ss_client *c, int status, const struct ss_header *headers, size_t n, int64_t length)
{
    struct websocket *ws = of_client(c);
    struct ss_headers all;
    struct ss_arena a;
    ss_arena_init(&a, 0);
    ss_headers_init(&all, &a);
    ws->lower->max_unsent = c->max_unsent;
    if (c->max_unsent > ws->out.max)
        ws->out.max = c->max_unsent;
    if (status == 101)
        put_hello(ws, &all);
    else if (status == 426)
        ss_headers_put(&all, SS_LIT("sec-websocket-version"), SS_LIT("13"));
    for (size_t i = 0; i < n; i++) {
        bool upgrade = status == 426 && ss_slice_eq(headers[i].name, SS_LIT("upgrade"));
        ss_headers_put(&all, headers[i].name, upgrade ? SS_LIT("websocket") : headers[i].value);
    }
    ws->lower->ops->head(ws->lower, status, all.fields, all.n, length);
    ss_arena_dispose(&a);
    if (status == 101) {
        ws->codec = ss_websocket_new(c->max_message);
        begin_asking(ws);
    }
}

static void data(struct ss_client *c, const char *p, size_t n)
{
    struct ss_client *lower = of_client(c)->lower;
    lower->ops->data(lower, p, n);
}

static void finish(struct ss_client *c, const struct ss_header *trailers, size_t n)
{
    struct websocket *ws = of_client(c);
    ws->lower->ops->finish(ws->lower, trailers, n);
    end(ws);
}

static void reset(struct ss_client *c)
{
    struct websocket *ws = of_client(c);
    ws->lower->ops->reset(ws->lower);
    end(ws);
}

static void repay(struct websocket *ws)
{
    size_t n = ws->owed;
    if (n == 0 || ws->held || ws->pinged)
        return;
    ws->owed = 0;
    ws->lower->ops->consume(ws->lower, n);
}

static void consume(struct ss_client *c, size_t n)
{
    struct websocket *ws = of_client(c);
    ws->held -= n < ws->held ? n : ws->held;
    repay(ws);
}

static size_t unsent(const struct ss_client *c)
{
    const struct ss_client *lower = of_client(c)->lower;
    return lower->ops->unsent(lower);
}

static void want_writable(struct ss_client *c)
{
    struct websocket *ws = of_client(c);
    ws->writable = true;
    ws->lower->ops->want_writable(ws->lower);
}

static void message(struct ss_client *c, struct ss_slice bytes, bool binary)
{
    struct websocket *ws = of_client(c);
    enum ss_err err = ws->codec == NULL ? SS_ERR_MEMORY
                      : binary          ? ss_websocket_binary(ws->codec, bytes, &ws->out)
                                        : ss_websocket_text(ws->codec, bytes, &ws->out);
    flush(ws);
    if (err == SS_OK)
        return;
    ss_log_write(ss_loop_log(ws->front->loop), SS_LOG_ERROR, "a message of %zu bytes was lost: %s", bytes.len,
                 ss_err_text(err));
    c->torn = true; /* what follows it must not be taken for what follows the one before */
    cut(ws);
}

static void close_with(struct ss_client *c, int code, struct ss_slice why)
{
    struct websocket *ws = of_client(c);
    uint16_t number = SS_WEBSOCKET_NORMAL;
    if (ws->going_away)
        number = SS_WEBSOCKET_GOING_AWAY;
    else if (code != SS_CODE_OK)
        number = (uint16_t)(SS_WEBSOCKET_GRPC + (code > 0 && code < 1000 ? code : SS_CODE_UNKNOWN));
    ws->client.call = NULL;
    if (ws->codec == NULL || ss_websocket_close(ws->codec, number, why, &ws->out) != SS_OK) {
        hang_up(ws);
        return;
    }
    flush(ws);
    ws->closing = true;
    ws->held = 0;
    repay(ws);
    ws->closed_at_ms = ss_loop_soon_ms(ws->front->loop);
    ss_timer_set(ws->front->loop, &ws->timer, ws->closed_at_ms + CLOSE_LOOK_MS);
}

static const struct ss_client_ops client_ops = {
    .head = head,
    .data = data,
    .finish = finish,
    .reset = reset,
    .consume = consume,
    .unsent = unsent,
    .want_writable = want_writable,
    .message = message,
    .close = close_with,
};

/* ---- the transport's handler ---- */

static void *start(void *ctx, struct ss_client *c, const struct ss_request *r)
{
    struct ss_front *f = ctx;
    struct ss_request request = *r;
    struct websocket *ws = ss_xcalloc(1, sizeof *ws);
    ws->client.ops = &client_ops;
    ws->lower = c;
    ws->front = f;
    ws->http2 = r->http2;
    ss_buf_init(&ws->out, OUT_MAX);
    ss_deferred_init(&ws->reap, reap, ws);
    ss_timer_init(&ws->timer, on_timer, ws);
    enum ss_err err = ss_websocket_hello(r->headers, r->n_headers, r->http2, &ws->hello);
    if (err == SS_ERR_UPGRADE_REQUIRED && r->http2)
        err = SS_ERR_INVALID; /* HTTP/2 has no Upgrade */
    if (err != SS_OK) {
        f->handler.ops->refuse(f->handler.ctx, &ws->client, err,
                               err == SS_ERR_UPGRADE_REQUIRED || r->http2
                                   ? "expected sec-websocket-version: 13"
                                   : "malformed sec-websocket-key or -protocol");
        return NULL;
    }
    request.bearer = ws->hello.bearer;
    request.content_length = 0; /* what comes is no body */
    void *call = f->handler.ops->start(f->handler.ctx, &ws->client, &request);
    if (ws->over)
        return NULL;
    ws->client.call = call;
    c->patient = ws->client.patient;
    return ws;
}

static void on_message(struct websocket *ws, const struct ss_websocket_event *e)
{
    const struct ss_handler_ops *ops = ws->front->handler.ops;
    void *call = ws->client.call;
    bool text = e->kind == SS_WEBSOCKET_TEXT;
    if (ws->closing)
        return;
    if (text && e->bytes.len == 0) {
        if (!ws->ended)
            ops->body(call, NULL, 0, true);
        ws->ended = true;
        return;
    }
    ws->held += e->bytes.len + SS_MESSAGE_COST;
    ops->message(call, e->bytes, !text);
}

/* Everything in p, unless it is over then. */
static enum ss_err take(struct websocket *ws, const char *p, size_t n)
{
    struct ss_websocket_event e = {.kind = SS_WEBSOCKET_PONG};
    while (!ws->over && e.kind != SS_WEBSOCKET_NONE) {
        size_t used = 0;
        enum ss_err err = ws->codec ? ss_websocket_push(ws->codec, p, n, &used, &e, &ws->out) : SS_ERR_MEMORY;
        if (err != SS_OK)
            return err;
        p += used;
        n -= used;
        switch (e.kind) {
        case SS_WEBSOCKET_TEXT:
        case SS_WEBSOCKET_BINARY:
            on_message(ws, &e);
            break;
        case SS_WEBSOCKET_CLOSE: /* or it has broken the rules, and been told so */
            hang_up(ws);
            break;
        case SS_WEBSOCKET_PING:
            ws->pinged = true;
            break;
        case SS_WEBSOCKET_NONE:
        case SS_WEBSOCKET_PONG:
            break;
        }
    }
    return SS_OK;
}

static void body(void *call, const char *p, size_t n, bool last)
{
    struct websocket *ws = call;
    ws->heard_at_ms = ss_loop_soon_ms(ws->front->loop);
    ws->asked = false;
    if (n && take(ws, p, n) != SS_OK)
        cut(ws);
    if (ws->over)
        return;
    if (last) { /* without a close frame */
        hang_up(ws);
        return;
    }
    flush(ws);
    ws->owed += n;
    ws->pinged = ws->pinged && ws->lower->ops->unsent(ws->lower) > ECHO_HIGH;
    if (ws->pinged)
        ws->lower->ops->want_writable(ws->lower);
    repay(ws);
}

static void writable(void *call)
{
    struct websocket *ws = call;
    bool wanted = ws->writable;
    ws->writable = false;
    ws->pinged = false;
    repay(ws);
    if (wanted && ws->client.call)
        ws->front->handler.ops->writable(ws->client.call);
}

static void gone(void *call)
{
    struct websocket *ws = call;
    leave(ws);
    end(ws);
}

/* RFC 6455 §7.4.1: 1001, the server is going down. */
static void shut_down(void *call)
{
    struct websocket *ws = call;
    if (ws->codec == NULL) {
        if (ws->client.call)
            ws->front->handler.ops->shut_down(ws->client.call);
        return;
    }
    ws->going_away = true;
    if (ws->closing)
        hang_up(ws);
    else
        ws->front->handler.ops->shut_down(ws->client.call);
}

struct ss_handler ss_front_websocket(struct ss_front *f)
{
    static const struct ss_handler_ops ops = {
        .start = start, .body = body, .writable = writable, .gone = gone, .shut_down = shut_down};
    return (struct ss_handler){&ops, f};
}
