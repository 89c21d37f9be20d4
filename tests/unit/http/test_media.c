#include "http/media.h"

#include "http/header.h"
#include "support.h"

/* Every prefix of text is tried too: nothing may be read behind a value. */
static enum ss_media media_of(const char *text)
{
    enum ss_media media = SS_MEDIA_NONE;
    for (size_t n = 0; n <= strlen(text); n++) {
        char *block = exact(text, n);
        media = ss_media_of(ss_slice_of(block, n));
        exact_free(block, n);
    }
    return media;
}

static enum ss_accept accept_of(const char *text)
{
    enum ss_accept accept = SS_ACCEPT_ANY;
    for (size_t n = 0; n <= strlen(text); n++) {
        char *block = exact(text, n);
        accept = ss_accept_of(ss_slice_of(block, n));
        exact_free(block, n);
    }
    return accept;
}

static bool accepts_gzip(const char *text)
{
    bool gzip = false;
    for (size_t n = 0; n <= strlen(text); n++) {
        char *block = exact(text, n);
        gzip = ss_accepts_gzip(ss_slice_of(block, n));
        exact_free(block, n);
    }
    return gzip;
}

static void content_types_are_recognised(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ss_media media;
    } CASES[] = {
        {"", SS_MEDIA_NONE},
        {"  ", SS_MEDIA_NONE},
        {"application/json", SS_MEDIA_JSON},
        {"APPLICATION/Json", SS_MEDIA_JSON},
        {"text/json", SS_MEDIA_JSON},
        {"application/problem+json", SS_MEDIA_JSON},
        {"application/vnd.api+JSON", SS_MEDIA_JSON},
        {"image/x+json", SS_MEDIA_JSON},
        {"application/json; charset=utf-8", SS_MEDIA_JSON},
        {"application/json;charset=UTF-8", SS_MEDIA_JSON},
        {"application/json ; Charset=\"utf-8\" ; x=y", SS_MEDIA_JSON},
        {"application/json;charset=\"u\\tf-8\"", SS_MEDIA_JSON},
        {"application/json;", SS_MEDIA_JSON},
        {"application/json; ; a=b;", SS_MEDIA_JSON},
        {"application/json; profile=\"a;b, c\"", SS_MEDIA_JSON},
        {"application/json; charset=latin1", SS_MEDIA_OTHER},
        {"application/json; charset=utf-16", SS_MEDIA_OTHER},
        {"application/json; charset=utf-8x", SS_MEDIA_OTHER},
        {"application/json; charset=\"utf-8x\"", SS_MEDIA_OTHER},
        {"application/json; charset=", SS_MEDIA_OTHER},
        {"application/json; charset", SS_MEDIA_OTHER},
        {"application/json; charset=\"utf-8", SS_MEDIA_OTHER},
        {"application/json; =x", SS_MEDIA_OTHER},
        {"application/json, text/plain", SS_MEDIA_OTHER},
        {"application/json x", SS_MEDIA_OTHER},
        {"application /json", SS_MEDIA_OTHER},
        {"application/jsonx", SS_MEDIA_OTHER},
        {"application/", SS_MEDIA_OTHER},
        {"/json", SS_MEDIA_OTHER},
        {"json", SS_MEDIA_OTHER},
        {"application/+json", SS_MEDIA_OTHER},
        {"application/x-ndjson", SS_MEDIA_NDJSON},
        {"application/ndjson", SS_MEDIA_NDJSON},
        {"application/jsonl", SS_MEDIA_NDJSON},
        {"application/x-jsonlines; charset=utf-8", SS_MEDIA_NDJSON},
        {"text/x-ndjson", SS_MEDIA_OTHER},
        {"application/x-www-form-urlencoded", SS_MEDIA_FORM},
        {"application/x-www-form-urlencoded; charset=utf-8", SS_MEDIA_FORM},
        {"multipart/form-data; boundary=abc", SS_MEDIA_MULTIPART},
        {"multipart/form-data; boundary=\"a b\"", SS_MEDIA_MULTIPART},
        {"multipart/mixed; boundary=abc", SS_MEDIA_OTHER},
        {"application/grpc", SS_MEDIA_GRPC},
        {"application/grpc+proto", SS_MEDIA_GRPC},
        {"application/grpc+json", SS_MEDIA_GRPC},
        {"application/grpc;x=y", SS_MEDIA_GRPC},
        {"application/grpc-web", SS_MEDIA_GRPC_WEB},
        {"application/grpc-web+proto", SS_MEDIA_GRPC_WEB},
        {"application/grpc-web-text", SS_MEDIA_GRPC_WEB_TEXT},
        {"application/grpc-web-text+proto", SS_MEDIA_GRPC_WEB_TEXT},
        {"application/grpcx", SS_MEDIA_OTHER},
        {"application/grpc+", SS_MEDIA_OTHER},
        {"application/grpc-webx", SS_MEDIA_OTHER},
        {"text/grpc", SS_MEDIA_OTHER},
        {"text/plain", SS_MEDIA_TEXT},
        {"Text/Plain; charset=UTF-8", SS_MEDIA_TEXT},
        {"text/plain; charset=latin1", SS_MEDIA_OTHER},
        {"text/html", SS_MEDIA_OTHER},
        {"application/octet-stream", SS_MEDIA_OTHER},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        enum ss_media got = media_of(CASES[i].text);
        if (got != CASES[i].media)
            fail_msg("%s: got %d, want %d", CASES[i].text, (int)got, (int)CASES[i].media);
    }
}

static void the_stream_type_wanted_most_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ss_accept accept;
    } CASES[] = {
        {"", SS_ACCEPT_ANY},
        {"*/*", SS_ACCEPT_ANY},
        {"application/*", SS_ACCEPT_ANY},
        {"text/*", SS_ACCEPT_ANY},
        {"text/html, image/png", SS_ACCEPT_ANY},
        {"text/event-stream", SS_ACCEPT_SSE},
        {"TEXT/Event-Stream", SS_ACCEPT_SSE},
        {"application/x-ndjson", SS_ACCEPT_NDJSON},
        {"application/jsonl", SS_ACCEPT_NDJSON},
        {"application/json", SS_ACCEPT_JSON},
        {"application/json, text/plain, */*", SS_ACCEPT_JSON},
        {"*/*, text/event-stream", SS_ACCEPT_SSE},
        {"application/json, text/event-stream", SS_ACCEPT_JSON},
        {"text/event-stream, application/json", SS_ACCEPT_SSE},
        {"application/json;q=0.5, text/event-stream", SS_ACCEPT_SSE},
        {"application/json;q=0.5, text/event-stream;q=0.6, application/x-ndjson;q=0.55", SS_ACCEPT_SSE},
        {"application/json;q=0.500,application/x-ndjson;q=0.501", SS_ACCEPT_NDJSON},
        {"text/event-stream;q=0", SS_ACCEPT_ANY},
        {"text/event-stream;q=0.0, application/json;q=0.001", SS_ACCEPT_JSON},
        {"application/json ; charset=utf-8 ; Q=0.1 , text/event-stream ; q=0.2", SS_ACCEPT_SSE},
        {"application/json;x=\"a, text/event-stream;q=1\";q=0.3, application/x-ndjson;q=0.4",
         SS_ACCEPT_NDJSON},
        {",, ,application/json,,", SS_ACCEPT_JSON},
        {"text/event-stream;q=2, application/json;q=0.1", SS_ACCEPT_JSON},
        {"text/event-stream;q=x, application/json;q=0.1", SS_ACCEPT_JSON},
        {"text/event-stream;q=1.5, application/json;q=0.1", SS_ACCEPT_JSON},
        {"text/event-stream;q=, application/json;q=0.1", SS_ACCEPT_JSON},
        {"json, application/x-ndjson", SS_ACCEPT_NDJSON},
        {"application/json;q=1.000, text/event-stream", SS_ACCEPT_JSON},
        {"application/jsonx, application/xjson", SS_ACCEPT_ANY},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        enum ss_accept got = accept_of(CASES[i].text);
        if (got != CASES[i].accept)
            fail_msg("%s: got %d, want %d", CASES[i].text, (int)got, (int)CASES[i].accept);
    }
}

static void gzip_is_accepted_by_name_or_wildcard(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool gzip;
    } CASES[] = {
        {"", false},
        {"gzip", true},
        {"GZip", true},
        {"x-gzip", true},
        {"gzip, deflate, br", true},
        {"deflate, gzip;q=0.5", true},
        {"*", true},
        {"br, *;q=0.1", true},
        {"identity", false},
        {"gzip;q=0", false},
        {"gzip; q=0.000", false},
        {"*;q=0", false},
        {"gzip;q=0, *", false},
        {"*, gzip;q=0", false},
        {"gzip, *;q=0", true},
        {"gzip;q=x", false},
        {"gzipx, xgzip", false},
        {"gzip;q=0.001", true},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        if (accepts_gzip(CASES[i].text) != CASES[i].gzip)
            fail_msg("%s: want %d", CASES[i].text, CASES[i].gzip);
}

static void the_first_header_of_a_name_is_found(void **state)
{
    (void)state;
    const struct ss_header headers[] = {{.name = SS_LIT("a"), .value = SS_LIT("1")},
                                        {.name = SS_LIT("b"), .value = SS_LIT("2")},
                                        {.name = SS_LIT("b"), .value = SS_LIT("3")}};
    assert_ptr_equal(ss_header_find(headers, 3, SS_LIT("b")), &headers[1]);
    assert_null(ss_header_find(headers, 3, SS_LIT("c")));
    assert_null(ss_header_find(headers, 3, SS_LIT("")));
    assert_null(ss_header_find(NULL, 0, SS_LIT("a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_types_are_recognised),
        cmocka_unit_test(the_stream_type_wanted_most_is_found),
        cmocka_unit_test(gzip_is_accepted_by_name_or_wildcard),
        cmocka_unit_test(the_first_header_of_a_name_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
