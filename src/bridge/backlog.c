/* A message is kept as its length, four bytes of the machine's order, and its bytes.
 *
 *   passing ──a message while the client is behind──▶ waiting ──all given──▶ passing
 *                                                       └──writable: on in this turn──▶ (until behind again)
 */
#include "bridge/backlog.h"

enum {
    WINDOW_MAX = 1 << 20, /* bytes that a service may send without credit: more than any window of ours */
};

struct ss_backlog {
    struct ss_buf kept;
    size_t off; /* what is before it has been given */
    struct ss_deferred again;
    const struct ss_header *trailers; /* with last */
    size_t n_trailers;
    struct ss_status last;
    bool ended; /* last says how */
};

static bool waits(const struct ss_call *call)
{
    return call->backlog && (call->backlog->kept.len > 0 || call->backlog->ended);
}

/* Only a stream has written anything yet. */
static bool behind(const struct ss_call *call)
{
    return call->state == SS_CALL_STREAMING && call->client->ops->unsent(call->client) > SS_CLIENT_HIGH;
}

static void give_end(struct ss_call *call, struct ss_backlog *b)
{
    b->ended = false;
    ss_call_note(call, &b->last);
    call->answer->end(call, &b->last, b->trailers, b->n_trailers);
}

static void give(void *ctx)
{
    struct ss_call *call = ctx;
    struct ss_backlog *b = call->backlog;
    bool more = true; /* it has just been found ready for one */
    while (call->state != SS_CALL_OVER && b->off < b->kept.len && more) {
        uint32_t len;
        memcpy(&len, b->kept.ptr + b->off, sizeof len);
        b->off += sizeof len + len;
        call->answer->message(call, ss_slice_of(b->kept.ptr + b->off - len, len));
        more = call->state == SS_CALL_STREAMING && !behind(call);
    }
    if (call->state == SS_CALL_OVER)
        return;
    if (b->off < b->kept.len) {
        call->client->ops->want_writable(call->client);
        return;
    }
    b->off = 0;
    ss_buf_clear(&b->kept, 0);
    if (b->ended)
        give_end(call, b);
}

static struct ss_backlog *backlog_of(struct ss_call *call)
{
    if (call->backlog == NULL) {
        struct ss_backlog *b = ss_arena_zalloc(&call->arena, sizeof *b);
        ss_buf_init(&b->kept, call->max_message_bytes + WINDOW_MAX);
        ss_deferred_init(&b->again, give, call);
        call->backlog = b;
    }
    return call->backlog;
}

static void keep(struct ss_call *call, struct ss_slice wire)
{
    struct ss_backlog *b = backlog_of(call);
    uint32_t len = (uint32_t)wire.len; /* a gRPC frame's */
    struct ss_status st;
    if (b->off > b->kept.len / 2) {
        ss_buf_drop(&b->kept, b->off);
        b->off = 0;
    }
    enum ss_err err = ss_buf_reserve(&b->kept, sizeof len + wire.len);
    if (err == SS_OK) {
        ss_buf_append(&b->kept, (const char *)&len, sizeof len);
        ss_buf_append_slice(&b->kept, wire);
        call->client->ops->want_writable(call->client);
        return;
    }
    ss_status_set(&st, &call->arena, err, "the service sent more than its credit");
    ss_upcall_cancel(&call->up);
    ss_call_fail(call, &st);
}

void ss_backlog_message(struct ss_call *call, struct ss_slice wire)
{
    if (waits(call) || behind(call))
        keep(call, wire);
    else
        call->answer->message(call, wire);
}

void ss_backlog_end(struct ss_call *call, const struct ss_status *st, const struct ss_header *trailers,
                    size_t n)
{
    struct ss_backlog *b = call->backlog;
    if (waits(call)) {
        b->ended = true;
        b->last = *st;
        b->trailers = trailers;
        b->n_trailers = n;
        ss_idle_end(&call->idle, call->bridge->loop); /* the client's time is its connection's matter */
        return;
    }
    ss_call_note(call, st);
    call->answer->end(call, st, trailers, n);
}

/* Not within the transport's callback: what is given writes to it again. */
void ss_backlog_writable(struct ss_call *call)
{
    if (waits(call))
        ss_defer(call->bridge->loop, &call->backlog->again);
}

bool ss_backlog_has_end(const struct ss_call *call)
{
    return call->backlog && call->backlog->ended;
}

void ss_backlog_stop(struct ss_call *call)
{
    if (call->backlog)
        ss_deferred_cancel(call->bridge->loop, &call->backlog->again);
}

void ss_backlog_dispose(struct ss_call *call)
{
    if (call->backlog)
        ss_buf_dispose(&call->backlog->kept);
    call->backlog = NULL;
}
