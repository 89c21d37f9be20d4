/* A view of bytes owned by someone else; the lifetime is said where a slice is declared. */
#ifndef SS_BASE_SLICE_H
#define SS_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct ss_slice {
    const char *ptr; /* not NUL-terminated; may be NULL when len is 0 */
    size_t len;      /* bytes */
};

/* The slice of a string literal. */
#define SS_LIT(s) ((struct ss_slice){("" s), sizeof(s) - 1})

/* printf("%.*s", SS_FMT(slice)); */
#define SS_FMT(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct ss_slice ss_slice_of(const char *ptr, size_t len)
{
    return (struct ss_slice){ptr, len};
}

static inline struct ss_slice ss_slice_str(const char *cstr)
{
    return (struct ss_slice){cstr, cstr ? strlen(cstr) : 0};
}

static inline bool ss_slice_eq(struct ss_slice a, struct ss_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII case-insensitive equality. */
static inline bool ss_slice_eq_ci(struct ss_slice a, struct ss_slice b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool ss_slice_starts(struct ss_slice s, struct ss_slice prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

/* The rest of s after its first n bytes; n must not exceed s.len. */
static inline struct ss_slice ss_slice_skip(struct ss_slice s, size_t n)
{
    return (struct ss_slice){n ? s.ptr + n : s.ptr, s.len - n};
}

#endif
