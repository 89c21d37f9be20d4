/* Numbers to text. Floating-point numbers look as ECMAScript's Number::toString (ECMA-262 §6.1.6.1.20) has
 * them. */
#include "json/number.h"

#include <endian.h>

#include "json/shortest.h"

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                            "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

/* Of v in decimal; 1 for 0. */
static inline unsigned count_digits(uint64_t v)
{
    /* clang-format off */
    static const uint64_t tens[] = {
        0,
        10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u, 1000000000u, 10000000000u,
        100000000000u, 1000000000000u, 10000000000000u, 100000000000000u, 1000000000000000u,
        10000000000000000u, 100000000000000000u, 1000000000000000000u, 10000000000000000000u,
    };
    /* clang-format on */
    unsigned bits = 64 - (unsigned)__builtin_clzll(v | 1);
    unsigned guess = bits * 1233 >> 12; /* floor(log10(2^bits)): one digit less than it has, or as many */
    return guess + (v >= tens[guess]);
}

/* Exactly n digits of v, which has no more. */
static inline void put_digits(char *out, uint64_t v, unsigned n)
{
    while (n >= 4) {
        unsigned low = (unsigned)(v % 10000);
        v /= 10000;
        n -= 4;
        memcpy(out + n, pairs + low / 100 * 2, 2);
        memcpy(out + n + 2, pairs + low % 100 * 2, 2);
    }
    if (n >= 2) {
        n -= 2;
        memcpy(out + n, pairs + v % 100 * 2, 2);
        v /= 100;
    }
    if (n)
        out[0] = (char)('0' + v);
}

unsigned ss_print_uint64(char *out, uint64_t v)
{
    unsigned n = count_digits(v);
    put_digits(out, v, n);
    return n;
}

unsigned ss_print_int64(char *out, int64_t v)
{
    *out = '-';
    return (v < 0) + ss_print_uint64(out + (v < 0), v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

/* Eight digits of v < 10^8, the first in the lowest byte, as numbers: lanes are split in halves three times.
 */
static inline uint64_t eight_digits(uint32_t v)
{
    uint64_t x = v / 10000 | (uint64_t)(v % 10000) << 32;
    uint64_t hundreds = (x * 10486 >> 20) & 0x0000007f0000007fu;
    x = hundreds | (x - hundreds * 100) << 16;
    uint64_t tens = (x * 103 >> 10) & 0x000f000f000f000fu;
    return tens | (x - tens * 10) << 8;
}

static inline void put_eight(char *out, uint64_t digits)
{
    digits = htole64(digits | 0x3030303030303030u);
    memcpy(out, &digits, 8);
}

/* Digits with zeros around them: those in text[first, end) are significant. text[16] ends the digits. */
enum { TEXT_DIGITS = 17, TEXT_SIZE = 40 }; /* so that a copy of 16 from anywhere stays inside */
struct digits {
    char text[TEXT_SIZE];
    unsigned first, end;
};

/* The first of eight digits that is not 0; 8 when all are. And how many are up to the last that is not. */
static inline unsigned leading(uint64_t digits)
{
    return (unsigned)__builtin_ctzll(digits | (uint64_t)1 << 63) / 8 + (digits == 0);
}

static inline unsigned trailing(uint64_t digits)
{
    return 8 - (unsigned)__builtin_clzll(digits | 1) / 8 - (digits == 0);
}

/* digits is not 0. */
static inline void spread(struct digits *d, uint64_t digits)
{
    uint64_t high = digits / 100000000, top = high / 100000000;
    uint64_t low = eight_digits((uint32_t)(digits % 100000000)),
             middle = eight_digits((uint32_t)(high % 100000000));
    d->text[0] = (char)('0' + top);
    put_eight(d->text + 1, middle);
    put_eight(d->text + 9, low);
    if (top)
        d->first = 0;
    else
        d->first = middle ? 1 + leading(middle) : 9 + leading(low);
    if (low)
        d->end = 9 + trailing(low);
    else
        d->end = middle ? 1 + trailing(middle) : 1;
}

/* The same for the nine digits that a float has at most; they stand at the end. */
static inline void spread_nine(struct digits *d, uint32_t digits)
{
    uint32_t high = digits / 100000000;
    uint64_t low = eight_digits(digits % 100000000);
    d->text[8] = (char)('0' + high);
    put_eight(d->text + 9, low);
    d->first = 8 + (1 + leading(low)) * (high == 0);
    d->end = 9 + trailing(low);
}

/* Copies 17 digits, of which the caller claims what there are. */
static inline void copy_digits(char *out, const char *p)
{
    memcpy(out, p, 16);
    out[16] = p[16];
}

/* d.ddde+x */
static char *put_exponential(char *out, const char *p, unsigned n, int exponent)
{
    out[0] = p[0];
    out[1] = '.';
    copy_digits(out + 2, p + 1);
    out += n == 1 ? 1 : n + 1;
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    return out + ss_print_uint64(out, (uint64_t)(exponent < 0 ? -exponent : exponent));
}

/* Where the decimal point is decides the form. Writes, but does not claim, up to 30 bytes. */
static inline unsigned put_shortest(char *out, struct ss_shortest s, bool wide)
{
    char *begin = out;
    struct digits d;
    if (wide)
        spread(&d, s.digits);
    else
        spread_nine(&d, (uint32_t)s.digits);
    const char *p = d.text + d.first;
    unsigned n = d.end - d.first;
    int exp10 = s.exp10 + (int)(TEXT_DIGITS - d.end);
    int point = (int)n + exp10; /* digits before the decimal point */
    if (point > 21 || point <= -6) {
        out = put_exponential(out, p, n, point - 1);
    } else if (point <= 0) {
        memcpy(out, "0.000000", 8);
        copy_digits(out + 2 - point, p);
        out += 2 - point + (int)n;
    } else if (exp10 < 0) {
        copy_digits(out, p);
        if (point <= 12)
            copy_digits(out + point + 1, p + point);
        else
            memcpy(out + point + 1, p + point, 8); /* four at most are left */
        out[point] = '.';
        out += n + 1;
    } else {
        copy_digits(out, p);
        memset(out + n, '0', (size_t)exp10);
        out += point;
    }
    return (unsigned)(out - begin);
}

/* Whether v is what a decimal of at most six places and 15 digits reads as: prices, scores and the like.
 * Decimals of so few digits all read as different doubles, so that no shorter one does: *s may have trailing
 * zeros, but is the shortest. The product may be off by one in its last bit; that the quotient is v, or not,
 * is exact. */
static inline bool of_six_places(double v, struct ss_shortest *s)
{
    const double million = 1e6, limit = 1e15;
    double scaled = v * million + 0.5;
    if (!(scaled < limit))
        return false;
    int64_t n = (int64_t)scaled;
    *s = (struct ss_shortest){(uint64_t)n, -6};
    return (double)n / million == v;
}

unsigned ss_print_double(char *out, double v)
{
    unsigned sign = __builtin_signbit(v) != 0;
    *out = '-';
    out += sign;
    v = __builtin_fabs(v);
    if (v < 9007199254740992.0 && v == (double)(int64_t)v) /* below 2^53 every digit is needed */
        return sign + ss_print_uint64(out, (uint64_t)v);
    struct ss_shortest s;
    if (!of_six_places(v, &s))
        s = ss_shortest_double(v);
    return sign + put_shortest(out, s, true);
}

unsigned ss_print_float(char *out, float v)
{
    unsigned sign = __builtin_signbit(v) != 0; /* is as good as random in many an array: no branch */
    *out = '-';
    out += sign;
    v = __builtin_fabsf(v);
    if (v < 16777216.0f && v == (float)(int32_t)v) /* the same below 2^24 */
        return sign + ss_print_uint64(out, (uint64_t)v);
    return sign + put_shortest(out, ss_shortest_float(v), false);
}
