#include "base/base64.h"

#include <stdint.h>

enum { BAD = 0xff };

/* Values of the characters below 128, of both alphabets. */
/* clang-format off */
static const uint8_t values[128] = {
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD,
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD,
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, 62, BAD, 62, BAD, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, BAD, BAD, BAD, BAD, BAD, BAD,
    BAD, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, BAD, BAD, BAD, BAD, 63,
    BAD, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, BAD, BAD, BAD, BAD, BAD,
};
/* clang-format on */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t ss_base64_encode(char *out, struct ss_slice bytes, bool pad)
{
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    char *o = out;
    size_t left = bytes.len;
    for (; left >= 3; left -= 3, p += 3, o += 4) {
        uint32_t w = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        o[0] = alphabet[w >> 18];
        o[1] = alphabet[w >> 12 & 63];
        o[2] = alphabet[w >> 6 & 63];
        o[3] = alphabet[w & 63];
    }
    if (left) {
        uint32_t w = (uint32_t)p[0] << 16 | (left == 2 ? (uint32_t)p[1] << 8 : 0);
        *o++ = alphabet[w >> 18];
        *o++ = alphabet[w >> 12 & 63];
        if (left == 2)
            *o++ = alphabet[w >> 6 & 63];
        for (; pad && left < 3; left++)
            *o++ = '=';
    }
    return (size_t)(o - out);
}

/* The value of c, with its high bit set if c is in neither alphabet. */
static inline uint32_t value(unsigned char c)
{
    return values[c & 127] | (c & 0x80u);
}

enum ss_err ss_base64_decode(char *out, size_t *out_len, struct ss_slice text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t left = text.len;
    /* Padding is right only where it fills the last four; anywhere else '=' is a bad character. */
    for (int i = 0; i < 2 && text.len % 4 == 0 && left && p[left - 1] == '='; i++)
        left--;
    if (left % 4 == 1)
        return SS_ERR_INVALID;

    char *o = out;
    uint32_t bad = 0;
    for (; left >= 4; left -= 4, p += 4, o += 3) {
        uint32_t a = value(p[0]), b = value(p[1]), c = value(p[2]), d = value(p[3]);
        uint32_t w = a << 18 | b << 12 | c << 6 | d;
        bad |= a | b | c | d;
        o[0] = (char)(w >> 16);
        o[1] = (char)(w >> 8);
        o[2] = (char)w;
    }
    if (left) {
        uint32_t a = value(p[0]), b = value(p[1]), c = left == 3 ? value(p[2]) : 0;
        uint32_t w = a << 18 | b << 12 | c << 6;
        bad |= a | b | c;
        *o++ = (char)(w >> 16);
        if (left == 3)
            *o++ = (char)(w >> 8);
    }
    if (bad & 0x80)
        return SS_ERR_INVALID;
    *out_len = (size_t)(o - out);
    return SS_OK;
}
