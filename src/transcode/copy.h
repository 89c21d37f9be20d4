/* Copying and comparing few bytes without a call: in two pieces that overlap. Nothing outside of the n bytes
 * is touched.
 */
#ifndef SS_TRANSCODE_COPY_H
#define SS_TRANSCODE_COPY_H

#include <stdint.h>

#include "base/slice.h"

static inline void ss_copy_small(char *out, const char *p, size_t n)
{
    char piece[16];
    if (n >= 8 && n <= 32) {
        if (n > 16) {
            memcpy(piece, p + n - 16, 16);
            memcpy(out, p, 16);
            memcpy(out + n - 16, piece, 16);
        } else {
            memcpy(piece, p + n - 8, 8);
            memcpy(out, p, 8);
            memcpy(out + n - 8, piece, 8);
        }
    } else if (n >= 4 && n < 8) {
        memcpy(piece, p + n - 4, 4);
        memcpy(out, p, 4);
        memcpy(out + n - 4, piece, 4);
    } else if (n >= 4) {
        memcpy(out, p, n);
    } else if (n) {
        char first = p[0], middle = p[n / 2];
        out[n - 1] = p[n - 1];
        out[n / 2] = middle;
        out[0] = first;
    }
}

/* Whether two slices of at most 32 bytes are equal; false for longer ones. */
static inline bool ss_eq_few(struct ss_slice s, struct ss_slice t)
{
    size_t n = s.len;
    if (n != t.len || n > 32)
        return false;
    if (n >= 8) {
        uint64_t a[4], b[4];
        size_t second = n > 16 ? 8 : 0; /* the four words, or two of them twice */
        memcpy(&a[0], s.ptr, 8);
        memcpy(&b[0], t.ptr, 8);
        memcpy(&a[1], s.ptr + second, 8);
        memcpy(&b[1], t.ptr + second, 8);
        memcpy(&a[2], s.ptr + n - 8 - second, 8);
        memcpy(&b[2], t.ptr + n - 8 - second, 8);
        memcpy(&a[3], s.ptr + n - 8, 8);
        memcpy(&b[3], t.ptr + n - 8, 8);
        return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3])) == 0;
    }
    if (n >= 4) {
        uint32_t a[2], b[2];
        memcpy(&a[0], s.ptr, 4);
        memcpy(&b[0], t.ptr, 4);
        memcpy(&a[1], s.ptr + n - 4, 4);
        memcpy(&b[1], t.ptr + n - 4, 4);
        return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
    }
    return n == 0 || (s.ptr[0] == t.ptr[0] && s.ptr[n / 2] == t.ptr[n / 2] && s.ptr[n - 1] == t.ptr[n - 1]);
}

#endif
