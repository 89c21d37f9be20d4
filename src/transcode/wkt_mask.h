/* google.protobuf.FieldMask: "user.displayName,photo" to the paths "user.display_name" and "photo", and back.
 */
#ifndef SS_TRANSCODE_WKT_MASK_H
#define SS_TRANSCODE_WKT_MASK_H

#include "base/buf.h"

/* Appends the fields of the message, one for each path of text. proto_spelling: underscores are let through,
 * as in a query parameter; else a path with one is refused, for it would not come back as it was.
 * SS_ERR_INVALID, with some paths written; or out's errors. */
enum ss_err ss_mask_parse(struct ss_slice text, bool proto_spelling, struct ss_buf *out);
/* Appends path in JSON spelling. SS_ERR_INVALID when it would not come back the same: capitals, an underscore
 * that no lower-case letter follows. */
enum ss_err ss_mask_print_path(struct ss_slice path, struct ss_buf *out);

#endif
