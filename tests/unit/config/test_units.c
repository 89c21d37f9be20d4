/* Sizes. */
#include "config/units.h"

#include "config/support.h"

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
        cmocka_unit_test(sizes_have_binary_and_decimal_units),
        cmocka_unit_test(what_is_no_size_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
