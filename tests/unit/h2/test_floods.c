/* Peers that do what the protocol allows, for ever: each ends its own connection, with little memory held. */
#include "h2/support.h"

enum { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION };
enum { END_STREAM = 1, END_HEADERS = 4 };

static void greet(struct h2_peer *p)
{
    peer_raw(p, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
    put_frame(&p->tx, SETTINGS, 0, 0, "", 0);
}

/* :method POST, :scheme http, :path /, :authority x, without the dynamic table. */
static const char bare_head[] = "\x83\x86\x84\x01\x01x";
enum { BARE = 6 };

static void open_stream(struct h2_peer *p, int32_t id, bool end)
{
    put_frame(&p->tx, HEADERS, (uint8_t)(END_HEADERS | (end ? END_STREAM : 0)), id, bare_head, BARE);
}

/* The error code of the GOAWAY among the bytes that the peer read; -1: none. */
static long goaway_in(const struct ss_buf *raw)
{
    for (size_t at = 0; at + 9 <= raw->len;) {
        const unsigned char *f = (const unsigned char *)raw->ptr + at;
        size_t n = (size_t)f[0] << 16 | (size_t)f[1] << 8 | f[2];
        if (f[3] == GOAWAY && at + 9 + n <= raw->len && n >= 8)
            return (long)f[13] << 24 | f[14] << 16 | f[15] << 8 | f[16];
        at += 9 + n;
    }
    return -1;
}

/* Sends what is in tx; the connection must end, and say why. */
static void must_end(struct ss_loop *l, struct owner *o, struct h2_peer *p, long code)
{
    assert_true(pump_until(l, p, owner_is_closed, o));
    pump_settle(l, p);
    assert_true(p->eof);
    if (code >= 0)
        assert_int_equal(goaway_in(&p->raw), code);
    for (unsigned i = 0; i < o->n; i++)
        assert_int_equal(o->streams[i]->closes, 1);
    part(o, p);
}

static void start(struct owner *o, struct h2_peer *p, struct ss_loop *l)
{
    peer_init_raw(p, owner_start(o, l, SS_H2_SERVER));
    greet(p);
}

static void a_flood_of_pings_ends_the_connection(void **state)
{
    struct owner o;
    struct h2_peer p;
    start(&o, &p, *state);
    for (int i = 0; i < 3000; i++)
        put_frame(&p.tx, PING, 0, 0, "12345678", 8);
    must_end(*state, &o, &p, SS_H2_ENHANCE_YOUR_CALM);
}

static void a_flood_of_settings_ends_the_connection(void **state)
{
    struct owner o;
    struct h2_peer p;
    start(&o, &p, *state);
    for (int i = 0; i < 3000; i++)
        put_frame(&p.tx, SETTINGS, 0, 0, "", 0);
    must_end(*state, &o, &p, -1); /* nghttp2's own limit of unsent ACKs may come first */
}

static void a_flood_of_empty_data_ends_the_connection(void **state)
{
    struct owner o;
    struct h2_peer p;
    start(&o, &p, *state);
    open_stream(&p, 1, false);
    for (int i = 0; i < 3000; i++)
        put_frame(&p.tx, DATA, 0, 1, "", 0);
    must_end(*state, &o, &p, SS_H2_ENHANCE_YOUR_CALM);
}

static void a_flood_of_window_updates_ends_the_connection(void **state)
{
    struct owner o;
    struct h2_peer p;
    start(&o, &p, *state);
    open_stream(&p, 1, false);
    for (int i = 0; i < 12000; i++)
        put_frame(&p.tx, WINDOW_UPDATE, 0, 1, "\0\0\0\1", 4);
    must_end(*state, &o, &p, SS_H2_ENHANCE_YOUR_CALM);
}

static void a_flood_of_priority_frames_ends_the_connection(void **state)
{
    struct owner o;
    struct h2_peer p;
    start(&o, &p, *state);
    for (int i = 0; i < 3000; i++)
        put_frame(&p.tx, PRIORITY, 0, 1 + 2 * (i % 50), "\0\0\0\0\1", 5);
    must_end(*state, &o, &p, SS_H2_ENHANCE_YOUR_CALM);
}

static void a_flood_of_unknown_frames_ends_the_connection(void **state)
{
    struct owner o;
    struct h2_peer p;
    start(&o, &p, *state);
    for (int i = 0; i < 3000; i++)
        put_frame(&p.tx, 0xee, 0, 0, "x", 1);
    must_end(*state, &o, &p, SS_H2_ENHANCE_YOUR_CALM);
}

static void a_flood_of_padding_ends_the_connection(void **state)
{
    struct owner o;
    struct h2_peer p;
    start(&o, &p, *state);
    open_stream(&p, 1, false);
    for (int i = 0; i < 3000; i++)
        put_frame(&p.tx, DATA, 8, 1, "\x03\0\0\0", 4);
    must_end(*state, &o, &p, SS_H2_ENHANCE_YOUR_CALM);
}

static void rapid_resets_end_the_connection(void **state)
{
    struct owner o;
    struct h2_peer p;
    peer_init_raw(&p, owner_start(&o, *state, SS_H2_SERVER));
    o.refuse = true; /* so that the owner's list stays small; the resets count all the same */
    greet(&p);
    for (int i = 0; i < 3000; i++) {
        open_stream(&p, 1 + 2 * i, false);
        put_frame(&p.tx, RST_STREAM, 0, 1 + 2 * i, "\0\0\0\x8", 4);
    }
    must_end(*state, &o, &p, -1);
}

static void a_flood_of_continuations_ends_the_connection(void **state)
{
    struct owner o;
    struct h2_peer p;
    start(&o, &p, *state);
    put_frame(&p.tx, HEADERS, 0, 1, bare_head, BARE);
    for (int i = 0; i < 100; i++)
        put_frame(&p.tx, CONTINUATION, 0, 1, "", 0);
    must_end(*state, &o, &p, -1);
}

static void resets_that_the_peer_provokes_end_the_connection(void **state)
{
    struct owner o;
    struct h2_peer p;
    start(&o, &p, *state);
    o.refuse = true;
    for (int i = 0; i < 2000; i++)
        open_stream(&p, 1 + 2 * i, true);
    must_end(*state, &o, &p, SS_H2_ENHANCE_YOUR_CALM);
}

/* One 4,000-byte field in the dynamic table, referred to by single bytes: 144 KiB make half a gigabyte. */
static void an_hpack_bomb_ends_the_connection_with_little_memory(void **state)
{
    struct owner o;
    struct h2_peer p;
    start(&o, &p, *state);
    struct ss_buf block;
    ss_buf_init(&block, 1 << 20);
    ss_buf_append(&block, bare_head, BARE);
    ss_buf_append(&block, "\x40\x01x\x7f\xa1\x1e", 6); /* literal with indexing, "x", 4000 bytes */
    for (int i = 0; i < 4000; i++)
        ss_buf_append(&block, "a", 1);
    put_frame(&p.tx, HEADERS, END_HEADERS | END_STREAM, 1, block.ptr, block.len);
    block.len = 0;
    ss_buf_append(&block, bare_head, BARE);
    for (int i = 0; i < 16000; i++)
        ss_buf_append(&block, "\xbe", 1);
    put_frame(&p.tx, HEADERS, END_STREAM, 3, block.ptr, block.len);
    for (int k = 0; k < 8; k++)
        put_frame(&p.tx, CONTINUATION, k == 7 ? END_HEADERS : 0, 3, block.ptr + BARE, block.len - BARE);
    ss_buf_dispose(&block);
    assert_true(pump_until(*state, &p, owner_is_closed, &o));
    size_t held = 0;
    for (unsigned i = 0; i < o.n; i++)
        held += o.streams[i]->head.len;
    assert_true(held < 4 * small_config.max_header_bytes);
    part(&o, &p);
}

static void too_many_fields_end_the_connection(void **state)
{
    struct owner o;
    struct h2_peer p;
    start(&o, &p, *state);
    char block[BARE + 3 * 200];
    memcpy(block, bare_head, BARE);
    for (int i = 0; i < 200; i++)
        memcpy(block + BARE + 3 * i, "\x0f\x01\x00", 3); /* a name by index, no value */
    put_frame(&p.tx, HEADERS, END_HEADERS | END_STREAM, 1, block, sizeof block);
    must_end(*state, &o, &p, SS_H2_ENHANCE_YOUR_CALM);
}

/* The owner still gets a list that is over the limit by less than twice, to answer it. */
static void a_header_list_slightly_over_the_limit_reaches_the_owner(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_SERVER);
    char *big = ss_xcalloc(1, 20001);
    memset(big, 'a', 20000);
    const char *const headers[] = {":method",    "GET", ":scheme", "http", ":path", "/",
                                   ":authority", "x",   "x-big",   big,    NULL};
    peer_request(&p, headers, false);
    pump_settle(*state, &p);
    assert_int_equal(o.n, 1);
    assert_int_equal(o.streams[0]->requests, 1);
    assert_int_equal(o.closed, 0);
    ss_free(big);
    part(&o, &p);
}

static const struct ss_header ok_head[] = {{.name = {":status", 7}, .value = {"200", 3}}};

/* A peer with endless windows that reads nothing: what is produced for it stays within a bound. */
static void a_peer_that_never_reads_holds_a_bounded_output(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_SERVER);
    for (int i = 0; i < 4; i++)
        peer_request(&p, peer_post, false);
    nghttp2_settings_entry wide = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 30};
    nghttp2_submit_settings(p.session, 0, &wide, 1);
    nghttp2_submit_window_update(p.session, 0, 0, 1 << 30);
    pump_settle(*state, &p);
    p.deaf = true;
    char *bytes = pattern(4 << 20);
    for (unsigned i = 0; i < 4; i++) {
        ss_h2_respond(o.h2, &o.streams[i]->st, ok_head, 1, false);
        ss_h2_write(o.h2, &o.streams[i]->st, bytes, 4 << 20);
        ss_h2_want_writable(&o.streams[i]->st);
    }
    pump_settle(*state, &p);
    size_t unsent = 0;
    for (unsigned i = 0; i < 4; i++) {
        unsent += ss_h2_unsent(&o.streams[i]->st);
        assert_int_equal(o.streams[i]->writables, 0);
    }
    assert_true(unsent > (16u << 20) - (2u << 20)); /* framed: the socket's buffers and ours, no more */
    p.deaf = false;
    for (int i = 0; i < 200 && o.streams[3]->writables == 0; i++)
        pump_for(*state, &p, 10);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(o.streams[i]->writables, 1);
    ss_free(bytes);
    part(&o, &p);
}

/* Frames that we owe an answer for (PING), from a peer who does not read the answers. */
static void answers_that_a_peer_does_not_read_do_not_pile_up(void **state)
{
    struct owner o;
    struct h2_peer p;
    meet(&o, &p, *state, SS_H2_SERVER);
    char *bytes = pattern(2 << 20);
    peer_request(&p, peer_post, false);
    nghttp2_settings_entry wide = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 30};
    nghttp2_submit_settings(p.session, 0, &wide, 1);
    nghttp2_submit_window_update(p.session, 0, 0, 1 << 30);
    pump_settle(*state, &p);
    p.deaf = true;
    ss_h2_respond(o.h2, &o.streams[0]->st, ok_head, 1, false);
    ss_h2_write(o.h2, &o.streams[0]->st, bytes, 2 << 20); /* the socket is full */
    pump_settle(*state, &p);
    for (int i = 0; i < 20000; i++)
        put_frame(&p.tx, PING, 0, 0, "12345678", 8);
    pump_settle(*state, &p);
    p.deaf = false;
    assert_true(pump_until(*state, &p, owner_is_closed, &o));
    ss_free(bytes);
    part(&o, &p);
}

static void garbage_behind_the_preface_never_does_more_than_end_the_connection(void **state)
{
    uint64_t x = 88172645463325252u;
    for (int round = 0; round < 150; round++) {
        struct owner o;
        struct h2_peer p;
        start(&o, &p, *state);
        open_stream(&p, 1, false);
        char junk[300];
        for (size_t i = 0; i < sizeof junk; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            junk[i] = (char)x;
        }
        junk[0] = junk[1] = 0; /* a short frame first */
        junk[3] = (char)(junk[3] % 11);
        junk[5] = junk[6] = junk[7] = 0;
        junk[8] = (char)(junk[8] % 4);
        peer_raw(&p, junk, sizeof junk);
        pump_for(*state, &p, 2);
        peer_dispose(&p);
        run_until(*state, owner_is_closed, &o, 1000);
        assert_int_equal(o.closed, 1);
        for (unsigned i = 0; i < o.n; i++)
            assert_int_equal(o.streams[i]->closes, 1);
        owner_dispose(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_flood_of_pings_ends_the_connection),
        LOOP_TEST(a_flood_of_settings_ends_the_connection),
        LOOP_TEST(a_flood_of_empty_data_ends_the_connection),
        LOOP_TEST(a_flood_of_window_updates_ends_the_connection),
        LOOP_TEST(a_flood_of_priority_frames_ends_the_connection),
        LOOP_TEST(a_flood_of_unknown_frames_ends_the_connection),
        LOOP_TEST(a_flood_of_padding_ends_the_connection),
        LOOP_TEST(rapid_resets_end_the_connection),
        LOOP_TEST(a_flood_of_continuations_ends_the_connection),
        LOOP_TEST(resets_that_the_peer_provokes_end_the_connection),
        LOOP_TEST(an_hpack_bomb_ends_the_connection_with_little_memory),
        LOOP_TEST(too_many_fields_end_the_connection),
        LOOP_TEST(a_header_list_slightly_over_the_limit_reaches_the_owner),
        LOOP_TEST(a_peer_that_never_reads_holds_a_bounded_output),
        LOOP_TEST(answers_that_a_peer_does_not_read_do_not_pile_up),
        LOOP_TEST(garbage_behind_the_preface_never_does_more_than_end_the_connection),
    };
    return cmocka_run_group_tests_name("h2 floods", tests, NULL, NULL);
}
