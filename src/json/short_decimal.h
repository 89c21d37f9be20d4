/* The text of a JSON number without exponent and of at most 16 digits, which most are, taken apart in
 * registers: no loop over its digits and hardly a branch. Other numbers are left to decimal.h. */
#ifndef SS_JSON_SHORT_DECIMAL_H
#define SS_JSON_SHORT_DECIMAL_H

#include <stdint.h>

#include "base/slice.h"

/* The value is (-1)^negative * mantissa / 10^places. */
struct ss_short_decimal {
    uint64_t mantissa; /* below 10^17 */
    unsigned places;   /* at most 16 */
    bool negative;
};

#if defined __SSE2__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <emmintrin.h>

enum { SS_SHORT_DECIMAL = 1 };

static inline uint64_t ss_load8(const char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static inline uint64_t ss_load4(const char *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

/* The n bytes at p, 1 to 16, zeros behind them; reads no others. */
static inline unsigned __int128 ss_load_upto16(const char *p, size_t n)
{
    if (n > 8)
        return (unsigned __int128)(ss_load8(p + n - 8) >> (8 * (16 - n))) << 64 | ss_load8(p);
    if (n == 8)
        return ss_load8(p);
    if (n >= 4)
        return ss_load4(p) | ss_load4(p + n - 4) << (8 * (n - 4));
    uint64_t first = (unsigned char)p[0], middle = (unsigned char)p[n / 2], last = (unsigned char)p[n - 1];
    return first | middle << (8 * (n / 2)) | last << (8 * (n - 1));
}

/* Eight digits as numbers, their first in the lowest byte. */
static inline uint64_t ss_join_digits(uint64_t v)
{
    v = v * 10 + (v >> 8); /* pairs, in every other byte */
    uint64_t outer = (v & 0x000000ff000000ffu) * (100 + ((uint64_t)1000000 << 32));
    uint64_t inner = (v >> 16 & 0x000000ff000000ffu) * (1 + ((uint64_t)10000 << 32));
    return (outer + inner) >> 32;
}

/* The eight digits at p; false when any is none. */
static inline bool ss_eight_digits(const char *p, uint64_t *v)
{
    uint64_t x = ss_load8(p) ^ 0x3030303030303030u;
    *v = ss_join_digits(x);
    return ((x | (x + 0x0606060606060606u)) & 0xf0f0f0f0f0f0f0f0u) == 0;
}

static const uint64_t ss_short_tens[] = {1,
                                         10,
                                         100,
                                         1000,
                                         10000,
                                         100000,
                                         1000000,
                                         10000000,
                                         100000000,
                                         1000000000,
                                         10000000000,
                                         100000000000,
                                         1000000000000,
                                         10000000000000,
                                         100000000000000,
                                         1000000000000000,
                                         10000000000000000};

/* One digit, the point and 1 to 16 digits up to end, where at least 8 bytes may be read before end. The last
 * 8 digits, or less, are one word; those before, if any, the other. */
static inline bool ss_short_fraction_at(struct ss_short_decimal *d, const char *p, const char *end)
{
    const uint64_t zeros = 0x3030303030303030u;
    uint64_t n = (uint64_t)(end - p - 2), two = 0 - (uint64_t)(n > 8), behind = n - (8 & two);
    uint64_t first = (uint64_t)(unsigned char)*p - '0';
    uint64_t head = (ss_load8(end - 8 - (behind & two)) ^ zeros) & two;
    uint64_t tail = (ss_load8(end - 8) ^ zeros) & ~(uint64_t)0 << (8 * (8 - behind));
    uint64_t bad = head | tail | (head + 0x0606060606060606u) | (tail + 0x0606060606060606u);
    if ((bad & 0xf0f0f0f0f0f0f0f0u) || first > 9)
        return false;
    d->places = (unsigned)n;
    d->mantissa =
        first * ss_short_tens[n] + ss_join_digits(head) * ss_short_tens[behind] + ss_join_digits(tail);
    return true;
}

/* The commonest form first: a fraction with one digit before its point, in 8 bytes or more. */
static inline bool ss_short_fraction(struct ss_short_decimal *d, struct ss_slice text)
{
    if (text.len < 8)
        return false;
    d->negative = *text.ptr == '-';
    const char *p = text.ptr + d->negative, *end = text.ptr + text.len;
    return (size_t)(end - p - 3) < 16 && p[1] == '.' && ss_short_fraction_at(d, p, end);
}

/* Any such number; false when text is none. */
static inline bool ss_short_decimal(struct ss_short_decimal *d, struct ss_slice text)
{
    const char *p = text.ptr;
    size_t n = text.len;
    if (n == 0)
        return false;
    d->negative = *p == '-';
    p += d->negative;
    n -= d->negative;
    if (n - 1 >= 16)
        return false;
    unsigned __int128 x = ss_load_upto16(p, n);
    __m128i v = _mm_set_epi64x((int64_t)(x >> 64), (int64_t)x);
    __m128i digits = _mm_sub_epi8(v, _mm_set1_epi8('0'));
    __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
    unsigned all = (1u << n) - 1, others = ~(unsigned)_mm_movemask_epi8(is_digit) & all;
    size_t point = n;
    x ^= (unsigned __int128)0x3030303030303030u << 64 | 0x3030303030303030u;
    if (others) { /* the point is taken out */
        point = (size_t)__builtin_ctz(others);
        if ((others & (others - 1)) || p[point] != '.' || point == 0 || point == n - 1)
            return false;
        unsigned __int128 before = ((unsigned __int128)1 << (8 * point)) - 1;
        x = (x & before) | (x >> 8 & ~before);
        n--;
    }
    if (p[0] == '0' && point > 1)
        return false;
    d->places = (unsigned)(n - point);
    x <<= 8 * (16 - n); /* zeros before the first digit; what stood behind the last is gone */
    d->mantissa = ss_join_digits((uint64_t)x) * 100000000 + ss_join_digits((uint64_t)(x >> 64));
    return true;
}
#else
enum { SS_SHORT_DECIMAL = 0 };

static inline bool ss_eight_digits(const char *p, uint64_t *v)
{
    (void)p;
    (void)v;
    return false;
}

static inline bool ss_short_fraction(struct ss_short_decimal *d, struct ss_slice text)
{
    (void)d;
    (void)text;
    return false;
}

static inline bool ss_short_decimal(struct ss_short_decimal *d, struct ss_slice text)
{
    (void)d;
    (void)text;
    return false;
}
#endif

#endif
