/* What a method's name on the command line stands for. */
#ifndef SS_CLI_PICK_H
#define SS_CLI_PICK_H

#include "bridge/snapshot.h"

struct ss_pick {
    const struct ss_method *method;
    const struct ss_cluster_config *cluster;
    const struct ss_route_options *options; /* of the method's first rule; NULL: it has none */
};

/* name: "pkg.Service.Method" or "pkg.Service/Method". The upstream is that of the method's rule, else of
 * another one of its service, else the only one. SS_ERR_CONFIG with a one-line text in *why (through a). */
enum ss_err ss_pick_method(const struct ss_snapshot *s, struct ss_slice name, struct ss_arena *a,
                           struct ss_pick *out, struct ss_slice *why);

#endif
