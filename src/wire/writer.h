/* Writing wire bytes into a buffer, a field at a time: for messages that are made by hand. Transcoding itself
 * writes through its own buffer with tags made beforehand. All fail only as ss_buf does. */
#ifndef SS_WIRE_WRITER_H
#define SS_WIRE_WRITER_H

#include "base/buf.h"
#include "wire/tag.h"
#include "wire/varint.h"

enum ss_err ss_wire_put_varint(struct ss_buf *out, uint64_t v);
enum ss_err ss_wire_put_tag(struct ss_buf *out, uint32_t number, enum ss_wire_type type);
/* Tag and value. Zero is written too. */
enum ss_err ss_wire_put_uint(struct ss_buf *out, uint32_t number, uint64_t v);
/* Tag, length, bytes: a string, bytes or a message made before. Empty is written too. */
enum ss_err ss_wire_put_bytes(struct ss_buf *out, uint32_t number, struct ss_slice bytes);
/* Tag and length of a field whose len bytes the caller appends. */
enum ss_err ss_wire_put_head(struct ss_buf *out, uint32_t number, size_t len);
/* What ss_wire_put_bytes writes for len bytes. */
size_t ss_wire_bytes_size(uint32_t number, size_t len);

#endif
