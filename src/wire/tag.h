/* The tag before every field: its number and how to find the end of its value. */
#ifndef SS_WIRE_TAG_H
#define SS_WIRE_TAG_H

#include <stdint.h>

enum ss_wire_type {
    SS_WIRE_VARINT = 0,
    SS_WIRE_FIXED64 = 1,
    SS_WIRE_BYTES = 2, /* a length, then so many bytes */
    SS_WIRE_GROUP = 3,
    SS_WIRE_END_GROUP = 4,
    SS_WIRE_FIXED32 = 5,
};

enum { SS_TAG_MAX = 5 };               /* bytes of the longest tag */
enum { SS_FIELD_MAX = (1 << 29) - 1 }; /* the highest field number */

static inline uint32_t ss_tag(uint32_t number, enum ss_wire_type type)
{
    return number << 3 | (uint32_t)type;
}

#endif
