/* `upstreams:` → the snapshot's clusters. */
#ifndef SS_CONFIG_UPSTREAMS_H
#define SS_CONFIG_UPSTREAMS_H

#include "bridge/snapshot.h"
#include "config/route_keys.h"

/* What an upstream says of the services that it serves. */
struct ss_upstream_services {
    const struct ss_node *list; /* `services`; NULL: not given */
    struct ss_auto_mapping auto_mapping;
};

/* One cluster per entry, in the order of the text, also for a bad one: an index is then good to find errors
 * with. Returns as many ss_upstream_services, in d's arena; NULL when there is no upstream. */
struct ss_upstream_services *ss_upstreams_decode(struct ss_diag *d, const struct ss_node *upstreams,
                                                 struct ss_snapshot *snapshot);
/* The index of the cluster of that name; -1, with an error that names the nearest, when there is none. */
int ss_upstreams_find(struct ss_diag *d, const struct ss_snapshot *snapshot, const struct ss_located *name);

#endif
