/* Numbers to text. Floating-point numbers look as ECMAScript's Number::toString (ECMA-262 §6.1.6.1.20) has
 * them. */
#include "json/number.h"

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
    while (n >= 2) {
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

/* d.ddde+x */
static char *put_exponential(char *out, uint64_t digits, unsigned n, int exponent)
{
    put_digits(out + 1, digits, n);
    out[0] = out[1];
    out[1] = '.';
    out += n == 1 ? 1 : n + 1;
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    return out + ss_print_uint64(out, (uint64_t)(exponent < 0 ? -exponent : exponent));
}

/* digits * 10^exp10, without trailing zeros in the digits. */
static unsigned put_decimal(char *out, uint64_t digits, int exp10)
{
    char *begin = out;
    unsigned n = count_digits(digits);
    int point = (int)n + exp10; /* digits before the decimal point */
    if (point > 21 || point <= -6) {
        out = put_exponential(out, digits, n, point - 1);
    } else if (exp10 >= 0) {
        put_digits(out, digits, n);
        memset(out + n, '0', (size_t)exp10);
        out += point;
    } else if (point > 0) {
        put_digits(out + 1, digits, n);
        memmove(out, out + 1, (size_t)point);
        out[point] = '.';
        out += n + 1;
    } else {
        out[0] = '0';
        out[1] = '.';
        memset(out + 2, '0', (size_t)-point);
        put_digits(out + 2 - point, digits, n);
        out += 2 - point + (int)n;
    }
    return (unsigned)(out - begin);
}

static unsigned put_shortest(char *out, struct ss_shortest s)
{
    while (s.digits % 10 == 0) {
        s.digits /= 10;
        s.exp10++;
    }
    return put_decimal(out, s.digits, s.exp10);
}

unsigned ss_print_double(char *out, double v)
{
    unsigned sign = __builtin_signbit(v) != 0;
    if (sign) {
        *out++ = '-';
        v = -v;
    }
    if (v < 9007199254740992.0 && v == (double)(int64_t)v) /* below 2^53 every digit is needed */
        return sign + ss_print_uint64(out, (uint64_t)v);
    return sign + put_shortest(out, ss_shortest_double(v));
}

unsigned ss_print_float(char *out, float v)
{
    unsigned sign = __builtin_signbit(v) != 0;
    if (sign) {
        *out++ = '-';
        v = -v;
    }
    if (v < 16777216.0f && v == (float)(int32_t)v) /* the same below 2^24 */
        return sign + ss_print_uint64(out, (uint64_t)v);
    return sign + put_shortest(out, ss_shortest_float(v));
}
