/* The server role: a client made of nghttp2, and one of bytes. */
#include "h2/support.h"

static const struct ss_header ok_head[] = {{.name = {":status", 7}, .value = {"200", 3}}};

static void echo_on_end(struct owned *s)
{
    struct ss_h2 *h = s->owner->h2;
    assert_int_equal(ss_h2_respond(h, &s->st, ok_head, 1, false), SS_OK);
    ss_h2_write(h, &s->st, s->data.ptr, s->data.len);
    ss_h2_finish(h, &s->st, NULL, 0);
}

static void a_request_is_answered(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_SERVER);
    o.on_end = echo_on_end;
    struct rec *r = peer_request(&p, peer_post, true);
    peer_more(r, "ping", 4, true);
    assert_true(pump_until(*state, &p, rec_is_closed, r));
    assert_true(rec_has(r, ":status: 200"));
    assert_memory_equal(r->data.ptr, "ping", 4);
    assert_int_equal(r->error, SS_H2_NO_ERROR);
    assert_true(owned_has(o.streams[0], ":path: /x"));
    assert_int_equal(o.streams[0]->requests, 1);
    assert_int_equal(o.streams[0]->closes, 1);
    part(&o, &p);
}

static void bodies_larger_than_all_windows_pass_both_ways(void **state)
{
    enum { BIG = 1500 * 1000 };
    char *bytes = pattern(BIG);
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_SERVER);
    o.on_end = echo_on_end;
    struct rec *r = peer_request(&p, peer_post, true);
    peer_more(r, bytes, BIG, true);
    assert_true(pump_until(*state, &p, rec_is_closed, r));
    assert_int_equal(r->data.len, BIG);
    assert_memory_equal(r->data.ptr, bytes, BIG);
    part(&o, &p);
    ss_free(bytes);
}

static void an_upload_stops_at_the_window_until_it_is_consumed(void **state)
{
    char *bytes = pattern(100000);
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_SERVER);
    o.hold = true;
    struct rec *r = peer_request(&p, peer_post, true);
    peer_more(r, bytes, 100000, true);
    pump_settle(*state, &p);
    struct owned *s = o.streams[0];
    assert_int_equal(s->data.len, small_config.stream_window);
    for (int i = 0; i < 100 && !s->ends; i++) {
        ss_h2_consume(o.h2, &s->st, 20000);
        pump_for(*state, &p, 3);
    }
    assert_int_equal(s->ends, 1);
    assert_int_equal(s->data.len, 100000);
    part(&o, &p);
    ss_free(bytes);
}

static void trailers_stand_behind_the_body(void **state)
{
    static const struct ss_header trailers[] = {{.name = SS_LIT("grpc-status"), .value = SS_LIT("0")}};
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_SERVER);
    struct rec *r = peer_request(&p, peer_post, false);
    pump_settle(*state, &p);
    struct owned *s = o.streams[0];
    ss_h2_respond(o.h2, &s->st, ok_head, 1, false);
    ss_h2_write(o.h2, &s->st, "body", 4);
    pump_settle(*state, &p);
    ss_h2_finish(o.h2, &s->st, trailers, 1);
    assert_true(pump_until(*state, &p, rec_is_closed, r));
    assert_int_equal(r->blocks, 2);
    assert_true(rec_has(r, "grpc-status: 0"));
    assert_int_equal(r->data.len, 4);
    part(&o, &p);
}

static void an_answer_before_the_request_is_whole_takes_the_rest_back(void **state)
{
    char *bytes = pattern(100000);
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_SERVER);
    struct rec *r = peer_request(&p, peer_post, true);
    peer_more(r, bytes, 1000, false);
    pump_settle(*state, &p);
    struct owned *s = o.streams[0];
    ss_h2_respond(o.h2, &s->st, ok_head, 1, false);
    ss_h2_finish(o.h2, &s->st, NULL, 0);
    peer_more(r, bytes, 100000, true);
    assert_true(pump_until(*state, &p, rec_is_closed, r));
    assert_true(rec_has(r, ":status: 200"));
    assert_true(r->end);
    assert_int_equal(r->error, SS_H2_NO_ERROR);
    assert_int_equal(s->closes, 1);
    struct rec *next = peer_request(&p, peer_post, false); /* the connection lives on */
    o.on_end = echo_on_end;
    assert_true(pump_until(*state, &p, rec_is_closed, next));
    part(&o, &p);
    ss_free(bytes);
}

static void a_client_that_cancels_is_heard_of(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_SERVER);
    peer_request(&p, peer_post, true);
    pump_settle(*state, &p);
    nghttp2_submit_rst_stream(p.session, 0, 1, SS_H2_CANCEL);
    assert_true(pump_until(*state, &p, stream_is_closed, o.streams[0]));
    assert_int_equal(o.streams[0]->error, SS_H2_CANCEL);
    assert_int_equal(ss_h2_respond(o.h2, &o.streams[0]->st, ok_head, 1, true), SS_ERR_CLOSED);
    assert_int_equal(ss_h2_write(o.h2, &o.streams[0]->st, "x", 1), SS_ERR_CLOSED);
    part(&o, &p);
}

static void a_stream_that_the_owner_refuses_is_refused(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_SERVER);
    o.refuse = true;
    struct rec *r = peer_request(&p, peer_post, true);
    peer_more(r, "abc", 3, true);
    assert_true(pump_until(*state, &p, rec_is_closed, r));
    assert_int_equal(r->error, SS_H2_REFUSED_STREAM);
    assert_int_equal(o.n, 0);
    part(&o, &p);
}

static void streams_beyond_the_announced_limit_are_refused(void **state)
{
    struct owner o;
    struct h2_peer p;
    int fd = owner_start(&o, *state, SS_H2_SERVER);
    peer_init(&p, fd, false);
    struct rec *r[14]; /* sent before our SETTINGS are known */
    for (int i = 0; i < 14; i++)
        r[i] = peer_request(&p, peer_post, false);
    pump_for(*state, &p, 30);
    assert_int_equal(o.n, small_config.max_concurrent_streams);
    unsigned refused = 0;
    for (int i = 0; i < 14; i++)
        refused += r[i]->closed && r[i]->error == SS_H2_REFUSED_STREAM;
    assert_int_equal(refused, 4);
    assert_int_equal(o.closed, 0);
    part(&o, &p);
}

static void draining_finishes_what_runs_and_takes_nothing_new(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_SERVER);
    struct rec *r = peer_request(&p, peer_post, false);
    pump_settle(*state, &p);
    ss_h2_drain(o.h2);
    ss_h2_drain(o.h2);
    pump_settle(*state, &p);
    assert_true(p.goaway);
    assert_int_equal(p.goaway_error, SS_H2_NO_ERROR);
    assert_int_equal(p.goaway_last, 1);
    assert_int_equal(o.closed, 0);
    echo_on_end(o.streams[0]);
    assert_true(pump_until(*state, &p, owner_is_closed, &o));
    pump_settle(*state, &p);
    assert_true(r->end);
    assert_int_equal(o.why, SS_OK);
    assert_int_equal(o.n, 1);
    assert_true(p.eof);
    part(&o, &p);
}

static void a_request_on_its_way_when_draining_begins_is_served(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_SERVER);
    ss_h2_drain(o.h2);
    struct rec *r = peer_request(&p, peer_post, false); /* it has not read our GOAWAY */
    peer_write_some(&p);
    pump_settle(*state, &p);
    assert_int_equal(o.n, 1);
    assert_int_equal(p.goaway_last, 1); /* the second one, after the PING's answer */
    assert_int_equal(o.closed, 0);
    echo_on_end(o.streams[0]);
    assert_true(pump_until(*state, &p, owner_is_closed, &o));
    pump_settle(*state, &p);
    assert_true(r->end && p.eof);
    part(&o, &p);
}

static void draining_an_idle_connection_closes_it(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_SERVER);
    ss_h2_drain(o.h2);
    assert_int_equal(o.closed, 0); /* not from within */
    assert_true(pump_until(*state, &p, owner_is_closed, &o));
    pump_settle(*state, &p);
    assert_true(p.goaway && p.eof);
    part(&o, &p);
}

static void detach_now(struct owned *s)
{
    ss_h2_detach(s->owner->h2, &s->st);
}

static void a_stream_may_be_detached_inside_its_events(void **state)
{
    for (int when = 0; when < 3; when++) {
        struct owner o;
        struct h2_peer p;
        meet(&o, &p, *state, SS_H2_SERVER);
        (when == 0 ? &o.on_head : when == 1 ? &o.on_data : &o.on_end)[0] = detach_now;
        struct rec *r = peer_request(&p, peer_post, true);
        peer_more(r, "abc", 3, true);
        assert_true(pump_until(*state, &p, rec_is_closed, r));
        assert_int_equal(o.streams[0]->closes, 0);
        assert_int_equal(o.streams[0]->ends, when == 2);
        assert_int_equal(o.closed, 0);
        part(&o, &p);
    }
}

/* The bytes of a client's whole session: a request with body, PING, one without. */
static size_t session_bytes(struct ss_buf *b)
{
    struct h2_peer p;
    const uint8_t *out;
    ssize_t n;
    peer_init(&p, -1, false);
    struct rec *r = peer_request(&p, peer_post, true);
    peer_more(r, "0123456789", 10, true);
    nghttp2_submit_ping(p.session, 0, NULL);
    peer_request(&p, peer_post, false);
    while ((n = nghttp2_session_mem_send(p.session, &out)) > 0)
        ss_buf_append(b, (const char *)out, (size_t)n);
    peer_dispose(&p);
    return b->len;
}

/* A piece on a heap block of exactly its size. */
static void feed(struct owner *o, const char *p, size_t n)
{
    if (n == 0 || o->h2 == NULL)
        return;
    char *exact = ss_xmalloc(n);
    memcpy(exact, p, n);
    ss_h2_feed(o->h2, exact, n);
    ss_free(exact);
}

static void a_session_split_at_any_byte_is_the_same_session(void **state)
{
    struct ss_buf b;
    ss_buf_init(&b, 1 << 16);
    size_t n = session_bytes(&b);
    for (size_t k = 0; k <= n; k++) {
        struct owner o;
        int fd = owner_start(&o, *state, SS_H2_SERVER);
        feed(&o, b.ptr, k);
        feed(&o, b.ptr + k, n - k);
        assert_int_equal(o.closed, 0);
        assert_int_equal(o.n, 2);
        assert_int_equal(o.streams[0]->ends, 1);
        assert_int_equal(o.streams[0]->data.len, 10);
        assert_memory_equal(o.streams[0]->data.ptr, "0123456789", 10);
        assert_int_equal(o.streams[1]->ends, 1);
        owner_dispose(&o);
        close(fd);
        run_for(*state, 0);
    }
    struct owner o;
    int fd = owner_start(&o, *state, SS_H2_SERVER);
    for (size_t k = 0; k < n; k++)
        feed(&o, b.ptr + k, 1);
    assert_int_equal(o.n, 2);
    assert_int_equal(o.streams[1]->ends, 1);
    owner_dispose(&o);
    close(fd);
    ss_buf_dispose(&b);
}

static void a_session_cut_off_at_any_byte_ends_every_stream_once(void **state)
{
    struct ss_buf b;
    ss_buf_init(&b, 1 << 16);
    size_t n = session_bytes(&b);
    for (size_t k = 0; k < n; k += 3) {
        struct owner o;
        int fd = owner_start(&o, *state, SS_H2_SERVER);
        assert_int_equal(send(fd, b.ptr, k, 0), k);
        close(fd);
        assert_true(run_until(*state, owner_is_closed, &o, 2000));
        for (unsigned i = 0; i < o.n; i++)
            assert_int_equal(o.streams[i]->closes, 1);
        owner_dispose(&o);
    }
    ss_buf_dispose(&b);
}

static void what_is_not_a_preface_ends_the_connection(void **state)
{
    static const char *const texts[] = {"GET / HTTP/1.1\r\nHost: x\r\n\r\nxxxxxxxxxxxxxx",
                                        "PRI * HTTP/2.0\r\n\r\nSM\r\n\rX",
                                        "\x16\x03\x01 is TLS, not HTTP/2 "};
    for (size_t i = 0; i < 3; i++) {
        struct owner o;
        struct h2_peer p;
        peer_init_raw(&p, owner_start(&o, *state, SS_H2_SERVER));
        peer_raw(&p, texts[i], strlen(texts[i]));
        assert_true(pump_until(*state, &p, owner_is_closed, &o));
        part(&o, &p);
    }
}

static void a_malformed_request_costs_its_stream_only(void **state)
{
    static const char *const bad[][9] = {
        {":method", "GET", ":scheme", "http", ":path", "/", "connection", "close", NULL},
        {":method", "GET", ":path", "/", NULL},
        {":method", "GET", ":scheme", "http", ":path", "/", "Upper", "x", NULL},
        {":method", "GET", ":scheme", "http", ":path", "/", ":bogus", "x", NULL},
    };
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_SERVER);
    o.on_end = echo_on_end;
    for (size_t i = 0; i < 4; i++) {
        struct rec *r = peer_request(&p, bad[i], false);
        if (i == 2) { /* nghttp2 lowers names on its way out */
            assert_true(pump_until(*state, &p, rec_is_closed, r));
            continue;
        }
        assert_true(pump_until(*state, &p, rec_is_closed, r));
        assert_int_equal(r->error, SS_H2_PROTOCOL_ERROR);
    }
    struct rec *r = peer_request(&p, peer_post, false);
    assert_true(pump_until(*state, &p, rec_is_closed, r));
    assert_true(rec_has(r, ":status: 200"));
    for (unsigned i = 0; i < o.n; i++)
        assert_int_equal(o.streams[i]->closes, 1);
    part(&o, &p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_request_is_answered),
        LOOP_TEST(bodies_larger_than_all_windows_pass_both_ways),
        LOOP_TEST(an_upload_stops_at_the_window_until_it_is_consumed),
        LOOP_TEST(trailers_stand_behind_the_body),
        LOOP_TEST(an_answer_before_the_request_is_whole_takes_the_rest_back),
        LOOP_TEST(a_client_that_cancels_is_heard_of),
        LOOP_TEST(a_stream_that_the_owner_refuses_is_refused),
        LOOP_TEST(streams_beyond_the_announced_limit_are_refused),
        LOOP_TEST(draining_finishes_what_runs_and_takes_nothing_new),
        LOOP_TEST(a_request_on_its_way_when_draining_begins_is_served),
        LOOP_TEST(draining_an_idle_connection_closes_it),
        LOOP_TEST(a_stream_may_be_detached_inside_its_events),
        LOOP_TEST(a_session_split_at_any_byte_is_the_same_session),
        LOOP_TEST(a_session_cut_off_at_any_byte_ends_every_stream_once),
        LOOP_TEST(what_is_not_a_preface_ends_the_connection),
        LOOP_TEST(a_malformed_request_costs_its_stream_only),
    };
    return cmocka_run_group_tests_name("h2 server", tests, NULL, NULL);
}
