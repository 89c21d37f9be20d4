#include "transcode/message_set.h"

#include "wire/reader.h"

const struct ss_field *ss_set_item_get(const struct ss_message *m, const char *p, const char *end,
                                       struct ss_slice *message)
{
    bool has_type = false, has_message = false;
    uint64_t type = 0;
    uint32_t tag;
    while ((p = ss_wire_get_tag(p, end, &tag)) && (tag & 7) != SS_WIRE_END_GROUP) {
        if (tag == SS_SET_TYPE && !has_type) {
            p = ss_varint_get(p, end, &type);
            has_type = true;
        } else if (tag == SS_SET_MESSAGE && !has_message) {
            p = ss_wire_get_bytes(p, end, message);
            has_message = true;
        } else {
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
        }
        if (!p)
            return NULL;
    }
    return p && has_type && has_message ? ss_message_field_by_number(m, (uint32_t)type) : NULL;
}
