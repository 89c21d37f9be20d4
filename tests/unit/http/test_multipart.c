#include "http/multipart.h"

#include "base/buf.h"
#include "support.h"

#define TYPE "multipart/form-data; boundary=B-7"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct ss_multipart_limits LIMITS = {.max_head_bytes = 4096, .max_parts = 100};

/* Events as text: <name|filename|type> for a part (no "|filename" when it is no file), its data, </> behind
 * it, <END> at the end. */
struct result {
    enum ss_err err;
    struct ss_buf log;
};

static void note(struct result *r, const struct ss_multipart_event *e)
{
    struct ss_buf *log = &r->log;
    switch (e->kind) {
    case SS_MULTIPART_NONE:
        break;
    case SS_MULTIPART_PART:
        assert_int_equal(ss_buf_printf(log, "<%.*s", SS_FMT(e->part.name)), SS_OK);
        if (e->part.is_file)
            assert_int_equal(ss_buf_printf(log, "|%.*s", SS_FMT(e->part.filename)), SS_OK);
        if (e->part.content_type.len)
            assert_int_equal(ss_buf_printf(log, "|%.*s", SS_FMT(e->part.content_type)), SS_OK);
        assert_int_equal(ss_buf_append(log, ">", 1), SS_OK);
        break;
    case SS_MULTIPART_DATA:
        assert_true(e->data.len > 0);
        assert_int_equal(ss_buf_append_slice(log, e->data), SS_OK);
        break;
    case SS_MULTIPART_PART_END:
        assert_int_equal(ss_buf_append(log, "</>", 3), SS_OK);
        break;
    case SS_MULTIPART_END:
        assert_int_equal(ss_buf_append(log, "<END>", 5), SS_OK);
        break;
    }
}

static void feed(struct ss_multipart *m, struct result *r, const char *p, size_t n)
{
    char *piece = exact(p, n);
    struct ss_multipart_event event = {.kind = SS_MULTIPART_END};
    for (size_t at = 0, used; r->err == SS_OK && event.kind != SS_MULTIPART_NONE; at += used) {
        r->err = ss_multipart_push(m, piece + at, n - at, &used, &event);
        assert_true(used <= n - at);
        assert_true(r->err != SS_OK || event.kind != SS_MULTIPART_NONE || used == n - at);
        if (r->err == SS_OK)
            note(r, &event);
    }
    exact_free(piece, n);
}

static void run_pieces(struct result *r, const struct ss_multipart_limits *limits, const char *text, size_t n,
                       size_t first, size_t step)
{
    struct ss_multipart m;
    assert_int_equal(ss_multipart_init(&m, SS_LIT(TYPE), limits), SS_OK);
    *r = (struct result){0};
    ss_buf_init(&r->log, 1 << 20);
    feed(&m, r, text, first);
    for (size_t at = first; at < n && r->err == SS_OK; at += step)
        feed(&m, r, text + at, n - at < step ? n - at : step);
    if (r->err == SS_OK)
        r->err = ss_multipart_end(&m);
    assert_true((r->err == SS_OK) == (m.why == NULL));
    ss_multipart_dispose(&m);
}

/* Whole, in two pieces at every place, byte by byte: all must agree. */
static void parse(struct result *whole, const struct ss_multipart_limits *limits, const char *text, size_t n)
{
    run_pieces(whole, limits, text, n, n, 1);
    for (size_t k = 0; k <= n + 1; k++) {
        struct result r;
        if (k <= n)
            run_pieces(&r, limits, text, n, k, n);
        else
            run_pieces(&r, limits, text, n, 0, 1);
        assert_int_equal(r.err, whole->err);
        if (r.err == SS_OK) {
            assert_int_equal(r.log.len, whole->log.len);
            assert_memory_equal(r.log.ptr, whole->log.ptr, r.log.len);
        }
        ss_buf_dispose(&r.log);
    }
}

static void assert_parses(const char *text, const char *want)
{
    struct result r;
    parse(&r, &LIMITS, text, strlen(text));
    if (r.err != SS_OK)
        fail_msg("%s: refused with %d", text, (int)r.err);
    assert_slice(ss_buf_slice(&r.log), want);
    ss_buf_dispose(&r.log);
}

static void assert_refused_n(const char *text, size_t n)
{
    struct result r;
    parse(&r, &LIMITS, text, n);
    if (r.err != SS_ERR_INVALID)
        fail_msg("%s: got %d", text, (int)r.err);
    ss_buf_dispose(&r.log);
}

static void assert_refused(const char *text)
{
    assert_refused_n(text, strlen(text));
}

#define NAMED "Content-Disposition: form-data; name=a\r\n\r\n"

static void parts_come_one_after_the_other(void **state)
{
    (void)state;
    assert_parses("--B-7\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA lease\r\n"
                  "--B-7\r\nContent-Disposition: form-data; name=\"file\"; filename=\"l.pdf\"\r\n"
                  "Content-Type: application/pdf\r\n\r\n%PDF\r\n\r\n-\r\n--B-7--\r\n",
                  "<title>A lease</><file|l.pdf|application/pdf>%PDF\r\n\r\n-</><END>");
}

static void a_body_may_be_empty(void **state)
{
    (void)state;
    assert_parses("--B-7\r\n" NAMED "\r\n--B-7--", "<a></><END>");
    assert_parses("--B-7\r\n" NAMED "--B-7--", "<a></><END>");
    assert_parses("--B-7--\r\n", "<END>");
}

static void what_looks_like_a_boundary_is_data(void **state)
{
    (void)state;
    assert_parses("--B-7\r\n" NAMED "\r\r\n-\r\n--B\r\n--B-\r\n--B-8\n--B-7\r--B-7 --B-7\r\n--B-7--",
                  "<a>\r\r\n-\r\n--B\r\n--B-\r\n--B-8\n--B-7\r--B-7 --B-7</><END>");
    assert_parses("--B-7\r\n" NAMED "--B-8\r\n--B-7--", "<a>--B-8</><END>");
    assert_parses("--B-7\r\n" NAMED "-\r\n--B-7--", "<a>-</><END>");
    assert_parses("--B-7\r\n" NAMED "\r\n\r\n--B-7--", "<a>\r\n</><END>");
    assert_parses("--B-7\r\n" NAMED "\r\r\r\n--B-7--", "<a>\r\r</><END>");
}

static void bytes_of_every_value_are_data(void **state)
{
    (void)state;
    struct ss_buf text, want;
    ss_buf_init(&text, 4096);
    ss_buf_init(&want, 4096);
    static const char HEAD[] = "--B-7\r\n" NAMED, TAIL[] = "\r\n--B-7--";
    ss_buf_append(&text, HEAD, sizeof HEAD - 1);
    ss_buf_append(&want, "<a>", 3);
    for (int i = 0; i < 256; i++) {
        char c = (char)i;
        ss_buf_append(&text, &c, 1);
        ss_buf_append(&want, &c, 1);
    }
    ss_buf_append(&text, TAIL, sizeof TAIL - 1);
    ss_buf_append(&want, "</><END>", 8);
    struct result r;
    parse(&r, &LIMITS, text.ptr, text.len);
    assert_int_equal(r.err, SS_OK);
    assert_int_equal(r.log.len, want.len);
    assert_memory_equal(r.log.ptr, want.ptr, want.len);
    ss_buf_dispose(&r.log);
    ss_buf_dispose(&text);
    ss_buf_dispose(&want);
}

static void what_stands_around_the_parts_is_skipped(void **state)
{
    (void)state;
    assert_parses("\r\n--B-7\r\n" NAMED "x\r\n--B-7--\r\n", "<a>x</><END>");
    assert_parses("This is MIME.\r\n--B-7 \t\r\n" NAMED "x\r\n--B-7-- \r\nand so\r\n--B-7\r\non",
                  "<a>x</><END>");
    assert_parses("--B-8\r\n--B-7\r\n" NAMED "x\r\n--B-7--\r\n", "<a>x</><END>");
}

static void names_are_unquoted(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {
        {"name=a", "<a>"},
        {"name=\"a b;c\"", "<a b;c>"},
        {"name=\"a\\\"b\\\\c\"", "<a\"b\\c>"},
        {"name=\"a%22b\"", "<a%22b>"},
        {"name=a; filename=\"C:\\dir\\f.txt\"", "<a|C:\\dir\\f.txt>"},
        {"name=a; filename=\"\"", "<a|>"},
        {"filename=f ;name=a", "<a|f>"},
        {" Name=a ; FileName=\"\xc3\xa4.txt\"", "<a|\xc3\xa4.txt>"},
        {"name=a; size=3", "<a>"},
        {"name=a; filename*=UTF-8''%e2%82%AC%20x.txt", "<a|\xe2\x82\xac x.txt>"},
        {"name=a; filename=\"e.txt\"; filename*=utf-8'en'%C3%A4", "<a|\xc3\xa4>"},
        {"name=a; filename*=utf-8''x; filename=\"e.txt\"", "<a|x>"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        char text[300], want[100];
        snprintf(text, sizeof text, "--B-7\r\nContent-Disposition: form-data;%s\r\n\r\nx\r\n--B-7--",
                 CASES[i][0]);
        snprintf(want, sizeof want, "%sx</><END>", CASES[i][1]);
        assert_parses(text, want);
    }
}

static void other_head_lines_are_skipped(void **state)
{
    (void)state;
    assert_parses(
        "--B-7\r\nX-A:\r\ncontent-transfer-encoding: Binary\r\nCONTENT-DISPOSITION:form-data;name=a\r\n"
        "Content-Length: 77\r\n\r\nx\r\n--B-7--",
        "<a>x</><END>");
}

static void a_bad_disposition_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",
        "X: y\r\n",
        "Content-Disposition: form-data\r\n",
        "Content-Disposition: form-data; name=\r\n",
        "Content-Disposition: form-data; name=\"\"\r\n",
        "Content-Disposition: form-data; filename=a\r\n",
        "Content-Disposition: attachment; name=a\r\n",
        "Content-Disposition: form-data-x; name=a\r\n",
        "Content-Disposition: form-data x; name=a\r\n",
        "Content-Disposition: form-data; name=a; name=b\r\n",
        "Content-Disposition: form-data; name=a; filename=b; filename=c\r\n",
        "Content-Disposition: form-data; name=a; filename*=utf-8''b; filename*=utf-8''c\r\n",
        "Content-Disposition: form-data; name=\"a\r\n",
        "Content-Disposition: form-data; name=\"a\"b\r\n",
        "Content-Disposition: form-data; name=a b\r\n",
        "Content-Disposition: form-data; name=\xc3\xa4\r\n",
        "Content-Disposition: form-data; name=\"\xc3\"\r\n",
        "Content-Disposition: form-data; name=a; filename=\"\xff\"\r\n",
        "Content-Disposition: form-data; name=a; filename*=b\r\n",
        "Content-Disposition: form-data; name=a; filename*=utf-8'b\r\n",
        "Content-Disposition: form-data; name=a; filename*=latin1''b\r\n",
        "Content-Disposition: form-data; name=a; filename*=utf-8''%4\r\n",
        "Content-Disposition: form-data; name=a; filename*=utf-8''%4g\r\n",
        "Content-Disposition: form-data; name=a; filename*=utf-8''%ff\r\n",
        "Content-Disposition: form-data; name=a; filename*=utf-8''%00\r\n",
        "Content-Disposition: form-data; name=a; filename*=utf-8''a%0d%0ab\r\n",
        "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=a\r\n",
        "Content-Disposition: form-data; name=a\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\n",
        "Content-Disposition: form-data; name=a\r\nContent-Type: \xff\r\n",
        "Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n",
    };
    for (size_t i = 0; i < COUNT(BAD); i++) {
        char text[300];
        snprintf(text, sizeof text, "--B-7\r\n%s\r\nx\r\n--B-7--", BAD[i]);
        assert_refused(text);
    }
}

static void malformed_heads_are_refused(void **state)
{
    (void)state;
    assert_refused("--B-7\r\nContent-Disposition: form-data; name=a\n\r\nx\r\n--B-7--");
    assert_refused("--B-7\r\nContent-Disposition: form-data; name=a\r\n\nx\r\n--B-7--");
    assert_refused("--B-7\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\nx\r\n--B-7--");
    assert_refused("--B-7\r\nContent-Disposition : form-data; name=a\r\n\r\nx\r\n--B-7--");
    assert_refused("--B-7\r\nX\r\n" NAMED "x\r\n--B-7--");
    assert_refused("--B-7\r\n: x\r\n" NAMED "x\r\n--B-7--");
    assert_refused("--B-7\r\nX: \x01\r\n" NAMED "x\r\n--B-7--");
    assert_refused("--B-7\r\nX: a\rb\r\n" NAMED "x\r\n--B-7--");
    static const char NUL[] = "--B-7\r\nX: \0\r\n" NAMED "x\r\n--B-7--";
    assert_refused_n(NUL, sizeof NUL - 1);
}

static void text_behind_a_boundary_is_refused(void **state)
{
    (void)state;
    assert_refused("--B-7x\r\n" NAMED "x\r\n--B-7--");
    assert_refused("--B-7\n" NAMED "x\r\n--B-7--");
    assert_refused("--B-7\rx" NAMED "x\r\n--B-7--");
    assert_refused("--B-7 x\r\n" NAMED "x\r\n--B-7--");
    assert_refused("--B-7-\r\n" NAMED "x\r\n--B-7--");
    assert_refused("--B-7 --\r\n" NAMED "x\r\n--B-7--");
    assert_refused("--B-7\r\n" NAMED "x\r\n--B-7--x");
    assert_refused("--B-7\r\n" NAMED "x\r\n--B-7---");
    assert_refused("--B-7\r\n" NAMED "x\r\n--B-7--\rx");
    assert_refused("--B-7\r\n" NAMED "x\r\n--B-7--\n");
}

static void a_body_that_ends_early_is_refused(void **state)
{
    (void)state;
    static const char TEXT[] = "--B-7\r\n" NAMED "x\r\n--B-7--";
    for (size_t n = 0; n < sizeof TEXT - 1; n++)
        assert_refused_n(TEXT, n);
    assert_refused("{\"a\":1}");
}

static void limits_are_kept(void **state)
{
    (void)state;
    static const char TEXT[] =
        "before\r\n--B-7\r\n" NAMED "x\r\n--B-7\r\n" NAMED "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
        "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n--B-7--";
    const size_t head = sizeof NAMED - 1;
    for (unsigned parts = 0; parts <= 2; parts++)
        for (size_t bytes = head - 1; bytes <= head; bytes++) {
            struct result r;
            struct ss_multipart_limits limits = {.max_head_bytes = bytes, .max_parts = parts};
            parse(&r, &limits, TEXT, sizeof TEXT - 1);
            assert_int_equal(r.err, parts == 2 && bytes == head ? SS_OK : SS_ERR_BODY_TOO_LARGE);
            ss_buf_dispose(&r.log);
        }
    struct result r;
    struct ss_multipart_limits limits = {.max_head_bytes = 5, .max_parts = 2};
    parse(&r, &limits, TEXT, sizeof TEXT - 1); /* six bytes of preamble */
    assert_int_equal(r.err, SS_ERR_BODY_TOO_LARGE);
    ss_buf_dispose(&r.log);
}

static void data_is_a_view_of_what_is_pushed(void **state)
{
    (void)state;
    static const char TEXT[] = "--B-7\r\n" NAMED "0123456789\r\n--B-7--";
    struct ss_multipart m;
    assert_int_equal(ss_multipart_init(&m, SS_LIT(TYPE), &LIMITS), SS_OK);
    struct ss_multipart_event event;
    size_t at = 0, used, views = 0;
    do {
        assert_int_equal(ss_multipart_push(&m, TEXT + at, sizeof TEXT - 1 - at, &used, &event), SS_OK);
        at += used;
        if (event.kind != SS_MULTIPART_DATA)
            continue;
        assert_ptr_equal(event.data.ptr, strchr(TEXT, '0'));
        assert_int_equal(event.data.len, 10);
        views++;
    } while (event.kind != SS_MULTIPART_NONE);
    assert_int_equal(views, 1);
    ss_multipart_dispose(&m);
}

static void the_boundary_comes_from_the_content_type(void **state)
{
    (void)state;
    static const char *const GOOD[][2] = {
        {"multipart/form-data; boundary=abc", "\r\n--abc"},
        {"Multipart/Form-Data;BOUNDARY=\"a b:c\"", "\r\n--a b:c"},
        {"multipart/form-data; charset=utf-8; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW ",
         "\r\n------WebKitFormBoundary7MA4YWxkTrZu0gW"},
        {"multipart/form-data; "
         "boundary=1234567890123456789012345678901234567890123456789012345678901234567890",
         "\r\n--1234567890123456789012345678901234567890123456789012345678901234567890"},
    };
    static const char *const BAD[] = {
        "",
        "multipart/form-data",
        "multipart/form-data; boundary",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"abc",
        "multipart/form-data; boundary=\"abc \"",
        "multipart/form-data; boundary=\"a\\\"c\"",
        "multipart/form-data; boundary=a\xc3\xa4",
        "multipart/form-data; boundary=\"a\x01\"",
        "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; "
        "boundary=12345678901234567890123456789012345678901234567890123456789012345678901",
        "multipart/mixed; boundary=abc",
        "application/json; boundary=abc",
    };
    struct ss_multipart m;
    for (size_t i = 0; i < COUNT(GOOD); i++) {
        assert_int_equal(ss_multipart_init(&m, ss_slice_str(GOOD[i][0]), &LIMITS), SS_OK);
        assert_slice(ss_slice_of(m.delimiter, m.delimiter_len), GOOD[i][1]);
        ss_multipart_dispose(&m);
    }
    for (size_t i = 0; i < COUNT(BAD); i++) {
        size_t n = strlen(BAD[i]);
        char *block = exact(BAD[i], n);
        if (ss_multipart_init(&m, ss_slice_of(block, n), &LIMITS) != SS_ERR_INVALID)
            fail_msg("%s: accepted", BAD[i]);
        exact_free(block, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_come_one_after_the_other),
        cmocka_unit_test(a_body_may_be_empty),
        cmocka_unit_test(what_looks_like_a_boundary_is_data),
        cmocka_unit_test(bytes_of_every_value_are_data),
        cmocka_unit_test(what_stands_around_the_parts_is_skipped),
        cmocka_unit_test(names_are_unquoted),
        cmocka_unit_test(other_head_lines_are_skipped),
        cmocka_unit_test(a_bad_disposition_is_refused),
        cmocka_unit_test(malformed_heads_are_refused),
        cmocka_unit_test(text_behind_a_boundary_is_refused),
        cmocka_unit_test(a_body_that_ends_early_is_refused),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(data_is_a_view_of_what_is_pushed),
        cmocka_unit_test(the_boundary_comes_from_the_content_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
