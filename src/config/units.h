/* Sizes and numbers as configuration writes them; durations are ss_duration_parse's. */
#ifndef SS_CONFIG_UNITS_H
#define SS_CONFIG_UNITS_H

#include <stdint.h>

#include "base/slice.h"

/* "1048576", "64KiB", "4MiB", "1GiB" and the decimal "64kB" (or KB), "4MB", "1GB", "10B". False: it is none,
 * or does not fit. */
bool ss_size_parse(struct ss_slice text, uint64_t *bytes);
/* Decimal digits only. False: it is none, or does not fit. */
bool ss_uint_parse(struct ss_slice text, uint64_t *value);

#endif
