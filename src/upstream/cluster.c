#include "upstream/cluster.h"

#include "base/mem.h"
#include "upstream/call.h"
#include "upstream/dial.h"

enum {
    MAX_CHANNELS = 2, /* the second when the first is full */
    MAX_WAITING = 1024,
    BACKOFF_FIRST_MS = 1000, /* grpc/doc/connection-backoff.md */
    BACKOFF_MAX_MS = 120000,
    STREAM_WINDOW = 256 * 1024,
    CONNECTION_WINDOW = 8 * 1024 * 1024,
    MAX_HEADER_BYTES = 64 * 1024,
    MAX_HEADERS = MAX_HEADER_BYTES / 32, /* the bytes decide: a field counts for 32 at least */
};

struct ss_channel {
    struct ss_channel *next, **link;
    struct ss_cluster *cluster;
    struct ss_h2 *h2;
    bool ready; /* SETTINGS arrived, and no GOAWAY */
    bool used;  /* has carried a call */
};

struct ss_cluster {
    struct ss_loop *loop;
    const struct ss_cluster_config *config;
    struct ss_channel *channels; /* ready and draining ones */
    struct ss_channel *fresh;    /* connected, waiting for SETTINGS */
    struct ss_upcall *waiting, **waiting_tail;
    unsigned n_waiting;
    struct ss_dial *dial;
    struct ss_timer settings_timer; /* fresh must be ready by then */
    struct ss_timer backoff_timer;
    struct ss_timer stay_timer; /* a required cluster whose connection did not last is not redialed at once */
    uint64_t connected_at_ms;   /* when SETTINGS last came from a fresh channel; 0: never */
    uint64_t backoff_ms;        /* of the next failure */
    uint64_t random;
    bool down; /* the last attempt failed: said in the log */
    struct ss_deferred serve;
};

static void connect_if_needed(struct ss_cluster *c);

static unsigned ready_channels(const struct ss_cluster *c)
{
    unsigned n = 0;
    for (const struct ss_channel *ch = c->channels; ch; ch = ch->next)
        n += ch->ready;
    return n;
}

/* ---- the queue of waiting calls ---- */

static void enqueue(struct ss_cluster *c, struct ss_upcall *u)
{
    u->next = NULL;
    u->link = c->waiting_tail;
    *c->waiting_tail = u;
    c->waiting_tail = &u->next;
    c->n_waiting++;
}

static void dequeue(struct ss_cluster *c, struct ss_upcall *u)
{
    *u->link = u->next;
    if (u->next)
        u->next->link = u->link;
    else
        c->waiting_tail = u->link;
    u->next = NULL;
    u->link = NULL;
    c->n_waiting--;
}

static struct ss_channel *channel_with_room(struct ss_cluster *c)
{
    for (struct ss_channel *ch = c->channels; ch; ch = ch->next)
        if (ch->ready && ss_h2_free_slots(ch->h2) > 0)
            return ch;
    return NULL;
}

static void serve(void *ctx)
{
    struct ss_cluster *c = ctx;
    struct ss_channel *ch;
    while (c->waiting && (ch = channel_with_room(c)) != NULL) {
        struct ss_upcall *u = c->waiting;
        dequeue(c, u);
        if (!ss_upcall_open(u, ch)) {
            enqueue(c, u);
            break;
        }
        ch->used = true;
    }
    connect_if_needed(c);
}

static void fail_waiting(struct ss_cluster *c)
{
    while (c->waiting) {
        struct ss_upcall *u = c->waiting;
        dequeue(c, u);
        ss_upcall_fail(u, SS_ERR_UNAVAILABLE, "cannot connect to the service");
    }
}

enum ss_err ss_cluster_place(struct ss_cluster *c, struct ss_upcall *u, const char **why)
{
    struct ss_channel *ch = c->waiting ? NULL : channel_with_room(c);
    if (ch && ss_upcall_open(u, ch)) {
        ch->used = true;
        return SS_OK;
    }
    if (ss_timer_armed(&c->backoff_timer) && ready_channels(c) == 0) {
        *why = "the service is not reachable";
        return SS_ERR_UNAVAILABLE;
    }
    if (c->n_waiting >= MAX_WAITING) {
        *why = "too many calls are waiting for the service";
        return SS_ERR_UNAVAILABLE;
    }
    enqueue(c, u);
    connect_if_needed(c);
    return SS_OK;
}

void ss_cluster_remove(struct ss_cluster *c, struct ss_upcall *u)
{
    if (u->link)
        dequeue(c, u);
    else
        ss_cluster_slot_free(c);
}

void ss_cluster_slot_free(struct ss_cluster *c)
{
    if (c->waiting)
        ss_defer(c->loop, &c->serve);
}

/* ---- connecting ---- */

static uint64_t jitter(struct ss_cluster *c, uint64_t ms)
{
    c->random ^= c->random << 13; /* xorshift64 */
    c->random ^= c->random >> 7;
    c->random ^= c->random << 17;
    return ms * (800 + c->random % 401) / 1000; /* ±20 % */
}

static void attempt_failed(struct ss_cluster *c, const char *why)
{
    uint64_t wait = jitter(c, c->backoff_ms);
    ss_log_write(ss_loop_log(c->loop), SS_LOG_WARN,
                 "upstream %.*s: cannot connect: %s; next attempt in %u ms", SS_FMT(c->config->name), why,
                 (unsigned)wait);
    c->down = true;
    c->backoff_ms = c->backoff_ms * 16 / 10;
    if (c->backoff_ms > BACKOFF_MAX_MS)
        c->backoff_ms = BACKOFF_MAX_MS;
    ss_timer_after(c->loop, &c->backoff_timer, wait);
    if (ready_channels(c) == 0)
        fail_waiting(c);
}

static void on_time_to_connect(void *ctx)
{
    connect_if_needed(ctx);
}

static void unlink_channel(struct ss_channel *ch)
{
    if (ch->link == NULL)
        return;
    *ch->link = ch->next;
    if (ch->next)
        ch->next->link = ch->link;
    ch->link = NULL;
}

static void drop_channel(struct ss_channel *ch)
{
    struct ss_cluster *c = ch->cluster;
    if (c->fresh == ch)
        c->fresh = NULL;
    unlink_channel(ch);
    ss_h2_free(ch->h2);
    ss_free(ch);
}

static void on_settings(void *ctx)
{
    struct ss_channel *ch = ctx;
    struct ss_cluster *c = ch->cluster;
    if (c->fresh == ch) {
        c->fresh = NULL;
        ss_timer_cancel(c->loop, &c->settings_timer);
        c->backoff_ms = BACKOFF_FIRST_MS;
        c->connected_at_ms = ss_loop_now_ms(c->loop);
        ch->ready = true;
        ch->next = c->channels;
        ch->link = &c->channels;
        if (c->channels)
            c->channels->link = &ch->next;
        c->channels = ch;
        if (c->down)
            ss_log_write(ss_loop_log(c->loop), SS_LOG_INFO, "upstream %.*s: connected",
                         SS_FMT(c->config->name));
        c->down = false;
    }
    ss_defer(c->loop, &c->serve); /* also when a later SETTINGS makes room */
}

static void on_room(void *ctx)
{
    struct ss_channel *ch = ctx;
    ss_cluster_slot_free(ch->cluster);
}

/* ch is of no use any more. One that never was, and ended as it began, is a failed attempt: those who wait
 * must not have the service dialed again and again without a pause. */
static void on_useless(struct ss_channel *ch)
{
    struct ss_cluster *c = ch->cluster;
    bool was_ready = ch->ready;
    ch->ready = false;
    if (was_ready && !ch->used && ss_loop_now_ms(c->loop) < c->connected_at_ms + BACKOFF_FIRST_MS)
        attempt_failed(c, "the service ended the connection at once");
}

static void on_goaway(void *ctx)
{
    struct ss_channel *ch = ctx;
    on_useless(ch);
    ss_defer(ch->cluster->loop, &ch->cluster->serve);
}

static void on_closed(void *ctx, enum ss_err why)
{
    struct ss_channel *ch = ctx;
    struct ss_cluster *c = ch->cluster;
    bool was_fresh = c->fresh == ch;
    const char *flood = ss_h2_flood(ch->h2);
    if (flood)
        ss_log_write(ss_loop_log(c->loop), SS_LOG_WARN,
                     "upstream %.*s: the connection was ended: the service floods it with %s",
                     SS_FMT(c->config->name), flood);
    on_useless(ch);
    drop_channel(ch);
    if (was_fresh) {
        ss_timer_cancel(c->loop, &c->settings_timer);
        attempt_failed(c, why == SS_ERR_CLOSED ? "the service closed the connection"
                                               : "no HTTP/2 on the connection");
    }
    ss_defer(c->loop, &c->serve);
}

static void on_settings_late(void *ctx)
{
    struct ss_cluster *c = ctx;
    drop_channel(c->fresh);
    attempt_failed(c, "timed out waiting for HTTP/2 SETTINGS");
}

static struct ss_h2_stream *on_open(void *ctx)
{
    (void)ctx;
    return NULL;
}

static const struct ss_h2_ops h2_ops = {
    .open = on_open,
    .header = ss_upcall_on_header,
    .headers_end = ss_upcall_on_headers_end,
    .data = ss_upcall_on_data,
    .end = ss_upcall_on_end,
    .stream_closed = ss_upcall_on_stream_closed,
    .writable = ss_upcall_on_writable,
    .request = ss_upcall_on_request,
    .room = on_room,
    .settings = on_settings,
    .goaway = on_goaway,
    .closed = on_closed,
};

static void on_dialed(void *ctx, struct ss_stream *s, const char *why)
{
    static const struct ss_h2_config config = {
        .role = SS_H2_CLIENT,
        .stream_window = STREAM_WINDOW,
        .connection_window = CONNECTION_WINDOW,
        .max_header_bytes = MAX_HEADER_BYTES,
        .max_headers = MAX_HEADERS,
    };
    struct ss_cluster *c = ctx;
    c->dial = NULL;
    if (s == NULL) {
        attempt_failed(c, why);
        return;
    }
    struct ss_channel *ch = ss_xcalloc(1, sizeof *ch);
    ch->cluster = c;
    ch->h2 = ss_h2_new(s, &config, &h2_ops, ch);
    c->fresh = ch;
    ss_timer_after(c->loop, &c->settings_timer, c->config->connect_timeout_ms);
}

static void connect_if_needed(struct ss_cluster *c)
{
    if (c->dial || c->fresh || ss_timer_armed(&c->backoff_timer))
        return;
    unsigned n = ready_channels(c);
    bool full = c->waiting && n < MAX_CHANNELS && channel_with_room(c) == NULL;
    bool stay = n == 0 && c->config->required;
    uint64_t earliest = c->connected_at_ms ? c->connected_at_ms + BACKOFF_FIRST_MS : 0;
    if (stay && !full && ss_loop_now_ms(c->loop) < earliest)
        ss_timer_set(c->loop, &c->stay_timer, earliest);
    else if (full || stay)
        c->dial = ss_dial_start(c->loop, c->config, on_dialed, c);
}

/* ---- life ---- */

struct ss_cluster *ss_cluster_new(struct ss_loop *l, const struct ss_cluster_config *config,
                                  uint64_t random_seed)
{
    struct ss_cluster *c = ss_xcalloc(1, sizeof *c);
    c->loop = l;
    c->config = config;
    c->random = random_seed | 1;
    c->backoff_ms = BACKOFF_FIRST_MS;
    c->waiting_tail = &c->waiting;
    ss_timer_init(&c->backoff_timer, on_time_to_connect, c);
    ss_timer_init(&c->stay_timer, on_time_to_connect, c);
    ss_timer_init(&c->settings_timer, on_settings_late, c);
    ss_deferred_init(&c->serve, serve, c);
    connect_if_needed(c);
    return c;
}

void ss_cluster_free(struct ss_cluster *c)
{
    if (c->dial)
        ss_dial_cancel(c->dial);
    if (c->fresh)
        drop_channel(c->fresh);
    while (c->channels)
        drop_channel(c->channels);
    ss_timer_cancel(c->loop, &c->backoff_timer);
    ss_timer_cancel(c->loop, &c->stay_timer);
    ss_timer_cancel(c->loop, &c->settings_timer);
    ss_deferred_cancel(c->loop, &c->serve);
    ss_free(c);
}

bool ss_cluster_ready(const struct ss_cluster *c)
{
    return ready_channels(c) > 0;
}

const struct ss_cluster_config *ss_cluster_config(const struct ss_cluster *c)
{
    return c->config;
}

struct ss_loop *ss_cluster_loop(const struct ss_cluster *c)
{
    return c->loop;
}

struct ss_h2 *ss_channel_h2(const struct ss_channel *ch)
{
    return ch->h2;
}
