#include "admin/admin.h"

#include "bridge/gate.h"

static void answer(struct ss_client *c, int status, struct ss_slice type, struct ss_slice text)
{
    struct ss_header headers[] = {{.name = SS_LIT("content-type"), .value = type},
                                  {.name = SS_LIT("cache-control"), .value = SS_LIT("no-store")}};
    c->ops->head(c, status, headers, 2, (int64_t)text.len);
    c->ops->data(c, text.ptr, text.len);
    c->ops->finish(c, NULL, 0);
}

static void answer_error(struct ss_admin *a, struct ss_client *c, enum ss_err err, const char *why)
{
    struct ss_arena arena;
    struct ss_buf out;
    struct ss_status st;
    static const struct ss_json_out json = {.emit_defaults = true};
    ss_arena_init(&arena, 0);
    ss_buf_init(&out, 64 * 1024);
    ss_status_set(&st, &arena, err, "%s", why);
    ss_status_to_json(a->bridge->codec, a->bridge->snapshot->schema, &st, &json, &out);
    answer(c, ss_err_http(err), SS_LIT("application/json"), ss_buf_slice(&out));
    ss_buf_dispose(&out);
    ss_arena_dispose(&arena);
}

static void ready(struct ss_admin *a, struct ss_client *c)
{
    struct ss_slice text = SS_LIT("text/plain; charset=utf-8");
    if (atomic_load_explicit(a->draining, memory_order_relaxed))
        answer(c, 503, text, SS_LIT("draining\n"));
    else if (!ss_bridge_ready(a->bridge))
        answer(c, 503, text, SS_LIT("a required upstream is not connected\n"));
    else
        answer(c, 200, text, SS_LIT("ready\n"));
}

static void *start(void *ctx, struct ss_client *c, const struct ss_request *r)
{
    struct ss_admin *a = ctx;
    bool reads = ss_slice_eq(r->method, SS_LIT("GET")) || ss_slice_eq(r->method, SS_LIT("HEAD"));
    bool health = ss_slice_eq(r->path, SS_LIT("/healthz"));
    const char *refusal = ss_gate_host(r);
    if (refusal == NULL)
        refusal = ss_gate_origin(r, false);
    if (refusal)
        answer_error(a, c, SS_ERR_FORBIDDEN, refusal);
    else if (!health && !ss_slice_eq(r->path, SS_LIT("/readyz")))
        answer_error(a, c, SS_ERR_NO_ROUTE, "no such page; there are /healthz and /readyz");
    else if (!reads)
        answer_error(a, c, SS_ERR_METHOD, "admin pages are read-only");
    else if (health)
        answer(c, 200, SS_LIT("text/plain; charset=utf-8"), SS_LIT("ok\n"));
    else
        ready(a, c);
    return NULL;
}

static void refuse(void *ctx, struct ss_client *c, enum ss_err err, const char *why)
{
    answer_error(ctx, c, err, why);
}

struct ss_handler ss_admin_handler(struct ss_admin *a)
{
    /* No call outlives start, so no other event comes. */
    static const struct ss_handler_ops ops = {.start = start, .refuse = refuse};
    return (struct ss_handler){&ops, a};
}
