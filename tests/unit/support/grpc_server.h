/* A gRPC service on a loopback port, made of nghttp2 peers: accepts what comes and answers as the test says.
 * In the same thread as the loop under test, pumped between its turns. */
#ifndef TESTS_SUPPORT_GRPC_SERVER_H
#define TESTS_SUPPORT_GRPC_SERVER_H

#include <arpa/inet.h>

#include "http/grpc_frame.h"
#include "support/h2_peer.h"

enum { SERVER_CONNS = 8 };

struct grpc_server {
    int fd; /* -1: not listening */
    struct ss_address at;
    struct h2_peer conns[SERVER_CONNS];
    unsigned n; /* accepted so far */
    nghttp2_settings_entry settings[2];
    size_t n_settings;
    bool mute;   /* accepts, and says nothing: no SETTINGS */
    bool refuse; /* closes what it accepts */
    /* A request is whole (on_message) or its head is there (on_block). */
    void (*on_message)(struct rec *r);
    void (*on_block)(struct rec *r);
    void *extra;
};

static inline void server_listen(struct grpc_server *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int one = 1;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (s->at.len)
        memcpy(&at, &s->at.addr, sizeof at);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->fd, 16), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
    memcpy(&s->at.addr, &at, sizeof at);
    s->at.len = sizeof at;
}

static inline void server_unlisten(struct grpc_server *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

static inline void server_dispose(struct grpc_server *s)
{
    server_unlisten(s);
    for (unsigned i = 0; i < s->n; i++)
        peer_dispose(&s->conns[i]);
    s->n = 0;
}

static inline void server_pump(struct grpc_server *s)
{
    int fd;
    while (s->fd >= 0 && (fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        if (s->refuse) {
            close(fd);
            continue;
        }
        assert_true(s->n < SERVER_CONNS);
        struct h2_peer *p = &s->conns[s->n++];
        if (s->mute)
            peer_init_raw(p, fd);
        else
            peer_init_with(p, fd, true, s->settings, s->n_settings);
        p->on_message = s->on_message;
        p->on_block = s->on_block;
        p->extra = s;
    }
    for (unsigned i = 0; i < s->n; i++)
        peer_pump(&s->conns[i]);
}

struct served {
    struct grpc_server *server;
    bool (*until)(void *ctx);
    void *ctx;
};

static inline bool serve_and_ask(void *ctx)
{
    struct served *s = ctx;
    server_pump(s->server);
    return s->until && s->until(s->ctx);
}

/* Runs loop and service until until(ctx); false after 5 s. */
static inline bool serve_until(struct ss_loop *l, struct grpc_server *s, bool (*until)(void *ctx), void *ctx)
{
    struct served all = {s, until, ctx};
    return run_until(l, serve_and_ask, &all, 5000);
}

/* Turns of a millisecond or more, as pump_for. */
static inline void serve_for(struct ss_loop *l, struct grpc_server *s, int ms)
{
    int turns = ms;
    struct served all = {s, count_down, &turns};
    assert_true(run_until(l, serve_and_ask, &all, 20000));
}

/* ---- answers ---- */

static const char *const grpc_head[] = {":status", "200", "content-type", "application/grpc", NULL};
static const char *const grpc_ok[] = {"grpc-status", "0", NULL};

static inline void grpc_message(struct rec *r, const char *bytes, size_t n)
{
    char prefix[SS_GRPC_PREFIX];
    ss_grpc_prefix(prefix, false, (uint32_t)n);
    peer_more(r, prefix, SS_GRPC_PREFIX, false);
    peer_more(r, bytes, n, false);
}

static inline void grpc_end(struct rec *r, const char *const *trailers)
{
    r->trailers = trailers;
    peer_more(r, "", 0, true);
}

/* One message and OK. */
static inline void grpc_reply(struct rec *r, const char *bytes, size_t n)
{
    peer_respond(r, grpc_head, true);
    grpc_message(r, bytes, n);
    grpc_end(r, grpc_ok);
}

/* Echoes the request's message. */
static inline void grpc_echo(struct rec *r)
{
    peer_respond(r, grpc_head, true);
    peer_more(r, r->data.ptr, r->data.len, false);
    grpc_end(r, grpc_ok);
}

#endif
