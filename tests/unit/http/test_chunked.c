#include "http/http1.h"

#include "base/buf.h"
#include "support.h"

struct result {
    enum ss_err err;
    bool done;
    size_t used;
    struct ss_buf data;
};

/* Feeds one piece, in a block of its own, and goes on while it takes bytes. */
static void feed(struct ss_chunked *c, struct result *r, const char *text, size_t n)
{
    char *piece = exact(text, n);
    size_t at = 0;
    while (at < n && !c->done && r->err == SS_OK) {
        struct ss_slice data = {0};
        const char *why = NULL;
        ssize_t took = ss_chunked_decode(c, piece + at, n - at, &data, &why);
        if (took < 0) {
            r->err = (enum ss_err) - took;
            assert_non_null(why);
            break;
        }
        assert_true(took > 0 && (size_t)took <= n - at);
        assert_true(data.len == 0 || (data.ptr >= piece + at && data.ptr + data.len <= piece + at + took));
        assert_int_equal(ss_buf_append_slice(&r->data, data), SS_OK);
        at += (size_t)took;
    }
    r->used += at;
    r->done = c->done;
    exact_free(piece, n);
}

static void decode_pieces(struct result *r, const char *text, size_t n, size_t first, size_t step,
                          uint32_t max)
{
    struct ss_chunked c = {.max_trailer_bytes = max};
    *r = (struct result){0};
    ss_buf_init(&r->data, 1 << 20);
    feed(&c, r, text, first);
    for (size_t at = first; at < n; at += step)
        feed(&c, r, text + at, n - at < step ? n - at : step);
}

static void assert_same(const struct result *a, const struct result *b)
{
    assert_int_equal(a->err, b->err);
    assert_int_equal(a->done, b->done);
    assert_int_equal(a->data.len, b->data.len);
    assert_memory_equal(a->data.ptr ? a->data.ptr : "", b->data.ptr ? b->data.ptr : "", a->data.len);
    if (a->err == SS_OK)
        assert_int_equal(a->used, b->used);
}

/* Whole, in two pieces at every place, byte by byte: all must agree. */
static void decode_limited(struct result *whole, const char *text, size_t n, uint32_t max)
{
    decode_pieces(whole, text, n, n, 1, max);
    for (size_t k = 0; k <= n; k++) {
        struct result r;
        decode_pieces(&r, text, n, k, n, max);
        assert_same(whole, &r);
        ss_buf_dispose(&r.data);
    }
    struct result r;
    decode_pieces(&r, text, n, 0, 1, max);
    assert_same(whole, &r);
    ss_buf_dispose(&r.data);
}

static void assert_decodes(const char *text, const char *want)
{
    struct result r;
    decode_limited(&r, text, strlen(text), 0);
    if (r.err != SS_OK || !r.done)
        fail_msg("%s: refused or unfinished", text);
    assert_int_equal(r.used, strlen(text));
    assert_slice(ss_buf_slice(&r.data), want);
    ss_buf_dispose(&r.data);
}

static void assert_refused_n(const char *text, size_t n)
{
    struct result r;
    decode_limited(&r, text, n, 0);
    if (r.err != SS_ERR_BAD_HTTP)
        fail_msg("%.*s: got %d", (int)n, text, (int)r.err);
    ss_buf_dispose(&r.data);
}

static void chunks_become_one_body(void **state)
{
    (void)state;
    assert_decodes("0\r\n\r\n", "");
    assert_decodes("5\r\nhello\r\n0\r\n\r\n", "hello");
    assert_decodes("5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n", "hello, world");
    assert_decodes("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789");
    assert_decodes("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n");
    assert_decodes("000000000000005\r\nhello\r\n000\r\n\r\n", "hello");
}

static void extensions_are_skipped(void **state)
{
    (void)state;
    assert_decodes("5;a\r\nhello\r\n0;b=c\r\n\r\n", "hello");
    assert_decodes("5;a=\"b;c\\\"d\";e = f\r\nhello\r\n0\r\n\r\n", "hello");
    assert_decodes("5 ;a\r\nhello\r\n0\t ;b\r\n\r\n", "hello");
}

static void trailers_are_dropped(void **state)
{
    (void)state;
    assert_decodes("1\r\nx\r\n0\r\nA: b\r\nContent-Length:  9 \r\nEmpty:\r\n\r\n", "x");
}

static void bytes_behind_the_body_are_left(void **state)
{
    (void)state;
    static const char TEXT[] = "1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1\r\n";
    struct result r;
    decode_limited(&r, TEXT, sizeof TEXT - 1, 0);
    assert_true(r.done);
    assert_int_equal(r.used, strlen("1\r\nx\r\n0\r\n\r\n"));
    ss_buf_dispose(&r.data);

    struct ss_chunked c = {.done = true};
    struct ss_slice data;
    const char *why;
    assert_int_equal(ss_chunked_decode(&c, "x", 1, &data, &why), 0);
    assert_int_equal(data.len, 0);
}

static void malformed_sizes_are_refused(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "0x3\r\nabc\r\n0\r\n\r\n",
        "0X3\r\nabc\r\n",
        "+3\r\nabc\r\n",
        "-3\r\nabc\r\n",
        " 3\r\nabc\r\n",
        "\t3\r\nabc\r\n",
        "3 \r\nabc\r\n",
        "3\t\r\nabc\r\n",
        "3 x\r\nabc\r\n",
        "3 x;y\r\nabc\r\n",
        "3 3\r\nabc\r\n",
        "\r\n3\r\nabc\r\n",
        "\r\n",
        ";a\r\n",
        "g\r\n",
        "3h\r\nabc\r\n",
        "3,\r\nabc\r\n",
        "3.0\r\nabc\r\n",
        "3_\r\nabc\r\n",
        "\"3\"\r\nabc\r\n",
        "3\xc2\xa0\r\nabc\r\n",
        "0000000000000003\r\nabc\r\n",
        "ffffffffffffffff\r\n",
        "10000000000000003\r\nabc\r\n",
        "@\r\n",
        "`\r\n",
        "/\r\n",
        ":\r\n",
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
        assert_refused_n(TEXTS[i], strlen(TEXTS[i]));
    assert_refused_n("3\0\r\nabc\r\n", 9);
}

static void the_largest_size_is_of_fifteen_digits(void **state)
{
    (void)state;
    struct ss_chunked c = {0};
    struct ss_slice data;
    const char *why, *text = "fffffffffffffff\r\nxy";
    assert_int_equal(ss_chunked_decode(&c, text, strlen(text), &data, &why), strlen(text));
    assert_slice(data, "xy");
    assert_true(c.left == UINT64_C(0xfffffffffffffff) - 2);
}

static void only_cr_lf_ends_a_line(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "3\nabc\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3\r\nabc\r\n0\n\r\n",
        "3\r\nabc\r\n0\r\n\n",
        "3\rabc\r\n0\r\n\r\n",
        "3\r\nabc\r0\r\n\r\n",
        "3\r\nabc0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "3\r\nab\r\n0\r\n\r\n",
        "3;a\nabc\r\n0\r\n\r\n",
        "3;a\rb\r\nabc\r\n",
        "3;a\r\r\nabc\r\n",
        "3;a\nb\r\nabc\r\n",
        "0\r\nA: b\n\r\n",
        "0\r\nA: b\rc\r\n\r\n",
        "0\r\nA: b\r\n\n",
        "0\r\n\rx",
        "3\r\nabc\n\r\n0\r\n\r\n",
        "3;\"a\r\nb\"\nabc\r\n",
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
        assert_refused_n(TEXTS[i], strlen(TEXTS[i]));
}

static void control_characters_in_extensions_are_refused(void **state)
{
    (void)state;
    for (int b = 0; b < 256; b++) {
        char text[] = "1;a?\r\nx\r\n0\r\n\r\n";
        text[3] = (char)b;
        struct result r;
        decode_limited(&r, text, sizeof text - 1, 0);
        bool good = b == '\t' || (b >= 0x20 && b != 0x7F);
        assert_int_equal(r.err, good ? SS_OK : SS_ERR_BAD_HTTP);
        ss_buf_dispose(&r.data);
    }
}

static void trailers_are_checked_as_header_fields(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "0\r\n A: b\r\n\r\n",      "0\r\nA : b\r\n\r\n",  "0\r\n: b\r\n\r\n",    "0\r\nA\r\n\r\n",
        "0\r\nA: b\r\n c\r\n\r\n", "0\r\nA b\r\n\r\n",    "0\r\n(A): b\r\n\r\n", "0\r\nA: \x01\r\n\r\n",
        "0\r\nA: \x7f\r\n\r\n",    "0\r\nA\t: b\r\n\r\n", "0\r\n\tA: b\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
        assert_refused_n(TEXTS[i], strlen(TEXTS[i]));
}

static void an_extension_of_more_than_a_kilobyte_is_refused(void **state)
{
    (void)state;
    for (size_t n = 1024; n <= 1025; n++) {
        struct ss_buf text;
        ss_buf_init(&text, 8192);
        for (int twice = 0; twice < 2; twice++) { /* the cap is a chunk's, not the body's */
            ss_buf_append(&text, "1;", 2);
            for (size_t i = 0; i < n; i++)
                ss_buf_append(&text, "e", 1);
            ss_buf_append(&text, "\r\nx\r\n", 5);
        }
        ss_buf_append(&text, "0\r\n\r\n", 5);
        struct result r;
        decode_pieces(&r, text.ptr, text.len, text.len, 1, 0);
        assert_int_equal(r.err, n <= 1024 ? SS_OK : SS_ERR_BAD_HTTP);
        ss_buf_dispose(&r.data);
        ss_buf_dispose(&text);
    }
}

static void a_trailer_section_past_its_limit_is_too_large(void **state)
{
    (void)state;
    static const char TEXT[] = "0\r\nA: b\r\nC: d\r\n\r\n";
    const uint32_t section = sizeof TEXT - 1 - 3;
    struct result r;
    for (uint32_t max = 1; max < section + 2; max++) {
        decode_limited(&r, TEXT, sizeof TEXT - 1, max);
        assert_int_equal(r.err, max < section ? SS_ERR_HEADERS_TOO_LARGE : SS_OK);
        ss_buf_dispose(&r.data);
    }
    struct ss_chunked c = {0};
    struct ss_slice data;
    const char *why;
    assert_int_equal(ss_chunked_decode(&c, "0\r\nA: ", 6, &data, &why), 6);
    ssize_t took = 1;
    unsigned long long fed = 0;
    for (; took > 0; fed++)
        took = ss_chunked_decode(&c, "x", 1, &data, &why);
    assert_int_equal(took, -(int)SS_ERR_HEADERS_TOO_LARGE);
    assert_int_equal(fed, 64 * 1024 - 3 + 1);
}

static void an_end_in_mid_body_is_not_done(void **state)
{
    (void)state;
    static const char TEXT[] = "5;a\r\nhello\r\n0\r\nA: b\r\n\r\n";
    for (size_t k = 0; k < sizeof TEXT - 1; k++) {
        struct result r;
        decode_pieces(&r, TEXT, k, k, 1, 0);
        assert_int_equal(r.err, SS_OK);
        assert_false(r.done);
        ss_buf_dispose(&r.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_become_one_body),
        cmocka_unit_test(extensions_are_skipped),
        cmocka_unit_test(trailers_are_dropped),
        cmocka_unit_test(bytes_behind_the_body_are_left),
        cmocka_unit_test(malformed_sizes_are_refused),
        cmocka_unit_test(the_largest_size_is_of_fifteen_digits),
        cmocka_unit_test(only_cr_lf_ends_a_line),
        cmocka_unit_test(control_characters_in_extensions_are_refused),
        cmocka_unit_test(trailers_are_checked_as_header_fields),
        cmocka_unit_test(an_extension_of_more_than_a_kilobyte_is_refused),
        cmocka_unit_test(a_trailer_section_past_its_limit_is_too_large),
        cmocka_unit_test(an_end_in_mid_body_is_not_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
