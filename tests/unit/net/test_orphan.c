#include <arpa/inet.h>

#include "net/harness.h"

/* A connection whose client has sent more than anybody reads, so that its FIN cannot come. */
struct stuck {
    struct peer p;
    int other;
};

static void pair_of(int family, const char *to, int fds[2])
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6}; /* any address */
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    socklen_t len = sizeof(at);
    int l = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), off = 0;
    setsockopt(l, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    assert_int_equal(bind(l, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(l, 1), 0);
    assert_int_equal(getsockname(l, (struct sockaddr *)&at, &len), 0);
    v6.sin6_port = v4.sin_port = at.sin6_port;
    fds[1] = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (family == AF_INET) {
        assert_int_equal(inet_pton(AF_INET, to, &v4.sin_addr), 1);
        assert_int_equal(connect(fds[1], (struct sockaddr *)&v4, sizeof(v4)), 0);
    } else {
        assert_int_equal(connect(fds[1], (struct sockaddr *)&v6, sizeof(v6)), 0);
    }
    fds[0] = accept4(l, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    assert_true(fds[0] >= 0);
    close(l);
    fcntl(fds[1], F_SETFL, O_NONBLOCK);
}

static void mapped_pair(int fds[2])
{
    pair_of(AF_INET, "127.0.0.1", fds);
}

static void v6_pair(int fds[2])
{
    pair_of(AF_INET6, NULL, fds);
}

static void fill(struct ss_loop *l, int fd)
{
    char *much = ss_xcalloc(1, 1 << 20);
    for (int quiet = 0; quiet < 20;) {
        if (write(fd, much, 1 << 20) > 0)
            quiet = 0;
        else
            quiet++;
        run_for(l, 2);
    }
    ss_free(much);
}

static void get_stuck(struct stuck *k, struct ss_loop *l, void (*pair)(int fds[2]))
{
    int fds[2];
    *k = (struct stuck){0};
    pair(fds);
    peer_attach(&k->p, ss_stream_open(l, fds[0]));
    k->other = fds[1];
    fill(l, k->other);
}

static void closes_and_is_noticed(struct ss_loop *l, void (*pair)(int fds[2]))
{
    struct stuck k;
    get_stuck(&k, l, pair);
    assert_int_equal(k.p.died + k.p.finished, 0);
    close(k.other);
    assert_true(run_until(l, peer_has_died, &k.p, 2000));
    assert_int_equal(k.p.finished, 0);
    peer_close(&k.p, SS_CLOSE_NOW);
}

static void a_peer_that_closes_behind_bytes_that_nobody_reads_is_noticed(void **state)
{
    closes_and_is_noticed(*state, tcp_pair);
}

static void also_over_ipv6(void **state)
{
    closes_and_is_noticed(*state, v6_pair);
}

static void also_over_ipv4_to_a_socket_of_ipv6(void **state)
{
    closes_and_is_noticed(*state, mapped_pair);
}

static void a_peer_that_only_shuts_down_its_writing_side_is_still_there(void **state)
{
    struct stuck k;
    get_stuck(&k, *state, tcp_pair);
    shutdown(k.other, SHUT_WR);
    run_for(*state, 100);
    assert_int_equal(k.p.died + k.p.finished, 0);
    close(k.other);
    assert_true(run_until(*state, peer_has_died, &k.p, 2000));
    peer_close(&k.p, SS_CLOSE_NOW);
}

static void a_peer_that_is_read_on_gives_all_and_then_its_end(void **state)
{
    struct stuck k;
    get_stuck(&k, *state, tcp_pair);
    shutdown(k.other, SHUT_WR);
    run_for(*state, 30);
    ss_stream_resume(k.p.stream);
    assert_true(run_until(*state, peer_has_finished, &k.p, 5000));
    assert_int_equal(k.p.died, 0);
    assert_true(k.p.read >= 1 << 20);
    peer_close(&k.p, SS_CLOSE_NOW);
    close(k.other);
}

static void a_connection_that_is_not_accepted_yet_is_no_orphan(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    struct peer p = {0};
    int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(l, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(l, 1), 0);
    assert_int_equal(getsockname(l, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, len), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    peer_attach(&p, ss_stream_open(*state, fd));
    run_for(*state, 100);
    assert_int_equal(p.died + p.finished, 0);
    peer_close(&p, SS_CLOSE_NOW);
    close(l);
}

enum { MANY = 40 };

static bool all_have_died(void *ctx)
{
    const struct stuck *k = ctx;
    for (int i = 0; i < MANY; i++)
        if (k[i].p.died == 0)
            return false;
    return true;
}

static void many_are_noticed_each(void **state)
{
    struct stuck *k = ss_xcalloc(MANY, sizeof(*k));
    int fds[2];
    for (int i = 0; i < MANY; i++) {
        tcp_pair(fds);
        peer_attach(&k[i].p, ss_stream_open(*state, fds[0]));
        k[i].other = fds[1];
    }
    for (int i = 0; i < MANY; i++)
        fill(*state, k[i].other);
    for (int i = 0; i < MANY; i++)
        close(k[i].other);
    assert_true(run_until(*state, all_have_died, k, 5000));
    for (int i = 0; i < MANY; i++)
        peer_close(&k[i].p, SS_CLOSE_NOW);
    ss_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_peer_that_closes_behind_bytes_that_nobody_reads_is_noticed),
        LOOP_TEST(also_over_ipv6),
        LOOP_TEST(also_over_ipv4_to_a_socket_of_ipv6),
        LOOP_TEST(a_peer_that_only_shuts_down_its_writing_side_is_still_there),
        LOOP_TEST(a_peer_that_is_read_on_gives_all_and_then_its_end),
        LOOP_TEST(a_connection_that_is_not_accepted_yet_is_no_orphan),
        LOOP_TEST(many_are_noticed_each),
    };
    return cmocka_run_group_tests_name("orphan", tests, NULL, NULL);
}
