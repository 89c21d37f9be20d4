/* Requests that wait for the socket, and the part of a peer's streams that one read begins. */
#include "h2/support.h"

enum { HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, END_STREAM = 1, END_HEADERS = 4 };

/* :method GET, :scheme http, :path /, :authority x, without the dynamic table. */
static const char bare_head[] = "\x82\x86\x84\x01\x01x";
enum { BARE = 6 };

static void greet(struct ss_buf *tx)
{
    ss_buf_append(tx, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
    put_frame(tx, SETTINGS, 0, 0, "", 0);
}

/* n streams, each reset right after its head. */
static void put_reset_streams(struct ss_buf *tx, int n)
{
    for (int i = 0; i < n; i++) {
        put_frame(tx, HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, bare_head, BARE);
        put_frame(tx, RST_STREAM, 0, 2 * i + 1, "\0\0\0\x08", 4);
    }
}

static unsigned closed_of(const struct owner *o)
{
    unsigned n = 0;
    for (unsigned i = 0; i < o->n; i++)
        n += o->streams[i]->closes;
    return n;
}

static void one_read_begins_a_part_of_the_streams_and_the_rest_comes_in_later_turns(void **state)
{
    struct owner o;
    struct h2_peer p;
    enum { N = 60 };
    peer_init_raw(&p, owner_start(&o, *state, SS_H2_SERVER));
    struct ss_buf tx;
    ss_buf_init(&tx, 1 << 20);
    greet(&tx);
    put_reset_streams(&tx, N);
    assert_int_equal(write(p.fd, tx.ptr, tx.len), (ssize_t)tx.len); /* all there before anything is read */
    unsigned most = 0;
    for (int turn = 0; turn < 50 && o.n < N; turn++) {
        unsigned before = o.n;
        run_one_turn(*state);
        if (o.n - before > most)
            most = o.n - before;
    }
    assert_int_equal(o.n, N);
    assert_int_equal(most, SS_H2_STREAMS_A_READ);
    assert_int_equal(closed_of(&o), N);
    assert_int_equal(o.closed, 0);
    ss_buf_dispose(&tx);
    part(&o, &p);
}

/* nghttp2 is stopped inside a header block: wherever the bytes are split, no stream and no field is lost. */
static void streams_that_are_put_off_are_the_same_wherever_the_bytes_are_split(void **state)
{
    enum { N = 40 };
    struct ss_buf tx;
    ss_buf_init(&tx, 1 << 20);
    greet(&tx);
    put_reset_streams(&tx, N);
    for (size_t at = 1; at < tx.len; at += at < 60 || at > 900 ? 1 : 7) {
        struct owner o;
        struct h2_peer p;
        peer_init_raw(&p, owner_start(&o, *state, SS_H2_SERVER));
        assert_int_equal(write(p.fd, tx.ptr, at), (ssize_t)at);
        for (int i = 0; i < 4; i++)
            run_one_turn(*state);
        assert_int_equal(write(p.fd, tx.ptr + at, tx.len - at), (ssize_t)(tx.len - at));
        for (int i = 0; i < 20 && closed_of(&o) < N; i++)
            run_one_turn(*state);
        assert_int_equal(o.n, N);
        assert_int_equal(closed_of(&o), N);
        for (unsigned i = 0; i < N; i++) {
            assert_true(owned_has(o.streams[i], ":method: GET\n:scheme: http\n:path: /\n:authority: x"));
            assert_int_equal(o.streams[i]->requests, 1);
        }
        part(&o, &p);
    }
    ss_buf_dispose(&tx);
}

static void a_head_of_one_field_where_the_reading_stops_is_not_left_hanging(void **state)
{
    struct owner o;
    struct h2_peer p;
    peer_init_raw(&p, owner_start(&o, *state, SS_H2_SERVER));
    struct ss_buf tx;
    ss_buf_init(&tx, 1 << 20);
    greet(&tx);
    put_reset_streams(&tx, SS_H2_STREAMS_A_READ - 1);
    /* only :method: nghttp2 refuses it at its end, which must be reached though no byte follows */
    put_frame(&tx, HEADERS, END_HEADERS | END_STREAM, 2 * SS_H2_STREAMS_A_READ - 1, bare_head, 1);
    assert_int_equal(write(p.fd, tx.ptr, tx.len), (ssize_t)tx.len);
    for (int i = 0; i < 10; i++)
        run_one_turn(*state);
    assert_int_equal(closed_of(&o), SS_H2_STREAMS_A_READ);
    ss_buf_dispose(&tx);
    part(&o, &p);
}

static void a_peer_that_leaves_behind_what_is_put_off_is_noticed(void **state)
{
    struct owner o;
    struct h2_peer p;
    peer_init_raw(&p, owner_start(&o, *state, SS_H2_SERVER));
    struct ss_buf tx;
    ss_buf_init(&tx, 1 << 20);
    greet(&tx);
    put_reset_streams(&tx, 60);
    assert_int_equal(write(p.fd, tx.ptr, tx.len), (ssize_t)tx.len);
    shutdown(p.fd, SHUT_RDWR);
    assert_true(pump_until(*state, &p, owner_is_closed, &o));
    assert_true(o.n < 60); /* what it left is not worth the work */
    ss_buf_dispose(&tx);
    part(&o, &p);
}

/* ---- the client's side ---- */

/* Requests that are queued cost nghttp2 nothing, and are bounded; who waits for room hears of it. */
static void a_long_queue_takes_no_more_requests_until_it_is_shorter(void **state)
{
    enum { MANY = 2000 };
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_CLIENT);
    struct owned *all = ss_xcalloc(MANY, sizeof *all);
    unsigned n = 0;
    for (; n < MANY && ss_h2_free_slots(o.h2) > 0; n++) {
        all[n].owner = &o;
        all[n].bodyless = true;
        assert_int_equal(ss_h2_request(o.h2, &all[n].st), SS_OK);
    }
    assert_int_equal(n, 1000);
    for (unsigned i = 0; i < n - 3; i++)
        ss_h2_detach(o.h2, &all[i].st);
    assert_int_equal(ss_h2_open_streams(o.h2), 3);
    assert_int_equal(o.rooms, 0);
    pump_settle(*state, &p);
    assert_int_equal(o.rooms, 1);
    assert_int_equal(p.n, 3); /* the others were never seen */
    assert_true(ss_h2_free_slots(o.h2) > 0);
    for (unsigned i = n - 3; i < n; i++)
        ss_h2_detach(o.h2, &all[i].st);
    ss_free(all);
    part(&o, &p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(one_read_begins_a_part_of_the_streams_and_the_rest_comes_in_later_turns),
        LOOP_TEST(streams_that_are_put_off_are_the_same_wherever_the_bytes_are_split),
        LOOP_TEST(a_head_of_one_field_where_the_reading_stops_is_not_left_hanging),
        LOOP_TEST(a_peer_that_leaves_behind_what_is_put_off_is_noticed),
        LOOP_TEST(a_long_queue_takes_no_more_requests_until_it_is_shorter),
    };
    return cmocka_run_group_tests_name("h2 queue", tests, NULL, NULL);
}
