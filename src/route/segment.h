/* One segment of a path, in the form in which literals are compared.
 *
 * Two spellings of a segment are the same when they differ only in escapes of unreserved characters, in the
 * case of hex digits (RFC 3986 §6.2.2.1 and §6.2.2.2), or in whether a byte that a path cannot hold is
 * escaped. The normal form decodes the first, writes the second in upper case and escapes the third. An
 * escaped reserved character stays escaped:
 * "%2F" is not a separator, "%3A" begins no verb. */
#ifndef SS_ROUTE_SEGMENT_H
#define SS_ROUTE_SEGMENT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* What a byte of a segment needs to come into normal form. */
enum ss_segment_byte {
    SS_SEGMENT_FOREIGN,    /* is to be escaped */
    SS_SEGMENT_UNRESERVED, /* stays, and its escape is decoded */
    SS_SEGMENT_RESERVED,   /* stays, and so does its escape */
    SS_SEGMENT_ESCAPE,     /* '%' */
};

enum ss_segment_byte ss_segment_byte(unsigned char c);

/* The normal form of raw, whose escapes must be well-formed; raw itself when that is normal already, else
 * allocated from a. *hash becomes ss_hash of the result. SS_ERR_LIMIT when a is at its cap. */
enum ss_err ss_segment_normalize(struct ss_slice raw, struct ss_arena *a, struct ss_slice *out,
                                 uint32_t *hash);

#endif
