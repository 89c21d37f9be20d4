/* Wire bytes of one field, deep in a message: its value between the heads of the messages around it. */
#ifndef SS_ROUTE_EMIT_H
#define SS_ROUTE_EMIT_H

#include "base/buf.h"
#include "route/compile.h"

/* Makes out's bytes from start the contents of fields[n-1], that the contents of fields[n-2], and so on. The
 * fields are messages or groups, n at most SS_FIELD_PATH_MAX. Fails only as ss_buf does. */
enum ss_err ss_emit_wrap(struct ss_buf *out, size_t start, const struct ss_field *const *fields, size_t n);

/* Appends message field f with every singular scalar inside of it explicitly zero. A message that stands
 * twice on the wire is merged: without this, a value whose zeros are left out would let those of an earlier
 * one through. */
enum ss_err ss_emit_zeros(struct ss_buf *out, const struct ss_field *f);

#endif
