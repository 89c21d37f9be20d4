#include "schema/features.h"

#include "schema/wire_scan.h"

bool ss_features_of_edition(uint64_t edition, struct ss_features *out)
{
    static const struct ss_features proto2 = {SS_PRESENCE_EXPLICIT,        SS_ENUM_CLOSED,
                                              SS_REPEATED_EXPANDED,        SS_UTF8_NONE,
                                              SS_ENCODING_LENGTH_PREFIXED, SS_JSON_LEGACY_BEST_EFFORT};
    static const struct ss_features proto3 = {SS_PRESENCE_IMPLICIT,        SS_ENUM_OPEN,
                                              SS_REPEATED_PACKED,          SS_UTF8_VERIFY,
                                              SS_ENCODING_LENGTH_PREFIXED, SS_JSON_ALLOW};
    if (edition == SS_EDITION_PROTO2)
        *out = proto2;
    else if (edition == SS_EDITION_PROTO3)
        *out = proto3;
    else if (edition == SS_EDITION_2023 || edition == SS_EDITION_2024) {
        *out = proto3;
        out->presence = SS_PRESENCE_EXPLICIT;
    } else
        return false;
    return true;
}

static bool set(uint8_t *feature, uint64_t value, unsigned min, unsigned max)
{
    if (value < min || value > max)
        return false;
    *feature = (uint8_t)value;
    return true;
}

/* One FeatureSet. What is not a varint belongs to a language's own features. */
static bool apply(struct ss_features *f, struct ss_slice bytes)
{
    const uint8_t *p = (const uint8_t *)bytes.ptr, *end = p + bytes.len;
    while (p < end) {
        uint64_t tag, v;
        if (!ss_scan_varint(&p, end, &tag))
            return false;
        unsigned wire_type = tag & 7;
        if (wire_type == 0 || wire_type == 2) {
            if (!ss_scan_varint(&p, end, &v) || (wire_type == 2 && v > (uint64_t)(end - p)))
                return false;
            if (wire_type == 2) {
                p += v;
                continue;
            }
        } else {
            size_t n = wire_type == 1 ? 8 : 4;
            if ((wire_type != 1 && wire_type != 5) || (size_t)(end - p) < n)
                return false;
            p += n;
            continue;
        }
        bool ok = true;
        switch (tag >> 3) {
        case 1:
            ok = set(&f->presence, v, 1, 3);
            break;
        case 2:
            ok = set(&f->enum_type, v, 1, 2);
            break;
        case 3:
            ok = set(&f->repeated_encoding, v, 1, 2);
            break;
        case 4:
            ok = set(&f->utf8, v, 2, 3);
            break;
        case 5:
            ok = set(&f->message_encoding, v, 1, 2);
            break;
        case 6:
            ok = set(&f->json, v, 1, 2);
            break;
        }
        if (!ok)
            return false;
    }
    return true;
}

bool ss_features_merge(const struct ss_features *parent, const ProtobufCMessage *options, uint32_t number,
                       struct ss_features *out)
{
    struct ss_slice bytes;
    *out = *parent;
    size_t cursor = 0;
    while (ss_unknown_bytes(options, number, &cursor, &bytes))
        if (!apply(out, bytes))
            return false;
    return true;
}
