/* Text to double and float, correctly rounded (to nearest, ties to even) for any length of text.
 *
 * 1. Few digits and a small power of ten: one exact multiplication or division (Clinger, "How to read
 * floating point numbers accurately", 1990). Most texts need no more (short_decimal.h).
 * 2. The mantissa times a 128-bit power of five (the idea of Eisel and Lemire, "Number parsing at a gigabyte
 * per second", 2021). The product's error is known; unless it reaches over a rounding boundary, the result is
 * right.
 * 3. Else the digits are compared with the boundary itself in big integers. */
#include "json/number.h"

#include "json/bigint.h"
#include "json/decimal.h"
#include "json/pow5.h"
#include "json/short_decimal.h"

typedef unsigned __int128 u128;

/* A binary format of IEEE 754. */
struct format {
    int mantissa_bits;   /* with the hidden one */
    int min_exp2;        /* of the last bit of a subnormal */
    unsigned max_biased; /* the exponent field of infinity */
    int64_t zero_below;  /* 19 digits times this power of ten round to zero */
    int64_t max_exp10;   /* any digit times a higher power of ten is over the range */
};

static const struct format binary64 = {53, -1074, 2047, -342, 308};
static const struct format binary32 = {24, -149, 255, -64, 38};

enum rounding { DOWN, UP, UNSURE };

/* What lies in [mantissa, mantissa + 1) * 2^exp2, and which of the two ends is nearer. */
struct candidate {
    uint64_t mantissa;
    int exp2;
    enum rounding rounding;
};

/* The product may be off by less than 4 in the last of its 128 bits: the table's error and that of the
 * dropped low limb add up to less than 2, and normalizing doubles them. */
enum { SLACK = 4 };

static inline enum rounding round_product(u128 rest, u128 half, bool exact, bool sticky, bool odd)
{
    if (exact) {
        if (rest != half)
            return rest > half ? UP : DOWN;
        return sticky || odd ? UP : DOWN;
    }
    u128 apart = rest > half ? rest - half : half - rest;
    if (apart <= SLACK)
        return UNSURE;
    return rest > half ? UP : DOWN;
}

/* w * 10^q, for w > 0 and q within the table. */
static inline struct candidate approximate(uint64_t w, int q, const struct format *f)
{
    int zeros = __builtin_clzll(w);
    const struct ss_pow5 *five = ss_pow5(q);
    w <<= zeros;
    u128 upper = (u128)w * five->hi, lower = (u128)w * five->lo;
    u128 product = upper + (uint64_t)(lower >> 64);
    uint64_t low = (uint64_t)lower;
    int exp2 = ss_pow10_exp(q) + 64 - zeros; /* of the product's highest bit */
    if ((product >> 127) == 0) {
        product = product << 1 | low >> 63;
        low <<= 1;
        exp2--;
    }
    struct candidate c = {.exp2 = exp2 - (f->mantissa_bits - 1)};
    if (c.exp2 < f->min_exp2)
        c.exp2 = f->min_exp2;
    int keep = exp2 - c.exp2 + 1; /* bits of the mantissa; below 1 for less than the smallest subnormal */
    if (keep < 0) {
        c.rounding = DOWN;
        return c;
    }
    u128 rest = product;
    if (keep > 0) {
        c.mantissa = (uint64_t)(product >> (128 - keep));
        rest = product << keep >> keep;
    }
    bool exact = q >= 0 && q <= SS_POW5_EXACT_MAX;
    c.rounding = round_product(rest, (u128)1 << (127 - keep), exact, low != 0, c.mantissa & 1);
    return c;
}

/* More digits than this cannot change the result, but for whether they are all zero (767 decide for a
 * double). */
enum { DIGITS_MAX = 800 };

/* The significant digits of d as an integer; *exp10 is that of its last digit. Digits past DIGITS_MAX are
 * replaced by one 1, unless they are all zeros. */
static void digits_to_bigint(const struct ss_decimal *d, struct ss_bigint *b, int64_t *exp10)
{
    const struct ss_slice parts[] = {d->integer, d->fraction};
    unsigned taken = 0;
    bool rest = false;
    uint64_t chunk = 0, scale = 1;
    ss_bigint_set(b, 0);
    *exp10 = d->exponent;
    for (int part = 0; part < 2; part++) {
        for (size_t i = 0; i < parts[part].len; i++) {
            char c = parts[part].ptr[i];
            if (taken == DIGITS_MAX) {
                rest |= c != '0';
                *exp10 += part == 0;
                continue;
            }
            *exp10 -= part == 1;
            taken += taken || c != '0';
            chunk = chunk * 10 + (uint64_t)(c - '0');
            scale *= 10;
            if (scale == 10000000000000000000u) {
                ss_bigint_mul_add(b, scale, chunk);
                chunk = 0;
                scale = 1;
            }
        }
    }
    ss_bigint_mul_add(b, scale, chunk);
    if (rest) {
        ss_bigint_mul_add(b, 10, 1);
        --*exp10;
    }
}

/* Rounds d, which lies in [mantissa, mantissa + 1) * 2^exp2, by comparing it with the middle of that. Both
 * sides of the comparison are near each other, so neither has more than the 801 digits, or 55 bits times the
 * 1125th power of five, that make up the larger of them: 2,700 bits. */
static enum rounding round_exactly(const struct ss_decimal *d, uint64_t mantissa, int exp2)
{
    struct ss_bigint digits, middle;
    int64_t exp10;
    digits_to_bigint(d, &digits, &exp10);
    ss_bigint_set(&middle, 2 * mantissa + 1);
    if (exp10 >= 0)
        ss_bigint_mul_pow5(&digits, (unsigned)exp10);
    else
        ss_bigint_mul_pow5(&middle, (unsigned)-exp10);
    int64_t shift = exp2 - 1 - exp10;
    if (shift >= 0)
        ss_bigint_shift_left(&middle, (unsigned)shift);
    else
        ss_bigint_shift_left(&digits, (unsigned)-shift);
    int order = ss_bigint_compare(&digits, &middle);
    if (order == 0)
        return mantissa & 1 ? UP : DOWN;
    return order > 0 ? UP : DOWN;
}

/* The bits of d's absolute value in format f; those of infinity, or more, when it is over the range. */
static inline uint64_t to_bits(const struct ss_decimal *d, const struct format *f)
{
    if (d->mantissa == 0 || d->exp10 < f->zero_below)
        return 0;
    if (d->exp10 > f->max_exp10)
        return UINT64_MAX;
    struct candidate c = approximate(d->mantissa, (int)d->exp10, f);
    if (d->truncated) {
        struct candidate above = approximate(d->mantissa + 1, (int)d->exp10, f);
        if (above.mantissa != c.mantissa || above.exp2 != c.exp2 || above.rounding != c.rounding)
            c.rounding = UNSURE;
    }
    if (c.rounding == UNSURE)
        c.rounding = round_exactly(d, c.mantissa, c.exp2);
    /* The hidden bit adds one to the exponent field, and a mantissa that rounding has carried over another.
     */
    uint64_t mantissa = c.mantissa + (c.rounding == UP);
    return mantissa + ((uint64_t)(c.exp2 - f->min_exp2) << (f->mantissa_bits - 1));
}

static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Both operands are exact, so that the one division rounds correctly. False when the mantissa has too many
 * bits. */
static inline bool divide(const struct ss_short_decimal *d, double *out)
{
    if (d->mantissa > (uint64_t)1 << 53)
        return false;
    double v = (double)(int64_t)d->mantissa / tens[d->places];
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    bits |= (uint64_t)d->negative << 63;
    memcpy(out, &bits, sizeof bits);
    return true;
}

/* A double rounds once more to the float that the text itself rounds to, unless it stands in the middle of
 * two floats: then the text may lie to either side of it. Subnormal floats have other middles; a text so
 * short that is not 0 is far above those. */
static inline bool divide_to_float(const struct ss_short_decimal *d, float *out)
{
    enum { DROPPED = 52 - 23 };
    double v;
    uint64_t bits;
    if (!divide(d, &v))
        return false;
    memcpy(&bits, &v, sizeof bits);
    if ((bits & (((uint64_t)1 << DROPPED) - 1)) == (uint64_t)1 << (DROPPED - 1))
        return false;
    *out = (float)v;
    return true;
}

static __attribute__((noinline)) enum ss_err parse_double(struct ss_slice text, double *out)
{
    struct ss_decimal d;
    struct ss_short_decimal s;
    if (ss_short_decimal(&s, text) && divide(&s, out))
        return SS_OK;
    if (!ss_decimal_parse(&d, text))
        return SS_ERR_INVALID;
    if (d.mantissa <= (uint64_t)1 << 53 && d.exp10 >= -22 && d.exp10 <= 22 && !d.truncated) {
        double v = (double)d.mantissa;
        v = d.exp10 < 0 ? v / tens[-d.exp10] : v * tens[d.exp10];
        *out = d.negative ? -v : v;
        return SS_OK;
    }
    uint64_t bits = to_bits(&d, &binary64);
    if (bits >> 52 >= binary64.max_biased)
        return SS_ERR_INVALID;
    bits |= (uint64_t)d.negative << 63;
    memcpy(out, &bits, sizeof *out);
    return SS_OK;
}

static __attribute__((noinline)) enum ss_err parse_float(struct ss_slice text, float *out)
{
    struct ss_decimal d;
    struct ss_short_decimal s;
    if (ss_short_decimal(&s, text) && divide_to_float(&s, out))
        return SS_OK;
    if (!ss_decimal_parse(&d, text))
        return SS_ERR_INVALID;
    uint64_t wide = to_bits(&d, &binary32);
    if (wide >> 23 >= binary32.max_biased)
        return SS_ERR_INVALID;
    uint32_t bits = (uint32_t)wide | (uint32_t)d.negative << 31;
    memcpy(out, &bits, sizeof *out);
    return SS_OK;
}

enum ss_err ss_parse_double(struct ss_slice text, double *out)
{
    struct ss_short_decimal s;
    if (__builtin_expect(ss_short_fraction(&s, text) && divide(&s, out), 1))
        return SS_OK;
    return parse_double(text, out);
}

enum ss_err ss_parse_float(struct ss_slice text, float *out)
{
    struct ss_short_decimal s;
    if (__builtin_expect(ss_short_fraction(&s, text) && divide_to_float(&s, out), 1))
        return SS_OK;
    return parse_float(text, out);
}
