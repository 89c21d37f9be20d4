/* Features of protobuf editions (protobuf.dev/editions/features): what proto2, proto3 and each edition mean
 * by default, and what a file, message, oneof, enum or field says otherwise. proto2 and proto3 are editions
 * here too. */
#ifndef SS_SCHEMA_FEATURES_H
#define SS_SCHEMA_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/* google.protobuf.Edition */
enum ss_edition {
    SS_EDITION_PROTO2 = 998,
    SS_EDITION_PROTO3 = 999,
    SS_EDITION_2023 = 1000,
    SS_EDITION_2024 = 1001,
};

/* The values are those of google.protobuf.FeatureSet. */
enum { SS_PRESENCE_EXPLICIT = 1, SS_PRESENCE_IMPLICIT = 2, SS_PRESENCE_LEGACY_REQUIRED = 3 };
enum { SS_ENUM_OPEN = 1, SS_ENUM_CLOSED = 2 };
enum { SS_REPEATED_PACKED = 1, SS_REPEATED_EXPANDED = 2 };
enum { SS_UTF8_VERIFY = 2, SS_UTF8_NONE = 3 };
enum { SS_ENCODING_LENGTH_PREFIXED = 1, SS_ENCODING_DELIMITED = 2 };
enum { SS_JSON_ALLOW = 1, SS_JSON_LEGACY_BEST_EFFORT = 2 };

struct ss_features {
    uint8_t presence;
    uint8_t enum_type;
    uint8_t repeated_encoding;
    uint8_t utf8;
    uint8_t message_encoding;
    uint8_t json;
};

/* Field numbers of `features` in the options messages of descriptor.proto. Its release in bookworm does not
 * know them, so they are read from the unknown fields. */
enum {
    SS_FEATURES_OF_FILE = 50,
    SS_FEATURES_OF_MESSAGE = 12,
    SS_FEATURES_OF_FIELD = 21,
    SS_FEATURES_OF_ONEOF = 1,
    SS_FEATURES_OF_ENUM = 7,
};

/* The defaults of an edition; false when it is not one of those above. */
bool ss_features_of_edition(uint64_t edition, struct ss_features *out);
/* parent's, overridden by what field `number` of options says. options may be NULL. False when a value is
 * none that FeatureSet has. */
bool ss_features_merge(const struct ss_features *parent, const ProtobufCMessage *options, uint32_t number,
                       struct ss_features *out);

#endif
