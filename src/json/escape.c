#include "json/escape.h"

#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { MARK = 0xff, STAND_IN = 0x80 /* with this bit, '"' and '\\' are neither */ };

enum ss_err ss_json_hide_escapes(struct ss_buf *out, struct ss_slice text)
{
    const char *p = text.ptr;
    size_t n = text.len, i = 0;
    out->len = 0;
    enum ss_err err = ss_buf_reserve(out, n);
    if (err != SS_OK)
        return err;
    char *to = out->ptr;
    while (i < n) {
#ifdef __SSE2__
        if (n - i >= 16) {
            __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
            unsigned mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
            _mm_storeu_si128((__m128i *)(void *)(to + i), v);
            if (mask == 0) {
                i += 16;
                continue;
            }
            i += (size_t)__builtin_ctz(mask);
        }
#endif
        if (p[i] != '\\') {
            to[i] = p[i];
            i++;
            continue;
        }
        to[i++] = (char)MARK;
        if (i < n) {
            to[i] = p[i] == '"' || p[i] == '\\' ? (char)(p[i] | STAND_IN) : p[i];
            i++;
        }
    }
    out->len = n;
    return SS_OK;
}

/* The value of four hexadecimal digits at p; -1 when they are none. */
static int hex4(const char *p, const char *end)
{
    int v = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = p[i], lower = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            v = v * 16 + (c - '0');
        else if (lower >= 'a' && lower <= 'f')
            v = v * 16 + (lower - 'a' + 10);
        else
            return -1;
    }
    return v;
}

static char *put_utf8(char *to, unsigned c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *to++ = (char)(0xe0 | c >> 12);
        } else {
            *to++ = (char)(0xf0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (c & 0x3f));
    return to;
}

/* From behind \u. Returns the byte behind the escape, or behind both of a surrogate pair; NULL when wrong. */
static const char *decode_unicode(const char *p, const char *end, char **to)
{
    int c = hex4(p, end), low;
    if (c < 0 || (c & ~0x3ff) == 0xdc00)
        return NULL;
    p += 4;
    if ((c & ~0x3ff) == 0xd800) {
        if (end - p < 2 || (unsigned char)p[0] != MARK || p[1] != 'u')
            return NULL;
        low = hex4(p + 2, end);
        if ((low & ~0x3ff) != 0xdc00)
            return NULL;
        c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
        p += 6;
    }
    *to = put_utf8(*to, (unsigned)c);
    return p;
}

/* From behind the mark. */
static const char *decode_one(const char *p, const char *end, char **to)
{
    static const char values[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                     ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    if (p == end)
        return NULL;
    unsigned char c = (unsigned char)*p++;
    if (c == 'u')
        return decode_unicode(p, end, to);
    if (c == ('"' | STAND_IN) || c == ('\\' | STAND_IN))
        c &= 0x7f;
    else if (c >= 0x80)
        return NULL;
    if (values[c] == 0)
        return NULL;
    *(*to)++ = values[c];
    return p;
}

/* Moves what is at p up to the next mark, or end, down to to; all of it stays readable until it is moved. */
static const char *move_plain(const char *p, const char *end, char **to)
{
    char *out = *to;
#ifdef __SSE2__
    while (end - p >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        if (_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8((char)MARK))))
            break;
        _mm_storeu_si128((__m128i *)(void *)out, v);
        p += 16;
        out += 16;
    }
#endif
    while (p < end && (unsigned char)*p != MARK)
        *out++ = *p++;
    *to = out;
    return p;
}

/* Whether any of the 8 bytes is FF: whether the complement of any is 0. */
static inline bool has_mark(uint64_t v)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    return ((~v - ones) & v & high) != 0;
}

/* The first mark; that a short string has none is found without a call. */
static inline const char *find_mark(const char *p, size_t n)
{
    uint64_t a, b;
    if (n >= 8 && n <= 16) {
        memcpy(&a, p, 8);
        memcpy(&b, p + n - 8, 8);
        if (!has_mark(a) && !has_mark(b))
            return NULL;
    } else if (n < 8) {
        for (size_t i = 0; i < n; i++)
            if ((unsigned char)p[i] == MARK)
                return p + i;
        return NULL;
    }
    return memchr(p, MARK, n);
}

bool ss_json_decode_escapes(char *p, size_t n, size_t *decoded)
{
    const char *end = p + n, *from = find_mark(p, n);
    *decoded = n;
    if (from == NULL)
        return true;
    char *to = p + (from - p);
    while (from < end) {
        from = decode_one(from + 1, end, &to);
        if (from == NULL)
            return false;
        from = move_plain(from, end, &to);
    }
    *decoded = (size_t)(to - p);
    return true;
}
