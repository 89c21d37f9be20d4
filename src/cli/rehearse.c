/*   client ══ socket pair ══ downstream/http1 ── bridge ── upstream/cluster ══ unix socket ══ service
 *
 *   asking ──the answer, which is the last of its connection──▶ the client's connection is closed: the loop
 * stops
 *
 * The service answers each request that is whole with UNIMPLEMENTED: by then all is known. */
#include "cli/rehearse.h"

#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "bridge/bridge.h"
#include "downstream/front.h"
#include "h2/h2.h"
#include "http/chars.h"
#include "http/grpc_frame.h"
#include "net/listener.h"

enum {
    PATIENCE_MS = 10000,
    MAX_ANSWER = 64 << 20,
    MAX_MESSAGE = 1 << 30, /* of what the service would get */
    MAX_METADATA = 1 << 20,
    MAX_FIELDS = 10000,
};

struct rehearsing;

/* A connection to the service. */
struct line {
    struct line *next;
    struct rehearsing *x;
    struct ss_h2 *h2; /* NULL: over */
};

struct rehearsing {
    struct ss_rehearsal *r;
    struct ss_arena *a;
    struct ss_loop *loop;
    struct ss_snapshot *snapshot; /* with the upstreams replaced */
    struct ss_bridge bridge;
    struct ss_front front;
    struct ss_listener *listener;
    struct line *lines;
    struct ss_h2_stream stream; /* of the request */
    struct ss_deframer deframer;
    size_t metadata_cap;
    struct ss_stream *client;
    struct ss_buf response; /* head and body, as they stand on the wire */
    struct ss_timer patience;
    bool late;
};

/* ---- the service ---- */

static struct ss_h2_stream *service_open(void *ctx)
{
    struct line *line = ctx;
    struct rehearsing *x = line->x;
    if (x->stream.id) /* one request, one call */
        return NULL;
    return &x->stream;
}

static bool service_header(void *ctx, struct ss_h2_stream *st, struct ss_slice name, struct ss_slice value)
{
    struct line *line = ctx;
    struct rehearsing *x = line->x;
    (void)st;
    if (name.len == 0 || name.ptr[0] == ':')
        return true;
    if (x->r->n_metadata == x->metadata_cap) {
        size_t cap = x->metadata_cap ? 2 * x->metadata_cap : 16;
        struct ss_header *more = ss_arena_alloc(x->a, cap * sizeof *more);
        if (x->r->n_metadata)
            memcpy(more, x->r->metadata, x->r->n_metadata * sizeof *more);
        x->r->metadata = more;
        x->metadata_cap = cap;
    }
    x->r->metadata[x->r->n_metadata++] =
        (struct ss_header){.name = ss_arena_copy(x->a, name), .value = ss_arena_copy(x->a, value)};
    return true;
}

static void service_headers_end(void *ctx, struct ss_h2_stream *st, enum ss_h2_block block)
{
    (void)ctx;
    (void)st;
    (void)block;
}

static void service_data(void *ctx, struct ss_h2_stream *st, char *p, size_t n)
{
    struct line *line = ctx;
    struct rehearsing *x = line->x;
    ss_h2_consume(line->h2, st, n);
    while (n) {
        size_t used = 0;
        bool have = false;
        struct ss_grpc_message m;
        if (ss_deframer_push(&x->deframer, p, n, &used, &have, &m) != SS_OK)
            return; /* native bytes, which need not be gRPC's */
        if (have && x->r->messages++ == 0)
            x->r->wire = ss_arena_copy(x->a, m.bytes);
        p += used;
        n -= used;
    }
}

static void service_end(void *ctx, struct ss_h2_stream *st)
{
    static const struct ss_header head[] = {{.name = {":status", 7}, .value = {"200", 3}},
                                            {.name = {"content-type", 12}, .value = {"application/grpc", 16}},
                                            {.name = {"grpc-status", 11}, .value = {"12", 2}}};
    struct line *line = ctx;
    line->x->r->called = true;
    (void)ss_h2_respond(line->h2, st, head, sizeof head / sizeof head[0], true);
}

static void service_stream_closed(void *ctx, struct ss_h2_stream *st, uint32_t error, bool unprocessed)
{
    (void)ctx;
    (void)st;
    (void)error;
    (void)unprocessed;
}

static void service_writable(void *ctx, struct ss_h2_stream *st)
{
    (void)ctx;
    (void)st;
}

static void service_nothing(void *ctx)
{
    (void)ctx;
}

static void service_closed(void *ctx, enum ss_err why)
{
    struct line *line = ctx;
    (void)why;
    ss_h2_free(line->h2);
    line->h2 = NULL;
}

static void on_accept(void *ctx, struct ss_stream *s)
{
    static const struct ss_h2_ops ops = {
        .open = service_open,
        .header = service_header,
        .headers_end = service_headers_end,
        .data = service_data,
        .end = service_end,
        .stream_closed = service_stream_closed,
        .writable = service_writable,
        .settings = service_nothing,
        .goaway = service_nothing,
        .closed = service_closed,
    };
    static const struct ss_h2_config config = {.role = SS_H2_SERVER,
                                               .max_concurrent_streams = 100,
                                               .stream_window = 1 << 20,
                                               .connection_window = 1 << 20,
                                               .max_header_bytes = MAX_METADATA,
                                               .max_headers = MAX_FIELDS};
    struct rehearsing *x = ctx;
    struct line *line = ss_arena_zalloc(x->a, sizeof *line);
    *line = (struct line){.next = x->lines, .x = x};
    x->lines = line;
    line->h2 = ss_h2_new(s, &config, &ops, line);
}

/* On an address that has no file, and that no other process can guess. */
static enum ss_err listen_as_service(struct rehearsing *x, struct ss_address *at, const char **why)
{
    uint64_t random = 0;
    int fd = -1;
    struct ss_slice failed = {0};
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
        *why = "no random bytes";
        return SS_ERR_UNAVAILABLE;
    }
    struct ss_slice text = ss_arena_printf(x->a, "unix:@sidespan-explain-%ld-%016llx", (long)getpid(),
                                           (unsigned long long)random);
    if (ss_address_parse(text, at) != SS_OK || ss_listen_open(at, x->a, &failed, &fd) != SS_OK) {
        *why = failed.len ? failed.ptr : "no address";
        return SS_ERR_UNAVAILABLE;
    }
    x->listener = ss_listener_new(x->loop, fd, NULL, 0, on_accept, x);
    return SS_OK;
}

/* The same snapshot, but for who is called. What it points to stays the original's. */
static struct ss_snapshot *redirected(const struct ss_snapshot *s, struct ss_address *at)
{
    struct ss_snapshot *copy = ss_snapshot_new();
    copy->clusters = ss_arena_alloc(&copy->arena, s->n_clusters * sizeof *copy->clusters);
    copy->n_clusters = s->n_clusters;
    copy->schema = s->schema;
    copy->routes = s->routes;
    for (size_t i = 0; i < s->n_clusters; i++) {
        struct ss_cluster_config *c = &copy->clusters[i];
        *c = s->clusters[i];
        c->target.kind = SS_TARGET_ADDRESSES;
        c->target.addresses = at;
        c->target.n_addresses = 1;
        c->tls = NULL;
        c->required = false;
    }
    return copy;
}

static void drop(struct ss_snapshot *copy)
{
    copy->schema = NULL;
    copy->routes = NULL;
    for (size_t i = 0; i < copy->n_clusters; i++)
        copy->clusters[i].tls = NULL;
    ss_snapshot_unref(copy);
}

/* ---- the client ---- */

static size_t client_read(void *ctx, char *p, size_t n)
{
    struct rehearsing *x = ctx;
    (void)ss_buf_append(&x->response, p, n);
    return n;
}

static void client_closed(void *ctx, enum ss_err why)
{
    struct rehearsing *x = ctx;
    (void)why;
    ss_stream_close(x->client, SS_CLOSE_NOW);
    x->client = NULL;
    ss_loop_stop(x->loop);
}

static void on_patience(void *ctx)
{
    struct rehearsing *x = ctx;
    x->late = true;
    ss_loop_stop(x->loop);
}

static bool given(const struct ss_rehearsal *r, struct ss_slice name)
{
    for (size_t i = 0; i < r->n_headers; i++) {
        const char *header = r->headers[i], *colon = strchr(header, ':');
        if (ss_slice_eq_ci(ss_slice_of(header, (size_t)(colon - header)), name))
            return true;
    }
    return false;
}

static void write_headers(const struct ss_rehearsal *r, struct ss_buf *out)
{
    for (size_t i = 0; i < r->n_headers; i++) {
        const char *header = r->headers[i], *colon = strchr(header, ':');
        struct ss_slice name = ss_slice_of(header, (size_t)(colon - header));
        struct ss_slice value = ss_http_trim(ss_slice_str(colon + 1));
        if (!ss_slice_eq_ci(name, SS_LIT("accept-encoding"))) /* the answer is to be read */
            (void)ss_buf_printf(out, "%.*s: %.*s\r\n", SS_FMT(name), SS_FMT(value));
    }
}

/* With the framing that the headers say, or with a length. */
static void write_request(const struct ss_rehearsal *r, struct ss_buf *out)
{
    bool chunked = given(r, SS_LIT("transfer-encoding")), length = given(r, SS_LIT("content-length"));
    (void)ss_buf_printf(out, "%.*s %.*s HTTP/1.1\r\n", SS_FMT(r->method), SS_FMT(r->target));
    if (!given(r, SS_LIT("host")))
        (void)ss_buf_printf(out, "Host: localhost\r\n");
    write_headers(r, out);
    if (r->has_body && !chunked && !length)
        (void)ss_buf_printf(out, "Content-Length: %zu\r\n", r->body.len);
    (void)ss_buf_append(out, "\r\n", 2);
    if (chunked && r->body.len)
        (void)ss_buf_printf(out, "%zx\r\n", r->body.len);
    (void)ss_buf_append_slice(out, r->body);
    if (chunked)
        (void)ss_buf_printf(out, "%s0\r\n\r\n", r->body.len ? "\r\n" : "");
}

static enum ss_err connect_client(struct rehearsing *x, const char **why)
{
    static const struct ss_stream_ops ops = {.read = client_read, .closed = client_closed};
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0) {
        *why = "no socket pair";
        return SS_ERR_UNAVAILABLE;
    }
    ss_front_accept(&x->front, ss_stream_open(x->loop, fds[0]));
    x->client = ss_stream_open(x->loop, fds[1]);
    ss_stream_attach(x->client, &ops, x);
    ss_stream_resume(x->client);
    write_request(x->r, ss_stream_output(x->client));
    ss_stream_want_flush(x->client);
    return SS_OK;
}

/* Status and body of the answer, behind interim ones. */
static void read_response(struct rehearsing *x)
{
    struct ss_slice rest = ss_buf_slice(&x->response);
    const char *end;
    while (rest.len > 12 && (end = memmem(rest.ptr, rest.len, "\r\n\r\n", 4)) != NULL) {
        x->r->status = (rest.ptr[9] - '0') * 100 + (rest.ptr[10] - '0') * 10 + (rest.ptr[11] - '0');
        rest = ss_slice_skip(rest, (size_t)(end - rest.ptr) + 4);
        if (x->r->status >= 200)
            break;
    }
    x->r->answer = ss_arena_copy(x->a, rest);
}

/* ---- the whole ---- */

static enum ss_err run(struct rehearsing *x, const char **why)
{
    struct ss_address at;
    enum ss_err err = listen_as_service(x, &at, why);
    if (err != SS_OK)
        return err;
    x->snapshot = redirected(x->r->snapshot, &at);
    ss_bridge_init(&x->bridge, x->loop, x->snapshot, x->r->limits->max_request_bytes,
                   x->r->limits->max_message_bytes);
    ss_front_init(&x->front, x->loop, ss_bridge_handler(&x->bridge), x->r->limits);
    ss_front_leave(&x->front); /* the end of the answer is that of the connection */
    x->front.cors = x->r->cors;
    x->front.site = x->r->site;
    ss_timer_init(&x->patience, on_patience, x);
    ss_timer_set(x->loop, &x->patience, ss_loop_now_ms(x->loop) + PATIENCE_MS);
    err = connect_client(x, why);
    if (err == SS_OK)
        ss_loop_run(x->loop);
    if (x->late) {
        *why = "the request has no end: is its Content-Length more than its body?";
        err = SS_ERR_UNAVAILABLE;
    }
    ss_timer_cancel(x->loop, &x->patience);
    if (x->client)
        ss_stream_close(x->client, SS_CLOSE_NOW);
    ss_front_dispose(&x->front);
    ss_bridge_dispose(&x->bridge);
    drop(x->snapshot);
    return err;
}

enum ss_err ss_rehearse(struct ss_rehearsal *r, struct ss_arena *a, const char **why)
{
    static const struct ss_log quiet = {.fd = STDERR_FILENO, .level = SS_LOG_ERROR};
    struct rehearsing x = {.r = r, .a = a, .loop = ss_loop_new(&quiet)};
    ss_buf_init(&x.response, MAX_ANSWER);
    ss_buf_init(&x.stream.out, MAX_METADATA);
    ss_deframer_init(&x.deframer, MAX_MESSAGE);
    enum ss_err err = run(&x, why);
    for (struct line *line = x.lines; line; line = line->next)
        if (line->h2)
            ss_h2_free(line->h2);
    if (x.listener)
        ss_listener_close(x.listener);
    ss_loop_free(x.loop);
    if (err == SS_OK)
        read_response(&x);
    ss_deframer_dispose(&x.deframer);
    ss_buf_dispose(&x.stream.out);
    ss_buf_dispose(&x.response);
    return err;
}
