/* `descriptors:` → the snapshot's schema. */
#ifndef SS_CONFIG_DESCRIPTORS_H
#define SS_CONFIG_DESCRIPTORS_H

#include "bridge/snapshot.h"
#include "config/decode.h"

/* Each entry is the path of a FileDescriptorSet, the path of a .proto, or {proto: FILE, include: [FOLDER,
 * …]}. The schema stays NULL when there are errors. */
void ss_descriptors_load(struct ss_diag *d, const struct ss_node *descriptors, struct ss_snapshot *snapshot);

#endif
