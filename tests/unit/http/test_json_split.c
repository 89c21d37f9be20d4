#include "http/json_split.h"

#include "base/buf.h"
#include "support.h"

/* What a body was cut into: its texts, each with '|' behind it. */
struct result {
    enum ss_err err;
    struct ss_buf texts;
    uint64_t n;
};

static void take(struct result *r, struct ss_slice text)
{
    assert_int_equal(ss_buf_append_slice(&r->texts, text), SS_OK);
    assert_int_equal(ss_buf_append(&r->texts, "|", 1), SS_OK);
    r->n++;
}

static void feed(struct ss_json_split *s, struct result *r, const char *text, size_t n)
{
    char *piece = exact(text, n);
    size_t at = 0;
    bool have = true;
    while (r->err == SS_OK && (have || at < n)) {
        struct ss_slice got = {0};
        size_t used = SIZE_MAX;
        r->err = ss_json_split_push(s, piece + at, n - at, &used, &have, &got);
        assert_true(used <= n - at);
        at += used;
        assert_true(r->err != SS_OK || have || at == n);
        if (r->err == SS_OK && have)
            take(r, got);
    }
    exact_free(piece, n);
}

static void split_pieces(struct result *r, enum ss_json_split_form form, size_t max, const char *text,
                         size_t n, size_t first, size_t step)
{
    struct ss_json_split s;
    ss_json_split_init(&s, form, max);
    *r = (struct result){0};
    ss_buf_init(&r->texts, 1 << 20);
    feed(&s, r, text, first);
    for (size_t at = first; at < n && r->err == SS_OK; at += step)
        feed(&s, r, text + at, n - at < step ? n - at : step);
    if (r->err == SS_OK) {
        bool have = false;
        struct ss_slice got = {0};
        r->err = ss_json_split_end(&s, &have, &got);
        if (r->err == SS_OK && have)
            take(r, got);
    }
    assert_true((r->err == SS_OK) == (s.why == NULL));
    assert_true(r->err != SS_OK || s.texts == r->n);
    ss_json_split_dispose(&s);
}

static void assert_same(const struct result *a, const struct result *b)
{
    assert_int_equal(a->err, b->err);
    assert_int_equal(a->texts.len, b->texts.len);
    if (a->texts.len)
        assert_memory_equal(a->texts.ptr, b->texts.ptr, a->texts.len);
}

/* Whole, in two pieces at every place, byte by byte: all must agree on texts and trouble. */
static void split(struct result *whole, enum ss_json_split_form form, size_t max, const char *text)
{
    size_t n = strlen(text);
    split_pieces(whole, form, max, text, n, n, 1);
    for (size_t k = 0; k <= n + 1; k++) {
        struct result r;
        if (k <= n)
            split_pieces(&r, form, max, text, n, k, n);
        else
            split_pieces(&r, form, max, text, n, 0, 1);
        assert_same(whole, &r);
        ss_buf_dispose(&r.texts);
    }
}

static void assert_split(enum ss_json_split_form form, const char *text, const char *want)
{
    struct result r;
    split(&r, form, 4096, text);
    if (r.err != SS_OK)
        fail_msg("%s: refused with %d", text, (int)r.err);
    assert_slice(ss_buf_slice(&r.texts), want);
    ss_buf_dispose(&r.texts);
}

/* What came before the trouble has been given out. */
static void assert_refused(const char *text, const char *want)
{
    struct result r;
    split(&r, SS_JSON_SPLIT_VALUE, 4096, text);
    if (r.err != SS_ERR_INVALID)
        fail_msg("%s: got %d", text, (int)r.err);
    assert_slice(ss_buf_slice(&r.texts), want);
    ss_buf_dispose(&r.texts);
}

static void lines_become_texts(void **state)
{
    (void)state;
    assert_split(SS_JSON_SPLIT_LINES, "{\"a\":1}\n{\"b\":2}\n", "{\"a\":1}|{\"b\":2}|");
    assert_split(SS_JSON_SPLIT_LINES, "{\"a\":1}\r\n{\"b\":2}\r\n", "{\"a\":1}|{\"b\":2}|");
    assert_split(SS_JSON_SPLIT_LINES, "{}\n1", "{}|1|");
    assert_split(SS_JSON_SPLIT_LINES, "{}\n1\r", "{}|1|");
    assert_split(SS_JSON_SPLIT_LINES, " {} \n\t[1, 2]\t\r\n", "{}|[1, 2]|");
}

/* (reported 27) */
static void texts_may_follow_one_another_with_or_without_lines(void **state)
{
    (void)state;
    for (int form = SS_JSON_SPLIT_LINES; form <= SS_JSON_SPLIT_VALUE; form++) {
        assert_split((enum ss_json_split_form)form, "{}{}", "{}|{}|");
        assert_split((enum ss_json_split_form)form, "{}\n{}", "{}|{}|");
        assert_split((enum ss_json_split_form)form, "1 2\t\"a\"b", "1|2|\"a\"|b|");
        assert_split((enum ss_json_split_form)form, "{}[1,2]", "{}|[1,2]|");
    }
    assert_split(SS_JSON_SPLIT_LINES, "[1,2][3]\n[]", "[1,2]|[3]|[]|");
    assert_split(SS_JSON_SPLIT_VALUE, "{\"a\":\n 1\n}{\"b\":[\n]}\n", "{\"a\":\n 1\n}|{\"b\":[\n]}|");
    assert_split(SS_JSON_SPLIT_LINES, "{\"a\":\n1\n", "{\"a\":|1|"); /* a line's end is a text's */
    assert_split(SS_JSON_SPLIT_LINES, "{\"a\n{}[\"b\\\n{}\n", "{\"a|{}|[\"b\\|{}|");
}

static void blank_lines_are_skipped(void **state)
{
    (void)state;
    assert_split(SS_JSON_SPLIT_LINES, "", "");
    assert_split(SS_JSON_SPLIT_LINES, "\n", "");
    assert_split(SS_JSON_SPLIT_LINES, "\r\n \t\r\n\n", "");
    assert_split(SS_JSON_SPLIT_LINES, "\n\n{}\n\r\n  \n1\n\n", "{}|1|");
}

static void elements_become_texts(void **state)
{
    (void)state;
    assert_split(SS_JSON_SPLIT_VALUE, "[{\"a\":1},{\"b\":2}]", "{\"a\":1}|{\"b\":2}|");
    assert_split(SS_JSON_SPLIT_VALUE, " [ {\"a\" : 1} ,\r\n\t{\"b\":2}\n] \n", "{\"a\" : 1}|{\"b\":2}|");
    assert_split(SS_JSON_SPLIT_VALUE, "[1,-2.5e3 , \"x\",true,null , [] ,{}]",
                 "1|-2.5e3|\"x\"|true|null|[]|{}|");
    assert_split(SS_JSON_SPLIT_VALUE, "[[[1,2],[3]],{\"a\":[{}]}]", "[[1,2],[3]]|{\"a\":[{}]}|");
}

static void an_array_of_nothing_has_no_texts(void **state)
{
    (void)state;
    assert_split(SS_JSON_SPLIT_VALUE, "[]", "");
    assert_split(SS_JSON_SPLIT_VALUE, " [ \n] ", "");
    assert_split(SS_JSON_SPLIT_VALUE, "", "");
    assert_split(SS_JSON_SPLIT_VALUE, " \r\n\t", "");
}

static void one_value_is_one_text(void **state)
{
    (void)state;
    assert_split(SS_JSON_SPLIT_VALUE, "{}", "{}|");
    assert_split(SS_JSON_SPLIT_VALUE, " {\"a\":[1,{\"b\":\"]\"}]}\n", "{\"a\":[1,{\"b\":\"]\"}]}|");
    assert_split(SS_JSON_SPLIT_VALUE, "\"a, b\"", "\"a, b\"|");
    assert_split(SS_JSON_SPLIT_VALUE, "12", "12|");
    assert_split(SS_JSON_SPLIT_VALUE, "null ", "null|");
}

static void brackets_and_commas_within_strings_mean_nothing(void **state)
{
    (void)state;
    assert_split(SS_JSON_SPLIT_VALUE, "[\"]\",\"a,b\",{\"}\":\"{[\"}]", "\"]\"|\"a,b\"|{\"}\":\"{[\"}|");
    assert_split(SS_JSON_SPLIT_VALUE, "[\"\\\"]\",\"\\\\\",\"\\\\\\\",\"]",
                 "\"\\\"]\"|\"\\\\\"|\"\\\\\\\",\"|");
    assert_split(SS_JSON_SPLIT_VALUE, "[{\"a\\\\\":\"\\\"}\"},2]", "{\"a\\\\\":\"\\\"}\"}|2|");
    assert_split(SS_JSON_SPLIT_VALUE,
                 "[\"0123456789abcdef0123456789abcdef]\\\"0123456789abcdef,\",{\"0123456789abcdef}\":\n"
                 "0.123456789012345678901234567890,\"b\":[0.1234567890123456789,0.1234567890123456]}]",
                 "\"0123456789abcdef0123456789abcdef]\\\"0123456789abcdef,\"|{\"0123456789abcdef}\":\n"
                 "0.123456789012345678901234567890,\"b\":[0.1234567890123456789,0.1234567890123456]}|");
}

static void malformed_arrays_are_refused(void **state)
{
    (void)state;
    assert_refused("[,1]", "");
    assert_refused("[1,]", "1|");
    assert_refused("[1,,2]", "1|");
    assert_refused("[1 2]", "1|");
    assert_refused("[{} {}]", "{}|");
    assert_refused("[{}{}]", "{}|");
    assert_refused("[\"a\"\"b\"]", "\"a\"|");
    assert_refused("[}", "");
    assert_refused("[1}", "1|");
    assert_refused("[{}}", "{}|");
    assert_refused("]", "");
    assert_refused("}", "");
    assert_refused(",", "");
}

static void text_after_an_array_is_refused_and_commas_outside_of_one(void **state)
{
    (void)state;
    assert_refused("[] x", "");
    assert_refused("[1],", "1|");
    assert_refused("[1]]", "1|");
    assert_refused("[1][2]", "1|");
    assert_refused("{},", "{}|");
    assert_refused("1,2", "1|");
    assert_refused("{}]", "{}|");
}

static void a_body_that_ends_early_is_refused(void **state)
{
    (void)state;
    assert_refused("[", "");
    assert_refused("[1", "");
    assert_refused("[1 ", "1|");
    assert_refused("[1,", "1|");
    assert_refused("[{}", "{}|");
    assert_refused("[{}, {\"a\":", "{}|");
    assert_refused("{", "");
    assert_refused("{\"a\":\"}", "");
    assert_refused("\"abc", "");
    assert_refused("\"abc\\\"", "");
}

/* The reader would refuse them: they must come to it. */
static void what_is_no_json_is_handed_on(void **state)
{
    (void)state;
    assert_split(SS_JSON_SPLIT_VALUE, "[{],2]", "{]|2|");
    assert_split(SS_JSON_SPLIT_VALUE, "[tru,nul]", "tru|nul|");
    assert_refused("\xef\xbb\xbf{}", "\xef\xbb\xbf{|");
}

static void a_text_is_whole_as_soon_as_its_last_byte_is_there(void **state)
{
    (void)state;
    static const struct {
        const char *first;
        const char *want;
    } CASES[] = {{"[{\"a\":1}", "{\"a\":1}"}, {"[\"a\"", "\"a\""}, {"{}", "{}"}, {"[[]", "[]"}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ss_json_split s;
        ss_json_split_init(&s, SS_JSON_SPLIT_VALUE, 100);
        size_t used;
        bool have;
        struct ss_slice text;
        assert_int_equal(ss_json_split_push(&s, CASES[i].first, strlen(CASES[i].first), &used, &have, &text),
                         SS_OK);
        assert_true(have);
        assert_slice(text, CASES[i].want);
        ss_json_split_dispose(&s);
    }
}

static void a_text_in_one_piece_is_a_view(void **state)
{
    (void)state;
    static const char BODY[] = "[{\"a\":1} , 22 ,\"x\"]", LINES[] = "{\"a\":1}\n 22\r\n";
    for (int lines = 0; lines < 2; lines++) {
        struct ss_json_split s;
        ss_json_split_init(&s, lines ? SS_JSON_SPLIT_LINES : SS_JSON_SPLIT_VALUE, 100);
        const char *p = lines ? LINES : BODY;
        size_t n = strlen(p), used, texts = 0;
        bool have = true;
        for (size_t at = 0; have; at += used) {
            struct ss_slice text;
            assert_int_equal(ss_json_split_push(&s, p + at, n - at, &used, &have, &text), SS_OK);
            texts += have;
            assert_true(!have || (text.ptr >= p && text.ptr + text.len <= p + n));
        }
        assert_int_equal(texts, lines ? 2 : 3);
        assert_null(s.text.ptr);
        ss_json_split_dispose(&s);
    }
}

static void a_text_past_its_limit_is_too_large(void **state)
{
    (void)state;
    static const struct {
        enum ss_json_split_form form;
        const char *text;
        size_t largest;
        const char *before;
    } CASES[] = {
        {SS_JSON_SPLIT_VALUE, "[1,{\"a\":123456},2]", 12, "1|"},
        {SS_JSON_SPLIT_VALUE, "[1, \"abcdefghij\" ]", 12, "1|"},
        {SS_JSON_SPLIT_VALUE, "[1,1234567890 ,2]", 10, "1|"},
        {SS_JSON_SPLIT_VALUE, "  {\"a\":\"b\"}  ", 9, ""},
        {SS_JSON_SPLIT_LINES, "1\n  {\"a\":\"b\"}\r\n2\n", 9, "1|"},
        {SS_JSON_SPLIT_LINES, "1\n{\"a\":\"b\"}", 9, "1|"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct result r;
        split(&r, CASES[i].form, CASES[i].largest, CASES[i].text);
        assert_int_equal(r.err, SS_OK);
        ss_buf_dispose(&r.texts);
        for (size_t max = 1; max < CASES[i].largest; max++) {
            split(&r, CASES[i].form, max, CASES[i].text);
            assert_int_equal(r.err, SS_ERR_BODY_TOO_LARGE);
            assert_slice(ss_buf_slice(&r.texts), CASES[i].before);
            ss_buf_dispose(&r.texts);
        }
    }
}

static void deep_nesting_is_only_counted(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    struct ss_json_split s;
    ss_json_split_init(&s, SS_JSON_SPLIT_VALUE, 4 * DEPTH);
    char *text = malloc(2 * DEPTH);
    assert_non_null(text);
    memset(text, '[', DEPTH);
    memset(text + DEPTH, ']', DEPTH);
    size_t used;
    bool have;
    struct ss_slice got;
    assert_int_equal(ss_json_split_push(&s, text, 2 * DEPTH, &used, &have, &got), SS_OK);
    assert_true(have);
    assert_int_equal(got.len, 2 * DEPTH - 2);
    free(text);
    ss_json_split_dispose(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_texts),
        cmocka_unit_test(texts_may_follow_one_another_with_or_without_lines),
        cmocka_unit_test(blank_lines_are_skipped),
        cmocka_unit_test(elements_become_texts),
        cmocka_unit_test(an_array_of_nothing_has_no_texts),
        cmocka_unit_test(one_value_is_one_text),
        cmocka_unit_test(brackets_and_commas_within_strings_mean_nothing),
        cmocka_unit_test(malformed_arrays_are_refused),
        cmocka_unit_test(text_after_an_array_is_refused_and_commas_outside_of_one),
        cmocka_unit_test(a_body_that_ends_early_is_refused),
        cmocka_unit_test(what_is_no_json_is_handed_on),
        cmocka_unit_test(a_text_is_whole_as_soon_as_its_last_byte_is_there),
        cmocka_unit_test(a_text_in_one_piece_is_a_view),
        cmocka_unit_test(a_text_past_its_limit_is_too_large),
        cmocka_unit_test(deep_nesting_is_only_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
