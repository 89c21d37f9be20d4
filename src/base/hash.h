/* FNV-1a, for tables whose keys come from descriptors and configuration, not from peers. */
#ifndef SS_BASE_HASH_H
#define SS_BASE_HASH_H

#include <stdint.h>

#include "base/slice.h"

static inline uint32_t ss_hash(struct ss_slice s)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.ptr[i]) * 16777619u;
    return h;
}

#endif
