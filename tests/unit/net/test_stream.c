#include "net/harness.h"

static void on_read_echo(struct peer *p, char *bytes, size_t n)
{
    assert_int_equal(ss_stream_send(p->stream, bytes, n), SS_OK);
}

static void a_paused_stream_reads_nothing(void **state)
{
    int fds[2];
    struct peer p = {0};
    tcp_pair(fds);
    peer_attach(&p, ss_stream_open(*state, fds[0]));
    assert_int_equal(write(fds[1], "hello", 5), 5);
    run_for(*state, 20);
    assert_int_equal(p.read, 0);
    ss_stream_resume(p.stream);
    assert_true(run_until(*state, peer_has_read, &p, 1000));
    assert_memory_equal(p.got.ptr, "hello", 5);
    assert_int_equal(ss_stream_bytes_in(p.stream), 5);
    peer_close(&p, SS_CLOSE_NOW);
    close(fds[1]);
}

static void what_is_read_can_be_sent_back(void **state)
{
    int fds[2];
    char back[8];
    struct peer p = {.on_read = on_read_echo};
    tcp_pair(fds);
    peer_attach(&p, ss_stream_open(*state, fds[0]));
    ss_stream_resume(p.stream);
    assert_int_equal(write(fds[1], "hello", 5), 5);
    assert_true(run_until(*state, peer_has_read, &p, 1000));
    assert_int_equal(read(fds[1], back, sizeof(back)), 5);
    assert_memory_equal(back, "hello", 5);
    assert_int_equal(ss_stream_bytes_out(p.stream), 5);
    assert_int_equal(ss_stream_pending(p.stream), 0);
    peer_close(&p, SS_CLOSE_NOW);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_paused_stream_reads_nothing),
        LOOP_TEST(what_is_read_can_be_sent_back),
    };
    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
