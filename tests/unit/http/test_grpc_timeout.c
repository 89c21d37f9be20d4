#include "http/grpc_timeout.h"

#include "support.h"

static void assert_timeout(const char *text, int64_t want)
{
    size_t n = strlen(text);
    char *block = exact(text, n);
    int64_t ms = -1;
    enum ss_err err = ss_grpc_timeout_parse(ss_slice_of(block, n), &ms);
    if (err != (want < 0 ? SS_ERR_INVALID : SS_OK) || (want >= 0 && ms != want))
        fail_msg("%s: got %d, %lld", text, (int)err, (long long)ms);
    exact_free(block, n);
}

static void assert_duration(const char *text, bool bare, int64_t want)
{
    size_t n = strlen(text);
    char *block = exact(text, n);
    int64_t ms = -1;
    enum ss_err err = ss_duration_parse(ss_slice_of(block, n), bare, &ms);
    if (err != (want < 0 ? SS_ERR_INVALID : SS_OK) || (want >= 0 && ms != want))
        fail_msg("%s: got %d, %lld", text, (int)err, (long long)ms);
    exact_free(block, n);
}

static void grpc_timeouts_have_digits_and_a_unit(void **state)
{
    (void)state;
    assert_timeout("1H", 3600000);
    assert_timeout("2M", 120000);
    assert_timeout("3S", 3000);
    assert_timeout("4m", 4);
    assert_timeout("0S", 0);
    assert_timeout("00000001S", 1000);
    assert_timeout("99999999H", INT64_C(359999996400000));
    static const char *const BAD[] = {"",    "S",   "1",   "123456789S", "1s", "1h",  "-1S", "+1S",
                                      " 1S", "1 S", "1S ", "1.5S",       "1x", "1SS", "S1",  "1mS"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        assert_timeout(BAD[i], -1);
}

static void fractions_of_a_millisecond_are_rounded_up(void **state)
{
    (void)state;
    assert_timeout("0u", 0);
    assert_timeout("1u", 1);
    assert_timeout("1000u", 1);
    assert_timeout("1001u", 2);
    assert_timeout("1n", 1);
    assert_timeout("1000000n", 1);
    assert_timeout("1000001n", 2);
    assert_timeout("99999999n", 100);
}

static void assert_printed(int64_t ms, const char *want)
{
    char out[SS_GRPC_TIMEOUT_MAX];
    unsigned n = ss_grpc_timeout_print(out, ms);
    assert_slice(ss_slice_of(out, n), want);
}

static void timeouts_are_printed_in_eight_digits_rounded_up(void **state)
{
    (void)state;
    assert_printed(0, "0m");
    assert_printed(-5, "0m");
    assert_printed(1, "1m");
    assert_printed(10000, "10000m");
    assert_printed(99999999, "99999999m");
    assert_printed(100000000, "100000S");
    assert_printed(100000001, "100001S");
    assert_printed(INT64_C(99999999000), "99999999S");
    assert_printed(INT64_C(99999999001), "1666667M");
    assert_printed(INT64_C(100000000000), "1666667M");
    assert_printed(INT64_C(5999999940000), "99999999M");
    assert_printed(INT64_C(5999999940001), "1666667H");
    assert_printed(INT64_MAX, "99999999H");
}

static void a_printed_timeout_is_never_shorter(void **state)
{
    (void)state;
    for (int64_t ms = 1; ms < INT64_C(300000000000000); ms = ms * 7 + 3) {
        char out[SS_GRPC_TIMEOUT_MAX];
        unsigned n = ss_grpc_timeout_print(out, ms);
        int64_t back;
        assert_true(n <= 9);
        assert_int_equal(ss_grpc_timeout_parse(ss_slice_of(out, n), &back), SS_OK);
        assert_true(back >= ms);
        assert_true(back - ms <= ms / 10000);
    }
}

static void durations_have_units_and_fractions(void **state)
{
    (void)state;
    assert_duration("10s", false, 10000);
    assert_duration("0.4s", false, 400);
    assert_duration("400ms", false, 400);
    assert_duration("5m", false, 300000);
    assert_duration("1h", false, 3600000);
    assert_duration("1.5m", false, 90000);
    assert_duration("0s", false, 0);
    assert_duration("0.0s", false, 0);
    assert_duration("1.000s", false, 1000);
    assert_duration("007s", false, 7000);
}

static void durations_are_rounded_up_to_milliseconds(void **state)
{
    (void)state;
    assert_duration("0.0001s", false, 1);
    assert_duration("0.0010001s", false, 2);
    assert_duration("0.5ms", false, 1);
    assert_duration("1.000000000000000000000001s", false, 1001);
    assert_duration("1.000000000000000000000000s", false, 1000);
    assert_duration("0.3333333333333333", true, 334);
    assert_duration("0.999999999999h", false, 3600000);
}

static void bare_seconds_only_where_they_are_taken(void **state)
{
    (void)state;
    assert_duration("10", true, 10000);
    assert_duration("0.5", true, 500);
    assert_duration("10s", true, 10000);
    assert_duration("10", false, -1);
    assert_duration("0.5", false, -1);
}

static void malformed_durations_are_invalid(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",     "s",    ".5s",  "5.s", "5.",  "-1s",   "+1s",  " 1s", "1s ",
                                      "1 s",  "1S",   "1H",   "1d",  "1us", "1ns",   "1sec", "1ss", "1.2.3s",
                                      "1e3s", "1,5s", "0x1s", "inf", "NaN", "1h30m", "."};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_duration(BAD[i], false, -1);
        assert_duration(BAD[i], true, -1);
    }
}

static void ten_years_are_the_longest(void **state)
{
    (void)state;
    assert_duration("87600h", false, INT64_C(315360000000));
    assert_duration("315360000s", false, INT64_C(315360000000));
    assert_duration("315360000.001s", false, -1);
    assert_duration("315360001s", false, -1);
    assert_duration("87601h", false, -1);
    assert_duration("315360000000ms", false, INT64_C(315360000000));
    assert_duration("315360000000.1ms", false, -1);
    assert_duration("99999999999999999999999999s", false, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grpc_timeouts_have_digits_and_a_unit),
        cmocka_unit_test(fractions_of_a_millisecond_are_rounded_up),
        cmocka_unit_test(timeouts_are_printed_in_eight_digits_rounded_up),
        cmocka_unit_test(a_printed_timeout_is_never_shorter),
        cmocka_unit_test(durations_have_units_and_fractions),
        cmocka_unit_test(durations_are_rounded_up_to_milliseconds),
        cmocka_unit_test(bare_seconds_only_where_they_are_taken),
        cmocka_unit_test(malformed_durations_are_invalid),
        cmocka_unit_test(ten_years_are_the_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
