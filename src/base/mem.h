/* The only callers of malloc. The ss_x* functions are for small allocations of fixed size: they abort when
 * memory is out. What a peer can size goes through ss_buf or a capped arena, which report it instead. */
#ifndef SS_BASE_MEM_H
#define SS_BASE_MEM_H

#include <stddef.h>

/* Never NULL; zeroed. Free with ss_free. */
void *ss_xcalloc(size_t n, size_t size);
/* Never NULL; uninitialised. */
void *ss_xmalloc(size_t size);
/* Never NULL; takes ownership of p (may be NULL). n*size is checked for overflow. */
void *ss_xrealloc(void *p, size_t n, size_t size);
/* A NUL-terminated copy of len bytes. Never NULL. */
char *ss_xstrndup(const char *s, size_t len);
/* NULL when out of memory; takes ownership of p on success only. For sizes that a peer chooses. */
void *ss_try_realloc(void *p, size_t size);
void ss_free(void *p);
/* Gives free pages back to the system if they are at_least so many bytes: after a burst, since it takes some
 * milliseconds. */
void ss_mem_trim(size_t at_least);

#endif
