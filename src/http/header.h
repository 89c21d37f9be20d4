/* One HTTP header field, or one gRPC metadata entry. */
#ifndef SS_HTTP_HEADER_H
#define SS_HTTP_HEADER_H

#include "base/arena.h"

struct ss_header {
    struct ss_slice name; /* lower case */
    struct ss_slice value;
    bool unindexed; /* changes with every request: HPACK should not remember it */
};

/* Whether an answer with that status has no body, whatever was meant to be in it (RFC 9110 §15). */
static inline bool ss_status_bare(int status)
{
    return status == 204 || status == 205 || status == 304;
}

/* The first header of that (lower-case) name; NULL when there is none. */
const struct ss_header *ss_header_find(const struct ss_header *headers, size_t n, struct ss_slice name);

/* The values of all headers of that (lower-case) name, in their order, with between between them. One value
 * is returned as it is; more are joined in a, once, however many they are. Empty when there is none. */
struct ss_slice ss_headers_join(const struct ss_header *headers, size_t n, struct ss_slice name,
                                const char *between, struct ss_arena *a);

/* Headers in the making, of an answer's head, its trailers or a request. As many as come have room: what
 * would be left out in silence could be the one that mattered. The first few need no memory of their own, so
 * it may not be copied or moved. */
enum { SS_HEADERS_FEW = 40 };
struct ss_headers {
    struct ss_header *fields; /* few, or in the arena; slices are whoever's put them */
    size_t n, cap;
    struct ss_arena *arena; /* borrowed; used past the first few */
    struct ss_header few[SS_HEADERS_FEW];
};
void ss_headers_init(struct ss_headers *h, struct ss_arena *arena);
/* Room for so many more. */
void ss_headers_grow(struct ss_headers *h, size_t more);
static inline void ss_headers_put(struct ss_headers *h, struct ss_slice name, struct ss_slice value)
{
    if (__builtin_expect(h->n == h->cap, 0))
        ss_headers_grow(h, 1);
    h->fields[h->n++] = (struct ss_header){.name = name, .value = value};
}
/* Appends n headers as they are. */
void ss_headers_put_all(struct ss_headers *h, const struct ss_header *from, size_t n);

#endif
