/* zlib's memory through base/mem.h. Private to src/http/. */
#ifndef SS_HTTP_ZLIB_MEMORY_H
#define SS_HTTP_ZLIB_MEMORY_H

#include <zlib.h>

#include "base/mem.h"

static inline void *ss_zlib_alloc(void *opaque, uInt n, uInt size)
{
    (void)opaque;
    return ss_try_realloc(NULL, (size_t)n * size);
}

static inline void ss_zlib_free(void *opaque, void *p)
{
    (void)opaque;
    ss_free(p);
}

#endif
