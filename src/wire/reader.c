#include "wire/reader.h"

const char *ss_wire_get_tag_long(const char *p, const char *end, uint32_t *tag)
{
    const char *start = p;
    uint64_t v;
    p = ss_varint_get(p, end, &v);
    if (!p || p - start > SS_TAG_MAX || v > UINT32_MAX || v < 8)
        return NULL;
    *tag = (uint32_t)v;
    return p;
}

const char *ss_wire_get_group(const char *p, const char *end, uint32_t number, unsigned depth,
                              struct ss_slice *body)
{
    const char *start = p;
    if (depth == 0)
        return NULL;
    for (;;) {
        uint32_t tag;
        const char *before = p;
        p = ss_wire_get_tag(p, end, &tag);
        if (!p)
            return NULL;
        if ((tag & 7) == SS_WIRE_END_GROUP) {
            *body = ss_slice_of(start, (size_t)(before - start));
            return tag >> 3 == number ? p : NULL;
        }
        p = ss_wire_skip(p, end, tag, depth - 1);
        if (!p)
            return NULL;
    }
}

const char *ss_wire_skip(const char *p, const char *end, uint32_t tag, unsigned depth)
{
    uint64_t v;
    struct ss_slice bytes;
    switch (tag & 7) {
    case SS_WIRE_VARINT:
        return ss_varint_get(p, end, &v);
    case SS_WIRE_FIXED64:
        return end - p >= 8 ? p + 8 : NULL;
    case SS_WIRE_BYTES:
        return ss_wire_get_bytes(p, end, &bytes);
    case SS_WIRE_GROUP:
        return ss_wire_get_group(p, end, tag >> 3, depth, &bytes);
    case SS_WIRE_FIXED32:
        return end - p >= 4 ? p + 4 : NULL;
    }
    return NULL;
}
