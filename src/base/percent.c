/* Strict decoding is for what a client sent and a service will read: every flaw is an error. The loose pair
 * is for grpc-message, which must arrive whatever it looks like. */
#include "base/percent.h"

#include "base/utf8.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The byte that text[i..i+2] encodes; -1 when that is not a whole escape. text[i] is '%'. */
static int escape_at(struct ss_slice text, size_t i)
{
    if (text.len - i < 3)
        return -1;
    int high = hex_digit(text.ptr[i + 1]), low = hex_digit(text.ptr[i + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* RFC 6570 §1.5: reserved. '%' counts too: decoding "%25" would make a new escape of what follows it. */
static bool is_kept(int byte)
{
    return byte == '%' || (byte > 0 && byte < 0x80 && strchr(":/?#[]@!$&'()*+,;=", byte) != NULL);
}

static bool needs_decoding(struct ss_slice text, bool plus_is_space)
{
    if (text.len == 0)
        return false;
    return memchr(text.ptr, '%', text.len) != NULL ||
           (plus_is_space && memchr(text.ptr, '+', text.len) != NULL);
}

static enum ss_err check(struct ss_slice text)
{
    if (text.len && memchr(text.ptr, '\0', text.len))
        return SS_ERR_INVALID;
    return ss_utf8_valid(text) ? SS_OK : SS_ERR_INVALID;
}

static enum ss_err decode(struct ss_slice text, bool plus_is_space, bool keep_reserved, struct ss_arena *a,
                          struct ss_slice *out)
{
    *out = text;
    if (!needs_decoding(text, plus_is_space))
        return check(text);
    char *p = ss_arena_try(a, text.len);
    if (p == NULL)
        return SS_ERR_LIMIT;
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int byte = escape_at(text, i);
            if (byte <= 0)
                return SS_ERR_INVALID;
            if (keep_reserved && is_kept(byte)) {
                memcpy(p + n, text.ptr + i, 3);
                n += 3;
            } else {
                p[n++] = (char)byte;
            }
            i += 2;
        } else {
            p[n++] = plus_is_space && c == '+' ? ' ' : c;
        }
    }
    *out = ss_slice_of(p, n);
    return check(*out);
}

enum ss_err ss_percent_decode(struct ss_slice text, bool plus_is_space, struct ss_arena *a,
                              struct ss_slice *out)
{
    return decode(text, plus_is_space, false, a, out);
}

enum ss_err ss_percent_decode_keep_reserved(struct ss_slice text, struct ss_arena *a, struct ss_slice *out)
{
    return decode(text, false, true, a, out);
}

struct ss_slice ss_percent_decode_loose(struct ss_slice text, struct ss_arena *a)
{
    if (!needs_decoding(text, false))
        return text;
    char *p = ss_arena_try(a, text.len);
    if (p == NULL)
        return text;
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        int byte = text.ptr[i] == '%' ? escape_at(text, i) : -1;
        if (byte >= 0) {
            p[n++] = (char)byte;
            i += 2;
        } else {
            p[n++] = text.ptr[i];
        }
    }
    return ss_slice_of(p, n);
}

static bool is_message_char(unsigned char c)
{
    return c >= 0x20 && c <= 0x7e && c != '%';
}

struct ss_slice ss_percent_encode_message(struct ss_slice text, struct ss_arena *a)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t escapes = 0;
    for (size_t i = 0; i < text.len; i++)
        escapes += !is_message_char((unsigned char)text.ptr[i]);
    if (escapes == 0)
        return text;
    char *p = ss_arena_try(a, text.len + 2 * escapes);
    if (p == NULL)
        return ss_slice_of("", 0);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (is_message_char(c)) {
            p[n++] = (char)c;
        } else {
            p[n++] = '%';
            p[n++] = hex[c >> 4];
            p[n++] = hex[c & 15];
        }
    }
    return ss_slice_of(p, n);
}
