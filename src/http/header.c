#include "http/header.h"

const struct ss_header *ss_header_find(const struct ss_header *headers, size_t n, struct ss_slice name)
{
    for (size_t i = 0; i < n; i++)
        if (ss_slice_eq(headers[i].name, name))
            return &headers[i];
    return NULL;
}
