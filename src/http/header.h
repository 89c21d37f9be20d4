/* One HTTP header field, or one gRPC metadata entry. */
#ifndef SS_HTTP_HEADER_H
#define SS_HTTP_HEADER_H

#include "base/slice.h"

struct ss_header {
    struct ss_slice name; /* lower case */
    struct ss_slice value;
    bool unindexed; /* changes with every request: HPACK should not remember it */
};

/* The first header of that (lower-case) name; NULL when there is none. */
const struct ss_header *ss_header_find(const struct ss_header *headers, size_t n, struct ss_slice name);

#endif
