/* Documents, annotations and auto_mapping → the snapshot's route table. */
#ifndef SS_CONFIG_RULES_H
#define SS_CONFIG_RULES_H

#include "bridge/snapshot.h"
#include "config/services.h"

struct ss_rules_input {
    struct ss_services_input services;
    const struct ss_route_keys *defaults;
    const struct ss_node *descriptors; /* the list: where annotations come from, for messages */
};

/* Needs the snapshot's schema and clusters, also those of bad upstreams. The table stays NULL when there are
 * errors. */
void ss_rules_build(struct ss_diag *d, const struct ss_rules_input *input, struct ss_snapshot *snapshot);

#endif
