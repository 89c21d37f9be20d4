/* The memory that yajl works in: one block, given out from its beginning and taken back all at once before
 * each document, so that reading needs no malloc once the block is large enough.
 *
 * yajl does not check its allocations, so the block is sized before yajl runs, when failing can still be
 * reported. */
#ifndef SS_JSON_POOL_H
#define SS_JSON_POOL_H

#include <yajl/yajl_common.h>

#include "base/arena.h"
#include "base/err.h"

struct ss_json_pool {
    char *block; /* owned */
    size_t size, used;
    void *last;            /* what was given out last: it can grow in place */
    struct ss_arena spill; /* what the block has no room for; not expected to be used */
    yajl_alloc_funcs functions;
};

void ss_json_pool_init(struct ss_json_pool *p);
void ss_json_pool_dispose(struct ss_json_pool *p);
/* Takes everything back and makes room for size bytes. SS_ERR_MEMORY. */
enum ss_err ss_json_pool_reset(struct ss_json_pool *p, size_t size);
/* Gives memory back to the system if a document has needed exceptionally much. Takes everything back. */
void ss_json_pool_trim(struct ss_json_pool *p);

#endif
