/* Non-negative integers of up to 4096 bits, on the stack: just enough to compare a decimal of any length with
 * a binary floating-point number exactly. Sizes are bounded by the caller (parse_float.c says how). */
#ifndef SS_JSON_BIGINT_H
#define SS_JSON_BIGINT_H

#include <stdint.h>

enum { SS_BIGINT_LIMBS = 64 };

struct ss_bigint {
    unsigned len;                   /* limbs in use; the highest of them is not 0 */
    uint64_t limb[SS_BIGINT_LIMBS]; /* lowest first */
};

void ss_bigint_set(struct ss_bigint *b, uint64_t v);
/* b = b * factor + add */
void ss_bigint_mul_add(struct ss_bigint *b, uint64_t factor, uint64_t add);
void ss_bigint_mul_pow5(struct ss_bigint *b, unsigned n);
void ss_bigint_shift_left(struct ss_bigint *b, unsigned bits);
/* Below, at or above 0, as a is below, at or above b. */
int ss_bigint_compare(const struct ss_bigint *a, const struct ss_bigint *b);

#endif
