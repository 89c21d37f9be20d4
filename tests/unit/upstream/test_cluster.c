#include "upstream/support.h"

static void calls_made_while_dialing_wait_and_share_one_connection(void **state)
{
    struct world *w = world_new(*state);
    struct caller c[5];
    world_connect(w);
    assert_false(ss_cluster_ready(w->cluster));
    for (int i = 0; i < 5; i++)
        call_unary(&c[i], w);
    for (int i = 0; i < 5; i++)
        assert_true(ended(w, &c[i]));
    assert_true(ss_cluster_ready(w->cluster));
    assert_int_equal(w->server.n, 1);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(c[i].st.code, SS_CODE_OK);
        assert_int_equal(c[i].messages, 1);
        assert_memory_equal(c[i].data.ptr, "ping", 4);
        caller_dispose(&c[i]);
    }
    world_free(w);
}

static bool is_ready(void *ctx)
{
    return ss_cluster_ready(((struct world *)ctx)->cluster);
}

static void a_required_cluster_connects_without_calls_and_others_do_not(void **state)
{
    for (int required = 0; required < 2; required++) {
        struct world *w = world_new(*state);
        w->config.required = required != 0;
        world_connect(w);
        serve_for(w->loop, &w->server, 30);
        assert_int_equal(ss_cluster_ready(w->cluster), required);
        assert_int_equal(w->server.n, required);
        world_free(w);
    }
}

static void a_refused_connection_fails_those_who_wait_and_then_at_once(void **state)
{
    struct world *w = world_new(*state);
    struct caller a, b, late;
    server_unlisten(&w->server);
    world_connect(w);
    call_unary(&a, w);
    call_unary(&b, w);
    assert_true(ended(w, &a));
    assert_true(ended(w, &b));
    assert_int_equal(a.st.code, SS_CODE_UNAVAILABLE);
    assert_int_equal(b.st.code, SS_CODE_UNAVAILABLE);
    uint64_t before = ss_loop_now_ms(w->loop);
    call_unary(&late, w); /* in backoff: fail-fast, but never from within start */
    assert_true(ended(w, &late));
    assert_in_range(ss_loop_now_ms(w->loop) - before, 0, 50);
    assert_int_equal(late.st.code, SS_CODE_UNAVAILABLE);
    caller_dispose(&a);
    caller_dispose(&b);
    caller_dispose(&late);
    world_free(w);
}

/* gRPC: the first backoff is 1 s, with 20 % of jitter either way. */
static void it_tries_again_after_the_backoff_and_not_before(void **state)
{
    struct world *w = world_new(*state);
    struct caller a;
    w->config.required = true;
    server_unlisten(&w->server);
    world_connect(w);
    call_unary(&a, w);
    assert_true(ended(w, &a));
    caller_dispose(&a);
    uint64_t before = ss_loop_now_ms(w->loop);
    server_listen(&w->server);
    assert_true(serve_until(w->loop, &w->server, is_ready, w));
    assert_in_range(ss_loop_now_ms(w->loop) - before, 700, 1300);
    call_unary(&a, w);
    assert_true(ended(w, &a));
    assert_int_equal(a.st.code, SS_CODE_OK);
    caller_dispose(&a);
    world_free(w);
}

static void a_call_may_leave_the_queue(void **state)
{
    struct world *w = world_new(*state);
    struct caller c[4];
    w->server.mute = true;
    world_connect(w);
    for (int i = 0; i < 4; i++)
        call_unary(&c[i], w);
    serve_for(w->loop, &w->server, 10);
    caller_dispose(&c[1]); /* out of the middle, the end, the front */
    caller_dispose(&c[3]);
    caller_dispose(&c[0]);
    server_dispose(&w->server);
    assert_true(ended(w, &c[2]));
    assert_int_equal(c[2].st.code, SS_CODE_UNAVAILABLE);
    caller_dispose(&c[2]);
    world_free(w);
}

static void settings_that_never_come_fail_the_attempt(void **state)
{
    struct world *w = world_new(*state);
    struct caller a;
    w->server.mute = true;
    w->config.connect_timeout_ms = 80;
    world_connect(w);
    uint64_t before = ss_loop_now_ms(w->loop);
    call_unary(&a, w);
    assert_true(ended(w, &a));
    assert_int_equal(a.st.code, SS_CODE_UNAVAILABLE);
    assert_in_range(ss_loop_now_ms(w->loop) - before, 70, 400);
    serve_for(w->loop, &w->server, 10);
    assert_true(w->server.conns[0].eof);
    caller_dispose(&a);
    world_free(w);
}

static void a_service_that_hangs_up_before_settings_fails_the_attempt(void **state)
{
    struct world *w = world_new(*state);
    struct caller a;
    w->server.refuse = true;
    world_connect(w);
    call_unary(&a, w);
    assert_true(ended(w, &a));
    assert_int_equal(a.st.code, SS_CODE_UNAVAILABLE);
    caller_dispose(&a);
    world_free(w);
}

/* Five calls, room for two: a second connection takes two more, the fifth waits for its turn. */
static void a_second_connection_opens_at_the_stream_limit_and_no_third(void **state)
{
    struct world *w = world_new(*state);
    struct caller c[5];
    w->server.settings[0] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 2};
    w->server.n_settings = 1;
    w->server.on_message = NULL;
    world_connect(w);
    for (int i = 0; i < 5; i++)
        call_unary(&c[i], w);
    serve_for(w->loop, &w->server, 60);
    assert_int_equal(w->server.n, 2);
    assert_int_equal(w->server.conns[0].n, 2);
    assert_int_equal(w->server.conns[1].n, 2);
    assert_int_equal(c[4].up.state, SS_UPCALL_WAITING);
    grpc_reply(&w->server.conns[1].streams[0], "x", 1);
    serve_for(w->loop, &w->server, 20);
    assert_int_equal(w->server.conns[1].n, 3);
    w->server.conns[0].on_message = w->server.conns[1].on_message = grpc_echo;
    for (unsigned k = 0; k < 2; k++)
        for (unsigned i = 0; i < w->server.conns[k].n; i++)
            if (!w->server.conns[k].streams[i].closed)
                grpc_echo(&w->server.conns[k].streams[i]);
    for (int i = 0; i < 5; i++) {
        assert_true(ended(w, &c[i]));
        assert_int_equal(c[i].st.code, SS_CODE_OK);
        caller_dispose(&c[i]);
    }
    assert_int_equal(w->server.n, 2);
    world_free(w);
}

/* A cancelled call makes room too. */
static void a_cancelled_call_gives_its_place_to_one_that_waits(void **state)
{
    struct world *w = world_new(*state);
    struct caller c[3];
    w->server.settings[0] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1};
    w->server.n_settings = 1;
    w->server.on_message = NULL;
    world_connect(w);
    for (int i = 0; i < 3; i++)
        call_unary(&c[i], w);
    serve_for(w->loop, &w->server, 40);
    assert_int_equal(c[2].up.state, SS_UPCALL_WAITING);
    caller_dispose(&c[0]);
    serve_for(w->loop, &w->server, 20);
    assert_int_equal(c[2].up.state, SS_UPCALL_OPEN);
    caller_dispose(&c[1]);
    caller_dispose(&c[2]);
    world_free(w);
}

static void a_lost_connection_fails_its_calls_and_the_next_call_dials_anew(void **state)
{
    struct world *w = world_new(*state);
    struct caller a, b;
    w->server.on_message = NULL;
    world_connect(w);
    call_unary(&a, w);
    serve_for(w->loop, &w->server, 20);
    peer_dispose(&w->server.conns[0]);
    assert_true(ended(w, &a));
    assert_int_equal(a.st.code, SS_CODE_UNAVAILABLE);
    assert_message(&a.st, "lost");
    w->server.on_message = grpc_echo;
    call_unary(&b, w);
    assert_true(ended(w, &b));
    assert_int_equal(b.st.code, SS_CODE_OK);
    assert_int_equal(w->server.n, 2);
    caller_dispose(&a);
    caller_dispose(&b);
    world_free(w);
}

static void go_away_unseen(struct rec *r)
{
    r->peer->on_message = NULL;
    nghttp2_submit_goaway(r->peer->session, 0, 0, NGHTTP2_NO_ERROR, NULL, 0);
    ((struct grpc_server *)r->peer->extra)->on_message = grpc_echo;
}

static void a_call_above_goaway_is_made_again_on_a_new_connection(void **state)
{
    struct world *w = world_new(*state);
    struct caller a;
    w->server.on_message = go_away_unseen;
    world_connect(w);
    call_unary(&a, w);
    assert_true(ended(w, &a));
    assert_int_equal(a.st.code, SS_CODE_OK);
    assert_memory_equal(a.data.ptr, "ping", 4);
    assert_int_equal(w->server.n, 2);
    caller_dispose(&a);
    world_free(w);
}

static void a_call_below_goaway_finishes_on_its_connection(void **state)
{
    struct world *w = world_new(*state);
    struct caller a, b;
    w->server.on_message = NULL;
    world_connect(w);
    call_unary(&a, w);
    serve_for(w->loop, &w->server, 20);
    nghttp2_submit_goaway(w->server.conns[0].session, 0, 1, NGHTTP2_NO_ERROR, NULL, 0);
    serve_for(w->loop, &w->server, 20);
    assert_false(ss_cluster_ready(w->cluster));
    w->server.on_message = grpc_echo;
    call_unary(&b, w);
    assert_true(ended(w, &b));
    assert_int_equal(w->server.n, 2);
    assert_int_equal(a.ends, 0);
    grpc_echo(&w->server.conns[0].streams[0]);
    assert_true(ended(w, &a));
    assert_int_equal(a.st.code, SS_CODE_OK);
    serve_for(w->loop, &w->server, 20);
    assert_true(w->server.conns[0].eof); /* nothing is left on it */
    caller_dispose(&a);
    caller_dispose(&b);
    world_free(w);
}

static void refuse_first(struct rec *r)
{
    r->peer->on_message = grpc_echo;
    nghttp2_submit_rst_stream(r->peer->session, 0, r->id, NGHTTP2_REFUSED_STREAM);
}

static void a_refused_stream_is_made_again(void **state)
{
    struct world *w = world_new(*state);
    struct caller a;
    w->server.on_message = refuse_first;
    world_connect(w);
    call_unary(&a, w);
    assert_true(ended(w, &a));
    assert_int_equal(a.st.code, SS_CODE_OK);
    assert_memory_equal(a.data.ptr, "ping", 4);
    caller_dispose(&a);
    world_free(w);
}

static void refuse_all(struct rec *r)
{
    nghttp2_submit_rst_stream(r->peer->session, 0, r->id, NGHTTP2_REFUSED_STREAM);
}

static void a_service_that_refuses_for_ever_is_not_asked_for_ever(void **state)
{
    struct world *w = world_new(*state);
    struct caller a;
    w->server.on_message = refuse_all;
    world_connect(w);
    call_unary(&a, w);
    assert_true(ended(w, &a));
    assert_int_equal(a.st.code, SS_CODE_UNAVAILABLE);
    assert_in_range(w->server.conns[0].n, 2, 4);
    caller_dispose(&a);
    world_free(w);
}

static void the_queue_has_an_end(void **state)
{
    enum { MANY = 1100 };
    struct world *w = world_new(*state);
    struct caller *c = ss_xcalloc(MANY, sizeof *c);
    unsigned failed = 0;
    w->server.mute = true;
    world_connect(w);
    for (int i = 0; i < MANY; i++)
        call_unary(&c[i], w);
    serve_for(w->loop, &w->server, 10);
    for (int i = 0; i < MANY; i++)
        failed += c[i].ends;
    assert_int_equal(failed, MANY - 1024);
    assert_int_equal(c[MANY - 1].st.code, SS_CODE_UNAVAILABLE);
    for (int i = 0; i < MANY; i++)
        caller_dispose(&c[i]);
    ss_free(c);
    world_free(w);
}

static void a_required_cluster_does_not_reconnect_in_a_tight_loop(void **state)
{
    struct world *w = world_new(*state);
    struct caller a;
    w->config.required = true;
    world_connect(w);
    call_unary(&a, w);
    assert_true(ended(w, &a));
    caller_dispose(&a);
    peer_dispose(&w->server.conns[0]);
    serve_for(w->loop, &w->server, 150);
    assert_false(ss_cluster_ready(w->cluster));
    assert_int_equal(w->server.n, 1);
    call_unary(&a, w); /* who needs it, connects at once */
    assert_true(ended(w, &a));
    assert_int_equal(a.st.code, SS_CODE_OK);
    assert_int_equal(w->server.n, 2);
    caller_dispose(&a);
    world_free(w);
}

static void a_connection_that_ends_as_it_begins_is_a_failed_attempt(void **state)
{
    for (int goaway = 0; goaway < 2; goaway++) {
        struct world *w = world_new(*state);
        struct caller a;
        w->config.required = true;
        world_connect(w);
        assert_true(serve_until(w->loop, &w->server, is_ready, w));
        if (goaway)
            nghttp2_submit_goaway(w->server.conns[0].session, 0, 0, NGHTTP2_NO_ERROR, NULL, 0);
        else
            peer_dispose(&w->server.conns[0]);
        serve_for(w->loop, &w->server, 20);
        assert_false(ss_cluster_ready(w->cluster));
        call_unary(&a, w);
        assert_true(ended(w, &a));
        assert_int_equal(a.st.code, SS_CODE_UNAVAILABLE);
        assert_int_equal(w->server.n, 1);
        caller_dispose(&a);
        world_free(w);
    }
}

static void retry_from_end(struct caller *c)
{
    call_unary(c->extra, ((struct caller *)c->extra)->extra);
}

/* An owner may start another call inside the end of one; in backoff that must not loop. */
static void a_call_started_inside_an_end_is_an_ordinary_call(void **state)
{
    struct world *w = world_new(*state);
    struct caller a, b;
    struct world *again = w;
    server_unlisten(&w->server);
    world_connect(w);
    call_unary(&a, w);
    caller_init(&b);
    b.extra = again;
    a.on_end = retry_from_end;
    a.extra = &b;
    assert_true(ended(w, &a));
    assert_true(ended(w, &b));
    assert_int_equal(b.st.code, SS_CODE_UNAVAILABLE);
    caller_dispose(&a);
    caller_dispose(&b);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(calls_made_while_dialing_wait_and_share_one_connection),
        LOOP_TEST(a_required_cluster_connects_without_calls_and_others_do_not),
        LOOP_TEST(a_refused_connection_fails_those_who_wait_and_then_at_once),
        LOOP_TEST(it_tries_again_after_the_backoff_and_not_before),
        LOOP_TEST(a_call_may_leave_the_queue),
        LOOP_TEST(settings_that_never_come_fail_the_attempt),
        LOOP_TEST(a_service_that_hangs_up_before_settings_fails_the_attempt),
        LOOP_TEST(a_second_connection_opens_at_the_stream_limit_and_no_third),
        LOOP_TEST(a_cancelled_call_gives_its_place_to_one_that_waits),
        LOOP_TEST(a_lost_connection_fails_its_calls_and_the_next_call_dials_anew),
        LOOP_TEST(a_call_above_goaway_is_made_again_on_a_new_connection),
        LOOP_TEST(a_call_below_goaway_finishes_on_its_connection),
        LOOP_TEST(a_refused_stream_is_made_again),
        LOOP_TEST(a_service_that_refuses_for_ever_is_not_asked_for_ever),
        LOOP_TEST(the_queue_has_an_end),
        LOOP_TEST(a_required_cluster_does_not_reconnect_in_a_tight_loop),
        LOOP_TEST(a_connection_that_ends_as_it_begins_is_a_failed_attempt),
        LOOP_TEST(a_call_started_inside_an_end_is_an_ordinary_call),
    };
    return cmocka_run_group_tests_name("upstream cluster", tests, NULL, NULL);
}
