#include "head_support.h"

static void a_request_is_taken_apart(void **state)
{
    (void)state;
    static const char TEXT[] =
        "POST /v1/docs:parse?a=1&b=?2 HTTP/1.1\r\nHost: api.example:8080\r\n"
        "CONTENT-Length:  42 \t\r\nX-Empty:\r\nX-Tab: a\tb\r\nx-obs: \xc3\xa9\r\n\r\nbody";
    struct result r;
    parse(&r, TEXT);
    assert_int_equal(r.r, sizeof TEXT - 1 - 4);
    assert_slice(r.head.method, "POST");
    assert_slice(r.head.target, "/v1/docs:parse?a=1&b=?2");
    assert_slice(r.head.path, "/v1/docs:parse");
    assert_slice(r.head.query, "a=1&b=?2");
    assert_slice(r.head.host, "api.example:8080");
    assert_int_equal(r.head.minor, 1);
    assert_true(r.head.keep_alive);
    assert_true(r.head.has_length);
    assert_int_equal(r.head.length, 42);
    assert_false(r.head.chunked);
    assert_int_equal(r.head.n_headers, 5);
    assert_slice(r.head.headers[1].name, "content-length");
    assert_slice(r.head.headers[1].value, "42");
    assert_slice(r.head.headers[2].name, "x-empty");
    assert_slice(r.head.headers[2].value, "");
    assert_slice(r.head.headers[3].value, "a\tb");
    assert_slice(r.head.headers[4].value, "\xc3\xa9");
    done(&r);
}

static void every_token_character_may_name_a_field(void **state)
{
    (void)state;
    struct result r;
    with_fields(&r, "1.1", "!#$%&'*+-.^_`|~09azAZ: v\r\n");
    assert_true(r.r > 0);
    assert_slice(r.head.headers[1].name, "!#$%&'*+-.^_`|~09azaz");
    done(&r);
}

static void no_other_byte_may_stand_in_a_field_name(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            (c && strchr("!#$%&'*+-.^_`|~", c)) || c == ':')
            continue;
        char text[] = "GET / HTTP/1.1\r\nHost: h\r\nx?y: v\r\n\r\n";
        *strchr(text, '?') = (char)c;
        assert_refused_n(text, sizeof text - 1, SS_ERR_BAD_HTTP);
    }
}

static void control_characters_are_refused_in_values_wherever_they_stand(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        for (size_t at = 0; at < 20; at++) {
            char text[] = "GET / HTTP/1.1\r\nHost: h\r\nx: 0123456789abcdefghij\r\n\r\n";
            text[sizeof text - 1 - 4 - 20 + at] = (char)c;
            struct result r;
            parse_as(&r, text, sizeof text - 1, 0, &LIMITS);
            bool good = c == '\t' || (c >= 0x20 && c != 0x7F);
            assert_int_equal(r.r, good ? (int)sizeof text - 1 : -(int)SS_ERR_BAD_HTTP);
            done(&r);
        }
    }
}

static void spaces_and_controls_in_a_target_are_refused_wherever_they_stand(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        for (size_t at = 1; at < 20; at++) {
            char text[] = "GET /123456789abcdefghij HTTP/1.1\r\nHost: h\r\n\r\n";
            text[4 + at] = (char)c;
            struct result r;
            parse_as(&r, text, sizeof text - 1, 0, &LIMITS);
            bool good = c > 0x20 && c != 0x7F && c != '#';
            assert_int_equal(r.r, good ? (int)sizeof text - 1 : -(int)SS_ERR_BAD_HTTP);
            done(&r);
        }
    }
}

static void malformed_request_lines_are_refused(void **state)
{
    (void)state;
    static const char *const LINES[] = {
        " GET / HTTP/1.1",
        "\tGET / HTTP/1.1",
        "/ HTTP/1.1",
        " / HTTP/1.1",
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET\t/ HTTP/1.1",
        "GET /\tHTTP/1.1",
        "GET / HTTP/1.1\t",
        "GET / http/1.1",
        "GET / HTTP/1",
        "GET / HTTP/1.",
        "GET / HTTP/.1",
        "GET / HTTP/1.1.1",
        "GET / HTTP/11.1",
        "GET / HTTP/1.10",
        "GET / HTTPS/1.1",
        "GET / HTTP/a.1",
        "GET / HTTP/1,1",
        "GET /",
        "GET / ",
        "GET",
        "GET ",
        "GET HTTP/1.1",
        "G\"T / HTTP/1.1",
        "G@T / HTTP/1.1",
        "GET: / HTTP/1.1",
        "(GET) / HTTP/1.1",
        "GET / / HTTP/1.1",
        "GET /\r HTTP/1.1",
        "GET / HTTP/1.1\r",
        "GE\rT / HTTP/1.1",
        "\r\nGET / HTTP/1.1",
        "G\xc3\xa9T / HTTP/1.1",
        "GET /\x7f HTTP/1.1",
        "GET / HTTP/+1.1",
        "GET / HTTP/1.1\x0b",
    };
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s%s\r\nHost: h\r\n\r\n", LINES[i][0] == '\r' ? "\r\n" : "", LINES[i]);
        assert_refused(text, SS_ERR_BAD_HTTP);
    }
}

static void a_nul_is_refused_in_every_part(void **state)
{
    (void)state;
    static const char A[] = "GE\0T / HTTP/1.1\r\nHost: h\r\n\r\n",
                      B[] = "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n",
                      C[] = "GET / HTTP/1.1\0\r\nHost: h\r\n\r\n",
                      D[] = "GET / HTTP/1.1\r\nHo\0st: h\r\n\r\n",
                      E[] = "GET / HTTP/1.1\r\nHost: h\0\r\n\r\n",
                      F[] = "\0GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    assert_refused_n(A, sizeof A - 1, SS_ERR_BAD_HTTP);
    assert_refused_n(B, sizeof B - 1, SS_ERR_BAD_HTTP);
    assert_refused_n(C, sizeof C - 1, SS_ERR_BAD_HTTP);
    assert_refused_n(D, sizeof D - 1, SS_ERR_BAD_HTTP);
    assert_refused_n(E, sizeof E - 1, SS_ERR_BAD_HTTP);
    assert_refused_n(F, sizeof F - 1, SS_ERR_BAD_HTTP);
}

static void other_versions_are_refused_as_such(void **state)
{
    (void)state;
    static const char *const VERSIONS[] = {"2.0", "0.9", "3.0", "1.2", "1.9", "9.9", "0.0", "2.1"};
    for (size_t i = 0; i < sizeof VERSIONS / sizeof VERSIONS[0]; i++)
        assert_fields_refused(VERSIONS[i], "", SS_ERR_HTTP_VERSION);
    assert_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", SS_ERR_HTTP_VERSION);
}

static void one_empty_line_before_the_request_is_skipped_and_counted(void **state)
{
    (void)state;
    static const char TEXT[] = "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n";
    struct result r;
    parse(&r, TEXT);
    assert_int_equal(r.r, sizeof TEXT - 1);
    assert_slice(r.head.method, "GET");
    done(&r);
    assert_refused("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", SS_ERR_BAD_HTTP);
    assert_refused("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", SS_ERR_BAD_HTTP);
    assert_refused("\rGET / HTTP/1.1\r\nHost: h\r\n\r\n", SS_ERR_BAD_HTTP);
}

static void a_bare_line_feed_is_refused_at_once(void **state)
{
    (void)state;
    assert_refused("GET / HTTP/1.1\n", SS_ERR_BAD_HTTP);
    assert_refused("GET / HTTP/1.1\nHost: h\n\n", SS_ERR_BAD_HTTP);
    assert_refused("GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", SS_ERR_BAD_HTTP);
    assert_refused("GET / HTTP/1.1\r\nHost: h\r\n\n", SS_ERR_BAD_HTTP);
    assert_refused("GET / HTTP/1.1\r\nHost: h\r\nX: \ny\r\n\r\n", SS_ERR_BAD_HTTP);
}

static void a_bare_carriage_return_is_refused(void **state)
{
    (void)state;
    assert_refused("GET / HTTP/1.1\rXHost: h\r\n\r\n", SS_ERR_BAD_HTTP);
    assert_fields_refused("1.1", "X: a\rb\r\n", SS_ERR_BAD_HTTP);
    assert_fields_refused("1.1", "X: a\r\r\n", SS_ERR_BAD_HTTP);
    assert_fields_refused("1.1", "X\r: a\r\n", SS_ERR_BAD_HTTP);
    assert_fields_refused("1.1", "\rX: a\r\n", SS_ERR_BAD_HTTP);
    assert_fields_refused("1.1", "X: a\r\n\r\r\n", SS_ERR_BAD_HTTP);
    assert_fields_refused("1.1", "X:\r a\r\n", SS_ERR_BAD_HTTP);
}

static void malformed_field_lines_are_refused(void **state)
{
    (void)state;
    static const char *const LINES[] = {
        "X : a\r\n",       "X\t: a\r\n",    " X: a\r\n",      "\tX: a\r\n",  "X: a\r\n b\r\n",
        "X: a\r\n\tb\r\n", "X: a\r\n \r\n", "X: a\r\n\t\r\n", ": a\r\n",     "X\r\n",
        "X a\r\n",         "X Y: a\r\n",    "(X): a\r\n",     "X@: a\r\n",   "X=: a\r\n",
        "\"X\": a\r\n",    "X/Y: a\r\n",    "X;y: a\r\n",     "\x7f: a\r\n", "X\xc3\xa9: a\r\n",
        "{X}: a\r\n",      "X,Y: a\r\n",
    };
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++)
        assert_fields_refused("1.1", LINES[i], SS_ERR_BAD_HTTP);
    assert_refused("GET / HTTP/1.1\r\n Host: h\r\n\r\n", SS_ERR_BAD_HTTP);
}

static void the_four_forms_of_a_target_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *line, *path, *query, *host;
    } GOOD[] = {
        {"GET /", "/", "", "field"},
        {"GET /?", "/", "", "field"},
        {"GET //a//b?c?d", "//a//b", "c?d", "field"},
        {"GET /http://x", "/http://x", "", "field"},
        {"GET http://a.b:1/c/d?e=f", "/c/d", "e=f", "a.b:1"},
        {"GET HTTPS://A/c", "/c", "", "A"},
        {"GET http://a", "/", "", "a"},
        {"GET http://a?x", "/", "x", "a"},
        {"GET http://[::1]:80/x", "/x", "", "[::1]:80"},
        {"GET /caf\xc3\xa9?q=\xe5\x90\x88\xff", "/caf\xc3\xa9", "q=\xe5\x90\x88\xff", "field"},
        {"OPTIONS *", "*", "", "field"},
        {"OPTIONS http://a", "*", "", "a"},
        {"OPTIONS http://a/", "/", "", "a"},
        {"OPTIONS /x", "/x", "", "field"},
        {"TRACE /x", "/x", "", "field"},
    };
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        char text[128];
        struct result r;
        snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: field\r\n\r\n", GOOD[i].line);
        parse(&r, text);
        assert_true(r.r > 0);
        assert_slice(r.head.path, GOOD[i].path);
        assert_slice(r.head.query, GOOD[i].query);
        assert_slice(r.head.host, GOOD[i].host);
        done(&r);
    }
    static const char *const BAD[] = {
        "GET *",           "options *",      "GET **",           "OPTIONS *?x",
        "GET h:80",        "GET x",          "GET ?x",           "GET http://",
        "GET http:///x",   "GET http://?x",  "GET http://u@h/",  "GET http://u:p@h/x",
        "GET ftp://h/x",   "GET http:/h/x",  "GET http:h",       "GET /x#y",
        "GET /#",          "GET http://h#x", "GET http://h:x/",  "GET https://",
        "GET http://a,b/", "GET mailto:x",   "GET http://h\\x/", "GET http://caf\xc3\xa9/"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: field\r\n\r\n", BAD[i]);
        assert_refused(text, SS_ERR_BAD_HTTP);
    }
}

static void connect_is_not_implemented(void **state)
{
    (void)state;
    assert_refused("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", SS_ERR_NOT_IMPLEMENTED);
    assert_refused("CONNECT /x HTTP/1.1\r\nHost: h\r\n\r\n", SS_ERR_NOT_IMPLEMENTED);
}

static void more_headers_than_allowed_are_too_many(void **state)
{
    (void)state;
    struct result r;
    const struct ss_http1_limits two = {MAX_HEAD, 2};
    static const char THREE[] = "GET / HTTP/1.1\r\nHost: h\r\na: b\r\nc: d\r\n\r\n";
    parse_limited(&r, THREE, sizeof THREE - 1, &two);
    assert_int_equal(r.r, -(int)SS_ERR_HEADERS_TOO_LARGE);
    done(&r);
    const struct ss_http1_limits three = {MAX_HEAD, 3};
    parse_limited(&r, THREE, sizeof THREE - 1, &three);
    assert_int_equal(r.r, sizeof THREE - 1);
    done(&r);
}

static void a_head_may_be_as_long_as_the_limit_and_no_longer(void **state)
{
    (void)state;
    struct result r;
    static const char TEXT[] = "GET / HTTP/1.1\r\nHost: h\r\na: b\r\n\r\nbody that does not count";
    const size_t head = sizeof TEXT - 1 - strlen("body that does not count");
    const struct ss_http1_limits enough = {head, 4};
    parse_limited(&r, TEXT, sizeof TEXT - 1, &enough);
    assert_int_equal(r.r, head);
    done(&r);
    for (size_t max = 1; max < head; max++) {
        const struct ss_http1_limits less = {max, 4};
        parse_limited(&r, TEXT, sizeof TEXT - 1, &less);
        assert_int_equal(r.r, -(int)SS_ERR_HEADERS_TOO_LARGE);
        done(&r);
        parse_as(&r, TEXT, max, 0, &less); /* not at its end, yet already over */
        assert_int_equal(r.r, -(int)SS_ERR_HEADERS_TOO_LARGE);
        done(&r);
    }
}

static void a_head_without_its_last_line_is_incomplete(void **state)
{
    (void)state;
    static const char TEXT[] = "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n";
    for (size_t k = 0; k < sizeof TEXT - 1; k++) {
        struct result r;
        parse_as(&r, TEXT, k, 0, &LIMITS);
        assert_int_equal(r.r, 0);
        done(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_taken_apart),
        cmocka_unit_test(every_token_character_may_name_a_field),
        cmocka_unit_test(no_other_byte_may_stand_in_a_field_name),
        cmocka_unit_test(control_characters_are_refused_in_values_wherever_they_stand),
        cmocka_unit_test(spaces_and_controls_in_a_target_are_refused_wherever_they_stand),
        cmocka_unit_test(malformed_request_lines_are_refused),
        cmocka_unit_test(a_nul_is_refused_in_every_part),
        cmocka_unit_test(other_versions_are_refused_as_such),
        cmocka_unit_test(one_empty_line_before_the_request_is_skipped_and_counted),
        cmocka_unit_test(a_bare_line_feed_is_refused_at_once),
        cmocka_unit_test(a_bare_carriage_return_is_refused),
        cmocka_unit_test(malformed_field_lines_are_refused),
        cmocka_unit_test(the_four_forms_of_a_target_are_told_apart),
        cmocka_unit_test(connect_is_not_implemented),
        cmocka_unit_test(more_headers_than_allowed_are_too_many),
        cmocka_unit_test(a_head_may_be_as_long_as_the_limit_and_no_longer),
        cmocka_unit_test(a_head_without_its_last_line_is_incomplete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
