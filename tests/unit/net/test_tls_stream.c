/* What crosses a TLS connection, and how it ends. */
#include "net/tls_world.h"

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

/* A head that was appended, and a body whose memory is given: ciphertext of a part of it at a time. */
static void what_is_given_comes_after_what_was_sent_and_is_not_there_twice(void **state)
{
    (void)state;
    enum { HEAD = 100, BODY = 20 << 20 };
    for (int slow = 0; slow < 2; slow++) {
        struct world w;
        struct flow up = {0}, down = {.slow = slow};
        begin_connected(&w);
        w.client.extra = &up;
        w.server.extra = &down;
        w.server.on_read = on_read_verify;
        w.server.keep = false;
        struct ss_buf body;
        char head[HEAD];
        ss_buf_init(&body, BODY);
        assert_int_equal(ss_buf_reserve(&body, BODY), SS_OK);
        while (up.made < HEAD) {
            head[up.made] = pattern_at(up.made);
            up.made++;
        }
        while (body.len < BODY)
            body.ptr[body.len++] = pattern_at(up.made++);
        assert_int_equal(ss_stream_send(w.client.stream, head, HEAD), SS_OK);
        assert_true(ss_stream_give(w.client.stream, &body));
        assert_int_equal(body.len, 0);
        assert_true(ss_stream_pending(w.client.stream) >= HEAD + BODY);
        assert_true(run_until(w.loop, both_have_read, &w, 30000));
        assert_int_equal(ss_stream_pending(w.client.stream), 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(megabytes_cross_both_ways_with_a_slow_reader),
        cmocka_unit_test(what_is_given_comes_after_what_was_sent_and_is_not_there_twice),
        cmocka_unit_test(bytes_kept_by_a_pause_come_after_a_resume),
        cmocka_unit_test(bytes_right_behind_the_handshake_are_read),
        cmocka_unit_test(close_notify_is_told_as_fin),
        cmocka_unit_test(departure_is_noticed_while_paused),
        cmocka_unit_test(lingering_works_over_tls),
        cmocka_unit_test(renegotiation_is_refused),
        cmocka_unit_test(a_key_update_is_answered_and_bytes_go_on),
    };
    return cmocka_run_group_tests_name("tls_stream", tests, certs_make, certs_remove);
}
