#include "http/grpc_frame.h"

#include "support.h"

enum { MAX_BODY = 64, MAX_MESSAGES = 16 };

struct result {
    enum ss_err err;
    size_t n;
    bool idle;
    struct {
        size_t len;
        bool compressed;
        char bytes[MAX_BODY];
    } messages[MAX_MESSAGES];
};

static void feed(struct ss_deframer *d, struct result *r, const char *text, size_t n)
{
    char *piece = exact(text, n);
    for (size_t at = 0; r->err == SS_OK;) {
        size_t used = 99;
        bool have = true;
        struct ss_grpc_message m;
        r->err = ss_deframer_push(d, piece + at, n - at, &used, &have, &m);
        assert_true(used <= n - at);
        at += used;
        if (r->err != SS_OK || !have)
            break;
        assert_true(r->n < MAX_MESSAGES && m.bytes.len <= MAX_BODY);
        r->messages[r->n].len = m.bytes.len;
        r->messages[r->n].compressed = m.compressed;
        if (m.bytes.len)
            memcpy(r->messages[r->n].bytes, m.bytes.ptr, m.bytes.len);
        r->n++;
        if (at == n)
            break;
    }
    exact_free(piece, n);
}

static void deframe_pieces(struct result *r, const char *text, size_t n, size_t first, size_t step)
{
    struct ss_deframer d;
    ss_deframer_init(&d, MAX_BODY);
    *r = (struct result){0};
    feed(&d, r, text, first);
    for (size_t at = first; at < n; at += step)
        feed(&d, r, text + at, n - at < step ? n - at : step);
    r->idle = ss_deframer_idle(&d);
    ss_deframer_dispose(&d);
}

static void assert_same(const struct result *a, const struct result *b)
{
    assert_int_equal(a->err, b->err);
    assert_int_equal(a->idle, b->idle);
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(a->messages[i].len, b->messages[i].len);
        assert_int_equal(a->messages[i].compressed, b->messages[i].compressed);
        assert_memory_equal(a->messages[i].bytes, b->messages[i].bytes, a->messages[i].len);
    }
}

/* Whole, in two pieces at every place, byte by byte: all must agree. */
static void deframe(struct result *whole, const char *text, size_t n)
{
    deframe_pieces(whole, text, n, n, 1);
    struct result r;
    for (size_t k = 0; k <= n; k++) {
        deframe_pieces(&r, text, n, k, n);
        assert_same(whole, &r);
    }
    deframe_pieces(&r, text, n, 0, 1);
    assert_same(whole, &r);
}

static void a_stream_is_cut_into_messages(void **state)
{
    (void)state;
    static const char TEXT[] = "\0\0\0\0\5hello\1\0\0\0\3zip\0\0\0\0\0\0\0\0\0\1x";
    struct result r;
    deframe(&r, TEXT, sizeof TEXT - 1);
    assert_int_equal(r.err, SS_OK);
    assert_true(r.idle);
    assert_int_equal(r.n, 4);
    assert_memory_equal(r.messages[0].bytes, "hello", 5);
    assert_false(r.messages[0].compressed);
    assert_memory_equal(r.messages[1].bytes, "zip", 3);
    assert_true(r.messages[1].compressed);
    assert_int_equal(r.messages[2].len, 0);
    assert_int_equal(r.messages[3].len, 1);
}

static void a_truncated_message_is_not_idle(void **state)
{
    (void)state;
    static const char TEXT[] = "\0\0\0\0\5hello";
    for (size_t k = 0; k < sizeof TEXT; k++) {
        struct result r;
        deframe(&r, TEXT, k);
        assert_int_equal(r.err, SS_OK);
        assert_int_equal(r.idle, k == 0 || k == sizeof TEXT - 1);
        assert_int_equal(r.n, k == sizeof TEXT - 1);
    }
}

static void a_prefix_that_announces_too_much_is_refused_at_once(void **state)
{
    (void)state;
    struct result r;
    deframe(&r, "\0\0\0\0\101", 5); /* 65 */
    assert_int_equal(r.err, SS_ERR_MESSAGE_TOO_LARGE);
    deframe(&r, "\0\377\377\377\377", 5);
    assert_int_equal(r.err, SS_ERR_MESSAGE_TOO_LARGE);
    deframe(&r, "\0\1\0\0\0", 5);
    assert_int_equal(r.err, SS_ERR_MESSAGE_TOO_LARGE);
    deframe(&r, "\0\0\0\0\100", 5); /* 64 */
    assert_int_equal(r.err, SS_OK);
    assert_false(r.idle);
}

static void a_flag_that_is_not_0_or_1_is_refused(void **state)
{
    (void)state;
    for (int flag = 2; flag < 256; flag++) {
        char text[] = "?\0\0\0\1x";
        text[0] = (char)flag;
        struct result r;
        deframe(&r, text, 6);
        assert_int_equal(r.err, SS_ERR_BAD_RESPONSE);
    }
}

static void a_whole_message_is_a_view_of_the_pushed_bytes(void **state)
{
    (void)state;
    struct ss_deframer d;
    ss_deframer_init(&d, MAX_BODY);
    static const char TEXT[] = "\0\0\0\0\2hi";
    struct ss_grpc_message m;
    size_t used;
    bool have;
    assert_int_equal(ss_deframer_push(&d, TEXT, 7, &used, &have, &m), SS_OK);
    assert_true(have);
    assert_ptr_equal(m.bytes.ptr, TEXT + 5);
    /* also when only its prefix was split off */
    assert_int_equal(ss_deframer_push(&d, TEXT, 3, &used, &have, &m), SS_OK);
    assert_false(have);
    assert_int_equal(ss_deframer_push(&d, TEXT + 3, 4, &used, &have, &m), SS_OK);
    assert_true(have);
    assert_ptr_equal(m.bytes.ptr, TEXT + 5);
    assert_null(d.body.ptr);
    ss_deframer_dispose(&d);
}

static void no_memory_is_held_between_messages(void **state)
{
    (void)state;
    struct ss_deframer d;
    ss_deframer_init(&d, MAX_BODY);
    static const char TEXT[] = "\0\0\0\0\2hi";
    struct ss_grpc_message m;
    size_t used;
    bool have;
    ss_deframer_push(&d, TEXT, 6, &used, &have, &m);
    assert_non_null(d.body.ptr);
    ss_deframer_push(&d, TEXT + 6, 1, &used, &have, &m);
    assert_true(have);
    assert_slice(m.bytes, "hi");
    ss_deframer_push(&d, TEXT, 0, &used, &have, &m);
    assert_false(have);
    assert_null(d.body.ptr);
    ss_deframer_dispose(&d);
}

static void a_large_announcement_reserves_little(void **state)
{
    (void)state;
    struct ss_deframer d;
    ss_deframer_init(&d, 64 << 20);
    struct ss_grpc_message m;
    size_t used;
    bool have;
    assert_int_equal(ss_deframer_push(&d, "\0\3\0\0\0x", 6, &used, &have, &m), SS_OK);
    assert_true(d.body.cap <= 128 * 1024);
    ss_deframer_dispose(&d);
}

static void the_prefix_is_big_endian(void **state)
{
    (void)state;
    char out[SS_GRPC_PREFIX];
    ss_grpc_prefix(out, true, 0x01020384);
    assert_memory_equal(out, "\1\1\2\3\x84", 5);
    ss_grpc_prefix(out, false, 0);
    assert_memory_equal(out, "\0\0\0\0\0", 5);
}

/* Messages of 3, 0 and 10 bytes, in every cut in two; 10 is too many with max 9. */
static void messages_that_pass_are_measured_however_they_are_cut(void **state)
{
    (void)state;
    static const char bytes[] = "\0\0\0\0\3abc\1\0\0\0\0\0\0\0\0\012abcdefghij";
    const size_t n = sizeof bytes - 1, third = 13;
    for (size_t cut = 0; cut <= n; cut++) {
        struct ss_frame_watch w = {0}, large = {0};
        bool torn, none;
        size_t first = ss_frame_watch_push(&w, bytes, cut, 9, &torn);
        assert_int_equal(ss_frame_watch_push(&large, bytes, cut, 10, &none), cut);
        assert_false(none);
        assert_int_equal(ss_frame_watch_push(&large, bytes + cut, n - cut, 10, &none), n - cut);
        if (cut >= third + 5) {
            assert_int_equal(first, third);
            assert_false(torn);
            continue;
        }
        assert_int_equal(first, cut);
        size_t second = ss_frame_watch_push(&w, bytes + cut, n - cut, 9, &torn);
        assert_int_equal(torn, cut > third);
        assert_int_equal(second, cut > third ? 0 : third - cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_that_pass_are_measured_however_they_are_cut),
        cmocka_unit_test(a_stream_is_cut_into_messages),
        cmocka_unit_test(a_truncated_message_is_not_idle),
        cmocka_unit_test(a_prefix_that_announces_too_much_is_refused_at_once),
        cmocka_unit_test(a_flag_that_is_not_0_or_1_is_refused),
        cmocka_unit_test(a_whole_message_is_a_view_of_the_pushed_bytes),
        cmocka_unit_test(no_memory_is_held_between_messages),
        cmocka_unit_test(a_large_announcement_reserves_little),
        cmocka_unit_test(the_prefix_is_big_endian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
