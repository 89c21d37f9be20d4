/* An HTTP/1.1 connection: requests one after another, each given to the handler, answers written in order.
 *
 *   receiving   HEAD ──head──▶ LENGTH | CHUNKED ──body whole──▶ WHOLE ──answered──▶ HEAD
 *                 └──────────── no body ─────────────────────────┘
 *   answering   NONE ──start──▶ PENDING ──head──▶ BODY ──finish──▶ NONE (next request, or close)
 *
 * - Bytes are parsed where they lie in the loop's read buffer; only what cannot be used yet (half a head,
 * pipelined requests) is copied into `in`. Pipelined requests wait there until the answer before them is
 * finished.
 * - A request for a WebSocket that is accepted (head with status 101) turns the connection into a tunnel:
 * what comes is its body, what it answers goes out bare, and the connection closes behind it.
 * - Reading goes on while a call runs, so that the client's departure is seen. When it has sent FIN it may
 * still be listening, but over TLS: a harmless byte or two are sent (an interim response, or a leading zero
 * of the next chunk's size), and a client that is gone answers them with a reset.
 * - It is one file because it is one state machine: receiving and answering share nearly every field.
 * - Timers are lazy: `due_ms` moves with every event, the timer only when it must fire earlier than it is
 * set. */
#include "base/mem.h"
#include "downstream/front.h"
#include "http/websocket.h"

enum rx { RX_HEAD, RX_LENGTH, RX_CHUNKED, RX_TUNNEL, RX_WHOLE };
enum tx { TX_NONE, TX_PENDING, TX_BODY };

enum {
    DRAIN_MAX = 256 * 1024,   /* body bytes read and dropped behind an early answer, to keep the connection */
    OUTPUT_HIGH = 256 * 1024, /* bytes of answers unsent above which no further request is begun */
    BODY_HIGH = 128 * 1024,   /* bytes of a body not dealt with above which no more is read */
    REQUESTS_AT_ONCE = 32,    /* of a client that pipelines, before others are served */
};

struct http1 {
    struct ss_conn conn; /* first */
    struct ss_client client;
    const struct ss_handler_ops *events; /* of the client's call */
    struct ss_front *front;
    struct ss_stream *socket; /* NULL: closed */
    struct ss_buf in;
    size_t in_at;  /* bytes of `in` that have been used: they go when they are half of it */
    size_t seen;   /* bytes of an incomplete head that were looked at */
    uint64_t left; /* of a body with a length */
    uint64_t dropped;
    uint64_t sent_before; /* while closing: bytes out when last looked at */
    size_t held;          /* bytes of the body that the handler has not dealt with */
    size_t behind;        /* while bytes are used: how many there are behind those of this step */
    struct ss_chunked chunked;
    struct ss_timer timer;
    uint64_t due_ms; /* UINT64_MAX: no time limit now */
    struct ss_deferred again;
    struct ss_deferred reap;
    uint8_t rx, tx;
    bool may_be_http2, first;
    bool keep_alive, minor0, head_only, chunk_out, te_trailers, expecting, no_body;
    bool body_paused; /* reading waits for the handler */
    bool ended;       /* all that it sent has been read */
    bool probed, want_writable;
    bool until_close; /* the answer's end is the connection's */
    bool closing;     /* the last answer is on its way; what still comes in is dropped */
    bool unread;      /* the client may be sending still */
    bool advancing;   /* bytes are being used: `in` does not say yet what is left of them */
    bool in_line;     /* more requests have come than are begun at once: the next have to wait for others */
};

static void process(struct http1 *h, char *p, size_t n);

/* Bytes that have come and could not be used yet. */
static size_t waiting_in(const struct http1 *h)
{
    return h->in.len - h->in_at;
}

static struct http1 *of_client(const struct ss_client *c)
{
    return (struct http1 *)(uintptr_t)((const char *)c - offsetof(struct http1, client));
}

/* ---- life and time ---- */

static void reap(void *ctx)
{
    struct http1 *h = ctx;
    ss_buf_dispose(&h->in);
    ss_free(h);
}

static void destroy(struct http1 *h, enum ss_stream_close_how how)
{
    if (h->socket == NULL)
        return;
    if (h->client.call) {
        void *call = h->client.call;
        h->client.call = NULL;
        h->events->gone(call);
    }
    struct ss_loop *l = h->front->loop;
    ss_timer_cancel(l, &h->timer);
    ss_deferred_cancel(l, &h->again);
    ss_front_remove(h->front, &h->conn);
    if (h->until_close && (h->tx == TX_BODY || ss_stream_pending(h->socket)))
        how = SS_CLOSE_RESET; /* not all has left: the client must not take it for whole */
    ss_stream_close(h->socket, how);
    h->socket = NULL;
    ss_defer(l, &h->reap);
}

static void set_due(struct http1 *h, uint64_t in_ms)
{
    struct ss_loop *l = h->front->loop;
    h->due_ms = in_ms ? ss_loop_soon_ms(l) + in_ms : UINT64_MAX;
    if (h->due_ms != UINT64_MAX && (!ss_timer_armed(&h->timer) || h->timer.at_ms > h->due_ms))
        ss_timer_set(l, &h->timer, h->due_ms);
}

/* How long the rest of the request may keep us waiting. */
static void await_body(struct http1 *h)
{
    bool ours = h->rx != RX_WHOLE && !(h->client.call && h->client.patient);
    set_due(h, ours ? h->front->limits.body_timeout_ms : 0);
}

static void refuse(struct http1 *h, enum ss_err err, const char *why)
{
    h->keep_alive = false;
    h->minor0 = h->head_only = false;
    h->unread = true; /* whatever it was: more of it may be on its way */
    h->rx = RX_WHOLE;
    h->tx = TX_PENDING;
    h->front->handler.ops->refuse(h->front->handler.ctx, &h->client, err, why);
}

static void on_timer(void *ctx)
{
    struct http1 *h = ctx;
    if (h->due_ms == UINT64_MAX)
        return;
    if (ss_loop_now_ms(h->front->loop) < h->due_ms) {
        ss_timer_set(h->front->loop, &h->timer, h->due_ms);
        return;
    }
    h->due_ms = UINT64_MAX;
    if (h->closing && ss_stream_bytes_out(h->socket) != h->sent_before) { /* slow, but it reads */
        h->sent_before = ss_stream_bytes_out(h->socket);
        set_due(h, h->front->limits.idle_timeout_ms);
    } else if (h->tx != TX_NONE && h->client.call) { /* the body stopped coming */
        void *call = h->client.call;
        h->client.call = NULL;
        h->events->gone(call);
        if (h->tx == TX_PENDING)
            refuse(h, SS_ERR_REQUEST_TIMEOUT, "the request's body took too long to arrive");
        else
            destroy(h, SS_CLOSE_NOW);
    } else if (h->tx == TX_NONE && h->rx == RX_HEAD && waiting_in(h)) {
        refuse(h, SS_ERR_REQUEST_TIMEOUT, "the request's head took too long to arrive");
    } else {
        destroy(h, SS_CLOSE_FLUSH);
    }
}

/* ---- the answer ---- */

/* Closes once the client has all of the answer. */
static void close_when_sent(struct http1 *h)
{
    h->closing = true;
    h->unread |= h->rx != RX_WHOLE || waiting_in(h) > 0;
    set_due(h, h->front->limits.idle_timeout_ms);
    ss_stream_want_drained(h->socket);
}

/* Reads on, unless enough waits already. */
static void read_on(struct http1 *h)
{
    if (!h->body_paused && !h->in_line && waiting_in(h) < h->front->limits.max_header_bytes)
        ss_stream_resume(h->socket);
}

/* Between two requests, or at the end. */
static void answered(struct http1 *h)
{
    h->tx = TX_NONE;
    if (!h->keep_alive || (h->ended && waiting_in(h) == 0)) {
        close_when_sent(h);
        return;
    }
    read_on(h);
    if (h->rx == RX_WHOLE) {
        h->rx = RX_HEAD;
        h->seen = 0;
        set_due(h, waiting_in(h) ? h->front->limits.header_timeout_ms : h->front->limits.idle_timeout_ms);
    } else if (h->rx != RX_HEAD) {
        await_body(h); /* what is left of it, to be dropped */
    }
    if (waiting_in(h) && !h->advancing)
        ss_defer(h->front->loop, &h->again);
}

/* Whether what is left of the request can be read and dropped, so that the connection stays of use. */
static bool can_drop_rest(const struct http1 *h)
{
    switch ((enum rx)h->rx) {
    case RX_LENGTH:
        return !h->expecting && h->left <= DRAIN_MAX;
    case RX_CHUNKED:
        return !h->expecting;
    case RX_TUNNEL:
        return false;
    case RX_HEAD:
    case RX_WHOLE:
        return true;
    }
    return false;
}

/* Whether the client has sent another request already. */
static bool has_another(const struct http1 *h)
{
    if (!h->advancing)
        return h->rx == RX_WHOLE && waiting_in(h) > 0;
    return h->rx == RX_WHOLE ? h->behind > 0 : h->rx == RX_LENGTH && h->behind > h->left;
}

/* The connection is the WebSocket's from here on. */
static void open_tunnel(struct http1 *h, const struct ss_header *headers, size_t n)
{
    struct ss_buf *out = ss_stream_output(h->socket);
    h->rx = RX_TUNNEL;
    h->tx = TX_BODY;
    h->keep_alive = h->chunk_out = h->no_body = false;
    ss_http1_write_status(out, 101);
    for (size_t i = 0; i < n; i++)
        ss_http1_write_header(out, headers[i].name, headers[i].value);
    ss_buf_append_slice(out, SS_LIT("\r\n"));
    ss_stream_want_flush(h->socket);
}

static void write_head(struct ss_client *c, int status, const struct ss_header *headers, size_t n,
                       int64_t content_length)
{
    struct http1 *h = of_client(c);
    struct ss_buf *out = ss_stream_output(h->socket);
    if (status == 101) {
        ss_stream_raise_output(h->socket, c->max_unsent + OUTPUT_HIGH);
        open_tunnel(h, headers, n);
        return;
    }
    ss_stream_raise_output(h->socket, c->max_unsent + OUTPUT_HIGH);
    if (!can_drop_rest(h) || (h->ended && waiting_in(h) == 0) || (h->front->leaving && !has_another(h)))
        h->keep_alive = false;
    h->no_body = ss_status_bare(status);
    h->chunk_out = content_length < 0 && !h->minor0 && !h->no_body;
    h->until_close = content_length < 0 && h->minor0 && !h->head_only && !h->no_body;
    if (h->until_close)
        h->keep_alive = false;
    ss_http1_write_status(out, status);
    ss_http1_write_header(out, SS_LIT("date"), ss_front_date(h->front));
    for (size_t i = 0; i < n; i++)
        ss_http1_write_header(out, headers[i].name, headers[i].value);
    if (h->chunk_out)
        ss_buf_append_slice(out, SS_LIT("transfer-encoding: chunked\r\n"));
    else if (status == 205) /* which may say so, and by RFC 9110 §15.3.6 should */
        ss_http1_write_length(out, 0);
    else if (content_length >= 0 && !h->no_body)
        ss_http1_write_length(out, (uint64_t)content_length);
    if (!h->keep_alive)
        ss_buf_append_slice(out, SS_LIT("connection: close\r\n"));
    else if (h->minor0)
        ss_buf_append_slice(out, SS_LIT("connection: keep-alive\r\n"));
    ss_buf_append_slice(out, SS_LIT("\r\n"));
    h->tx = TX_BODY;
    ss_stream_want_flush(h->socket);
}

static void write_data(struct ss_client *c, const char *p, size_t n)
{
    struct http1 *h = of_client(c);
    if (h->head_only || h->no_body || n == 0)
        return;
    struct ss_buf *out = ss_stream_output(h->socket);
    if (c->torn || (h->chunk_out ? ss_http1_write_chunk(out, p, n) : ss_buf_append(out, p, n)) != SS_OK) {
        if (!c->torn)
            ss_log_write(ss_loop_log(h->front->loop), SS_LOG_ERROR,
                         "an answer of %zu bytes does not fit in memory", n);
        c->torn = true;
    }
    ss_stream_want_flush(h->socket);
}

static void give(struct ss_client *c, struct ss_buf *b)
{
    struct http1 *h = of_client(c);
    if (h->chunk_out || c->torn || !ss_stream_give(h->socket, b))
        write_data(c, b->ptr, b->len);
    ss_buf_dispose(b);
}

static void finish(struct ss_client *c, const struct ss_header *trailers, size_t n)
{
    struct http1 *h = of_client(c);
    c->call = NULL;
    if (h->chunk_out && !h->head_only)
        c->torn |=
            ss_http1_write_last_chunk(ss_stream_output(h->socket), trailers, h->te_trailers ? n : 0) != SS_OK;
    if (c->torn) {
        destroy(h, SS_CLOSE_NOW);
        return;
    }
    ss_stream_want_flush(h->socket);
    answered(h);
}

static void reset(struct ss_client *c)
{
    struct http1 *h = of_client(c);
    c->call = NULL;
    destroy(h, SS_CLOSE_NOW);
}

static void consume(struct ss_client *c, size_t n)
{
    struct http1 *h = of_client(c);
    h->held -= n < h->held ? n : h->held;
    if (h->body_paused && h->held <= BODY_HIGH / 2) {
        h->body_paused = false;
        await_body(h);
        ss_stream_resume(h->socket);
    }
}

static size_t unsent(const struct ss_client *c)
{
    return ss_stream_pending(of_client(c)->socket);
}

static void want_writable(struct ss_client *c)
{
    struct http1 *h = of_client(c);
    h->want_writable = true;
    ss_stream_want_drained(h->socket);
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

static bool wants_websocket(const struct ss_http1_head *head)
{
    const struct ss_header *h =
        head->upgrade ? ss_header_find(head->headers, head->n_headers, SS_LIT("upgrade")) : NULL;
    return h && ss_websocket_wanted(h->value) && ss_slice_eq(head->method, SS_LIT("GET")) && !head->chunked &&
           (!head->has_length || head->length == 0);
}

static void begin_call(struct http1 *h, const struct ss_http1_head *head)
{
    bool websocket = wants_websocket(head);
    struct ss_handler handler = websocket ? ss_front_websocket(h->front) : h->front->handler;
    struct ss_request r = {
        .method = head->method,
        .path = head->path,
        .query = head->query,
        .host = head->host,
        .scheme = ss_stream_is_tls(h->socket) ? SS_LIT("https") : SS_LIT("http"),
        .headers = head->headers,
        .n_headers = head->n_headers,
        .peer = ss_stream_peer(h->socket),
        .content_length = head->chunked      ? -1
                          : head->has_length ? (int64_t)head->length
                                             : 0,
        .trailers_ok = head->te_trailers && head->minor > 0,
        .websocket = websocket,
        .cors = h->front->cors,
        .site = h->front->site,
    };
    h->front->active_at_ms = ss_loop_now_ms(h->front->loop);
    h->events = handler.ops;
    h->keep_alive = head->keep_alive;
    h->minor0 = head->minor == 0;
    h->head_only = ss_slice_eq(head->method, SS_LIT("HEAD"));
    h->te_trailers = r.trailers_ok;
    h->expecting = head->expect_continue && r.content_length != 0;
    h->left = head->has_length ? head->length : 0;
    h->dropped = 0;
    h->held = 0;
    h->chunked = (struct ss_chunked){0};
    h->rx = head->chunked ? RX_CHUNKED : h->left ? RX_LENGTH : RX_WHOLE;
    h->tx = TX_PENDING;
    h->probed = false;
    h->client.patient = false;
    await_body(h);
    void *call = handler.ops->start(handler.ctx, &h->client, &r);
    if (h->socket == NULL || h->tx == TX_NONE)
        return;
    h->client.call = call;
    if (h->client.patient)
        await_body(h);
    if (h->expecting && call && h->tx == TX_PENDING) {
        ss_stream_send(h->socket, "HTTP/1.1 100 Continue\r\n\r\n", 25);
        h->expecting = false;
    }
}

/* Returns the bytes used; 0 when the head is not whole or the connection is over. */
static size_t take_head(struct http1 *h, char *p, size_t n)
{
    struct ss_header few[SS_FRONT_FEW_HEADERS], *headers = h->front->fields ? h->front->fields : few;
    struct ss_http1_limits limits = {h->front->limits.max_header_bytes, h->front->limits.max_headers};
    struct ss_http1_head head;
    const char *why = NULL;
    ssize_t used = ss_http1_parse_head(p, n, h->seen, &limits, headers, &head, &why);
    if (used < 0) {
        refuse(h, (enum ss_err) - used, why ? why : "malformed HTTP");
        return 0;
    }
    if (used == 0) {
        if (h->seen == 0)
            set_due(h, h->front->limits.header_timeout_ms);
        h->seen = n;
        return 0;
    }
    h->seen = 0;
    h->behind = n - (size_t)used;
    begin_call(h, &head);
    return (size_t)used;
}

/* A piece of the body for the call, or for nobody when it is answered already. */
static void give_body(struct http1 *h, const char *p, size_t n, bool last)
{
    if (last)
        h->rx = RX_WHOLE;
    await_body(h);
    if (h->client.call) {
        h->held += n;
        h->events->body(h->client.call, p, n, last);
        if (h->socket && h->client.call && h->held > BODY_HIGH && !last) {
            h->body_paused = true;
            set_due(h, 0); /* it is not the client who is slow */
            ss_stream_pause(h->socket);
        }
        return;
    }
    h->dropped += n;
    if (h->dropped > DRAIN_MAX)
        close_when_sent(h);
    else if (last && h->tx == TX_NONE)
        answered(h);
}

static size_t take_length(struct http1 *h, const char *p, size_t n)
{
    size_t part = n < h->left ? n : (size_t)h->left;
    h->left -= part;
    h->behind = n - part;
    give_body(h, p, part, h->left == 0);
    return part;
}

static size_t take_tunnel(struct http1 *h, const char *p, size_t n)
{
    give_body(h, p, n, false);
    return n;
}

static size_t take_chunked(struct http1 *h, const char *p, size_t n)
{
    size_t used = 0;
    while (h->socket && h->rx == RX_CHUNKED && used < n) {
        struct ss_slice data;
        const char *why = NULL;
        ssize_t part = ss_chunked_decode(&h->chunked, p + used, n - used, &data, &why);
        if (part < 0) {
            void *call = h->client.call;
            h->client.call = NULL;
            if (call)
                h->events->gone(call);
            if (h->tx == TX_PENDING)
                refuse(h, (enum ss_err) - part, why ? why : "malformed chunk");
            else
                destroy(h, SS_CLOSE_LINGER);
            return 0;
        }
        used += (size_t)part;
        h->behind = n - used;
        if (data.len || h->chunked.done)
            give_body(h, data.ptr, data.len, h->chunked.done);
    }
    return used;
}

/* A client that sends requests and does not read the answers gets no more of them. */
static bool may_begin(struct http1 *h)
{
    if (ss_stream_pending(h->socket) <= OUTPUT_HIGH)
        return true;
    ss_stream_want_drained(h->socket);
    return false;
}

/* A client that has sent many requests has had its part: the next begin when others have had theirs. */
static size_t get_in_line(struct http1 *h)
{
    h->in_line = true;
    set_due(h, 0); /* it is not the client who is slow */
    ss_stream_pause(h->socket);
    ss_defer_in_line(h->front->loop, &h->again);
    return 0;
}

/* Uses what it can of the bytes at p; returns how many. */
static size_t advance(struct http1 *h, char *p, size_t n)
{
    size_t used = 0;
    unsigned begun = 0;
    h->advancing = true;
    while (h->socket && !h->closing && used < n) {
        size_t step = 0;
        if (h->rx == RX_HEAD && h->tx == TX_NONE && may_begin(h))
            step = begun++ < REQUESTS_AT_ONCE ? take_head(h, p + used, n - used) : get_in_line(h);
        else if (h->rx == RX_LENGTH)
            step = take_length(h, p + used, n - used);
        else if (h->rx == RX_TUNNEL)
            step = take_tunnel(h, p + used, n - used);
        else if (h->rx == RX_CHUNKED)
            step = take_chunked(h, p + used, n - used);
        if (step == 0)
            break;
        used += step;
    }
    h->advancing = false;
    return used;
}

/* Keeps what cannot be used yet; a client that sends on and on behind a running call is not read any further.
 */
static void keep(struct http1 *h, const char *p, size_t n)
{
    ss_buf_drop(&h->in, h->in_at);
    h->in_at = 0;
    if (ss_buf_append(&h->in, p, n) != SS_OK) {
        destroy(h, SS_CLOSE_NOW);
        return;
    }
    bool waiting = h->tx != TX_NONE || ss_stream_pending(h->socket) > OUTPUT_HIGH;
    if (waiting && waiting_in(h) >= h->front->limits.max_header_bytes)
        ss_stream_pause(h->socket);
}

static void process(struct http1 *h, char *p, size_t n)
{
    if (waiting_in(h) == 0) {
        size_t used = advance(h, p, n);
        if (h->socket && used < n)
            keep(h, p + used, n - used);
        return;
    }
    if (n) {
        keep(h, p, n);
        if (h->socket == NULL)
            return;
    }
    /* What the parser sees must not move under it: the handler may not touch `in`, and nothing else runs
     * meanwhile. */
    size_t used = advance(h, h->in.ptr + h->in_at, waiting_in(h));
    if (h->socket == NULL)
        return;
    h->in_at += used;
    if (waiting_in(h) == 0) {
        ss_buf_clear(&h->in, 0);
        h->in_at = 0;
    } else if (h->in_at >= h->in.len / 2) {
        ss_buf_drop(&h->in, h->in_at);
        h->in_at = 0;
    }
    read_on(h);
}

/* Cleartext may be HTTP/2 with prior knowledge. Returns how many of the bytes are part of its preface, after
 * those in `in`; 0: it is HTTP/1. With the preface whole the connection is handed over. */
static size_t try_http2(struct http1 *h, const char *p, size_t n)
{
    size_t len = sizeof SS_HTTP2_PREFACE - 1, had = h->in.len;
    if (n > len - had)
        n = len - had;
    if (memcmp(p, SS_HTTP2_PREFACE + had, n) != 0)
        return 0;
    ss_buf_append(&h->in, p, n);
    if (h->in.len < len) {
        set_due(h, h->front->limits.header_timeout_ms);
        return n;
    }
    struct ss_loop *l = h->front->loop;
    struct ss_stream *s = h->socket;
    ss_timer_cancel(l, &h->timer);
    ss_front_remove(h->front, &h->conn);
    h->socket = NULL;
    ss_defer(l, &h->reap);
    ss_http2_new(h->front, s, h->in.ptr, h->in.len);
    return n;
}

/* ---- the socket ---- */

static size_t on_read(void *ctx, char *p, size_t n)
{
    struct http1 *h = ctx;
    if (h->closing)
        return n;
    if (h->may_be_http2) {
        size_t used = try_http2(h, p, n);
        if (used)
            return used; /* the rest comes again, to whom the stream belongs by then */
        h->may_be_http2 = false;
    }
    process(h, p, n);
    return n;
}

static void on_again(void *ctx)
{
    struct http1 *h = ctx;
    if (h->socket == NULL || h->closing)
        return;
    h->in_line = false;
    process(h, NULL, 0);
    if (h->socket == NULL || h->closing)
        return;
    read_on(h);
    bool has_to_wait = h->in_line || ss_stream_pending(h->socket) > OUTPUT_HIGH;
    if (h->ended && h->tx == TX_NONE && !has_to_wait)
        close_when_sent(h); /* what is left is no request */
}

static void on_drained(void *ctx)
{
    struct http1 *h = ctx;
    if (h->closing) {
        destroy(h, h->unread ? SS_CLOSE_LINGER : SS_CLOSE_FLUSH);
    } else if (h->want_writable && h->client.call) {
        h->want_writable = false;
        h->events->writable(h->client.call);
    } else if (h->tx == TX_NONE && waiting_in(h)) {
        ss_defer(h->front->loop, &h->again);
    }
}

/* The client has sent FIN. It may be gone, or only done with sending: see the head of this file. */
static void on_half_closed(struct http1 *h)
{
    if (h->closing)
        return;
    if (h->rx == RX_TUNNEL) { /* a WebSocket has no half-closed state (RFC 6455 §7.1.1) */
        destroy(h, SS_CLOSE_FLUSH);
        return;
    }
    bool listening = h->tx != TX_NONE && h->rx == RX_WHOLE && !(h->minor0 && h->tx == TX_PENDING);
    /* Over TLS it is gone: who waits for our close_notify behind its own takes no answer any more (RFC 5246
     * §7.2.1), and would swallow the probe. */
    listening = listening && !ss_stream_is_tls(h->socket);
    bool unread = h->body_paused &&
                  !ss_stream_is_tls(h->socket); /* the rest of its body may still be there to be read */
    if (!listening && !unread && h->tx != TX_NONE) {
        destroy(h, SS_CLOSE_FLUSH); /* or in the middle of its request */
        return;
    }
    if (h->tx == TX_NONE || h->probed)
        return;
    h->probed = true;
    if (h->tx == TX_PENDING)
        ss_stream_send(h->socket, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    else if (h->chunk_out && !h->head_only)
        ss_stream_send(h->socket, "0", 1); /* RFC 9112 §7.1: chunk-size = 1*HEXDIG */
}

/* All that it sent has been read. */
static void on_ended(void *ctx)
{
    struct http1 *h = ctx;
    h->ended = true;
    if (h->socket == NULL || h->closing)
        return;
    if (h->tx != TX_NONE && h->rx != RX_WHOLE)
        destroy(h, SS_CLOSE_FLUSH); /* in the middle of its request */
    else if (h->tx == TX_NONE && waiting_in(h))
        ss_defer(h->front->loop, &h->again);
    else if (h->tx == TX_NONE)
        close_when_sent(h);
}

static void on_closed(void *ctx, enum ss_err why)
{
    struct http1 *h = ctx;
    if (why == SS_ERR_CLOSED)
        on_half_closed(h);
    else
        destroy(h, SS_CLOSE_NOW);
}

static const struct ss_stream_ops socket_ops = {
    .read = on_read, .drained = on_drained, .closed = on_closed, .ended = on_ended};

/* Answers from now on say that the connection closes. One whose client was promised another request, or has
 * not been answered yet, waits for it until all clients are quiet. The rest of a body whose answer was given
 * early is not waited for. */
static void drain(struct ss_conn *c, bool quiet)
{
    struct http1 *h = (struct http1 *)(void *)c;
    bool between = h->rx != RX_HEAD || waiting_in(h) == 0;
    if (quiet && h->tx == TX_NONE && between && !h->closing)
        close_when_sent(h);
}

static void shut_down(struct ss_conn *c)
{
    struct http1 *h = (struct http1 *)(void *)c;
    h->keep_alive = false;
    if (h->client.call)
        h->events->shut_down(h->client.call);
    else if (h->tx == TX_NONE && !h->closing)
        close_when_sent(h);
}

static void abort_now(struct ss_conn *c)
{
    destroy((struct http1 *)(void *)c, SS_CLOSE_NOW);
}

static struct ss_stream *socket_of(struct ss_conn *c)
{
    return ((struct http1 *)(void *)c)->socket;
}

void ss_http1_new(struct ss_front *f, struct ss_stream *s, bool may_be_http2)
{
    static const struct ss_conn_ops conn_ops = {
        .drain = drain, .shut_down = shut_down, .abort = abort_now, .socket = socket_of};
    struct http1 *h = ss_xcalloc(1, sizeof *h);
    h->client.ops = &client_ops;
    h->front = f;
    h->socket = s;
    h->may_be_http2 = may_be_http2;
    ss_buf_init(&h->in, f->limits.max_header_bytes + 256 * 1024);
    ss_timer_init(&h->timer, on_timer, h);
    ss_deferred_init(&h->again, on_again, h);
    ss_deferred_init(&h->reap, reap, h);
    ss_front_add(f, &h->conn, &conn_ops);
    ss_stream_attach(s, &socket_ops, h);
    ss_stream_resume(s);
    set_due(h, f->limits.idle_timeout_ms);
}
