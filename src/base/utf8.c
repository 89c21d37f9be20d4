#include "base/utf8.h"

#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The length of the sequence at p, which has left bytes; 0 when it is not valid. */
static size_t sequence_len(const unsigned char *p, size_t left)
{
    unsigned char c = p[0], low = 0x80, high = 0xbf;
    size_t n;
    if (c < 0x80) {
        return 1;
    } else if (c >= 0xc2 && c <= 0xdf) {
        n = 2;
    } else if ((c & 0xf0) == 0xe0) {
        n = 3;
        if (c == 0xe0)
            low = 0xa0;
        else if (c == 0xed)
            high = 0x9f;
    } else if (c >= 0xf0 && c <= 0xf4) {
        n = 4;
        if (c == 0xf0)
            low = 0x90;
        else if (c == 0xf4)
            high = 0x8f;
    } else {
        return 0;
    }
    if (n > left || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

#ifdef __SSE2__
/* 64 bytes are judged at once: compares turn them into bit masks, one bit a byte, and where continuation
 * bytes must be follows from the lead bytes by shifting. A block begins at the beginning of a sequence, so
 * nothing is carried over. (The second bytes of the leads E0, ED, F0 and F4 have narrower ranges; they are
 * looked at when such a lead is there.) */
enum { BLOCK = 64 };

static inline __m128i byte(int c)
{
    return _mm_set1_epi8((char)c);
}

static inline uint64_t mask_of(__m128i a, __m128i b, __m128i c, __m128i d)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(a) | (uint64_t)(unsigned)_mm_movemask_epi8(b) << 16 |
           (uint64_t)(unsigned)_mm_movemask_epi8(c) << 32 | (uint64_t)(unsigned)_mm_movemask_epi8(d) << 48;
}

/* The bytes equal to c. */
static inline uint64_t equal(const __m128i v[4], int c)
{
    return mask_of(_mm_cmpeq_epi8(v[0], byte(c)), _mm_cmpeq_epi8(v[1], byte(c)),
                   _mm_cmpeq_epi8(v[2], byte(c)), _mm_cmpeq_epi8(v[3], byte(c)));
}

/* The bytes above c, as signed numbers: those from 0x80 stand in their order below those of ASCII. */
static inline uint64_t above(const __m128i v[4], int c)
{
    return mask_of(_mm_cmpgt_epi8(v[0], byte(c)), _mm_cmpgt_epi8(v[1], byte(c)),
                   _mm_cmpgt_epi8(v[2], byte(c)), _mm_cmpgt_epi8(v[3], byte(c)));
}

static bool second_bytes_valid(const __m128i v[4])
{
    uint64_t e0 = equal(v, 0xe0), ed = equal(v, 0xed), f0 = equal(v, 0xf0), f4 = equal(v, 0xf4);
    uint64_t from_90 = above(v, 0x8f), from_a0 = above(v, 0x9f); /* among continuation bytes */
    return ((e0 << 1 & ~from_a0) | (ed << 1 & from_a0) | (f0 << 1 & ~from_90) | (f4 << 1 & from_90)) == 0;
}

/* How many of the 64 bytes at p are whole sequences, without the one that the block cuts off; 0 when any is
 * not valid. */
static size_t block_valid(const unsigned char *p)
{
    __m128i v[4], bad = _mm_setzero_si128(), narrow = bad;
    for (int i = 0; i < 4; i++)
        v[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
    uint64_t high = mask_of(v[0], v[1], v[2], v[3]);
    if (high == 0)
        return BLOCK;
    for (int i = 0; i < 4; i++) {
        __m128i even = _mm_and_si128(v[i], byte(0xfe));
        bad = _mm_or_si128(bad, _mm_cmpeq_epi8(even, byte(0xc0)));                      /* C0, C1 */
        bad = _mm_or_si128(bad, _mm_and_si128(v[i], _mm_cmpgt_epi8(v[i], byte(0xf4)))); /* F5 to FF */
        __m128i e = _mm_or_si128(_mm_cmpeq_epi8(v[i], byte(0xe0)), _mm_cmpeq_epi8(v[i], byte(0xed)));
        __m128i f = _mm_or_si128(_mm_cmpeq_epi8(v[i], byte(0xf0)), _mm_cmpeq_epi8(v[i], byte(0xf4)));
        narrow = _mm_or_si128(narrow, _mm_or_si128(e, f));
    }
    uint64_t lead = above(v, 0xbf) & high, lead3 = above(v, 0xdf) & high, lead4 = above(v, 0xef) & high;
    uint64_t continuation = high & ~lead;
    if (continuation != (lead << 1 | lead3 << 2 | lead4 << 3) || _mm_movemask_epi8(bad))
        return 0;
    if (_mm_movemask_epi8(narrow) && !second_bytes_valid(v))
        return 0;
    uint64_t cut = (lead & (uint64_t)1 << 63) | (lead3 & (uint64_t)1 << 62) | (lead4 & (uint64_t)1 << 61);
    return cut ? (size_t)__builtin_ctzll(cut) : BLOCK;
}
#endif

size_t ss_utf8_valid_len(struct ss_slice s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t i = 0, n = 1;
#ifdef __SSE2__
    while (n && s.len - i >= BLOCK)
        i += n = block_valid(p + i);
#endif
    while (i < s.len) {
        uint64_t eight;
        if (s.len - i >= sizeof eight) {
            memcpy(&eight, p + i, sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) {
                i += sizeof eight;
                continue;
            }
        }
        n = sequence_len(p + i, s.len - i);
        if (n == 0)
            break;
        i += n;
    }
    return i;
}
