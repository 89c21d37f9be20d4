/* Percent-encoding (RFC 3986 §2.1). */
#ifndef SS_BASE_PERCENT_H
#define SS_BASE_PERCENT_H

#include "base/arena.h"
#include "base/err.h"

/* Decodes all of text into a (or returns text itself when nothing is encoded). plus_is_space:
 * application/x-www-form- urlencoded. SS_ERR_INVALID: malformed escape, %00, or the result is not UTF-8. */
enum ss_err ss_percent_decode(struct ss_slice text, bool plus_is_space, struct ss_arena *a,
                              struct ss_slice *out);
/* Decodes, but keeps the escapes of RFC 6570 reserved characters (:/?#[]@!$&'()*+,;=) and of '%' as they are
 * written. */
enum ss_err ss_percent_decode_keep_reserved(struct ss_slice text, struct ss_arena *a, struct ss_slice *out);
/* grpc-message: decodes what is well-formed and leaves the rest as it is; never fails (PROTOCOL-HTTP2.md). */
struct ss_slice ss_percent_decode_loose(struct ss_slice text, struct ss_arena *a);
/* grpc-message: encodes all but 0x20..0x7E, and '%'. */
struct ss_slice ss_percent_encode_message(struct ss_slice text, struct ss_arena *a);

#endif
