/* A cluster opposite a service on loopback, and calls that record their events. */
#ifndef TESTS_UPSTREAM_SUPPORT_H
#define TESTS_UPSTREAM_SUPPORT_H

#include "support/grpc_server.h"
#include "upstream/call.h"
#include "upstream/cluster.h"

struct caller {
    struct ss_upcall up; /* first */
    struct ss_arena arena;
    struct ss_buf data; /* messages, one behind the other */
    unsigned heads, messages, ends, writables;
    struct ss_status st;
    size_t n_head, n_trailers;
    const struct ss_header *head, *trailers;
    bool hold;          /* does not consume */
    unsigned cancel_in; /* 1: cancels in head, 2: in message, 3: in end */
    size_t owed;
    void (*on_end)(struct caller *c);
    void *extra;
};

struct world {
    struct ss_loop *loop;
    struct grpc_server server;
    struct ss_cluster_config config;
    struct ss_address addresses[2];
    struct ss_cluster *cluster;
    uint64_t seed;
};

static void caller_head(struct ss_upcall *u, const struct ss_header *metadata, size_t n)
{
    struct caller *c = (struct caller *)(void *)u;
    assert_int_equal(c->ends, 0);
    c->heads++;
    c->head = metadata;
    c->n_head = n;
    if (c->cancel_in == 1)
        ss_upcall_cancel(u);
}

static void caller_message(struct ss_upcall *u, struct ss_slice wire)
{
    struct caller *c = (struct caller *)(void *)u;
    assert_int_equal(c->ends, 0);
    assert_int_equal(c->heads, 1);
    c->messages++;
    ss_buf_append(&c->data, wire.ptr, wire.len);
    if (c->cancel_in == 2)
        ss_upcall_cancel(u);
    else if (c->hold)
        c->owed += wire.len;
    else
        ss_upcall_consume(u, wire.len);
}

static void caller_writable(struct ss_upcall *u)
{
    ((struct caller *)(void *)u)->writables++;
}

static void caller_end(struct ss_upcall *u, const struct ss_status *st, const struct ss_header *trailers,
                       size_t n)
{
    struct caller *c = (struct caller *)(void *)u;
    assert_int_equal(c->ends, 0);
    c->ends++;
    c->st = *st;
    c->trailers = trailers;
    c->n_trailers = n;
    if (c->cancel_in == 3)
        ss_upcall_cancel(u);
    if (c->on_end)
        c->on_end(c);
}

static const struct ss_upcall_ops caller_ops = {
    .head = caller_head, .message = caller_message, .writable = caller_writable, .end = caller_end};

static inline void caller_init(struct caller *c)
{
    *c = (struct caller){0};
    ss_arena_init(&c->arena, 0);
    ss_buf_init(&c->data, 64 << 20);
}

static inline void caller_dispose(struct caller *c)
{
    ss_upcall_cancel(&c->up);
    ss_upcall_cancel(&c->up); /* idempotent */
    ss_arena_dispose(&c->arena);
    ss_buf_dispose(&c->data);
}

static const struct ss_upcall_request plain_request = {.path = {"/pkg.Svc/Method", 15},
                                                       .max_message_bytes = 1 << 20,
                                                       .max_unsent_bytes = 1 << 20,
                                                       .unary = true};

static inline void caller_open(struct caller *c, struct world *w, const struct ss_upcall_request *r)
{
    ss_upcall_start(&c->up, w->cluster, r, &caller_ops, &c->arena);
    assert_int_equal(c->ends, 0); /* never from within */
}

static inline void caller_send(struct caller *c, const char *bytes, size_t n, bool last)
{
    struct ss_buf b;
    char prefix[SS_GRPC_PREFIX];
    ss_buf_init(&b, 64 << 20);
    ss_grpc_prefix(prefix, false, (uint32_t)n);
    ss_buf_append(&b, prefix, SS_GRPC_PREFIX);
    ss_buf_append(&b, bytes, n);
    ss_upcall_send(&c->up, &b, last);
    assert_int_equal(b.len, 0);
    ss_buf_dispose(&b);
}

static inline void call_with(struct caller *c, struct world *w, const struct ss_upcall_request *r)
{
    caller_open(c, w, r);
    caller_send(c, "ping", 4, true);
}

static inline void call_unary(struct caller *c, struct world *w)
{
    caller_init(c);
    call_with(c, w, &plain_request);
}

static inline bool caller_has_ended(void *ctx)
{
    return ((struct caller *)ctx)->ends != 0;
}

static const struct ss_log quiet_log = {.fd = 2, .level = SS_LOG_ERROR};

/* The service listens, the cluster is idle. */
static inline struct world *world_new(struct ss_loop *l)
{
    struct world *w = ss_xcalloc(1, sizeof *w);
    w->loop = l;
    w->seed = 1;
    server_listen(&w->server);
    w->server.on_message = grpc_echo;
    w->config.name = SS_LIT("svc");
    w->config.connect_timeout_ms = 1000;
    w->config.target = (struct ss_target){.kind = SS_TARGET_ADDRESSES,
                                          .addresses = w->addresses,
                                          .n_addresses = 1,
                                          .authority = SS_LIT("svc:1")};
    w->addresses[0] = w->server.at;
    return w;
}

static inline void world_connect(struct world *w)
{
    w->cluster = ss_cluster_new(w->loop, &w->config, w->seed);
}

static inline void world_free(struct world *w)
{
    if (w->cluster)
        ss_cluster_free(w->cluster);
    server_dispose(&w->server);
    ss_free(w);
}

static inline bool ended(struct world *w, struct caller *c)
{
    return serve_until(w->loop, &w->server, caller_has_ended, c);
}

static inline void assert_message(const struct ss_status *st, const char *part)
{
    if (memmem(st->message.ptr ? st->message.ptr : "", st->message.len, part, strlen(part)) == NULL)
        fail_msg("\"%.*s\" does not hold \"%s\"", SS_FMT(st->message), part);
}

#endif
