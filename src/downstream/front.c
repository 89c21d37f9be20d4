#include "downstream/front.h"

#include <time.h>

void ss_front_init(struct ss_front *f, struct ss_loop *l, struct ss_handler handler,
                   const struct ss_limits *limits)
{
    *f = (struct ss_front){.loop = l, .handler = handler, .limits = *limits};
}

void ss_front_accept(struct ss_front *f, struct ss_stream *s)
{
    struct ss_slice alpn = ss_stream_alpn(s);
    if (f->draining) { /* its handshake took longer than its listener lived */
        ss_stream_close(s, SS_CLOSE_FLUSH);
        return;
    }
    if (ss_slice_eq(alpn, SS_LIT("h2")))
        ss_http2_new(f, s, NULL, 0);
    else
        ss_http1_new(f, s, alpn.len == 0);
}

void ss_front_drain(struct ss_front *f)
{
    f->draining = true;
    for (struct ss_conn *c = f->conns, *next; c; c = next) {
        next = c->next;
        c->ops->drain(c);
    }
    if (f->n_conns == 0 && f->on_empty)
        f->on_empty(f->on_empty_ctx);
}

void ss_front_abort(struct ss_front *f)
{
    while (f->conns)
        f->conns->ops->abort(f->conns);
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
