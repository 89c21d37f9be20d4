#include "http/websocket.h"

#include "http/sha1.h"
#include "support.h"

#define HEADER(n, v)                                                                                         \
    {                                                                                                        \
        .name = SS_LIT(n), .value = SS_LIT(v)                                                                \
    }
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void assert_sha1(const char *text, const char *want)
{
    size_t n = strlen(text);
    char *block = exact(text, n), hex[2 * SS_SHA1_LEN + 1];
    unsigned char hash[SS_SHA1_LEN];
    ss_sha1(ss_slice_of(block, n), hash);
    for (size_t i = 0; i < SS_SHA1_LEN; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    assert_string_equal(hex, want);
    exact_free(block, n);
}

static void sha1_is_as_published(void **state)
{
    (void)state;
    assert_sha1("", "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_sha1("abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    assert_sha1("0123456701234567012345670123456701234567012345670123456", /* 55: the most in one block */
                "adfc128b4a89c560e754c1659a6a90968b55490e");
    assert_sha1("01234567012345670123456701234567012345670123456701234567",
                "e8db7ebaebb692565d590a48b1dc506b6f130950");
}

static void the_key_of_the_rfc_is_accepted(void **state)
{
    (void)state;
    static const struct ss_header HEADERS[] = {HEADER("sec-websocket-version", "13"),
                                               HEADER("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")};
    struct ss_websocket_hello hello;
    assert_int_equal(ss_websocket_hello(HEADERS, 2, false, &hello), SS_OK);
    assert_memory_equal(hello.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", SS_WEBSOCKET_ACCEPT);
    assert_int_equal(hello.protocol.len, 0);
    assert_int_equal(hello.bearer.len, 0);
}

static void http2_has_no_key(void **state)
{
    (void)state;
    static const struct ss_header HEADERS[] = {HEADER("sec-websocket-version", "13"),
                                               HEADER("sec-websocket-protocol", "bearer, x")};
    struct ss_websocket_hello hello;
    assert_int_equal(ss_websocket_hello(HEADERS, 2, false, &hello), SS_ERR_INVALID);
    assert_int_equal(ss_websocket_hello(HEADERS, 2, true, &hello), SS_OK);
    assert_slice(hello.bearer, "x");
}

static void only_version_13_is_spoken(void **state)
{
    (void)state;
    static const char *const BAD[] = {"12", "14", "", "013", "13, 8", "8, 13"};
    struct ss_header headers[] = {HEADER("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
                                  HEADER("sec-websocket-version", "13"),
                                  HEADER("sec-websocket-version", "13")};
    struct ss_websocket_hello hello;
    assert_int_equal(ss_websocket_hello(headers, 1, false, &hello), SS_ERR_UPGRADE_REQUIRED);
    assert_int_equal(ss_websocket_hello(headers, 2, false, &hello), SS_OK);
    assert_int_equal(ss_websocket_hello(headers, 3, false, &hello), SS_ERR_UPGRADE_REQUIRED);
    for (size_t i = 0; i < COUNT(BAD); i++) {
        headers[1].value = ss_slice_str(BAD[i]);
        assert_int_equal(ss_websocket_hello(headers, 2, false, &hello), SS_ERR_UPGRADE_REQUIRED);
    }
}

static void a_key_is_sixteen_bytes_in_base64(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",
                                      "dGhlIHNhbXBsZSBub25jZQ",
                                      "dGhlIHNhbXBsZSBub25jZQ=",
                                      "dGhlIHNhbXBsZSBub25jZQ===",
                                      "dGhlIHNhbXBsZSBub25jZSE=",
                                      "dGhlIHNhbXBsZSBub25jZSEh",
                                      "dGhlIHNhbXBsZSBub25jZ\x80==",
                                      "dGhl IHNhbXBsZSBub25jZQ="};
    struct ss_header headers[] = {HEADER("sec-websocket-version", "13"),
                                  HEADER("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
                                  HEADER("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")};
    struct ss_websocket_hello hello;
    assert_int_equal(ss_websocket_hello(headers, 3, false, &hello), SS_ERR_INVALID);
    for (size_t i = 0; i < COUNT(BAD); i++) {
        size_t n = strlen(BAD[i]);
        char *block = exact(BAD[i], n);
        headers[1].value = ss_slice_of(block, n);
        assert_int_equal(ss_websocket_hello(headers, 2, false, &hello), SS_ERR_INVALID);
        exact_free(block, n);
    }
}

static void a_token_comes_as_a_subprotocol(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second, *protocol, *bearer;
    } CASES[] = {
        {"bearer, abc.DEF-1_2", NULL, "bearer", "abc.DEF-1_2"},
        {"bearer,abc", NULL, "bearer", "abc"},
        {"bearer", "abc", "bearer", "abc"},
        {"v1, bearer, abc, v2", NULL, "bearer", "abc"},
        {"bearer, bearer", NULL, "bearer", "bearer"},
        {"bearer", NULL, "", ""},
        {"v1, v2", NULL, "", ""},
        {"Bearer, abc", NULL, "", ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct ss_header headers[] = {
            HEADER("sec-websocket-version", "13"),
            {.name = SS_LIT("sec-websocket-protocol"), .value = ss_slice_str(CASES[i].first)},
            {.name = SS_LIT("sec-websocket-protocol"), .value = ss_slice_str(CASES[i].second)}};
        struct ss_websocket_hello hello;
        assert_int_equal(ss_websocket_hello(headers, CASES[i].second ? 3 : 2, true, &hello), SS_OK);
        assert_slice(hello.protocol, CASES[i].protocol);
        assert_slice(hello.bearer, CASES[i].bearer);
    }
    static const char *const BAD[] = {"bearer, a b", "bearer, a/b", "bearer, \"a\"",
                                      "bearer, a=", "a\xc3\xa4"};
    for (size_t i = 0; i < COUNT(BAD); i++) {
        struct ss_header headers[] = {
            HEADER("sec-websocket-version", "13"),
            {.name = SS_LIT("sec-websocket-protocol"), .value = ss_slice_str(BAD[i])}};
        struct ss_websocket_hello hello;
        assert_int_equal(ss_websocket_hello(headers, 2, true, &hello), SS_ERR_INVALID);
    }
}

static void an_upgrade_names_websocket(void **state)
{
    (void)state;
    assert_true(ss_websocket_wanted(SS_LIT("websocket")));
    assert_true(ss_websocket_wanted(SS_LIT("WebSocket")));
    assert_true(ss_websocket_wanted(SS_LIT("h2c, websocket")));
    assert_false(ss_websocket_wanted(SS_LIT("")));
    assert_false(ss_websocket_wanted(SS_LIT("h2c")));
    assert_false(ss_websocket_wanted(SS_LIT("websocket/13")));
    assert_false(ss_websocket_wanted(SS_LIT("xwebsocket")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha1_is_as_published),
        cmocka_unit_test(the_key_of_the_rfc_is_accepted),
        cmocka_unit_test(http2_has_no_key),
        cmocka_unit_test(only_version_13_is_spoken),
        cmocka_unit_test(a_key_is_sixteen_bytes_in_base64),
        cmocka_unit_test(a_token_comes_as_a_subprotocol),
        cmocka_unit_test(an_upgrade_names_websocket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
