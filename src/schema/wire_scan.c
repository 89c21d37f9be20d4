#include "schema/wire_scan.h"

#include "google/protobuf/descriptor.pb-c.h"

struct scan {
    const uint8_t *start, *p;
    unsigned depth;
};

bool ss_scan_varint(const uint8_t **p, const uint8_t *end, uint64_t *out)
{
    uint64_t v = 0;
    const uint8_t *q = *p;
    for (unsigned shift = 0; shift < 70 && q < end; shift += 7, q++) {
        v |= (uint64_t)(*q & 0x7f) << shift;
        if (*q < 0x80) {
            *p = q + 1;
            *out = v;
            return true;
        }
    }
    return false;
}

static enum ss_scan_fault scan_fields(struct scan *s, const ProtobufCMessageDescriptor *md,
                                      const uint8_t *end);

/* A NUL is fine in comments, and in a default value, which is text of the user's. */
static bool may_hold_nul(const ProtobufCMessageDescriptor *md, uint32_t number)
{
    return md == &google__protobuf__source_code_info__location__descriptor ||
           (md == &google__protobuf__field_descriptor_proto__descriptor && number == 7);
}

/* protobuf-c merges two occurrences of a message but drops the unknown fields of the first, and with them
 * features and annotations. *seen has a bit for each field of md that came by. */
static bool comes_twice(const ProtobufCMessageDescriptor *md, const ProtobufCFieldDescriptor *f,
                        uint64_t *seen)
{
    size_t place = (size_t)(f - md->fields);
    if (f->label == PROTOBUF_C_LABEL_REPEATED || place >= 64)
        return false;
    uint64_t bit = (uint64_t)1 << place;
    bool twice = *seen & bit;
    *seen |= bit;
    return twice;
}

static enum ss_scan_fault scan_delimited(struct scan *s, const ProtobufCMessageDescriptor *md,
                                         uint32_t number, uint64_t *seen, const uint8_t *end)
{
    const uint8_t *before = s->p;
    uint64_t len;
    if (!ss_scan_varint(&s->p, end, &len))
        return SS_SCAN_MALFORMED;
    if (len > (uint64_t)(end - s->p)) {
        s->p = before;
        return SS_SCAN_MALFORMED;
    }
    const uint8_t *value_end = s->p + len;
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(md, number);
    if (f && f->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (comes_twice(md, f, seen))
            return SS_SCAN_TWICE;
        if (++s->depth > SS_SCAN_MAX_DEPTH)
            return SS_SCAN_DEPTH;
        enum ss_scan_fault fault = scan_fields(s, f->descriptor, value_end);
        if (fault != SS_SCAN_OK)
            return fault;
        s->depth--;
    } else if (f && f->type == PROTOBUF_C_TYPE_STRING && len && !may_hold_nul(md, number)) {
        const uint8_t *nul = memchr(s->p, 0, (size_t)len);
        if (nul) {
            s->p = nul;
            return SS_SCAN_NUL;
        }
    }
    s->p = value_end;
    return SS_SCAN_OK;
}

/* Only these are extended by users. */
static bool is_options(const ProtobufCMessageDescriptor *md)
{
    struct ss_slice name = ss_slice_str(md->short_name), end = SS_LIT("Options");
    return name.len > end.len && ss_slice_eq(ss_slice_skip(name, name.len - end.len), end);
}

static enum ss_scan_fault scan_fields(struct scan *s, const ProtobufCMessageDescriptor *md,
                                      const uint8_t *end)
{
    uint64_t seen = 0;
    while (s->p < end) {
        const uint8_t *field = s->p;
        uint64_t tag, v;
        enum ss_scan_fault fault = SS_SCAN_OK;
        if (!ss_scan_varint(&s->p, end, &tag) || tag > UINT32_MAX || tag >> 3 == 0) {
            s->p = field;
            return SS_SCAN_MALFORMED;
        }
        switch (tag & 7) {
        case 0:
            fault = ss_scan_varint(&s->p, end, &v) ? SS_SCAN_OK : SS_SCAN_MALFORMED;
            break;
        case 1:
        case 5: {
            size_t n = (tag & 7) == 1 ? 8 : 4;
            if ((size_t)(end - s->p) < n)
                return SS_SCAN_MALFORMED;
            s->p += n;
            break;
        }
        case 2:
            fault = scan_delimited(s, md, (uint32_t)(tag >> 3), &seen, end);
            break;
        default:
            s->p = field;
            return (tag & 7) == 3 && is_options(md) ? SS_SCAN_GROUP : SS_SCAN_MALFORMED;
        }
        if (fault != SS_SCAN_OK)
            return fault;
    }
    return SS_SCAN_OK;
}

enum ss_scan_fault ss_scan_message(const ProtobufCMessageDescriptor *md, struct ss_slice bytes, size_t *at)
{
    struct scan s = {.start = (const uint8_t *)bytes.ptr, .p = (const uint8_t *)bytes.ptr};
    if (bytes.len == 0)
        return SS_SCAN_OK;
    enum ss_scan_fault fault = scan_fields(&s, md, s.start + bytes.len);
    *at = (size_t)(s.p - s.start);
    return fault;
}

bool ss_unknown_varint(const ProtobufCMessage *m, uint32_t number, uint64_t *out)
{
    bool found = false;
    for (size_t i = 0; m && i < m->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *u = &m->unknown_fields[i];
        const uint8_t *p = u->data;
        if (u->tag == number && u->wire_type == PROTOBUF_C_WIRE_TYPE_VARINT)
            found = ss_scan_varint(&p, u->data + u->len, out) || found;
    }
    return found;
}

bool ss_unknown_bytes(const ProtobufCMessage *m, uint32_t number, size_t *cursor, struct ss_slice *out)
{
    while (m && *cursor < m->n_unknown_fields) {
        const ProtobufCMessageUnknownField *u = &m->unknown_fields[(*cursor)++];
        if (u->tag != number || u->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            continue;
        const uint8_t *p = u->data, *end = u->data + u->len; /* the length stands before the value */
        uint64_t len;
        if (!ss_scan_varint(&p, end, &len) || len > (uint64_t)(end - p))
            return false;
        *out = ss_slice_of((const char *)p, (size_t)len);
        return true;
    }
    return false;
}
