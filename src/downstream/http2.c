/* An HTTP/2 connection of a client: each stream is a request for the handler.
 *
 *   headers ──▶ start ──▶ body* ──▶ answer (head, data*, finish) ──▶ stream closed
 *
 * A stream lives from nghttp2's first word of it to its last (`on_stream_closed`), whatever happens to the
 * call.
 *
 * One timer a connection looks after it and its streams: a head or a body that does not come on, and an
 * answer that is not taken. It is lazy: what happens to a stream moves `since_ms`, and the timer only when it
 * must fire earlier than it is set. While a call runs, time is the bridge's matter.
 *
 * It is one file because requests and their connection share the block being received, the timer and the
 * drain. */
#include <stdio.h>

#include "base/arena.h"
#include "base/mem.h"
#include "downstream/front.h"
#include "h2/h2.h"

enum {
    STREAM_WINDOW = 256 * 1024,
    CONNECTION_WINDOW = 1024 * 1024,
    DRAIN_PING_MS = 750,
    KEEP_FIELDS = 32,     /* room for so many fields is kept from block to block */
    ANSWER_MAX = 1 << 20, /* bytes of an answer whose handler says nothing of its size */
};

struct http2;

struct h2_request {
    struct ss_h2_stream h2; /* first */
    struct ss_client client;
    const struct ss_handler_ops *events; /* of the client's call */
    struct http2 *conn;
    struct ss_arena arena;           /* trailers of the answer */
    struct h2_request *next, **link; /* of the connection's list */
    int64_t length;                  /* content-length; -1: none */
    int64_t received;
    uint64_t since_ms; /* nothing has come, or been taken, since then */
    size_t unsent;     /* of the answer, when that was last looked at */
    bool body_done, head_only, answered, started;
    bool cut; /* reset, for the client does not take its answer */
};

struct http2 {
    struct ss_conn conn; /* first */
    struct ss_front *front;
    struct ss_h2 *h2; /* NULL: closed */
    struct ss_slice peer;
    struct ss_timer timer;
    uint64_t active_at_ms;
    uint64_t drain_at_ms; /* when it was last told that we drain; 0: not yet */
    struct ss_deferred reap;
    struct h2_request *requests;
    bool tls, told; /* told: sent GOAWAY for being idle */
    /* the block being received: HTTP/2 does not interleave them */
    struct ss_arena block;
    struct ss_header *fields; /* owned; NULL: none yet */
    size_t n_fields, fields_cap, block_bytes;
    struct ss_slice method, path, authority, protocol;
};

static struct h2_request *of_stream(struct ss_h2_stream *st)
{
    return (struct h2_request *)(void *)st;
}

static struct h2_request *of_client(const struct ss_client *c)
{
    return (struct h2_request *)(uintptr_t)((const char *)c - offsetof(struct h2_request, client));
}

/* Something has happened to r; what is next must happen within ms (0: whenever). */
static void watch(struct http2 *c, struct h2_request *r, uint64_t ms)
{
    r->since_ms = ss_loop_soon_ms(c->front->loop);
    if (ms && (!ss_timer_armed(&c->timer) || c->timer.at_ms > r->since_ms + ms))
        ss_timer_set(c->front->loop, &c->timer, r->since_ms + ms);
}

/* ---- the answer ---- */

static void write_head(struct ss_client *c, int status, const struct ss_header *headers, size_t n,
                       int64_t content_length)
{
    struct h2_request *r = of_client(c);
    struct ss_headers all;
    if (c->max_unsent > r->h2.out.max)
        r->h2.out.max = c->max_unsent;
    if (status == 101) /* RFC 8441 §5: the acceptance of an extended CONNECT */
        status = 200;
    char status_text[4] = {(char)('0' + status / 100 % 10), (char)('0' + status / 10 % 10),
                           (char)('0' + status % 10)};
    char length_text[24];
    ss_headers_init(&all, &r->arena);
    ss_headers_put(&all, SS_LIT(":status"), ss_slice_of(status_text, 3));
    ss_headers_put(&all, SS_LIT("date"), ss_front_date(r->conn->front));
    ss_headers_put_all(&all, headers, n);
    if (content_length >= 0 && !ss_status_bare(status)) {
        int len = snprintf(length_text, sizeof length_text, "%lld", (long long)content_length);
        ss_headers_put(&all, SS_LIT("content-length"), ss_slice_of(length_text, (size_t)len));
    }
    bool end = r->head_only || ss_status_bare(status);
    if (ss_h2_respond(r->conn->h2, &r->h2, all.fields, all.n, end) != SS_OK)
        ss_h2_reset(r->conn->h2, &r->h2, SS_H2_INTERNAL_ERROR);
    r->h2.eof = end;
}

static void write_data(struct ss_client *c, const char *p, size_t n)
{
    struct h2_request *r = of_client(c);
    if (r->head_only || r->h2.eof || n == 0)
        return;
    enum ss_err err = ss_h2_write(r->conn->h2, &r->h2, p, n);
    if (err == SS_OK || err == SS_ERR_CLOSED)
        return;
    c->torn = true;
    ss_h2_reset(r->conn->h2, &r->h2, SS_H2_INTERNAL_ERROR);
}

static void give(struct ss_client *c, struct ss_buf *b)
{
    struct h2_request *r = of_client(c);
    if (r->h2.out.len) {
        write_data(c, b->ptr, b->len);
        ss_buf_dispose(b);
        return;
    }
    b->max = r->h2.out.max;
    ss_h2_write_buf(r->conn->h2, &r->h2, b);
}

static void finish(struct ss_client *c, const struct ss_header *trailers, size_t n)
{
    struct h2_request *r = of_client(c);
    c->call = NULL;
    r->answered = true;
    watch(r->conn, r, r->conn->front->limits.idle_timeout_ms);
    if (r->h2.eof)
        return;
    struct ss_header *copy = n ? ss_arena_alloc(&r->arena, n * sizeof *copy) : NULL;
    for (size_t i = 0; i < n; i++)
        copy[i] = (struct ss_header){.name = ss_arena_copy(&r->arena, trailers[i].name),
                                     .value = ss_arena_copy(&r->arena, trailers[i].value)};
    ss_h2_finish(r->conn->h2, &r->h2, copy, n);
}

static void reset(struct ss_client *c)
{
    struct h2_request *r = of_client(c);
    c->call = NULL;
    r->answered = true;
    ss_h2_reset(r->conn->h2, &r->h2, SS_H2_INTERNAL_ERROR);
}

static void consume(struct ss_client *c, size_t n)
{
    struct h2_request *r = of_client(c);
    ss_h2_consume(r->conn->h2, &r->h2, n);
}

static size_t unsent(const struct ss_client *c)
{
    return ss_h2_unsent(&of_client(c)->h2);
}

static void want_writable(struct ss_client *c)
{
    ss_h2_want_writable(&of_client(c)->h2);
}

static const struct ss_client_ops client_ops = {
    .head = write_head,
    .data = write_data,
    .give = give,
    .finish = finish,
    .reset = reset,
    .consume = consume,
    .unsent = unsent,
    .want_writable = want_writable,
};

/* ---- the request ---- */

/* Forgets the block that was being received, and the memory of a large one. */
static void clear_block(struct http2 *c)
{
    ss_arena_reset(&c->block);
    c->n_fields = c->block_bytes = 0;
    if (c->fields_cap > KEEP_FIELDS) {
        ss_free(c->fields);
        c->fields = NULL;
        c->fields_cap = 0;
    }
}

static struct ss_h2_stream *on_open(void *ctx)
{
    struct http2 *c = ctx;
    struct h2_request *r = ss_xcalloc(1, sizeof *r);
    r->conn = c;
    r->client.ops = &client_ops;
    r->length = -1;
    ss_arena_init(&r->arena, 0);
    ss_buf_init(&r->h2.out, ANSWER_MAX);
    r->next = c->requests;
    r->link = &c->requests;
    if (r->next)
        r->next->link = &r->next;
    c->requests = r;
    watch(c, r, c->front->limits.header_timeout_ms);
    clear_block(c); /* of a block that was refused in its middle */
    c->method = c->path = c->authority = c->protocol = (struct ss_slice){0};
    return &r->h2;
}

static bool on_header(void *ctx, struct ss_h2_stream *st, struct ss_slice name, struct ss_slice value)
{
    struct http2 *c = ctx;
    struct h2_request *r = of_stream(st);
    c->block_bytes += name.len + value.len + 32;
    if (r->started || c->block_bytes > c->front->limits.max_header_bytes)
        return true; /* trailers are dropped; what is too large is answered at the end of the block */
    struct ss_slice kept = ss_arena_copy(&c->block, value);
    if (name.len && name.ptr[0] == ':') {
        if (ss_slice_eq(name, SS_LIT(":method")))
            c->method = kept;
        else if (ss_slice_eq(name, SS_LIT(":path")))
            c->path = kept;
        else if (ss_slice_eq(name, SS_LIT(":authority")))
            c->authority = kept;
        else if (ss_slice_eq(name, SS_LIT(":protocol")))
            c->protocol = kept;
        return true;
    }
    if (++c->n_fields > c->front->limits.max_headers)
        return true;
    if (c->n_fields > c->fields_cap) {
        c->fields_cap = c->fields_cap ? 2 * c->fields_cap : KEEP_FIELDS;
        c->fields = ss_xrealloc(c->fields, c->fields_cap, sizeof *c->fields);
    }
    c->fields[c->n_fields - 1] = (struct ss_header){.name = ss_arena_copy(&c->block, name), .value = kept};
    return true;
}

/* RFC 9113 §8.2.3: a cookie may come in pieces. */
static void join_cookies(struct http2 *c)
{
    struct ss_header *first = NULL;
    struct ss_slice all = ss_headers_join(c->fields, c->n_fields, SS_LIT("cookie"), "; ", &c->block);
    size_t n = 0;
    for (size_t i = 0; i < c->n_fields; i++) {
        bool cookie = ss_slice_eq(c->fields[i].name, SS_LIT("cookie"));
        if (cookie && first)
            continue;
        c->fields[n] = c->fields[i];
        if (cookie) {
            first = &c->fields[n];
            first->value = all;
        }
        n++;
    }
    c->n_fields = n;
}

static int64_t content_length(const struct http2 *c, const struct ss_h2_stream *st)
{
    if (st->remote_end)
        return 0;
    const struct ss_header *h = ss_header_find(c->fields, c->n_fields, SS_LIT("content-length"));
    if (h == NULL || h->value.len == 0 || h->value.len > 18)
        return -1;
    int64_t v = 0;
    for (size_t i = 0; i < h->value.len; i++)
        v = v * 10 + (h->value.ptr[i] - '0'); /* nghttp2 has checked the digits */
    return v;
}

static void begin_call(struct http2 *c, struct h2_request *r)
{
    const struct ss_handler *handler = &c->front->handler;
    struct ss_handler socket = ss_front_websocket(c->front);
    bool websocket =
        ss_slice_eq(c->method, SS_LIT("CONNECT")) && ss_slice_eq(c->protocol, SS_LIT("websocket"));
    const struct ss_limits *limits = &c->front->limits;
    if (c->block_bytes > limits->max_header_bytes || c->n_fields > limits->max_headers) {
        handler->ops->refuse(handler->ctx, &r->client, SS_ERR_HEADERS_TOO_LARGE, "request header too large");
        return;
    }
    if (c->path.len == 0 || (c->path.ptr[0] != '/' && !ss_slice_eq(c->path, SS_LIT("*")))) {
        handler->ops->refuse(handler->ctx, &r->client, SS_ERR_INVALID, "the path must start with /");
        return;
    }
    if (websocket && r->h2.remote_end) {
        handler->ops->refuse(handler->ctx, &r->client, SS_ERR_INVALID, "a WebSocket that has ended already");
        return;
    }
    if (websocket)
        handler = &socket;
    join_cookies(c);
    const char *question = memchr(c->path.ptr, '?', c->path.len);
    size_t path_len = question ? (size_t)(question - c->path.ptr) : c->path.len;
    const struct ss_header *host = ss_header_find(c->fields, c->n_fields, SS_LIT("host"));
    r->length = websocket ? -1 : content_length(c, &r->h2); /* what comes is no body */
    r->head_only = ss_slice_eq(c->method, SS_LIT("HEAD"));
    struct ss_request request = {
        .method = websocket ? SS_LIT("GET") : c->method,
        .path = ss_slice_of(c->path.ptr, path_len),
        .query = question ? ss_slice_skip(c->path, path_len + 1) : (struct ss_slice){0},
        .host = c->authority.len || host == NULL ? c->authority : host->value,
        .scheme = c->tls ? SS_LIT("https") : SS_LIT("http"),
        .headers = c->fields,
        .n_headers = c->n_fields,
        .peer = c->peer,
        .content_length = r->length,
        .trailers_ok = true,
        .http2 = true,
        .websocket = websocket,
        .cors = c->front->cors,
        .site = c->front->site,
    };
    r->events = handler->ops;
    void *call = handler->ops->start(handler->ctx, &r->client, &request);
    r->client.call = r->answered ? NULL : call;
}

static bool waits_for_body(const struct h2_request *r)
{
    return r->client.call && !r->client.patient && r->length != 0 && !r->body_done;
}

static void on_headers_end(void *ctx, struct ss_h2_stream *st, enum ss_h2_block block)
{
    struct http2 *c = ctx;
    struct h2_request *r = of_stream(st);
    if (block == SS_H2_REQUEST && !r->started) {
        r->started = true;
        c->active_at_ms = ss_loop_soon_ms(c->front->loop);
        c->front->active_at_ms = ss_loop_now_ms(c->front->loop);
        begin_call(c, r);
        if (waits_for_body(r))
            watch(c, r, c->front->limits.body_timeout_ms);
    }
    clear_block(c);
}

static void give_body(struct http2 *c, struct h2_request *r, const char *p, size_t n, bool last)
{
    if (r->client.call && !r->body_done) {
        r->body_done = last;
        r->since_ms = ss_loop_soon_ms(c->front->loop);
        r->events->body(r->client.call, p, n, last);
    } else if (n && c->h2) {
        ss_h2_consume(c->h2, &r->h2, n);
    }
}

static void on_data(void *ctx, struct ss_h2_stream *st, char *p, size_t n)
{
    struct h2_request *r = of_stream(st);
    r->received += (int64_t)n;
    give_body(ctx, r, p, n, r->length > 0 && r->received == r->length);
}

static void on_end(void *ctx, struct ss_h2_stream *st)
{
    struct h2_request *r = of_stream(st);
    if (r->length != 0)
        give_body(ctx, r, NULL, 0, true);
}

static void on_stream_closed(void *ctx, struct ss_h2_stream *st, uint32_t error, bool unprocessed)
{
    struct http2 *c = ctx;
    struct h2_request *r = of_stream(st);
    (void)error;
    (void)unprocessed;
    if (r->client.call) {
        void *call = r->client.call;
        r->client.call = NULL;
        r->events->gone(call);
    }
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    c->active_at_ms = ss_loop_soon_ms(c->front->loop);
    ss_buf_dispose(&r->h2.out);
    ss_arena_dispose(&r->arena);
    ss_free(r);
}

static void on_writable(void *ctx, struct ss_h2_stream *st)
{
    struct h2_request *r = of_stream(st);
    (void)ctx;
    if (r->client.call)
        r->events->writable(r->client.call);
}

/* ---- the connection ---- */

static void reap(void *ctx)
{
    struct http2 *c = ctx;
    ss_arena_dispose(&c->block);
    ss_free(c->fields);
    ss_free(c);
}

static void on_closed(void *ctx, enum ss_err why)
{
    struct http2 *c = ctx;
    struct ss_h2 *h2 = c->h2;
    (void)why;
    if (h2 == NULL)
        return;
    c->h2 = NULL;
    ss_timer_cancel(c->front->loop, &c->timer);
    ss_front_remove(c->front, &c->conn);
    ss_h2_free(h2);
    ss_defer(c->front->loop, &c->reap);
}

static void on_nothing(void *ctx)
{
    (void)ctx;
}

static const struct ss_h2_ops h2_ops = {
    .open = on_open,
    .header = on_header,
    .headers_end = on_headers_end,
    .data = on_data,
    .end = on_end,
    .stream_closed = on_stream_closed,
    .writable = on_writable,
    .settings = on_nothing,
    .goaway = on_nothing,
    .closed = on_closed,
};

/* ---- time ---- */

/* When r will have taken too long, if nothing happens; UINT64_MAX: that is not for us to say. */
static uint64_t due_of(const struct h2_request *r)
{
    const struct ss_limits *limits = &r->conn->front->limits;
    uint64_t ms = 0;
    if (!r->started)
        ms = limits->header_timeout_ms;
    else if (waits_for_body(r))
        ms = limits->body_timeout_ms;
    else if (r->answered)
        ms = limits->idle_timeout_ms;
    return ms ? r->since_ms + ms : UINT64_MAX;
}

/* r has taken too long. false: and so the connection is over. */
static bool on_late(struct http2 *c, struct h2_request *r)
{
    if (!r->started || r->cut) { /* in mid-block there is nothing to answer to; nor if not even resets go */
        ss_h2_abort(c->h2);
        return false;
    }
    if (r->answered) {
        r->cut = true;
        watch(c, r, 0);
        ss_h2_reset(c->h2, &r->h2, SS_H2_CANCEL);
        return true;
    }
    void *call = r->client.call;
    r->client.call = NULL;
    r->events->gone(call);
    c->front->handler.ops->refuse(c->front->handler.ctx, &r->client, SS_ERR_REQUEST_TIMEOUT,
                                  "the request's body took too long to arrive");
    return true;
}

/* The connection without a request: says goodbye, and some time later leaves. */
static bool on_idle(struct http2 *c)
{
    if (c->told) { /* and does not even read our GOAWAY */
        ss_h2_abort(c->h2);
        return false;
    }
    c->told = true;
    c->active_at_ms = ss_loop_soon_ms(c->front->loop);
    ss_h2_drain(c->h2);
    return true;
}

static void on_timer(void *ctx)
{
    struct http2 *c = ctx;
    struct ss_loop *l = c->front->loop;
    uint64_t now = ss_loop_now_ms(l), next = UINT64_MAX, limit = c->front->limits.idle_timeout_ms;
    for (struct h2_request *r = c->requests; r; r = r->next) {
        if (r->answered && ss_h2_unsent(&r->h2) != r->unsent) {
            r->unsent = ss_h2_unsent(&r->h2);
            r->since_ms = now;
        }
        if (due_of(r) <= now && !on_late(c, r))
            return;
        if (due_of(r) < next)
            next = due_of(r);
    }
    if (limit && c->requests == NULL) {
        if (now >= c->active_at_ms + limit && !on_idle(c))
            return;
        next = c->active_at_ms + limit;
    }
    if (next != UINT64_MAX)
        ss_timer_set(l, &c->timer, next);
}

/* A client that does not answer our PING in time may lose what it sends after that. */
static void drain(struct ss_conn *conn, bool quiet)
{
    struct http2 *c = (struct http2 *)(void *)conn;
    uint64_t now = ss_loop_now_ms(c->front->loop);
    (void)quiet;
    if (c->h2 == NULL || (c->drain_at_ms && now - c->drain_at_ms < DRAIN_PING_MS))
        return;
    c->drain_at_ms = now;
    ss_h2_drain(c->h2);
}

static void shut_down(struct ss_conn *conn)
{
    struct http2 *c = (struct http2 *)(void *)conn;
    for (struct h2_request *r = c->requests, *next; r; r = next) {
        next = r->next;
        if (r->client.call)
            r->events->shut_down(r->client.call);
    }
}

static void abort_now(struct ss_conn *conn)
{
    struct http2 *c = (struct http2 *)(void *)conn;
    ss_h2_abort(c->h2);
}

static struct ss_stream *socket_of(struct ss_conn *conn)
{
    struct http2 *c = (struct http2 *)(void *)conn;
    return c->h2 ? ss_h2_socket(c->h2) : NULL;
}

void ss_http2_new(struct ss_front *f, struct ss_stream *s, char *first, size_t n_first)
{
    static const struct ss_conn_ops conn_ops = {
        .drain = drain, .shut_down = shut_down, .abort = abort_now, .socket = socket_of};
    struct http2 *c = ss_xcalloc(1, sizeof *c);
    struct ss_h2_config config = {
        .role = SS_H2_SERVER,
        .max_concurrent_streams = f->limits.max_concurrent_streams,
        .stream_window = STREAM_WINDOW,
        .connection_window = CONNECTION_WINDOW,
        .max_header_bytes = f->limits.max_header_bytes,
        .max_headers = f->limits.max_headers,
    };
    c->front = f;
    c->tls = ss_stream_is_tls(s);
    c->peer = ss_stream_peer(s); /* lives as long as the socket */
    c->active_at_ms = ss_loop_soon_ms(f->loop);
    ss_arena_init(&c->block, 0);
    ss_timer_init(&c->timer, on_timer, c);
    ss_deferred_init(&c->reap, reap, c);
    ss_front_add(f, &c->conn, &conn_ops);
    c->h2 = ss_h2_new(s, &config, &h2_ops, c);
    if (f->limits.idle_timeout_ms)
        ss_timer_set(f->loop, &c->timer, c->active_at_ms + f->limits.idle_timeout_ms);
    if (n_first)
        ss_h2_feed(c->h2, first, n_first);
}
