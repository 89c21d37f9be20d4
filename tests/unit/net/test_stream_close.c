#include "net/harness.h"

enum { MUCH = 16 << 20 };

static void open_peer(struct peer *p, struct ss_loop *l, void (*pair)(int fds[2]), int *other)
{
    int fds[2];
    pair(fds);
    peer_attach(p, ss_stream_open(l, fds[0]));
    *other = fds[1];
}

/* Whether fd has nothing but EOF (or, with reset, an error) to give within a second of the loop. */
static bool ended(struct ss_loop *l, int fd, int *error)
{
    char *sink = ss_xmalloc(1 << 20);
    bool end = false;
    for (int i = 0; i < 1000 && !end; i++) {
        run_for(l, 1);
        ssize_t n;
        while ((n = read(fd, sink, 1 << 20)) > 0) {
        }
        end = n == 0 || errno != EAGAIN;
        *error = n == 0 ? 0 : errno;
    }
    ss_free(sink);
    return end;
}

static void close_now_loses_what_is_pending(void **state)
{
    int other, error;
    char byte;
    struct peer p = {0};
    open_peer(&p, *state, unix_pair, &other);
    ss_stream_send(p.stream, "x", 1);
    peer_close(&p, SS_CLOSE_NOW);
    run_for(*state, 2);
    assert_int_equal(read(other, &byte, 1), 0);
    assert_true(ended(*state, other, &error));
    close(other);
}

static void close_flush_writes_what_is_pending(void **state)
{
    int other;
    char byte[2];
    struct peer p = {0};
    open_peer(&p, *state, tcp_pair, &other);
    ss_stream_send(p.stream, "x", 1);
    peer_close(&p, SS_CLOSE_FLUSH);
    run_for(*state, 2);
    assert_int_equal(read(other, byte, 2), 1);
    assert_int_equal(read(other, byte, 2), 0);
    close(other);
}

static void close_flush_does_not_wait_for_a_peer_that_does_not_read(void **state)
{
    int other, error;
    char *much = ss_xcalloc(1, MUCH);
    struct peer p = {0};
    open_peer(&p, *state, unix_pair, &other);
    ss_stream_send(p.stream, much, MUCH);
    run_for(*state, 2);
    assert_true(ss_stream_blocked(p.stream));
    peer_close(&p, SS_CLOSE_FLUSH);
    assert_true(ended(*state, other, &error));
    close(other);
    ss_free(much);
}

static void no_callback_comes_after_close(void **state)
{
    int other;
    struct peer p = {0};
    open_peer(&p, *state, tcp_pair, &other);
    ss_stream_resume(p.stream);
    run_for(*state, 2);
    assert_int_equal(write(other, "x", 1), 1);
    ss_stream_want_flush(p.stream);
    peer_close(&p, SS_CLOSE_LINGER);
    reset(other);
    run_for(*state, 20);
    assert_int_equal(p.reads + p.fills + p.drained + p.finished + p.died, 0);
}

/* The answer to a client that is still sending: closing with unread bytes would reset the connection. */
static void lingering_lets_a_client_that_is_still_sending_read_the_answer(void **state)
{
    int other, error = -1;
    char answer[16];
    char *upload = ss_xcalloc(1, 300000);
    struct peer p = {0};
    open_peer(&p, *state, tcp_pair, &other);
    assert_true(write(other, upload, 300000) > 0);
    run_for(*state, 5);
    ss_stream_send(p.stream, "413", 3);
    peer_close(&p, SS_CLOSE_LINGER);
    run_for(*state, 20);
    assert_true(write(other, upload, 1000) > 0); /* still sending */
    run_for(*state, 20);
    assert_int_equal(read(other, answer, sizeof(answer)), 3);
    assert_true(ended(*state, other, &error));
    assert_int_equal(error, 0);
    close(other);
    run_for(*state, 5);
    ss_free(upload);
}

static void lingering_waits_for_a_slow_reader(void **state)
{
    int other;
    char *much = ss_xcalloc(1, MUCH), *sink = ss_xmalloc(1 << 20);
    size_t got = 0;
    ssize_t n = -1;
    struct peer p = {0};
    open_peer(&p, *state, unix_pair, &other);
    ss_stream_send(p.stream, much, MUCH);
    peer_close(&p, SS_CLOSE_LINGER);
    for (int i = 0; i < 1500 && n != 0; i++) {
        run_for(*state, 1);
        while ((n = read(other, sink, 1 << 20)) > 0)
            got += (size_t)n;
    }
    assert_int_equal(n, 0);
    assert_int_equal(got, MUCH);
    close(other);
    run_for(*state, 5);
    ss_free(much);
    ss_free(sink);
}

static void lingering_has_an_end(void **state)
{
    for (int blocked = 0; blocked < 2; blocked++) {
        int other, error;
        char *much = ss_xcalloc(1, MUCH);
        struct peer p = {0};
        open_peer(&p, *state, unix_pair, &other);
        ss_stream_send(p.stream, much, blocked ? MUCH : 3);
        peer_close(&p, SS_CLOSE_LINGER);
        run_for(*state, 1800);
        assert_true(write(other, "x", 1) == 1); /* open still */
        run_for(*state, 400);
        assert_int_equal(write(other, "x", 1), -1);
        assert_true(ended(*state, other, &error));
        close(other);
        ss_free(much);
    }
}

static void lingering_does_not_swallow_without_end(void **state)
{
    int other;
    char *much = ss_xcalloc(1, 1 << 20);
    size_t swallowed = 0;
    bool open = true;
    struct peer p = {0};
    open_peer(&p, *state, unix_pair, &other);
    peer_close(&p, SS_CLOSE_LINGER);
    for (int i = 0; i < 500 && open; i++) {
        run_for(*state, 1);
        ssize_t n = write(other, much, 1 << 20);
        open = n >= 0 || errno == EAGAIN;
        swallowed += n > 0 ? (size_t)n : 0;
    }
    assert_false(open);
    assert_true(swallowed < 3 << 20);
    close(other);
    ss_free(much);
}

static void a_loop_can_be_freed_while_streams_linger(void **state)
{
    (void)state;
    int other[3];
    struct ss_loop *l = ss_loop_new(&harness_log);
    char *much = ss_xcalloc(1, MUCH);
    struct peer p[3] = {0};
    for (int i = 0; i < 3; i++)
        open_peer(&p[i], l, unix_pair, &other[i]);
    ss_stream_send(p[0].stream, much, MUCH);
    peer_close(&p[0], SS_CLOSE_LINGER);
    peer_close(&p[1], SS_CLOSE_LINGER);
    run_for(l, 5);
    peer_close(&p[2], SS_CLOSE_LINGER); /* not even settled */
    ss_loop_free(l);
    for (int i = 0; i < 3; i++)
        close(other[i]);
    ss_free(much);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(close_now_loses_what_is_pending),
        LOOP_TEST(close_flush_writes_what_is_pending),
        LOOP_TEST(close_flush_does_not_wait_for_a_peer_that_does_not_read),
        LOOP_TEST(no_callback_comes_after_close),
        LOOP_TEST(lingering_lets_a_client_that_is_still_sending_read_the_answer),
        LOOP_TEST(lingering_waits_for_a_slow_reader),
        LOOP_TEST(lingering_has_an_end),
        LOOP_TEST(lingering_does_not_swallow_without_end),
        LOOP_TEST(a_loop_can_be_freed_while_streams_linger),
    };
    return cmocka_run_group_tests_name("stream_close", tests, NULL, NULL);
}
