#include "http/websocket.h"

#include "support.h"

enum { FIN = 0x80, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10, MAX = 400 };

/* What the client sends. */
struct script {
    char bytes[8192];
    size_t n;
};

static void put(struct script *s, const void *p, size_t n)
{
    assert_true(n <= sizeof s->bytes - s->n);
    if (n)
        memcpy(s->bytes + s->n, p, n);
    s->n += n;
}

/* A masked frame. first: FIN, reserved bits and opcode. */
static void frame_n(struct script *s, unsigned first, const char *payload, size_t n)
{
    static const unsigned char MASK[4] = {0x37, 0xfa, 0x21, 0x3d};
    unsigned char head[8] = {(unsigned char)first, (unsigned char)(0x80 | (n < 126 ? n : 126))};
    size_t len = 2;
    if (n >= 126) {
        head[2] = (unsigned char)(n >> 8);
        head[3] = (unsigned char)n;
        len = 4;
    }
    put(s, head, len);
    put(s, MASK, 4);
    for (size_t i = 0; i < n; i++) {
        char c = (char)(payload[i] ^ (char)MASK[i % 4]);
        put(s, &c, 1);
    }
}

static void frame(struct script *s, unsigned first, const char *payload)
{
    frame_n(s, first, payload, strlen(payload));
}

struct result {
    enum ss_err err;
    struct ss_buf log; /* events, one a line */
    struct ss_buf out; /* what the server sent */
};

static void note(struct result *r, const struct ss_websocket_event *e)
{
    static const char *const KINDS[] = {"none", "text", "binary", "ping", "pong", "close"};
    assert_int_equal(ss_buf_printf(&r->log, "%s%s", KINDS[e->kind], e->local ? " local" : ""), SS_OK);
    if (e->kind == SS_WEBSOCKET_CLOSE)
        assert_int_equal(ss_buf_printf(&r->log, " %d", e->code), SS_OK);
    if (e->bytes.len && !e->local)
        assert_int_equal(ss_buf_printf(&r->log, " %.*s", SS_FMT(e->bytes)), SS_OK);
    assert_int_equal(ss_buf_append(&r->log, "\n", 1), SS_OK);
}

static void feed(struct ss_websocket *ws, struct result *r, const char *p, size_t n)
{
    char *piece = exact(p, n);
    struct ss_websocket_event event = {.kind = SS_WEBSOCKET_PING};
    for (size_t at = 0, used; r->err == SS_OK && event.kind != SS_WEBSOCKET_NONE; at += used) {
        r->err = ss_websocket_push(ws, piece + at, n - at, &used, &event, &r->out);
        assert_true(used <= n - at);
        assert_true(r->err != SS_OK || event.kind != SS_WEBSOCKET_NONE || used == n - at);
        if (r->err == SS_OK && event.kind != SS_WEBSOCKET_NONE)
            note(r, &event);
    }
    exact_free(piece, n);
}

static void run_pieces(struct result *r, const struct script *s, size_t first, size_t step, bool closing)
{
    struct ss_websocket *ws = ss_websocket_new(MAX);
    assert_non_null(ws);
    *r = (struct result){0};
    ss_buf_init(&r->log, 1 << 16);
    ss_buf_init(&r->out, 1 << 16);
    if (closing) {
        assert_int_equal(ss_websocket_close(ws, 1000, SS_LIT("bye"), &r->out), SS_OK);
        r->out.len = 0;
    }
    feed(ws, r, s->bytes, first);
    for (size_t at = first; at < s->n; at += step)
        feed(ws, r, s->bytes + at, s->n - at < step ? s->n - at : step);
    assert_true(!ss_websocket_done(ws) || ss_websocket_closing(ws));
    ss_websocket_free(ws);
}

static void assert_same(const struct ss_buf *a, const struct ss_buf *b)
{
    assert_int_equal(a->len, b->len);
    if (a->len)
        assert_memory_equal(a->ptr, b->ptr, a->len);
}

/* Whole, in two pieces at every place, byte by byte: the same events, the same answers. want: the log; sent:
 * of n bytes. */
static void assert_run_n(const struct script *s, bool closing, const char *want, const char *sent, size_t n)
{
    struct result whole;
    run_pieces(&whole, s, s->n, 1, closing);
    assert_int_equal(whole.err, SS_OK);
    assert_slice(ss_buf_slice(&whole.log), want);
    if (sent) {
        assert_int_equal(whole.out.len, n);
        assert_memory_equal(whole.out.ptr ? whole.out.ptr : "", sent, n);
    }
    for (size_t k = 0; k <= s->n + 1; k++) {
        struct result r;
        if (k <= s->n)
            run_pieces(&r, s, k, s->n, closing);
        else
            run_pieces(&r, s, 0, 1, closing);
        assert_same(&r.log, &whole.log);
        assert_same(&r.out, &whole.out);
        ss_buf_dispose(&r.log);
        ss_buf_dispose(&r.out);
    }
    ss_buf_dispose(&whole.log);
    ss_buf_dispose(&whole.out);
}

#define assert_run(s, want, sent) assert_run_n(s, false, want, sent, sizeof(sent) - 1)

/* The client is told code, and nothing behind its fault counts. */
static void assert_fails(struct script *s, unsigned code, const char *before)
{
    char want[600];
    struct result r;
    frame(s, FIN | TEXT, "behind");
    snprintf(want, sizeof want, "%sclose local %u\n", before, code);
    assert_run_n(s, false, want, NULL, 0);
    run_pieces(&r, s, s->n, 1, false);
    assert_true(r.out.len >= 4 && (unsigned char)r.out.ptr[0] == (FIN | CLOSE));
    assert_int_equal((unsigned char)r.out.ptr[1], r.out.len - 2);
    assert_int_equal((unsigned)(unsigned char)r.out.ptr[2] << 8 | (unsigned char)r.out.ptr[3], code);
    ss_buf_dispose(&r.log);
    ss_buf_dispose(&r.out);
}

static void frames_become_messages(void **state)
{
    (void)state;
    struct script s = {.n = 0};
    frame(&s, FIN | TEXT, "{\"a\":1}");
    frame(&s, FIN | BINARY, "\xff\xfe");
    frame(&s, FIN | TEXT, "");
    frame(&s, FIN | TEXT, "\xc3\xa4");
    assert_run(&s, "text {\"a\":1}\nbinary \xff\xfe\ntext\ntext \xc3\xa4\n", "");
}

static void fragments_become_one_message(void **state)
{
    (void)state;
    struct script s = {.n = 0};
    frame(&s, TEXT, "a\xc3");
    frame(&s, 0, "\xa4");
    frame(&s, 0, "");
    frame(&s, FIN, "b");
    frame(&s, BINARY, "");
    frame(&s, FIN, "");
    frame(&s, FIN | TEXT, "c");
    assert_run(&s, "text a\xc3\xa4\x62\nbinary\ntext c\n", "");
}

static void long_messages_have_longer_lengths(void **state)
{
    (void)state;
    char payload[MAX + 1], want[MAX + 20];
    memset(payload, 'x', MAX);
    payload[MAX] = '\0';
    struct script s = {.n = 0};
    frame_n(&s, FIN | TEXT, payload, MAX);
    snprintf(want, sizeof want, "text %s\n", payload);
    assert_run(&s, want, "");
}

static void pings_are_answered_within_messages(void **state)
{
    (void)state;
    struct script s = {.n = 0};
    frame(&s, TEXT, "a");
    frame(&s, FIN | PING, "hi");
    frame(&s, 0, "b");
    frame(&s, FIN | PONG, "x");
    frame(&s, FIN | PING, "");
    frame(&s, FIN, "c");
    assert_run(&s, "ping hi\npong x\nping\ntext abc\n", "\x8a\x02hi\x8a\x00");
}

static void a_close_is_answered_with_its_code(void **state)
{
    (void)state;
    struct script s = {.n = 0};
    frame(&s, FIN | TEXT, "a");
    frame(&s, FIN | CLOSE, "\x03\xe9going \xc3\xa4way");
    frame(&s, FIN | TEXT, "behind");
    assert_run(&s, "text a\nclose 1001 going \xc3\xa4way\n", "\x88\x02\x03\xe9");
    s.n = 0;
    frame(&s, FIN | CLOSE, "");
    assert_run(&s, "close 1005\n", "\x88\x00");
    s.n = 0;
    frame(&s, TEXT, "half");
    frame(&s, FIN | CLOSE, "\x0f\xa3");
    assert_run(&s, "close 4003\n", "\x88\x02\x0f\xa3");
}

static void messages_come_until_the_client_has_closed_too(void **state)
{
    (void)state;
    struct script s = {.n = 0};
    frame(&s, FIN | TEXT, "late");
    frame(&s, FIN | PING, "p");
    frame(&s, FIN | CLOSE, "\x03\xe8");
    assert_run_n(&s, true, "text late\nping p\nclose 1000\n", "", 0);
    s.n = 0;
    frame(&s, FIN | 3, "");
    assert_run_n(&s, true, "close local 1002\n", "", 0);
}

static void broken_rules_are_protocol_errors(void **state)
{
    (void)state;
    static const unsigned FIRST[] = {FIN | 0x40 | TEXT,
                                     FIN | 0x20 | TEXT,
                                     FIN | 0x10 | TEXT,
                                     FIN | 3,
                                     FIN | 7,
                                     FIN | 11,
                                     FIN | 15,
                                     FIN,
                                     0,
                                     PING,
                                     PONG,
                                     CLOSE};
    for (size_t i = 0; i < sizeof FIRST / sizeof FIRST[0]; i++) {
        struct script s = {.n = 0};
        frame(&s, FIN | TEXT, "good");
        frame(&s, FIRST[i], "x");
        assert_fails(&s, 1002, "text good\n");
    }
    struct script s = {.n = 0};
    frame(&s, TEXT, "a");
    frame(&s, FIN | TEXT, "b");
    assert_fails(&s, 1002, "");
    s.n = 0;
    frame(&s, TEXT, "a");
    frame(&s, BINARY, "b");
    assert_fails(&s, 1002, "");
    s.n = 0;
    put(&s, "\x81\x01x", 3); /* no mask */
    assert_fails(&s, 1002, "");
    s.n = 0;
    put(&s, "\x89\x00\x81\x00", 4);
    assert_fails(&s, 1002, "");
    s.n = 0;
    put(&s, "\x81\xfe\x00\x7d\0\0\0\0", 8); /* a length that would have fitted in one byte */
    assert_fails(&s, 1002, "");
    s.n = 0;
    put(&s, "\x81\xff\0\0\0\0\0\0\xff\xff\0\0\0\0", 14);
    assert_fails(&s, 1002, "");
    s.n = 0;
    put(&s, "\x81\xff\x80\0\0\0\0\0\0\0\0\0\0\0", 14);
    assert_fails(&s, 1002, "");
    s.n = 0;
    put(&s, "\x89\xfe\x00\x7e\0\0\0\0", 8); /* a ping of 126 bytes */
    assert_fails(&s, 1002, "");
}

static void bad_close_frames_are_protocol_errors(void **state)
{
    (void)state;
    static const unsigned CODES[] = {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535};
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++) {
        char payload[2] = {(char)(CODES[i] >> 8), (char)CODES[i]};
        struct script s = {.n = 0};
        frame_n(&s, FIN | CLOSE, payload, 2);
        assert_fails(&s, 1002, "");
    }
    struct script s = {.n = 0};
    frame(&s, FIN | CLOSE, "\x03");
    assert_fails(&s, 1002, "");
    s.n = 0;
    frame(&s, FIN | CLOSE, "\x03\xe8\xc3");
    assert_fails(&s, 1007, "");
}

static void good_close_codes_are_taken(void **state)
{
    (void)state;
    static const unsigned CODES[] = {1000, 1003, 1007, 1011, 1014, 3000, 3999, 4000, 4999};
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++) {
        char payload[2] = {(char)(CODES[i] >> 8), (char)CODES[i]}, want[40];
        struct script s = {.n = 0};
        frame_n(&s, FIN | CLOSE, payload, 2);
        snprintf(want, sizeof want, "close %u\n", CODES[i]);
        assert_run_n(&s, false, want, NULL, 0);
    }
}

static void text_that_is_not_utf_8_is_told_with_1007(void **state)
{
    (void)state;
    static const char *const BAD[] = {"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct script s = {.n = 0};
        frame(&s, FIN | TEXT, BAD[i]);
        assert_fails(&s, 1007, "");
        s.n = 0;
        frame(&s, TEXT, "a");
        frame(&s, FIN, BAD[i]);
        assert_fails(&s, 1007, "");
    }
}

static void a_message_past_its_limit_is_told_with_1009(void **state)
{
    (void)state;
    char payload[MAX + 1] = {0};
    struct script s = {.n = 0};
    frame_n(&s, FIN | BINARY, payload, MAX + 1);
    assert_fails(&s, 1009, "");
    s.n = 0;
    frame_n(&s, BINARY, payload, MAX);
    frame_n(&s, 0, payload, 0);
    frame_n(&s, FIN, payload, 1);
    assert_fails(&s, 1009, "");
    s.n = 0;
    put(&s, "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0x", 15); /* 2^63-1 bytes, of which one comes */
    assert_fails(&s, 1009, "");
}

static void what_is_sent_is_framed(void **state)
{
    (void)state;
    struct ss_websocket *ws = ss_websocket_new(MAX);
    struct ss_buf out;
    char *large = calloc(1, 70000);
    assert_non_null(large);
    ss_buf_init(&out, 1 << 20);
    assert_int_equal(ss_websocket_text(ws, SS_LIT("hi"), &out), SS_OK);
    assert_int_equal(ss_websocket_text(ws, SS_LIT(""), &out), SS_OK);
    assert_int_equal(ss_websocket_binary(ws, SS_LIT("\xff"), &out), SS_OK);
    assert_int_equal(ss_websocket_ping(ws, SS_LIT("p"), &out), SS_OK);
    assert_int_equal(out.len, 4 + 2 + 3 + 3);
    assert_memory_equal(out.ptr, "\x81\x02hi\x81\x00\x82\x01\xff\x89\x01p", out.len);
    static const struct {
        size_t n, head;
        const char *want;
    } CASES[] = {{125, 2, "\x82\x7d"},
                 {126, 4, "\x82\x7e\x00\x7e"},
                 {65535, 4, "\x82\x7e\xff\xff"},
                 {65536, 10, "\x82\x7f\0\0\0\0\0\x01\0\0"}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        out.len = 0;
        assert_int_equal(ss_websocket_binary(ws, ss_slice_of(large, CASES[i].n), &out), SS_OK);
        assert_int_equal(out.len, CASES[i].head + CASES[i].n);
        assert_memory_equal(out.ptr, CASES[i].want, CASES[i].head);
        assert_memory_equal(out.ptr + CASES[i].head, large, CASES[i].n);
    }
    assert_int_equal(ss_websocket_ping(ws, ss_slice_of(large, 126), &out), SS_ERR_INVALID);
    free(large);
    ss_websocket_free(ws);
    ss_buf_dispose(&out);
}

static void nothing_follows_a_close(void **state)
{
    (void)state;
    struct ss_websocket *ws = ss_websocket_new(MAX);
    struct ss_buf out;
    ss_buf_init(&out, 1 << 20);
    assert_false(ss_websocket_closing(ws));
    assert_int_equal(ss_websocket_close(ws, 1005, SS_LIT(""), &out), SS_ERR_INVALID);
    assert_int_equal(ss_websocket_close(ws, 5000, SS_LIT(""), &out), SS_ERR_INVALID);
    assert_int_equal(ss_websocket_close(ws, 4005, SS_LIT("no such"), &out), SS_OK);
    assert_true(ss_websocket_closing(ws));
    assert_false(ss_websocket_done(ws));
    assert_int_equal(ss_websocket_text(ws, SS_LIT("x"), &out), SS_ERR_CLOSED);
    assert_int_equal(ss_websocket_binary(ws, SS_LIT("x"), &out), SS_ERR_CLOSED);
    assert_int_equal(ss_websocket_ping(ws, SS_LIT("x"), &out), SS_ERR_CLOSED);
    assert_int_equal(ss_websocket_close(ws, 1000, SS_LIT("x"), &out), SS_ERR_CLOSED);
    assert_slice(ss_buf_slice(&out), "\x88\x09\x0f\xa5no such");
    struct script s = {.n = 0};
    frame(&s, FIN | CLOSE, "\x0f\xa5");
    struct result r = {.err = SS_OK};
    ss_buf_init(&r.log, 100);
    ss_buf_init(&r.out, 100);
    feed(ws, &r, s.bytes, s.n);
    assert_int_equal(r.out.len, 0);
    assert_true(ss_websocket_done(ws));
    ss_buf_dispose(&r.log);
    ss_websocket_free(ws);
    ss_buf_dispose(&out);
}

static void a_reason_is_cut_behind_a_character(void **state)
{
    (void)state;
    for (size_t n = 118; n < 128; n++) {
        char reason[140];
        memset(reason, 'x', n);
        memcpy(reason + n, "\xe2\x82\xac\xe2\x82\xac", 6);
        struct ss_websocket *ws = ss_websocket_new(MAX);
        struct ss_buf out;
        ss_buf_init(&out, 1 << 20);
        char *block = exact(reason, n + 6);
        assert_int_equal(ss_websocket_close(ws, 1011, ss_slice_of(block, n + 6), &out), SS_OK);
        size_t kept = n + 3 <= 123 ? n + 3 : n < 123 ? n : 123;
        assert_int_equal(out.len, 4 + kept);
        assert_int_equal((unsigned char)out.ptr[1], 2 + kept);
        assert_memory_equal(out.ptr + 4, reason, kept);
        exact_free(block, n + 6);
        ss_websocket_free(ws);
        ss_buf_dispose(&out);
    }
    struct ss_websocket *ws = ss_websocket_new(MAX);
    struct ss_buf out;
    ss_buf_init(&out, 1 << 20);
    assert_int_equal(ss_websocket_close(ws, 1011,
                                        SS_LIT("a\xff"
                                               "b"),
                                        &out),
                     SS_OK);
    assert_slice(ss_buf_slice(&out), "\x88\x03\x03\xf3"
                                     "a");
    ss_websocket_free(ws);
    ss_buf_dispose(&out);
}

static void a_client_that_pings_and_does_not_read_is_a_limit(void **state)
{
    (void)state;
    struct ss_websocket *ws = ss_websocket_new(MAX);
    struct script s = {.n = 0};
    struct result r = {.err = SS_OK};
    for (int i = 0; i < 100; i++)
        frame(&s, FIN | PING, "0123456789");
    ss_buf_init(&r.log, 1 << 16);
    ss_buf_init(&r.out, 100);
    feed(ws, &r, s.bytes, s.n);
    assert_int_equal(r.err, SS_ERR_LIMIT);
    assert_true(r.out.len <= 100);
    ss_websocket_free(ws);
    ss_buf_dispose(&r.log);
    ss_buf_dispose(&r.out);
}

static void what_does_not_fit_is_not_begun(void **state)
{
    (void)state;
    struct ss_websocket *ws = ss_websocket_new(MAX);
    struct ss_buf out;
    ss_buf_init(&out, 12);
    assert_int_equal(ss_websocket_text(ws, SS_LIT("too long for it"), &out), SS_ERR_LIMIT);
    assert_int_equal(ss_websocket_close(ws, 1000, SS_LIT("too long for it"), &out), SS_ERR_LIMIT);
    assert_int_equal(out.len, 0);
    assert_false(ss_websocket_closing(ws));
    assert_int_equal(ss_websocket_close(ws, 1000, SS_LIT(""), &out), SS_OK);
    ss_websocket_free(ws);
    ss_buf_dispose(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_become_messages),
        cmocka_unit_test(fragments_become_one_message),
        cmocka_unit_test(long_messages_have_longer_lengths),
        cmocka_unit_test(pings_are_answered_within_messages),
        cmocka_unit_test(a_close_is_answered_with_its_code),
        cmocka_unit_test(messages_come_until_the_client_has_closed_too),
        cmocka_unit_test(broken_rules_are_protocol_errors),
        cmocka_unit_test(bad_close_frames_are_protocol_errors),
        cmocka_unit_test(good_close_codes_are_taken),
        cmocka_unit_test(text_that_is_not_utf_8_is_told_with_1007),
        cmocka_unit_test(a_message_past_its_limit_is_told_with_1009),
        cmocka_unit_test(what_is_sent_is_framed),
        cmocka_unit_test(nothing_follows_a_close),
        cmocka_unit_test(a_reason_is_cut_behind_a_character),
        cmocka_unit_test(a_client_that_pings_and_does_not_read_is_a_limit),
        cmocka_unit_test(what_does_not_fit_is_not_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
