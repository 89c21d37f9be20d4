#include "protocol.h"

#include "wire/reader.h"
#include "wire/writer.h"

enum {
    REQUEST_PROTOBUF = 1,
    REQUEST_JSON = 2,
    REQUEST_OUTPUT = 3,
    REQUEST_TYPE = 4,
    REQUEST_CATEGORY = 5,
    REQUEST_JSPB = 7,
    REQUEST_TEXT = 8,
};

enum { CATEGORY_JSON_IGNORE_UNKNOWN = 3 };

static void set_bytes(struct request *r, uint32_t number, struct ss_slice bytes)
{
    switch (number) {
    case REQUEST_PROTOBUF:
        r->input = FORMAT_PROTOBUF;
        break;
    case REQUEST_JSON:
        r->input = FORMAT_JSON;
        break;
    case REQUEST_JSPB:
        r->input = FORMAT_JSPB;
        break;
    case REQUEST_TEXT:
        r->input = FORMAT_TEXT;
        break;
    case REQUEST_TYPE:
        r->message_type = bytes;
        return;
    default:
        return;
    }
    r->payload = bytes;
}

bool request_read(struct ss_slice bytes, struct request *r)
{
    const char *p = bytes.ptr, *end = p + bytes.len;
    *r = (struct request){.input = FORMAT_NONE};
    while (p < end) {
        uint32_t tag;
        uint64_t number = 0;
        struct ss_slice content;
        p = ss_wire_get_tag(p, end, &tag);
        if (!p)
            return false;
        if ((tag & 7) == SS_WIRE_BYTES) {
            p = ss_wire_get_bytes(p, end, &content);
            if (p)
                set_bytes(r, tag >> 3, content);
        } else if ((tag & 7) == SS_WIRE_VARINT) {
            p = ss_varint_get(p, end, &number);
            if (tag >> 3 == REQUEST_OUTPUT)
                r->output = (enum format)number;
            else if (tag >> 3 == REQUEST_CATEGORY)
                r->ignore_unknown = number == CATEGORY_JSON_IGNORE_UNKNOWN;
        } else {
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
        }
        if (!p)
            return false;
    }
    return true;
}

enum ss_err response_write(struct ss_buf *out, enum result result, struct ss_slice bytes)
{
    return ss_wire_put_bytes(out, (uint32_t)result, bytes);
}
