/* What the reader refuses (RFC 8259, RFC 3629), where it says the fault is, and how it words it. */
#include "json/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/explain.h"
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

static enum ss_err read_text(struct ss_json_reader *r, struct ss_slice text)
{
    struct recorder rec = {0};
    struct ss_slice in = exact(text);
    enum ss_err err = ss_json_read(r, in, &strict, &recorder_sink, &rec);
    free((void *)(uintptr_t)in.ptr);
    return err;
}

static const struct {
    const char *text;
    size_t offset;
    const char *message;
} faults[] = {
    /* structure */
    {"", 0, "empty text, expected a JSON value"},
    {" \n ", 3, "empty text, expected a JSON value"},
    {"[1,2,]", 4, "trailing comma before a closing bracket"},
    {"[1 , ]", 3, "trailing comma before a closing bracket"},
    {"{\"a\":1,}", 6, "trailing comma before a closing brace"},
    {"[1 2]", 3, "expected a comma or a closing bracket, found a number"},
    {"[1,,2]", 3, "expected a value, found ','"},
    {"[,1]", 1, "expected a value or a closing bracket, found ','"},
    {"{,}", 1, "expected a key in double quotes or a closing brace, found ','"},
    {"{\"a\" 1}", 5, "expected a colon, found a number"},
    {"{\"a\",1}", 4, "expected a colon, found ','"},
    {"{\"a\":}", 5, "expected a value, found '}'"},
    {"{\"a\":1 \"b\":2}", 7, "expected a comma or a closing brace, found a string"},
    {"{\"a\":1:2}", 6, "expected a comma or a closing brace, found ':'"},
    {"{1:2}", 1, "expected a key in double quotes or a closing brace, found a number"},
    {"{a:1}", 1, "expected a key in double quotes or a closing brace, found 'a'"},
    {"{\"a\":1,b:2}", 7, "expected a key in double quotes, found 'b'"},
    {"{\"a\":[1,2}", 9, "expected a comma or a closing bracket, found '}'"},
    {"{\"a\":1]", 6, "expected a comma or a closing brace, found ']'"},
    {"]", 0, "expected a value, found ']'"},
    {"[1] 2", 4, "text after the end of the document"},
    {"{}{}", 2, "text after the end of the document"},
    {"1]", 1, "text after the end of the document"},
    {"null\nnull", 5, "text after the end of the document"},
    {"{}\"abc", 2, "unterminated string"},
    {"[] tru", 3, "text after the end of the document"},
    {"[]-", 2, "invalid number: no digit after '-'"},
    {"1 2", 2, "text after the end of the document"},
    {"12 3", 3, "text after the end of the document"},
    {"\"\" \\", 3, "unexpected character '\\'"},
    /* the end of the text */
    {"[", 1, "unexpected end of text, expected a value or a closing bracket"},
    {"[1", 2, "unexpected end of text, expected a comma or a closing bracket"},
    {"[1,", 3, "unexpected end of text, expected a value"},
    {"{ ", 2, "unexpected end of text, expected a key in double quotes or a closing brace"},
    {"{\"a\"", 4, "unexpected end of text, expected a colon"},
    {"{\"a\":", 5, "unexpected end of text, expected a value"},
    {"{\"a\":1", 6, "unexpected end of text, expected a comma or a closing brace"},
    {"{\"a\":1,", 7, "unexpected end of text, expected a key in double quotes"},
    /* strings */
    {"[\"abc]", 1, "unterminated string"},
    {"\"abc\\", 0, "unterminated string"},
    {"\"abc\\\"", 0, "unterminated string"},
    {"\"a\\x41\"", 2, "invalid escape \\x in a string"},
    {"\"\\'\"", 1, "invalid escape \\' in a string"},
    {"\"\\U0041\"", 1, "invalid escape \\U in a string"},
    {"\"\\\xc3\xa9\"", 1, "invalid escape in a string: a backslash must be written \\\\"},
    {"\"\\u12g4\"", 1, "invalid escape: \\u must be followed by four hexadecimal digits"},
    {"\"\\u12\"", 1, "invalid escape: \\u must be followed by four hexadecimal digits"},
    {"\"ab\ncd\"", 3, "control character U+000A in a string must be written as an escape (\\u000a)"},
    {"\"\t\"", 1, "control character U+0009 in a string must be written as an escape (\\u0009)"},
    {"\"\x1f\"", 1, "control character U+001F in a string must be written as an escape (\\u001f)"},
    {"'a'", 0, "strings and keys must be in double quotes"},
    {"{'a':1}", 1, "strings and keys must be in double quotes"},
    /* surrogates */
    {"\"x\\ud800\"", 2, "unpaired surrogate \\ud800"},
    {"\"\\uDBFFx\"", 1, "unpaired surrogate \\udbff"},
    {"\"\\udc00\"", 1, "unpaired surrogate \\udc00"},
    {"\"\\ud800\\u0041\"", 1, "unpaired surrogate \\ud800"},
    {"\"\\ud800\\ud800\\udc00\"", 1, "unpaired surrogate \\ud800"},
    {"\"\\ud800\\udc00\\udc00\"", 13, "unpaired surrogate \\udc00"},
    {"\"\\ud800\\n\"", 1, "unpaired surrogate \\ud800"},
    {"\"\\ud800\\\\udc00\"", 1, "unpaired surrogate \\ud800"},
    {"{\"\\\\\\udfff\":1}", 4, "unpaired surrogate \\udfff"},
    /* UTF-8 */
    {"\"a\x80\"", 2, "invalid UTF-8"},
    {"\"\xc0\xaf\"", 1, "invalid UTF-8"},
    {"\"\xc3\xa9\xe6\xbc\"", 3, "invalid UTF-8"},
    {"\"\xed\xa0\x80\"", 1, "invalid UTF-8"},
    {"\"\xf4\x90\x80\x80\"", 1, "invalid UTF-8"},
    {"[\xff]", 1, "invalid UTF-8"},
    {"\xef\xbb\xbf{}", 0, "a byte order mark is not allowed"},
    {"[\xc3\xa9]", 1, "unexpected character outside of a string"},
    {"[1\xc2\xa0]", 2, "unexpected character outside of a string"},
    /* numbers */
    {"[01]", 1, "invalid number: leading zero"},
    {"-012", 0, "invalid number: leading zero"},
    {"[-]", 1, "invalid number: no digit after '-'"},
    {"[--1]", 1, "invalid number: no digit after '-'"},
    {"[-Infinity]", 1, "invalid number: no digit after '-'"},
    {"[1.]", 1, "invalid number: no digit after the decimal point"},
    {"1.e5", 0, "invalid number: no digit after the decimal point"},
    {"[1e]", 1, "invalid number: no digit in the exponent"},
    {"1e+", 0, "invalid number: no digit in the exponent"},
    {"[+1]", 1, "a number may not begin with '+'"},
    {"[.5]", 1, "a number may not begin with '.'"},
    {"[0x10]", 2, "expected a comma or a closing bracket, found 'x10'"},
    {"[1.5.5]", 4, "a number may not begin with '.'"},
    /* words */
    {"[True]", 1, "True is not JSON, write true"},
    {"[False]", 1, "False is not JSON, write false"},
    {"[None]", 1, "None is not JSON, write null"},
    {"{\"a\":undefined}", 5, "undefined is not JSON, write null"},
    {"[NaN]", 1, "NaN is not JSON, write \"NaN\""},
    {"[Infinity]", 1, "Infinity is not JSON, write \"Infinity\""},
    {"[tru]", 1, "unknown word 'tru': strings must be in double quotes"},
    {"[truex]", 1, "unknown word 'truex': strings must be in double quotes"},
    {"nul", 0, "unknown word 'nul': strings must be in double quotes"},
    {"[hello world]", 1, "unknown word 'hello': strings must be in double quotes"},
    /* others */
    {"[1 // one\n]", 3, "comments are not allowed"},
    {"/* c */ 1", 0, "comments are not allowed"},
    {"# c\n1", 0, "comments are not allowed"},
    {"[1]\v", 3, "unexpected control character U+000B"},
    {"\f[1]", 0, "unexpected control character U+000C"},
    {"[\x01]", 1, "unexpected control character U+0001"},
    {"[1]\x7f", 3, "unexpected control character U+007F"},
    {"[1;2]", 2, "unexpected character ';'"},
    {"\\u0031", 0, "unexpected character '\\'"},
};

static void every_fault_is_named_and_placed(void **state)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct recorder rec = {0};
        struct ss_slice in = exact(ss_slice_str(faults[i].text));
        enum ss_err err = ss_json_read(*state, in, &strict, &recorder_sink, &rec);
        size_t offset = ss_json_reader_position(*state).offset;
        const char *message = ss_json_reader_error(*state);
        if (err != SS_ERR_INVALID || offset != faults[i].offset || strcmp(message, faults[i].message) != 0)
            fail_msg("%s: %d %s @%zu", faults[i].text, (int)err, message, offset);
        free((void *)(uintptr_t)in.ptr);
    }
}

static void nul_bytes_are_refused_everywhere(void **state)
{
    assert_int_equal(read_text(*state, ss_slice_of("1\0", 2)), SS_ERR_INVALID);
    assert_int_equal(read_text(*state, ss_slice_of("\0", 1)), SS_ERR_INVALID);
    assert_int_equal(read_text(*state, ss_slice_of("\"\0\"", 3)), SS_ERR_INVALID);
    assert_int_equal(read_text(*state, ss_slice_of("[\0]", 3)), SS_ERR_INVALID);
    assert_int_equal(read_text(*state, ss_slice_of("\"\\\0\"", 4)), SS_ERR_INVALID);
    assert_int_equal(read_text(*state, ss_slice_of(NULL, 0)), SS_ERR_INVALID);
}

static void lines_and_columns_count_from_one(void **state)
{
    struct recorder rec = {0};
    assert_int_equal(ss_json_read(*state, SS_LIT("{\n  \"a\": 1,\n  b: 2\n}"), &strict, &recorder_sink, &rec),
                     SS_ERR_INVALID);
    struct ss_json_position at = ss_json_reader_position(*state);
    assert_int_equal(at.line, 3);
    assert_int_equal(at.column, 3);
    assert_int_equal(at.offset, 14);
}

static void too_deep_is_placed_at_the_bracket_that_is_too_many(void **state)
{
    struct ss_json_options three = {.max_depth = 3};
    struct recorder rec = {0};
    assert_int_equal(ss_json_read(*state, SS_LIT("[{\"a\":[ [ ] ]}]"), &three, &recorder_sink, &rec),
                     SS_ERR_INVALID);
    assert_int_equal(ss_json_reader_position(*state).offset, 8);
    assert_string_equal(ss_json_reader_error(*state), "more than 3 nested objects and arrays");
    char *deep = malloc(1000000);
    memset(deep, '[', 1000000);
    assert_int_equal(ss_json_read(*state, ss_slice_of(deep, 1000000), &three, &recorder_sink, &rec),
                     SS_ERR_INVALID);
    assert_int_equal(ss_json_reader_position(*state).offset, 3);
    free(deep);
}

/* Every kind of token, white space, escape and sequence length. */
static const char whole[] =
    "{\"a\\n\\ud83d\\ude00\": [true, false, null,\n-1.25e+7 , \"\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\"]"
    ",\t\"\":{}, \"b\":\"plain text that is somewhat longer\" }";

static void every_document_cut_short_is_refused_at_its_end_or_in_its_last_token(void **state)
{
    assert_int_equal(read_text(*state, ss_slice_str(whole)), SS_OK);
    for (size_t n = 0; n < sizeof whole - 1; n++) {
        assert_int_equal(read_text(*state, ss_slice_of(whole, n)), SS_ERR_INVALID);
        assert_string_not_equal(ss_json_reader_error(*state), "invalid JSON");
    }
}

/* The explanation is a parser of its own, written from the RFC: both must agree about every text. */
static void assert_agrees(struct ss_json_reader *r, struct ss_slice text)
{
    char stack[100];
    struct ss_json_fault fault;
    bool bad = ss_json_explain(text, 100, stack, &fault);
    enum ss_err err = read_text(r, text);
    if (err != (bad ? SS_ERR_INVALID : SS_OK))
        fail_msg("%.*s: %d, but %s", SS_FMT(text), (int)err, bad ? fault.message : "no fault");
    if (bad)
        assert_true(fault.offset <= text.len);
}

static void every_byte_changed_to_every_other_is_judged_alike_by_reader_and_explanation(void **state)
{
    char text[sizeof whole];
    for (size_t i = 0; i < sizeof whole - 1; i++) {
        memcpy(text, whole, sizeof text);
        for (int c = 0; c < 256; c++) {
            text[i] = (char)c;
            assert_agrees(*state, ss_slice_of(text, sizeof whole - 1));
        }
    }
}

static void random_tokens_are_judged_alike_by_reader_and_explanation(void **state)
{
    static const char *const pieces[] = {"[",  "]",  "{",  "}",       ",",       ":",    "\"\"", "\"a\"",
                                         "1",  "-",  "0",  ".5",      "e1",      "true", "null", " ",
                                         "\n", "\\", "\"", "\\u00e9", "\\ud800", "\v"};
    uint64_t seed = 42;
    for (int round = 0; round < 20000; round++) {
        char text[100];
        size_t n = 0;
        for (int k = round % 12; k >= 0; k--) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            const char *piece = pieces[(seed >> 33) % (sizeof pieces / sizeof pieces[0])];
            memcpy(text + n, piece, strlen(piece));
            n += strlen(piece);
        }
        assert_agrees(*state, ss_slice_of(text, n));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_reader, free_reader)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_fault_is_named_and_placed),
        TEST(nul_bytes_are_refused_everywhere),
        TEST(lines_and_columns_count_from_one),
        TEST(too_deep_is_placed_at_the_bracket_that_is_too_many),
        TEST(every_document_cut_short_is_refused_at_its_end_or_in_its_last_token),
        TEST(every_byte_changed_to_every_other_is_judged_alike_by_reader_and_explanation),
        TEST(random_tokens_are_judged_alike_by_reader_and_explanation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
