#include "http/sha1.h"

#include <stdint.h>

enum { BLOCK = 64, LENGTH = 8 };

static uint32_t rotl(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

/* What the rounds differ in: function and constant, of each 20. */
static uint32_t mix(unsigned t, uint32_t b, uint32_t c, uint32_t d)
{
    if (t < 20)
        return ((b & c) | (~b & d)) + 0x5a827999u;
    if (t < 40)
        return (b ^ c ^ d) + 0x6ed9eba1u;
    if (t < 60)
        return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcu;
    return (b ^ c ^ d) + 0xca62c1d6u;
}

static void add_block(uint32_t h[5], const unsigned char *p)
{
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (unsigned t = 0; t < 16; t++, p += 4)
        w[t] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    for (unsigned t = 16; t < 80; t++)
        w[t] = rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    for (unsigned t = 0; t < 80; t++) {
        uint32_t next = rotl(a, 5) + mix(t, b, c, d) + e + w[t];
        e = d;
        d = c;
        c = rotl(b, 30);
        b = a;
        a = next;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

void ss_sha1(struct ss_slice text, unsigned char out[SS_SHA1_LEN])
{
    unsigned char blocks[2 * BLOCK] = {0};
    size_t n = text.len < SS_SHA1_MAX ? text.len : SS_SHA1_MAX;
    size_t end = n + 1 + LENGTH <= BLOCK ? BLOCK : 2 * BLOCK;
    if (n)
        memcpy(blocks, text.ptr, n);
    blocks[n] = 0x80;
    blocks[end - 2] = (unsigned char)(n * 8 >> 8); /* in bits, and big-endian */
    blocks[end - 1] = (unsigned char)(n * 8);
    uint32_t h[5] = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u};
    for (size_t at = 0; at < end; at += BLOCK)
        add_block(h, blocks + at);
    for (size_t i = 0; i < SS_SHA1_LEN; i++)
        out[i] = (unsigned char)(h[i / 4] >> (24 - i % 4 * 8));
}
