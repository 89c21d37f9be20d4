/* The shortest decimal that reads back as the same floating-point number, and of those the nearest to it. */
#ifndef SS_JSON_SHORTEST_H
#define SS_JSON_SHORTEST_H

#include <stdint.h>

/* digits * 10^exp10; digits may end in zeros. */
struct ss_shortest {
    uint64_t digits; /* at most 17 digits for a double, 9 for a float */
    int exp10;
};

/* Of the absolute value of v, which must be finite and not 0. */
struct ss_shortest ss_shortest_double(double v);
struct ss_shortest ss_shortest_float(float v);

#endif
