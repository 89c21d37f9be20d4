#include "server/worker.h"

#include <pthread.h>
#include <stdlib.h>

#include "admin/admin.h"
#include "base/mem.h"
#include "bridge/bridge.h"
#include "downstream/front.h"
#include "net/listener.h"

enum {
    ADMIN_CONNECTIONS = 32, /* at once; their descriptors are kept for them */
    DRAIN_TICK_MS = 50,
    HANDSHAKE_MS = 2000, /* for connections that were shaking hands when draining began */
    LAST_WORD_MS = 1000, /* for clients to take what is said to them when the drain timeout is over */
};

struct ss_worker {
    struct ss_worker_config config;
    pthread_t thread;
    struct ss_loop *loop;
    struct ss_bridge bridge;
    struct ss_front *fronts; /* one per listener */
    struct ss_front admin_front;
    struct ss_admin admin;
    struct ss_listener **listeners;
    struct ss_listener *admin_listener;
    struct ss_timer give_up, drain_tick;
    uint64_t drain_began_ms;
    _Atomic uint64_t drain_ms;
    bool draining;
};

static void on_accept(void *ctx, struct ss_stream *s)
{
    ss_front_accept(ctx, s);
}

static void open_listeners(struct ss_worker *w)
{
    const struct ss_server_config *server = w->config.server;
    unsigned max = server->limits.max_connections;
    w->listeners = ss_xcalloc(server->n_listeners, sizeof(struct ss_listener *));
    for (size_t i = 0; i < server->n_listeners; i++)
        w->listeners[i] = ss_listener_new(w->loop, w->config.fds[i], server->listeners[i].tls, max, on_accept,
                                          &w->fronts[i]);
    for (size_t i = 0; i < server->n_listeners && w->config.budget; i++)
        ss_listener_share(w->listeners[i], w->config.budget);
    if (w->config.admin_fd < 0)
        return;
    if (max == 0 || max > ADMIN_CONNECTIONS)
        max = ADMIN_CONNECTIONS;
    w->admin_listener =
        ss_listener_new(w->loop, w->config.admin_fd, server->admin.tls, max, on_accept, &w->admin_front);
}

/* Idempotent. */
static void close_listeners(struct ss_worker *w)
{
    if (w->listeners == NULL)
        return;
    for (size_t i = 0; i < w->config.server->n_listeners; i++)
        if (w->listeners[i])
            ss_listener_close(w->listeners[i]);
    ss_free(w->listeners);
    w->listeners = NULL;
}

static bool is_busy(const struct ss_worker *w)
{
    for (size_t i = 0; i < w->config.server->n_listeners; i++)
        if (w->fronts[i].n_conns || (w->listeners && ss_listener_busy(w->listeners[i])))
            return true;
    return false;
}

/* The connections are over: only what has been written for clients who are still reading keeps the loop. */
static void finish(void *ctx)
{
    struct ss_worker *w = ctx;
    if (!is_busy(w))
        ss_loop_finish(w->loop);
}

static void abort_fronts(struct ss_worker *w)
{
    for (size_t i = 0; i < w->config.server->n_listeners; i++)
        ss_front_abort(&w->fronts[i]);
}

static void on_give_up(void *ctx)
{
    struct ss_worker *w = ctx;
    abort_fronts(w);
    ss_loop_stop(w->loop);
}

/* Calls end with a word for their clients, which have a moment to take it. */
static void on_time_up(void *ctx)
{
    struct ss_worker *w = ctx;
    ss_log_write(w->config.log, SS_LOG_WARN, "drain timeout: %u calls are broken off", w->bridge.n_calls);
    ss_timer_init(&w->give_up, on_give_up, w);
    ss_timer_after(w->loop, &w->give_up, LAST_WORD_MS);
    for (size_t i = 0; i < w->config.server->n_listeners; i++)
        ss_front_shut_down(&w->fronts[i]);
}

static void on_drain_tick(void *ctx)
{
    struct ss_worker *w = ctx;
    uint64_t now = ss_loop_now_ms(w->loop);
    for (size_t i = 0; i < w->config.server->n_listeners; i++)
        ss_front_drain(&w->fronts[i]);
    if (now - w->drain_began_ms >= HANDSHAKE_MS)
        close_listeners(w);
    finish(w); /* a handshake that failed tells no front */
    ss_timer_set(w->loop, &w->drain_tick, now + DRAIN_TICK_MS);
}

static void on_drain(void *ctx)
{
    struct ss_worker *w = ctx;
    if (w->draining) { /* asked again: at once */
        on_give_up(w);
        return;
    }
    w->draining = true;
    w->drain_began_ms = ss_loop_now_ms(w->loop);
    for (size_t i = 0; i < w->config.server->n_listeners; i++)
        ss_listener_stop(w->listeners[i]);
    ss_timer_init(&w->give_up, on_time_up, w);
    ss_timer_after(w->loop, &w->give_up, atomic_load(&w->drain_ms));
    for (size_t i = 0; i < w->config.server->n_listeners; i++) {
        w->fronts[i].on_empty = finish;
        w->fronts[i].on_empty_ctx = w;
    }
    ss_timer_init(&w->drain_tick, on_drain_tick, w);
    on_drain_tick(w);
}

static void on_leave(void *ctx)
{
    struct ss_worker *w = ctx;
    for (size_t i = 0; i < w->config.server->n_listeners; i++)
        ss_front_leave(&w->fronts[i]);
}

static void *run(void *arg)
{
    struct ss_worker *w = arg;
    const struct ss_server_config *server = w->config.server;
    ss_bridge_init(&w->bridge, w->loop, w->config.snapshot, server->limits.max_request_bytes,
                   server->limits.max_message_bytes);
    w->bridge.max_headers = server->limits.max_headers;
    w->bridge.max_json_bytes = server->limits.max_json_bytes;
    ss_access_init(&w->bridge, server->access_log, w->config.log);
    w->fronts = ss_xcalloc(server->n_listeners, sizeof *w->fronts);
    for (size_t i = 0; i < server->n_listeners; i++) {
        ss_front_init(&w->fronts[i], w->loop, ss_bridge_handler(&w->bridge), &server->limits);
        w->fronts[i].cors = server->listeners[i].cors;
        w->fronts[i].site = &server->listeners[i].site;
    }
    w->admin = (struct ss_admin){.bridge = &w->bridge, .draining = w->config.draining};
    ss_front_init(&w->admin_front, w->loop, ss_admin_handler(&w->admin), &server->limits);
    w->admin_front.site = &server->admin.site;
    open_listeners(w);

    ss_loop_run(w->loop);

    for (size_t i = 0; i < server->n_listeners; i++)
        w->fronts[i].on_empty = NULL;
    if (w->draining) {
        ss_timer_cancel(w->loop, &w->give_up);
        ss_timer_cancel(w->loop, &w->drain_tick);
    }
    close_listeners(w);
    if (w->admin_listener)
        ss_listener_close(w->admin_listener);
    for (size_t i = 0; i < server->n_listeners; i++)
        ss_front_dispose(&w->fronts[i]);
    ss_front_dispose(&w->admin_front);
    ss_bridge_dispose(&w->bridge);
    ss_free(w->fronts);
    w->config.on_stopped(w->config.ctx);
    return NULL;
}

struct ss_worker *ss_worker_start(const struct ss_worker_config *config)
{
    struct ss_worker *w = ss_xcalloc(1, sizeof *w);
    w->config = *config;
    int *fds = ss_xcalloc(config->server->n_listeners, sizeof *fds);
    memcpy(fds, config->fds, config->server->n_listeners * sizeof *fds);
    w->config.fds = fds;
    w->loop = ss_loop_new(config->log);
    if (pthread_create(&w->thread, NULL, run, w) != 0) {
        ss_log_write(config->log, SS_LOG_ERROR, "cannot start a worker thread");
        abort();
    }
    return w;
}

void ss_worker_drain(struct ss_worker *w, uint64_t timeout_ms)
{
    atomic_store(&w->drain_ms, timeout_ms);
    ss_loop_post(w->loop, on_drain, w);
}

void ss_worker_leave(struct ss_worker *w)
{
    ss_loop_post(w->loop, on_leave, w);
}

void ss_worker_join(struct ss_worker *w)
{
    pthread_join(w->thread, NULL);
    ss_loop_free(w->loop); /* only now: until the worker is joined it may be asked to drain again */
    int *fds = (int *)(uintptr_t)w->config.fds;
    ss_free(fds);
    ss_free(w);
}
