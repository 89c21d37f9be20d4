/* Durations in headers. */
#ifndef SS_HTTP_GRPC_TIMEOUT_H
#define SS_HTTP_GRPC_TIMEOUT_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

enum { SS_GRPC_TIMEOUT_MAX = 10 };

/* grpc-timeout: 1 to 8 digits and one of H M S m u n. Rounded up to milliseconds. SS_ERR_INVALID otherwise.
 */
enum ss_err ss_grpc_timeout_parse(struct ss_slice text, int64_t *ms);
/* Writes ms (0..) in at most 8 digits, rounded up to the unit needed; returns the length. */
unsigned ss_grpc_timeout_print(char out[SS_GRPC_TIMEOUT_MAX], int64_t ms);
/* "10s", "0.4s", "400ms", "5m", "1h", "1.5m"; with bare_seconds also "10" and "0.5". Non-negative, at most 10
 * years, rounded up to milliseconds. SS_ERR_INVALID otherwise. */
enum ss_err ss_duration_parse(struct ss_slice text, bool bare_seconds, int64_t *ms);

#endif
