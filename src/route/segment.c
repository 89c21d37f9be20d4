#include "route/segment.h"

#include "base/hash.h"

/* RFC 3986 §2.2 and §2.3; what is not named is SS_SEGMENT_FOREIGN. */
static const unsigned char classes[256] = {
    ['a' ... 'z'] = SS_SEGMENT_UNRESERVED, ['A' ... 'Z'] = SS_SEGMENT_UNRESERVED,
    ['0' ... '9'] = SS_SEGMENT_UNRESERVED, ['-'] = SS_SEGMENT_UNRESERVED,
    ['.'] = SS_SEGMENT_UNRESERVED,         ['_'] = SS_SEGMENT_UNRESERVED,
    ['~'] = SS_SEGMENT_UNRESERVED,         [':'] = SS_SEGMENT_RESERVED,
    ['/'] = SS_SEGMENT_RESERVED,           ['?'] = SS_SEGMENT_RESERVED,
    ['#'] = SS_SEGMENT_RESERVED,           ['['] = SS_SEGMENT_RESERVED,
    [']'] = SS_SEGMENT_RESERVED,           ['@'] = SS_SEGMENT_RESERVED,
    ['!'] = SS_SEGMENT_RESERVED,           ['$'] = SS_SEGMENT_RESERVED,
    ['&'] = SS_SEGMENT_RESERVED,           ['\''] = SS_SEGMENT_RESERVED,
    ['('] = SS_SEGMENT_RESERVED,           [')'] = SS_SEGMENT_RESERVED,
    ['*'] = SS_SEGMENT_RESERVED,           ['+'] = SS_SEGMENT_RESERVED,
    [','] = SS_SEGMENT_RESERVED,           [';'] = SS_SEGMENT_RESERVED,
    ['='] = SS_SEGMENT_RESERVED,           ['%'] = SS_SEGMENT_ESCAPE,
};

enum ss_segment_byte ss_segment_byte(unsigned char c)
{
    return (enum ss_segment_byte)classes[c];
}

static unsigned hex_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : ((unsigned)c | 0x20u) - 'a' + 10;
}

static size_t put_escape(char *p, unsigned byte)
{
    static const char hex[] = "0123456789ABCDEF";
    p[0] = '%';
    p[1] = hex[byte >> 4];
    p[2] = hex[byte & 15];
    return 3;
}

static enum ss_err rewrite(struct ss_slice raw, struct ss_arena *a, struct ss_slice *out)
{
    char *p = ss_arena_try(a, raw.len * 3);
    if (p == NULL)
        return SS_ERR_LIMIT;
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++) {
        unsigned byte = (unsigned char)raw.ptr[i];
        switch (ss_segment_byte((unsigned char)byte)) {
        case SS_SEGMENT_UNRESERVED:
        case SS_SEGMENT_RESERVED:
            p[n++] = raw.ptr[i];
            break;
        case SS_SEGMENT_FOREIGN:
            n += put_escape(p + n, byte);
            break;
        case SS_SEGMENT_ESCAPE:
            byte = hex_value(raw.ptr[i + 1]) << 4 | hex_value(raw.ptr[i + 2]);
            if (ss_segment_byte((unsigned char)byte) == SS_SEGMENT_UNRESERVED)
                p[n++] = (char)byte;
            else
                n += put_escape(p + n, byte);
            i += 2;
            break;
        }
    }
    *out = ss_slice_of(p, n);
    return SS_OK;
}

enum ss_err ss_segment_normalize(struct ss_slice raw, struct ss_arena *a, struct ss_slice *out,
                                 uint32_t *hash)
{
    for (size_t i = 0; i < raw.len; i++) {
        enum ss_segment_byte class = ss_segment_byte((unsigned char)raw.ptr[i]);
        if (class == SS_SEGMENT_UNRESERVED || class == SS_SEGMENT_RESERVED)
            continue;
        enum ss_err err = rewrite(raw, a, out);
        *hash = err ? 0 : ss_hash(*out);
        return err;
    }
    *out = raw;
    *hash = ss_hash(raw);
    return SS_OK;
}
