#include "upstream/call.h"

#include "base/base64.h"
#include "base/mem.h"
#include "base/percent.h"
#include "http/grpc_timeout.h"
#include "upstream/cluster.h"

enum {
    MAX_BLOCK_BYTES = 64 * 1024, /* of a head or of trailers, as RFC 9113 §6.5.2 counts */
    MAX_RETRIES = 2,             /* transparent ones */
    KEEP_MAX = 64 * 1024,        /* a larger request is not kept for one */
};

static struct ss_upcall *call_of(struct ss_h2_stream *st)
{
    return (struct ss_upcall *)(void *)st; /* h2 is its first member */
}

/* Leaves the cluster and the connection. Nothing reaches the call from below after it. */
static void unhook(struct ss_upcall *u)
{
    struct ss_loop *l = ss_cluster_loop(u->cluster);
    ss_timer_cancel(l, &u->deadline);
    ss_deferred_cancel(l, &u->failing);
    if (u->h2.id && u->channel)
        ss_h2_detach(ss_channel_h2(u->channel), &u->h2);
    ss_cluster_remove(u->cluster, u);
    u->channel = NULL;
    ss_deframer_dispose(&u->deframer);
    ss_buf_dispose(&u->h2.out);
    u->state = SS_UPCALL_ENDED;
}

static void end(struct ss_upcall *u, const struct ss_status *st)
{
    if (u->state == SS_UPCALL_ENDED)
        return;
    unhook(u);
    u->ops->end(u, st, u->metadata.fields, u->metadata.n);
}

void ss_upcall_fail(struct ss_upcall *u, enum ss_err err, const char *message)
{
    struct ss_status st;
    ss_status_say(&st, u->arena, err, message);
    u->metadata.n = 0;
    end(u, &st);
}

static void on_deadline(void *ctx)
{
    ss_upcall_fail(ctx, SS_ERR_DEADLINE, "deadline exceeded");
}

static void on_failing(void *ctx)
{
    struct ss_upcall *u = ctx;
    ss_upcall_fail(u, u->fail_err, u->grpc_message.ptr);
}

/* ---- the request ---- */

static void place(struct ss_upcall *u)
{
    const char *why = NULL;
    u->state = SS_UPCALL_WAITING;
    enum ss_err err = ss_cluster_place(u->cluster, u, &why);
    if (err == SS_OK)
        return;
    u->fail_err = err;
    u->grpc_message = ss_slice_str(why);
    ss_defer(ss_cluster_loop(u->cluster), &u->failing);
}

void ss_upcall_start(struct ss_upcall *u, struct ss_cluster *c, const struct ss_upcall_request *r,
                     const struct ss_upcall_ops *ops, struct ss_arena *arena)
{
    struct ss_loop *l = ss_cluster_loop(c);
    u->ops = ops;
    u->request = *r;
    u->arena = arena;
    u->cluster = c;
    u->http_status = u->grpc_status = -1;
    u->h2.keep = r->unary;
    if (u->h2.out.max == 0)
        ss_buf_init(&u->h2.out, r->max_unsent_bytes);
    ss_deframer_init(&u->deframer, r->max_message_bytes);
    ss_deferred_init(&u->failing, on_failing, u);
    ss_timer_init(&u->deadline, on_deadline, u);
    if (r->timeout_ms > 0) {
        u->deadline_at_ms = ss_loop_from_ms(l) + (uint64_t)r->timeout_ms;
        ss_timer_set(l, &u->deadline, u->deadline_at_ms);
    }
    place(u);
}

bool ss_upcall_open(struct ss_upcall *u, struct ss_channel *ch)
{
    if (ss_h2_request(ss_channel_h2(ch), &u->h2) != SS_OK)
        return false;
    u->h2.eof = u->request_done;
    u->channel = ch;
    u->state = SS_UPCALL_OPEN;
    return true;
}

void ss_upcall_on_request(void *ctx, struct ss_h2_stream *st)
{
    (void)ctx;
    struct ss_upcall *u = call_of(st);
    struct ss_headers h;
    const struct ss_cluster_config *config = ss_cluster_config(u->cluster);
    ss_headers_init(&h, u->arena);
    ss_headers_put(&h, SS_LIT(":method"), SS_LIT("POST"));
    ss_headers_put(&h, SS_LIT(":scheme"), config->tls ? SS_LIT("https") : SS_LIT("http"));
    ss_headers_put(&h, SS_LIT(":path"), u->request.path);
    ss_headers_put(&h, SS_LIT(":authority"), config->target.authority);
    ss_headers_put(&h, SS_LIT("te"), SS_LIT("trailers"));
    struct ss_slice type = u->request.content_type, agent = u->request.user_agent;
    ss_headers_put(&h, SS_LIT("content-type"), type.len ? type : SS_LIT("application/grpc"));
    ss_headers_put(&h, SS_LIT("user-agent"), agent.len ? agent : SS_LIT("sidespan/" SS_VERSION));
    if (u->deadline_at_ms) {
        uint64_t now = ss_loop_now_ms(ss_cluster_loop(u->cluster));
        int64_t left = u->deadline_at_ms > now ? (int64_t)(u->deadline_at_ms - now) : 1;
        ss_headers_put(&h, SS_LIT("grpc-timeout"),
                       ss_slice_of(u->timeout, ss_grpc_timeout_print(u->timeout, left)));
    }
    ss_headers_put_all(&h, u->request.metadata, u->request.n_metadata);
    bool bodyless = u->request_done && ss_upcall_unsent(u) == 0;
    ss_h2_submit(ss_channel_h2(u->channel), st, h.fields, h.n, bodyless);
}

/* Bytes that would have to be sent are lost: so is the call. */
static void lose(struct ss_upcall *u, enum ss_err err)
{
    u->fail_err = err == SS_ERR_LIMIT ? SS_ERR_BODY_TOO_LARGE : err;
    if (u->channel)
        ss_h2_detach(ss_channel_h2(u->channel), &u->h2); /* no event that could change what it is told */
    u->channel = NULL;
    u->grpc_message = SS_LIT("more was sent to the service than may wait for it");
    ss_defer(ss_cluster_loop(u->cluster), &u->failing);
}

/* Adds b to what is to be sent, or makes it that. */
static enum ss_err keep(struct ss_upcall *u, struct ss_buf *b)
{
    enum ss_err err = SS_OK;
    if (u->h2.out.len) {
        err = ss_buf_append(&u->h2.out, b->ptr, b->len);
        ss_buf_clear(b, 0);
    } else if (b->len > u->h2.out.max) {
        err = SS_ERR_LIMIT;
        ss_buf_clear(b, 0);
    } else {
        size_t max = u->h2.out.max;
        ss_buf_dispose(&u->h2.out);
        u->h2.out = *b;
        u->h2.out.max = max;
        ss_buf_init(b, b->max);
    }
    return err;
}

void ss_upcall_send(struct ss_upcall *u, struct ss_buf *b, bool last)
{
    if (u->state == SS_UPCALL_ENDED || u->fail_err != SS_OK) {
        ss_buf_dispose(b);
        return;
    }
    u->request_done |= last;
    if (u->h2.keep && (!last || b->len > KEEP_MAX))
        u->h2.keep = false;
    struct ss_h2 *h = u->channel ? ss_channel_h2(u->channel) : NULL;
    enum ss_err err = keep(u, b);
    if (err != SS_OK)
        lose(u, err);
    else if (h && last)
        ss_h2_finish(h, &u->h2, NULL, 0);
    else if (h)
        ss_h2_write(h, &u->h2, NULL, 0);
}

size_t ss_upcall_unsent(const struct ss_upcall *u)
{
    return ss_h2_unsent(&u->h2);
}

void ss_upcall_want_writable(struct ss_upcall *u)
{
    ss_h2_want_writable(&u->h2);
}

void ss_upcall_on_writable(void *ctx, struct ss_h2_stream *st)
{
    (void)ctx;
    struct ss_upcall *u = call_of(st);
    if (u->ops->writable)
        u->ops->writable(u);
}

void ss_upcall_cancel(struct ss_upcall *u)
{
    if (u->state == SS_UPCALL_IDLE || u->state == SS_UPCALL_ENDED)
        return;
    unhook(u);
}

/* ---- the answer: headers ---- */

static int parse_number(struct ss_slice s)
{
    int v = 0;
    if (s.len == 0 || s.len > 9)
        return -1;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return -1;
        v = v * 10 + (s.ptr[i] - '0');
    }
    return v;
}

static struct ss_slice decode_details(struct ss_arena *a, struct ss_slice text)
{
    char *out = ss_arena_alloc(a, ss_base64_decoded_max(text.len)); /* bounded by the header limit */
    size_t n = 0;
    return ss_base64_decode(out, &n, text) == SS_OK ? ss_slice_of(out, n) : (struct ss_slice){0};
}

static void keep_metadata(struct ss_upcall *u, struct ss_slice name, struct ss_slice value)
{
    struct ss_metadata *m = &u->metadata;
    if (m->n == m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 8;
        struct ss_header *fields = ss_arena_alloc(u->arena, cap * sizeof *fields);
        if (m->n)
            memcpy(fields, m->fields, m->n * sizeof *fields);
        m->fields = fields;
        m->cap = cap;
    }
    m->fields[m->n++] =
        (struct ss_header){.name = ss_arena_copy(u->arena, name), .value = ss_arena_copy(u->arena, value)};
}

/* Whether the head that is being received is one of 1xx, after which the answer's own comes. */
static bool is_interim(const struct ss_upcall *u)
{
    return !u->got_head && u->http_status >= 100 && u->http_status < 200;
}

bool ss_upcall_on_header(void *ctx, struct ss_h2_stream *st, struct ss_slice name, struct ss_slice value)
{
    (void)ctx;
    struct ss_upcall *u = call_of(st);
    u->block_bytes += name.len + value.len + 32;
    if (u->block_bytes > MAX_BLOCK_BYTES) {
        ss_upcall_fail(u, SS_ERR_MESSAGE_TOO_LARGE, "the service's metadata is over the limit of 64 KiB");
        return true;
    }
    if (ss_slice_eq(name, SS_LIT(":status"))) {
        u->http_status = parse_number(value);
    } else if (is_interim(u)) {
        return true; /* ":status" came first: nothing of it counts, or is kept */
    } else if (ss_slice_eq(name, SS_LIT("content-type"))) {
        u->grpc_content = ss_slice_starts(value, SS_LIT("application/grpc"));
    } else if (ss_slice_eq(name, SS_LIT("grpc-status"))) {
        u->grpc_status = parse_number(value);
        if (u->grpc_status < 0)
            u->grpc_status = SS_CODE_UNKNOWN;
    } else if (ss_slice_eq(name, SS_LIT("grpc-message"))) {
        u->grpc_message = ss_percent_decode_loose(ss_arena_copy(u->arena, value), u->arena);
    } else if (ss_slice_eq(name, SS_LIT("grpc-status-details-bin"))) {
        u->details_bin = decode_details(u->arena, value);
    } else if (ss_slice_eq(name, SS_LIT("grpc-encoding"))) {
        u->compressed_ok = !ss_slice_eq(value, SS_LIT("identity"));
    } else if (name.len && name.ptr[0] != ':') {
        keep_metadata(u, name, value);
        return true;
    }
    if (u->ops->bytes && name.ptr[0] != ':')
        keep_metadata(u, name, value); /* passed through: all of it */
    return true;
}

/* Whether the answer is gRPC at all; if not, its body is some proxy's error page. */
static bool is_grpc(const struct ss_upcall *u)
{
    return u->http_status == 200 && u->grpc_content;
}

static bool is_status(struct ss_slice name)
{
    return ss_slice_eq(name, SS_LIT("grpc-status")) || ss_slice_eq(name, SS_LIT("grpc-message")) ||
           ss_slice_eq(name, SS_LIT("grpc-status-details-bin"));
}

/* Forgets what the block just read says of the call's end: only trailers, or a head that ends the stream, may
 * say that (PROTOCOL-HTTP2.md, "Responses"). If it were believed, an answer cut in its middle would pass for
 * a success. */
static void drop_status(struct ss_upcall *u)
{
    size_t n = 0;
    u->early_status |= u->grpc_status >= 0;
    u->grpc_status = -1;
    u->grpc_message = u->details_bin = (struct ss_slice){0};
    for (size_t i = 0; i < u->metadata.n; i++)
        if (!is_status(u->metadata.fields[i].name))
            u->metadata.fields[n++] = u->metadata.fields[i];
    u->metadata.n = n;
}

void ss_upcall_on_headers_end(void *ctx, struct ss_h2_stream *st, enum ss_h2_block block)
{
    (void)ctx;
    (void)block;
    struct ss_upcall *u = call_of(st);
    u->block_bytes = 0;
    if (u->got_head || st->remote_end)
        return; /* trailers: `end` follows */
    if (is_interim(u)) {
        u->http_status = -1;
        return;
    }
    drop_status(u);
    u->got_head = true;
    struct ss_metadata head = u->metadata;
    u->metadata = (struct ss_metadata){0};
    if (is_grpc(u))
        u->ops->head(u, head.fields, head.n);
}

/* ---- the answer: messages ---- */

/* Credit: bytes of whole messages are held until the owner has dealt with them, and those of their prefixes
 * until it owes nothing, for empty messages cost memory too once they are JSON. Bytes of a message that is
 * still being collected are given back at once, or a message larger than the window would never come; but
 * only while the owner owes nothing, so that one who does not keep up holds one message and one window at
 * most. */
static void give_back_rest(struct ss_upcall *u)
{
    if (u->held || u->channel == NULL)
        return;
    size_t n = u->prefixes + u->partial;
    u->prefixes = u->partial = 0;
    ss_h2_consume(ss_channel_h2(u->channel), &u->h2, n);
}

void ss_upcall_consume(struct ss_upcall *u, size_t n)
{
    if (u->state != SS_UPCALL_OPEN || u->channel == NULL)
        return;
    if (n > u->held)
        n = u->held;
    u->held -= n;
    ss_h2_consume(ss_channel_h2(u->channel), &u->h2, n);
    give_back_rest(u);
}

void ss_upcall_on_data(void *ctx, struct ss_h2_stream *st, char *p, size_t n)
{
    (void)ctx;
    struct ss_upcall *u = call_of(st);
    if (!is_grpc(u)) {
        ss_h2_consume(ss_channel_h2(u->channel), st, n);
        return;
    }
    if (u->ops->bytes) {
        u->held += n;
        u->ops->bytes(u, p, n);
        return;
    }
    while (n) {
        size_t used = 0;
        bool have = false;
        struct ss_grpc_message m;
        enum ss_err err = ss_deframer_push(&u->deframer, p, n, &used, &have, &m);
        if (err != SS_OK) {
            ss_upcall_fail(u, err,
                           err == SS_ERR_MESSAGE_TOO_LARGE
                               ? "the service's message is over the limit (max_message_bytes)"
                               : "the service sent a malformed gRPC frame");
            return;
        }
        p += used;
        n -= used;
        u->partial += used;
        if (!have)
            break;
        if (m.compressed) {
            ss_upcall_fail(u, SS_ERR_BAD_RESPONSE,
                           u->compressed_ok ? "the service compressed a message, which was not offered"
                                            : "the service sent a compressed message without grpc-encoding");
            return;
        }
        size_t prefix = u->partial < SS_GRPC_PREFIX ? u->partial : SS_GRPC_PREFIX;
        u->held += u->partial - prefix;
        u->prefixes += prefix;
        u->partial = 0;
        u->ops->message(u, m.bytes);
        if (u->state != SS_UPCALL_OPEN)
            return;
    }
    if (u->prefixes == 0)
        give_back_rest(u);
}

/* ---- the answer: its end ---- */

/* grpc/doc/http-grpc-status-mapping.md */
static int code_of_http(int status)
{
    switch (status) {
    case 400:
        return SS_CODE_INTERNAL;
    case 401:
        return SS_CODE_UNAUTHENTICATED;
    case 403:
        return SS_CODE_PERMISSION_DENIED;
    case 404:
        return SS_CODE_UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
        return SS_CODE_UNAVAILABLE;
    default:
        return SS_CODE_UNKNOWN;
    }
}

void ss_upcall_on_end(void *ctx, struct ss_h2_stream *h2)
{
    (void)ctx;
    struct ss_upcall *u = call_of(h2);
    struct ss_status st = {0};
    if (u->grpc_status >= 0) {
        st.code = u->grpc_status;
        st.message = u->grpc_message;
        st.details = u->details_bin;
        if (st.code == SS_CODE_OK && !ss_deframer_idle(&u->deframer))
            ss_status_set(&st, u->arena, SS_ERR_BAD_RESPONSE, "the service ended in the middle of a message");
    } else if (u->http_status != 200) {
        st.code = code_of_http(u->http_status);
        st.message =
            ss_arena_printf(u->arena, "the service answered HTTP status %d instead of gRPC", u->http_status);
        st.note = st.message.ptr;
    } else if (u->early_status) {
        ss_status_set(&st, u->arena, SS_ERR_BAD_RESPONSE, "the service ended the call without trailers");
    } else {
        st.code = SS_CODE_UNKNOWN;
        st.message = u->grpc_content ? SS_LIT("the service ended the call without a status")
                                     : SS_LIT("the service's answer is not gRPC");
        st.note = st.message.ptr;
    }
    end(u, &st);
}

static enum ss_err set_reset_status(struct ss_upcall *u, uint32_t error, struct ss_status *st)
{
    struct ss_arena *a = u->arena;
    enum ss_err err = SS_OK;
    switch (error) {
    case SS_H2_CONNECTION_LOST:
        return ss_status_set(st, a, SS_ERR_UNAVAILABLE, "the connection to the service was lost");
    case SS_H2_REFUSED_STREAM:
        return ss_status_set(st, a, SS_ERR_UNAVAILABLE, "the service refused the call");
    case SS_H2_CANCEL:
        if (u->deadline_at_ms && ss_loop_now_ms(ss_cluster_loop(u->cluster)) >= u->deadline_at_ms)
            return ss_status_set(st, a, SS_ERR_DEADLINE, "deadline exceeded");
        err = ss_status_set(st, a, SS_ERR_CANCELLED, "the service cancelled the call");
        break;
    case SS_H2_ENHANCE_YOUR_CALM:
        err = ss_status_set(st, a, SS_ERR_LIMIT, "the service asked for fewer calls");
        break;
    case SS_H2_INADEQUATE_SECURITY:
        err = ss_status_set(st, a, SS_ERR_BAD_RESPONSE, "the service wants better transport security");
        st->code = SS_CODE_PERMISSION_DENIED;
        break;
    default:
        err =
            ss_status_set(st, a, SS_ERR_BAD_RESPONSE, "the service reset the call (HTTP/2 error %u)", error);
        break;
    }
    st->err = SS_OK; /* the service's word: the code decides */
    return err;
}

void ss_upcall_on_stream_closed(void *ctx, struct ss_h2_stream *h2, uint32_t error, bool unprocessed)
{
    (void)ctx;
    struct ss_upcall *u = call_of(h2);
    if (u->state != SS_UPCALL_OPEN)
        return;
    u->channel = NULL;
    bool whole = u->h2.keep || u->h2.sent == 0;
    if (unprocessed && whole && !u->got_head && u->retries < MAX_RETRIES) {
        u->retries++;
        u->h2.sent = 0;
        ss_cluster_remove(u->cluster, u);
        place(u);
        return;
    }
    struct ss_status st;
    if (unprocessed)
        ss_status_set(&st, u->arena, SS_ERR_UNAVAILABLE, "the service refused the call");
    else
        set_reset_status(u, error, &st);
    u->metadata.n = 0;
    end(u, &st);
}
