/* Numbers against the C library's, which is correctly rounded: random bits, powers of two, random digits and
 * exact middles. SS_NUMBER_ROUNDS sets how many of each (default 300,000), SS_NUMBER_SEED where they begin.
 */
#include "json/number.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static uint64_t rounds(void)
{
    return from_environment("SS_NUMBER_ROUNDS", 300000);
}

/* xorshift64* */
struct random {
    uint64_t state;
};

static struct random random_start(void)
{
    return (struct random){from_environment("SS_NUMBER_SEED", 88172645463325252u)};
}

static uint64_t random_next(struct random *r)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return r->state * 0x2545f4914f6cdd1du;
}

static double double_of(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static float float_of(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static void assert_reads_like_the_c_library(const char *text, size_t len)
{
    double want = strtod(text, NULL), got = 0;
    enum ss_err err = ss_parse_double(ss_slice_of(text, len), &got);
    if (isinf(want) ? err != SS_ERR_INVALID : err != SS_OK || memcmp(&want, &got, sizeof got) != 0)
        fail_msg("%s gave %a, not %a", text, got, want);
    float wantf = strtof(text, NULL), gotf = 0;
    err = ss_parse_float(ss_slice_of(text, len), &gotf);
    if (isinf(wantf) ? err != SS_ERR_INVALID : err != SS_OK || memcmp(&wantf, &gotf, sizeof gotf) != 0)
        fail_msg("%s gave float %a, not %a", text, (double)gotf, (double)wantf);
}

/* The significant digits of a printed number, without zeros at either end; returns how many. */
static int significant(const char *text, char *digits)
{
    int n = 0, last = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (n == 0 && *text == '0'))
            continue;
        digits[n++] = *text;
        if (*text != '0')
            last = n;
    }
    digits[last] = '\0';
    return last;
}

/* text must read back as v, have no more digits than needed, and of that many the nearest. is_float chooses
 * the type. */
static void assert_shortest(const char *text, double v, bool is_float)
{
    char digits[64], other[64], other_digits[64];
    double back = is_float ? (double)strtof(text, NULL) : strtod(text, NULL);
    if (memcmp(&back, &v, sizeof v) != 0)
        fail_msg("%a printed as %s, which is %a", v, text, back);
    int n = significant(text, digits);
    if (v == 0)
        return;
    /* The nearest with as many digits: the same, if it reads back at all. */
    snprintf(other, sizeof other, "%.*e", n - 1, v);
    significant(other, other_digits);
    back = is_float ? (double)strtof(other, NULL) : strtod(other, NULL);
    if (back == v && strcmp(digits, other_digits) != 0)
        fail_msg("%a printed as %s, but %s is nearer", v, text, other);
    if (n == 1)
        return;
    snprintf(other, sizeof other, "%.*e", n - 2, v);
    back = is_float ? (double)strtof(other, NULL) : strtod(other, NULL);
    if (back == v)
        fail_msg("%a printed as %s, but %s is shorter", v, text, other);
}

static void check_double(double v)
{
    char text[SS_NUMBER_MAX + 1];
    unsigned n = ss_print_double(text, v);
    assert_true(n <= SS_NUMBER_MAX);
    text[n] = '\0';
    double back;
    assert_int_equal(ss_parse_double(ss_slice_of(text, n), &back), SS_OK);
    assert_memory_equal(&back, &v, sizeof v);
    assert_shortest(text, v, false);
}

static void check_float(float v)
{
    char text[SS_NUMBER_MAX + 1];
    unsigned n = ss_print_float(text, v);
    assert_true(n <= SS_NUMBER_MAX);
    text[n] = '\0';
    float back;
    assert_int_equal(ss_parse_float(ss_slice_of(text, n), &back), SS_OK);
    assert_memory_equal(&back, &v, sizeof v);
    assert_shortest(text, (double)v, true);
}

static void random_bits_print_shortest_and_come_back(void **state)
{
    (void)state;
    struct random r = random_start();
    for (uint64_t i = rounds(); i > 0; i--) {
        uint64_t bits = random_next(&r);
        if (isfinite(double_of(bits)))
            check_double(double_of(bits));
        if (isfinite(float_of((uint32_t)(bits >> 32))))
            check_float(float_of((uint32_t)(bits >> 32)));
    }
}

static void powers_of_two_and_their_neighbours_print_shortest_and_come_back(void **state)
{
    (void)state;
    for (uint64_t exponent = 0; exponent < 2047; exponent++) {
        for (uint64_t off = 0; off < 7; off++) {
            uint64_t bits = (exponent << 52) + off - 3;
            if (isfinite(double_of(bits)))
                check_double(double_of(bits));
        }
    }
    for (uint32_t exponent = 0; exponent < 255; exponent++) {
        for (uint32_t off = 0; off < 7; off++) {
            uint32_t bits = (exponent << 23) + off - 3;
            if (isfinite(float_of(bits)))
                check_float(float_of(bits));
        }
    }
}

static void decimals_of_few_digits_print_as_they_were_written(void **state)
{
    (void)state;
    struct random r = random_start();
    for (uint64_t i = rounds() / 4; i > 0; i--) {
        char text[40], out[SS_NUMBER_MAX], digits[64], printed[64];
        uint64_t bits = random_next(&r);
        double v = 0;
        int n = snprintf(text, sizeof text, "%llue%d", (unsigned long long)(bits % 1000000000000000),
                         (int)(bits >> 52 & 511) - 256);
        assert_int_equal(ss_parse_double(ss_slice_of(text, (size_t)n), &v), SS_OK);
        n = (int)ss_print_double(out, v);
        memcpy(printed, out, (size_t)n);
        printed[n] = '\0';
        significant(text, digits);
        significant(printed, text);
        assert_string_equal(text, digits);
    }
}

static void random_digits_read_like_the_c_library(void **state)
{
    (void)state;
    struct random r = random_start();
    for (uint64_t i = rounds(); i > 0; i--) {
        char text[128];
        uint64_t shape = random_next(&r);
        unsigned digits = shape & 31, point = shape >> 5 & 31, n = 0;
        text[n++] = (char)('1' + (shape >> 10) % 9);
        uint64_t v = random_next(&r);
        for (unsigned k = 0; k < digits; k++, v /= 10) {
            if (k == point)
                text[n++] = '.';
            if (k == 18)
                v = random_next(&r);
            text[n++] = (char)('0' + v % 10);
        }
        int range = shape >> 20 & 1 ? 700 : 40;
        n += (unsigned)snprintf(text + n, sizeof text - n, "e%d",
                                (int)((shape >> 32) % (unsigned)range) - range / 2);
        assert_reads_like_the_c_library(text, n);
    }
}

/* Numbers as people and programs write most of them, which are read a shorter way: up to 20 digits, no
 * exponent. Each is at the end of a block of its size. */
static void short_numbers_read_like_the_c_library(void **state)
{
    (void)state;
    struct random r = random_start();
    for (uint64_t i = rounds(); i > 0; i--) {
        char text[64];
        uint64_t shape = random_next(&r), v = random_next(&r);
        unsigned whole = (shape & 3) ? 1 : (unsigned)(1 + (shape >> 2) % 10),
                 places = (unsigned)((shape >> 10) % 18);
        size_t n = 0;
        if (shape >> 20 & 1)
            text[n++] = '-';
        for (unsigned k = 0; k < whole; k++, v /= 10)
            text[n++] = (char)('0' + (k == 0 && whole > 1 ? 1 + v % 9 : (shape >> 21 & 1) ? v % 10 : 0));
        if (places)
            text[n++] = '.';
        v = random_next(&r) >> ((shape >> 22) % 40);
        for (unsigned k = 0; k < places; k++, v /= 10)
            text[n++] = (char)('0' + v % 10);
        text[n] = '\0';
        char *exact = malloc(n);
        double got = 1, want = strtod(text, NULL);
        assert_non_null(exact);
        memcpy(exact, text, n);
        assert_int_equal(ss_parse_double(ss_slice_of(exact, n), &got), SS_OK);
        assert_memory_equal(&got, &want, sizeof got);
        free(exact);
        assert_reads_like_the_c_library(text, n);
    }
}

/* By RFC 8259 section 6, without exponent. */
static bool is_number(const char *p)
{
    p += *p == '-';
    if (*p == '0')
        p++;
    else if (*p >= '1' && *p <= '9')
        p += strspn(p, "0123456789");
    else
        return false;
    if (*p != '.')
        return *p == '\0';
    p++;
    return strspn(p, "0123456789") > 0 && p[strspn(p, "0123456789")] == '\0';
}

static void texts_with_a_wrong_character_are_refused(void **state)
{
    (void)state;
    static const char others[] = "-+./:0,\x01\x7f\x80\xff@ ";
    struct random r = random_start();
    for (uint64_t i = rounds() / 4; i > 0; i--) {
        char text[40];
        uint64_t shape = random_next(&r);
        int n = snprintf(text, sizeof text, "%s%u.%0*llu", shape & 1 ? "-" : "",
                         (unsigned)(shape >> 1 & 1 ? 0 : shape >> 40 & 4095), (int)(1 + (shape >> 8) % 16),
                         (unsigned long long)(shape >> 20 & 0xfffff));
        text[(shape >> 12) % (unsigned)n] = others[(shape >> 52) % (sizeof others - 1)];
        double v;
        float f;
        bool good = is_number(text);
        if (good != (ss_parse_double(ss_slice_of(text, (size_t)n), &v) == SS_OK) ||
            good != (ss_parse_float(ss_slice_of(text, (size_t)n), &f) == SS_OK))
            fail_msg("%s was %s", text, good ? "refused" : "taken");
    }
}

/* The exact decimal expansion of v, and numbers a little above and below it. */
static void check_around(long double v)
{
    char text[1300];
    int n = snprintf(text, sizeof text - 2, "%.1100Lg", v);
    assert_true(n > 0 && n < 1290);
    assert_reads_like_the_c_library(text, (size_t)n);
    char *exponent = strchr(text, 'e');
    char *last = exponent ? exponent - 1 : text + n - 1; /* %g leaves no zeros at the end of a fraction */
    if (!memchr(text, '.', (size_t)n) || *last == '0')
        return;
    --*last;
    assert_reads_like_the_c_library(text, (size_t)n);
    *last += 2;
    if (*last <= '9')
        assert_reads_like_the_c_library(text, (size_t)n);
}

static void middles_of_neighbours_and_what_is_beside_them_read_like_the_c_library(void **state)
{
    (void)state;
    struct random r = random_start();
    for (uint64_t i = rounds() / 50; i > 0; i--) {
        uint64_t bits = random_next(&r) >> 1;
        if (i % 4 == 0)
            bits &= ((uint64_t)1 << 53) - 1; /* subnormals, and the smallest normals */
        double low = double_of(bits), high = double_of(bits + 1);
        if (isfinite(high))
            check_around(((long double)low + (long double)high) / 2);
        uint32_t half = (uint32_t)(bits >> 32);
        if (isfinite(float_of(half + 1)))
            check_around(((long double)float_of(half) + (long double)float_of(half + 1)) / 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_bits_print_shortest_and_come_back),
        cmocka_unit_test(powers_of_two_and_their_neighbours_print_shortest_and_come_back),
        cmocka_unit_test(decimals_of_few_digits_print_as_they_were_written),
        cmocka_unit_test(random_digits_read_like_the_c_library),
        cmocka_unit_test(short_numbers_read_like_the_c_library),
        cmocka_unit_test(texts_with_a_wrong_character_are_refused),
        cmocka_unit_test(middles_of_neighbours_and_what_is_beside_them_read_like_the_c_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
