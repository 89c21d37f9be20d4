#include "wire/writer.h"

enum ss_err ss_wire_put_varint(struct ss_buf *out, uint64_t v)
{
    char bytes[SS_VARINT_MAX];
    return ss_buf_append(out, bytes, (size_t)(ss_varint_put(bytes, v) - bytes));
}

enum ss_err ss_wire_put_tag(struct ss_buf *out, uint32_t number, enum ss_wire_type type)
{
    return ss_wire_put_varint(out, ss_tag(number, type));
}

enum ss_err ss_wire_put_uint(struct ss_buf *out, uint32_t number, uint64_t v)
{
    char bytes[SS_TAG_MAX + SS_VARINT_MAX];
    char *end = ss_varint_put(ss_varint_put(bytes, ss_tag(number, SS_WIRE_VARINT)), v);
    return ss_buf_append(out, bytes, (size_t)(end - bytes));
}

enum ss_err ss_wire_put_head(struct ss_buf *out, uint32_t number, size_t len)
{
    char bytes[SS_TAG_MAX + SS_VARINT_MAX];
    char *end = ss_varint_put(ss_varint_put(bytes, ss_tag(number, SS_WIRE_BYTES)), len);
    return ss_buf_append(out, bytes, (size_t)(end - bytes));
}

enum ss_err ss_wire_put_bytes(struct ss_buf *out, uint32_t number, struct ss_slice bytes)
{
    enum ss_err err = ss_buf_reserve(out, ss_wire_bytes_size(number, bytes.len));
    if (err)
        return err;
    err = ss_wire_put_head(out, number, bytes.len);
    return err ? err : ss_buf_append_slice(out, bytes);
}

size_t ss_wire_bytes_size(uint32_t number, size_t len)
{
    return ss_varint_len(ss_tag(number, SS_WIRE_BYTES)) + ss_varint_len(len) + len;
}
