#include "downstream/front.h"

#include <time.h>

#include "base/mem.h"

enum { PACE_MS = 1000, QUIET_MS = 750 };

/* Whether a client has taken less than the minimum rate for the grace period, all the while with output
 * waiting. */
static bool too_slow(struct ss_front *f, struct ss_conn *c, uint64_t now)
{
    const struct ss_stream *s = c->ops->socket(c);
    if (s == NULL || !ss_stream_blocked(s)) {
        c->slow_since_ms = 0;
        return false;
    }
    uint64_t taken = ss_stream_bytes_out(s);
    if (c->slow_since_ms == 0) {
        c->slow_since_ms = now;
        c->slow_bytes = taken;
        return false;
    }
    uint64_t waited = now - c->slow_since_ms;
    if (waited < f->limits.drain_grace_ms)
        return false;
    if ((taken - c->slow_bytes) * 1000 < f->limits.min_drain_bytes_per_s * waited)
        return true;
    c->slow_since_ms = now;
    c->slow_bytes = taken;
    return false;
}

static void on_pace(void *ctx)
{
    struct ss_front *f = ctx;
    uint64_t now = ss_loop_now_ms(f->loop);
    for (struct ss_conn *c = f->conns, *next; c; c = next) {
        next = c->next;
        if (!too_slow(f, c, now))
            continue;
        ss_log_write(
            ss_loop_log(f->loop), SS_LOG_WARN,
            "a client is dropped that took less than %llu bytes/s for %llu ms (min_drain_bytes_per_s)",
            (unsigned long long)f->limits.min_drain_bytes_per_s,
            (unsigned long long)f->limits.drain_grace_ms);
        c->ops->abort(c);
    }
    ss_timer_set(f->loop, &f->pace, now + PACE_MS);
}

void ss_front_init(struct ss_front *f, struct ss_loop *l, struct ss_handler handler,
                   const struct ss_limits *limits)
{
    *f = (struct ss_front){.loop = l, .handler = handler, .limits = *limits};
    ss_timer_init(&f->pace, on_pace, f);
    if (limits->max_headers > SS_FRONT_FEW_HEADERS)
        f->fields = ss_xcalloc(limits->max_headers, sizeof *f->fields);
    if (limits->min_drain_bytes_per_s)
        ss_timer_after(l, &f->pace, PACE_MS);
}

void ss_front_accept(struct ss_front *f, struct ss_stream *s)
{
    struct ss_slice alpn = ss_stream_alpn(s);
    if (ss_slice_eq(alpn, SS_LIT("h2")))
        ss_http2_new(f, s, NULL, 0);
    else
        ss_http1_new(f, s, alpn.len == 0);
}

void ss_front_leave(struct ss_front *f)
{
    f->leaving = true;
}

void ss_front_drain(struct ss_front *f)
{
    uint64_t now = ss_loop_now_ms(f->loop);
    if (!f->draining)
        f->active_at_ms = now;
    f->leaving = f->draining = true;
    bool quiet = now - f->active_at_ms >= QUIET_MS;
    for (struct ss_conn *c = f->conns, *next; c; c = next) {
        next = c->next;
        c->ops->drain(c, quiet);
    }
    if (f->n_conns == 0 && f->on_empty)
        f->on_empty(f->on_empty_ctx);
}

void ss_front_shut_down(struct ss_front *f)
{
    for (struct ss_conn *c = f->conns, *next; c; c = next) {
        next = c->next;
        c->ops->shut_down(c);
    }
}

void ss_front_abort(struct ss_front *f)
{
    while (f->conns)
        f->conns->ops->abort(f->conns);
}

void ss_front_dispose(struct ss_front *f)
{
    ss_timer_cancel(f->loop, &f->pace);
    ss_front_abort(f);
    ss_free(f->fields);
    f->fields = NULL;
}

struct ss_slice ss_front_date(struct ss_front *f)
{
    uint64_t now_ms = ss_loop_now_ms(f->loop);
    if (f->date.text[0] && now_ms - f->date_at_ms < 100)
        return ss_slice_of(f->date.text, sizeof f->date.text - 1);
    f->date_at_ms = now_ms;
    return ss_http_date(&f->date, time(NULL));
}

void ss_front_add(struct ss_front *f, struct ss_conn *c, const struct ss_conn_ops *ops)
{
    c->ops = ops;
    c->next = f->conns;
    c->link = &f->conns;
    if (f->conns)
        f->conns->link = &c->next;
    f->conns = c;
    f->n_conns++;
    f->active_at_ms = ss_loop_now_ms(f->loop);
}

void ss_front_remove(struct ss_front *f, struct ss_conn *c)
{
    if (c->link == NULL)
        return;
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->next = NULL;
    c->link = NULL;
    f->n_conns--;
    if (f->draining && f->n_conns == 0 && f->on_empty)
        f->on_empty(f->on_empty_ctx);
}
