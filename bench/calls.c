/* The clients of make bench-streams' fairness: small calls one after another, and a stream of much beside
 * them.
 *
 *   calls KIND PORT CALLS BULK [PATH]    KIND: json (to sidespan) or grpc (to the service itself), over one
 *                                        HTTP/2 connection; PATH: of the bulk stream
 *
 * BULK is "none"; "same": a bulk stream on the same connection, which begins anew when it ends; "only":
 * nothing but such a stream, until SIGTERM. A JSON line at the end: how long the calls took, and how much
 * came beside them. */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

enum { READ_SIZE = 64 * 1024, WINDOW = 1 << 20, CONNECTION_WINDOW = 1 << 24 };

struct kind {
    const char *small_path, *bulk_path, *type;
    struct bytes small, bulk; /* requests: one token of 20 bytes; 16,384 of 64 KiB */
};

static const struct kind kinds[] = {
    {"/token",
     "/tokens",
     "application/json",
     {(const uint8_t *)"{\"count\":1,\"size\":20}", 21},
     {(const uint8_t *)"{\"count\":16384,\"size\":65536}", 28}},
    {"/bench.v1.Tokens/One",
     "/bench.v1.Tokens/Stream",
     "application/grpc",
     {(const uint8_t *)"\0\0\0\0\4\x08\1\x20\x14", 9},
     {(const uint8_t *)"\0\0\0\0\x08\x08\x80\x80\1\x20\x80\x80\4", 13}},
};

struct client {
    int fd; /* first */
    nghttp2_session *session;
    const struct kind *kind;
    const char *bulk_path;
    int32_t small, bulk; /* streams; 0: none */
    uint64_t bulk_bytes, small_bytes, broken;
    bool bulk_wanted;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t n,
                   void *user)
{
    struct client *c = user;
    (void)session;
    (void)flags;
    (void)p;
    if (id == c->bulk)
        c->bulk_bytes += n;
    else
        c->small_bytes += n;
    return 0;
}

static void begin_bulk(struct client *c)
{
    c->bulk = post(c->session, c->bulk_path, c->kind->type, (struct bytes *)(uintptr_t)&c->kind->bulk, NULL);
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error, void *user)
{
    struct client *c = user;
    (void)session;
    c->broken += error != 0;
    if (id == c->small)
        c->small = 0;
    else if (id == c->bulk)
        c->bulk = 0;
    if (c->bulk_wanted && c->bulk == 0)
        begin_bulk(c);
    return 0;
}

static void open_session(struct client *c, const char *port)
{
    nghttp2_session_callbacks *cb;
    nghttp2_session_callbacks_new(&cb);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
    nghttp2_session_callbacks_set_send_callback(cb, send_to);
    c->fd = connect_to(port);
    nghttp2_session_client_new(&c->session, cb, c);
    nghttp2_session_callbacks_del(cb);
    nghttp2_settings_entry settings = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW};
    nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, &settings, 1);
    nghttp2_session_set_local_window_size(c->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
}

/* Waits for bytes and takes them; false when the connection is over. */
static bool step(struct client *c)
{
    static uint8_t buf[READ_SIZE];
    struct pollfd p = {.fd = c->fd,
                       .events = (short)(POLLIN | (nghttp2_session_want_write(c->session) ? POLLOUT : 0))};
    if (nghttp2_session_send(c->session) != 0)
        return false;
    if (poll(&p, 1, 100) < 0)
        return errno == EINTR;
    ssize_t n = recv(c->fd, buf, sizeof buf, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    return n > 0 && nghttp2_session_mem_recv(c->session, buf, (size_t)n) >= 0 &&
           nghttp2_session_send(c->session) == 0;
}

int main(int argc, char **argv)
{
    struct client c = {0};
    struct ages took = {0};
    if (argc != 5 && argc != 6) {
        fprintf(stderr, "usage: calls json|grpc PORT CALLS none|same|only [PATH]\n");
        return 2;
    }
    signal(SIGTERM, on_signal);
    c.kind = &kinds[strcmp(argv[1], "grpc") == 0];
    c.bulk_path = argc == 6 ? argv[5] : c.kind->bulk_path;
    c.bulk_wanted = strcmp(argv[4], "none") != 0;
    bool only = strcmp(argv[4], "only") == 0, alive = true;
    size_t calls = strtoul(argv[3], NULL, 10);
    open_session(&c, argv[2]);
    if (c.bulk_wanted)
        begin_bulk(&c);
    while (alive && c.bulk_wanted && c.bulk_bytes < 10 * WINDOW)
        alive = step(&c);
    if (only) {
        puts("reading");
        fflush(stdout);
    }
    uint64_t start = now_ns(), before = c.bulk_bytes;
    while (alive && only && !stopped)
        alive = step(&c);
    while (alive && !only && took.n < calls && !stopped) {
        uint64_t begun = now_ns();
        c.small = post(c.session, c.kind->small_path, c.kind->type, (struct bytes *)(uintptr_t)&c.kind->small,
                       NULL);
        while (alive && c.small)
            alive = step(&c);
        add_age(&took, now_ns() - begun);
    }
    double seconds = (double)(now_ns() - start) / 1e9;
    printf("{\"calls\": %zu, \"broken\": %llu, \"bytes_a_call\": %llu, \"bulk_mb_per_s\": %.1f", took.n,
           (unsigned long long)(c.broken + !alive), (unsigned long long)(took.n ? c.small_bytes / took.n : 0),
           (double)(c.bulk_bytes - before) / 1e6 / seconds);
    print_ages(&took);
    printf("}\n");
    return 0;
}
