#include "net/harness.h"

#include <sys/resource.h>

#include "net/stream_impl.h"

/* Every test that says so runs over TCP and over a unix pair. */
typedef void pair_fn(int fds[2]);
static pair_fn *const pairs[] = {tcp_pair, unix_pair};

static void open_peer(struct peer *p, struct ss_loop *l, pair_fn *pair, int *other)
{
    int fds[2];
    pair(fds);
    peer_attach(p, ss_stream_open(l, fds[0]));
    *other = fds[1];
}

static void on_read_echo(struct peer *p, char *bytes, size_t n)
{
    assert_int_equal(ss_stream_send(p->stream, bytes, n), SS_OK);
}

static void a_paused_stream_reads_nothing(void **state)
{
    int other;
    struct peer p = {0};
    open_peer(&p, *state, tcp_pair, &other);
    assert_int_equal(write(other, "hello", 5), 5);
    run_for(*state, 20);
    assert_int_equal(p.read, 0);
    ss_stream_resume(p.stream);
    assert_true(run_until(*state, peer_has_read, &p, 1000));
    assert_memory_equal(p.got.ptr, "hello", 5);
    assert_int_equal(ss_stream_bytes_in(p.stream), 5);
    peer_close(&p, SS_CLOSE_NOW);
    close(other);
}

static void what_is_read_can_be_sent_back(void **state)
{
    int other;
    char back[8];
    struct peer p = {.on_read = on_read_echo};
    open_peer(&p, *state, tcp_pair, &other);
    ss_stream_resume(p.stream);
    assert_int_equal(write(other, "hello", 5), 5);
    assert_true(run_until(*state, peer_has_read, &p, 1000));
    assert_int_equal(read(other, back, sizeof(back)), 5);
    assert_memory_equal(back, "hello", 5);
    assert_int_equal(ss_stream_bytes_out(p.stream), 5);
    assert_int_equal(ss_stream_pending(p.stream), 0);
    assert_int_equal(p.drained, 0); /* nothing was ever refused */
    peer_close(&p, SS_CLOSE_NOW);
    close(other);
}

static void nothing_is_written_before_the_end_of_the_turn(void **state)
{
    int other;
    char byte;
    struct peer p = {0};
    open_peer(&p, *state, unix_pair, &other);
    ss_stream_send(p.stream, "x", 1);
    ss_buf_append(ss_stream_output(p.stream), "y", 1);
    assert_int_equal(ss_stream_pending(p.stream), 2);
    assert_int_equal(read(other, &byte, 1), -1);
    run_for(*state, 2);
    assert_int_equal(read(other, &byte, 1), 1);
    peer_close(&p, SS_CLOSE_NOW);
    close(other);
}

static void on_read_pause(struct peer *p, char *bytes, size_t n)
{
    (void)bytes;
    (void)n;
    ss_stream_pause(p->stream);
}

static void no_bytes_come_after_a_pause_within_a_read(void **state)
{
    int other;
    char *much = ss_xcalloc(1, 200000);
    struct peer p = {.on_read = on_read_pause};
    open_peer(&p, *state, unix_pair, &other);
    ss_stream_resume(p.stream);
    ssize_t wrote = write(other, much, 200000);
    assert_true(wrote > 65536); /* more than one read */
    run_for(*state, 20);
    assert_int_equal(p.reads, 1);
    p.on_read = NULL;
    ss_stream_resume(p.stream);
    run_for(*state, 20);
    assert_int_equal(p.read, wrote);
    peer_close(&p, SS_CLOSE_NOW);
    close(other);
    ss_free(much);
}

static size_t part;

static size_t read_part(void *ctx, char *bytes, size_t n)
{
    struct peer *p = ctx;
    size_t used = n < part ? n : part;
    p->reads++;
    ss_buf_append(&p->got, bytes, used);
    return used;
}

static void what_an_owner_leaves_comes_again_turn_by_turn_behind_who_is_ready(void **state)
{
    static const struct ss_stream_ops greedy = {.read = read_part, .closed = peer_closed};
    int other, other2;
    struct peer p = {0}, q = {0};
    part = 4;
    open_peer(&p, *state, unix_pair, &other);
    open_peer(&q, *state, unix_pair, &other2);
    ss_stream_attach(p.stream, &greedy, &p);
    ss_stream_resume(p.stream);
    ss_stream_resume(q.stream);
    run_one_turn(*state);
    assert_int_equal(write(other, "abcdefghij", 10), 10);
    run_one_turn(*state);
    assert_int_equal(p.got.len, 4);
    assert_int_equal(write(other2, "q", 1), 1);  /* another is served meanwhile */
    assert_int_equal(write(other, "klm", 3), 3); /* nothing is read before the rest is dealt with */
    run_one_turn(*state);
    assert_int_equal(q.got.len, 1);
    assert_int_equal(p.got.len, 8);
    ss_stream_pause(p.stream);
    for (int i = 0; i < 3; i++)
        run_one_turn(*state);
    assert_int_equal(p.got.len, 8); /* nor does the rest come while reading is paused */
    ss_stream_resume(p.stream);
    run_one_turn(*state);
    assert_int_equal(p.got.len, 13); /* the rest, and then what has come since */
    assert_memory_equal(p.got.ptr, "abcdefghijklm", 13);
    peer_close(&p, SS_CLOSE_NOW);
    peer_close(&q, SS_CLOSE_NOW);
    close(other);
    close(other2);
}

static size_t read_slowly(void *ctx, char *bytes, size_t n)
{
    uint64_t end = ss_clock_ns() + 6000000;
    while (ss_clock_ns() < end)
        continue;
    return peer_read(ctx, bytes, n);
}

/* (reported 0) Of two who are ready only one is served in a turn's time. How much the other then gets. */
static size_t after_a_long_turn(struct ss_loop *l, bool accepted)
{
    static const struct ss_stream_ops slow = {.read = read_slowly, .closed = peer_closed};
    static const char bytes[10000];
    int other[2];
    struct peer p[2] = {0};
    for (int i = 0; i < 2; i++) {
        open_peer(&p[i], l, unix_pair, &other[i]);
        p[i].stream->accepted = accepted;
        ss_stream_attach(p[i].stream, &slow, &p[i]);
        ss_stream_resume(p[i].stream);
    }
    run_one_turn(l);
    for (int i = 0; i < 2; i++)
        assert_int_equal(write(other[i], bytes, sizeof bytes), sizeof bytes);
    run_one_turn(l);
    struct peer *first = p[0].reads ? &p[0] : &p[1], *second = p[0].reads ? &p[1] : &p[0];
    assert_int_equal(first->read, sizeof bytes); /* nobody had to wait before */
    assert_int_equal(second->read, 0);
    run_one_turn(l);
    size_t got = second->read;
    for (int i = 0; i < 4; i++)
        run_one_turn(l);
    assert_int_equal(second->read, sizeof bytes);
    for (int i = 0; i < 2; i++) {
        peer_close(&p[i], SS_CLOSE_NOW);
        close(other[i]);
    }
    return got;
}

static void a_client_gets_little_of_a_turn_while_others_have_to_wait(void **state)
{
    assert_in_range(after_a_long_turn(*state, true), 1, 4096);
    assert_int_equal(after_a_long_turn(*state, false), 10000); /* a service's */
}

static void a_stream_closed_with_a_rest_leaves_nothing(void **state)
{
    static const struct ss_stream_ops greedy = {.read = read_part, .closed = peer_closed};
    int other;
    struct peer p = {0};
    part = 1;
    open_peer(&p, *state, unix_pair, &other);
    ss_stream_attach(p.stream, &greedy, &p);
    ss_stream_resume(p.stream);
    assert_int_equal(write(other, "abc", 3), 3);
    run_for(*state, 0);
    peer_close(&p, SS_CLOSE_NOW);
    run_for(*state, 2);
    close(other);
}

/* Reads what there is from other into got, turn by turn, until n bytes have come. */
static void drain(struct ss_loop *l, int other, struct ss_buf *got, size_t n)
{
    static char piece[65536];
    for (int turn = 0; turn < 20000 && got->len < n; turn++) {
        ssize_t one = read(other, piece, sizeof piece);
        if (one > 0)
            ss_buf_append(got, piece, (size_t)one);
        else
            run_for(l, 1);
    }
    assert_int_equal(got->len, n);
}

static void memory_that_is_given_is_sent_in_its_place(void **state)
{
    enum { BODY = 3 << 20 };
    for (int before = 0; before < 2; before++) {
        int other;
        struct peer p = {0};
        struct ss_buf body, more, got;
        open_peer(&p, *state, unix_pair, &other);
        ss_buf_init(&got, 64 << 20);
        ss_buf_init(&body, BODY);
        ss_buf_init(&more, BODY);
        for (unsigned i = 0; body.len < BODY; i++)
            ss_buf_append(&body, (const char *)&i, sizeof i);
        const char *memory = body.ptr;
        if (before)
            ss_stream_send(p.stream, "head", 4);
        assert_true(ss_stream_give(p.stream, &body));
        assert_ptr_equal(body.ptr, NULL);
        assert_ptr_equal(ss_stream_output(p.stream)->ptr, memory); /* no copy */
        ss_buf_append(&more, "x", 1);
        assert_int_equal(ss_stream_give(p.stream, &more),
                         !before); /* only what is one block can wait before it */
        if (before)
            ss_stream_send(p.stream, "x", 1);
        drain(*state, other, &got, (before ? 4 : 0) + BODY + 1);
        const char *at = got.ptr + (before ? 4 : 0);
        for (unsigned i = 0; i < BODY / sizeof i; i++)
            assert_memory_equal(at + i * sizeof i, &i, sizeof i);
        assert_int_equal(at[BODY], 'x');
        assert_int_equal(ss_stream_pending(p.stream), 0);
        ss_buf_dispose(&more);
        ss_buf_dispose(&got);
        peer_close(&p, SS_CLOSE_NOW);
        close(other);
    }
}

/* ---- departure ---- */

static void fin_is_told_once_and_the_stream_still_writes(void **state)
{
    for (int i = 0; i < 2; i++) {
        int other;
        char byte;
        struct peer p = {0};
        open_peer(&p, *state, pairs[i], &other);
        ss_stream_resume(p.stream);
        assert_int_equal(write(other, "bye", 3), 3);
        shutdown(other, SHUT_WR);
        assert_true(run_until(*state, peer_has_finished, &p, 1000));
        assert_int_equal(p.read, 3);
        ss_stream_send(p.stream, "x", 1);
        run_for(*state, 20);
        assert_int_equal(p.finished, 1);
        assert_int_equal(p.died, 0);
        assert_int_equal(read(other, &byte, 1), 1);
        peer_close(&p, SS_CLOSE_NOW);
        close(other);
    }
}

static void fin_is_told_while_reading_is_paused_and_bytes_before_it_are_unread(void **state)
{
    for (int i = 0; i < 2; i++) {
        int other;
        struct peer p = {0};
        open_peer(&p, *state, pairs[i], &other);
        assert_int_equal(write(other, "bye", 3), 3);
        shutdown(other, SHUT_WR);
        assert_true(run_until(*state, peer_has_finished, &p, 1000));
        assert_int_equal(p.read, 0);
        ss_stream_resume(p.stream);
        assert_true(run_until(*state, peer_has_read, &p, 1000));
        run_for(*state, 20);
        assert_int_equal(p.read, 3);
        assert_int_equal(p.finished, 1);
        assert_int_equal(p.died, 0);
        peer_close(&p, SS_CLOSE_NOW);
        close(other);
    }
}

static void a_reset_is_told_in_every_state(void **state)
{
    enum { PAUSED, READING, HALF, HALF_PAUSED, STATES };
    for (int i = 0; i < STATES; i++) {
        int other;
        struct peer p = {0};
        open_peer(&p, *state, tcp_pair, &other);
        if (i == READING || i == HALF)
            ss_stream_resume(p.stream);
        if (i == HALF || i == HALF_PAUSED) {
            shutdown(other, SHUT_WR);
            assert_true(run_until(*state, peer_has_finished, &p, 1000));
        }
        run_for(*state, 2);
        reset(other);
        assert_true(run_until(*state, peer_has_died, &p, 1000));
        assert_int_equal(p.finished, i == HALF || i == HALF_PAUSED);
        assert_int_equal(ss_stream_send(p.stream, "x", 1), SS_ERR_IO);
        run_for(*state, 10);
        assert_int_equal(p.died, 1);
        peer_close(&p, SS_CLOSE_FLUSH);
    }
}

static void a_unix_peer_that_closes_is_gone_in_every_state(void **state)
{
    for (int paused = 0; paused < 2; paused++) {
        int other;
        struct peer p = {0};
        open_peer(&p, *state, unix_pair, &other);
        if (!paused)
            ss_stream_resume(p.stream);
        run_for(*state, 2);
        assert_int_equal(write(other, "bye", 3), 3);
        close(other);
        assert_true(run_until(*state, peer_has_died, &p, 1000));
        assert_int_equal(p.read, paused ? 0 : 3);
        peer_close(&p, SS_CLOSE_NOW);
    }
}

static uint64_t cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_THREAD, &u);
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000u +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void a_loop_with_departed_peers_does_not_spin(void **state)
{
    enum { N = 6 };
    struct peer p[N] = {0};
    int other[N];
    for (int i = 0; i < N; i++) {
        open_peer(&p[i], *state, pairs[i % 2], &other[i]);
        if (i < 4)
            ss_stream_resume(p[i].stream);
    }
    assert_int_equal(write(other[4], "unread", 6), 6);
    assert_int_equal(write(other[5], "unread", 6), 6);
    for (int i = 0; i < N; i++)
        shutdown(other[i], SHUT_WR);
    close(other[1]);
    reset(other[2]);
    run_for(*state, 20);
    struct ss_timer stop;
    ss_timer_init(&stop, (void (*)(void *))ss_loop_stop, *state);
    ss_timer_set(*state, &stop, ss_loop_now_ms(*state) + 200);
    uint64_t before_us = cpu_us();
    ss_loop_run(*state); /* no runner: it ticks */
    assert_true(cpu_us() - before_us < 50000);
    for (int i = 0; i < N; i++) {
        peer_close(&p[i], SS_CLOSE_NOW);
        if (i != 1 && i != 2)
            close(other[i]);
    }
}

static void a_failed_write_is_told_from_the_loop(void **state)
{
    for (int paused = 0; paused < 2; paused++) {
        int other;
        struct peer p = {0};
        open_peer(&p, *state, unix_pair, &other);
        if (!paused)
            ss_stream_resume(p.stream);
        run_for(*state, 2);
        assert_int_equal(write(other, "last words", 10), 10);
        close(other);
        assert_int_equal(ss_stream_send(p.stream, "x", 1), SS_OK);
        assert_int_equal(p.died, 0);
        assert_true(run_until(*state, peer_has_died, &p, 1000));
        assert_int_equal(p.read, paused ? 0 : 10); /* what the peer said before is not lost */
        peer_close(&p, SS_CLOSE_NOW);
    }
}

/* ---- flushing ---- */

struct producer {
    uint64_t left, made;
    size_t most; /* of pending seen */
    size_t step; /* bytes that one fill makes at most; 0: room */
};

static char pattern_at(uint64_t i)
{
    return (char)(i * 2654435761u >> 13);
}

static void on_fill_produce(struct peer *p, size_t room)
{
    struct producer *m = p->extra;
    size_t n = m->step != 0 && m->step < room ? m->step : room;
    n = m->left < n ? (size_t)m->left : n;
    struct ss_buf *out = ss_stream_output(p->stream);
    assert_int_equal(ss_buf_reserve(out, n), SS_OK);
    for (size_t i = 0; i < n; i++)
        out->ptr[out->len++] = pattern_at(m->made++);
    m->left -= n;
    if (ss_stream_pending(p->stream) > m->most)
        m->most = ss_stream_pending(p->stream);
}

static void on_drained_want_more(struct peer *p)
{
    ss_stream_want_flush(p->stream);
}

static uint64_t verify_from;

static void on_read_verify(struct peer *p, char *bytes, size_t n)
{
    (void)p;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(bytes[i], pattern_at(verify_from++));
    ss_stream_pause(p->stream);
}

static void reader_awakes(void *ctx)
{
    struct peer *p = ctx;
    ss_stream_resume(p->stream);
}

static bool peer_is_blocked(void *ctx)
{
    return ss_stream_blocked(((struct peer *)ctx)->stream);
}

static bool all_was_read(void *ctx)
{
    struct peer *p = ctx;
    reader_awakes(p);
    return verify_from == *(uint64_t *)p->extra;
}

static void a_slow_reader_gets_every_byte_and_costs_little_memory(void **state)
{
    uint64_t total = 6 << 20;
    for (int i = 0; i < 2; i++) {
        int fds[2];
        struct producer made = {.left = total};
        struct peer from = {.on_fill = on_fill_produce, .on_drained = on_drained_want_more, .extra = &made};
        struct peer to = {.on_read = on_read_verify, .extra = &total};
        pairs[i](fds);
        verify_from = 0;
        peer_attach(&from, ss_stream_open(*state, fds[0]));
        peer_attach(&to, ss_stream_open(*state, fds[1]));
        to.keep = false;
        ss_stream_want_flush(from.stream);
        assert_true(run_until(*state, peer_is_blocked, &from, 5000));
        assert_true(ss_stream_pending(from.stream) > 0);
        assert_int_equal(from.drained, 0);
        assert_true(run_until(*state, all_was_read, &to, 20000)); /* reads once a millisecond */
        assert_true(made.most <= 2 * 65536);
        assert_true(from.drained > 0);
        assert_false(ss_stream_blocked(from.stream));
        assert_int_equal(ss_stream_pending(from.stream), 0);
        assert_int_equal(ss_stream_bytes_out(from.stream), total);
        assert_int_equal(ss_stream_bytes_in(to.stream), total);
        peer_close(&from, SS_CLOSE_NOW);
        peer_close(&to, SS_CLOSE_NOW);
    }
}

static void fill_is_not_called_unasked(void **state)
{
    int other;
    struct peer p = {0};
    open_peer(&p, *state, tcp_pair, &other);
    ss_stream_resume(p.stream);
    assert_int_equal(write(other, "x", 1), 1);
    run_for(*state, 5);
    assert_non_null(ss_stream_output(p.stream)); /* looking at it asks for nothing */
    run_for(*state, 5);
    assert_int_equal(p.fills, 0);
    ss_stream_want_flush(p.stream);
    run_for(*state, 5);
    assert_int_equal(p.fills, 1);
    peer_close(&p, SS_CLOSE_NOW);
    close(other);
}

static void many_small_fills_go_on_until_there_is_no_more(void **state)
{
    int other;
    struct producer made = {.left = 500000};
    struct peer p = {.on_fill = on_fill_produce, .extra = &made};
    open_peer(&p, *state, unix_pair, &other);
    ss_stream_want_flush(p.stream);
    char *sink = ss_xmalloc(65536);
    uint64_t got = 0;
    for (int i = 0; i < 1000 && got < 500000; i++) {
        run_for(*state, 1);
        ssize_t n = read(other, sink, 65536);
        for (ssize_t k = 0; k < n; k++)
            assert_int_equal(sink[k], pattern_at(got++));
    }
    assert_int_equal(got, 500000);
    ss_free(sink);
    peer_close(&p, SS_CLOSE_NOW);
    close(other);
}

static void one_send_of_a_big_buffer_arrives_whole(void **state)
{
    enum { N = 16 << 20 }; /* more than the kernel takes */
    int fds[2];
    uint64_t total = N;
    char *big = ss_xmalloc(N);
    for (size_t i = 0; i < N; i++)
        big[i] = pattern_at(i);
    struct peer from = {0}, to = {.on_read = on_read_verify, .extra = &total};
    tcp_pair(fds);
    verify_from = 0;
    peer_attach(&from, ss_stream_open(*state, fds[0]));
    peer_attach(&to, ss_stream_open(*state, fds[1]));
    to.keep = false;
    assert_int_equal(ss_stream_send(from.stream, big, N / 2), SS_OK);
    run_for(*state, 10);
    assert_int_equal(ss_stream_send(from.stream, big + N / 2, N - N / 2), SS_OK); /* while it is blocked */
    assert_true(run_until(*state, all_was_read, &to, 20000));
    run_for(*state, 5);
    assert_int_equal(from.drained, 1);
    peer_close(&from, SS_CLOSE_NOW);
    peer_close(&to, SS_CLOSE_NOW);
    ss_free(big);
}

/* ---- closing inside callbacks ---- */

static void on_read_close(struct peer *p, char *bytes, size_t n)
{
    ss_stream_send(p->stream, bytes, n);
    peer_close(p, SS_CLOSE_FLUSH);
    p->keep = false;
}

static void on_fill_close(struct peer *p, size_t room)
{
    (void)room;
    peer_close(p, SS_CLOSE_NOW);
}

static void on_drained_close(struct peer *p)
{
    peer_close(p, SS_CLOSE_NOW);
}

static void on_closed_close(struct peer *p, enum ss_err why)
{
    (void)why;
    peer_close(p, SS_CLOSE_LINGER);
}

static void a_stream_may_be_closed_inside_every_callback(void **state)
{
    int other;
    char back[4];
    struct peer in_read = {.on_read = on_read_close}, in_fill = {.on_fill = on_fill_close},
                in_closed = {.on_closed = on_closed_close}, in_drained = {.on_drained = on_drained_close};
    open_peer(&in_read, *state, tcp_pair, &other);
    ss_stream_resume(in_read.stream);
    assert_int_equal(write(other, "abc", 3), 3);
    run_for(*state, 10);
    assert_null(in_read.stream);
    assert_int_equal(read(other, back, 4), 3);
    assert_int_equal(read(other, back, 4), 0);
    close(other);

    open_peer(&in_fill, *state, tcp_pair, &other);
    ss_stream_send(in_fill.stream, "abc", 3);
    run_for(*state, 10);
    assert_null(in_fill.stream);
    assert_int_equal(read(other, back, 4), 0);
    close(other);

    open_peer(&in_closed, *state, tcp_pair, &other);
    shutdown(other, SHUT_WR);
    run_for(*state, 10);
    assert_null(in_closed.stream);
    close(other);

    open_peer(&in_drained, *state, unix_pair, &other);
    char *much = ss_xcalloc(1, 1 << 20);
    ss_stream_send(in_drained.stream, much, 1 << 20);
    for (int i = 0; i < 200 && in_drained.stream != NULL; i++) {
        run_for(*state, 1);
        while (read(other, much, 1 << 20) > 0) {
        }
    }
    assert_null(in_drained.stream);
    close(other);
    ss_free(much);
}

static void the_peer_is_named(void **state)
{
    int other;
    struct peer p = {0};
    open_peer(&p, *state, tcp_pair, &other);
    assert_true(ss_slice_eq(ss_stream_peer(p.stream), SS_LIT("127.0.0.1")));
    assert_false(ss_stream_is_unix(p.stream));
    assert_false(ss_stream_is_tls(p.stream));
    assert_int_equal(ss_stream_alpn(p.stream).len, 0);
    assert_ptr_equal(ss_stream_loop(p.stream), *state);
    peer_close(&p, SS_CLOSE_NOW);
    close(other);
    struct peer u = {0};
    open_peer(&u, *state, unix_pair, &other);
    assert_true(ss_slice_eq(ss_stream_peer(u.stream), SS_LIT("unix")));
    assert_true(ss_stream_is_unix(u.stream));
    peer_close(&u, SS_CLOSE_NOW);
    close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_paused_stream_reads_nothing),
        LOOP_TEST(what_is_read_can_be_sent_back),
        LOOP_TEST(nothing_is_written_before_the_end_of_the_turn),
        LOOP_TEST(no_bytes_come_after_a_pause_within_a_read),
        LOOP_TEST(what_an_owner_leaves_comes_again_turn_by_turn_behind_who_is_ready),
        LOOP_TEST(a_client_gets_little_of_a_turn_while_others_have_to_wait),
        LOOP_TEST(a_stream_closed_with_a_rest_leaves_nothing),
        LOOP_TEST(memory_that_is_given_is_sent_in_its_place),
        LOOP_TEST(fin_is_told_once_and_the_stream_still_writes),
        LOOP_TEST(fin_is_told_while_reading_is_paused_and_bytes_before_it_are_unread),
        LOOP_TEST(a_reset_is_told_in_every_state),
        LOOP_TEST(a_unix_peer_that_closes_is_gone_in_every_state),
        LOOP_TEST(a_loop_with_departed_peers_does_not_spin),
        LOOP_TEST(a_failed_write_is_told_from_the_loop),
        LOOP_TEST(a_slow_reader_gets_every_byte_and_costs_little_memory),
        LOOP_TEST(fill_is_not_called_unasked),
        LOOP_TEST(many_small_fills_go_on_until_there_is_no_more),
        LOOP_TEST(one_send_of_a_big_buffer_arrives_whole),
        LOOP_TEST(a_stream_may_be_closed_inside_every_callback),
        LOOP_TEST(the_peer_is_named),
    };
    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
