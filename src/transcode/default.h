/* Explicit defaults of proto2 and editions, from the text that descriptor.proto keeps them in. */
#ifndef SS_TRANSCODE_DEFAULT_H
#define SS_TRANSCODE_DEFAULT_H

#include "schema/schema.h"

/* f->default_text, which is not empty, as a value: *bits for numbers (an int32 and an enum in its low 32
 * bits), *bytes for strings and bytes (of the schema, or in a). Text that makes no sense leaves them as they
 * were. */
void ss_field_default(const struct ss_field *f, struct ss_arena *a, uint64_t *bits, struct ss_slice *bytes);

#endif
