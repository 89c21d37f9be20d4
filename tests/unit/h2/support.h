/* An ss_h2 with an owner that records every event, opposite a peer made of nghttp2. */
#ifndef TESTS_H2_SUPPORT_H
#define TESTS_H2_SUPPORT_H

#include "h2/h2.h"
#include "support/h2_peer.h"

struct owner;

struct owned {
    struct ss_h2_stream st; /* first */
    struct owner *owner;
    struct ss_buf head, data;
    unsigned requests, responses, trailers; /* header blocks */
    unsigned ends, closes, writables;
    uint32_t error;
    bool unprocessed;
    bool bodyless; /* its request has no body */
};

struct owner {
    struct ss_loop *loop;
    struct ss_h2 *h2; /* NULL: freed */
    struct owned *streams[64];
    unsigned n;
    unsigned settings, goaways, rooms, closed;
    enum ss_err why;
    bool refuse; /* takes no request */
    bool hold;   /* does not consume */
    bool keep;   /* does not free the connection when it has closed */
    void (*on_head)(struct owned *s);
    void (*on_data)(struct owned *s);
    void (*on_end)(struct owned *s);
    void (*on_writable)(struct owned *s);
    void (*on_closed_stream)(struct owned *s);
};

static inline struct owned *owned_new(struct owner *o)
{
    struct owned *s = ss_xcalloc(1, sizeof *s);
    s->owner = o;
    ss_buf_init(&s->st.out, 64 << 20);
    ss_buf_init(&s->head, 4 << 20);
    ss_buf_init(&s->data, 64 << 20);
    assert_true(o->n < 64);
    o->streams[o->n++] = s;
    return s;
}

static struct ss_h2_stream *owner_open(void *ctx)
{
    struct owner *o = ctx;
    return o->refuse ? NULL : &owned_new(o)->st;
}

static bool owner_header(void *ctx, struct ss_h2_stream *st, struct ss_slice name, struct ss_slice value)
{
    (void)ctx;
    struct owned *s = (struct owned *)(void *)st;
    assert_int_equal(s->closes, 0);
    ss_buf_printf(&s->head, "\n%.*s: %.*s", SS_FMT(name), SS_FMT(value));
    return true;
}

static const struct ss_header get_request[] = {{.name = {":method", 7}, .value = {"POST", 4}},
                                               {.name = {":scheme", 7}, .value = {"http", 4}},
                                               {.name = {":path", 5}, .value = {"/a/b", 4}},
                                               {.name = {":authority", 10}, .value = {"host", 4}}};
enum { N_REQUEST = 4 };

static void owner_request(void *ctx, struct ss_h2_stream *st)
{
    struct owner *o = ctx;
    ss_h2_submit(o->h2, st, get_request, N_REQUEST, ((struct owned *)(void *)st)->bodyless);
}

static void owner_room(void *ctx)
{
    ((struct owner *)ctx)->rooms++;
}

static void owner_headers_end(void *ctx, struct ss_h2_stream *st, enum ss_h2_block block)
{
    (void)ctx;
    struct owned *s = (struct owned *)(void *)st;
    ss_buf_append(&s->head, "\n", 1);
    s->requests += block == SS_H2_REQUEST;
    s->responses += block == SS_H2_RESPONSE;
    s->trailers += block == SS_H2_TRAILERS;
    if (s->owner->on_head)
        s->owner->on_head(s);
}

static void owner_data(void *ctx, struct ss_h2_stream *st, char *p, size_t n)
{
    struct owner *o = ctx;
    struct owned *s = (struct owned *)(void *)st;
    assert_int_equal(s->closes, 0);
    assert_int_equal(s->ends, 0);
    ss_buf_append(&s->data, p, n);
    memset(p, 'x', n); /* writable for the time of the call */
    if (!o->hold)
        ss_h2_consume(o->h2, st, n);
    if (o->on_data)
        o->on_data(s);
}

static void owner_end(void *ctx, struct ss_h2_stream *st)
{
    (void)ctx;
    struct owned *s = (struct owned *)(void *)st;
    assert_true(st->remote_end);
    s->ends++;
    if (s->owner->on_end)
        s->owner->on_end(s);
}

static void owner_stream_closed(void *ctx, struct ss_h2_stream *st, uint32_t error, bool unprocessed)
{
    (void)ctx;
    struct owned *s = (struct owned *)(void *)st;
    assert_int_equal(s->closes, 0);
    s->closes++;
    s->error = error;
    s->unprocessed = unprocessed;
    if (s->owner->on_closed_stream)
        s->owner->on_closed_stream(s);
}

static void owner_writable(void *ctx, struct ss_h2_stream *st)
{
    (void)ctx;
    struct owned *s = (struct owned *)(void *)st;
    s->writables++;
    if (s->owner->on_writable)
        s->owner->on_writable(s);
}

static void owner_settings(void *ctx)
{
    ((struct owner *)ctx)->settings++;
}

static void owner_goaway(void *ctx)
{
    ((struct owner *)ctx)->goaways++;
}

static void owner_closed(void *ctx, enum ss_err why)
{
    struct owner *o = ctx;
    assert_int_equal(o->closed, 0);
    for (unsigned i = 0; i < o->n; i++) /* after every stream's stream_closed */
        assert_true(o->streams[i]->closes || o->streams[i]->st.id == 0);
    o->closed++;
    o->why = why;
    if (!o->keep) {
        ss_h2_free(o->h2);
        o->h2 = NULL;
    }
}

static const struct ss_h2_ops owner_ops = {
    .open = owner_open,
    .header = owner_header,
    .headers_end = owner_headers_end,
    .data = owner_data,
    .end = owner_end,
    .stream_closed = owner_stream_closed,
    .writable = owner_writable,
    .request = owner_request,
    .room = owner_room,
    .settings = owner_settings,
    .goaway = owner_goaway,
    .closed = owner_closed,
};

static const struct ss_h2_config small_config = {.role = SS_H2_SERVER,
                                                 .max_concurrent_streams = 10,
                                                 .stream_window = 32768,
                                                 .connection_window = 1 << 20,
                                                 .max_header_bytes = 16384,
                                                 .max_headers = 50};

static inline int owner_start(struct owner *o, struct ss_loop *l, enum ss_h2_role role)
{
    int fds[2];
    struct ss_h2_config config = small_config;
    config.role = role;
    unix_pair(fds);
    *o = (struct owner){.loop = l};
    o->h2 = ss_h2_new(ss_stream_open(l, fds[0]), &config, &owner_ops, o);
    return fds[1];
}

static inline void owner_dispose(struct owner *o)
{
    if (o->h2)
        ss_h2_free(o->h2);
    o->h2 = NULL;
    for (unsigned i = 0; i < o->n; i++) {
        ss_buf_dispose(&o->streams[i]->st.out);
        ss_buf_dispose(&o->streams[i]->head);
        ss_buf_dispose(&o->streams[i]->data);
        ss_free(o->streams[i]);
    }
    o->n = 0;
}

/* A pair: o in role, p in the other; SETTINGS exchanged. */
static inline bool both_have_settings(void *ctx)
{
    void **pair = ctx;
    const struct owner *o = pair[0];
    const struct h2_peer *p = pair[1];
    return o->settings && p->settings;
}

static inline void meet(struct owner *o, struct h2_peer *p, struct ss_loop *l, enum ss_h2_role role)
{
    peer_init(p, owner_start(o, l, role), role == SS_H2_CLIENT);
    void *pair[] = {o, p};
    assert_true(pump_until(l, p, both_have_settings, pair));
}

static inline void part(struct owner *o, struct h2_peer *p)
{
    owner_dispose(o);
    peer_dispose(p);
}

static inline bool owner_is_closed(void *ctx)
{
    return ((struct owner *)ctx)->closed != 0;
}

static inline bool stream_is_closed(void *ctx)
{
    return ((struct owned *)ctx)->closes != 0;
}

static inline bool stream_has_ended(void *ctx)
{
    return ((struct owned *)ctx)->ends != 0;
}

static inline bool rec_has_ended(void *ctx)
{
    return ((struct rec *)ctx)->end;
}

static inline bool rec_is_closed(void *ctx)
{
    return ((struct rec *)ctx)->closed;
}

static inline bool owned_has(const struct owned *s, const char *line)
{
    char text[512];
    int n = snprintf(text, sizeof text, "\n%s\n", line);
    return memmem(s->head.ptr ? s->head.ptr : "", s->head.len, text, (size_t)n) != NULL;
}

static const char *const peer_post[] = {":method", "POST",       ":scheme", "http", ":path",
                                        "/x",      ":authority", "host",    NULL};
static const char *const ok_200[] = {":status", "200", NULL};

static inline struct owned *begin_request(struct owner *o, bool end)
{
    struct owned *s = owned_new(o);
    s->bodyless = end;
    assert_int_equal(ss_h2_request(o->h2, &s->st), SS_OK);
    return s;
}

/* n bytes that tell their place. */
static inline char *pattern(size_t n)
{
    char *p = ss_xmalloc(n ? n : 1);
    for (size_t i = 0; i < n; i++)
        p[i] = (char)(i * 31 + i / 257);
    return p;
}

#endif
