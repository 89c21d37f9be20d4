#include "upstream/dial.h"

#include <stdio.h>

#include "base/mem.h"
#include "net/address.h"
#include "net/listener.h"

struct ss_dial {
    struct ss_loop *loop;
    const struct ss_cluster_config *config;
    ss_dial_done *done;
    void *ctx;
    struct ss_resolve *resolve;
    struct ss_connect *connect;
    struct ss_address *addresses; /* owned */
    size_t n, next;
    uint64_t give_up_at_ms;
    char why[256];
    struct ss_deferred begin;
    struct ss_timer limit; /* of resolving, which has no time limit of its own */
};

static void dispose(struct ss_dial *d)
{
    if (d->resolve)
        ss_resolve_cancel(d->resolve);
    if (d->connect)
        ss_connect_cancel(d->connect);
    ss_deferred_cancel(d->loop, &d->begin);
    ss_timer_cancel(d->loop, &d->limit);
    ss_free(d->addresses);
    ss_free(d);
}

static void finish(struct ss_dial *d, struct ss_stream *s)
{
    ss_dial_done *done = d->done;
    void *ctx = d->ctx;
    char why[sizeof d->why];
    memcpy(why, d->why, sizeof why);
    dispose(d);
    done(ctx, s, why);
}

static void try_next(struct ss_dial *d);

static void on_connect(void *ctx, struct ss_stream *s, enum ss_err err, const char *why)
{
    struct ss_dial *d = ctx;
    d->connect = NULL;
    if (s) {
        finish(d, s);
        return;
    }
    snprintf(d->why, sizeof d->why, "%s", why ? why : ss_err_text(err));
    try_next(d);
}

static void try_next(struct ss_dial *d)
{
    uint64_t now = ss_loop_now_ms(d->loop);
    if (d->next == d->n || now >= d->give_up_at_ms) {
        if (d->why[0] == '\0')
            snprintf(d->why, sizeof d->why, "%s", d->n ? "timed out" : "no address");
        finish(d, NULL);
        return;
    }
    const struct ss_address *to = &d->addresses[d->next++];
    uint64_t left = d->give_up_at_ms - now;
    size_t tries_left = d->n - d->next + 1;
    d->connect = ss_connect_start(d->loop, to, d->config->tls, d->config->server_name,
                                  tries_left > 1 ? left / 2 : left, on_connect, d);
}

static void set_addresses(struct ss_dial *d, const struct ss_address *from, size_t n)
{
    d->addresses = ss_xrealloc(NULL, n ? n : 1, sizeof *from);
    if (n)
        memcpy(d->addresses, from, n * sizeof *from);
    d->n = n;
}

static void on_resolved(void *ctx, enum ss_err err, const char *why, const struct ss_address *addresses,
                        size_t n)
{
    struct ss_dial *d = ctx;
    d->resolve = NULL;
    ss_timer_cancel(d->loop, &d->limit);
    if (err != SS_OK)
        snprintf(d->why, sizeof d->why, "cannot resolve %.*s: %s", SS_FMT(d->config->target.host),
                 why ? why : "unknown name");
    set_addresses(d, addresses, err == SS_OK ? n : 0);
    try_next(d);
}

static void on_late(void *ctx)
{
    struct ss_dial *d = ctx;
    snprintf(d->why, sizeof d->why, "cannot resolve %.*s: timed out", SS_FMT(d->config->target.host));
    finish(d, NULL);
}

static void begin(void *ctx)
{
    struct ss_dial *d = ctx;
    const struct ss_target *t = &d->config->target;
    if (t->kind == SS_TARGET_DNS) {
        d->resolve = ss_resolve_start(d->loop, t->host, t->port, on_resolved, d);
        ss_timer_set(d->loop, &d->limit, d->give_up_at_ms);
        return;
    }
    set_addresses(d, t->addresses, t->n_addresses);
    try_next(d);
}

struct ss_dial *ss_dial_start(struct ss_loop *l, const struct ss_cluster_config *config, ss_dial_done *done,
                              void *ctx)
{
    struct ss_dial *d = ss_xcalloc(1, sizeof *d);
    d->loop = l;
    d->config = config;
    d->done = done;
    d->ctx = ctx;
    d->give_up_at_ms = ss_loop_from_ms(l) + config->connect_timeout_ms;
    ss_deferred_init(&d->begin, begin, d);
    ss_timer_init(&d->limit, on_late, d);
    ss_defer(l, &d->begin);
    return d;
}

void ss_dial_cancel(struct ss_dial *d)
{
    dispose(d);
}
