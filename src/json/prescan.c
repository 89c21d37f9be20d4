#include "json/prescan.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static void scan_bytes(struct ss_json_prescan *found, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        found->high |= c >= 0x80;
        found->backslash |= c == '\\';
        found->feed |= c == '\v' || c == '\f';
    }
}

struct ss_json_prescan ss_json_prescan(struct ss_slice text)
{
    struct ss_json_prescan found = {0};
    size_t i = 0;
#ifdef __SSE2__
    if (text.len >= 16) {
        __m128i high = _mm_setzero_si128(), backslash = high, feed = high;
        for (;;) {
            __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(text.ptr + i));
            __m128i from_vt = _mm_sub_epi8(v, _mm_set1_epi8('\v')); /* the form feed comes next */
            high = _mm_or_si128(high, v);
            backslash = _mm_or_si128(backslash, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
            feed = _mm_or_si128(feed, _mm_cmpeq_epi8(_mm_min_epu8(from_vt, _mm_set1_epi8(1)), from_vt));
            i += 16;
            if (i == text.len)
                break;
            if (text.len - i < 16)
                i = text.len - 16; /* the last step overlaps the one before */
        }
        found.high = _mm_movemask_epi8(high) != 0;
        found.backslash = _mm_movemask_epi8(backslash) != 0;
        found.feed = _mm_movemask_epi8(feed) != 0;
    }
#endif
    if (i < text.len)
        scan_bytes(&found, text.ptr + i, text.len - i);
    return found;
}

/* The value of four hexadecimal digits; -1 when they are none. */
static int hex4(const char *p)
{
    int v = 0;
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

/* The UTF-16 unit that the escape at p stands for; -1 when it is not a whole \u escape. */
static int unicode_escape(const char *p, const char *end)
{
    return end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? hex4(p + 2) : -1;
}

bool ss_json_surrogates_paired(struct ss_slice text)
{
    const char *p = text.ptr, *end = p + text.len;
    while (p < end) {
        if (*p != '\\') {
            p = memchr(p, '\\', (size_t)(end - p));
            if (p == NULL)
                break;
        }
        int unit = unicode_escape(p, end);
        if (unit < 0) {
            p += 2;
            continue;
        }
        p += 6;
        if ((unit & 0xf800) != 0xd800)
            continue;
        if (unit >= 0xdc00 || (unicode_escape(p, end) & ~0x3ff) != 0xdc00)
            return false;
        p += 6;
    }
    return true;
}

enum ss_err ss_json_lower_bools(struct ss_buf *out, struct ss_slice text)
{
    out->len = 0;
    enum ss_err err = ss_buf_append_slice(out, text);
    if (err != SS_OK)
        return err;
    char *p = out->ptr, *end = p + out->len;
    bool inside = false; /* a string */
    for (; p < end; p++) {
        if (*p == '"')
            inside = !inside;
        else if (inside)
            p += *p == '\\';
        else if (end - p >= 4 && memcmp(p, "True", 4) == 0)
            *p = 't';
        else if (end - p >= 5 && memcmp(p, "False", 5) == 0)
            *p = 'f';
    }
    return SS_OK;
}
