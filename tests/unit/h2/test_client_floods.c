/* Services that do what the protocol allows, for ever: each loses its connection, and its calls fail. And
 * honest ones that do much of it, which keep theirs (reported 5). */
#include "h2/support.h"

enum { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION };
enum { END_STREAM = 1, END_HEADERS = 4, PADDED = 8 };

/* ":status 103" and ":status 200" without the dynamic table. */
static const char early[] = "\x08\x03"
                            "103";
static const char ok_head[] = "\x88";
enum { EARLY = 5, OK = 1 };

struct service {
    struct owner o;
    struct h2_peer p;
    struct owned *call;
};

/* A service of raw bytes, and a call to it whose request is not over. */
static void start(struct service *s, struct ss_loop *l)
{
    peer_init_raw(&s->p, owner_start(&s->o, l, SS_H2_CLIENT));
    put_frame(&s->p.tx, SETTINGS, 0, 0, "", 0);
    s->call = begin_request(&s->o, false);
    pump_settle(l, &s->p);
}

static void must_end(struct service *s, struct ss_loop *l, const char *what)
{
    s->o.keep = true;
    assert_true(pump_until(l, &s->p, owner_is_closed, &s->o));
    assert_int_equal(s->o.why, SS_ERR_LIMIT);
    assert_string_equal(ss_h2_flood(s->o.h2), what);
    assert_int_equal(s->call->closes, 1);
    assert_int_equal(s->call->error, SS_H2_CONNECTION_LOST);
    assert_false(s->call->unprocessed); /* the service had it: nobody sends it again */
    part(&s->o, &s->p);
}

static void must_live(struct service *s, struct ss_loop *l)
{
    pump_settle(l, &s->p);
    assert_int_equal(s->o.closed, 0);
    assert_int_equal(s->call->closes, 0);
}

static void put_early(struct service *s)
{
    char block[EARLY + 40 * 3];
    memcpy(block, early, EARLY);
    for (int i = 0; i < 40; i++)
        memcpy(block + EARLY + 3 * i, "\x0f\x01\x00", 3); /* a name by index, no value */
    put_frame(&s->p.tx, HEADERS, END_HEADERS, 1, block, sizeof block);
}

static void a_flood_of_interim_answers_ends_the_connection(void **state)
{
    struct service s;
    start(&s, *state);
    for (int i = 0; i < 1000; i++)
        put_early(&s);
    must_end(&s, *state, "interim answers");
}

static void a_few_interim_answers_are_no_flood(void **state)
{
    struct service s;
    start(&s, *state);
    for (int i = 0; i < 10; i++)
        put_early(&s);
    put_frame(&s.p.tx, HEADERS, END_HEADERS, 1, ok_head, OK);
    must_live(&s, *state);
    assert_true(owned_has(s.call, ":status: 200"));
    put_frame(&s.p.tx, HEADERS, END_HEADERS | END_STREAM, 1, "\x0f\x01\x00", 3);
    assert_true(pump_until(*state, &s.p, stream_has_ended, s.call));
    part(&s.o, &s.p);
}

static void control(struct ss_loop *l, uint8_t type, int32_t stream, const char *payload, size_t n)
{
    struct service s;
    start(&s, l);
    for (int i = 0; i < 3000; i++)
        put_frame(&s.p.tx, type, 0, stream, payload, n);
    must_end(&s, l, "PING, SETTINGS or other control frames");
}

static void floods_of_control_frames_end_the_connection(void **state)
{
    control(*state, PING, 0, "12345678", 8);
    control(*state, PRIORITY, 1, "\0\0\0\0\1", 5);
    control(*state, 0xee, 0, "x", 1);
}

static void a_flood_of_settings_ends_the_connection(void **state)
{
    struct service s;
    start(&s, *state);
    for (int i = 0; i < 3000; i++)
        put_frame(&s.p.tx, SETTINGS, 0, 0, "", 0);
    assert_true(
        pump_until(*state, &s.p, owner_is_closed, &s.o)); /* nghttp2's limit of unsent ACKs may come first */
    assert_int_equal(s.call->closes, 1);
    part(&s.o, &s.p);
}

static void a_flood_of_empty_data_ends_the_connection(void **state)
{
    for (int padded = 0; padded < 2; padded++) {
        struct service s;
        start(&s, *state);
        put_frame(&s.p.tx, HEADERS, END_HEADERS, 1, ok_head, OK);
        for (int i = 0; i < 3000; i++)
            put_frame(&s.p.tx, DATA, padded ? PADDED : 0, 1, "\x03\0\0\0", padded ? 4 : 0);
        must_end(&s, *state, "empty DATA frames");
    }
}

static void a_flood_of_window_updates_ends_the_connection(void **state)
{
    struct service s;
    start(&s, *state);
    for (int i = 0; i < 12000; i++)
        put_frame(&s.p.tx, WINDOW_UPDATE, 0, 1, "\0\0\0\1", 4);
    must_end(&s, *state, "WINDOW_UPDATE frames");
}

static void a_flood_of_continuations_ends_the_connection(void **state)
{
    struct service s;
    start(&s, *state);
    put_frame(&s.p.tx, HEADERS, 0, 1, ok_head, OK);
    for (int i = 0; i < 100; i++)
        put_frame(&s.p.tx, CONTINUATION, 0, 1, "", 0);
    assert_true(pump_until(*state, &s.p, owner_is_closed, &s.o)); /* nghttp2's limit */
    assert_int_equal(s.call->closes, 1);
    part(&s.o, &s.p);
}

static void too_many_fields_end_the_connection(void **state)
{
    struct service s;
    start(&s, *state);
    char block[OK + 3 * 200];
    memcpy(block, ok_head, OK);
    for (int i = 0; i < 200; i++)
        memcpy(block + OK + 3 * i, "\x0f\x01\x00", 3);
    put_frame(&s.p.tx, HEADERS, END_HEADERS, 1, block, sizeof block);
    must_end(&s, *state, "header fields");
}

/* Frames of streams that are over are not looked at, which made them free. */
static void floods_on_streams_that_are_over_end_the_connection(void **state)
{
    for (int reset = 0; reset < 2; reset++) {
        struct service s;
        start(&s, *state);
        struct owned *gone = begin_request(&s.o, true);
        pump_settle(*state, &s.p);
        ss_h2_detach(s.o.h2, &gone->st);
        pump_settle(*state, &s.p);
        for (int i = 0; i < 3000; i++)
            if (reset)
                put_frame(&s.p.tx, RST_STREAM, 0, 3, "\0\0\0\x8", 4);
            else
                put_frame(&s.p.tx, HEADERS, END_HEADERS | END_STREAM, 3, ok_head, OK);
        must_end(&s, *state,
                 reset ? "RST_STREAM of streams that are over" : "HEADERS of streams that are over");
    }
}

static void a_service_cannot_send_trailers_twice(void **state)
{
    struct service s;
    start(&s, *state);
    put_frame(&s.p.tx, HEADERS, END_HEADERS, 1, ok_head, OK);
    for (int i = 0; i < 2; i++)
        put_frame(&s.p.tx, HEADERS, END_HEADERS, 1, "\x0f\x01\x00", 3); /* not even once without END_STREAM */
    assert_true(pump_until(*state, &s.p, stream_is_closed, s.call));
    assert_int_equal(s.call->error, SS_H2_PROTOCOL_ERROR);
    assert_int_equal(s.o.closed, 0);
    part(&s.o, &s.p);
}

/* A service that takes an upload answers each frame of ours with windows for stream and connection and with a
 * probe of the way, and sends no DATA itself. */
static void a_service_that_takes_a_long_upload_keeps_its_connection(void **state)
{
    struct service s;
    start(&s, *state);
    char *bytes = pattern(4000);
    for (int i = 0; i < 12000; i++) {
        assert_int_equal(ss_h2_write(s.o.h2, &s.call->st, bytes, 4000), SS_OK);
        put_frame(&s.p.tx, WINDOW_UPDATE, 0, 1, "\0\0\x0f\xa0", 4);
        put_frame(&s.p.tx, WINDOW_UPDATE, 0, 0, "\0\0\x0f\xa0", 4);
        put_frame(&s.p.tx, PING, 0, 0, "12345678", 8);
        pump_for(*state, &s.p, 1);
        ss_buf_clear(&s.p.raw, 1 << 16);
    }
    must_live(&s, *state);
    assert_int_equal(ss_h2_unsent(&s.call->st), 0);
    ss_free(bytes);
    part(&s.o, &s.p);
}

/* Metadata that needs a CONTINUATION in every answer, and clients that leave before theirs comes. */
static void a_service_of_much_metadata_keeps_its_connection(void **state)
{
    struct service s;
    start(&s, *state);
    for (int i = 0; i < 3000; i++) {
        struct owned *one = begin_request(&s.o, true);
        int32_t id = 3 + 2 * i;
        pump_for(*state, &s.p, 1);
        if (i % 2)
            ss_h2_detach(s.o.h2, &one->st);
        put_frame(&s.p.tx, HEADERS, 0, id, ok_head, OK);
        put_frame(&s.p.tx, CONTINUATION, END_HEADERS, id, "\x0f\x01\x00", 3);
        put_frame(&s.p.tx, HEADERS, END_HEADERS | END_STREAM, id, "\x0f\x01\x00", 3);
        pump_for(*state, &s.p, 1);
        pump_for(*state, &s.p, 1);
        ss_buf_clear(&s.p.raw, 1 << 16);
        ss_buf_dispose(&one->st.out);
        ss_buf_dispose(&one->head);
        ss_buf_dispose(&one->data);
        assert_true(one->closes || one->st.id == 0);
        ss_free(one);
        s.o.n--;
    }
    must_live(&s, *state);
    part(&s.o, &s.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_flood_of_interim_answers_ends_the_connection),
        LOOP_TEST(a_few_interim_answers_are_no_flood),
        LOOP_TEST(floods_of_control_frames_end_the_connection),
        LOOP_TEST(a_flood_of_settings_ends_the_connection),
        LOOP_TEST(a_flood_of_empty_data_ends_the_connection),
        LOOP_TEST(a_flood_of_window_updates_ends_the_connection),
        LOOP_TEST(a_flood_of_continuations_ends_the_connection),
        LOOP_TEST(too_many_fields_end_the_connection),
        LOOP_TEST(floods_on_streams_that_are_over_end_the_connection),
        LOOP_TEST(a_service_cannot_send_trailers_twice),
        LOOP_TEST(a_service_that_takes_a_long_upload_keeps_its_connection),
        LOOP_TEST(a_service_of_much_metadata_keeps_its_connection),
    };
    return cmocka_run_group_tests_name("h2 client floods", tests, NULL, NULL);
}
