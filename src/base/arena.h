/* A bump allocator: many small allocations with one lifetime, freed together. One per call, one per snapshot.
 */
#ifndef SS_BASE_ARENA_H
#define SS_BASE_ARENA_H

#include "base/slice.h"

struct ss_arena_chunk;

struct ss_arena {
    struct ss_arena_chunk *chunks; /* newest first */
    char *cur, *end;               /* free part of the newest chunk */
    size_t held;                   /* bytes of all chunks */
    size_t max;                    /* cap for held, in bytes; 0 is none */
};

/* Allocates nothing yet. max caps what ss_arena_try gives out; 0 is no cap. */
void ss_arena_init(struct ss_arena *a, size_t max);
/* Frees everything. The arena can be used again. */
void ss_arena_dispose(struct ss_arena *a);
/* Frees all but one chunk of ordinary size, to be used again without malloc. */
void ss_arena_reset(struct ss_arena *a);

/* 16-byte aligned, uninitialised; never NULL, aborts when out of memory. For sizes that no peer chooses. */
void *ss_arena_alloc(struct ss_arena *a, size_t size);
/* The same zeroed. */
void *ss_arena_zalloc(struct ss_arena *a, size_t size);
/* For sizes that a peer chooses: NULL when the cap or memory is reached. */
void *ss_arena_try(struct ss_arena *a, size_t size);
/* A copy of s, NUL-terminated behind its len; through ss_arena_alloc. */
struct ss_slice ss_arena_copy(struct ss_arena *a, struct ss_slice s);
/* printf into the arena; the result is NUL-terminated behind its len. */
struct ss_slice ss_arena_printf(struct ss_arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
