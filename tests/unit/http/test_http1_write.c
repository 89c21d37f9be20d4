#include "http/http1.h"

#include "support.h"

static void assert_written(struct ss_buf *b, const char *want)
{
    assert_slice(ss_buf_slice(b), want);
    ss_buf_clear(b, 1024);
}

static void status_lines_carry_the_registered_reason(void **state)
{
    (void)state;
    struct ss_buf b;
    ss_buf_init(&b, 256);
    assert_int_equal(ss_http1_write_status(&b, 200), SS_OK);
    assert_written(&b, "HTTP/1.1 200 OK\r\n");
    ss_http1_write_status(&b, 431);
    assert_written(&b, "HTTP/1.1 431 Request Header Fields Too Large\r\n");
    ss_http1_write_status(&b, 299);
    assert_written(&b, "HTTP/1.1 299 Unknown\r\n");
    ss_http1_write_status(&b, 799);
    assert_written(&b, "HTTP/1.1 799 Unknown\r\n");
    const int bad[] = {-1, 0, 1, 99, 1000, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(ss_http1_write_status(&b, bad[i]), SS_ERR_INTERNAL);
    assert_int_equal(b.len, 0);
    ss_buf_dispose(&b);
}

static void every_status_line_agrees_with_its_reason(void **state)
{
    (void)state;
    struct ss_buf b;
    ss_buf_init(&b, 256);
    for (int status = 100; status < 1000; status++) {
        char want[128];
        snprintf(want, sizeof want, "HTTP/1.1 %d %s\r\n", status, ss_http_reason(status));
        assert_int_equal(ss_http1_write_status(&b, status), SS_OK);
        assert_written(&b, want);
    }
    assert_string_equal(ss_http_reason(404), "Not Found");
    assert_string_equal(ss_http_reason(505), "HTTP Version Not Supported");
    assert_string_equal(ss_http_reason(306), "Unknown");
    assert_string_equal(ss_http_reason(-5), "Unknown");
    assert_string_equal(ss_http_reason(100000), "Unknown");
    ss_buf_dispose(&b);
}

static void a_header_is_written_only_when_it_is_clean(void **state)
{
    (void)state;
    struct ss_buf b;
    ss_buf_init(&b, 256);
    assert_int_equal(ss_http1_write_header(&b, SS_LIT("X-A"), SS_LIT("b c\td\xc3\xa9")), SS_OK);
    assert_written(&b, "X-A: b c\td\xc3\xa9\r\n");
    assert_int_equal(ss_http1_write_header(&b, SS_LIT("x"), SS_LIT("")), SS_OK);
    assert_written(&b, "x: \r\n");
    static const struct {
        struct ss_slice name, value;
    } BAD[] = {
        {{"", 0}, {"v", 1}},
        {{"a b", 3}, {"v", 1}},
        {{"a:", 2}, {"v", 1}},
        {{"a\r\n", 3}, {"v", 1}},
        {{"a\0", 2}, {"v", 1}},
        {{"a\xc3", 2}, {"v", 1}},
        {{"a", 1}, {"v\r", 2}},
        {{"a", 1}, {"v\n", 2}},
        {{"a", 1}, {"v\r\nb: c", 7}},
        {{"a", 1}, {"v\0w", 3}},
        {{"a", 1}, {" v", 2}},
        {{"a", 1}, {"v ", 2}},
        {{"a", 1}, {"\tv", 2}},
        {{"a", 1}, {"v\x7f", 2}},
        {{"a", 1}, {"0123456789abcde\n", 16}},
        {{"a", 1}, {"\n0123456789abcde", 16}},
        {{"a", 1}, {"01234567\n89abcde", 16}},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        assert_int_equal(ss_http1_write_header(&b, BAD[i].name, BAD[i].value), SS_ERR_INTERNAL);
    assert_int_equal(b.len, 0);
    ss_buf_dispose(&b);
}

static void lengths_are_decimal(void **state)
{
    (void)state;
    struct ss_buf b;
    ss_buf_init(&b, 256);
    ss_http1_write_length(&b, 0);
    assert_written(&b, "Content-Length: 0\r\n");
    ss_http1_write_length(&b, 1234567890);
    assert_written(&b, "Content-Length: 1234567890\r\n");
    ss_http1_write_length(&b, UINT64_MAX);
    assert_written(&b, "Content-Length: 18446744073709551615\r\n");
    ss_buf_dispose(&b);
}

static void chunks_are_framed_and_never_empty(void **state)
{
    (void)state;
    struct ss_buf b;
    ss_buf_init(&b, 8192);
    assert_int_equal(ss_http1_write_chunk(&b, "hello", 5), SS_OK);
    assert_written(&b, "5\r\nhello\r\n");
    char block[4096 + 32] = {0};
    memset(block, 'x', 4096);
    assert_int_equal(ss_http1_write_chunk(&b, block, 4096), SS_OK);
    assert_memory_equal(b.ptr, "1000\r\nxxx", 9);
    assert_int_equal(b.len, 4096 + 8);
    ss_buf_clear(&b, 8192);
    assert_int_equal(ss_http1_write_chunk(&b, "", 0), SS_ERR_INTERNAL);
    assert_int_equal(b.len, 0);
    ss_buf_dispose(&b);
}

static void the_last_chunk_carries_trailers(void **state)
{
    (void)state;
    struct ss_buf b;
    ss_buf_init(&b, 256);
    assert_int_equal(ss_http1_write_last_chunk(&b, NULL, 0), SS_OK);
    assert_written(&b, "0\r\n\r\n");
    struct ss_header trailers[] = {{.name = SS_LIT("a"), .value = SS_LIT("b")},
                                   {.name = SS_LIT("grpc-status"), .value = SS_LIT("0")}};
    assert_int_equal(ss_http1_write_last_chunk(&b, trailers, 2), SS_OK);
    assert_written(&b, "0\r\na: b\r\ngrpc-status: 0\r\n\r\n");
    trailers[1].value = SS_LIT("0\r\n\r\nHTTP/1.1 200 OK");
    assert_int_equal(ss_http1_write_last_chunk(&b, trailers, 2), SS_ERR_INTERNAL);
    assert_int_equal(b.len, 0);
    ss_buf_dispose(&b);
}

static void a_full_buffer_is_left_as_it_was(void **state)
{
    (void)state;
    struct ss_buf b;
    ss_buf_init(&b, 8);
    ss_buf_append(&b, "12345", 5);
    const struct ss_header t = {.name = SS_LIT("a"), .value = SS_LIT("b")};
    assert_int_equal(ss_http1_write_status(&b, 200), SS_ERR_LIMIT);
    assert_int_equal(ss_http1_write_header(&b, t.name, t.value), SS_ERR_LIMIT);
    assert_int_equal(ss_http1_write_length(&b, 1), SS_ERR_LIMIT);
    assert_int_equal(ss_http1_write_chunk(&b, "x", 1), SS_ERR_LIMIT);
    assert_int_equal(ss_http1_write_last_chunk(&b, &t, 1), SS_ERR_LIMIT);
    assert_written(&b, "12345");
    ss_buf_dispose(&b);
}

static void dates_are_imf_fixdates(void **state)
{
    (void)state;
    static const struct {
        int64_t second;
        const char *text;
    } CASES[] = {
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"}, /* RFC 9110 §5.6.7 */
        {951782399, "Mon, 28 Feb 2000 23:59:59 GMT"},
        {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {951868800, "Wed, 01 Mar 2000 00:00:00 GMT"},
        {1709164800, "Thu, 29 Feb 2024 00:00:00 GMT"},
        {1735689599, "Tue, 31 Dec 2024 23:59:59 GMT"},
        {4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"},
        {INT64_C(253402300799), "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    struct ss_http_date cache = {0};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        assert_slice(ss_http_date(&cache, CASES[i].second), CASES[i].text);
        assert_slice(ss_http_date(&cache, CASES[i].second), CASES[i].text);
    }
    assert_slice(ss_http_date(&cache, INT64_MIN), CASES[0].text);
    assert_slice(ss_http_date(&cache, INT64_MAX), CASES[8].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_lines_carry_the_registered_reason),
        cmocka_unit_test(every_status_line_agrees_with_its_reason),
        cmocka_unit_test(a_header_is_written_only_when_it_is_clean),
        cmocka_unit_test(lengths_are_decimal),
        cmocka_unit_test(chunks_are_framed_and_never_empty),
        cmocka_unit_test(the_last_chunk_carries_trailers),
        cmocka_unit_test(a_full_buffer_is_left_as_it_was),
        cmocka_unit_test(dates_are_imf_fixdates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
