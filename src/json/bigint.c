#include "json/bigint.h"

#include <assert.h>
#include <string.h>

void ss_bigint_set(struct ss_bigint *b, uint64_t v)
{
    b->limb[0] = v;
    b->len = v != 0;
}

static void push(struct ss_bigint *b, uint64_t limb)
{
    if (limb == 0)
        return;
    assert(b->len < SS_BIGINT_LIMBS);
    b->limb[b->len++] = limb;
}

void ss_bigint_mul_add(struct ss_bigint *b, uint64_t factor, uint64_t add)
{
    uint64_t carry = add;
    for (unsigned i = 0; i < b->len; i++) {
        unsigned __int128 t = (unsigned __int128)b->limb[i] * factor + carry;
        b->limb[i] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
    push(b, carry);
}

void ss_bigint_mul_pow5(struct ss_bigint *b, unsigned n)
{
    const uint64_t five_to_27 = 7450580596923828125; /* the highest power that fits */
    for (; n >= 27; n -= 27)
        ss_bigint_mul_add(b, five_to_27, 0);
    uint64_t rest = 1;
    while (n--)
        rest *= 5;
    ss_bigint_mul_add(b, rest, 0);
}

void ss_bigint_shift_left(struct ss_bigint *b, unsigned bits)
{
    unsigned limbs = bits / 64;
    ss_bigint_mul_add(b, (uint64_t)1 << bits % 64, 0);
    if (limbs == 0 || b->len == 0)
        return;
    assert(b->len + limbs <= SS_BIGINT_LIMBS);
    memmove(b->limb + limbs, b->limb, b->len * sizeof b->limb[0]);
    memset(b->limb, 0, limbs * sizeof b->limb[0]);
    b->len += limbs;
}

int ss_bigint_compare(const struct ss_bigint *a, const struct ss_bigint *b)
{
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    for (unsigned i = a->len; i-- > 0;)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}
