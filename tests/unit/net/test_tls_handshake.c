/* How TLS connections begin, and which do not. */
#include "net/tls_world.h"

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
        cmocka_unit_test(what_is_no_handshake_is_closed),
        cmocka_unit_test(a_handshake_has_ten_seconds),
        cmocka_unit_test(a_listener_closed_during_handshakes_accepts_nothing),
        cmocka_unit_test(a_connect_can_be_cancelled_during_its_handshake),
        cmocka_unit_test(a_silent_server_times_out),
        cmocka_unit_test(a_server_that_is_not_tls_is_refused),
        cmocka_unit_test(a_server_without_alpn_h2_is_refused),
        cmocka_unit_test(clients_choose_among_the_servers_protocols),
        cmocka_unit_test(a_reloaded_certificate_serves_new_connections),
    };
    return cmocka_run_group_tests_name("tls_handshake", tests, certs_make, certs_remove);
}
