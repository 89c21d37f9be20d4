/* Reading wire bytes: each function takes where to read and where the bytes end, and returns the byte behind
 * what it read, or NULL when that is malformed or cut off. Nothing behind end is touched; nothing is copied.
 */
#ifndef SS_WIRE_READER_H
#define SS_WIRE_READER_H

#include "base/slice.h"
#include "wire/tag.h"
#include "wire/varint.h"

enum { SS_WIRE_MAX_DEPTH = 100 }; /* nested messages or groups; the limit of protobuf's own readers */

const char *ss_wire_get_tag_long(const char *p, const char *end, uint32_t *tag);

/* A tag: at most five bytes, with a field number above 0. *tag is number << 3 | wire type; the wire type may
 * be 6 or 7, which ss_wire_skip refuses. */
static inline const char *ss_wire_get_tag(const char *p, const char *end, uint32_t *tag)
{
    if (__builtin_expect(p < end && (unsigned char)*p < 0x80 && (unsigned char)*p >= 8, 1)) {
        *tag = (unsigned char)*p;
        return p + 1;
    }
    return ss_wire_get_tag_long(p, end, tag);
}

/* A length and so many bytes; *bytes points into [p, end). */
static inline const char *ss_wire_get_bytes(const char *p, const char *end, struct ss_slice *bytes)
{
    uint64_t len;
    p = ss_varint_get(p, end, &len);
    if (!p || len > (uint64_t)(end - p))
        return NULL;
    *bytes = ss_slice_of(p, (size_t)len);
    return p + len;
}

/* The value of a field whose tag was just read. A group is skipped with its end tag, which must match; groups
 * may nest depth deep. An end tag itself is malformed here. */
const char *ss_wire_skip(const char *p, const char *end, uint32_t tag, unsigned depth);
/* From behind a group's start tag to behind its end tag; *body is what is between. */
const char *ss_wire_get_group(const char *p, const char *end, uint32_t number, unsigned depth,
                              struct ss_slice *body);

#endif
