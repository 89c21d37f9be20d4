/* JSON text into a buffer: the few pieces that are not constant. Structure (commas, braces) is the caller's.
 */
#ifndef SS_JSON_WRITER_H
#define SS_JSON_WRITER_H

#include "base/buf.h"

/* s, quoted and escaped (RFC 8259 §7; also U+007F, U+2028, U+2029 and '<', '>' stay as they are).
 * SS_ERR_INVALID when s is not UTF-8: nothing is written then. Runs of plain text are copied many bytes at a
 * time. */
enum ss_err ss_json_write_string(struct ss_buf *out, struct ss_slice s);
/* The same for a short string that has nothing to escape, at out, which has room for s.len + 2 bytes. False,
 * with any bytes there, when s is not such. */
bool ss_json_put_plain(char *out, struct ss_slice s);
/* Standard base64 with padding, quoted. */
enum ss_err ss_json_write_base64(struct ss_buf *out, struct ss_slice bytes);

#endif
