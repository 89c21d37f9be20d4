/* Numbers between text and bits: correctly rounded reading (Eisel-Lemire, with a big-integer fallback for the
 * few cases it leaves open) and shortest round-trip printing (Schubfach or a successor). No locale, no
 * printf, no strtod, no malloc. */
#ifndef SS_JSON_NUMBER_H
#define SS_JSON_NUMBER_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/* text must be a whole JSON number. SS_ERR_INVALID when it is not one, or is too large for the type (overflow
 * to infinity); underflow gives a denormal or zero. */
enum ss_err ss_parse_double(struct ss_slice text, double *out);
enum ss_err ss_parse_float(struct ss_slice text, float *out);
/* Integers as protobuf's JSON mapping reads them: "1", "-1", "1.0", "1e2" are integers; fractions, overflow,
 * leading zeros and spaces are SS_ERR_INVALID. */
enum ss_err ss_parse_int64(struct ss_slice text, int64_t *out);
enum ss_err ss_parse_uint64(struct ss_slice text, uint64_t *out);

enum { SS_NUMBER_MAX = 32 }; /* bytes that any printer below may write */

/* Finite values only (NaN and infinities are strings in protobuf's mapping: the caller's job). Returns the
 * length. Integral values below 1e21 print without exponent, like protobuf and ECMAScript do; -0 prints "-0".
 */
unsigned ss_print_double(char *out, double v);
unsigned ss_print_float(char *out, float v);
unsigned ss_print_int64(char *out, int64_t v);
unsigned ss_print_uint64(char *out, uint64_t v);

#endif
