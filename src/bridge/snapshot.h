/* Configuration in force: schema, routes and upstreams as one immutable value, shared by all threads. A call
 * holds the snapshot that it began with; a reload swaps the pointer for new calls. The last unref frees
 * everything. */
#ifndef SS_BRIDGE_SNAPSHOT_H
#define SS_BRIDGE_SNAPSHOT_H

#include <stdatomic.h>

#include "base/arena.h"
#include "route/route.h"
#include "schema/schema.h"
#include "upstream/cluster_config.h"

struct ss_snapshot {
    atomic_uint refs;
    struct ss_arena arena; /* holds rules, options, strings, cluster configs, native */
    struct ss_schema *schema;
    struct ss_route_table *routes;
    struct ss_cluster_config *clusters;
    size_t n_clusters;
    /* For each service of the schema, by its index: the cluster that serves it, or -1. Not served is what was
     * only imported, or what `services` and `apis` leave out; a rule of a document may still route a method
     * of such a service. NULL: nothing is served. */
    const int32_t *served_by;
    enum ss_native *native;                  /* of each cluster, none UNSET; NULL: ROUTES for all */
    const struct ss_route_options *defaults; /* of calls that have no route; NULL: none are set */
};

/* Index of the cluster that serves the service as a whole; -1: none does. */
static inline int ss_snapshot_cluster_of(const struct ss_snapshot *s, const struct ss_service *service)
{
    return s->served_by ? s->served_by[service->index] : -1;
}

/* One reference, everything empty; to be filled by its one owner before it is shared. */
struct ss_snapshot *ss_snapshot_new(void);
struct ss_snapshot *ss_snapshot_ref(struct ss_snapshot *s);
/* NULL is harmless. */
void ss_snapshot_unref(struct ss_snapshot *s);

#endif
