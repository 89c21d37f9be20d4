/* All templates as one tree of segments, so that matching costs what the path costs and not what the table
 * holds.
 *
 *     node ── literals: hash of text → node        before "**"
 *      │ ├─── star: node                           the segment "*"
 *      │ └─── multi: node of the suffix tree       "**"; its literals are the template's last first
 *      ├ plain: endpoint                           templates that end here
 *      └ verbs: hash of verb → endpoint            and those that end here with ":verb"
 *
 * Variables are gone: what remains of them is their patterns, so that two rules meet at one endpoint exactly
 * when they match the same paths, and equal methods there are a conflict. Only literals may follow "**", so
 * that the suffix tree is walked from the path's end. Nothing is ever removed; all lives in the arena given.
 */
#ifndef SS_ROUTE_TRIE_H
#define SS_ROUTE_TRIE_H

#include "route/compile.h"

struct ss_trie_entry {
    struct ss_slice key; /* of a route's template */
    uint32_t hash;
    void *value; /* NULL: the slot is free */
};

/* Open addressing, at most half full. */
struct ss_trie_map {
    struct ss_trie_entry *slots;
    size_t n, cap; /* cap: 0 or a power of two */
};

struct ss_trie_endpoint {
    const struct ss_route *routes; /* one an HTTP method, by next; never NULL */
};

struct ss_trie_node {
    struct ss_trie_map literals; /* of struct ss_trie_node */
    struct ss_trie_map verbs;    /* of struct ss_trie_endpoint */
    struct ss_trie_node *star, *multi;
    struct ss_trie_endpoint *plain;
};

/* The value of key; NULL when there is none. */
void *ss_trie_map_get(const struct ss_trie_map *map, struct ss_slice key, uint32_t hash);

/* Puts r where its template ends, below root (zeroed at first). r is borrowed and must outlive root. Returns
 * NULL; or the route of the same method that is there already, and r is not put. */
const struct ss_route *ss_trie_insert(struct ss_trie_node *root, struct ss_route *r, struct ss_arena *a);

#endif
