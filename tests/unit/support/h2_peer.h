/* The other end of an HTTP/2 connection, made of nghttp2 itself and a bare socket: it records what it hears
 * and says what a test tells it to. Pumped by the test between turns of the loop, in the same thread. */
#ifndef TESTS_SUPPORT_H2_PEER_H
#define TESTS_SUPPORT_H2_PEER_H

#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>

#include "net/harness.h"

enum { PEER_STREAMS = 64 };

struct h2_peer;

/* One stream as the peer knows it. */
struct rec {
    struct h2_peer *peer;
    int32_t id;
    struct ss_buf head; /* "\nname: value" of every block, each block ended by "\n" */
    struct ss_buf data;
    unsigned blocks; /* header blocks that were received whole */
    bool end, closed;
    uint32_t error;
    struct ss_buf out; /* to be sent */
    size_t sent;
    bool out_end; /* END_STREAM behind out, or the trailers */
    const char *const *trailers;
};

struct h2_peer {
    nghttp2_session *session; /* NULL: a peer of raw bytes only */
    int fd;
    struct rec streams[PEER_STREAMS];
    unsigned n;
    struct ss_buf tx;  /* bytes to be written */
    struct ss_buf raw; /* bytes read, without a session */
    size_t tx_done;
    size_t step;    /* bytes written per pump at most; 0: all */
    bool deaf;      /* does not read */
    bool hold;      /* gives no credit back */
    bool eof;       /* the other end has closed */
    bool was_reset; /* and not with FIN: a client may lose what it has not read yet */
    bool goaway;    /* received */
    uint32_t goaway_error;
    int32_t goaway_last;
    unsigned settings; /* received, without ACK */
    size_t received;   /* DATA bytes of all streams */
    /* A message is whole, or a header block without an end. May be NULL. */
    void (*on_message)(struct rec *r);
    void (*on_block)(struct rec *r);
    void *extra;
};

static inline struct rec *peer_stream(struct h2_peer *p, int32_t id)
{
    for (unsigned i = 0; i < p->n; i++)
        if (p->streams[i].id == id)
            return &p->streams[i];
    assert_true(p->n < PEER_STREAMS);
    struct rec *r = &p->streams[p->n++];
    *r = (struct rec){.peer = p, .id = id};
    ss_buf_init(&r->head, 1 << 20);
    ss_buf_init(&r->data, 64 << 20);
    ss_buf_init(&r->out, 64 << 20);
    return r;
}

static int peer_on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name, size_t name_len,
                          const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
    (void)s;
    (void)flags;
    struct rec *r = peer_stream(user, f->hd.stream_id);
    ss_buf_printf(&r->head, "\n%.*s: %.*s", (int)name_len, (const char *)name, (int)value_len,
                  (const char *)value);
    return 0;
}

static int peer_on_frame(nghttp2_session *s, const nghttp2_frame *f, void *user)
{
    (void)s;
    struct h2_peer *p = user;
    if (f->hd.type == NGHTTP2_GOAWAY) {
        p->goaway = true;
        p->goaway_error = f->goaway.error_code;
        p->goaway_last = f->goaway.last_stream_id;
    } else if (f->hd.type == NGHTTP2_SETTINGS && !(f->hd.flags & NGHTTP2_FLAG_ACK)) {
        p->settings++;
    } else if (f->hd.type == NGHTTP2_HEADERS || f->hd.type == NGHTTP2_DATA) {
        struct rec *r = peer_stream(p, f->hd.stream_id);
        if (f->hd.type == NGHTTP2_HEADERS) {
            ss_buf_append(&r->head, "\n", 1);
            r->blocks++;
            if (p->on_block)
                p->on_block(r);
        }
        if (f->hd.flags & NGHTTP2_FLAG_END_STREAM) {
            r->end = true;
            if (p->on_message)
                p->on_message(r);
        }
    }
    return 0;
}

static int peer_on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *data, size_t n,
                        void *user)
{
    (void)flags;
    struct h2_peer *p = user;
    struct rec *r = peer_stream(p, id);
    ss_buf_append(&r->data, (const char *)data, n);
    p->received += n;
    if (!p->hold)
        nghttp2_session_consume(s, id, n);
    return 0;
}

static int peer_on_close(nghttp2_session *s, int32_t id, uint32_t error, void *user)
{
    (void)s;
    struct rec *r = peer_stream(user, id);
    r->closed = true;
    r->error = error;
    return 0;
}

static inline nghttp2_nv peer_nv(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value),
                        NGHTTP2_NV_FLAG_NONE};
}

/* "name", "value", …, NULL */
static inline size_t peer_nvs(const char *const *pairs, nghttp2_nv *nv)
{
    size_t n = 0;
    for (; pairs && pairs[2 * n]; n++)
        nv[n] = peer_nv(pairs[2 * n], pairs[2 * n + 1]);
    return n;
}

static ssize_t peer_source(nghttp2_session *s, int32_t id, uint8_t *buf, size_t room, uint32_t *flags,
                           nghttp2_data_source *source, void *user)
{
    (void)user;
    struct rec *r = source->ptr;
    size_t left = r->out.len - r->sent, n = left < room ? left : room;
    if (n == 0 && !r->out_end)
        return NGHTTP2_ERR_DEFERRED;
    if (n)
        memcpy(buf, r->out.ptr + r->sent, n);
    r->sent += n;
    if (r->out_end && r->sent == r->out.len) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (r->trailers) {
            nghttp2_nv nv[16];
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            nghttp2_submit_trailer(s, id, nv, peer_nvs(r->trailers, nv));
        }
    }
    return (ssize_t)n;
}

/* Small frames at once; of no consequence to what is no TCP socket. */
static inline void peer_no_delay(int fd)
{
    int one = 1;
    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/* settings: what it announces first. */
static inline void peer_init_with(struct h2_peer *p, int fd, bool server,
                                  const nghttp2_settings_entry *settings, size_t n)
{
    nghttp2_session_callbacks *cb;
    nghttp2_option *option;
    *p = (struct h2_peer){.fd = fd};
    peer_no_delay(fd);
    ss_buf_init(&p->tx, 64 << 20);
    ss_buf_init(&p->raw, 64 << 20);
    nghttp2_session_callbacks_new(&cb);
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_session_callbacks_set_on_header_callback(cb, peer_on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, peer_on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, peer_on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, peer_on_close);
    if (server)
        nghttp2_session_server_new2(&p->session, cb, p, option);
    else
        nghttp2_session_client_new2(&p->session, cb, p, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(cb);
    nghttp2_submit_settings(p->session, 0, settings, n);
}

static inline void peer_init(struct h2_peer *p, int fd, bool server)
{
    peer_init_with(p, fd, server, NULL, 0);
}

/* A peer that sends what it is told, byte for byte. */
static inline void peer_init_raw(struct h2_peer *p, int fd)
{
    *p = (struct h2_peer){.fd = fd};
    peer_no_delay(fd);
    ss_buf_init(&p->tx, 64 << 20);
    ss_buf_init(&p->raw, 64 << 20);
}

static inline void peer_dispose(struct h2_peer *p)
{
    if (p->session)
        nghttp2_session_del(p->session);
    p->session = NULL;
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    for (unsigned i = 0; i < p->n; i++) {
        ss_buf_dispose(&p->streams[i].head);
        ss_buf_dispose(&p->streams[i].data);
        ss_buf_dispose(&p->streams[i].out);
    }
    p->n = 0;
    ss_buf_dispose(&p->tx);
    ss_buf_dispose(&p->raw);
}

static inline void peer_read_some(struct h2_peer *p)
{
    static char buf[65536];
    ssize_t n;
    while (!p->eof && !p->deaf && (n = recv(p->fd, buf, sizeof buf, MSG_DONTWAIT)) != -1) {
        if (n == 0)
            p->eof = true;
        else if (p->session == NULL)
            ss_buf_append(&p->raw, buf, (size_t)n);
        else if (nghttp2_session_mem_recv(p->session, (const uint8_t *)buf, (size_t)n) < 0)
            fail_msg("the peer cannot make sense of what it is sent");
    }
    if (!p->eof && !p->deaf && errno != EAGAIN && errno != EINTR)
        p->eof = p->was_reset = true;
}

static inline void peer_write_some(struct h2_peer *p)
{
    const uint8_t *out;
    ssize_t n;
    while (p->session && p->tx.len - p->tx_done < (1 << 20) &&
           (n = nghttp2_session_mem_send(p->session, &out)) > 0)
        ss_buf_append(&p->tx, (const char *)out, (size_t)n);
    size_t left = p->tx.len - p->tx_done;
    if (p->step && left > p->step)
        left = p->step;
    if (left == 0)
        return;
    n = send(p->fd, p->tx.ptr + p->tx_done, left, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0)
        p->tx_done += (size_t)n;
    else if (n < 0 && errno != EAGAIN)
        p->tx_done = p->tx.len; /* nobody is there any more */
    if (p->tx_done == p->tx.len) {
        p->tx.len = 0;
        p->tx_done = 0;
    }
}

static inline void peer_pump(struct h2_peer *p)
{
    if (p->fd < 0)
        return;
    peer_read_some(p);
    if (!p->eof)
        peer_write_some(p);
}

/* Without a session: the bytes themselves. */
static inline void peer_raw(struct h2_peer *p, const void *bytes, size_t n)
{
    ss_buf_append(&p->tx, bytes, n);
}

/* A frame, appended to b. */
static inline void put_frame(struct ss_buf *b, uint8_t type, uint8_t flags, int32_t id, const void *payload,
                             size_t n)
{
    char hd[9] = {(char)(n >> 16),  (char)(n >> 8),   (char)n,         (char)type, (char)flags,
                  (char)(id >> 24), (char)(id >> 16), (char)(id >> 8), (char)id};
    ss_buf_append(b, hd, 9);
    ss_buf_append(b, payload, n);
}

/* ---- what it says ---- */

/* Client role: a request; its record is returned. with_body: the test fills out and sets out_end. */
static inline struct rec *peer_request(struct h2_peer *p, const char *const *headers, bool with_body)
{
    nghttp2_nv nv[40];
    int32_t id = (int32_t)nghttp2_session_get_next_stream_id(p->session);
    struct rec *r = peer_stream(p, id);
    nghttp2_data_provider source = {.source.ptr = r, .read_callback = peer_source};
    int32_t got =
        nghttp2_submit_request(p->session, NULL, nv, peer_nvs(headers, nv), with_body ? &source : NULL, NULL);
    assert_int_equal(got, id);
    return r;
}

/* Server role: an answer's head; the test fills out. */
static inline void peer_respond(struct rec *r, const char *const *headers, bool with_body)
{
    nghttp2_nv nv[40];
    nghttp2_data_provider source = {.source.ptr = r, .read_callback = peer_source};
    nghttp2_submit_response(r->peer->session, r->id, nv, peer_nvs(headers, nv), with_body ? &source : NULL);
}

/* More in r->out, or its end. */
static inline void peer_more(struct rec *r, const char *bytes, size_t n, bool end)
{
    ss_buf_append(&r->out, bytes, n);
    r->out_end = r->out_end || end;
    nghttp2_session_resume_data(r->peer->session, r->id);
}

static inline bool rec_has(const struct rec *r, const char *line)
{
    char text[512];
    int n = snprintf(text, sizeof text, "\n%s\n", line);
    return memmem(r->head.ptr ? r->head.ptr : "", r->head.len, text, (size_t)n) != NULL;
}

/* ---- running it beside a loop ---- */

struct pumped {
    struct h2_peer *peers[4];
    bool (*until)(void *ctx);
    void *ctx;
};

static inline bool pump_all(void *ctx)
{
    struct pumped *p = ctx;
    for (unsigned i = 0; i < 4 && p->peers[i]; i++)
        peer_pump(p->peers[i]);
    return p->until && p->until(p->ctx);
}

/* Runs the loop and the peer until until(ctx); false after 5 s. */
static inline bool pump_until(struct ss_loop *l, struct h2_peer *p, bool (*until)(void *ctx), void *ctx)
{
    struct pumped all = {{p}, until, ctx};
    return run_until(l, pump_all, &all, 5000);
}

static inline bool count_down(void *ctx)
{
    return --*(int *)ctx == 0;
}

/* Turns of a millisecond or more: what needs ms gets them, also on a machine that stalls. */
static inline void pump_for(struct ss_loop *l, struct h2_peer *p, int ms)
{
    int turns = ms;
    struct pumped all = {{p}, count_down, &turns};
    assert_true(run_until(l, pump_all, &all, 20000));
}

/* Turns enough for everything in flight to arrive. */
static inline void pump_settle(struct ss_loop *l, struct h2_peer *p)
{
    pump_for(l, p, 10);
}

#endif
