/* Reading numbers: the grammar of RFC 8259 §6, IEEE 754 rounding, and protobuf's rules for integers. */
#include "json/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "json/recorder.h"

static enum ss_err parse_double(struct ss_slice text, double *out)
{
    struct ss_slice in = exact(text);
    enum ss_err err = ss_parse_double(in, out);
    free((void *)(uintptr_t)in.ptr);
    return err;
}

static void assert_double(const char *text, double want)
{
    double got = 12345;
    if (parse_double(ss_slice_str(text), &got) != SS_OK)
        fail_msg("%s was refused", text);
    if (memcmp(&got, &want, sizeof got) != 0)
        fail_msg("%s gave %a, not %a", text, got, want);
}

static void assert_float(const char *text, float want)
{
    float got = 12345;
    if (ss_parse_float(ss_slice_str(text), &got) != SS_OK)
        fail_msg("%s was refused", text);
    if (memcmp(&got, &want, sizeof got) != 0)
        fail_msg("%s gave %a, not %a", text, (double)got, (double)want);
}

static void what_is_not_a_json_number_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",      "-",         "+1",       ".5",          "1.",        "1.e5", "1e",    "1e+", "e5",
        "01",    "-01",       "00",       "--1",         "1 ",        " 1",   "1a",    "0x1", "1.5.",
        "1e5.0", "NaN",       "nan",      "Infinity",    "-Infinity", "inf",  "1_000", "1,5", "1e1e1",
        "-.5",   "12345678x", "1234567.", "0.12345678x", "1E",        "1d"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ss_slice in = exact(ss_slice_str(bad[i]));
        double d;
        float f;
        int64_t s;
        uint64_t u;
        if (ss_parse_double(in, &d) != SS_ERR_INVALID || ss_parse_float(in, &f) != SS_ERR_INVALID ||
            ss_parse_int64(in, &s) != SS_ERR_INVALID || ss_parse_uint64(in, &u) != SS_ERR_INVALID)
            fail_msg("'%s' was accepted", bad[i]);
        free((void *)(uintptr_t)in.ptr);
    }
    double d;
    assert_int_equal(ss_parse_double(ss_slice_of(NULL, 0), &d), SS_ERR_INVALID);
    assert_int_equal(ss_parse_double(ss_slice_of("1\0", 2), &d), SS_ERR_INVALID);
}

static void every_spelling_of_a_number_is_read(void **state)
{
    (void)state;
    assert_double("0", 0.0);
    assert_double("-0", -0.0);
    assert_double("-0.0e5", -0.0);
    assert_double("0e999999999999999999999999", 0.0);
    assert_double("1", 1);
    assert_double("-1.5", -1.5);
    assert_double("1e2", 100);
    assert_double("1E+2", 100);
    assert_double("1e-2", 0.01);
    assert_double("1.0000", 1);
    assert_double("0.000001", 1e-6);
    assert_double("123456789.125", 123456789.125);
    assert_double("1e0000000000000000000000000000001", 10);
    assert_float("0.1", 0.1f);
    assert_float("-0", -0.0f);
    assert_float("16777216", 16777216.0f);
    assert_float("3.14159265358979", 3.14159265358979f);
}

static void doubles_at_the_borders_are_rounded_to_the_nearest_even(void **state)
{
    (void)state;
    assert_double("9007199254740993", 9007199254740992.0);
    assert_double("9007199254740995", 9007199254740996.0);
    assert_double("9007199254740993.00000000000000000000000001", 9007199254740994.0);
    assert_double("9007199254740992.99999999999999999999999999", 9007199254740992.0);
    assert_double("1.00000000000000011102230246251565404236316680908203125", 1.0);
    assert_double("1.00000000000000011102230246251565404236316680908203126", 0x1.0000000000001p0);
    assert_double("1.00000000000000011102230246251565404236316680908203124", 1.0);
    assert_double("2.2250738585072011e-308", 0x0.fffffffffffffp-1022);
    assert_double("2.2250738585072012e-308", 0x1p-1022);
    assert_double("2.2250738585072014e-308", 0x1p-1022);
    assert_double("4.9406564584124654e-324", 0x1p-1074);
    assert_double("2.4703282292062328e-324", 0x1p-1074);
    assert_double("2.4703282292062327e-324", 0.0);
    assert_double("1e-400", 0.0);
    assert_double("-1e-400", -0.0);
    assert_double("1.7976931348623157e308", 0x1.fffffffffffffp1023);
    assert_double("1.7976931348623158e308", 0x1.fffffffffffffp1023);
    assert_double("1e23", 1e23);
    assert_double("8.41e21", 8.41e21);
    assert_double("5e-324", 0x1p-1074);
    assert_double("6.631236846766476e-316", 6.631236846766476e-316);
    assert_double("3.2378839133029012895883524125015321748630094230514e-319",
                  3.2378839133029012895883524125015321748630094230514e-319);
}

static void floats_are_rounded_once_and_not_by_way_of_double(void **state)
{
    (void)state;
    /* just above the middle of two floats, but nearest to the middle as a double: 1 + 2^-24 + 2^-60 */
    assert_float("1.00000005960464477626", 0x1.000002p0f);
    assert_float("1.000000059604644775390625", 1.0f);
    assert_float("1.000000059604644775390624", 1.0f);
    assert_float("16777217", 16777216.0f);
    assert_float("16777219", 16777220.0f);
    assert_float("3.4028234663852886e38", 0x1.fffffep127f);
    assert_float("3.4028235677973362e38", 0x1.fffffep127f);
    assert_float("1.4e-45", 0x1p-149f);
    assert_float("7.1e-46", 0x1p-149f);
    assert_float("7.0e-46", 0.0f);
    assert_float("1e-46", 0.0f);
    assert_float("1.17549421e-38", 0x0.fffffep-126f);
}

static void what_rounds_to_infinity_is_refused(void **state)
{
    (void)state;
    /* the last is the middle between the largest and what would follow it, 2^1024 - 2^970 */
    static const char *const bad[] = {
        "1e309", "-1e309", "1.7976931348623159e308", "1e99999999999999999999",
        "179769313486231580793728971405303415079934132710037826936173778980444968292"
        "764750946649017977587207096330286416692887910946555547851940402630657488671"
        "505820681908902000708383676273854845817711531764475730270069855571366959622"
        "842914819860834936475292719074168444365510704342711559699508093042880177904"
        "174497792"};
    double d;
    float f;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(ss_parse_double(ss_slice_str(bad[i]), &d), SS_ERR_INVALID);
    /* one less */
    assert_double("179769313486231580793728971405303415079934132710037826936173778980444968292"
                  "764750946649017977587207096330286416692887910946555547851940402630657488671"
                  "505820681908902000708383676273854845817711531764475730270069855571366959622"
                  "842914819860834936475292719074168444365510704342711559699508093042880177904"
                  "174497791",
                  0x1.fffffffffffffp1023);
    assert_int_equal(ss_parse_float(SS_LIT("3.4028235677973367e38"), &f), SS_ERR_INVALID);
    assert_int_equal(ss_parse_float(SS_LIT("1e39"), &f), SS_ERR_INVALID);
}

static void thousands_of_digits_still_decide(void **state)
{
    (void)state;
    enum { N = 3000 };
    char text[N + 8];
    /* 1 + 2^-53 exactly, then zeros, and at last a digit that is not */
    static const char middle[] = "1.00000000000000011102230246251565404236316680908203125";
    memset(text, '0', sizeof text);
    memcpy(text, middle, sizeof middle - 1);
    double d;
    assert_int_equal(parse_double(ss_slice_of(text, N), &d), SS_OK);
    assert_true(d == 1.0);
    text[N - 1] = '1';
    assert_int_equal(parse_double(ss_slice_of(text, N), &d), SS_OK);
    assert_true(d == 0x1.0000000000001p0);
    /* large exponents and long digits that cancel */
    memset(text, '0', sizeof text);
    memcpy(text, "1", 1);
    memcpy(text + N, "e-2999", 6);
    assert_int_equal(parse_double(ss_slice_of(text, N + 6), &d), SS_OK);
    assert_true(d == 1.0);
    memcpy(text, "0.", 2);
    text[N - 1] = '7';
    memcpy(text + N, "e+2998", 6);
    assert_int_equal(parse_double(ss_slice_of(text, N + 6), &d), SS_OK);
    assert_true(d == 7.0);
}

static const struct {
    const char *text;
    int64_t value;
} integers[] = {
    {"0", 0},
    {"-0", 0},
    {"-0.0", 0},
    {"0e5", 0},
    {"0.000e-99999999999999999999", 0},
    {"1", 1},
    {"-1", -1},
    {"1.0", 1},
    {"1e2", 100},
    {"1E+2", 100},
    {"100e-2", 1},
    {"1.5e1", 15},
    {"-1.20e1", -12},
    {"0.000123e6", 123},
    {"12300e-2", 123},
    {"999999999999999999", 999999999999999999},
    {"1000000000000000000", 1000000000000000000},
    {"9223372036854775807", INT64_MAX},
    {"-9223372036854775808", INT64_MIN},
    {"9223372036854775807.000000000000000000000000000", INT64_MAX},
    {"-9.223372036854775808e18", INT64_MIN},
    {"922337203685477580700000000000000000000e-20", INT64_MAX},
    {"0.0000000000000000000000000000000000001e37", 1},
};

static void whole_values_are_integers_however_they_are_spelt(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        int64_t v = 77;
        uint64_t u = 77;
        struct ss_slice in = exact(ss_slice_str(integers[i].text));
        if (ss_parse_int64(in, &v) != SS_OK || v != integers[i].value)
            fail_msg("%s gave %lld", integers[i].text, (long long)v);
        enum ss_err err = ss_parse_uint64(in, &u);
        assert_int_equal(err, integers[i].value < 0 ? SS_ERR_INVALID : SS_OK);
        if (err == SS_OK)
            assert_int_equal(u, integers[i].value);
        free((void *)(uintptr_t)in.ptr);
    }
}

static void unsigned_integers_reach_up_to_their_largest(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {{"18446744073709551615", UINT64_MAX},
                {"18446744073709551615.0", UINT64_MAX},
                {"1.8446744073709551615e19", UINT64_MAX},
                {"9223372036854775808", (uint64_t)INT64_MAX + 1},
                {"1e19", 10000000000000000000u}};
    int64_t s;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint64_t u = 77;
        assert_int_equal(ss_parse_uint64(ss_slice_str(good[i].text), &u), SS_OK);
        assert_true(u == good[i].value);
        assert_int_equal(ss_parse_int64(ss_slice_str(good[i].text), &s), SS_ERR_INVALID);
    }
}

static void fractions_and_what_is_too_large_are_no_integers(void **state)
{
    (void)state;
    static const char *const bad[] = {"1.5",
                                      "0.1",
                                      "1e-1",
                                      "123e-3",
                                      "1.00000000000000000000000000001",
                                      "18446744073709551616",
                                      "-9223372036854775809",
                                      "99999999999999999999",
                                      "100000000000000000000",
                                      "1e20",
                                      "2e19",
                                      "1e99999999999999999999",
                                      "1e-99999999999999999999",
                                      "-1e9999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t s;
        uint64_t u;
        if (ss_parse_int64(ss_slice_str(bad[i]), &s) == SS_OK ||
            ss_parse_uint64(ss_slice_str(bad[i]), &u) == SS_OK)
            fail_msg("%s was accepted", bad[i]);
    }
    uint64_t u;
    assert_int_equal(ss_parse_uint64(SS_LIT("-1"), &u), SS_ERR_INVALID);
    assert_int_equal(ss_parse_uint64(SS_LIT("-0"), &u), SS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_a_json_number_is_refused),
        cmocka_unit_test(every_spelling_of_a_number_is_read),
        cmocka_unit_test(doubles_at_the_borders_are_rounded_to_the_nearest_even),
        cmocka_unit_test(floats_are_rounded_once_and_not_by_way_of_double),
        cmocka_unit_test(what_rounds_to_infinity_is_refused),
        cmocka_unit_test(thousands_of_digits_still_decide),
        cmocka_unit_test(whole_values_are_integers_however_they_are_spelt),
        cmocka_unit_test(unsigned_integers_reach_up_to_their_largest),
        cmocka_unit_test(fractions_and_what_is_too_large_are_no_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
