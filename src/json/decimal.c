#include "json/decimal.h"

enum { MANTISSA_DIGITS = 19 }; /* as many as 64 bits hold in every case */
static const int64_t EXPONENT_CLAMP = 100000000000000000;

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* Eight digits at once, their first in the lowest byte. */
static inline bool are_eight_digits(uint64_t v)
{
    return ((v & 0xf0f0f0f0f0f0f0f0u) | ((v + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4) ==
           0x3333333333333333u;
}

static inline uint64_t eight_digits(uint64_t v)
{
    v -= 0x3030303030303030u;
    v = v * 10 + (v >> 8); /* pairs, in every other byte */
    uint64_t outer = (v & 0x000000ff000000ffu) * (100 + ((uint64_t)1000000 << 32));
    uint64_t inner = (v >> 16 & 0x000000ff000000ffu) * (1 + ((uint64_t)10000 << 32));
    return (outer + inner) >> 32;
}
#endif

/* Adds the digits at p to *w, which may wrap around; returns where they end. */
static inline const char *take_digits(const char *p, const char *end, uint64_t *w)
{
    uint64_t sum = *w;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t eight;
    while (end - p >= 8) {
        memcpy(&eight, p, 8);
        if (!are_eight_digits(eight))
            break;
        sum = sum * 100000000 + eight_digits(eight);
        p += 8;
    }
#endif
    while (p < end && is_digit(*p))
        sum = sum * 10 + (uint64_t)(*p++ - '0');
    *w = sum;
    return p;
}

/* Reads the exponent at p, behind the 'e'; NULL when there is none. */
static const char *take_exponent(const char *p, const char *end, int64_t *exponent)
{
    bool minus = false;
    if (p < end && (*p == '-' || *p == '+'))
        minus = *p++ == '-';
    if (p == end || !is_digit(*p))
        return NULL;
    int64_t e = 0;
    for (; p < end && is_digit(*p); p++)
        if (e < EXPONENT_CLAMP)
            e = e * 10 + (*p - '0');
    if (e > EXPONENT_CLAMP)
        e = EXPONENT_CLAMP;
    *exponent = minus ? -e : e;
    return p;
}

/* The mantissa again, for more digits than it holds. */
static void truncate_mantissa(struct ss_decimal *d)
{
    const struct ss_slice parts[] = {d->integer, d->fraction};
    uint64_t w = 0;
    int taken = 0;
    d->exp10 = d->exponent;
    for (int part = 0; part < 2; part++) {
        for (size_t i = 0; i < parts[part].len; i++) {
            char c = parts[part].ptr[i];
            if (taken == MANTISSA_DIGITS) {
                d->truncated |= c != '0';
                d->exp10 += part == 0;
                continue;
            }
            w = w * 10 + (uint64_t)(c - '0');
            taken += w != 0;
            d->exp10 -= part == 1;
        }
    }
    d->mantissa = w;
}

bool ss_decimal_parse(struct ss_decimal *d, struct ss_slice text)
{
    *d = (struct ss_decimal){0};
    if (text.len == 0)
        return false;
    const char *p = text.ptr, *end = p + text.len;
    if (*p == '-') {
        d->negative = true;
        p++;
    }
    const char *first = p;
    p = take_digits(p, end, &d->mantissa);
    d->integer = ss_slice_of(first, (size_t)(p - first));
    if (p == first || (*first == '0' && p - first > 1))
        return false;
    if (p < end && *p == '.') {
        first = ++p;
        p = take_digits(p, end, &d->mantissa);
        if (p == first)
            return false;
        d->fraction = ss_slice_of(first, (size_t)(p - first));
    }
    if (p < end && (*p | 0x20) == 'e') {
        p = take_exponent(p + 1, end, &d->exponent);
        if (p == NULL)
            return false;
    }
    if (p != end)
        return false;
    d->exp10 = d->exponent - (int64_t)d->fraction.len;
    if (d->integer.len + d->fraction.len > MANTISSA_DIGITS)
        truncate_mantissa(d);
    return true;
}
