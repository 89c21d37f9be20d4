#include "http/gzip.h"

#include "support.h"

/* Made by Python's zlib: "hello, hello"; " world", with every optional field of a header; nothing. */
static const char HELLO[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xcb\x48\xcd\xc9\xc9\xd7\x51\xc8\x00\x51"
                            "\x00\xff\xc5\xcc\xf3\x0c\x00\x00\x00";
static const char FULL[] = "\x1f\x8b\x08\x1e\x00\x00\x00\x00\x00\xff\x05\x00\x61\x62\x01\x00\x78\x6e\x2e\x6a"
                           "\x73\x6f\x6e\x00\x63\x00\x66\x51\x53\x28\xcf\x2f\xca\x49\x01\x00\xcb\x42\x3b\x4a"
                           "\x06\x00\x00\x00";
static const char EMPTY[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00";

#define BYTES(literal) ss_slice_of(literal, sizeof(literal) - 1)

struct result {
    enum ss_err err;
    struct ss_buf out;
    size_t most; /* bytes that one push added */
};

static void feed(struct ss_gunzip *g, struct result *r, const char *p, size_t n)
{
    char *piece = exact(p, n);
    struct ss_slice in = ss_slice_of(piece, n);
    bool more = true;
    while (more && r->err == SS_OK) {
        size_t before = r->out.len;
        r->err = ss_gunzip_push(g, &in, &r->out, &more);
        assert_true(in.ptr + in.len == piece + n);
        if (r->out.len - before > r->most)
            r->most = r->out.len - before;
    }
    assert_true(r->err != SS_OK || in.len == 0);
    exact_free(piece, n);
}

static struct result inflate_pieces(struct ss_slice in, size_t first, size_t step, uint64_t max,
                                    unsigned ratio)
{
    struct ss_gunzip *g = ss_gunzip_new(max, ratio);
    struct result r = {0};
    assert_non_null(g);
    ss_buf_init(&r.out, 64 << 20);
    feed(g, &r, in.ptr, first);
    for (size_t at = first; at < in.len && r.err == SS_OK; at += step)
        feed(g, &r, in.ptr + at, in.len - at < step ? in.len - at : step);
    if (r.err == SS_OK)
        r.err = ss_gunzip_end(g);
    ss_gunzip_free(g);
    return r;
}

/* Whole, in two pieces at every place, byte by byte: all must agree. */
static enum ss_err gunzip(struct ss_slice in, struct ss_buf *out)
{
    struct result whole = inflate_pieces(in, in.len, 1, 0, 0);
    for (size_t k = 0; k <= in.len + 1; k++) {
        struct result r = k > in.len ? inflate_pieces(in, 0, 1, 0, 0) : inflate_pieces(in, k, in.len, 0, 0);
        assert_int_equal(r.err, whole.err);
        if (r.err == SS_OK) {
            assert_int_equal(r.out.len, whole.out.len);
            if (r.out.len)
                assert_memory_equal(r.out.ptr, whole.out.ptr, r.out.len);
        }
        ss_buf_dispose(&r.out);
    }
    *out = whole.out;
    return whole.err;
}

static void assert_gunzips(struct ss_slice in, const char *want)
{
    struct ss_buf out;
    assert_int_equal(gunzip(in, &out), SS_OK);
    assert_slice(ss_buf_slice(&out), want);
    ss_buf_dispose(&out);
}

static void assert_refused(struct ss_slice in)
{
    struct ss_buf out;
    assert_int_equal(gunzip(in, &out), SS_ERR_INVALID);
    ss_buf_dispose(&out);
}

static struct ss_buf joined(const struct ss_slice *parts, size_t n)
{
    struct ss_buf b;
    ss_buf_init(&b, 1 << 20);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(ss_buf_append_slice(&b, parts[i]), SS_OK);
    return b;
}

static void a_member_becomes_its_bytes(void **state)
{
    (void)state;
    assert_gunzips(BYTES(HELLO), "hello, hello");
    assert_gunzips(BYTES(FULL), " world");
    assert_gunzips(BYTES(EMPTY), "");
    assert_gunzips(ss_slice_of(NULL, 0), "");
}

static void several_members_are_one_body(void **state)
{
    (void)state;
    struct ss_slice parts[] = {BYTES(HELLO), BYTES(EMPTY), BYTES(FULL), BYTES(HELLO)};
    struct ss_buf all = joined(parts, 4);
    assert_gunzips(ss_buf_slice(&all), "hello, hello worldhello, hello");
    ss_buf_dispose(&all);
}

static void a_truncated_body_is_refused(void **state)
{
    (void)state;
    for (size_t n = 1; n < sizeof FULL - 1; n++)
        assert_refused(ss_slice_of(FULL, n));
    struct ss_slice parts[] = {BYTES(HELLO), ss_slice_of(HELLO, 3)};
    struct ss_buf all = joined(parts, 2);
    assert_refused(ss_buf_slice(&all));
    ss_buf_dispose(&all);
}

static void text_behind_a_member_is_refused(void **state)
{
    (void)state;
    static const struct ss_slice TAILS[] = {SS_LIT("x"), SS_LIT("\0"), SS_LIT("\r\n"), SS_LIT("\x1f\x8b\x07"),
                                            SS_LIT("{}")};
    for (size_t i = 0; i < sizeof TAILS / sizeof TAILS[0]; i++) {
        struct ss_slice parts[] = {BYTES(HELLO), TAILS[i]};
        struct ss_buf all = joined(parts, 2);
        assert_refused(ss_buf_slice(&all));
        ss_buf_dispose(&all);
    }
}

static void what_is_not_gzip_is_refused(void **state)
{
    (void)state;
    assert_refused(SS_LIT("{\"a\":1}"));
    assert_refused(SS_LIT("\x78\x9c\x03\x00\x00\x00\x00\x01"));                 /* zlib's own format */
    assert_refused(SS_LIT("\x03\x00"));                                         /* deflate alone */
    assert_refused(SS_LIT("\x1f\x8b\x09\x00\x00\x00\x00\x00\x00\xff\x03\x00")); /* another method */
    assert_refused(SS_LIT("\x1f\x8b\x08\x20\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00")); /* a reserved flag */
}

static void damage_does_not_pass(void **state)
{
    (void)state;
    size_t passed = 0;
    for (size_t i = 10; i < sizeof HELLO - 1; i++) /* time, level and system before it mean nothing */
        for (int bit = 0; bit < 8; bit++) {
            char bad[sizeof HELLO];
            memcpy(bad, HELLO, sizeof HELLO);
            bad[i] = (char)(bad[i] ^ 1 << bit);
            struct result r = inflate_pieces(BYTES(bad), sizeof HELLO - 1, 1, 0, 0);
            if (r.err == SS_OK) { /* a bit that fills deflate's last byte */
                assert_slice(ss_buf_slice(&r.out), "hello, hello");
                passed++;
            }
            ss_buf_dispose(&r.out);
        }
    assert_true(passed < 8);
}

/* n bytes that are always the same, in gzip. */
static struct ss_buf zeros(size_t n)
{
    struct ss_buf out;
    ss_buf_init(&out, 1 << 20);
    struct ss_gzip *g = ss_gzip_new(SS_GZIP_WHOLE);
    assert_non_null(g);
    char *block = calloc(1, n);
    assert_non_null(block);
    assert_int_equal(ss_gzip_push(g, block, n, &out), SS_OK);
    assert_int_equal(ss_gzip_finish(g, &out), SS_OK);
    free(block);
    ss_gzip_free(g);
    return out;
}

static void a_body_past_its_cap_is_too_large(void **state)
{
    (void)state;
    for (uint64_t max = 11; max <= 12; max++) {
        struct result r = inflate_pieces(BYTES(HELLO), sizeof HELLO - 1, 1, max, 0);
        assert_int_equal(r.err, max == 12 ? SS_OK : SS_ERR_BODY_TOO_LARGE);
        ss_buf_dispose(&r.out);
    }
    struct ss_buf bomb = zeros(10 << 20);
    struct result r = inflate_pieces(ss_buf_slice(&bomb), bomb.len, 1, 1 << 20, 0);
    assert_int_equal(r.err, SS_ERR_BODY_TOO_LARGE);
    assert_int_equal(r.out.len, (1 << 20) + 1);
    ss_buf_dispose(&r.out);
    ss_buf_dispose(&bomb);
}

static void a_push_gives_no_more_than_a_piece(void **state)
{
    (void)state;
    struct ss_buf bomb = zeros(10 << 20);
    struct result r = inflate_pieces(ss_buf_slice(&bomb), bomb.len, 1, 0, 0);
    assert_int_equal(r.err, SS_OK);
    assert_int_equal(r.out.len, 10 << 20);
    assert_true(r.most <= SS_GUNZIP_PIECE && r.most > 0);
    ss_buf_dispose(&r.out);
    ss_buf_dispose(&bomb);
}

static void a_body_that_grows_too_much_is_refused(void **state)
{
    (void)state;
    struct ss_buf small = zeros(SS_GUNZIP_FREE), bomb = zeros(10 << 20);
    struct result r = inflate_pieces(ss_buf_slice(&small), small.len, 1, 0, 100);
    assert_int_equal(r.err, SS_OK);
    ss_buf_dispose(&r.out);
    r = inflate_pieces(ss_buf_slice(&bomb), bomb.len, 1, 0, 100);
    assert_int_equal(r.err, SS_ERR_BODY_TOO_LARGE);
    ss_buf_dispose(&r.out);
    r = inflate_pieces(ss_buf_slice(&bomb), bomb.len, 1, 0, 2000);
    assert_int_equal(r.err, SS_OK);
    ss_buf_dispose(&r.out);
    ss_buf_dispose(&small);
    ss_buf_dispose(&bomb);
}

static void a_full_buffer_is_a_limit(void **state)
{
    (void)state;
    struct ss_gunzip *g = ss_gunzip_new(0, 0);
    struct ss_buf out;
    ss_buf_init(&out, 5);
    struct ss_slice in = BYTES(HELLO);
    bool more = true;
    enum ss_err err = SS_OK;
    while (err == SS_OK && more)
        err = ss_gunzip_push(g, &in, &out, &more);
    assert_int_equal(err, SS_ERR_LIMIT);
    assert_slice(ss_buf_slice(&out), "hello");
    ss_gunzip_free(g);
    ss_buf_dispose(&out);
}

/* Some text that is neither empty of repetition nor full of it. */
static struct ss_buf text(size_t n)
{
    struct ss_buf b;
    ss_buf_init(&b, n + 64);
    for (unsigned i = 0; b.len < n; i++)
        assert_int_equal(ss_buf_printf(&b, "{\"id\":%u,\"x\":%u},", i, i * 2654435761u), SS_OK);
    b.len = n;
    return b;
}

static void assert_same_bytes(const struct ss_buf *in, const struct ss_buf *packed)
{
    struct result r = inflate_pieces(ss_buf_slice(packed), packed->len, 1, 0, 0);
    assert_int_equal(r.err, SS_OK);
    assert_int_equal(r.out.len, in->len);
    if (in->len)
        assert_memory_equal(r.out.ptr, in->ptr, in->len);
    ss_buf_dispose(&r.out);
}

static void what_is_compressed_comes_back(void **state)
{
    (void)state;
    static const size_t SIZES[] = {0, 1, 100, 4096, 100000, 1000000};
    for (int use = SS_GZIP_WHOLE; use <= SS_GZIP_STREAM; use++) {
        struct ss_gzip *g = ss_gzip_new((enum ss_gzip_use)use);
        assert_non_null(g);
        for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) { /* one state, many bodies */
            struct ss_buf in = text(SIZES[i]), out;
            ss_buf_init(&out, 4 << 20);
            for (size_t at = 0, n; at < in.len; at += n) {
                n = in.len - at < 777 ? in.len - at : 777;
                char *piece = exact(in.ptr + at, n);
                assert_int_equal(ss_gzip_push(g, piece, n, &out), SS_OK);
                exact_free(piece, n);
            }
            assert_int_equal(ss_gzip_finish(g, &out), SS_OK);
            assert_true(out.len < 30 + in.len / 2 + in.len / 10);
            assert_same_bytes(&in, &out);
            ss_buf_dispose(&in);
            ss_buf_dispose(&out);
        }
        ss_gzip_free(g);
    }
}

static void a_flushed_message_can_be_read(void **state)
{
    (void)state;
    static const char *const MESSAGES[] = {"{\"token\":\"the\"}\n", "", "{\"token\":\"whole\"}\n", "1\n"};
    struct ss_gzip *g = ss_gzip_new(SS_GZIP_STREAM);
    struct ss_gunzip *back = ss_gunzip_new(0, 0);
    struct ss_buf packed, out;
    ss_buf_init(&packed, 4096);
    ss_buf_init(&out, 4096);
    for (size_t i = 0; i < 4; i++) {
        packed.len = out.len = 0;
        assert_int_equal(ss_gzip_push(g, MESSAGES[i], strlen(MESSAGES[i]), &packed), SS_OK);
        assert_int_equal(ss_gzip_flush(g, &packed), SS_OK);
        struct ss_slice in = ss_buf_slice(&packed);
        bool more = true;
        while (more)
            assert_int_equal(ss_gunzip_push(back, &in, &out, &more), SS_OK);
        assert_slice(ss_buf_slice(&out), MESSAGES[i]);
        assert_int_equal(ss_gunzip_end(back), SS_ERR_INVALID);
    }
    packed.len = 0;
    assert_int_equal(ss_gzip_finish(g, &packed), SS_OK);
    struct ss_slice in = ss_buf_slice(&packed);
    bool more;
    assert_int_equal(ss_gunzip_push(back, &in, &out, &more), SS_OK);
    assert_int_equal(ss_gunzip_end(back), SS_OK);
    ss_gunzip_free(back);
    ss_gzip_free(g);
    ss_buf_dispose(&packed);
    ss_buf_dispose(&out);
}

static void a_body_is_forgotten_by_a_restart(void **state)
{
    (void)state;
    struct ss_gzip *g = ss_gzip_new(SS_GZIP_WHOLE);
    struct ss_buf in = text(50000), out;
    ss_buf_init(&out, 1); /* too little for anything */
    assert_int_equal(ss_gzip_push(g, in.ptr, in.len, &out), SS_ERR_LIMIT);
    ss_buf_dispose(&out);
    ss_buf_init(&out, 1 << 20);
    ss_gzip_restart(g);
    assert_int_equal(ss_gzip_push(g, in.ptr, 1000, &out), SS_OK);
    assert_int_equal(ss_gzip_finish(g, &out), SS_OK);
    in.len = 1000;
    assert_same_bytes(&in, &out);
    ss_gzip_free(g);
    ss_buf_dispose(&in);
    ss_buf_dispose(&out);
}

static void only_texts_of_some_size_are_worth_it(void **state)
{
    (void)state;
    static const char *const GOOD[] = {
        "application/json",     "application/json; charset=utf-8", "text/plain",    "text/event-stream",
        "application/x-ndjson", "application/problem+json",        "image/svg+xml", "Application/JSON",
        "application/xml"};
    static const char *const BAD[] = {
        "image/png",         "application/gzip", "application/octet-stream", "video/mp4", "", "json",
        "application/+json", "image/json"};
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        assert_true(ss_gzip_worth(ss_slice_str(GOOD[i]), 1024));
        assert_true(ss_gzip_worth(ss_slice_str(GOOD[i]), SIZE_MAX));
        assert_false(ss_gzip_worth(ss_slice_str(GOOD[i]), 1023));
    }
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        assert_false(ss_gzip_worth(ss_slice_str(BAD[i]), SIZE_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_becomes_its_bytes),
        cmocka_unit_test(several_members_are_one_body),
        cmocka_unit_test(a_truncated_body_is_refused),
        cmocka_unit_test(text_behind_a_member_is_refused),
        cmocka_unit_test(what_is_not_gzip_is_refused),
        cmocka_unit_test(damage_does_not_pass),
        cmocka_unit_test(a_body_past_its_cap_is_too_large),
        cmocka_unit_test(a_push_gives_no_more_than_a_piece),
        cmocka_unit_test(a_body_that_grows_too_much_is_refused),
        cmocka_unit_test(a_full_buffer_is_a_limit),
        cmocka_unit_test(what_is_compressed_comes_back),
        cmocka_unit_test(a_flushed_message_can_be_read),
        cmocka_unit_test(a_body_is_forgotten_by_a_restart),
        cmocka_unit_test(only_texts_of_some_size_are_worth_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
