/* Numbers: what the parsers take is what strtod and strtof make of it, and what the printers print comes
 * back. The input is a text; its first bytes are also taken for the bits of numbers to print. */
#include "json/number.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static void check_double(const char *text, struct ss_slice s)
{
    double got, want = strtod(text, NULL);
    if (ss_parse_double(s, &got) == SS_OK)
        assert(memcmp(&got, &want, sizeof got) == 0);
}

static void check_float(const char *text, struct ss_slice s)
{
    float got, want = strtof(text, NULL);
    if (ss_parse_float(s, &got) == SS_OK)
        assert(memcmp(&got, &want, sizeof got) == 0);
}

static void check_integers(const char *text, struct ss_slice s)
{
    int64_t i;
    uint64_t u;
    double d;
    bool is_signed = ss_parse_int64(s, &i) == SS_OK, is_unsigned = ss_parse_uint64(s, &u) == SS_OK;
    if (!is_signed && !is_unsigned)
        return;
    assert(ss_parse_double(s, &d) == SS_OK);
    assert(d == (is_signed ? (double)i : (double)u));
    if (is_signed && is_unsigned)
        assert(i >= 0 && (uint64_t)i == u);
    if (text[strspn(text, "-0123456789")] == '\0')
        assert(is_signed ? strtoll(text, NULL, 10) == i : strtoull(text, NULL, 10) == u);
}

static void check_printing(const uint8_t *data, size_t size)
{
    uint64_t bits = 0;
    memcpy(&bits, data, size < sizeof bits ? size : sizeof bits);
    char out[SS_NUMBER_MAX + 1];
    double d, back;
    float f, backf;
    memcpy(&d, &bits, sizeof d);
    memcpy(&f, &bits, sizeof f);
    if (isfinite(d)) {
        unsigned n = ss_print_double(out, d);
        assert(n <= SS_NUMBER_MAX && ss_parse_double(ss_slice_of(out, n), &back) == SS_OK);
        assert(memcmp(&d, &back, sizeof d) == 0);
        out[n] = '\0';
        assert(strtod(out, NULL) == d);
    }
    if (isfinite(f)) {
        unsigned n = ss_print_float(out, f);
        assert(n <= SS_NUMBER_MAX && ss_parse_float(ss_slice_of(out, n), &backf) == SS_OK);
        assert(memcmp(&f, &backf, sizeof f) == 0);
        out[n] = '\0';
        assert(strtof(out, NULL) == f);
    }
    int64_t i, backi;
    memcpy(&i, &bits, sizeof i);
    unsigned n = ss_print_int64(out, i);
    assert(ss_parse_int64(ss_slice_of(out, n), &backi) == SS_OK && backi == i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    struct ss_slice s = ss_slice_of((const char *)data, size);
    check_double(text, s);
    check_float(text, s);
    check_integers(text, s);
    check_printing(data, size);
    free(text);
    return 0;
}
