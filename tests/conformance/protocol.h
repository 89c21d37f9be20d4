/* The messages of conformance.proto, read and written by hand: they are the suite's, not what is tested. */
#ifndef SS_TESTS_CONFORMANCE_PROTOCOL_H
#define SS_TESTS_CONFORMANCE_PROTOCOL_H

#include "base/buf.h"

/* conformance.WireFormat */
enum format { FORMAT_NONE, FORMAT_PROTOBUF, FORMAT_JSON, FORMAT_JSPB, FORMAT_TEXT };

/* conformance.ConformanceRequest. Slices point into the bytes that it was read from. */
struct request {
    enum format input, output;
    struct ss_slice payload;
    struct ss_slice message_type; /* full name */
    bool ignore_unknown;          /* test_category is JSON_IGNORE_UNKNOWN_PARSING_TEST */
};

/* The members of conformance.ConformanceResponse, by field number. */
enum result {
    RESULT_PARSE_ERROR = 1,
    RESULT_RUNTIME_ERROR = 2,
    RESULT_PROTOBUF = 3,
    RESULT_JSON = 4,
    RESULT_SKIPPED = 5,
    RESULT_SERIALIZE_ERROR = 6,
};

/* False when bytes are not a ConformanceRequest. bytes are borrowed as long as r. */
bool request_read(struct ss_slice bytes, struct request *r);
/* Appends a ConformanceResponse with one member, of those bytes. */
enum ss_err response_write(struct ss_buf *out, enum result result, struct ss_slice bytes);

#endif
