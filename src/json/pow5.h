/* Powers of five to 128 bits: what both reading and printing of floating-point numbers multiply by.
 *
 * Entry q is 5^q scaled by a power of two so that its highest bit is set: 10^q = entry * 2^(ss_pow10_exp(q) -
 * 127), but for an error of less than one in its last bit. Exact for 0 <= q <= 55; rounded down above, up
 * below zero. The table is made by scripts/gen_pow5.py. */
#ifndef SS_JSON_POW5_H
#define SS_JSON_POW5_H

#include <stdint.h>

enum { SS_POW5_MIN = -342, SS_POW5_MAX = 324, SS_POW5_EXACT_MAX = 55 };

struct ss_pow5 {
    uint64_t hi, lo;
};

extern const struct ss_pow5 ss_pow5_table[SS_POW5_MAX - SS_POW5_MIN + 1];

/* q from SS_POW5_MIN to SS_POW5_MAX. */
static inline const struct ss_pow5 *ss_pow5(int q)
{
    return &ss_pow5_table[q - SS_POW5_MIN];
}

/* floor(log2(10^q)), for |q| up to 1650. */
static inline int ss_pow10_exp(int q)
{
    return (q * 1741647) >> 19;
}

#endif
