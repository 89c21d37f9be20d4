#ifndef SS_ROUTE_TABLE_H
#define SS_ROUTE_TABLE_H

#include "route/trie.h"

struct ss_route_table {
    struct ss_arena arena; /* holds all but this struct */
    struct ss_route *routes;
    size_t n;
    const struct ss_rule **by_method; /* all rules, by their method's address, then as they came */
    struct ss_trie_node root;
};

#endif
