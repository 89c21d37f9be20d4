#include "http/metadata.h"

#include "base/arena.h"
#include "support.h"

struct up {
    enum ss_forward way;
    char name[64], value[256];
};

/* Name and value in exactly sized blocks. */
static struct up forward(struct ss_slice name, struct ss_slice value)
{
    struct ss_arena a;
    ss_arena_init(&a, 0);
    char *n = exact(name.ptr, name.len), *v = exact(value.ptr, value.len);
    const struct ss_header h = {.name = {n, name.len}, .value = {v, value.len}};
    struct ss_header out = {0};
    struct up up = {.way = ss_metadata_from_header(&h, &a, &out)};
    if (up.way >= SS_FORWARD_AS_IS) {
        assert_true(out.name.len < sizeof up.name && out.value.len < sizeof up.value);
        memcpy(up.name, out.name.ptr, out.name.len);
        if (out.value.len)
            memcpy(up.value, out.value.ptr, out.value.len);
    }
    exact_free(n, name.len);
    exact_free(v, value.len);
    ss_arena_dispose(&a);
    return up;
}

static void assert_dropped(const char *name, const char *value)
{
    struct up up = forward(ss_slice_str(name), ss_slice_str(value));
    if (up.way != SS_FORWARD_DROP)
        fail_msg("%s: %s was forwarded", name, value);
}

static void assert_no_base64(const char *value)
{
    assert_int_equal(forward(SS_LIT("x-bin"), ss_slice_str(value)).way, SS_FORWARD_BAD_BASE64);
    assert_int_equal(forward(SS_LIT("grpc-metadata-x-bin"), ss_slice_str(value)).way, SS_FORWARD_BAD_BASE64);
}

static void assert_forwarded(const char *name, const char *value, const char *as, const char *with)
{
    struct up up = forward(ss_slice_str(name), ss_slice_str(value));
    if (up.way < SS_FORWARD_AS_IS)
        fail_msg("%s: %s was dropped", name, value);
    assert_int_equal(up.way, strcmp(name, as) ? SS_FORWARD_RENAMED : SS_FORWARD_AS_IS);
    assert_string_equal(up.name, as);
    assert_string_equal(up.value, with);
}

static const char *const END_TO_END[] = {
    "authorization",
    "cookie",
    "traceparent",
    "tracestate",
    "baggage",
    "x-api-key",
    "x-tenant",
    "last-event-id",
    "forwarded",
    "origin",
    "referer",
    "if-match",
    "cache-control",
    "pragma",
    "via",
    "x-forwarded-port",
    "x-forwarded-fo",
    "x-forwarded-forx",
    "x-request-idx",
    "x-request-",
    "x",
    "te-st",
    "tex",
    "hostx",
    "hos",
    "connectionx",
    "content",
    "contents",
    "grpc",
    "grpcx",
    "grpx-y",
    "expectx",
    "upgrade-insecure-requests",
    "user-agen",
    "keep-alivex",
    "proxy",
    "sec-fetch-mode",
    "trailers",
    "transfer-encodingx",
    "http2-settingsx",
    "accep",
    "a.b_c-1",
    "0",
    "priority",
    "e",
    "t",
    "u",
    "h",
    "c",
    "k",
    "p",
    "s",
    "g",
    "a",
};

static const char *const OWNED[] = {
    "host",
    "content-type",
    "content-length",
    "content-encoding",
    "content-disposition",
    "content-",
    "accept",
    "accept-encoding",
    "accept-charset",
    "connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "proxy-authenticate",
    "expect",
    "user-agent",
    "grpc-timeout",
    "grpc-encoding",
    "grpc-accept-encoding",
    "grpc-status",
    "grpc-message",
    "grpc-status-details-bin",
    "grpc-trace-bin",
    "grpc-previous-rpc-attempts",
    "grpc-",
    ":path",
    ":authority",
    ":method",
    ":scheme",
    ":",
    "http2-settings",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-user-agent",
    "x-request-id",
    "x-request-timeout",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "sec-websocket-extensions",
};

enum { N_END_TO_END = sizeof END_TO_END / sizeof END_TO_END[0], N_OWNED = sizeof OWNED / sizeof OWNED[0] };

static void end_to_end_headers_go_up_as_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_END_TO_END; i++)
        assert_forwarded(END_TO_END[i], "a b ~!", END_TO_END[i], "a b ~!");
}

static void owned_headers_are_dropped(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OWNED; i++)
        assert_dropped(OWNED[i], "trailers");
}

static void grpc_metadata_is_renamed_under_the_same_rules(void **state)
{
    (void)state;
    char name[96];
    for (size_t i = 0; i < N_END_TO_END; i++) {
        snprintf(name, sizeof name, "grpc-metadata-%s", END_TO_END[i]);
        assert_forwarded(name, "v", END_TO_END[i], "v");
    }
    for (size_t i = 0; i < N_OWNED; i++) {
        snprintf(name, sizeof name, "grpc-metadata-%s", OWNED[i]);
        assert_dropped(name, "v");
    }
    assert_dropped("grpc-metadata-", "v");
    assert_dropped("grpc-metadata", "v");
    assert_dropped("grpc-metadata-grpc-metadata-x", "v");
}

static void names_outside_grpcs_alphabet_are_dropped(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char name[] = "x?y";
        name[1] = (char)c;
        bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        struct up up = forward(ss_slice_of(name, 3), SS_LIT("v"));
        assert_int_equal(up.way, good ? SS_FORWARD_AS_IS : SS_FORWARD_UNFIT);
    }
    assert_dropped("", "v");
}

static void values_outside_the_printable_ascii_are_dropped(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        for (size_t at = 1; at < 17; at++) {
            char value[] = "0123456789abcdefgh";
            value[at] = (char)c;
            struct up up = forward(SS_LIT("x"), ss_slice_of(value, sizeof value - 1));
            assert_int_equal(up.way, c >= 0x20 && c <= 0x7E ? SS_FORWARD_AS_IS : SS_FORWARD_UNFIT);
        }
    }
    assert_forwarded("x", "", "x", "");
    assert_forwarded("x", "  a  b ", "x", "a  b");
}

static void binary_values_are_brought_to_unpadded_base64(void **state)
{
    (void)state;
    assert_forwarded("x-bin", "AAEC", "x-bin", "AAEC");
    assert_forwarded("x-bin", "AA==", "x-bin", "AA");
    assert_forwarded("x-bin", "AAE=", "x-bin", "AAE");
    assert_forwarded("x-bin", "-_-_", "x-bin", "+/+/");
    assert_forwarded("x-bin", "", "x-bin", "");
    assert_forwarded("grpc-metadata-x-bin", "AA==", "x-bin", "AA");
    assert_forwarded("x-bin", "AA==,AAE= , AAEC", "x-bin", "AA,AAE,AAEC");
    assert_no_base64("A");
    assert_no_base64("AA=");
    assert_no_base64("A A A A");
    assert_no_base64("****");
    assert_no_base64("AAEC,*");
    assert_forwarded("x-bins", "****", "x-bins", "****");
    assert_forwarded("bin", "****", "bin", "****");
}

static bool down(const char *name, struct ss_slice value)
{
    const struct ss_header m = {.name = ss_slice_str(name), .value = value};
    bool header = ss_header_from_metadata(&m);
    assert_int_equal(ss_trailer_from_metadata(&m), header);
    return header;
}

static bool beside_body(const char *name, const char *value)
{
    const struct ss_header m = {.name = ss_slice_str(name), .value = ss_slice_str(value)};
    return ss_body_header_from_metadata(&m);
}

/* (reported 26) */
static void beside_a_body_of_the_services_own_only_framing_is_dropped(void **state)
{
    static const char *const good[] = {"content-disposition",
                                       "content-language",
                                       "content-security-policy",
                                       "content-encoding",
                                       "content-location",
                                       "content-range",
                                       "content-digest",
                                       "accept-ranges",
                                       "accept-ch",
                                       "x-a",
                                       "set-cookie",
                                       "content-"};
    static const char *const bad[] = {"content-type",     "content-length",  "transfer-encoding",
                                      "trailer",          "connection",      "accept",
                                      "accept-charset",   "accept-encoding", "date",
                                      "server",           "grpc-status",     "keep-alive",
                                      "content-\xc3\xa9", "Content-Language"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(beside_body(good[i], "v"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(beside_body(bad[i], "v"));
    assert_false(beside_body("content-language", "cs\r\nset-cookie: x"));
    assert_false(beside_body("content-disposition", " x"));
}

static void the_services_metadata_becomes_headers(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"x-a",           "set-cookie", "www-authenticate", "etag",
                                       "cache-control", "location",   "retry-after",      "x-bin",
                                       "dates",         "servers",    "server-timing",    "a.b_c"};
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++)
        assert_true(down(GOOD[i], SS_LIT("v")));
    assert_true(down("x", SS_LIT("")));
    for (size_t i = 0; i < N_OWNED; i++)
        assert_false(down(OWNED[i], SS_LIT("v")));
    assert_false(down("date", SS_LIT("v")));
    assert_false(down("server", SS_LIT("v")));
}

static void nothing_upstream_can_inject_a_header(void **state)
{
    (void)state;
    assert_false(down("x", SS_LIT("v\r\nset-cookie: a=b")));
    assert_false(down("x", SS_LIT("v\n")));
    assert_false(down("x", SS_LIT("\rv")));
    assert_false(down("x", SS_LIT("a\0b")));
    assert_false(down("x", SS_LIT("a\x7f")));
    assert_false(down("x: y\r\nz", SS_LIT("v")));
    assert_false(down("x y", SS_LIT("v")));
    assert_false(down("", SS_LIT("v")));
    assert_false(down("X", SS_LIT("v")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(end_to_end_headers_go_up_as_they_are),
        cmocka_unit_test(owned_headers_are_dropped),
        cmocka_unit_test(grpc_metadata_is_renamed_under_the_same_rules),
        cmocka_unit_test(names_outside_grpcs_alphabet_are_dropped),
        cmocka_unit_test(values_outside_the_printable_ascii_are_dropped),
        cmocka_unit_test(binary_values_are_brought_to_unpadded_base64),
        cmocka_unit_test(beside_a_body_of_the_services_own_only_framing_is_dropped),
        cmocka_unit_test(the_services_metadata_becomes_headers),
        cmocka_unit_test(nothing_upstream_can_inject_a_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
