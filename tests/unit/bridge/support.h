/* A bridge between a client that records and a scripted gRPC service, with four routes of one schema. */
#ifndef TESTS_BRIDGE_SUPPORT_H
#define TESTS_BRIDGE_SUPPORT_H

#include "bridge/bridge.h"
#include "route/fixture.h"
#include "support/grpc_server.h"

static const char proto_text[] = "syntax = \"proto3\"; package t;\n"
                                 "message Req { string id = 1; string text = 2; int64 n = 3; }\n"
                                 "message Res { string text = 1; int64 n = 2; }\n"
                                 "service Svc {\n"
                                 "  rpc Get(Req) returns (Res);\n"
                                 "  rpc Post(Req) returns (Res);\n"
                                 "  rpc List(Req) returns (stream Res);\n"
                                 "}\n";

struct world {
    struct ss_loop *loop;
    struct grpc_server server;
    struct ss_snapshot *snapshot;
    struct ss_route_options options;
    struct ss_bridge bridge;
    struct ss_handler handler;
    unsigned idle;
};

/* One request's client. */
struct fake {
    struct ss_client c;
    int status; /* 0: no head yet */
    struct ss_buf headers, body, trailers;
    int64_t content_length;
    bool finished, was_reset, wants_writable;
    size_t consumed, unsent;
};

static struct fake *fake_of(struct ss_client *c)
{
    return (struct fake *)(void *)c;
}

static void fake_head(struct ss_client *c, int status, const struct ss_header *headers, size_t n,
                      int64_t content_length)
{
    struct fake *f = fake_of(c);
    assert_int_equal(f->status, 0);
    assert_false(f->finished || f->was_reset);
    f->status = status;
    f->content_length = content_length;
    for (size_t i = 0; i < n; i++)
        ss_buf_printf(&f->headers, "\n%.*s: %.*s\n", SS_FMT(headers[i].name), SS_FMT(headers[i].value));
}

static void fake_data(struct ss_client *c, const char *p, size_t n)
{
    struct fake *f = fake_of(c);
    assert_true(f->status != 0);
    assert_false(f->finished || f->was_reset);
    ss_buf_append(&f->body, p, n);
}

static void fake_finish(struct ss_client *c, const struct ss_header *trailers, size_t n)
{
    struct fake *f = fake_of(c);
    assert_true(f->status != 0);
    assert_false(f->finished || f->was_reset);
    if (f->content_length >= 0)
        assert_int_equal(f->content_length, f->body.len);
    f->finished = true;
    c->call = NULL;
    for (size_t i = 0; i < n; i++)
        ss_buf_printf(&f->trailers, "\n%.*s: %.*s\n", SS_FMT(trailers[i].name), SS_FMT(trailers[i].value));
}

static void fake_reset(struct ss_client *c)
{
    struct fake *f = fake_of(c);
    assert_false(f->finished || f->was_reset);
    f->was_reset = true;
    c->call = NULL;
}

static void fake_consume(struct ss_client *c, size_t n)
{
    fake_of(c)->consumed += n;
}

static size_t fake_unsent(const struct ss_client *c)
{
    return ((const struct fake *)(const void *)c)->unsent;
}

static void fake_want_writable(struct ss_client *c)
{
    fake_of(c)->wants_writable = true;
}

static const struct ss_client_ops fake_ops = {.head = fake_head,
                                              .data = fake_data,
                                              .finish = fake_finish,
                                              .reset = fake_reset,
                                              .consume = fake_consume,
                                              .unsent = fake_unsent,
                                              .want_writable = fake_want_writable};

static inline struct ss_slice header_slice(const char *s)
{
    return ss_slice_of(s, strlen(s));
}

/* A request; headers: "name", "value", …, NULL, or NULL. */
static inline void ask(struct world *w, struct fake *f, const char *method, const char *target,
                       const char *const *headers, int64_t content_length)
{
    struct ss_header list[20];
    size_t n = 0;
    for (; headers && headers[2 * n]; n++)
        list[n] = (struct ss_header){.name = header_slice(headers[2 * n]),
                                     .value = header_slice(headers[2 * n + 1])};
    const char *question = strchr(target, '?');
    struct ss_request r = {.method = header_slice(method),
                           .path =
                               ss_slice_of(target, question ? (size_t)(question - target) : strlen(target)),
                           .query = question ? header_slice(question + 1) : (struct ss_slice){0},
                           .host = SS_LIT("host"),
                           .scheme = SS_LIT("http"),
                           .headers = list,
                           .n_headers = n,
                           .peer = SS_LIT("127.0.0.1"),
                           .content_length = content_length,
                           .trailers_ok = ss_header_find(list, n, SS_LIT("te")) != NULL};
    *f = (struct fake){.c = {.ops = &fake_ops}};
    ss_buf_init(&f->headers, 1 << 20);
    ss_buf_init(&f->body, 64 << 20);
    ss_buf_init(&f->trailers, 1 << 20);
    void *call = w->handler.ops->start(w->handler.ctx, &f->c, &r);
    if (f->finished)
        assert_null(call);
    f->c.call = f->finished || f->was_reset ? NULL : call;
}

static inline void give(struct world *w, struct fake *f, const char *p, size_t n, bool last)
{
    char *exact = malloc(n ? n : 1); /* valid for the time of the call only */
    if (n)
        memcpy(exact, p, n);
    if (f->c.call)
        w->handler.ops->body(f->c.call, exact, n, last);
    free(exact);
}

static inline void ask_json(struct world *w, struct fake *f, const char *target, const char *json)
{
    static const char *const headers[] = {"content-type", "application/json", NULL};
    ask(w, f, "POST", target, headers, (int64_t)strlen(json));
    give(w, f, json, strlen(json), true);
}

static inline void leave(struct world *w, struct fake *f)
{
    void *call = f->c.call;
    f->c.call = NULL;
    w->handler.ops->gone(call);
}

static inline void forget(struct fake *f)
{
    ss_buf_dispose(&f->headers);
    ss_buf_dispose(&f->body);
    ss_buf_dispose(&f->trailers);
}

static inline bool is_answered(void *ctx)
{
    return ((struct fake *)ctx)->finished;
}

static inline bool answered(struct world *w, struct fake *f)
{
    return serve_until(w->loop, &w->server, is_answered, f);
}

static inline bool says(const struct ss_buf *b, const char *part)
{
    return memmem(b->ptr ? b->ptr : "", b->len, part, strlen(part)) != NULL;
}

#define assert_says(buf, part)                                                                               \
    do {                                                                                                     \
        if (!says(buf, part))                                                                                \
            fail_msg("no %s in %.*s", part, (int)(buf)->len, (buf)->ptr);                                    \
    } while (0)

static inline void assert_body(const struct fake *f, const char *text)
{
    if (f->body.len != strlen(text) || (f->body.len && memcmp(f->body.ptr, text, f->body.len) != 0))
        fail_msg("body %.*s instead of %s", (int)f->body.len, f->body.ptr ? f->body.ptr : "", text);
}

static void world_idle(void *ctx)
{
    ((struct world *)ctx)->idle++;
}

static inline void world_rules(struct world *w)
{
    static const struct {
        const char *rule, *method, *body;
    } rules[] = {{"GET /v1/{id}", "t.Svc.Get", ""},
                 {"POST /v1/items", "t.Svc.Post", "*"},
                 {"GET /v1/list/{id}", "t.Svc.List", ""},
                 {"POST /v1/list", "t.Svc.List", "*"}};
    struct ss_rule table[4];
    struct ss_slice why = {0};
    for (size_t i = 0; i < 4; i++) {
        const struct ss_method *m = ss_schema_method(w->snapshot->schema, header_slice(rules[i].method));
        assert_non_null(m);
        table[i] = rule_of(m, rules[i].rule);
        table[i].body = header_slice(rules[i].body);
        table[i].options = &w->options;
    }
    if (ss_route_table_build(table, 4, &w->snapshot->arena, &why, &w->snapshot->routes) != SS_OK)
        fail_msg("%.*s", SS_FMT(why));
}

static inline struct world *world_new(struct ss_loop *l)
{
    struct world *w = ss_xcalloc(1, sizeof *w);
    w->loop = l;
    w->options = (struct ss_route_options){.timeout_ms = -1, .idle_timeout_ms = -1};
    w->options.out.emit_defaults = true;
    server_listen(&w->server);
    w->server.extra = w;
    struct ss_snapshot *s = w->snapshot = ss_snapshot_new();
    s->schema = compile_schema(proto_text);
    s->n_clusters = 1;
    s->clusters = ss_arena_zalloc(&s->arena, sizeof *s->clusters);
    s->clusters[0].name = SS_LIT("svc");
    s->clusters[0].connect_timeout_ms = 1000;
    s->clusters[0].target = (struct ss_target){.kind = SS_TARGET_ADDRESSES,
                                               .addresses = &w->server.at,
                                               .n_addresses = 1,
                                               .authority = SS_LIT("svc:1")};
    world_rules(w);
    ss_bridge_init(&w->bridge, l, s, 1000, 100000);
    w->bridge.on_idle = world_idle;
    w->bridge.on_idle_ctx = w;
    w->handler = ss_bridge_handler(&w->bridge);
    return w;
}

static inline void world_free(struct world *w)
{
    ss_bridge_dispose(&w->bridge);
    ss_snapshot_unref(w->snapshot);
    server_dispose(&w->server);
    ss_free(w);
}

/* The only, or the latest, request that the service has seen. */
static inline struct rec *seen(struct world *w)
{
    assert_true(w->server.n > 0);
    struct h2_peer *p = &w->server.conns[w->server.n - 1];
    assert_true(p->n > 0);
    return &p->streams[p->n - 1];
}

/* Res {text: "abc"} on the wire. */
static const char res_abc[] = "\x0a\x03"
                              "abc";
enum { RES_ABC = 5 };

static inline void reply_abc(struct rec *r)
{
    grpc_reply(r, res_abc, RES_ABC);
}

#endif
