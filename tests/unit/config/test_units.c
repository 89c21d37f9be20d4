/* Durations and sizes. */
#include "config/units.h"

#include "config/support.h"

static void durations_are_whole_milliseconds(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } good[] = {
        {"10s", 10000},
        {"0.4s", 400},
        {"400ms", 400},
        {"5m", 300000},
        {"1h", 3600000},
        {"0", 0},
        {"0s", 0},
        {"1.5m", 90000},
        {"0.0001s", 1},
        {"1.0005s", 1001},
        {"0.000000001s", 1},
        {"0.5ms", 1},
        {"007s", 7000},
        {"36600h", 131760000000},
        {"878400h", UINT64_C(3162240000000)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint64_t ms = 12345;
        if (ss_duration_parse(ss_slice_str(good[i].text), false, &ms) != SS_OK || ms != good[i].ms)
            fail_msg("\"%s\" gave %llu", good[i].text, (unsigned long long)ms);
    }
}

static void what_is_no_duration_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "s",
                                      "10",
                                      "10 s",
                                      "-1s",
                                      "+1s",
                                      "1.s",
                                      ".5s",
                                      "1e3s",
                                      "1S",
                                      "1d",
                                      "1m30s",
                                      "1s ",
                                      " 1s",
                                      "1,5s",
                                      "1.5.5s",
                                      "ms",
                                      "0x1s",
                                      "00",
                                      "0.0000000001s",
                                      "99999999999999999999s",
                                      "18446744073709551615h",
                                      "878401h"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t ms;
        if (ss_duration_parse(ss_slice_str(bad[i]), false, &ms) == SS_OK)
            fail_msg("\"%s\" was taken for a duration", bad[i]);
    }
}

static void sizes_have_binary_and_decimal_units(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {
        {"0", 0},
        {"1048576", 1048576},
        {"64KiB", 65536},
        {"4MiB", 4194304},
        {"1GiB", 1073741824},
        {"64kB", 64000},
        {"64KB", 64000},
        {"4MB", 4000000},
        {"1GB", 1000000000},
        {"10B", 10},
        {"18446744073709551615", UINT64_MAX},
        {"17179869183GiB", UINT64_C(18446744072635809792)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint64_t bytes = 12345;
        if (!ss_size_parse(ss_slice_str(good[i].text), &bytes) || bytes != good[i].bytes)
            fail_msg("\"%s\" gave %llu", good[i].text, (unsigned long long)bytes);
    }
}

static void what_is_no_size_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "KiB",
                                      "4 MiB",
                                      "-1",
                                      "+1",
                                      "1.5MiB",
                                      "4Mib",
                                      "4M",
                                      "1k",
                                      "0x10",
                                      "18446744073709551616",
                                      "17179869184GiB",
                                      "1TiBx"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t bytes;
        if (ss_size_parse(ss_slice_str(bad[i]), &bytes))
            fail_msg("\"%s\" was taken for a size", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_whole_milliseconds),
        cmocka_unit_test(what_is_no_duration_is_refused),
        cmocka_unit_test(sizes_have_binary_and_decimal_units),
        cmocka_unit_test(what_is_no_size_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
