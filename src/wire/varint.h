/* Varints, zigzag and fixed-width values as protobuf puts them on the wire
 * (protobuf.dev/programming-guides/encoding). Inline: they are the inner loop of both directions of
 * transcoding. */
#ifndef SS_WIRE_VARINT_H
#define SS_WIRE_VARINT_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SS_VARINT_MAX = 10 }; /* bytes of the longest varint */

/* Bytes that v takes: 1 to 10. */
static inline unsigned ss_varint_len(uint64_t v)
{
    unsigned log2 = 63u - (unsigned)__builtin_clzll(v | 1);
    return (log2 * 9 + 73) / 64;
}

/* Writes v to p, which has room for ss_varint_len(v) bytes; returns the byte behind it. */
static inline char *ss_varint_put(char *p, uint64_t v)
{
    while (v >= 0x80) {
        *p++ = (char)(unsigned char)(v | 0x80);
        v >>= 7;
    }
    *p++ = (char)(unsigned char)v;
    return p;
}

const char *ss_varint_get_long(const char *p, const char *end, uint64_t *v);

/* Reads a varint from [p, end) into *v; returns the byte behind it, or NULL when it is cut off or longer than
 * ten bytes. Bits above the 64th are dropped, as protobuf's own readers do. */
static inline const char *ss_varint_get(const char *p, const char *end, uint64_t *v)
{
    if (__builtin_expect(p < end && (unsigned char)*p < 0x80, 1)) {
        *v = (unsigned char)*p;
        return p + 1;
    }
    if (end - p >= 2 && (unsigned char)p[1] < 0x80) {
        *v = ((unsigned char)p[0] & 0x7fu) | (uint64_t)(unsigned char)p[1] << 7;
        return p + 2;
    }
    return ss_varint_get_long(p, end, v);
}

static inline uint64_t ss_zigzag_encode(int64_t v)
{
    return ((uint64_t)v << 1) ^ (0 - ((uint64_t)v >> 63));
}

static inline int64_t ss_zigzag_decode(uint64_t v)
{
    return (int64_t)((v >> 1) ^ (0 - (v & 1)));
}

/* Little-endian values; the caller checks that 4 or 8 bytes are there. */
static inline char *ss_fixed32_put(char *p, uint32_t v)
{
    v = htole32(v);
    memcpy(p, &v, 4);
    return p + 4;
}

static inline char *ss_fixed64_put(char *p, uint64_t v)
{
    v = htole64(v);
    memcpy(p, &v, 8);
    return p + 8;
}

static inline uint32_t ss_fixed32_get(const char *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return le32toh(v);
}

static inline uint64_t ss_fixed64_get(const char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return le64toh(v);
}

#endif
