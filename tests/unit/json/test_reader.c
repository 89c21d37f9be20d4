/* What the reader accepts, what its sink is given, and where it says that the sink stopped it. */
#include "json/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/recorder.h"

static const struct ss_json_options strict = {.max_depth = 100};

static int make_reader(void **state)
{
    *state = ss_json_reader_new();
    return 0;
}

static int free_reader(void **state)
{
    ss_json_reader_free(*state);
    return 0;
}

static void assert_events(struct ss_json_reader *r, struct ss_slice text,
                          const struct ss_json_options *options, struct ss_slice events)
{
    struct recorder rec = {0};
    struct ss_slice in = exact(text);
    enum ss_err err = ss_json_read(r, in, options, &recorder_sink, &rec);
    if (err != SS_OK)
        fail_msg("%.*s: %s", SS_FMT(text), ss_json_reader_error(r));
    if (!ss_slice_eq(ss_slice_of(rec.text, rec.len), events))
        fail_msg("%.*s gave %s", SS_FMT(text), rec.text);
    free((void *)(uintptr_t)in.ptr);
}

static const struct {
    const char *text, *events;
} documents[] = {
    {"null", "null "},
    {"true", "true "},
    {"false", "false "},
    {"0", "0 "},
    {"-0", "-0 "},
    {"-12.50e+10", "-12.50e+10 "},
    {"1E5", "1E5 "},
    {"123456789012345678901234567890", "123456789012345678901234567890 "},
    {"\"\"", "s: "},
    {"\"a\"", "s:a "},
    {"[]", "[ ] "},
    {"{}", "{ } "},
    {"[[],{}]", "[ [ ] { } ] "},
    {"[1,2 , 3]", "[ 1 2 3 ] "},
    {"{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":\"e\"}}",
     "{ k:a 1 k:b [ true false null ] k:c { k:d s:e } } "},
    {" \t\r\n{ \"a\"\n:\t1 }\r\n ", "{ k:a 1 } "},
    {"{\"a\":1,\"a\":2}", "{ k:a 1 k:a 2 } "},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "s:\"\\/\b\f\n\r\t "},
    {"\"x\\u0041\\u00e9\\u6f22\\ud83d\\ude00\\uDBFF\\uDFFF\\uFFFFy\"",
     "s:xA\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\xef\xbf\xbfy "},
    {"\"\\\\u d800 \\\\ud800\"", "s:\\u d800 \\ud800 "},
    {"\"\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\x7f\"", "s:\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\x7f "},
    {"{\"\\u006bey\":1}", "{ k:key 1 } "},
    {"\"// no /* comment */\"", "s:// no /* comment */ "},
};

static void every_kind_of_value_reaches_the_sink(void **state)
{
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
        assert_events(*state, ss_slice_str(documents[i].text), &strict, ss_slice_str(documents[i].events));
}

static void an_escaped_nul_is_a_nul_byte_in_the_string(void **state)
{
    assert_events(*state, SS_LIT("[\"a\\u0000b\",\"\\u0000\"]"), &strict, SS_LIT("[ s:a\0b s:\0 ] "));
    assert_events(*state, SS_LIT("{\"\\u0000\\u0000\":0}"), &strict, SS_LIT("{ k:\0\0 0 } "));
}

static void depth_counts_the_outermost_and_objects_and_arrays_alike(void **state)
{
    for (unsigned max = 1; max <= 300; max += 13) {
        char text[1300];
        struct ss_json_options options = {.max_depth = max};
        for (unsigned depth = max; depth <= max + 1; depth++) {
            size_t n = 0;
            struct recorder rec = {0};
            for (unsigned i = 0; i < depth; i++) {
                struct ss_slice open = i % 2 ? SS_LIT("{\"a\":") : SS_LIT("[");
                memcpy(text + n, open.ptr, open.len);
                n += open.len;
            }
            text[n++] = '0';
            for (unsigned i = depth; i-- > 0;)
                text[n++] = i % 2 ? '}' : ']';
            enum ss_err err = ss_json_read(*state, ss_slice_of(text, n), &options, &recorder_sink, &rec);
            assert_int_equal(err, depth <= max ? SS_OK : SS_ERR_INVALID);
        }
    }
}

static void depth_goes_down_again_where_a_value_ends(void **state)
{
    struct ss_json_options two = {.max_depth = 2};
    assert_events(*state, SS_LIT("[[],[],{},[]]"), &two, SS_LIT("[ [ ] [ ] { } [ ] ] "));
}

static void bare_python_words_are_read_only_when_asked_for(void **state)
{
    struct ss_json_options lenient = {.max_depth = 100, .bare_python_bools = true};
    assert_events(*state, SS_LIT("[True,False,true,\"True\",\"a\\\"False\",{\"True\":False}]"), &lenient,
                  SS_LIT("[ true false true s:True s:a\"False { k:True false } ] "));
    assert_events(*state, SS_LIT("True"), &lenient, SS_LIT("true "));
    assert_events(*state, SS_LIT("False"), &lenient, SS_LIT("false "));
    static const char *const bad[] = {"Tru",      "TRUE", "FALSE",  "Truefalse", "[TrueTrue]", "xTrue",
                                      "{True:1}", "None", "\"True", "Fals",      "T",          "\"\\"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct recorder rec = {0};
        struct ss_slice in = exact(ss_slice_str(bad[i]));
        assert_int_equal(ss_json_read(*state, in, &lenient, &recorder_sink, &rec), SS_ERR_INVALID);
        free((void *)(uintptr_t)in.ptr);
    }
    struct recorder rec = {0};
    assert_int_equal(ss_json_read(*state, SS_LIT("[True]"), &strict, &recorder_sink, &rec), SS_ERR_INVALID);
}

/* Every event of this, and where its token begins. */
static const char stopping[] =
    "{\"a\":[ true , \"x\\ty\",\n-1.5,\"\xc3\xa9\" ],\n \"b\\n\" :{} , \"n\":null}";
static const struct ss_json_position begins[] = {
    {0, 1, 1},   {1, 1, 2},  {5, 1, 6},  {7, 1, 8},   {14, 1, 15}, {22, 2, 1},  {27, 2, 6},
    {32, 2, 11}, {36, 3, 2}, {43, 3, 9}, {44, 3, 10}, {48, 3, 14}, {52, 3, 18}, {56, 3, 22},
};

static void a_stopped_reading_is_at_the_token_that_the_sink_was_given(void **state)
{
    for (unsigned i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        struct recorder rec = {.stop_at = i + 1};
        enum ss_err err = ss_json_read(*state, ss_slice_str(stopping), &strict, &recorder_sink, &rec);
        assert_int_equal(err, SS_ERR_CANCELLED);
        assert_int_equal(rec.events, i + 1);
        struct ss_json_position at = ss_json_reader_position(*state);
        if (at.offset != begins[i].offset || at.line != begins[i].line || at.column != begins[i].column)
            fail_msg("event %u: %zu, %u:%u after %s", i + 1, at.offset, at.line, at.column, rec.text);
    }
    struct recorder rec = {0};
    assert_int_equal(ss_json_read(*state, ss_slice_str(stopping), &strict, &recorder_sink, &rec), SS_OK);
    assert_int_equal(rec.events, sizeof begins / sizeof begins[0]);
}

static void a_sink_can_stop_at_a_value_that_only_the_end_of_text_ends(void **state)
{
    static const char *const texts[] = {"12", "-0.5e3", "null", "true", "\"s\"", "12  "};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[20];
        struct recorder rec = {.stop_at = 1};
        int n = snprintf(text, sizeof text, " \n %s", texts[i]);
        enum ss_err err = ss_json_read(*state, ss_slice_of(text, (size_t)n), &strict, &recorder_sink, &rec);
        assert_int_equal(err, SS_ERR_CANCELLED);
        struct ss_json_position at = ss_json_reader_position(*state);
        assert_int_equal(at.offset, 3);
        assert_int_equal(at.line, 2);
        assert_int_equal(at.column, 2);
    }
}

static void a_position_in_a_text_with_bare_words_is_that_of_the_text(void **state)
{
    struct ss_json_options lenient = {.max_depth = 100, .bare_python_bools = true};
    struct recorder rec = {.stop_at = 3};
    enum ss_err err = ss_json_read(*state, SS_LIT("[True, False]"), &lenient, &recorder_sink, &rec);
    assert_int_equal(err, SS_ERR_CANCELLED);
    assert_int_equal(ss_json_reader_position(*state).offset, 7);
}

static void large_strings_with_and_without_escapes_come_through_whole(void **state)
{
    enum { N = 3000000 };
    char *text = malloc(N + 2);
    for (int escapes = 0; escapes < 2; escapes++) {
        struct ss_json_sink sink = recorder_sink;
        struct recorder rec = {0};
        memset(text, 'a', N + 2);
        text[0] = text[N + 1] = '"';
        for (size_t i = 1000; escapes && i + 1 < N; i += 1000)
            memcpy(text + i, "\\n", 2);
        for (int again = 0; again < 3; again++)
            assert_int_equal(ss_json_read(*state, ss_slice_of(text, N + 2), &strict, &sink, &rec), SS_OK);
        assert_int_equal(rec.events, 3);
        assert_int_equal(ss_json_read(*state, ss_slice_of(text, N + 1), &strict, &sink, &rec),
                         SS_ERR_INVALID);
        assert_string_equal(ss_json_reader_error(*state), "unterminated string");
    }
    free(text);
}

static void a_reader_serves_again_after_any_outcome(void **state)
{
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        struct recorder rec = {0};
        ss_json_read(*state, SS_LIT("{\"a\":[\"\\n"), &strict, &recorder_sink, &rec);
        assert_events(*state, ss_slice_str(documents[i].text), &strict, ss_slice_str(documents[i].events));
        rec = (struct recorder){.stop_at = 2};
        ss_json_read(*state, SS_LIT("[\"\\n\",1]"), &strict, &recorder_sink, &rec);
        assert_events(*state, ss_slice_str(documents[i].text), &strict, ss_slice_str(documents[i].events));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_reader, free_reader)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_value_reaches_the_sink),
        TEST(an_escaped_nul_is_a_nul_byte_in_the_string),
        TEST(depth_counts_the_outermost_and_objects_and_arrays_alike),
        TEST(depth_goes_down_again_where_a_value_ends),
        TEST(bare_python_words_are_read_only_when_asked_for),
        TEST(a_stopped_reading_is_at_the_token_that_the_sink_was_given),
        TEST(a_sink_can_stop_at_a_value_that_only_the_end_of_text_ends),
        TEST(a_position_in_a_text_with_bare_words_is_that_of_the_text),
        TEST(large_strings_with_and_without_escapes_come_through_whole),
        TEST(a_reader_serves_again_after_any_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
