#include "h2/h2.h"

#include <nghttp2/nghttp2.h>

#include "base/mem.h"
#include "h2/guard.h"
#include "h2/pool.h"

/* Lifetime: an ss_h2 is never freed inside nghttp2: ss_h2_free marks it dead, callbacks then refuse to go on,
 * and the deferred `reap` frees it at the end of the turn. `dead` means: no events any more.
 *
 * It is one file because nghttp2's callbacks and what owners ask change the same fields. What could be told
 * apart is elsewhere: what a peer may not do is guard.c's, memory is pool.c's. */

enum {
    OUTPUT_HIGH = 256 * 1024, /* bytes waiting for the socket above which no frame is produced */
    STREAM_LOW = 16 * 1024,   /* unsent bytes of a stream below which `writable` is raised */
    MAX_QUEUE = 5000,         /* frames that a peer who does not read may make us queue */
    MAX_QUEUED = 1000,        /* requests waiting for the socket above which no more are taken */
    SUBMIT_HIGH = 256,        /* frames in nghttp2's queue above which queued requests stay where they are */
    RESET_BURST = 512,        /* RST_STREAM of a client; then so many a second... */
    RESETS_PER_S = 33,        /* ...or its connection ends */
    FEW_NV = 128,             /* as many headers need no memory of their own */
    MAX_SENT_BLOCK = 1 << 30, /* bytes of a header block: what goes out was limited when it came in */
    CLIENT_POOL = 512,        /* blocks kept per size: few connections, many streams */
    SERVER_POOL = 16,         /* many connections */
};

struct ss_h2 {
    nghttp2_session *session;
    struct ss_h2_pool *pool; /* the session's memory */
    struct ss_h2_stream
        *last; /* the stream looked up last: a frame's callbacks ask several times. May be NULL */
    struct ss_stream *socket;
    struct ss_loop *loop;
    const struct ss_h2_ops *ops;
    void *ctx;
    struct ss_h2_stream *streams; /* in use, but for those in the queue */
    struct ss_h2_stream *queue, **queue_tail;
    unsigned n_streams; /* with those in the queue */
    unsigned n_queued;
    unsigned begun;      /* streams of the peer in this read */
    int32_t goaway_last; /* the peer's; -1: none */
    struct ss_h2_config config;
    struct ss_h2_guard guard;
    struct ss_deferred reap;
    struct ss_deferred settle; /* looks after a turn whether the session is over */
    size_t block_bytes;        /* of the header block being received */
    unsigned block_fields;
    const char *flood; /* what the peer floods us with; NULL: it does not */
    bool dead, draining, got_settings;
    bool noticed; /* the first GOAWAY of two has been sent */
    bool full;    /* free slots were denied because of the queue */
    bool pausing; /* enough streams have begun: stop at the next field */
};

static void link_stream(struct ss_h2 *h, struct ss_h2_stream *st)
{
    st->next = h->streams;
    st->link = &h->streams;
    if (h->streams)
        h->streams->link = &st->next;
    h->streams = st;
    h->n_streams++;
}

static void queue_stream(struct ss_h2 *h, struct ss_h2_stream *st)
{
    st->id = SS_H2_QUEUED;
    st->next = NULL;
    st->link = h->queue_tail;
    *h->queue_tail = st;
    h->queue_tail = &st->next;
    h->n_queued++;
    h->n_streams++;
}

static void unlink_stream(struct ss_h2 *h, struct ss_h2_stream *st)
{
    if (st->link == NULL)
        return;
    if (h->last == st)
        h->last = NULL;
    *st->link = st->next;
    if (st->next)
        st->next->link = st->link;
    else if (h->queue_tail == &st->next)
        h->queue_tail = st->link;
    h->n_queued -= st->id == SS_H2_QUEUED;
    st->next = NULL;
    st->link = NULL;
    h->n_streams--;
}

/* st is out of use; its owner hears of it last. */
static void end_stream(struct ss_h2 *h, struct ss_h2_stream *st, uint32_t error, bool unprocessed)
{
    unlink_stream(h, st);
    st->id = 0;
    h->ops->stream_closed(h->ctx, st, error, unprocessed);
}

static void want_flush(struct ss_h2 *h)
{
    if (!h->dead)
        ss_stream_want_flush(h->socket);
}

/* The connection is over: tell every stream, then the owner. */
static void die(struct ss_h2 *h, enum ss_err why)
{
    if (h->dead)
        return;
    h->dead = true;
    while (h->streams) {
        /* nghttp2 opens a stream as it frames its HEADERS: without it, nothing of the request has left */
        bool unsent = nghttp2_session_find_stream(h->session, h->streams->id) == NULL;
        end_stream(h, h->streams, SS_H2_CONNECTION_LOST, unsent);
    }
    while (h->queue)
        end_stream(h, h->queue, SS_H2_CONNECTION_LOST, true);
    h->ops->closed(h->ctx, why);
}

static void terminate(struct ss_h2 *h, uint32_t error)
{
    nghttp2_session_terminate_session(h->session, error);
    want_flush(h);
}

/* The peer is flooding us. A client is told, and its connection ends once that has left. A service gets no
 * say in when its connection ends: its calls would wait for a peer who may not read. Returns what the
 * callback of nghttp2's that noticed returns. */
static int end_flood(struct ss_h2 *h, const char *what)
{
    h->flood = what;
    terminate(h, SS_H2_ENHANCE_YOUR_CALM);
    return h->config.role == SS_H2_CLIENT ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* ---- receiving ---- */

static const uint8_t drain_ping[8] = "draining";

static struct ss_h2_stream *stream_of(struct ss_h2 *h, int32_t id)
{
    if (h->last && h->last->id == id)
        return h->last;
    if (id <= 0)
        return NULL;
    struct ss_h2_stream *st = nghttp2_session_get_stream_user_data(h->session, id);
    if (st)
        h->last = st;
    return st;
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *user_data)
{
    struct ss_h2 *h = user_data;
    (void)session;
    if (h->dead)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    const char *flood =
        ss_h2_guard_frame(&h->guard, hd->type, hd->flags, (uint32_t)hd->length, ss_loop_now_ms(h->loop));
    return flood ? end_flood(h, flood) : 0;
}

/* Frames of unknown types: nghttp2 shows them to on_begin_frame only if somebody seems to want them. */
static int on_extension_chunk(nghttp2_session *session, const nghttp2_frame_hd *hd, const uint8_t *data,
                              size_t len, void *user_data)
{
    (void)session;
    (void)hd;
    (void)data;
    (void)len;
    (void)user_data;
    return 0;
}

static int on_extension(nghttp2_session *session, void **payload, const nghttp2_frame_hd *hd, void *user_data)
{
    (void)session;
    (void)payload;
    (void)hd;
    (void)user_data;
    return NGHTTP2_ERR_CANCEL; /* nothing is made of it */
}

static int on_begin_answer(struct ss_h2 *h, struct ss_h2_stream *st)
{
    const char *flood = st ? ss_h2_guard_answer(++st->blocks) : NULL;
    return flood ? end_flood(h, flood) : 0;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct ss_h2 *h = user_data;
    h->block_bytes = 0;
    h->block_fields = 0;
    if (h->config.role == SS_H2_CLIENT)
        return on_begin_answer(h, stream_of(h, frame->hd.stream_id));
    h->pausing = ++h->begun >= SS_H2_STREAMS_A_READ;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    ss_h2_guard_opened(&h->guard);
    struct ss_h2_stream *st = h->draining ? NULL : h->ops->open(h->ctx);
    if (st == NULL) {
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
        return 0;
    }
    st->id = frame->hd.stream_id;
    link_stream(h, st);
    nghttp2_session_set_stream_user_data(session, st->id, st);
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *user_data)
{
    struct ss_h2 *h = user_data;
    (void)session;
    (void)flags;
    h->block_bytes += name_len + value_len + 32;
    h->block_fields++;
    /* Twice the limits, so that a client slightly over them is answered 431; what is far over them is an
     * attack. */
    if (h->block_bytes > 2 * h->config.max_header_bytes || h->block_fields > 2 * h->config.max_headers) {
        int rv = end_flood(h, "header fields");
        return rv ? rv : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    struct ss_h2_stream *st = stream_of(h, frame->hd.stream_id);
    if (h->dead || st == NULL)
        return 0;
    if (!h->ops->header(h->ctx, st, ss_slice_of((const char *)name, name_len),
                        ss_slice_of((const char *)value, value_len)))
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (!h->pausing)
        return 0;
    h->pausing = false;
    return NGHTTP2_ERR_PAUSE;
}

static void end_of_headers(struct ss_h2 *h, struct ss_h2_stream *st, const nghttp2_frame *frame)
{
    enum ss_h2_block block = SS_H2_TRAILERS;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        block = SS_H2_REQUEST;
    else if (frame->headers.cat == NGHTTP2_HCAT_RESPONSE)
        block = SS_H2_RESPONSE;
    h->ops->headers_end(h->ctx, st, block);
}

/* No new streams here: those in the queue have to go elsewhere. */
static void stop_requests(struct ss_h2 *h)
{
    h->draining = true;
    if (!h->dead)
        h->ops->goaway(h->ctx);
    while (!h->dead && h->queue)
        end_stream(h, h->queue, SS_H2_REFUSED_STREAM, true);
}

static void on_goaway(struct ss_h2 *h, const nghttp2_goaway *frame)
{
    h->goaway_last = frame->last_stream_id;
    stop_requests(h);
}

/* HEADERS or DATA is whole. */
static void on_message_frame(struct ss_h2 *h, const nghttp2_frame *frame)
{
    int32_t id = frame->hd.stream_id;
    struct ss_h2_stream *st = stream_of(h, id);
    if (st == NULL)
        return;
    bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    st->remote_end |= end;
    if (frame->hd.type == NGHTTP2_HEADERS) {
        end_of_headers(h, st, frame);
        if (end && !h->dead)
            st = stream_of(h, id); /* the owner may have let go of it */
    }
    if (end && !h->dead && st)
        h->ops->end(h->ctx, st);
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct ss_h2 *h = user_data;
    (void)session;
    if (h->dead)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    switch (frame->hd.type) {
    case NGHTTP2_SETTINGS:
        if (!(frame->hd.flags & NGHTTP2_FLAG_ACK)) {
            h->got_settings = true;
            h->ops->settings(h->ctx);
        }
        break;
    case NGHTTP2_GOAWAY:
        on_goaway(h, &frame->goaway);
        break;
    case NGHTTP2_PING:
        if (h->noticed && (frame->hd.flags & NGHTTP2_FLAG_ACK) &&
            memcmp(frame->ping.opaque_data, drain_ping, sizeof drain_ping) == 0)
            ss_h2_drain(h);
        break;
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
        on_message_frame(h, frame);
        break;
    default:
        break;
    }
    return 0;
}

static int on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t len,
                         void *user_data)
{
    struct ss_h2 *h = user_data;
    (void)flags;
    ss_h2_guard_payload(&h->guard);
    nghttp2_session_consume_connection(session, len);
    struct ss_h2_stream *st = stream_of(h, id);
    if (h->dead || st == NULL) {
        nghttp2_session_consume_stream(session, id, len);
        return 0;
    }
    /* The bytes lie in the loop's read buffer, which is writable. */
    h->ops->data(h->ctx, st, (char *)(uintptr_t)data, len);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error, void *user_data)
{
    struct ss_h2 *h = user_data;
    struct ss_h2_stream *st = stream_of(h, id);
    (void)session;
    if (h->dead || st == NULL)
        return 0;
    bool unprocessed = h->config.role == SS_H2_CLIENT &&
                       (error == SS_H2_REFUSED_STREAM || (h->goaway_last >= 0 && id > h->goaway_last));
    end_stream(h, st, error, unprocessed);
    return 0;
}

static int on_frame_not_send(nghttp2_session *session, const nghttp2_frame *frame, int error, void *user_data)
{
    struct ss_h2 *h = user_data;
    (void)error;
    if (h->dead || frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    if (nghttp2_session_get_stream_user_data(session, frame->hd.stream_id) != NULL)
        return 0; /* on_stream_close follows */
    /* A request that never left, since the peer takes no more streams. */
    struct ss_h2_stream *st = h->streams;
    while (st && st->id != frame->hd.stream_id)
        st = st->next;
    if (st)
        end_stream(h, st, SS_H2_REFUSED_STREAM, true);
    return 0;
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct ss_h2 *h = user_data;
    if (frame->hd.type == NGHTTP2_DATA)
        ss_h2_guard_data_sent(&h->guard);
    if (h->dead || h->config.role != SS_H2_SERVER)
        return 0;
    if ((frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
        /* Answered before the request was whole: the rest of it is not wanted (RFC 9113 §8.1). */
        struct ss_h2_stream *st = stream_of(h, frame->hd.stream_id);
        if (st && !st->remote_end)
            nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, st->id, NGHTTP2_NO_ERROR);
    }
    if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR &&
        !ss_h2_guard_reset(&h->guard, ss_loop_now_ms(h->loop)))
        return end_flood(h, "streams that have to be reset");
    return 0;
}

/* ---- sending ---- */

/* Headers as nghttp2 has them, in few when they fit, else in memory of their own: free_nv. */
static nghttp2_nv *to_nv(const struct ss_header *headers, size_t n, uint8_t flags, nghttp2_nv few[FEW_NV])
{
    nghttp2_nv *nv = n <= FEW_NV ? few : ss_xrealloc(NULL, n, sizeof *nv);
    for (size_t i = 0; i < n; i++)
        nv[i] = (nghttp2_nv){(uint8_t *)(uintptr_t)headers[i].name.ptr,
                             (uint8_t *)(uintptr_t)headers[i].value.ptr, headers[i].name.len,
                             headers[i].value.len,
                             (uint8_t)(flags | (headers[i].unindexed ? NGHTTP2_NV_FLAG_NO_INDEX : 0))};
    return nv;
}

static void free_nv(nghttp2_nv *nv, const nghttp2_nv *few)
{
    if (nv != few)
        ss_free(nv);
}

static ssize_t on_send(nghttp2_session *session, const uint8_t *data, size_t len, int flags, void *user_data)
{
    struct ss_h2 *h = user_data;
    (void)session;
    (void)flags;
    if (h->dead)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (ss_stream_pending(h->socket) >= OUTPUT_HIGH)
        return NGHTTP2_ERR_WOULDBLOCK;
    if (ss_buf_append(ss_stream_output(h->socket), (const char *)data, len) != SS_OK)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    return (ssize_t)len;
}

static ssize_t on_source_read(nghttp2_session *session, int32_t id, uint8_t *buf, size_t room,
                              uint32_t *flags, nghttp2_data_source *source, void *user_data)
{
    struct ss_h2 *h = user_data;
    struct ss_h2_stream *st = stream_of(h, id);
    (void)buf;
    (void)source;
    if (st == NULL || h->dead)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    size_t n = ss_h2_unsent(st);
    if (n == 0 && !st->eof) {
        st->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (n > room)
        return (ssize_t)room;
    if (st->eof) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (st->n_trailers) {
            nghttp2_nv few[FEW_NV], *nv = to_nv(st->trailers, st->n_trailers, NGHTTP2_NV_FLAG_NONE, few);
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            int rv = nghttp2_submit_trailer(session, id, nv, st->n_trailers);
            free_nv(nv, few);
            if (rv != 0)
                return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
    }
    return (ssize_t)n;
}

/* Bytes up to st->sent have been framed: let go of them, and tell an owner who waits. */
static void bytes_framed(struct ss_h2 *h, struct ss_h2_stream *st)
{
    if (!st->keep) {
        if (st->sent == st->out.len) {
            ss_buf_clear(&st->out, 0);
            st->sent = 0;
        } else if (st->sent >= 64 * 1024 && st->sent >= st->out.len / 2) { /* half: all moves are linear */
            ss_buf_drop(&st->out, st->sent);
            st->sent = 0;
        }
    }
    if (st->want_more && ss_h2_unsent(st) < STREAM_LOW) {
        st->want_more = false;
        h->ops->writable(h->ctx, st);
    }
}

static int on_send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *framehd, size_t len,
                        nghttp2_data_source *source, void *user_data)
{
    struct ss_h2 *h = user_data;
    (void)session;
    (void)source;
    if (h->dead)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    struct ss_h2_stream *st = stream_of(h, frame->hd.stream_id);
    if (st == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (ss_stream_pending(h->socket) >= OUTPUT_HIGH)
        return NGHTTP2_ERR_WOULDBLOCK;
    struct ss_buf *out = ss_stream_output(h->socket);
    if (ss_buf_reserve(out, 9 + len) != SS_OK)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    ss_buf_append(out, (const char *)framehd, 9);
    ss_buf_append(out, st->out.ptr + st->sent, len);
    st->sent += len;
    bytes_framed(h, st);
    return 0;
}

/* ---- the socket ---- */

/* A session that is draining, or that nghttp2 has given up, is over when all has left. */
static void settle(void *ctx)
{
    struct ss_h2 *h = ctx;
    if (h->dead)
        return;
    if (nghttp2_session_get_outbound_queue_size(h->session) > MAX_QUEUE) {
        die(h, SS_ERR_IO);
        return;
    }
    bool ending = (h->draining && h->n_streams == 0) || !nghttp2_session_want_read(h->session);
    if (!ending)
        return;
    if (nghttp2_session_want_write(h->session) || ss_stream_pending(h->socket) > 0)
        ss_stream_want_drained(h->socket);
    else
        die(h, SS_OK);
}

/* settle, at the end of the turn, if there may be cause for it. */
static void maybe_settle(struct ss_h2 *h)
{
    if (h->draining || !nghttp2_session_want_read(h->session) ||
        nghttp2_session_get_outbound_queue_size(h->session) > MAX_QUEUE)
        ss_defer(h->loop, &h->settle);
}

static size_t on_readable(void *ctx, char *p, size_t n)
{
    struct ss_h2 *h = ctx;
    if (h->dead)
        return n;
    h->begun = 0;
    ssize_t used = nghttp2_session_mem_recv(h->session, (const uint8_t *)p, n);
    if (used == (ssize_t)n && !h->dead) /* paused after the last byte, it may have a frame to end still */
        used = nghttp2_session_mem_recv(h->session, NULL, 0) < 0 ? -1 : used;
    if (h->dead)
        return n;
    if (used < 0) { /* not even a GOAWAY can be made of it: bad preface, out of memory; or end_flood's */
        if (h->flood)
            nghttp2_session_send(h->session);
        die(h, h->flood ? SS_ERR_LIMIT : SS_ERR_IO);
        return n;
    }
    if (nghttp2_session_want_write(h->session))
        want_flush(h);
    maybe_settle(h);
    return (size_t)used;
}

/* The heads of queued requests, as long as nghttp2 gets rid of them. */
static void submit_queued(struct ss_h2 *h)
{
    while (h->queue && !h->dead && nghttp2_session_get_outbound_queue_size(h->session) < SUBMIT_HIGH)
        h->ops->request(h->ctx, h->queue);
    if (h->full && h->n_queued < MAX_QUEUED && !h->dead) {
        h->full = false;
        h->ops->room(h->ctx);
    }
}

static void on_fill(void *ctx, size_t room)
{
    struct ss_h2 *h = ctx;
    (void)room;
    if (h->dead)
        return;
    submit_queued(h);
    int rv = h->dead ? 0 : nghttp2_session_send(h->session);
    if (h->dead)
        return;
    if (rv != 0) {
        die(h, SS_ERR_IO);
        return;
    }
    if (h->queue && ss_stream_pending(h->socket) < OUTPUT_HIGH)
        want_flush(h); /* what is queued goes on; a socket that is blocked asks by itself */
    maybe_settle(h);
}

static void on_drained(void *ctx)
{
    struct ss_h2 *h = ctx;
    if (!h->dead)
        maybe_settle(h);
}

static void on_closed(void *ctx, enum ss_err why)
{
    die(ctx, why);
}

static const struct ss_stream_ops socket_ops = {
    .read = on_readable, .fill = on_fill, .drained = on_drained, .closed = on_closed};

/* ---- making and freeing ---- */

static void set_callbacks(nghttp2_session_callbacks *cb)
{
    nghttp2_session_callbacks_set_on_begin_frame_callback(cb, on_begin_frame);
    nghttp2_session_callbacks_set_on_extension_chunk_recv_callback(cb, on_extension_chunk);
    nghttp2_session_callbacks_set_unpack_extension_callback(cb, on_extension);
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data_chunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(cb, on_frame_not_send);
    nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_frame_send);
    nghttp2_session_callbacks_set_send_callback(cb, on_send);
    nghttp2_session_callbacks_set_send_data_callback(cb, on_send_data);
}

static void *pool_malloc(size_t size, void *pool)
{
    return ss_h2_pool_alloc(pool, size);
}

static void *pool_calloc(size_t n, size_t size, void *pool)
{
    return ss_h2_pool_zalloc(pool, n, size);
}

static void *pool_realloc(void *block, size_t size, void *pool)
{
    return ss_h2_pool_realloc(pool, block, size);
}

static void pool_free(void *block, void *pool)
{
    ss_h2_pool_release(pool, block);
}

static void make_session(struct ss_h2 *h)
{
    nghttp2_mem mem = {h->pool, pool_malloc, pool_free, pool_calloc, pool_realloc};
    nghttp2_session_callbacks *cb = NULL;
    nghttp2_option *option = NULL;
    if (nghttp2_session_callbacks_new(&cb) != 0 || nghttp2_option_new(&option) != 0)
        ss_xrealloc(NULL, SIZE_MAX, SIZE_MAX); /* out of memory: aborts */
    set_callbacks(cb);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_max_continuations(option, 16);
    nghttp2_option_set_max_send_header_block_length(option, MAX_SENT_BLOCK);
    nghttp2_option_set_stream_reset_rate_limit(option, RESET_BURST, RESETS_PER_S);
    nghttp2_option_set_peer_max_concurrent_streams(option, 100);
    for (unsigned type = NGHTTP2_CONTINUATION + 1; type <= UINT8_MAX; type++)
        nghttp2_option_set_user_recv_extension_type(option, (uint8_t)type);
    int rv = h->config.role == SS_H2_CLIENT ? nghttp2_session_client_new3(&h->session, cb, h, option, &mem)
                                            : nghttp2_session_server_new3(&h->session, cb, h, option, &mem);
    if (rv != 0)
        ss_xrealloc(NULL, SIZE_MAX, SIZE_MAX);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(cb);
}

static void submit_settings(struct ss_h2 *h)
{
    nghttp2_settings_entry entries[5];
    size_t n = 0;
    entries[n++] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, h->config.stream_window};
    entries[n++] =
        (nghttp2_settings_entry){NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)h->config.max_header_bytes};
    if (h->config.role == SS_H2_CLIENT)
        entries[n++] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
    else
        entries[n++] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                                                h->config.max_concurrent_streams};
    if (h->config.role == SS_H2_SERVER) /* RFC 8441 */
        entries[n++] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1};
    nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, entries, n);
    nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0,
                                          (int32_t)h->config.connection_window);
}

static void reap(void *ctx)
{
    struct ss_h2 *h = ctx;
    ss_deferred_cancel(h->loop, &h->settle);
    nghttp2_session_del(h->session);
    ss_h2_pool_free(h->pool);
    ss_free(h);
}

struct ss_h2 *ss_h2_new(struct ss_stream *s, const struct ss_h2_config *config, const struct ss_h2_ops *ops,
                        void *ctx)
{
    struct ss_h2 *h = ss_xcalloc(1, sizeof *h);
    h->socket = s;
    h->loop = ss_stream_loop(s);
    h->ops = ops;
    h->ctx = ctx;
    h->config = *config;
    h->goaway_last = -1;
    h->queue_tail = &h->queue;
    ss_h2_guard_init(&h->guard, config->role == SS_H2_CLIENT, ss_loop_now_ms(h->loop));
    ss_deferred_init(&h->reap, reap, h);
    ss_deferred_init(&h->settle, settle, h);
    h->pool = ss_h2_pool_new(config->role == SS_H2_CLIENT ? CLIENT_POOL : SERVER_POOL);
    make_session(h);
    submit_settings(h);
    ss_stream_attach(s, &socket_ops, h);
    ss_stream_resume(s);
    want_flush(h);
    return h;
}

void ss_h2_feed(struct ss_h2 *h, char *p, size_t n)
{
    on_readable(h, p, n);
}

void ss_h2_free(struct ss_h2 *h)
{
    h->dead = true;
    while (h->streams) {
        struct ss_h2_stream *st = h->streams;
        unlink_stream(h, st);
        st->id = 0;
    }
    while (h->queue) {
        struct ss_h2_stream *st = h->queue;
        unlink_stream(h, st);
        st->id = 0;
    }
    if (h->socket)
        ss_stream_close(h->socket, h->config.role == SS_H2_SERVER ? SS_CLOSE_LINGER : SS_CLOSE_FLUSH);
    h->socket = NULL;
    ss_defer(h->loop, &h->reap);
}

/* ---- what the owner does ---- */

enum ss_err ss_h2_request(struct ss_h2 *h, struct ss_h2_stream *st)
{
    if (h->dead || h->draining)
        return SS_ERR_UNAVAILABLE;
    st->remote_end = false;
    st->deferred = false;
    st->blocks = 0;
    queue_stream(h, st);
    want_flush(h);
    return SS_OK;
}

void ss_h2_submit(struct ss_h2 *h, struct ss_h2_stream *st, const struct ss_header *headers, size_t n,
                  bool end)
{
    nghttp2_nv few[FEW_NV],
        *nv = to_nv(headers, n, NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE, few);
    nghttp2_data_provider provider = {.read_callback = on_source_read};
    int32_t id = nghttp2_submit_request(h->session, NULL, nv, n, end ? NULL : &provider, st);
    free_nv(nv, few);
    if (id < 0) { /* the connection has no more ids, or no memory */
        stop_requests(h);
        return;
    }
    unlink_stream(h, st);
    st->id = id;
    st->eof |= end;
    link_stream(h, st);
    ss_h2_guard_opened(&h->guard);
}

enum ss_err ss_h2_respond(struct ss_h2 *h, struct ss_h2_stream *st, const struct ss_header *headers, size_t n,
                          bool end)
{
    if (h->dead || st->id == 0)
        return SS_ERR_CLOSED;
    nghttp2_nv few[FEW_NV], *nv = to_nv(headers, n, NGHTTP2_NV_FLAG_NONE, few);
    nghttp2_data_provider provider = {.read_callback = on_source_read};
    int rv = nghttp2_submit_response(h->session, st->id, nv, n, end ? NULL : &provider);
    free_nv(nv, few);
    if (rv != 0)
        return SS_ERR_INTERNAL;
    want_flush(h);
    return SS_OK;
}

static void wake(struct ss_h2 *h, struct ss_h2_stream *st)
{
    if (st->deferred && st->id) {
        st->deferred = false;
        nghttp2_session_resume_data(h->session, st->id);
    }
    want_flush(h);
}

enum ss_err ss_h2_write(struct ss_h2 *h, struct ss_h2_stream *st, const char *p, size_t n)
{
    if (h->dead || st->id == 0)
        return SS_ERR_CLOSED;
    enum ss_err err = ss_buf_append(&st->out, p, n);
    if (err == SS_OK)
        wake(h, st);
    return err;
}

void ss_h2_write_buf(struct ss_h2 *h, struct ss_h2_stream *st, struct ss_buf *b)
{
    ss_buf_dispose(&st->out);
    st->out = *b;
    st->sent = 0;
    ss_buf_init(b, b->max);
    if (!h->dead && st->id)
        wake(h, st);
}

void ss_h2_finish(struct ss_h2 *h, struct ss_h2_stream *st, const struct ss_header *trailers, size_t n)
{
    st->trailers = trailers;
    st->n_trailers = n;
    st->eof = true;
    if (!h->dead && st->id)
        wake(h, st);
}

void ss_h2_want_writable(struct ss_h2_stream *st)
{
    st->want_more = true;
}

void ss_h2_consume(struct ss_h2 *h, struct ss_h2_stream *st, size_t n)
{
    if (h->dead || st->id <= 0 || n == 0)
        return;
    nghttp2_session_consume_stream(h->session, st->id, n);
    if (nghttp2_session_want_write(h->session))
        want_flush(h);
}

void ss_h2_reset(struct ss_h2 *h, struct ss_h2_stream *st, uint32_t error)
{
    if (h->dead || st->id <= 0)
        return;
    nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, st->id, error);
    want_flush(h);
}

void ss_h2_detach(struct ss_h2 *h, struct ss_h2_stream *st)
{
    if (st->id == 0)
        return;
    if (!h->dead && st->id != SS_H2_QUEUED) {
        bool sent = nghttp2_session_get_stream_local_close(h->session, st->id) == 1;
        if (!st->remote_end || !sent)
            ss_h2_reset(h, st, st->remote_end ? SS_H2_NO_ERROR : SS_H2_CANCEL);
        nghttp2_session_set_stream_user_data(h->session, st->id, NULL);
    }
    unlink_stream(h, st);
    st->id = 0;
    if (!h->dead && h->draining)
        ss_defer(h->loop, &h->settle);
}

unsigned ss_h2_open_streams(const struct ss_h2 *h)
{
    return h->n_streams;
}

unsigned ss_h2_free_slots(struct ss_h2 *h)
{
    if (h->dead || h->draining || !h->got_settings)
        return 0;
    if (h->n_queued >= MAX_QUEUED) {
        h->full = true;
        return 0;
    }
    uint32_t max = nghttp2_session_get_remote_settings(h->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    return max > h->n_streams ? max - h->n_streams : 0;
}

void ss_h2_drain(struct ss_h2 *h)
{
    if (h->dead || h->draining)
        return;
    if (!h->noticed && h->config.role == SS_H2_SERVER) {
        h->noticed = true;
        nghttp2_submit_shutdown_notice(h->session);
        nghttp2_submit_ping(h->session, NGHTTP2_FLAG_NONE, drain_ping);
        want_flush(h);
        return;
    }
    h->draining = true;
    int32_t last = nghttp2_session_get_last_proc_stream_id(h->session);
    nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0);
    want_flush(h);
    ss_defer(h->loop, &h->settle);
}

struct ss_stream *ss_h2_socket(const struct ss_h2 *h)
{
    return h->dead ? NULL : h->socket;
}

const char *ss_h2_flood(const struct ss_h2 *h)
{
    return h->flood;
}

void ss_h2_abort(struct ss_h2 *h)
{
    die(h, SS_ERR_IO);
}
