/* Raffaele Giulietti's Schubfach ("The Schubfach way to render doubles", 2020).
 *
 * v = c * 2^q reads back from anything in the interval R between the middles to its neighbours. With k chosen
 * so that 10^k is no longer than R, but 10^(k+1) is longer, R holds at most one multiple of 10^(k+1), and at
 * least one of 10^k. Scaled by 4 * 10^-k, the ends of R and v itself become integers plus a fraction; of the
 * fraction only whether it is 0 matters ("rounding to odd"), so that a product with one rounded-up power of
 * ten decides. */
#include "json/shortest.h"

#include <stdbool.h>
#include <string.h>

#include "json/pow5.h"

typedef unsigned __int128 u128;

/* v and the ends of R: four times what they are in units of 10^k, rounded to odd. */
struct scaled {
    uint64_t lower, v, upper;
};

/* floor(log10(2^q)), or of 3/4 * 2^q when the gap below is half of that above. */
static inline int log10_gap(int q, bool narrow_below)
{
    return (q * 1262611 - (narrow_below ? 524031 : 0)) >> 22;
}

/* The digits of the number whose scaled form is given. Ends belong to R when c is even: ties round to even.
 */
static inline struct ss_shortest choose(struct scaled s, int k, bool even)
{
    uint64_t lower = s.lower + !even, upper = s.upper - !even;
    /* Which of the two lengths it is cannot be foretold: computed without branches. */
    uint64_t u = s.v / 4, tens = u / 10, middle = 4 * u + 2;
    unsigned tens_below = lower <= 40 * tens, tens_above = 40 * tens + 40 <= upper;
    uint64_t shorter = 0 - (uint64_t)((tens_below ^ tens_above) & (u >= 10));
    unsigned below = lower <= 4 * u, above = 4 * u + 4 <= upper;
    unsigned nearer = (unsigned)(s.v > middle) | ((unsigned)(s.v == middle) & (unsigned)(u & 1));
    unsigned one = below ^ above, up = (above & one) | (nearer & ~one);
    uint64_t digits = ((tens + tens_above) & shorter) | ((u + up) & ~shorter);
    return (struct ss_shortest){digits, k + (int)(shorter & 1)};
}

/* floor(g * x / 2^128), rounded to odd. g is at most one unit too high, which the second test forgives. */
static inline uint64_t scale64(struct ss_pow5 g, uint64_t x)
{
    u128 low = (u128)g.lo * x;
    u128 sum = (u128)g.hi * x + (uint64_t)(low >> 64);
    return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

/* The power of five rounded up. The table's entries above the exact ones are rounded down. */
static inline struct ss_pow5 pow5_up(int q)
{
    struct ss_pow5 g = *ss_pow5(q);
    if (q > SS_POW5_EXACT_MAX) {
        g.lo++;
        g.hi += g.lo == 0;
    }
    return g;
}

struct ss_shortest ss_shortest_double(double v)
{
    enum { MANTISSA = 52, BIAS = 1023 + MANTISSA };
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    uint64_t c = bits & (((uint64_t)1 << MANTISSA) - 1);
    int biased = (int)(bits >> MANTISSA & 0x7ff);
    bool narrow_below = c == 0 && biased > 1;
    c |= (uint64_t)(biased != 0) << MANTISSA;
    int q = (biased ? biased : 1) - BIAS;

    int k = log10_gap(q, narrow_below);
    int shift = q + ss_pow10_exp(-k) + 1;
    struct ss_pow5 g = pow5_up(-k);
    struct scaled s = {
        .lower = scale64(g, (4 * c - 2 + narrow_below) << shift),
        .v = scale64(g, 4 * c << shift),
        .upper = scale64(g, (4 * c + 2) << shift),
    };
    return choose(s, k, (c & 1) == 0);
}

/* The same for half the width: g has 64 bits, the result 32. */
static inline uint64_t scale32(uint64_t g, uint64_t x)
{
    u128 product = (u128)g * x;
    return (uint64_t)(product >> 64) | ((uint32_t)(product >> 32) > 1);
}

struct ss_shortest ss_shortest_float(float v)
{
    enum { MANTISSA = 23, BIAS = 127 + MANTISSA };
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    uint32_t c = bits & ((1u << MANTISSA) - 1);
    int biased = (int)(bits >> MANTISSA & 0xff);
    bool narrow_below = c == 0 && biased > 1;
    c |= (uint32_t)(biased != 0) << MANTISSA;
    int q = (biased ? biased : 1) - BIAS;

    int k = log10_gap(q, narrow_below);
    int shift = q + ss_pow10_exp(-k) + 1;
    const struct ss_pow5 *wide = ss_pow5(-k);
    uint64_t g = wide->hi + (wide->lo != 0);
    struct scaled s = {
        .lower = scale32(g, (uint64_t)(4 * c - 2 + narrow_below) << shift),
        .v = scale32(g, (uint64_t)(4 * c) << shift),
        .upper = scale32(g, (uint64_t)(4 * c + 2) << shift),
    };
    return choose(s, k, (c & 1) == 0);
}
