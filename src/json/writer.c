#include "json/writer.h"

#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/base64.h"
#include "base/utf8.h"

/* Plain bytes are copied as they are; the others are '"', '\\', below 0x20 and, until the rest of the string
 * has been found to be UTF-8, from 0x80. */
static inline bool is_plain(unsigned char c, bool checked)
{
    return c >= 0x20 && c != '"' && c != '\\' && (checked || c < 0x80);
}

/* As a mask with a bit (or more) set for each of eight bytes that is not plain, and the lowest of them exact.
 */
static inline uint64_t special_of_8(uint64_t v, bool checked)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t quote = v ^ ones * '"', slash = v ^ ones * '\\';
    uint64_t found = ((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash);
    return (found | (checked ? 0 : v)) & high;
}

#ifdef __SSE2__
static inline __m128i special_of_16(__m128i v, bool checked)
{
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"')), slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    __m128i control = checked ? _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v)
                              : _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)); /* signed: from 0x80 too */
    return _mm_or_si128(control, _mm_or_si128(quote, slash));
}
#endif

/* Copies the plain bytes that n bytes at p begin with; out has room for n. May write, but not claim, up to n
 * bytes. */
static inline size_t copy_plain(char *out, const char *p, size_t n, bool checked)
{
    size_t i = 0;
#ifdef __SSE2__
    for (; n - i >= 32; i += 32) {
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(p + i + 16));
        _mm_storeu_si128((__m128i *)(void *)(out + i), a);
        _mm_storeu_si128((__m128i *)(void *)(out + i + 16), b);
        unsigned mask = (unsigned)_mm_movemask_epi8(special_of_16(a, checked)) |
                        (unsigned)_mm_movemask_epi8(special_of_16(b, checked)) << 16;
        if (mask)
            return i + (size_t)__builtin_ctz(mask);
    }
    if (i && i < n) { /* what is left, with some of what was copied again */
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(p + n - 32));
        __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(p + n - 16));
        if (_mm_movemask_epi8(_mm_or_si128(special_of_16(a, checked), special_of_16(b, checked))) == 0) {
            _mm_storeu_si128((__m128i *)(void *)(out + n - 32), a);
            _mm_storeu_si128((__m128i *)(void *)(out + n - 16), b);
            return n;
        }
    }
#endif
    for (; n - i >= 8; i += 8) {
        uint64_t v;
        memcpy(&v, p + i, 8);
        memcpy(out + i, &v, 8);
        if (special_of_8(v, checked))
            break;
    }
    while (i < n && is_plain((unsigned char)p[i], checked)) {
        out[i] = p[i];
        i++;
    }
    return i;
}

/* Copies a short string that is plain as a whole, in two halves that overlap; false when it is not such. */
static inline bool copy_short(char *out, const char *p, size_t n)
{
    if (n >= 8) {
        uint64_t a, b;
#ifdef __SSE2__
        if (n >= 16) {
            if (n > 32)
                return false;
            __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
            __m128i w = _mm_loadu_si128((const __m128i *)(const void *)(p + n - 16));
            _mm_storeu_si128((__m128i *)(void *)out, v);
            _mm_storeu_si128((__m128i *)(void *)(out + n - 16), w);
            return _mm_movemask_epi8(_mm_or_si128(special_of_16(v, false), special_of_16(w, false))) == 0;
        }
#endif
        if (n > 16)
            return false;
        memcpy(&a, p, 8);
        memcpy(&b, p + n - 8, 8);
        memcpy(out, &a, 8);
        memcpy(out + n - 8, &b, 8);
        return (special_of_8(a, false) | special_of_8(b, false)) == 0;
    }
    if (n >= 4) {
        uint32_t a, b;
        memcpy(&a, p, 4);
        memcpy(&b, p + n - 4, 4);
        memcpy(out, &a, 4);
        memcpy(out + n - 4, &b, 4);
        return special_of_8(a | (uint64_t)b << 32, false) == 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_plain((unsigned char)p[i], false))
            return false;
        out[i] = p[i];
    }
    return true;
}

/* The escape of a byte below 0x20, '"' or '\\': at most 6 bytes. */
static inline size_t put_escape(char *out, unsigned char c)
{
    static const char letters[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    static const char hex[] = "0123456789abcdef";
    char letter = c < 0x20 ? letters[c] : (char)c;
    out[0] = '\\';
    if (letter) {
        out[1] = letter;
        return 2;
    }
    out[1] = 'u';
    out[2] = out[3] = '0';
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return 6;
}

static enum ss_err write_body(struct ss_buf *out, struct ss_slice s)
{
    enum { ESCAPE_MAX = 6 };
    bool checked = false; /* whether what is left of s is known to be UTF-8 */
    enum ss_err err = ss_buf_reserve(out, s.len + 1);
    size_t i = 0;
    while (err == SS_OK) {
        char *to = out->ptr + out->len;
        size_t n = checked ? copy_plain(to, s.ptr + i, s.len - i, true)
                           : copy_plain(to, s.ptr + i, s.len - i, false);
        out->len += n;
        i += n;
        if (i == s.len)
            break;
        unsigned char c = (unsigned char)s.ptr[i];
        if (c >= 0x80) {
            if (!ss_utf8_valid(ss_slice_skip(s, i)))
                return SS_ERR_INVALID;
            checked = true;
            continue;
        }
        char escape[ESCAPE_MAX];
        n = put_escape(escape, c);
        i++;
        err = ss_buf_reserve(out, n + (s.len - i) + 1); /* room for the rest and the quote stays */
        if (err == SS_OK)
            err = ss_buf_append(out, escape, n);
    }
    return err;
}

bool ss_json_put_plain(char *out, struct ss_slice s)
{
    out[0] = out[s.len + 1] = '"';
    return copy_short(out + 1, s.ptr, s.len);
}

enum ss_err ss_json_write_string(struct ss_buf *out, struct ss_slice s)
{
    size_t before = out->len;
    enum ss_err err = ss_buf_reserve(out, s.len + 2);
    if (err != SS_OK)
        return err;
    if (ss_json_put_plain(out->ptr + before, s)) {
        out->len += s.len + 2;
        return SS_OK;
    }
    err = ss_buf_append(out, "\"", 1);
    if (err == SS_OK)
        err = write_body(out, s);
    if (err == SS_OK)
        err = ss_buf_append(out, "\"", 1);
    if (err != SS_OK)
        out->len = before;
    return err;
}

enum ss_err ss_json_write_base64(struct ss_buf *out, struct ss_slice bytes)
{
    if (bytes.len > SIZE_MAX / 2)
        return SS_ERR_LIMIT;
    size_t n = ss_base64_encoded_len(bytes.len, true);
    enum ss_err err = ss_buf_reserve(out, n + 2);
    if (err != SS_OK)
        return err;
    char *p = out->ptr + out->len;
    p[0] = '"';
    ss_base64_encode(p + 1, bytes, true);
    p[n + 1] = '"';
    out->len += n + 2;
    return SS_OK;
}
