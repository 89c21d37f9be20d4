/* The options that stand beside a rule, and under `defaults:`. */
#ifndef SS_CONFIG_ROUTE_KEYS_H
#define SS_CONFIG_ROUTE_KEYS_H

#include "config/decode.h"
#include "config/stream_keys.h"
#include "route/route.h"

/* `auto_mapping`: whether methods without a rule get a path. It stands at the top of the configuration, under
 * `defaults`, beside an upstream and in a route document; the nearer to the service, the stronger. */
struct ss_auto_mapping {
    const struct ss_node *at; /* NULL: not given */
    bool on;
};
ss_decode_fn ss_auto_mapping_decode;

struct ss_route_keys {
    struct ss_route_options options; /* its lists point into the diag's arena; sse is unset */
    struct ss_sse_keys sse;
    /* The values of `stream`, `sse`, `object`, `envelope`, `websocket`, `native`, `gzip`,
     * `reject_binding_body_field_collisions` and `ignore_unknown_fields`; NULL when they are not given here.
     */
    const struct ss_node *stream_at, *sse_at, *object_at, *envelope_at, *websocket_at, *native_at, *gzip_at,
        *collisions_at, *unknown_fields_at;
};

/* What is in force where nothing is configured. */
void ss_route_keys_init(struct ss_route_keys *k);
/* The keys of a rule, for ss_decode_map: they overwrite what into holds, which is how defaults are inherited.
 */
struct ss_keys ss_route_keys_table(struct ss_route_keys *into);
/* `defaults:`, which also takes fully_decode_reserved_expansion and auto_mapping. */
void ss_route_keys_decode_defaults(struct ss_diag *d, const struct ss_node *node, struct ss_route_keys *into,
                                   struct ss_auto_mapping *auto_mapping);
/* The keys of a rule that inherits from. */
struct ss_route_keys ss_route_keys_inherit(const struct ss_route_keys *from);
/* What keys, which inherit from defaults, mean for a method: a copy of the options that lives in arena a,
 * lists and all. Says in d what cannot be meant, but for what is inherited. */
const struct ss_route_options *ss_route_keys_keep(struct ss_diag *d, const struct ss_route_keys *keys,
                                                  const struct ss_route_keys *defaults,
                                                  const struct ss_method *method, struct ss_arena *a);

/* `defaults:` as they hold for a call that has no route: a copy, as above. */
const struct ss_route_options *ss_route_keys_keep_defaults(const struct ss_route_keys *defaults,
                                                           struct ss_arena *a);

/* enum ss_native from `off`, `routes` or `all`. */
ss_decode_fn ss_native_decode;

#endif
