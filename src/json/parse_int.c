/* Text to integers, as protobuf's JSON mapping reads them: the value must be whole, its spelling need not be.
 */
#include "json/number.h"

#include "json/decimal.h"

/* Digits only, at most 18 of them, no leading zero: what nearly all integers look like. */
static inline bool parse_plain(const char *p, size_t n, uint64_t *out)
{
    if (n == 0 || n > 18 || (p[0] == '0' && n > 1))
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned char)(p[i] - '0');
        if (digit > 9)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

/* Digit i of the integer and fraction parts put together. */
static unsigned digit_at(const struct ss_decimal *d, size_t i)
{
    size_t n = d->integer.len;
    return (unsigned)((i < n ? d->integer.ptr[i] : d->fraction.ptr[i - n]) - '0');
}

/* The absolute value of d, if it is whole and below 2^64. */
static bool to_whole(const struct ss_decimal *d, uint64_t *out)
{
    enum { MAX_DIGITS = 20 };
    size_t first = 0, end = d->integer.len + d->fraction.len;
    while (first < end && digit_at(d, first) == 0)
        first++;
    while (end > first && digit_at(d, end - 1) == 0)
        end--;
    *out = 0;
    if (first == end)
        return true;
    /* digits[first, end) stand before the decimal point, followed by zeros up to it */
    int64_t point = (int64_t)d->integer.len + d->exponent;
    if (point < (int64_t)end || point - (int64_t)first > MAX_DIGITS)
        return false;
    for (int64_t i = (int64_t)first; i < point; i++) {
        unsigned digit = i < (int64_t)end ? digit_at(d, (size_t)i) : 0;
        if (__builtin_mul_overflow(*out, 10u, out) || __builtin_add_overflow(*out, digit, out))
            return false;
    }
    return true;
}

/* The sign and absolute value of text. */
static bool parse_whole(struct ss_slice text, bool *negative, uint64_t *out)
{
    if (text.len == 0)
        return false;
    *negative = text.ptr[0] == '-';
    if (parse_plain(text.ptr + *negative, text.len - *negative, out))
        return true;
    struct ss_decimal d;
    return ss_decimal_parse(&d, text) && to_whole(&d, out);
}

enum ss_err ss_parse_int64(struct ss_slice text, int64_t *out)
{
    bool negative;
    uint64_t v;
    if (!parse_whole(text, &negative, &v) || v > (uint64_t)INT64_MAX + negative)
        return SS_ERR_INVALID;
    *out = (int64_t)(negative ? 0 - v : v);
    return SS_OK;
}

enum ss_err ss_parse_uint64(struct ss_slice text, uint64_t *out)
{
    bool negative;
    uint64_t v;
    if (!parse_whole(text, &negative, &v) || (negative && v))
        return SS_ERR_INVALID;
    *out = v;
    return SS_OK;
}
