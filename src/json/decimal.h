/* The text of a JSON number (RFC 8259 §6) taken apart, not yet converted. Pure; a value on the caller's
 * stack. */
#ifndef SS_JSON_DECIMAL_H
#define SS_JSON_DECIMAL_H

#include <stdint.h>

#include "base/slice.h"

/* The value is (-1)^negative * mantissa * 10^exp10, or a little more when truncated. */
struct ss_decimal {
    bool negative;
    bool truncated;                    /* a digit other than 0 stands behind those in the mantissa */
    uint64_t mantissa;                 /* the first 19 significant digits, or all of them */
    int64_t exp10;                     /* of the mantissa's last digit */
    struct ss_slice integer, fraction; /* the digits as written, in the caller's text */
    int64_t exponent;                  /* as written; clamped, far beyond any use, to +-10^17 */
};

/* Takes apart the whole of text. False when it is not a JSON number. */
bool ss_decimal_parse(struct ss_decimal *d, struct ss_slice text);

#endif
