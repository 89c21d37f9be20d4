/* The client role: requests of ours, a server made of nghttp2. */
#include "h2/support.h"

static void a_request_and_its_answer_go_both_ways_with_trailers(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    struct owned *s = begin_request(&o, false);
    const struct ss_header trailer = {.name = SS_LIT("x-end"), .value = SS_LIT("yes")};
    assert_int_equal(ss_h2_write(o.h2, &s->st, "hello", 5), SS_OK);
    ss_h2_finish(o.h2, &s->st, &trailer, 1);
    struct rec *r = peer_stream(&p, 1);
    assert_true(pump_until(*state, &p, rec_has_ended, r));
    assert_true(rec_has(r, ":path: /a/b"));
    assert_true(rec_has(r, "x-end: yes"));
    assert_int_equal(r->blocks, 2);
    assert_int_equal(r->data.len, 5);
    static const char *const trailers[] = {"grpc-status", "0", NULL};
    r->trailers = trailers;
    peer_respond(r, ok_200, true);
    peer_more(r, "world", 5, true);
    assert_true(pump_until(*state, &p, stream_is_closed, s));
    assert_true(owned_has(s, "grpc-status: 0"));
    assert_int_equal(s->responses, 1);
    assert_int_equal(s->trailers, 1);
    assert_int_equal(s->ends, 1);
    assert_int_equal(s->error, SS_H2_NO_ERROR);
    assert_memory_equal(s->data.ptr, "world", 5);
    assert_int_equal(ss_h2_open_streams(o.h2), 0);
    part(&o, &p);
}

static void a_request_without_body_ends_with_its_headers(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    begin_request(&o, true);
    struct rec *r = peer_stream(&p, 1);
    assert_true(pump_until(*state, &p, rec_has_ended, r));
    assert_int_equal(r->blocks, 1);
    assert_int_equal(r->data.len, 0);
    part(&o, &p);
}

static void bodies_larger_than_all_windows_arrive_unchanged_both_ways(void **state)
{
    enum { BIG = 700 * 1000 };
    char *bytes = pattern(BIG);
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    struct owned *s = begin_request(&o, false);
    struct ss_buf b;
    ss_buf_init(&b, BIG);
    ss_buf_append(&b, bytes, BIG);
    ss_h2_write_buf(o.h2, &s->st, &b);
    assert_null(b.ptr);
    ss_h2_finish(o.h2, &s->st, NULL, 0);
    struct rec *r = peer_stream(&p, 1);
    assert_true(pump_until(*state, &p, rec_has_ended, r));
    assert_int_equal(r->data.len, BIG);
    assert_memory_equal(r->data.ptr, bytes, BIG);
    peer_respond(r, ok_200, true);
    peer_more(r, bytes, BIG, true);
    assert_true(pump_until(*state, &p, stream_is_closed, s));
    assert_int_equal(s->data.len, BIG);
    assert_memory_equal(s->data.ptr, bytes, BIG);
    part(&o, &p);
    ss_free(bytes);
}

static void a_peer_gets_stream_credit_only_for_what_was_consumed(void **state)
{
    char *bytes = pattern(200000);
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    o.hold = true;
    struct owned *s = begin_request(&o, true), *other = begin_request(&o, true);
    struct rec *r = peer_stream(&p, 1), *r2 = peer_stream(&p, 3);
    assert_true(pump_until(*state, &p, rec_has_ended, r2));
    peer_respond(r, ok_200, true);
    peer_more(r, bytes, 200000, true);
    pump_settle(*state, &p);
    assert_int_equal(s->data.len, small_config.stream_window);
    ss_h2_consume(o.h2, &s->st, 20000);
    pump_settle(*state, &p);
    assert_int_equal(s->data.len, small_config.stream_window + 20000);
    o.hold = false; /* one stalled stream does not keep the connection from others */
    peer_respond(r2, ok_200, true);
    peer_more(r2, bytes, 200000, true);
    assert_true(pump_until(*state, &p, stream_is_closed, other));
    assert_int_equal(other->data.len, 200000);
    part(&o, &p);
    ss_free(bytes);
}

static void the_owner_hears_writable_once_little_waits(void **state)
{
    char *bytes = pattern(300000);
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    p.hold = true;
    struct owned *s = begin_request(&o, false);
    ss_h2_write(o.h2, &s->st, bytes, 300000);
    ss_h2_want_writable(&s->st);
    pump_settle(*state, &p);
    assert_int_equal(s->writables, 0);
    assert_int_equal(ss_h2_unsent(&s->st), 300000 - 65535);
    struct rec *r = peer_stream(&p, 1);
    p.hold = false;
    nghttp2_session_consume(p.session, 1, r->data.len);
    pump_settle(*state, &p);
    assert_int_equal(s->writables, 1);
    assert_int_equal(r->data.len, 300000);
    ss_h2_write(o.h2, &s->st, bytes, 10);
    pump_settle(*state, &p);
    assert_int_equal(s->writables, 1); /* not asked again */
    part(&o, &p);
    ss_free(bytes);
}

struct moves {
    struct owned *s;
    size_t len;   /* as it was */
    size_t moved; /* bytes, each time that the front of the buffer was dropped */
};

static bool all_has_been_framed(void *ctx)
{
    struct moves *m = ctx;
    const struct ss_h2_stream *st = &m->s->st;
    if (st->out.len != m->len)
        m->moved += st->out.len;
    m->len = st->out.len;
    return st->out.len == 0;
}

/* (reported 10a) What is left is moved to the front now and then, in all not more often than it is copied
 * once. */
static void a_large_request_is_moved_less_than_its_own_length(void **state)
{
    enum { MUCH = 16 << 20 };
    char *bytes = pattern(MUCH);
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    struct moves m = {.s = begin_request(&o, false), .len = MUCH};
    assert_int_equal(ss_h2_write(o.h2, &m.s->st, bytes, MUCH), SS_OK);
    ss_h2_finish(o.h2, &m.s->st, NULL, 0);
    assert_true(pump_until(*state, &p, all_has_been_framed, &m));
    struct rec *r = peer_stream(&p, 1);
    assert_true(pump_until(*state, &p, rec_has_ended, r));
    assert_int_equal(r->data.len, MUCH);
    assert_memory_equal(r->data.ptr, bytes, MUCH);
    assert_in_range(m.moved, 0, MUCH);
    part(&o, &p);
    ss_free(bytes);
}

static void a_stream_detached_before_its_headers_left_is_never_seen(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    struct owned *s = begin_request(&o, false);
    ss_h2_write(o.h2, &s->st, "abc", 3);
    ss_h2_detach(o.h2, &s->st);
    assert_int_equal(s->st.id, 0);
    assert_int_equal(ss_h2_open_streams(o.h2), 0);
    pump_settle(*state, &p);
    assert_int_equal(s->closes, 0);
    assert_int_equal(p.n, 0);
    struct owned *next = begin_request(&o, true); /* the connection is as good as before */
    pump_settle(*state, &p);
    assert_int_equal(p.n, 1);
    peer_respond(&p.streams[0], ok_200, false);
    assert_true(pump_until(*state, &p, stream_is_closed, next));
    part(&o, &p);
}

static void a_stream_detached_in_mid_answer_is_cancelled_and_silent(void **state)
{
    char *bytes = pattern(100000);
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    o.hold = true;
    struct owned *s = begin_request(&o, false);
    struct rec *r = peer_stream(&p, 1);
    pump_settle(*state, &p);
    peer_respond(r, ok_200, true);
    peer_more(r, bytes, 100000, false);
    pump_settle(*state, &p);
    size_t had = s->data.len;
    assert_true(had > 0);
    ss_h2_detach(o.h2, &s->st);
    assert_true(pump_until(*state, &p, rec_is_closed, r));
    assert_int_equal(r->error, SS_H2_CANCEL);
    assert_int_equal(s->closes, 0);
    assert_int_equal(s->data.len, had);
    part(&o, &p);
    ss_free(bytes);
}

static void detach_on_end(struct owned *s)
{
    ss_h2_detach(s->owner->h2, &s->st);
}

static void a_stream_detached_when_both_sides_are_done_is_not_reset(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    o.on_end = detach_on_end;
    struct owned *s = begin_request(&o, true);
    struct rec *r = peer_stream(&p, 1);
    assert_true(pump_until(*state, &p, rec_has_ended, r));
    peer_respond(r, ok_200, false);
    assert_true(pump_until(*state, &p, rec_is_closed, r));
    pump_settle(*state, &p);
    assert_int_equal(r->error, SS_H2_NO_ERROR);
    assert_int_equal(s->ends, 1);
    assert_int_equal(s->closes, 0);
    part(&o, &p);
}

/* An answer that ends before our request does: the rest is taken back with NO_ERROR, also when our end is
 * known but has not been framed. */
static void finish_and_detach(struct owned *s)
{
    ss_h2_finish(s->owner->h2, &s->st, NULL, 0);
    ss_h2_detach(s->owner->h2, &s->st);
}

static void an_early_answer_ends_an_unfinished_request_without_error(void **state)
{
    for (int variant = 0; variant < 2; variant++) {
        struct owner o;
        struct h2_peer p;
        meet(&o, &p, *state, SS_H2_CLIENT);
        o.on_end = variant ? finish_and_detach : detach_on_end;
        begin_request(&o, false);
        struct rec *r = peer_stream(&p, 1);
        pump_settle(*state, &p);
        peer_respond(r, ok_200, false);
        assert_true(pump_until(*state, &p, rec_is_closed, r));
        assert_int_equal(r->error, SS_H2_NO_ERROR);
        part(&o, &p);
    }
}

static void a_reset_of_the_peer_ends_the_stream_with_its_code(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    struct owned *s = begin_request(&o, false), *t = begin_request(&o, false);
    pump_settle(*state, &p);
    nghttp2_submit_rst_stream(p.session, 0, 1, SS_H2_ENHANCE_YOUR_CALM);
    nghttp2_submit_rst_stream(p.session, 0, 3, SS_H2_REFUSED_STREAM);
    assert_true(pump_until(*state, &p, stream_is_closed, t));
    assert_int_equal(s->error, SS_H2_ENHANCE_YOUR_CALM);
    assert_false(s->unprocessed);
    assert_int_equal(t->error, SS_H2_REFUSED_STREAM);
    assert_true(t->unprocessed);
    part(&o, &p);
}

static void our_own_reset_closes_the_stream_with_the_code_that_we_sent(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    struct owned *s = begin_request(&o, false);
    pump_settle(*state, &p);
    ss_h2_reset(o.h2, &s->st, SS_H2_CANCEL);
    assert_int_equal(s->closes, 0); /* never from within */
    assert_true(pump_until(*state, &p, stream_is_closed, s));
    assert_int_equal(s->error, SS_H2_CANCEL);
    pump_settle(*state, &p);
    assert_int_equal(peer_stream(&p, 1)->error, SS_H2_CANCEL);
    part(&o, &p);
}

static void goaway_hands_back_the_streams_above_its_last_one(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    struct owned *s1 = begin_request(&o, true), *s3 = begin_request(&o, true), *s5 = begin_request(&o, true);
    struct rec *r = peer_stream(&p, 5);
    assert_true(pump_until(*state, &p, rec_has_ended, r));
    nghttp2_submit_goaway(p.session, 0, 1, NGHTTP2_NO_ERROR, NULL, 0);
    assert_true(pump_until(*state, &p, stream_is_closed, s5));
    assert_true(s3->unprocessed && s5->unprocessed);
    assert_int_equal(s1->closes, 0);
    assert_int_equal(o.goaways, 1);
    assert_int_equal(ss_h2_free_slots(o.h2), 0);
    struct owned late = {.owner = &o};
    assert_int_equal(ss_h2_request(o.h2, &late.st), SS_ERR_UNAVAILABLE);
    peer_respond(peer_stream(&p, 1), ok_200, false);
    assert_true(pump_until(*state, &p, stream_is_closed, s1));
    assert_int_equal(s1->error, SS_H2_NO_ERROR);
    assert_true(
        pump_until(*state, &p, owner_is_closed, &o)); /* and the connection goes when it is the last */
    part(&o, &p);
}

static void slots_follow_the_limit_of_the_peer(void **state)
{
    struct owner o;
    struct h2_peer p;
    int fd = owner_start(&o, *state, SS_H2_CLIENT);
    assert_int_equal(ss_h2_free_slots(o.h2), 0); /* no SETTINGS yet */
    nghttp2_settings_entry limit = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 2};
    peer_init_with(&p, fd, true, &limit, 1);
    void *pair[] = {&o, &p};
    assert_true(pump_until(*state, &p, both_have_settings, pair));
    assert_int_equal(ss_h2_free_slots(o.h2), 2);
    struct owned *s = begin_request(&o, true);
    begin_request(&o, true);
    assert_int_equal(ss_h2_free_slots(o.h2), 0);
    pump_settle(*state, &p);
    peer_respond(peer_stream(&p, 1), ok_200, false);
    assert_true(pump_until(*state, &p, stream_is_closed, s));
    assert_int_equal(ss_h2_free_slots(o.h2), 1);
    limit.value = 5;
    nghttp2_submit_settings(p.session, 0, &limit, 1);
    pump_settle(*state, &p);
    assert_int_equal(ss_h2_free_slots(o.h2), 4);
    assert_int_equal(o.settings, 2);
    part(&o, &p);
}

static void a_lost_connection_ends_every_stream_before_itself(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    struct owned *s = begin_request(&o, false), *t = begin_request(&o, true);
    pump_settle(*state, &p);
    peer_dispose(&p);
    assert_true(pump_until(*state, &p, owner_is_closed, &o));
    assert_int_equal(s->error, SS_H2_CONNECTION_LOST);
    assert_int_equal(t->error, SS_H2_CONNECTION_LOST);
    assert_false(s->unprocessed || t->unprocessed);
    part(&o, &p);
}

static void a_request_that_never_left_a_lost_connection_is_unprocessed(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    struct owned *s = begin_request(&o, true);
    ss_h2_abort(o.h2);
    assert_int_equal(s->closes, 1);
    assert_true(s->unprocessed);
    assert_int_equal(o.closed, 1);
    part(&o, &p);
}

static void free_on_end(struct owned *s)
{
    struct owner *o = s->owner;
    if (o->h2)
        ss_h2_free(o->h2);
    o->h2 = NULL;
}

/* Freed inside each of its events, the connection falls silent and nothing of it is used again. */
static void the_connection_may_be_freed_inside_any_event(void **state)
{
    for (int when = 0; when < 5; when++) {
        struct owner o;
        struct h2_peer p;
        meet(&o, &p, *state, SS_H2_CLIENT);
        struct owned *s = begin_request(&o, false), *t = begin_request(&o, false);
        (when == 0   ? &o.on_head
         : when == 1 ? &o.on_data
         : when == 2 ? &o.on_end
         : when == 3 ? &o.on_closed_stream
                     : &o.on_writable)[0] = free_on_end;
        char *bytes = pattern(100000);
        ss_h2_write(o.h2, &s->st, bytes, 60000);
        ss_h2_write(o.h2, &t->st, bytes, 60000);
        ss_h2_finish(o.h2, &s->st, NULL, 0);
        if (when == 4) {
            ss_h2_want_writable(&s->st);
            ss_h2_want_writable(&t->st);
        }
        pump_settle(*state, &p);
        if (when < 4) {
            peer_respond(peer_stream(&p, 1), ok_200, true);
            peer_more(peer_stream(&p, 1), "abc", 3, true);
        }
        pump_settle(*state, &p);
        assert_null(o.h2);
        assert_int_equal(o.closed, 0);
        assert_true(p.eof);
        ss_free(bytes);
        part(&o, &p);
    }
}

static void every_byte_of_an_answer_may_come_alone(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    struct owned *s = begin_request(&o, true);
    struct rec *r = peer_stream(&p, 1);
    assert_true(pump_until(*state, &p, rec_has_ended, r));
    p.step = 1;
    static const char *const trailers[] = {"grpc-status", "0", NULL};
    r->trailers = trailers;
    peer_respond(r, ok_200, true);
    peer_more(r, "0123456789", 10, true);
    assert_true(pump_until(*state, &p, stream_is_closed, s));
    assert_int_equal(s->data.len, 10);
    assert_memory_equal(s->data.ptr, "0123456789", 10);
    assert_true(owned_has(s, "grpc-status: 0"));
    part(&o, &p);
}

static void a_server_that_does_not_speak_http2_ends_the_connection(void **state)
{
    struct owner o;
    struct h2_peer p;
    peer_init_raw(&p, owner_start(&o, *state, SS_H2_CLIENT));
    const char *text = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    peer_raw(&p, text, strlen(text));
    assert_true(pump_until(*state, &p, owner_is_closed, &o));
    part(&o, &p);
}

static void a_header_list_far_over_the_limit_ends_the_connection(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    begin_request(&o, true);
    struct rec *r = peer_stream(&p, 1);
    assert_true(pump_until(*state, &p, rec_has_ended, r));
    char *big = ss_xcalloc(1, 40000);
    memset(big, 'a', 39999);
    const char *const headers[] = {":status", "200", "x-big", big, NULL};
    peer_respond(r, headers, false);
    assert_true(pump_until(*state, &p, owner_is_closed, &o));
    assert_int_equal(o.streams[0]->closes, 1);
    ss_free(big);
    part(&o, &p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_request_and_its_answer_go_both_ways_with_trailers),
        LOOP_TEST(a_request_without_body_ends_with_its_headers),
        LOOP_TEST(bodies_larger_than_all_windows_arrive_unchanged_both_ways),
        LOOP_TEST(a_peer_gets_stream_credit_only_for_what_was_consumed),
        LOOP_TEST(the_owner_hears_writable_once_little_waits),
        LOOP_TEST(a_large_request_is_moved_less_than_its_own_length),
        LOOP_TEST(a_stream_detached_before_its_headers_left_is_never_seen),
        LOOP_TEST(a_stream_detached_in_mid_answer_is_cancelled_and_silent),
        LOOP_TEST(a_stream_detached_when_both_sides_are_done_is_not_reset),
        LOOP_TEST(an_early_answer_ends_an_unfinished_request_without_error),
        LOOP_TEST(a_reset_of_the_peer_ends_the_stream_with_its_code),
        LOOP_TEST(our_own_reset_closes_the_stream_with_the_code_that_we_sent),
        LOOP_TEST(goaway_hands_back_the_streams_above_its_last_one),
        LOOP_TEST(slots_follow_the_limit_of_the_peer),
        LOOP_TEST(a_lost_connection_ends_every_stream_before_itself),
        LOOP_TEST(a_request_that_never_left_a_lost_connection_is_unprocessed),
        LOOP_TEST(the_connection_may_be_freed_inside_any_event),
        LOOP_TEST(every_byte_of_an_answer_may_come_alone),
        LOOP_TEST(a_server_that_does_not_speak_http2_ends_the_connection),
        LOOP_TEST(a_header_list_far_over_the_limit_ends_the_connection),
    };
    return cmocka_run_group_tests_name("h2 client", tests, NULL, NULL);
}
