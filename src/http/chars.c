#include "http/chars.h"

#include "http/http1.h"

/* clang-format off */
const char ss_http_lower[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, '!', 0, '#', '$', '%', '&', '\'', 0, 0, '*', '+', 0, '-', '.', 0,
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 0, 0, 0, 0, 0, 0,
    0, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0, 0, 0, '^', '_',
    '`', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0, '|', 0, '~', 0,
};
/* clang-format on */

#define ONES UINT64_C(0x0101010101010101)
#define HIGH (ONES * 0x80)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static inline uint64_t load_word(const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

/* Bit 7 of the lowest byte below n (n at most 0x80) is set, and of no byte before it; higher bits may be
 * wrong. */
static inline uint64_t below(uint64_t w, uint64_t n)
{
    return (w - ONES * n) & ~w & HIGH;
}

static inline unsigned first_byte(uint64_t mask)
{
    return (unsigned)__builtin_ctzll(mask) / 8;
}

/* The first byte of [p, end) that is below least, DEL or, with ascii, above 0x7F; or a place with under 8
 * bytes to go. */
static inline const char *skip_words(const char *p, const char *end, uint64_t least, bool ascii)
{
    while (end - p >= 8) {
        uint64_t w = load_word(p);
        uint64_t mask = below(w, least) | below(w ^ (ONES * 0x7F), 1);
        if (ascii)
            mask |= w & HIGH;
        if (mask)
            return p + first_byte(mask);
        p += 8;
    }
    return p;
}
#else
static inline const char *skip_words(const char *p, const char *end, uint64_t least, bool ascii)
{
    (void)end, (void)least, (void)ascii;
    return p;
}
#endif

const char *ss_http_value_end(const char *p, const char *end)
{
    for (;;) {
        p = skip_words(p, end, 0x20, false);
        while (p < end && ss_http_value_char(*p) && *p != '\t')
            p++;
        if (p == end || *p != '\t')
            return p;
        p++;
    }
}

const char *ss_http_visible_end(const char *p, const char *end)
{
    p = skip_words(p, end, 0x21, true);
    while (p<end && * p> 0x20 && *p < 0x7F)
        p++;
    return p;
}

const char *ss_http_target_end(const char *p, const char *end)
{
    p = skip_words(p, end, 0x21, false);
    while (p < end && (unsigned char)*p > 0x20 && *p != 0x7F)
        p++;
    return p;
}

struct ss_slice ss_http_trim(struct ss_slice s)
{
    while (s.len && ss_http_space(s.ptr[0]))
        s = ss_slice_skip(s, 1);
    while (s.len && ss_http_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

static bool next_element(struct ss_slice *list, bool quotes, struct ss_slice *element)
{
    while (list->len) {
        bool quoted = false;
        size_t i = 0;
        for (; i < list->len && (quoted || list->ptr[i] != ','); i++) {
            if (quotes && list->ptr[i] == '"')
                quoted = !quoted;
            else if (quoted && list->ptr[i] == '\\' && i + 1 < list->len)
                i++;
        }
        *element = ss_http_trim(ss_slice_of(list->ptr, i));
        *list = ss_slice_skip(*list, i < list->len ? i + 1 : i);
        if (element->len)
            return true;
    }
    return false;
}

bool ss_http_list_next(struct ss_slice *list, struct ss_slice *element)
{
    return next_element(list, true, element);
}

bool ss_http_token_next(struct ss_slice *list, struct ss_slice *element)
{
    return next_element(list, false, element);
}

bool ss_http_name_valid(struct ss_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ss_http_tchar(s.ptr[i]))
            return false;
    return s.len > 0;
}

bool ss_http_value_valid(struct ss_slice s)
{
    if (s.len == 0)
        return true;
    if (ss_http_space(s.ptr[0]) || ss_http_space(s.ptr[s.len - 1]))
        return false;
    return ss_http_value_end(s.ptr, s.ptr + s.len) == s.ptr + s.len;
}
