#!/usr/bin/env python3
"""Writes src/json/pow5.c: powers of five to 128 bits, for reading and printing floating-point numbers."""

MIN, MAX = -342, 324
MASK = (1 << 64) - 1


def entry(q):
    """5**q scaled by a power of two into [2**127, 2**128): rounded down for q >= 0, up for q < 0."""
    if q >= 0:
        p = 5**q
        shift = p.bit_length() - 128
        return p >> shift if shift >= 0 else p << -shift
    d = 5**-q
    return -(-(1 << (d.bit_length() + 127)) // d)


print(
    f"""/* Made by scripts/gen_pow5.py; do not edit. */
#include "json/pow5.h"

/* clang-format off */
const struct ss_pow5 ss_pow5_table[SS_POW5_MAX - SS_POW5_MIN + 1] = {{"""
)
for q in range(MIN, MAX + 1):
    v = entry(q)
    assert 1 << 127 <= v < 1 << 128
    assert q >= 0 or v & MASK  # so that rounding up to 64 bits is always hi + 1
    print(f"    {{0x{v >> 64:016x}, 0x{v & MASK:016x}}}, /* {q} */")
print("};\n/* clang-format on */")
