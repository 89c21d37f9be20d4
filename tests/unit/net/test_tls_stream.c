/* TLS connections, both roles of ours against each other, and a server of OpenSSL's own where ours would not
 * do wrong. */
#include "net/certs.h"

#include <arpa/inet.h>
#include <sys/wait.h>

struct world {
    struct ss_loop *loop;
    struct ss_listener *listener;
    struct ss_tls *server_tls, *client_tls;
    struct ss_address at;
    /* the server's end */
    bool accepted;
    struct peer server;
    /* the client's end */
    bool came;
    enum ss_err err;
    char why[200];
    struct peer client;
};

static const struct ss_log quiet = {.fd = -1, .level = SS_LOG_ERROR};

static struct ss_tls *make(bool server, const char *crt, const char *key, const char *ca, const char *name,
                           bool insecure)
{
    struct ss_tls_config c = {.insecure_skip_verify = insecure, .server_name = ss_slice_str(name)};
    struct ss_arena a;
    struct ss_slice why;
    struct ss_tls *t = NULL;
    ss_arena_init(&a, 0);
    if (crt != NULL)
        c.certificate = cert_path(crt);
    if (key != NULL)
        c.private_key = cert_path(key);
    if (ca != NULL)
        c.ca = cert_path(ca);
    assert_int_equal((server ? ss_tls_server_new : ss_tls_client_new)(&c, &a, &why, &t), SS_OK);
    ss_arena_dispose(&a);
    return t;
}

static void on_accept(void *ctx, struct ss_stream *s)
{
    struct world *w = ctx;
    assert_false(w->accepted);
    w->accepted = true;
    peer_attach(&w->server, s);
    ss_stream_resume(s);
}

static void on_connected(void *ctx, struct ss_stream *s, enum ss_err err, const char *why)
{
    struct world *w = ctx;
    assert_false(w->came);
    w->came = true;
    w->err = err;
    snprintf(w->why, sizeof(w->why), "%s", why);
    if (s != NULL) {
        peer_attach(&w->client, s);
        ss_stream_resume(s);
    }
}

static void open_listener(struct world *w)
{
    struct ss_arena a;
    struct ss_slice why;
    int fd;
    ss_arena_init(&a, 0);
    ss_address_parse(SS_LIT("127.0.0.1:0"), &w->at);
    assert_int_equal(ss_listen_open(&w->at, &a, &why, &fd), SS_OK);
    w->at.len = sizeof(w->at.addr);
    getsockname(fd, (struct sockaddr *)&w->at.addr, &w->at.len);
    w->listener = ss_listener_new(w->loop, fd, w->server_tls, 0, on_accept, w);
    ss_arena_dispose(&a);
}

/* Takes ownership of the contexts. */
static void begin(struct world *w, struct ss_tls *server_tls, struct ss_tls *client_tls)
{
    memset(w, 0, sizeof(*w));
    signal(SIGPIPE, SIG_IGN);
    w->loop = ss_loop_new(&quiet);
    w->server_tls = server_tls;
    w->client_tls = client_tls;
    open_listener(w);
}

static void dial(struct world *w, const char *name)
{
    ss_connect_start(w->loop, &w->at, w->client_tls, ss_slice_str(name), 5000, on_connected, w);
    assert_false(w->came);
    assert_true(run_until(w->loop, is_set, &w->came, 6000));
}

static void end(struct world *w)
{
    ss_listener_close(w->listener);
    peer_close(&w->server, SS_CLOSE_NOW);
    peer_close(&w->client, SS_CLOSE_NOW);
    ss_tls_unref(w->server_tls);
    ss_tls_unref(w->client_tls);
    ss_loop_free(w->loop);
}

static void begin_good(struct world *w)
{
    begin(w, make(true, "server.crt", "server.key", NULL, "", false),
          make(false, NULL, NULL, "ca.crt", "", false));
}

/* A connection made, both ends attached. */
static void begin_connected(struct world *w)
{
    begin_good(w);
    dial(w, "localhost");
    assert_string_equal(w->why, "");
    assert_true(run_until(w->loop, is_set, &w->accepted, 1000));
}

static void a_verified_connection_carries_bytes_both_ways(void **state)
{
    (void)state;
    static const char *const names[] = {"localhost", "LocalHost.", "a.example.test", "127.0.0.1"};
    for (int i = 0; i < 4; i++) {
        struct world w;
        begin_good(&w);
        dial(&w, names[i]);
        assert_string_equal(w.why, "");
        assert_int_equal(w.err, SS_OK);
        assert_true(run_until(w.loop, is_set, &w.accepted, 1000));
        assert_true(ss_stream_is_tls(w.client.stream) && ss_stream_is_tls(w.server.stream));
        assert_true(ss_slice_eq(ss_stream_alpn(w.client.stream), SS_LIT("h2")));
        assert_true(ss_slice_eq(ss_stream_alpn(w.server.stream), SS_LIT("h2")));
        ss_stream_send(w.client.stream, "ping", 4);
        assert_true(run_until(w.loop, peer_has_read, &w.server, 1000));
        ss_stream_send(w.server.stream, "pong", 4);
        assert_true(run_until(w.loop, peer_has_read, &w.client, 1000));
        assert_memory_equal(w.client.got.ptr, "pong", 4);
        assert_memory_equal(w.server.got.ptr, "ping", 4);
        end(&w);
    }
}

static void a_server_that_cannot_be_verified_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *crt, *key, *ca, *name, *config_name, *why;
    } cases[] = {
        {"server.crt", "server.key", "other.crt", "localhost", "", "unable to get local issuer certificate"},
        {"server.crt", "server.key", NULL, "localhost", "", "certificate verify failed: "},
        {"named.crt", "named.key", "ca.crt", "localhost", "", "hostname mismatch"},
        {"named.crt", "named.key", "ca.crt", "127.0.0.1", "", "IP address mismatch"},
        {"server.crt", "server.key", "ca.crt", "localhost", "elsewhere.test", "hostname mismatch"},
        {"server.crt", "server.key", "ca.crt", "a.b.example.test", "", "hostname mismatch"},
        {"server.crt", "server.key", "ca.crt", "127.0.0.2", "", "IP address mismatch"},
        {"expired.crt", "expired.key", "ca.crt", "localhost", "", "certificate has expired"},
        {"server.crt", "server.key", "ca.crt", "", "", "no server name"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world w;
        begin(&w, make(true, cases[i].crt, cases[i].key, NULL, "", false),
              make(false, NULL, NULL, cases[i].ca, cases[i].config_name, false));
        dial(&w, cases[i].name);
        assert_int_equal(w.err, SS_ERR_UNAVAILABLE);
        if (strstr(w.why, cases[i].why) == NULL)
            fail_msg("case %zu: %s", i, w.why);
        run_for(w.loop, 20);
        assert_false(w.accepted); /* TLS 1.3 server: our alert came instead of Finished */
        end(&w);
    }
}

static void the_configured_name_is_verified_instead_of_the_targets(void **state)
{
    (void)state;
    struct world w;
    begin(&w, make(true, "named.crt", "named.key", NULL, "", false),
          make(false, NULL, NULL, "ca.crt", "elsewhere.test", false));
    dial(&w, "localhost");
    assert_string_equal(w.why, "");
    end(&w);
    begin(&w, make(true, "named.crt", "named.key", NULL, "", false), make(false, NULL, NULL, NULL, "", true));
    dial(&w, "localhost"); /* and nothing at all when told so */
    assert_string_equal(w.why, "");
    end(&w);
}

static void a_client_certificate_is_mandatory_where_there_is_a_client_ca(void **state)
{
    (void)state;
    struct world w;
    begin(&w, make(true, "server.crt", "server.key", "ca.crt", "", false),
          make(false, "client.crt", "client.key", "ca.crt", "", false));
    dial(&w, "localhost");
    assert_string_equal(w.why, "");
    assert_true(run_until(w.loop, is_set, &w.accepted, 1000));
    end(&w);
    for (int wrong = 0; wrong < 2; wrong++) { /* none; one of another authority */
        begin(&w, make(true, "server.crt", "server.key", wrong ? "other.crt" : "ca.crt", "", false),
              make(false, wrong ? "client.crt" : NULL, wrong ? "client.key" : NULL, "ca.crt", "", false));
        dial(&w, "localhost");
        if (w.err == SS_OK) /* TLS 1.3: the client learns of it with its first read */
            assert_true(run_until(w.loop, peer_has_died, &w.client, 1000));
        run_for(w.loop, 20);
        assert_false(w.accepted);
        end(&w);
    }
}

/* ---- data ---- */

static char pattern_at(uint64_t i)
{
    return (char)(i * 2654435761u >> 13);
}

struct flow {
    uint64_t left, made, seen;
    size_t most; /* of pending */
    bool slow;   /* pauses after each read */
};

static void on_fill_produce(struct peer *p, size_t room)
{
    struct flow *f = p->extra;
    size_t n = f->left < room ? (size_t)f->left : room;
    struct ss_buf *out = ss_stream_output(p->stream);
    assert_int_equal(ss_buf_reserve(out, n), SS_OK);
    for (size_t i = 0; i < n; i++)
        out->ptr[out->len++] = pattern_at(f->made++);
    f->left -= n;
    f->most = ss_stream_pending(p->stream) > f->most ? ss_stream_pending(p->stream) : f->most;
}

static void on_read_verify(struct peer *p, char *bytes, size_t n)
{
    struct flow *f = p->extra;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(bytes[i], pattern_at(f->seen++));
    if (f->slow)
        ss_stream_pause(p->stream);
}

static bool both_have_read(void *ctx)
{
    struct world *w = ctx;
    struct flow *server = w->server.extra, *client = w->client.extra;
    if (server->slow)
        ss_stream_resume(w->server.stream);
    return server->seen == client->made && client->left == 0 && client->seen == server->made &&
           server->left == 0;
}

static void megabytes_cross_both_ways_with_a_slow_reader(void **state)
{
    (void)state;
    for (int slow = 0; slow < 2; slow++) {
        struct world w;
        struct flow up = {.left = 3 << 20}, down = {.left = 3 << 20, .slow = slow};
        begin_connected(&w);
        w.client.extra = &up;
        w.server.extra = &down;
        w.client.on_fill = w.server.on_fill = on_fill_produce;
        w.client.on_read = w.server.on_read = on_read_verify;
        w.client.keep = w.server.keep = false;
        ss_stream_want_flush(w.client.stream);
        ss_stream_want_flush(w.server.stream);
        assert_true(run_until(w.loop, both_have_read, &w, 30000));
        assert_true(up.most <= 3 * 65536 && down.most <= 3 * 65536);
        assert_true(ss_stream_bytes_in(w.server.stream) > 3 << 20); /* counted on the wire */
        end(&w);
    }
}

static void on_read_pause_at_once(struct peer *p, char *bytes, size_t n)
{
    (void)bytes;
    (void)n;
    ss_stream_pause(p->stream);
}

/* What was decrypted or received together with what was read must come back without the socket being
 * readable. */
static void bytes_kept_by_a_pause_come_after_a_resume(void **state)
{
    (void)state;
    enum { N = 300000 };
    struct world w;
    begin_connected(&w);
    char *bytes = ss_xmalloc(N);
    for (size_t i = 0; i < N; i++)
        bytes[i] = pattern_at(i);
    w.server.on_read = on_read_pause_at_once;
    ss_stream_pause(w.server.stream);
    ss_stream_send(w.client.stream, bytes, N);
    run_for(w.loop, 20);
    for (int i = 0; i < 100 && w.server.read < N; i++) {
        unsigned before = w.server.reads;
        ss_stream_resume(w.server.stream);
        run_for(w.loop, 10);
        assert_int_equal(w.server.reads, before + 1); /* one at a time, and none forgotten */
    }
    assert_int_equal(w.server.read, N);
    assert_memory_equal(w.server.got.ptr, bytes, N);
    ss_free(bytes);
    end(&w);
}

/* A client may send with its Finished; that must not wait for more. */
static void bytes_right_behind_the_handshake_are_read(void **state)
{
    (void)state;
    struct world w;
    begin_good(&w);
    dial(&w, "localhost");
    ss_stream_send(w.client.stream, "early", 5); /* goes out with Finished, in one flush */
    assert_true(run_until(w.loop, peer_has_read, &w.server, 1000));
    assert_memory_equal(w.server.got.ptr, "early", 5);
    end(&w);
}

/* ---- departure ---- */

static void close_notify_is_told_as_fin(void **state)
{
    (void)state;
    struct world w;
    begin_connected(&w);
    ss_stream_send(w.client.stream, "bye", 3);
    ss_stream_close(w.client.stream, SS_CLOSE_FLUSH);
    w.client.stream = NULL;
    assert_true(run_until(w.loop, peer_has_finished, &w.server, 1000));
    assert_int_equal(w.server.read, 3);
    end(&w);
}

static void departure_is_noticed_while_paused(void **state)
{
    (void)state;
    struct world w;
    begin_connected(&w);
    ss_stream_pause(w.server.stream);
    run_for(w.loop, 5);
    ss_stream_close(w.client.stream, SS_CLOSE_NOW);
    w.client.stream = NULL;
    assert_true(run_until(w.loop, peer_has_finished, &w.server, 1000));
    end(&w);
}

static void lingering_works_over_tls(void **state)
{
    (void)state;
    enum { N = 8 << 20 };
    struct world w;
    struct flow in = {.slow = false};
    char *bytes = ss_xmalloc(N);
    begin_connected(&w);
    for (size_t i = 0; i < N; i++)
        bytes[i] = pattern_at(i);
    w.client.extra = &in;
    w.client.on_read = on_read_verify;
    w.client.keep = false;
    ss_stream_send(w.client.stream, bytes, 100000); /* still sending */
    ss_stream_send(w.server.stream, bytes, N);
    ss_stream_close(w.server.stream, SS_CLOSE_LINGER);
    w.server.stream = NULL;
    assert_true(run_until(w.loop, peer_has_finished, &w.client, 5000));
    assert_int_equal(in.seen, N);
    assert_int_equal(w.client.died, 0);
    ss_free(bytes);
    end(&w);
}

/* ---- what is no TLS ---- */

static int dial_raw(struct world *w)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&w->at.addr, w->at.len), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Closed by the other side, within ms of the loop. */
static bool closes(struct world *w, int fd, unsigned ms)
{
    char sink[256];
    ssize_t n = -1;
    for (unsigned i = 0; i < ms && (n > 0 || (n < 0 && errno == EAGAIN)); i++) {
        run_for(w->loop, 1);
        while ((n = read(fd, sink, sizeof(sink))) > 0) {
        }
    }
    return n == 0 || errno == ECONNRESET;
}

static void what_is_no_handshake_is_closed(void **state)
{
    (void)state;
    struct world w;
    begin_good(&w);
    int fd = dial_raw(&w);
    errno = EAGAIN;
    assert_int_equal(write(fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
    assert_true(closes(&w, fd, 1000));
    assert_false(w.accepted);
    close(fd);
    fd = dial_raw(&w); /* one that goes away */
    run_for(w.loop, 5);
    close(fd);
    fd = dial_raw(&w);
    run_for(w.loop, 5);
    reset(fd);
    run_for(w.loop, 20);
    assert_false(w.accepted);
    end(&w);
}

static void a_handshake_has_ten_seconds(void **state)
{
    (void)state;
    struct world w;
    begin_good(&w);
    int fd = dial_raw(&w);
    errno = EAGAIN;
    run_for(w.loop, 9800);
    char byte;
    assert_int_equal(read(fd, &byte, 1), -1);
    assert_int_equal(errno, EAGAIN);
    assert_true(closes(&w, fd, 600));
    close(fd);
    end(&w);
}

static void a_listener_closed_during_handshakes_accepts_nothing(void **state)
{
    (void)state;
    struct world w;
    begin_good(&w);
    int fd = dial_raw(&w);
    errno = EAGAIN;
    run_for(w.loop, 5);
    ss_listener_close(w.listener);
    assert_true(closes(&w, fd, 100));
    close(fd);
    open_listener(&w);
    end(&w);
}

static void a_connect_can_be_cancelled_during_its_handshake(void **state)
{
    (void)state;
    for (int turns = 0; turns < 8; turns++) {
        struct world w;
        begin_good(&w);
        struct ss_connect *c =
            ss_connect_start(w.loop, &w.at, w.client_tls, SS_LIT("localhost"), 1000, on_connected, &w);
        for (int i = 0; i < turns && !w.came; i++) { /* a turn at a time */
            struct ss_timer now;
            ss_timer_init(&now, (void (*)(void *))ss_loop_stop, w.loop);
            ss_timer_set(w.loop, &now, 0);
            ss_loop_run(w.loop);
        }
        bool came = w.came;
        if (!came)
            ss_connect_cancel(c);
        run_for(w.loop, 10);
        assert_int_equal(w.came, came);
        end(&w);
    }
}

/* A server that accepts and says nothing. */
static void a_silent_server_times_out(void **state)
{
    (void)state;
    struct world w;
    begin(&w, NULL, make(false, NULL, NULL, "ca.crt", "", false));
    ss_connect_start(w.loop, &w.at, w.client_tls, SS_LIT("localhost"), 100, on_connected, &w);
    assert_true(run_until(w.loop, is_set, &w.came, 2000));
    assert_int_equal(w.err, SS_ERR_UNAVAILABLE);
    assert_string_equal(w.why, "TLS handshake timed out");
    end(&w);
}

static void a_server_that_is_not_tls_is_refused(void **state)
{
    (void)state;
    struct world w;
    begin(&w, NULL, make(false, NULL, NULL, "ca.crt", "", false));
    ss_connect_start(w.loop, &w.at, w.client_tls, SS_LIT("localhost"), 1000, on_connected, &w);
    assert_true(run_until(w.loop, is_set, &w.accepted, 1000));
    ss_stream_send(w.server.stream, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
    assert_true(run_until(w.loop, is_set, &w.came, 2000));
    assert_int_equal(w.err, SS_ERR_UNAVAILABLE);
    assert_non_null(strstr(w.why, "wrong version number"));
    end(&w);
}

/* ---- against the openssl command: what our own ends never do ---- */

/* Runs `openssl <args>` with the port of at; its standard input stays open until it is waited for. */
static pid_t openssl(const char *args, unsigned port, int *in)
{
    int fds[2];
    char command[512];
    snprintf(command, sizeof(command), "cd %s && exec openssl %s:%u >openssl.log 2>&1", certs_dir, args,
             port);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[0], 0);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(fds[0]);
    *in = fds[1];
    return pid;
}

static void reap(pid_t pid, int in)
{
    close(in);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

static unsigned port_of(const struct ss_address *at)
{
    return ntohs(((const struct sockaddr_in *)&at->addr)->sin_port);
}

static void a_server_without_alpn_h2_is_refused(void **state)
{
    (void)state;
    for (int other = 0; other < 2; other++) {
        struct world w;
        int in;
        begin_good(&w);
        unsigned port = port_of(&w.at);
        ss_listener_close(w.listener); /* its port is free now, for OpenSSL's */
        run_for(w.loop, 2);
        pid_t pid = openssl(
            other ? "s_server -quiet -key server.key -cert server.crt -alpn http/1.1 -accept 127.0.0.1"
                  : "s_server -quiet -key server.key -cert server.crt -accept 127.0.0.1",
            port, &in);
        for (int i = 0; i < 100; i++) { /* until it listens */
            w.came = false;
            dial(&w, "localhost");
            if (strcmp(w.why, "connection refused") != 0)
                break;
            run_for(w.loop, 20);
        }
        assert_int_equal(w.err, SS_ERR_UNAVAILABLE);
        if (strstr(w.why, "ALPN") == NULL && strstr(w.why, "no application protocol") == NULL)
            fail_msg("%s", w.why);
        reap(pid, in);
        open_listener(&w);
        end(&w);
    }
}

static void clients_choose_among_the_servers_protocols(void **state)
{
    (void)state;
    static const struct {
        const char *args, *alpn;
        bool accepted;
    } cases[] = {
        {"s_client -quiet -connect 127.0.0.1", "", true},
        {"s_client -quiet -alpn http/1.1 -connect 127.0.0.1", "http/1.1", true},
        {"s_client -quiet -alpn http/1.1,h2 -connect 127.0.0.1", "h2", true}, /* the server's order */
        {"s_client -quiet -alpn spdy/3 -connect 127.0.0.1", "", false},
        {"s_client -quiet -tls1_2 -connect 127.0.0.1", "", true},
        {"s_client -quiet -tls1_1 -cipher DEFAULT:@SECLEVEL=0 -connect 127.0.0.1", "", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world w;
        int in;
        begin_good(&w);
        pid_t pid = openssl(cases[i].args, port_of(&w.at), &in);
        bool accepted = run_until(w.loop, is_set, &w.accepted, cases[i].accepted ? 5000 : 400);
        assert_int_equal(accepted, cases[i].accepted);
        if (accepted) {
            assert_true(ss_slice_eq(ss_stream_alpn(w.server.stream), ss_slice_str(cases[i].alpn)));
            assert_int_equal(write(in, "hello\n", 6), 6);
            assert_true(run_until(w.loop, peer_has_read, &w.server, 1000));
        }
        reap(pid, in);
        end(&w);
    }
}

/* TLS 1.2: R at the start of a line makes s_client renegotiate. */
static void renegotiation_is_refused(void **state)
{
    (void)state;
    struct world w;
    int in;
    begin_good(&w);
    pid_t pid = openssl("s_client -tls1_2 -connect 127.0.0.1", port_of(&w.at), &in);
    assert_true(run_until(w.loop, is_set, &w.accepted, 5000));
    assert_int_equal(write(in, "hello\n", 6), 6);
    assert_true(run_until(w.loop, peer_has_read, &w.server, 1000));
    assert_int_equal(write(in, "R\n", 2), 2);
    run_for(w.loop, 100);
    assert_int_equal(waitpid(pid, NULL, 0), pid); /* it gives up: no_renegotiation */
    close(in);
    assert_int_equal(w.server.read, 6);
    end(&w);
}

/* TLS 1.3: K at the start of a line updates keys and asks us to do so; the answer goes before what we write
 * next (RFC 8446 §4.6.3). */
static void a_key_update_is_answered_and_bytes_go_on(void **state)
{
    (void)state;
    struct world w;
    int in;
    char command[128];
    begin_good(&w);
    pid_t pid = openssl("s_client -tls1_3 -connect 127.0.0.1", port_of(&w.at), &in);
    assert_true(run_until(w.loop, is_set, &w.accepted, 5000));
    run_for(w.loop, 20);
    uint64_t before = ss_stream_bytes_out(w.server.stream);
    assert_int_equal(write(in, "K\n", 2), 2);
    run_for(w.loop, 100);
    assert_int_equal(write(in, "hello\n", 6), 6);
    assert_true(run_until(w.loop, peer_has_read, &w.server, 1000));
    assert_memory_equal(w.server.got.ptr, "hello\n", 6);
    ss_stream_send(w.server.stream, "understood", 10);
    run_for(w.loop, 100);
    assert_true(ss_stream_bytes_out(w.server.stream) - before > 10 + 22 + 22); /* two records */
    snprintf(command, sizeof(command), "grep -q understood %s/openssl.log", certs_dir);
    assert_int_equal(system(command), 0);
    reap(pid, in);
    end(&w);
}

static void a_reloaded_certificate_serves_new_connections(void **state)
{
    (void)state;
    struct world w;
    begin(&w, make(true, "named.crt", "named.key", NULL, "", false),
          make(false, NULL, NULL, "ca.crt", "", false));
    dial(&w, "localhost");
    assert_int_equal(w.err, SS_ERR_UNAVAILABLE);
    struct ss_tls *reloaded = make(true, "server.crt", "server.key", NULL, "", false);
    ss_listener_set_tls(w.listener, reloaded);
    ss_tls_unref(reloaded);
    w.came = false;
    dial(&w, "localhost");
    assert_string_equal(w.why, "");
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verified_connection_carries_bytes_both_ways),
        cmocka_unit_test(a_server_that_cannot_be_verified_is_refused),
        cmocka_unit_test(the_configured_name_is_verified_instead_of_the_targets),
        cmocka_unit_test(a_client_certificate_is_mandatory_where_there_is_a_client_ca),
        cmocka_unit_test(megabytes_cross_both_ways_with_a_slow_reader),
        cmocka_unit_test(bytes_kept_by_a_pause_come_after_a_resume),
        cmocka_unit_test(bytes_right_behind_the_handshake_are_read),
        cmocka_unit_test(close_notify_is_told_as_fin),
        cmocka_unit_test(departure_is_noticed_while_paused),
        cmocka_unit_test(lingering_works_over_tls),
        cmocka_unit_test(what_is_no_handshake_is_closed),
        cmocka_unit_test(a_handshake_has_ten_seconds),
        cmocka_unit_test(a_listener_closed_during_handshakes_accepts_nothing),
        cmocka_unit_test(a_connect_can_be_cancelled_during_its_handshake),
        cmocka_unit_test(a_silent_server_times_out),
        cmocka_unit_test(a_server_that_is_not_tls_is_refused),
        cmocka_unit_test(a_server_without_alpn_h2_is_refused),
        cmocka_unit_test(clients_choose_among_the_servers_protocols),
        cmocka_unit_test(renegotiation_is_refused),
        cmocka_unit_test(a_key_update_is_answered_and_bytes_go_on),
        cmocka_unit_test(a_reloaded_certificate_serves_new_connections),
    };
    return cmocka_run_group_tests_name("tls_stream", tests, certs_make, certs_remove);
}
