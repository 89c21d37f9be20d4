/* Scalar values from text: protobuf's JSON mapping for numbers, booleans and enums, and what to call them in
 * errors. */
#ifndef SS_TRANSCODE_SCALAR_H
#define SS_TRANSCODE_SCALAR_H

#include "base/buf.h"
#include "schema/schema.h"
#include "transcode/token.h"
#include "wire/tag.h"
#include "wire/varint.h"

enum ss_scalar {
    SS_SCALAR_OK,
    SS_SCALAR_BAD,
    SS_SCALAR_UNKNOWN_ENUM, /* a name, or a number of a closed enum, that the enum does not have */
};

/* The value of a token for field f of a numeric type, bool or enum. *bits is what goes on the wire: a
 * varint's value (sign-extended or zigzagged), or 4 or 8 bytes as a fixed value. lenient: "true" for true,
 * enum names in any case, enum numbers in strings. */
enum ss_scalar ss_scalar_read(const struct ss_field *f, const struct ss_token *t, bool lenient,
                              uint64_t *bits);
/* Base64 as MIME has it, in lines: *text without its white space, in lines, when it has any. */
enum ss_err ss_base64_unfold(struct ss_slice *text, struct ss_buf *lines);
/* Writes bits to p (room for 10 bytes) as f's wire type has it; returns the byte behind. */
static inline char *ss_scalar_put(const struct ss_field *f, uint64_t bits, char *p)
{
    if (f->wire_type == SS_WIRE_VARINT)
        return ss_varint_put(p, bits);
    return f->wire_type == SS_WIRE_FIXED64 ? ss_fixed64_put(p, bits) : ss_fixed32_put(p, (uint32_t)bits);
}

/* What a value of f may be: "an integer between -2147483648 and 2147483647", "one of A, B, C". One element's
 * when f is repeated. Static or in a. */
struct ss_slice ss_field_wants(const struct ss_field *f, struct ss_arena *a);
/* The same for a message type: "an object", "an RFC 3339 timestamp…". */
struct ss_slice ss_message_wants(const struct ss_message *m, struct ss_arena *a);

#endif
