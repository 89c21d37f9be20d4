/* The options that stand beside a rule, and under `defaults:`. */
#ifndef SS_CONFIG_ROUTE_KEYS_H
#define SS_CONFIG_ROUTE_KEYS_H

#include "config/decode.h"
#include "route/route.h"

struct ss_route_keys {
    struct ss_route_options options; /* its lists point into the diag's arena */
    const struct ss_node *stream_at; /* the value of `stream`; NULL when it is not given here */
};

/* What is in force where nothing is configured. */
void ss_route_keys_init(struct ss_route_keys *k);
/* The keys of a rule, for ss_decode_map: they overwrite what into holds, which is how defaults are inherited.
 */
struct ss_keys ss_route_keys_table(struct ss_route_keys *into);
/* `defaults:`, which also takes fully_decode_reserved_expansion. */
void ss_route_keys_decode_defaults(struct ss_diag *d, const struct ss_node *node, struct ss_route_keys *into);
/* A copy whose lists live in arena a too. */
const struct ss_route_options *ss_route_keys_keep(const struct ss_route_options *options, struct ss_arena *a);

#endif
