#include "head_support.h"

static void smuggling_by_length_and_coding_is_refused(void **state)
{
    (void)state;
    static const char *const FIELDS[] = {
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\ncontent-length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: 5,\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5.0\r\n",
        "Content-Length: 5e1\r\n",
        "Content-Length: \"5\"\r\n",
        "Content-Length:\r\n",
        "Content-Length: \r\n",
        "Content-Length: five\r\n",
        "Content-Length: 9223372036854775808\r\n",
        "Content-Length: 18446744073709551621\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Content-Length: \xd9\xa5\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked;q=1\r\n",
        "Transfer-Encoding: gzip, chunked;q=1\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding: chunked chunked\r\n",
        "Transfer-Encoding:\r\n",
        "Transfer-Encoding: ,\r\n",
        "Transfer-Encoding: chunked,\r\n",
        "Transfer-Encoding: , chunked\r\n",
        "Transfer-Encoding: \x0b"
        "chunked\r\n",
        "Transfer-Encoding: chunked\x0b\r\n",
        "Transfer-Encoding: [chunked]\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding\t: chunked\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "Transfer-Encoding\r\n: chunked\r\n",
    };
    for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++)
        assert_fields_refused("1.1", FIELDS[i], SS_ERR_BAD_HTTP);
}

static void other_transfer_codings_are_not_implemented(void **state)
{
    (void)state;
    assert_fields_refused("1.1", "Transfer-Encoding: gzip, chunked\r\n", SS_ERR_NOT_IMPLEMENTED);
    assert_fields_refused("1.1", "Transfer-Encoding: gzip\r\n", SS_ERR_NOT_IMPLEMENTED);
    assert_fields_refused("1.1", "Transfer-Encoding: identity\r\n", SS_ERR_NOT_IMPLEMENTED);
    assert_fields_refused("1.1", "Transfer-Encoding: xchunked\r\n", SS_ERR_NOT_IMPLEMENTED);
    assert_fields_refused("1.1", "Transfer-Encoding: x;a=b, chunked\r\n", SS_ERR_NOT_IMPLEMENTED);
}

static void chunked_is_recognised_in_any_case(void **state)
{
    (void)state;
    struct result r;
    assert_fields_accepted(&r, "1.1", "tRANSFER-eNCODING: \t CHUNKed \t\r\n");
    assert_true(r.head.chunked);
    assert_false(r.head.has_length);
    done(&r);
}

static void transfer_encoding_is_refused_in_http_1_0(void **state)
{
    (void)state;
    assert_fields_refused("1.0", "Transfer-Encoding: chunked\r\n", SS_ERR_BAD_HTTP);
    assert_fields_refused("1.0", "Transfer-Encoding: identity\r\n", SS_ERR_BAD_HTTP);
}

static void the_largest_content_length_is_the_largest_signed_number(void **state)
{
    (void)state;
    struct result r;
    assert_fields_accepted(&r, "1.1", "Content-Length: 9223372036854775807\r\n");
    assert_true(r.head.length == (uint64_t)INT64_MAX);
    done(&r);
    assert_fields_accepted(&r, "1.1", "Content-Length: 000000000000000000000000007\r\n");
    assert_int_equal(r.head.length, 7);
    done(&r);
    assert_fields_accepted(&r, "1.1", "Content-Length: 0\r\n");
    assert_true(r.head.has_length);
    assert_int_equal(r.head.length, 0);
    done(&r);
}

static void host_must_be_there_once_and_valid(void **state)
{
    (void)state;
    assert_refused("GET / HTTP/1.1\r\n\r\n", SS_ERR_BAD_HTTP);
    assert_refused("GET / HTTP/1.1\r\nX: h\r\n\r\n", SS_ERR_BAD_HTTP);
    assert_refused("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", SS_ERR_BAD_HTTP);
    assert_refused("GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", SS_ERR_BAD_HTTP);
    assert_refused("GET http://h/ HTTP/1.1\r\n\r\n", SS_ERR_BAD_HTTP);
    static const char *const BAD[] = {"",        "a b",       "a,b",    "a@b",   "u:p@b",
                                      "a/b",     "a?b",       "a#b",    ":80",   "h:80a",
                                      "h:65536", "h:-1",      "h:1:2",  "[::1",  "[]",
                                      "[::1]x",  "[::1]x:80", "[g::1]", "::1",   "h%zz",
                                      "h%4",     "a\\b",      "<h>",    "\"h\"", "h:99999999999999999999"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", BAD[i]);
        assert_refused(text, SS_ERR_BAD_HTTP);
    }
    static const char *const GOOD[] = {"h",     "localhost:8080", "127.0.0.1",
                                       "[::1]", "[::1]:8080",     "[::ffff:1.2.3.4]:1",
                                       "h:",    "a-b_c.d~e",      "xn--caf-dma.example.",
                                       "h%41",  "h:65535",        "H"};
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        char text[128];
        struct result r;
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", GOOD[i]);
        parse(&r, text);
        assert_true(r.r > 0);
        assert_slice(r.head.host, GOOD[i]);
        done(&r);
    }
}

static void http_1_0_needs_no_host(void **state)
{
    (void)state;
    struct result r;
    parse(&r, "GET / HTTP/1.0\r\n\r\n");
    assert_true(r.r > 0);
    assert_int_equal(r.head.minor, 0);
    assert_int_equal(r.head.host.len, 0);
    assert_int_equal(r.head.n_headers, 0);
    done(&r);
    parse(&r, "GET / HTTP/1.0\r\nHost:\r\n\r\n");
    assert_true(r.r > 0);
    done(&r);
}

static void only_100_continue_may_be_expected(void **state)
{
    (void)state;
    struct result r;
    assert_fields_accepted(&r, "1.1", "Expect: 100-Continue\r\nContent-Length: 1\r\n");
    assert_true(r.head.expect_continue);
    done(&r);
    assert_fields_refused("1.1", "Expect: 200-ok\r\n", SS_ERR_EXPECTATION);
    assert_fields_refused("1.1", "Expect: 100-continue, x\r\n", SS_ERR_EXPECTATION);
    assert_fields_refused("1.1", "Expect:\r\n", SS_ERR_EXPECTATION);
    assert_fields_accepted(&r, "1.0", "Expect: 100-continue\r\nContent-Length: 1\r\n");
    assert_false(r.head.expect_continue);
    done(&r);
    assert_fields_accepted(&r, "1.0", "Expect: 200-ok\r\n");
    done(&r);
}

static void the_connection_lasts_by_version_and_options(void **state)
{
    (void)state;
    static const struct {
        const char *version, *fields;
        bool keep;
    } CASES[] = {
        {"1.1", "", true},
        {"1.0", "", false},
        {"1.1", "Connection: close\r\n", false},
        {"1.1", "Connection: CLOSE\r\n", false},
        {"1.1", "Connection: x, close ,y\r\n", false},
        {"1.1", "Connection: x\r\nConnection: close\r\n", false},
        {"1.1", "Connection: keep-alive, close\r\n", false},
        {"1.1", "Connection: \"x, close\r\n", false},
        {"1.1", "Connection: closed, xclose\r\n", true},
        {"1.1", "Connection: close-x\r\n", true},
        {"1.1", "Connection:\r\n", true},
        {"1.0", "Connection: Keep-Alive\r\n", true},
        {"1.0", "Connection: keep-alive, close\r\n", false},
        {"1.0", "Connection: keep-alive-x\r\n", false},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct result r;
        assert_fields_accepted(&r, CASES[i].version, CASES[i].fields);
        assert_int_equal(r.head.keep_alive, CASES[i].keep);
        done(&r);
    }
}

static void upgrade_needs_both_fields_and_http_1_1(void **state)
{
    (void)state;
    static const struct {
        const char *version, *fields;
        bool upgrade;
    } CASES[] = {
        {"1.1", "Connection: Upgrade\r\nUpgrade: websocket\r\n", true},
        {"1.1", "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n", true},
        {"1.1", "Connection: upgrade\r\n", false},
        {"1.1", "Upgrade: websocket\r\n", false},
        {"1.1", "Connection: upgrade\r\nUpgrade:\r\n", false},
        {"1.0", "Connection: upgrade\r\nUpgrade: websocket\r\n", false},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct result r;
        assert_fields_accepted(&r, CASES[i].version, CASES[i].fields);
        assert_int_equal(r.head.upgrade, CASES[i].upgrade);
        done(&r);
    }
}

static void te_trailers_is_noticed_in_a_list(void **state)
{
    (void)state;
    struct result r;
    assert_fields_accepted(&r, "1.1", "TE: gzip;q=0.5, Trailers\r\n");
    assert_true(r.head.te_trailers);
    done(&r);
    assert_fields_accepted(&r, "1.1", "TE: trailersx, deflate\r\nTE: x\r\n");
    assert_false(r.head.te_trailers);
    done(&r);
    assert_fields_accepted(&r, "1.0", "TE: trailers\r\n");
    assert_false(r.head.te_trailers);
    done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smuggling_by_length_and_coding_is_refused),
        cmocka_unit_test(other_transfer_codings_are_not_implemented),
        cmocka_unit_test(chunked_is_recognised_in_any_case),
        cmocka_unit_test(transfer_encoding_is_refused_in_http_1_0),
        cmocka_unit_test(the_largest_content_length_is_the_largest_signed_number),
        cmocka_unit_test(host_must_be_there_once_and_valid),
        cmocka_unit_test(http_1_0_needs_no_host),
        cmocka_unit_test(only_100_continue_may_be_expected),
        cmocka_unit_test(the_connection_lasts_by_version_and_options),
        cmocka_unit_test(upgrade_needs_both_fields_and_http_1_1),
        cmocka_unit_test(te_trailers_is_noticed_in_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
