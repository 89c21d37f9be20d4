#include "net/harness.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { MOST = 16 };

/* A listener and what it has accepted. */
struct server {
    struct ss_listener *listener;
    struct ss_address at;
    struct peer peers[MOST];
    unsigned n;
    bool close_at_once; /* the listener, in its own callback */
};

static void on_accept(void *ctx, struct ss_stream *s)
{
    struct server *v = ctx;
    assert_true(v->n < MOST);
    peer_attach(&v->peers[v->n++], s);
    ss_stream_resume(s);
    if (v->close_at_once)
        ss_listener_close(v->listener);
}

static int listen_at(const char *text, struct ss_address *at)
{
    struct ss_arena a;
    struct ss_slice why;
    int fd = -1;
    ss_arena_init(&a, 0);
    assert_int_equal(ss_address_parse(ss_slice_str(text), at), SS_OK);
    assert_int_equal(ss_listen_open(at, &a, &why, &fd), SS_OK);
    at->len = sizeof(at->addr);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at->addr, &at->len), 0);
    ss_arena_dispose(&a);
    return fd;
}

static void serve(struct server *v, struct ss_loop *l, const char *at, unsigned max)
{
    int fd = listen_at(at, &v->at);
    v->listener = ss_listener_new(l, fd, NULL, max, on_accept, v);
}

static void stop(struct server *v)
{
    if (!v->close_at_once)
        ss_listener_close(v->listener);
    for (unsigned i = 0; i < v->n; i++)
        peer_close(&v->peers[i], SS_CLOSE_NOW);
}

static int dial(const struct server *v)
{
    int fd = socket(v->at.addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&v->at.addr, v->at.len), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* ---- opening ---- */

static void what_cannot_be_opened_says_why(void **state)
{
    (void)state;
    struct ss_address at;
    struct ss_arena a;
    struct ss_slice why = {0};
    int fd = -1;
    ss_arena_init(&a, 0);
    assert_int_equal(ss_address_parse(SS_LIT("unix:/nonexistent/dir/s"), &at), SS_OK);
    assert_int_equal(ss_listen_open(&at, &a, &why, &fd), SS_ERR_CONFIG);
    assert_non_null(memmem(why.ptr, why.len, "unix:/nonexistent/dir/s: No such file", 37));
    assert_int_equal(ss_address_parse(SS_LIT("192.0.2.1:1"), &at), SS_OK);
    assert_int_equal(ss_listen_open(&at, &a, &why, &fd), SS_ERR_CONFIG);
    assert_non_null(memmem(why.ptr, why.len, "192.0.2.1:1: Cannot assign", 26));
    ss_arena_dispose(&a);
}

static void two_workers_can_open_the_same_port(void **state)
{
    (void)state;
    struct ss_address at, again;
    char text[32];
    int one = listen_at("127.0.0.1:0", &at);
    snprintf(text, sizeof(text), "127.0.0.1:%u", ntohs(((struct sockaddr_in *)&at.addr)->sin_port));
    int two = listen_at(text, &again);
    assert_true(ss_address_eq(&at, &again));
    assert_int_equal(fcntl(one, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fcntl(one, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    close(one);
    close(two);
}

static void only_a_dead_unix_socket_is_replaced(void **state)
{
    (void)state;
    struct ss_address at;
    struct ss_arena a;
    struct ss_slice why;
    struct stat st;
    char dir[] = "/tmp/ss-net-XXXXXX", path[64], text[80];
    int fd;
    ss_arena_init(&a, 0);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/s", dir);
    snprintf(text, sizeof(text), "unix:%s", path);
    close(listen_at(text, &at)); /* leaves its file */
    assert_int_equal(stat(path, &st), 0);
    int alive = listen_at(text, &at);
    assert_int_equal(ss_listen_open(&at, &a, &why, &fd), SS_ERR_CONFIG); /* somebody listens there */
    close(alive);
    unlink(path);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(ss_listen_open(&at, &a, &why, &fd), SS_ERR_CONFIG); /* not ours to remove */
    assert_int_equal(stat(path, &st), 0);
    unlink(path);
    rmdir(dir);
    ss_arena_dispose(&a);
}

/* ---- accepting ---- */

static bool has_accepted(void *ctx)
{
    return ((struct server *)ctx)->n != 0;
}

static void connections_are_accepted_over_tcp_and_unix(void **state)
{
    static const char *const at[] = {"127.0.0.1:0", "[::1]:0", "unix:@ss-net-test-accept"};
    for (int i = 0; i < 3; i++) {
        struct server v = {0};
        serve(&v, *state, at[i], 0);
        int fd = dial(&v);
        assert_true(run_until(*state, has_accepted, &v, 1000));
        assert_int_equal(write(fd, "x", 1), 1);
        assert_true(run_until(*state, peer_has_read, &v.peers[0], 1000));
        assert_int_equal(ss_stream_is_unix(v.peers[0].stream), i == 2);
        stop(&v);
        close(fd);
    }
}

static void above_the_cap_connections_wait_until_one_has_gone(void **state)
{
    struct server v = {0};
    serve(&v, *state, "127.0.0.1:0", 2);
    int fds[4];
    for (int i = 0; i < 4; i++)
        fds[i] = dial(&v);
    run_for(*state, 20);
    assert_int_equal(v.n, 2);
    peer_close(&v.peers[0], SS_CLOSE_NOW);
    run_for(*state, 20);
    assert_int_equal(v.n, 3);
    peer_close(&v.peers[1], SS_CLOSE_NOW);
    peer_close(&v.peers[2], SS_CLOSE_NOW);
    run_for(*state, 20);
    assert_int_equal(v.n, 4);
    stop(&v);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
}

static void a_closed_listener_leaves_its_connections_alone(void **state)
{
    struct server v = {.close_at_once = true};
    serve(&v, *state, "127.0.0.1:0", 0);
    int fd = dial(&v), other = dial(&v);
    assert_true(run_until(*state, has_accepted, &v, 1000));
    run_for(*state, 10);
    assert_int_equal(v.n, 1);
    assert_int_equal(write(fd, "x", 1), 1);
    assert_true(run_until(*state, peer_has_read, &v.peers[0], 1000));
    stop(&v);
    close(fd);
    close(other);
}

static uint64_t cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_THREAD, &u);
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000u +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void without_descriptors_it_rests_and_then_goes_on(void **state)
{
    struct server v = {0};
    struct rlimit old, few;
    static const struct ss_log quiet = {.fd = -1, .level = SS_LOG_ERROR};
    struct ss_loop *l = ss_loop_new(&quiet);
    (void)state;
    serve(&v, l, "127.0.0.1:0", 0);
    int fd = dial(&v);
    getrlimit(RLIMIT_NOFILE, &old);
    few = old;
    few.rlim_cur = (rlim_t)fd + 1;
    setrlimit(RLIMIT_NOFILE, &few);
    struct ss_timer end;
    ss_timer_init(&end, (void (*)(void *))ss_loop_stop, l);
    ss_timer_set(l, &end, ss_loop_now_ms(l) + 250);
    uint64_t before_us = cpu_us();
    ss_loop_run(l);
    uint64_t used_us = cpu_us() - before_us;
    setrlimit(RLIMIT_NOFILE, &old);
    assert_int_equal(v.n, 0);
    assert_true(used_us < 50000);
    assert_true(run_until(l, has_accepted, &v, 1000));
    stop(&v);
    close(fd);
    ss_loop_free(l);
}

/* ---- connecting ---- */

struct dialled {
    bool came;
    enum ss_err err;
    char why[200];
    struct peer peer;
};

static void on_connected(void *ctx, struct ss_stream *s, enum ss_err err, const char *why)
{
    struct dialled *d = ctx;
    assert_false(d->came);
    d->came = true;
    d->err = err;
    snprintf(d->why, sizeof(d->why), "%s", why);
    if (s != NULL) {
        peer_attach(&d->peer, s);
        ss_stream_resume(s);
    }
}

static void a_connect_succeeds_in_a_later_turn(void **state)
{
    static const char *const at[] = {"127.0.0.1:0", "unix:@ss-net-test-connect"};
    for (int i = 0; i < 2; i++) {
        struct server v = {0};
        struct dialled d = {0};
        serve(&v, *state, at[i], 0);
        ss_connect_start(*state, &v.at, NULL, SS_LIT(""), 1000, on_connected, &d);
        assert_false(d.came);
        assert_true(run_until(*state, is_set, &d.came, 1000));
        assert_int_equal(d.err, SS_OK);
        assert_true(run_until(*state, has_accepted, &v, 1000));
        ss_stream_send(d.peer.stream, "ping", 4);
        assert_true(run_until(*state, peer_has_read, &v.peers[0], 1000));
        ss_stream_send(v.peers[0].stream, "pong", 4);
        assert_true(run_until(*state, peer_has_read, &d.peer, 1000));
        assert_memory_equal(d.peer.got.ptr, "pong", 4);
        peer_close(&d.peer, SS_CLOSE_FLUSH);
        stop(&v);
    }
}

static void a_connect_that_is_refused_says_so(void **state)
{
    struct dialled tcp = {0}, local = {0};
    struct ss_address at;
    close(listen_at("127.0.0.1:0", &at)); /* a port that nobody listens on */
    ss_connect_start(*state, &at, NULL, SS_LIT(""), 1000, on_connected, &tcp);
    ss_address_parse(SS_LIT("unix:/nonexistent/socket"), &at);
    ss_connect_start(*state, &at, NULL, SS_LIT(""), 1000, on_connected, &local);
    assert_false(tcp.came || local.came);
    assert_true(run_until(*state, is_set, &tcp.came, 1000));
    assert_true(run_until(*state, is_set, &local.came, 1000));
    assert_int_equal(tcp.err, SS_ERR_UNAVAILABLE);
    assert_string_equal(tcp.why, "connection refused");
    assert_int_equal(local.err, SS_ERR_UNAVAILABLE);
    assert_string_equal(local.why, "no such socket");
}

/* A listener whose queue is full drops SYNs: the connection hangs. */
static void a_connect_times_out(void **state)
{
    struct dialled d = {0};
    struct ss_address at;
    int fd = listen_at("127.0.0.1:0", &at), fill[8];
    listen(fd, 0);
    for (int i = 0; i < 8; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect(fill[i], (struct sockaddr *)&at.addr, at.len);
    }
    usleep(20000);
    uint64_t before_ms = ss_loop_now_ms(*state);
    ss_connect_start(*state, &at, NULL, SS_LIT(""), 100, on_connected, &d);
    assert_true(run_until(*state, is_set, &d.came, 2000));
    assert_int_equal(d.err, SS_ERR_UNAVAILABLE);
    assert_string_equal(d.why, "connect timed out");
    assert_true(ss_loop_now_ms(*state) - before_ms >= 100);
    for (int i = 0; i < 8; i++)
        close(fill[i]);
    close(fd);
}

static void a_cancelled_connect_is_silent(void **state)
{
    struct server v = {0};
    struct dialled d = {0};
    struct ss_address nowhere;
    serve(&v, *state, "127.0.0.1:0", 0);
    ss_connect_cancel(ss_connect_start(*state, &v.at, NULL, SS_LIT(""), 1000, on_connected, &d));
    ss_address_parse(SS_LIT("unix:/nonexistent/socket"), &nowhere);
    ss_connect_cancel(ss_connect_start(*state, &nowhere, NULL, SS_LIT(""), 1000, on_connected, &d));
    run_for(*state, 20);
    assert_false(d.came);
    stop(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_opened_says_why),
        cmocka_unit_test(two_workers_can_open_the_same_port),
        cmocka_unit_test(only_a_dead_unix_socket_is_replaced),
        LOOP_TEST(connections_are_accepted_over_tcp_and_unix),
        LOOP_TEST(above_the_cap_connections_wait_until_one_has_gone),
        LOOP_TEST(a_closed_listener_leaves_its_connections_alone),
        LOOP_TEST(without_descriptors_it_rests_and_then_goes_on),
        LOOP_TEST(a_connect_succeeds_in_a_later_turn),
        LOOP_TEST(a_connect_that_is_refused_says_so),
        LOOP_TEST(a_connect_times_out),
        LOOP_TEST(a_cancelled_connect_is_silent),
    };
    return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
