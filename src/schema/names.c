#include "schema/names.h"

#include <stdint.h>
#include <stdio.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static char to_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool ss_name_is_identifier(struct ss_slice s)
{
    if (s.len == 0 || !is_letter(s.ptr[0]))
        return false;
    for (size_t i = 1; i < s.len; i++)
        if (!is_letter(s.ptr[i]) && !(s.ptr[i] >= '0' && s.ptr[i] <= '9'))
            return false;
    return true;
}

struct ss_slice ss_name_to_json(struct ss_slice proto_name, struct ss_arena *a)
{
    char *out = ss_arena_try(a, proto_name.len + 1);
    size_t n = 0;
    bool upper = false;
    if (out == NULL)
        return ss_slice_of(NULL, 0);
    for (size_t i = 0; i < proto_name.len; i++) {
        char c = proto_name.ptr[i];
        if (c == '_')
            upper = true;
        else {
            out[n++] = upper ? to_upper(c) : c;
            upper = false;
        }
    }
    out[n] = '\0';
    return ss_slice_of(out, n);
}

struct ss_slice ss_name_quote(struct ss_slice name, bool colon, struct ss_arena *a)
{
    size_t len = name.len + 2 + (colon ? 1 : 0), n = 0;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        len += c < 0x20 ? 5 : c == '"' || c == '\\' ? 1 : 0;
    }
    char *out = ss_arena_try(a, len + 1);
    if (out == NULL)
        return ss_slice_of(NULL, 0);
    out[n++] = '"';
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c < 0x20)
            n += (size_t)snprintf(out + n, len + 1 - n, "\\u%04x", c);
        else {
            if (c == '"' || c == '\\')
                out[n++] = '\\';
            out[n++] = (char)c;
        }
    }
    out[n++] = '"';
    if (colon)
        out[n++] = ':';
    out[n] = '\0';
    return ss_slice_of(out, n);
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Optimal string alignment over three rows of the matrix; it stops where a whole row is above max. */
unsigned ss_name_distance(struct ss_slice a, struct ss_slice b, unsigned max)
{
    unsigned rows[3][SS_NAME_DISTANCE_MAX_LEN + 1];
    unsigned *older = rows[0], *old = rows[1], *row = rows[2];
    size_t gap = a.len > b.len ? a.len - b.len : b.len - a.len;
    if (a.len > SS_NAME_DISTANCE_MAX_LEN || b.len > SS_NAME_DISTANCE_MAX_LEN || gap > max)
        return max + 1;
    for (size_t j = 0; j <= b.len; j++)
        old[j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned least = row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            char x = to_lower(a.ptr[i - 1]), y = to_lower(b.ptr[j - 1]);
            row[j] = min3(old[j] + 1, row[j - 1] + 1, old[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == to_lower(b.ptr[j - 2]) && y == to_lower(a.ptr[i - 2]) &&
                older[j - 2] + 1 < row[j])
                row[j] = older[j - 2] + 1;
            least = row[j] < least ? row[j] : least;
        }
        if (least > max)
            return max + 1;
        unsigned *spare = older;
        older = old;
        old = row;
        row = spare;
    }
    return old[b.len];
}
