/* A look over descriptor bytes before protobuf-c sees them. protobuf-c recurses as deep as its input says,
 * cuts strings at a NUL, merges with loss and says nothing about where it fails; this walk bounds the first
 * and reports the others. Also the small readers for what protobuf-c hands over raw: its unknown fields. */
#ifndef SS_SCHEMA_WIRE_SCAN_H
#define SS_SCHEMA_WIRE_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/slice.h"

enum ss_scan_fault {
    SS_SCAN_OK,
    SS_SCAN_MALFORMED, /* not protobuf wire format, or another wire type than the field has */
    SS_SCAN_DEPTH,     /* nested too deep */
    SS_SCAN_GROUP,     /* a group, which descriptors hold only in exotic options and protobuf-c cannot skip */
    SS_SCAN_TWICE,     /* two occurrences of a message that is not repeated */
    SS_SCAN_NUL,       /* a NUL in a name */
};

/* Nesting of messages that is accepted; protoc itself stops at 32. */
enum { SS_SCAN_MAX_DEPTH = 64 };

/* Walks bytes as a message of type md. On a fault *at is its offset in bytes. */
enum ss_scan_fault ss_scan_message(const ProtobufCMessageDescriptor *md, struct ss_slice bytes, size_t *at);

/* Reads a varint at *p, before end; false when it is cut short or over ten bytes. Advances *p on success
 * only. */
bool ss_scan_varint(const uint8_t **p, const uint8_t *end, uint64_t *out);

/* The last varint with that number among m's unknown fields; false when there is none. m may be NULL. */
bool ss_unknown_varint(const ProtobufCMessage *m, uint32_t number, uint64_t *out);
/* The next length-delimited value with that number, without its length; false when there is none left.
 * *cursor is 0 for the first. m may be NULL. *out points into m. */
bool ss_unknown_bytes(const ProtobufCMessage *m, uint32_t number, size_t *cursor, struct ss_slice *out);

#endif
