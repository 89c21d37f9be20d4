/* Field tables compiled from FileDescriptorSets: all that transcoding and routing need to know of a type, in
 * the form that makes them fast. Immutable once loaded, and shared by threads; freed as a whole. Every
 * pointer and slice reachable from a schema lives as long as it. */
#ifndef SS_SCHEMA_SCHEMA_H
#define SS_SCHEMA_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

/* FieldDescriptorProto.Type */
enum ss_type {
    SS_TYPE_DOUBLE = 1,
    SS_TYPE_FLOAT = 2,
    SS_TYPE_INT64 = 3,
    SS_TYPE_UINT64 = 4,
    SS_TYPE_INT32 = 5,
    SS_TYPE_FIXED64 = 6,
    SS_TYPE_FIXED32 = 7,
    SS_TYPE_BOOL = 8,
    SS_TYPE_STRING = 9,
    SS_TYPE_GROUP = 10, /* also a message field of editions with DELIMITED encoding */
    SS_TYPE_MESSAGE = 11,
    SS_TYPE_BYTES = 12,
    SS_TYPE_UINT32 = 13,
    SS_TYPE_ENUM = 14,
    SS_TYPE_SFIXED32 = 15,
    SS_TYPE_SFIXED64 = 16,
    SS_TYPE_SINT32 = 17,
    SS_TYPE_SINT64 = 18,
};

/* Messages with a JSON form of their own (protobuf.dev/programming-guides/json), and the two that sidespan
 * treats apart. */
enum ss_wkt {
    SS_WKT_NONE,
    SS_WKT_ANY,
    SS_WKT_TIMESTAMP,
    SS_WKT_DURATION,
    SS_WKT_FIELD_MASK,
    SS_WKT_STRUCT,
    SS_WKT_VALUE,
    SS_WKT_LIST_VALUE,
    SS_WKT_WRAPPER, /* google.protobuf.DoubleValue and the eight like it: one field, "value" */
    SS_WKT_EMPTY,
    SS_WKT_HTTP_BODY, /* google.api.HttpBody: raw bytes with a content type, where a route says so */
};

struct ss_message;
struct ss_enum;

struct ss_field {
    struct ss_slice name;      /* proto name; "[full.name]" of an extension */
    struct ss_slice json_name; /* the same for an extension */
    struct ss_slice json_key;  /* "\"jsonName\":", escaped, ready to be written */
    struct ss_slice proto_key; /* "\"proto_name\":" */
    uint32_t number;
    uint8_t type;      /* enum ss_type */
    uint8_t wire_type; /* of one value, unpacked: 0, 1, 2, 3 or 5 */
    uint8_t tag_len;
    uint8_t tag[5]; /* the encoded tag, as the field is written: wire type 2 when packed */
    bool repeated;  /* maps too */
    bool map;
    bool packed; /* written packed; both forms are read */
    bool required;
    bool presence; /* has explicit presence: absent differs from default */
    bool extension;
    bool validate_utf8; /* string whose UTF-8 is checked on both ways (proto3, editions VERIFY) */
    uint16_t index;     /* in its message's fields */
    int16_t oneof;      /* index of its (not synthetic) oneof in the message; -1: none */
    const struct ss_message *message;  /* type MESSAGE or GROUP: its type, a map's entry type; else NULL */
    const struct ss_enum *enumeration; /* type ENUM; else NULL */
    const struct ss_message *parent;   /* the message it belongs to, or extends */
    struct ss_slice
        default_text; /* proto2/editions explicit default, as descriptor.proto writes it; empty: zero */
};

struct ss_enum_value {
    struct ss_slice name;
    struct ss_slice json; /* "\"NAME\"" */
    int32_t number;
};

struct ss_enum {
    struct ss_slice full_name;
    const struct ss_enum_value *values; /* declaration order */
    size_t n_values;
    bool closed;     /* proto2, editions CLOSED: unknown numbers are unknown fields */
    bool null_value; /* google.protobuf.NullValue */
    const struct ss_enum_private *priv;
};

struct ss_oneof {
    struct ss_slice name;
};

struct ss_message {
    struct ss_slice full_name;
    const struct ss_field *fields; /* declaration order; extensions of this message behind them */
    size_t n_fields;
    const struct ss_field *const *by_number; /* fields in ascending number, for writers of sorted output */
    const struct ss_oneof *oneofs;           /* without synthetic ones */
    size_t n_oneofs;
    size_t n_required;
    enum ss_wkt wkt;
    bool map_entry; /* fields[0] is the key, fields[1] the value */
    bool message_set;
    uint32_t index; /* dense, 0..n-1 over the schema */
    const struct ss_message_private *priv;
};

struct ss_service;

struct ss_method {
    struct ss_slice name;
    struct ss_slice full_name; /* "pkg.Service.Method", as a selector names it */
    struct ss_slice path;      /* "/pkg.Service/Method", as HTTP/2 sends it */
    const struct ss_service *service;
    const struct ss_message *input, *output;
    bool client_streaming, server_streaming;
    bool deprecated;
    struct ss_slice http_rule; /* google.api.HttpRule wire bytes of its annotation; empty: none */
};

struct ss_service {
    struct ss_slice full_name;
    const struct ss_method *methods;
    size_t n_methods;
    uint32_t index;       /* dense, 0..n-1 over the schema, in the order of sets and of files in them */
    struct ss_slice file; /* the .proto, as descriptors name it */
    size_t set;           /* index of its set among those loaded */
    bool given; /* its file was asked for; false: it came only as an import (given.c says how a set tells) */
};

struct ss_schema;

/* Compiles FileDescriptorSets into a schema. sets[i].bytes are borrowed for the call; the same file in two
 * sets counts once when equal in name. Files may come in any order. The well-known types (google/protobuf/
 * *.proto), google/rpc/ *.proto and google/api/httpbody.proto are always there, whether the sets hold them or
 * not. Checks everything: missing imports, unresolved names, duplicate symbols, field numbers, JSON name
 * conflicts, nesting depth before protobuf-c sees a byte. SS_ERR_CONFIG with a one-line text in why (through
 * a), which names sets[i].origin. On SS_OK *out is owned by the caller. */
struct ss_descriptor_set {
    struct ss_slice bytes;
    struct ss_slice origin; /* file name, for messages */
    bool last_only;         /* only its last file was asked for: protoc writes imports before it */
};
enum ss_err ss_schema_load(const struct ss_descriptor_set *sets, size_t n, struct ss_arena *a,
                           struct ss_slice *why, struct ss_schema **out);
void ss_schema_free(struct ss_schema *s);

/* By full name without leading dot; NULL when there is none. */
const struct ss_message *ss_schema_message(const struct ss_schema *s, struct ss_slice full_name);
const struct ss_enum *ss_schema_enum(const struct ss_schema *s, struct ss_slice full_name);
const struct ss_service *ss_schema_service(const struct ss_schema *s, struct ss_slice full_name);
/* By "pkg.Service.Method". */
const struct ss_method *ss_schema_method(const struct ss_schema *s, struct ss_slice full_name);
/* All services and messages, for listings and "did you mean". */
size_t ss_schema_service_count(const struct ss_schema *s);
const struct ss_service *ss_schema_service_at(const struct ss_schema *s, size_t i);
size_t ss_schema_message_count(const struct ss_schema *s);
const struct ss_message *ss_schema_message_at(const struct ss_schema *s, size_t i);

/* By JSON name or proto name ("[full.name]" for an extension); NULL when there is none. The hash is for
 * callers in a loop that try an expected field first (one memcmp) and come here only then. */
const struct ss_field *ss_message_field(const struct ss_message *m, struct ss_slice name);
/* The same, but the proto name wins where it is the JSON name of another field: for names outside of JSON
 * (templates, body and response_body, parameters), as grpc-gateway and Envoy have it. */
const struct ss_field *ss_message_field_named(const struct ss_message *m, struct ss_slice name);
/* Bytes of the longest JSON name of m that has a '.' or '[' in it; 0: there is none. Not of extensions. */
size_t ss_message_longest_odd_name(const struct ss_message *m);
/* By number; NULL when unknown. Dense for small numbers. */
const struct ss_field *ss_message_field_by_number(const struct ss_message *m, uint32_t number);
/* The field name nearest to name by edit distance, for "did you mean"; NULL when none is near. */
const struct ss_field *ss_message_nearest_field(const struct ss_message *m, struct ss_slice name);

/* By exact name; NULL when there is none. */
const struct ss_enum_value *ss_enum_by_name(const struct ss_enum *e, struct ss_slice name);
/* By name in any ASCII case. */
const struct ss_enum_value *ss_enum_by_name_ci(const struct ss_enum *e, struct ss_slice name);
/* The first value with that number; NULL when unknown. */
const struct ss_enum_value *ss_enum_by_number(const struct ss_enum *e, int32_t number);

#endif
