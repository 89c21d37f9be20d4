/* Printing numbers: the layout of ECMA-262 Number::toString. That the digits are the shortest is
 * test_number_random's. */
#include "json/number.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_prints_double(double v, const char *want)
{
    char *out = malloc(SS_NUMBER_MAX);
    unsigned n = ss_print_double(out, v);
    if (!ss_slice_eq(ss_slice_of(out, n), ss_slice_str(want)))
        fail_msg("%a gave %.*s, not %s", v, (int)n, out, want);
    free(out);
}

static void assert_prints_float(float v, const char *want)
{
    char *out = malloc(SS_NUMBER_MAX);
    unsigned n = ss_print_float(out, v);
    if (!ss_slice_eq(ss_slice_of(out, n), ss_slice_str(want)))
        fail_msg("%a gave %.*s, not %s", (double)v, (int)n, out, want);
    free(out);
}

static void doubles_look_as_in_ecmascript(void **state)
{
    (void)state;
    assert_prints_double(0.0, "0");
    assert_prints_double(-0.0, "-0");
    assert_prints_double(1, "1");
    assert_prints_double(-1, "-1");
    assert_prints_double(0.1, "0.1");
    assert_prints_double(-2.5, "-2.5");
    assert_prints_double(1.0 / 3, "0.3333333333333333");
    assert_prints_double(100, "100");
    assert_prints_double(123456.789, "123456.789");
    assert_prints_double(9007199254740991, "9007199254740991");
    assert_prints_double(9007199254740992, "9007199254740992");
    assert_prints_double(9007199254740994, "9007199254740994");
    assert_prints_double(1e20, "100000000000000000000");
    assert_prints_double(123456789012345680000.0, "123456789012345680000");
    assert_prints_double(999999999999999900000.0, "999999999999999900000");
    assert_prints_double(1e21, "1e+21");
    assert_prints_double(1.5e21, "1.5e+21");
    assert_prints_double(-1.2345678901234567e+100, "-1.2345678901234567e+100");
    assert_prints_double(0.000001, "0.000001");
    assert_prints_double(0.0000012345678901234567, "0.0000012345678901234567");
    assert_prints_double(0.0000001, "1e-7");
    assert_prints_double(-1.5e-7, "-1.5e-7");
    assert_prints_double(1e23, "1e+23");
    assert_prints_double(9.5367431640625e-7, "9.5367431640625e-7");
}

static void doubles_at_the_ends_of_the_range_print(void **state)
{
    (void)state;
    assert_prints_double(0x1p-1074, "5e-324");
    assert_prints_double(-0x1p-1074, "-5e-324");
    assert_prints_double(0x1p-1022, "2.2250738585072014e-308");
    assert_prints_double(0x0.fffffffffffffp-1022, "2.225073858507201e-308");
    assert_prints_double(-0x1.fffffffffffffp1023, "-1.7976931348623157e+308");
    assert_prints_double(-2.2250738585072014e-308, "-2.2250738585072014e-308");
}

static void floats_print_no_more_digits_than_a_float_needs(void **state)
{
    (void)state;
    assert_prints_float(0.0f, "0");
    assert_prints_float(-0.0f, "-0");
    assert_prints_float(0.1f, "0.1");
    assert_prints_float(-3.4f, "-3.4");
    assert_prints_float(1.0f / 3, "0.33333334");
    assert_prints_float(16777216.0f, "16777216");
    assert_prints_float(33554432.0f, "33554432");
    assert_prints_float(16777215.0f, "16777215");
    assert_prints_float(1e20f, "100000000000000000000");
    assert_prints_float(1e21f, "1e+21");
    assert_prints_float(1e-7f, "1e-7");
    assert_prints_float(0x1p-149f, "1e-45");
    assert_prints_float(0x1p-126f, "1.1754944e-38");
    assert_prints_float(0x1.fffffep127f, "3.4028235e+38");
    assert_prints_float(8388609.0f, "8388609");
}

static void integers_of_every_length_print_as_printf_prints_them(void **state)
{
    (void)state;
    static const int64_t ends[] = {0, 1, -1, INT64_MAX, INT64_MIN, 9, 10, -10};
    char want[32], got[SS_NUMBER_MAX];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(want, sizeof want, "%" PRId64, ends[i]);
        unsigned n = ss_print_int64(got, ends[i]);
        assert_true(ss_slice_eq(ss_slice_of(got, n), ss_slice_str(want)));
    }
    uint64_t ten = 1;
    for (int digits = 1; digits <= 20; digits++, ten *= 10) {
        for (int off = -1; off <= 1; off++) {
            uint64_t v = ten + (uint64_t)(int64_t)off;
            snprintf(want, sizeof want, "%" PRIu64, v);
            unsigned n = ss_print_uint64(got, v);
            assert_true(ss_slice_eq(ss_slice_of(got, n), ss_slice_str(want)));
        }
    }
    for (int shift = 0; shift < 64; shift++) {
        for (uint64_t off = 0; off < 2; off++) {
            uint64_t v = ((uint64_t)1 << shift) - off;
            snprintf(want, sizeof want, "%" PRIu64, v);
            unsigned n = ss_print_uint64(got, v);
            assert_true(ss_slice_eq(ss_slice_of(got, n), ss_slice_str(want)));
        }
    }
    assert_int_equal(ss_print_uint64(got, UINT64_MAX), 20);
    assert_memory_equal(got, "18446744073709551615", 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_look_as_in_ecmascript),
        cmocka_unit_test(doubles_at_the_ends_of_the_range_print),
        cmocka_unit_test(floats_print_no_more_digits_than_a_float_needs),
        cmocka_unit_test(integers_of_every_length_print_as_printf_prints_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
