#include "http/grpc_web.h"

#include "support.h"

#define HEADER(n, v)                                                                                         \
    {                                                                                                        \
        .name = SS_LIT(n), .value = SS_LIT(v)                                                                \
    }

static void trailers_are_a_frame_with_the_high_bit(void **state)
{
    (void)state;
    static const struct ss_header TRAILERS[] = {HEADER("grpc-status", "5"),
                                                HEADER("grpc-message", " no%20x "), HEADER("x-empty", "")};
    static const char WANT[] = "\x80\0\0\0\x33"
                               "grpc-status: 5\r\ngrpc-message:  no%20x \r\nx-empty: \r\n";
    struct ss_buf out;
    ss_buf_init(&out, sizeof WANT - 1);
    assert_int_equal(ss_grpc_web_trailers(TRAILERS, 3, &out), SS_OK);
    assert_int_equal(out.len, sizeof WANT - 1);
    assert_memory_equal(out.ptr, WANT, sizeof WANT - 1);
    ss_buf_dispose(&out);
    for (size_t room = 1; room < sizeof WANT - 1; room++) {
        ss_buf_init(&out, room);
        assert_int_equal(ss_grpc_web_trailers(TRAILERS, 3, &out), SS_ERR_LIMIT);
        assert_int_equal(out.len, 0);
        ss_buf_dispose(&out);
    }
}

static void a_trailer_cannot_hold_another(void **state)
{
    (void)state;
    static const struct ss_header BAD[] = {HEADER("a", "b\r\nc: d"), HEADER("a", "b\n"), HEADER("a", "\0"),
                                           HEADER("a: b\r\nc", "d"), HEADER("A", "b"),   HEADER("", "b"),
                                           HEADER(":path", "b"),     HEADER("a b", "c")};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct ss_header trailers[] = {HEADER("grpc-status", "0"), BAD[i]};
        struct ss_buf out;
        ss_buf_init(&out, 4096);
        assert_int_equal(ss_grpc_web_trailers(trailers, 2, &out), SS_ERR_INTERNAL);
        assert_int_equal(out.len, 0);
        ss_buf_dispose(&out);
    }
}

static void assert_codec(const char *content_type, const char *want)
{
    char *text = exact(content_type, strlen(content_type));
    assert_slice(ss_grpc_codec(ss_slice_of(text, strlen(content_type))), want);
    exact_free(text, strlen(content_type));
}

/* (reported 29) */
static void the_codec_is_read_from_a_content_type_and_written_into_another(void **state)
{
    struct ss_arena a;
    (void)state;
    assert_codec("application/grpc", "");
    assert_codec("application/grpc+json", "+json");
    assert_codec("application/grpc-web-text+proto ; charset=x", "+proto");
    assert_codec("application/grpc;a=\"b+c\"", "");
    assert_codec("application/grpc+", "");
    assert_codec("application/grpc+x.y-z;q", "+x.y-z");
    assert_codec("", "");
    ss_arena_init(&a, 0);
    assert_slice(ss_grpc_content_type("grpc-web-text", SS_LIT("+json"), &a),
                 "application/grpc-web-text+json");
    assert_slice(ss_grpc_content_type("grpc", SS_LIT(""), &a), "application/grpc");
    ss_arena_dispose(&a);
}

static void pieces_become_one_text(void **state)
{
    (void)state;
    static const char BYTES[] = "Many hands make light work.",
                      WANT[] = "TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsu";
    for (size_t n = 0; n < sizeof BYTES; n++)
        for (size_t k = 0; k <= n; k++) {
            struct ss_grpc_web_encoder e = {0};
            struct ss_buf out;
            ss_buf_init(&out, 4096);
            char *first = exact(BYTES, k), *second = exact(BYTES + k, n - k);
            assert_int_equal(ss_grpc_web_encode(&e, ss_slice_of(first, k), false, &out), SS_OK);
            assert_int_equal(out.len, k / 3 * 4);
            assert_int_equal(ss_grpc_web_encode(&e, ss_slice_of(second, n - k), true, &out), SS_OK);
            assert_int_equal(out.len, (n + 2) / 3 * 4);
            assert_memory_equal(out.ptr ? out.ptr : "", WANT, n / 3 * 4);
            assert_int_equal(e.n, 0);
            exact_free(first, k);
            exact_free(second, n - k);
            ss_buf_dispose(&out);
        }
}

static void a_flush_pads_in_mid_stream(void **state)
{
    (void)state;
    struct ss_grpc_web_encoder e = {0};
    struct ss_buf out;
    ss_buf_init(&out, 4096);
    assert_int_equal(ss_grpc_web_encode(&e, SS_LIT("a"), true, &out), SS_OK);
    assert_int_equal(ss_grpc_web_encode(&e, SS_LIT(""), true, &out), SS_OK);
    assert_int_equal(ss_grpc_web_encode(&e, SS_LIT("bc"), true, &out), SS_OK);
    assert_int_equal(ss_grpc_web_encode(&e, SS_LIT("def"), true, &out), SS_OK);
    assert_slice(ss_buf_slice(&out), "YQ==YmM=ZGVm");
    ss_buf_dispose(&out);
}

static void what_does_not_fit_can_be_encoded_again(void **state)
{
    (void)state;
    struct ss_grpc_web_encoder e = {0};
    struct ss_buf out;
    ss_buf_init(&out, 4);
    assert_int_equal(ss_grpc_web_encode(&e, SS_LIT("ab"), false, &out), SS_OK);
    assert_int_equal(ss_grpc_web_encode(&e, SS_LIT("cdef"), false, &out), SS_ERR_LIMIT);
    assert_int_equal(out.len, 0);
    assert_int_equal(ss_grpc_web_encode(&e, SS_LIT("c"), false, &out), SS_OK);
    assert_slice(ss_buf_slice(&out), "YWJj");
    ss_buf_dispose(&out);
}

static enum ss_err decode_split(const char *text, size_t n, size_t k, struct ss_buf *out)
{
    struct ss_grpc_web_decoder d = {0};
    char *first = exact(text, k), *second = exact(text + k, n - k);
    ss_buf_init(out, 4096);
    enum ss_err err = ss_grpc_web_decode(&d, ss_slice_of(first, k), out);
    if (err == SS_OK)
        err = ss_grpc_web_decode(&d, ss_slice_of(second, n - k), out);
    if (err == SS_OK)
        err = ss_grpc_web_decode_end(&d, out);
    exact_free(first, k);
    exact_free(second, n - k);
    return err;
}

static void assert_decodes(const char *text, const char *want)
{
    size_t n = strlen(text);
    struct ss_buf out;
    for (size_t k = 0; k <= n; k++) {
        enum ss_err err = decode_split(text, n, k, &out);
        if (err != (want ? SS_OK : SS_ERR_INVALID))
            fail_msg("%s at %zu: %d", text, k, (int)err);
        if (want)
            assert_slice(ss_buf_slice(&out), want);
        ss_buf_dispose(&out);
    }
    struct ss_grpc_web_decoder d = {0};
    ss_buf_init(&out, 4096);
    enum ss_err err = SS_OK;
    for (size_t i = 0; i < n && err == SS_OK; i++) {
        char *byte = exact(text + i, 1);
        err = ss_grpc_web_decode(&d, ss_slice_of(byte, 1), &out);
        exact_free(byte, 1);
    }
    if (err == SS_OK)
        err = ss_grpc_web_decode_end(&d, &out);
    assert_int_equal(err, want ? SS_OK : SS_ERR_INVALID);
    if (want)
        assert_slice(ss_buf_slice(&out), want);
    ss_buf_dispose(&out);
}

static void text_becomes_bytes_padded_anywhere(void **state)
{
    (void)state;
    assert_decodes("", "");
    assert_decodes("YWJj", "abc");
    assert_decodes("YWJjZGVm", "abcdef");
    assert_decodes("YQ==", "a");
    assert_decodes("YQ==YmM=ZGVm", "abcdef");
    assert_decodes("YWJjYQ==YWJjYmM=YWJjZGVmYQ==YQ==", "abcaabcbcabcdefaa");
}

static void the_last_padding_may_be_missing(void **state)
{
    (void)state;
    assert_decodes("YQ", "a");
    assert_decodes("YWJjYmM", "abcbc");
}

static void what_is_not_base64_is_refused(void **state)
{
    (void)state;
    assert_decodes("Y", NULL);
    assert_decodes("YWJjY", NULL);
    assert_decodes("YQ=", NULL);
    assert_decodes("YQ=a", NULL);
    assert_decodes("Y===", NULL);
    assert_decodes("====", NULL);
    assert_decodes("=", NULL);
    assert_decodes("YWJj=", NULL);
    assert_decodes("YWJj====", NULL);
    assert_decodes("YW=jYWJj", NULL);
    assert_decodes("YW Jj", NULL);
    assert_decodes("YWJj\r\n", NULL);
    assert_decodes("YWJ\xc3", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trailers_are_a_frame_with_the_high_bit),
        cmocka_unit_test(a_trailer_cannot_hold_another),
        cmocka_unit_test(the_codec_is_read_from_a_content_type_and_written_into_another),
        cmocka_unit_test(pieces_become_one_text),
        cmocka_unit_test(a_flush_pads_in_mid_stream),
        cmocka_unit_test(what_does_not_fit_can_be_encoded_again),
        cmocka_unit_test(text_becomes_bytes_padded_anywhere),
        cmocka_unit_test(the_last_padding_may_be_missing),
        cmocka_unit_test(what_is_not_base64_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
