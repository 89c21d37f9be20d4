/* The admin listener's pages: read-only views for operators and probes.
 *   GET /healthz   200 while the process lives
 *   GET /readyz    200 when calls can be served; else 503 and why */
#ifndef SS_ADMIN_ADMIN_H
#define SS_ADMIN_ADMIN_H

#include <stdatomic.h>

#include "bridge/bridge.h"

struct ss_admin {
    struct ss_bridge *bridge;    /* whose upstreams readiness looks at; borrowed */
    const atomic_bool *draining; /* borrowed */
};

/* Borrowed from a. */
struct ss_handler ss_admin_handler(struct ss_admin *a);

#endif
