/* google.protobuf.Timestamp and Duration between text, numbers and wire bytes. */
#ifndef SS_TRANSCODE_WKT_TIME_H
#define SS_TRANSCODE_WKT_TIME_H

#include <stdint.h>

#include "base/slice.h"

struct ss_time {
    int64_t seconds;
    int32_t nanos;
};

enum {
    SS_TIME_TEXT_MAX = 40, /* bytes of the longest text printed here */
    SS_TIME_WIRE_MAX = 22, /* bytes of the longest message made here */
};

/* "1972-01-01T10:00:20.021Z": RFC 3339 with upper-case T and Z, any offset, up to nine digits of fraction,
 * the years 0001 to 9999 in UTC. False otherwise. */
bool ss_wkt_timestamp_parse(struct ss_slice text, struct ss_time *t);
/* "-1.000340012s": up to nine digits of fraction, at most 315,576,000,000 whole seconds either way. */
bool ss_wkt_duration_parse(struct ss_slice text, struct ss_time *t);

/* The text, with 0, 3, 6 or 9 digits of fraction, without quotes; returns its length, or 0 when t is out of
 * range or of mixed signs. */
unsigned ss_timestamp_print(struct ss_time t, char *out);
unsigned ss_duration_print(struct ss_time t, char *out);

/* The fields of either message; zeros are left out. Returns the length. */
unsigned ss_time_put(struct ss_time t, char *out);

#endif
