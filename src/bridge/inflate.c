/* A compressed body on its way to the intake, at a pace: what a piece of it becomes may be a thousand times
 * its size. After PIECES of output in one turn, or when the service is behind, the rest of the input waits
 * here, and its client gets no credit for it.
 *
 *   push ──▶ flowing ──too much──▶ waiting ──next turn | the service has taken what was sent──▶ flowing */
#include "bridge/inflate.h"

#include "bridge/call.h"
#include "http/gzip.h"

enum {
    PIECES = 16,        /* of SS_GUNZIP_PIECE bytes */
    REST_MAX = 4 << 20, /* bytes of input that may wait: more than any client may send without credit */
};

struct ss_inflate {
    struct ss_gunzip *gunzip;
    struct ss_buf rest; /* input that waits */
    struct ss_timer again;
    bool last;    /* the body ends with rest */
    bool waiting; /* rest, or output still in gunzip, has not been pushed */
};

static void on_again(void *ctx)
{
    ss_call_inflate_more(ctx);
}

void ss_call_inflate_begin(struct ss_call *call, size_t max)
{
    struct ss_inflate *f = ss_arena_zalloc(&call->arena, sizeof *f);
    f->gunzip = ss_gunzip_new(max, 0);
    ss_buf_init(&f->rest, REST_MAX);
    ss_timer_init(&f->again, on_again, call);
    call->inflate = f;
}

void ss_call_inflate_stop(struct ss_call *call)
{
    if (call->inflate)
        ss_timer_cancel(call->bridge->loop, &call->inflate->again);
}

void ss_call_inflate_dispose(struct ss_call *call)
{
    if (call->inflate == NULL)
        return;
    ss_gunzip_free(call->inflate->gunzip);
    ss_buf_dispose(&call->inflate->rest);
    call->inflate = NULL;
}

bool ss_call_inflate_waits(const struct ss_call *call)
{
    return call->inflate && call->inflate->waiting;
}

static enum ss_err fail(struct ss_call *call, enum ss_err err, struct ss_status *st)
{
    if (err == SS_ERR_BODY_TOO_LARGE)
        return ss_status_set(st, &call->arena, err, "the body is larger than %zu bytes once decompressed",
                             call->max_request_bytes);
    if (err == SS_ERR_INVALID)
        return ss_status_set(st, &call->arena, err, "the body is not valid gzip");
    return ss_call_no_room(call, err, st);
}

/* Keeps what is left for later: when the service is behind, it says when; else the next turn will do. */
static enum ss_err wait(struct ss_call *call, struct ss_slice in, bool last, struct ss_status *st)
{
    struct ss_inflate *f = call->inflate;
    struct ss_loop *l = call->bridge->loop;
    f->waiting = true;
    f->last = last;
    enum ss_err err = ss_buf_append_slice(&f->rest, in);
    if (err != SS_OK)
        return fail(call, err, st);
    if (ss_call_service_behind(call))
        ss_upcall_want_writable(&call->up);
    else
        ss_timer_set(l, &f->again, ss_loop_now_ms(l));
    return SS_OK;
}

static enum ss_err flow(struct ss_call *call, struct ss_slice in, bool last, struct ss_status *st)
{
    struct ss_inflate *f = call->inflate;
    struct ss_buf *out = &call->bridge->inflated;
    bool more = true;
    for (unsigned pieces = 0; more; pieces++) {
        if (pieces == PIECES || ss_call_service_behind(call))
            return wait(call, in, last, st);
        ss_buf_clear(out, SS_GUNZIP_PIECE);
        enum ss_err err = ss_gunzip_push(f->gunzip, &in, out, &more);
        bool end = err == SS_OK && !more && last;
        if (end)
            err = ss_gunzip_end(f->gunzip);
        if (err != SS_OK)
            return fail(call, err, st);
        if (out->len || end)
            err = call->intake->push(call, out->ptr, out->len, end, st);
        if (err != SS_OK || call->state == SS_CALL_OVER)
            return err;
    }
    return SS_OK;
}

enum ss_err ss_call_inflate(struct ss_call *call, const char *p, size_t n, bool last, struct ss_status *st)
{
    struct ss_inflate *f = call->inflate;
    if (f->gunzip == NULL)
        return fail(call, SS_ERR_MEMORY, st);
    if (!f->waiting)
        return flow(call, ss_slice_of(p, n), last, st);
    f->last |= last;
    enum ss_err err = ss_buf_append(&f->rest, p, n);
    return err == SS_OK ? SS_OK : fail(call, err, st);
}

void ss_call_inflate_more(struct ss_call *call)
{
    struct ss_inflate *f = call->inflate;
    struct ss_buf rest = f->rest;
    struct ss_status st = {0};
    ss_timer_cancel(call->bridge->loop, &f->again);
    f->waiting = false;
    ss_buf_init(&f->rest, REST_MAX);
    enum ss_err err = flow(call, ss_buf_slice(&rest), f->last, &st);
    ss_buf_dispose(&rest);
    ss_call_pushed(call, 0, err, &st);
}
