/* A front with a handler that records requests and answers as a test says, and a client of bytes opposite. */
#ifndef TESTS_DOWNSTREAM_SUPPORT_H
#define TESTS_DOWNSTREAM_SUPPORT_H

#include "downstream/front.h"
#include "support/h2_peer.h"

enum answer_mode {
    ANSWER_WHEN_WHOLE, /* 200 and an echo of the body, once the request is whole */
    ANSWER_AT_ONCE,    /* 200 "early" in start, whatever else comes */
    ANSWER_NEVER,      /* the test answers */
    ANSWER_SOCKET,     /* accepts a WebSocket of up to 1000 bytes a message, and the test answers */
};

struct site;

struct asked {
    struct site *site;
    struct ss_client *client; /* NULL: over */
    char method[32], path[128], query[128], host[64], scheme[8];
    struct ss_buf headers, body;
    int64_t content_length;
    bool trailers_ok, last, gone;
    unsigned writables;
    bool websocket, hold; /* hold: the test consumes */
    char bearer[32];
    struct ss_buf messages; /* of a WebSocket: "t:text\n" and "b:bytes\n" */
};

struct site {
    struct ss_loop *loop;
    struct ss_front front;
    struct h2_peer p;
    enum answer_mode mode;
    int64_t ping_ms; /* of a WebSocket */
    struct asked *asked[64];
    unsigned n, refused, empty;
    enum ss_err refused_err;
};

static inline void answer(struct asked *a, int status, const char *text, size_t n, int64_t length)
{
    static const struct ss_header type[] = {{.name = SS_LIT("content-type"), .value = SS_LIT("text/plain")}};
    struct ss_client *c = a->client;
    a->client = NULL;
    c->ops->head(c, status, type, 1, length);
    c->ops->data(c, text, n);
    c->ops->finish(c, NULL, 0);
}

static inline void answer_text(struct asked *a, const char *text)
{
    answer(a, 200, text, strlen(text), (int64_t)strlen(text));
}

static inline void copy_text(char *to, size_t size, struct ss_slice s)
{
    assert_true(s.len < size);
    if (s.len)
        memcpy(to, s.ptr, s.len);
    to[s.len] = '\0';
}

static void *site_start(void *ctx, struct ss_client *c, const struct ss_request *r)
{
    struct site *s = ctx;
    struct asked *a = ss_xcalloc(1, sizeof *a);
    assert_true(s->n < 64);
    s->asked[s->n++] = a;
    a->site = s;
    a->client = c;
    copy_text(a->method, sizeof a->method, r->method);
    copy_text(a->path, sizeof a->path, r->path);
    copy_text(a->query, sizeof a->query, r->query);
    copy_text(a->host, sizeof a->host, r->host);
    copy_text(a->scheme, sizeof a->scheme, r->scheme);
    ss_buf_init(&a->headers, 1 << 20);
    ss_buf_init(&a->body, 64 << 20);
    for (size_t i = 0; i < r->n_headers; i++)
        ss_buf_printf(&a->headers, "\n%.*s: %.*s\n", SS_FMT(r->headers[i].name), SS_FMT(r->headers[i].value));
    a->content_length = r->content_length;
    a->trailers_ok = r->trailers_ok;
    a->websocket = r->websocket;
    copy_text(a->bearer, sizeof a->bearer, r->bearer);
    ss_buf_init(&a->messages, 64 << 20);
    a->last = r->content_length == 0;
    if (s->mode == ANSWER_SOCKET) {
        assert_true(r->websocket);
        a->last = false;
        c->patient = true;
        c->max_message = 1000;
        c->ping_ms = s->ping_ms;
        c->ops->head(c, 101, NULL, 0, -1);
    }
    if (s->mode == ANSWER_AT_ONCE)
        answer_text(a, "early");
    else if (s->mode == ANSWER_WHEN_WHOLE && a->last)
        answer(a, 200, "", 0, 0);
    return a->client ? a : NULL;
}

static void site_refuse(void *ctx, struct ss_client *c, enum ss_err err, const char *why)
{
    struct site *s = ctx;
    s->refused++;
    s->refused_err = err;
    assert_non_null(why);
    c->ops->head(c, ss_err_http(err), NULL, 0, (int64_t)strlen(why));
    c->ops->data(c, why, strlen(why));
    c->ops->finish(c, NULL, 0);
}

static void site_body(void *call, const char *p, size_t n, bool last)
{
    struct asked *a = call;
    assert_non_null(a->client);
    assert_false(a->last);
    assert_false(a->gone);
    ss_buf_append(&a->body, p, n);
    a->last = last;
    a->client->ops->consume(a->client, n);
    if (last && a->site->mode == ANSWER_WHEN_WHOLE)
        answer(a, 200, a->body.ptr, a->body.len, (int64_t)a->body.len);
}

static void site_message(void *call, struct ss_slice bytes, bool binary)
{
    struct asked *a = call;
    assert_non_null(a->client);
    assert_false(a->gone);
    ss_buf_printf(&a->messages, "%c:%.*s\n", binary ? 'b' : 't', SS_FMT(bytes));
    if (!a->hold)
        a->client->ops->consume(a->client, bytes.len + SS_MESSAGE_COST);
}

static void site_writable(void *call)
{
    struct asked *a = call;
    assert_non_null(a->client);
    a->writables++;
}

static void site_gone(void *call)
{
    struct asked *a = call;
    assert_non_null(a->client); /* never behind finish or reset */
    assert_false(a->gone);
    a->gone = true;
    a->client = NULL;
}

static void site_shut_down(void *call)
{
    struct asked *a = call;
    struct ss_client *c = a->client;
    assert_non_null(c);
    if (a->websocket) {
        a->client = NULL;
        c->ops->close(c, 14, SS_LIT("shutting down"));
    } else {
        answer_text(a, "shutting down");
    }
}

static inline void site_empty(void *ctx)
{
    ((struct site *)ctx)->empty++;
}

static inline struct site *site_new(struct ss_loop *l)
{
    static const struct ss_handler_ops ops = {.start = site_start,
                                              .refuse = site_refuse,
                                              .body = site_body,
                                              .writable = site_writable,
                                              .gone = site_gone,
                                              .shut_down = site_shut_down,
                                              .message = site_message};
    struct site *s = ss_xcalloc(1, sizeof *s);
    struct ss_limits limits;
    ss_limits_init(&limits);
    s->loop = l;
    s->p.fd = -1;
    ss_front_init(&s->front, l, (struct ss_handler){&ops, s}, &limits);
    return s;
}

/* The client's end of a new connection. */
static inline int site_connect(struct site *s)
{
    int fds[2];
    tcp_pair(fds);
    ss_front_accept(&s->front, ss_stream_open(s->loop, fds[0]));
    return fds[1];
}

static inline void site_forget(struct site *s)
{
    for (unsigned i = 0; i < s->n; i++) {
        ss_buf_dispose(&s->asked[i]->headers);
        ss_buf_dispose(&s->asked[i]->body);
        ss_buf_dispose(&s->asked[i]->messages);
        ss_free(s->asked[i]);
    }
    s->n = 0;
}

static inline void site_free(struct site *s)
{
    ss_front_dispose(&s->front);
    assert_int_equal(s->front.n_conns, 0);
    for (unsigned i = 0; i < s->n; i++)
        assert_null(s->asked[i]->client); /* answered, or told that it is gone */
    site_forget(s);
    peer_dispose(&s->p);
    ss_free(s);
}

/* A client of bytes, connected. */
static inline struct site *talk(struct ss_loop *l)
{
    struct site *s = site_new(l);
    peer_init_raw(&s->p, site_connect(s));
    return s;
}

static inline void say(struct site *s, const char *text)
{
    peer_raw(&s->p, text, strlen(text));
}

static inline void settle_site(struct site *s)
{
    pump_settle(s->loop, &s->p);
}

static inline bool peer_at_eof(void *ctx)
{
    return ((struct site *)ctx)->p.eof;
}

static inline bool closes(struct site *s)
{
    return pump_until(s->loop, &s->p, peer_at_eof, s);
}

/* Pumps until what the client has read ends with text; false if it does not get there. */
static inline bool hears(struct site *s, const char *text)
{
    size_t len = strlen(text);
    for (int i = 0; i < 200; i++) {
        if (s->p.raw.len >= len && memcmp(s->p.raw.ptr + s->p.raw.len - len, text, len) == 0)
            return true;
        settle_site(s);
    }
    return false;
}

/* How often text stands in what the client read. */
static inline unsigned heard(const struct site *s, const char *text)
{
    unsigned n = 0;
    size_t len = strlen(text);
    for (size_t i = 0; i + len <= s->p.raw.len; i++)
        n += memcmp(s->p.raw.ptr + i, text, len) == 0;
    return n;
}

static inline bool ends_with(const struct site *s, const char *text)
{
    size_t len = strlen(text);
    return s->p.raw.len >= len && memcmp(s->p.raw.ptr + s->p.raw.len - len, text, len) == 0;
}

#endif
