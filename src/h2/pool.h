/* Memory for one nghttp2 session: freed blocks are kept by size class and used again, since a stream's dozen
 * small allocations come and go with every request, more at a time than malloc's own caches hold. One thread.
 */
#ifndef SS_H2_POOL_H
#define SS_H2_POOL_H

#include <stddef.h>

struct ss_h2_pool;

/* keep: how many free blocks of a size are kept. Never NULL. */
struct ss_h2_pool *ss_h2_pool_new(unsigned keep);
/* Every block must have been freed. */
void ss_h2_pool_free(struct ss_h2_pool *p);
/* As malloc, calloc, realloc and free; NULL when out of memory. */
void *ss_h2_pool_alloc(struct ss_h2_pool *p, size_t size);
void *ss_h2_pool_zalloc(struct ss_h2_pool *p, size_t n, size_t size);
void *ss_h2_pool_realloc(struct ss_h2_pool *p, void *block, size_t size);
void ss_h2_pool_release(struct ss_h2_pool *p, void *block);

#endif
