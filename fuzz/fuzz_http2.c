/* A server's HTTP/2 connection survives any bytes of a client, in pieces of any size: every stream ends once,
 * the connection's end comes once and last, and what is held stays small.
 *
 * Input: a byte of flags (1: the preface and SETTINGS come first; 2: answers at once; 4: never consumes; 8:
 * detaches at the end of requests), a byte that is the size of the pieces, then what the client sends. */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "h2/h2.h"

enum { MAX_INPUT = 1 << 16, GREET = 1, AT_ONCE = 2, HOLD = 4, DETACH = 8, MAX_HELD = 4 << 20 };

struct world {
    struct ss_loop *loop;
    struct ss_h2 *h2;
    unsigned flags, open, closed;
    size_t held;
};

struct stream {
    struct ss_h2_stream st; /* first */
    unsigned ends;
    bool answered;
};

static void answer(struct world *w, struct stream *s)
{
    static const struct ss_header head[] = {{.name = SS_LIT(":status"), .value = SS_LIT("200")}};
    static const struct ss_header trailers[] = {{.name = SS_LIT("x"), .value = SS_LIT("y")}};
    if (s->answered)
        return;
    s->answered = true;
    if (ss_h2_respond(w->h2, &s->st, head, 1, false) != SS_OK)
        return;
    ss_h2_write(w->h2, &s->st, "0123456789", 10);
    ss_h2_finish(w->h2, &s->st, trailers, s->st.id % 4 == 1);
}

static struct ss_h2_stream *on_open(void *ctx)
{
    struct world *w = ctx;
    assert(!w->closed);
    struct stream *s = ss_xcalloc(1, sizeof *s);
    ss_buf_init(&s->st.out, 1 << 20);
    w->open++;
    return &s->st;
}

static bool on_header(void *ctx, struct ss_h2_stream *st, struct ss_slice name, struct ss_slice value)
{
    struct world *w = ctx;
    assert(st->id != 0);
    w->held += name.len + value.len;
    return name.len != 7 || name.ptr[0] == ':';
}

static void on_headers_end(void *ctx, struct ss_h2_stream *st, enum ss_h2_block block)
{
    struct world *w = ctx;
    assert(block != SS_H2_RESPONSE);
    if (w->flags & AT_ONCE)
        answer(w, (struct stream *)(void *)st);
}

static void on_data(void *ctx, struct ss_h2_stream *st, char *p, size_t n)
{
    struct world *w = ctx;
    for (size_t i = 0; i < n; i++)
        p[i] = (char)~p[i];
    w->held += n;
    if (!(w->flags & HOLD))
        ss_h2_consume(w->h2, st, n);
}

static void free_stream(struct world *w, struct stream *s)
{
    ss_buf_dispose(&s->st.out);
    ss_free(s);
    w->open--;
}

static void on_end(void *ctx, struct ss_h2_stream *st)
{
    struct world *w = ctx;
    struct stream *s = (struct stream *)(void *)st;
    assert(st->remote_end && s->ends++ == 0);
    answer(w, s);
    if (w->flags & DETACH) {
        ss_h2_detach(w->h2, st);
        free_stream(w, s);
    }
}

static void on_stream_closed(void *ctx, struct ss_h2_stream *st, uint32_t error, bool unprocessed)
{
    (void)error;
    assert(!unprocessed && st->id == 0);
    free_stream(ctx, (struct stream *)(void *)st);
}

static void on_nothing(void *ctx)
{
    (void)ctx;
}

static void on_writable(void *ctx, struct ss_h2_stream *st)
{
    (void)ctx;
    (void)st;
}

static void on_closed(void *ctx, enum ss_err why)
{
    struct world *w = ctx;
    (void)why;
    assert(w->closed++ == 0 && w->open == 0);
    ss_h2_free(w->h2);
    w->h2 = NULL;
}

static const struct ss_h2_ops ops = {
    .open = on_open,
    .header = on_header,
    .headers_end = on_headers_end,
    .data = on_data,
    .end = on_end,
    .stream_closed = on_stream_closed,
    .writable = on_writable,
    .settings = on_nothing,
    .goaway = on_nothing,
    .closed = on_closed,
};

static void stop(void *ctx)
{
    ss_loop_stop(ctx);
}

static void turn(struct world *w, int fd)
{
    static char sink[65536];
    struct ss_deferred d;
    ss_deferred_init(&d, stop, w->loop);
    ss_defer(w->loop, &d);
    ss_loop_run(w->loop);
    while (recv(fd, sink, sizeof sink, MSG_DONTWAIT) > 0)
        continue;
}

static void feed(struct world *w, int fd, const uint8_t *p, size_t n, size_t step)
{
    for (size_t at = 0, turns = 0; at < n && w->h2; at += step) {
        size_t part = n - at < step ? n - at : step;
        char *exact = ss_xmalloc(part);
        memcpy(exact, p + at, part);
        ss_h2_feed(w->h2, exact, part);
        ss_free(exact);
        if (turns++ < 16)
            turn(w, fd);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char greeting[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    static const struct ss_log log = {.fd = 2, .level = SS_LOG_ERROR};
    static const struct ss_h2_config config = {.role = SS_H2_SERVER,
                                               .max_concurrent_streams = 10,
                                               .stream_window = 65535,
                                               .connection_window = 1 << 20,
                                               .max_header_bytes = 8192,
                                               .max_headers = 30};
    static struct ss_loop *loop;
    int fds[2];
    if (size < 2 || size > MAX_INPUT || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)
        return 0;
    if (loop == NULL)
        loop = ss_loop_new(&log);
    struct world w = {.loop = loop, .flags = data[0]};
    w.h2 = ss_h2_new(ss_stream_open(loop, fds[0]), &config, &ops, &w);
    if (w.flags & GREET)
        feed(&w, fds[1], (const uint8_t *)greeting, sizeof greeting - 1, sizeof greeting);
    feed(&w, fds[1], data + 2, size - 2, data[1] ? data[1] : size);
    turn(&w, fds[1]);
    assert(w.held < MAX_HELD);
    if (w.h2)
        ss_h2_abort(w.h2);
    assert(w.closed == 1 && w.open == 0);
    turn(&w, fds[1]);
    close(fds[1]);
    return 0;
}
