/* The whole of a configuration, as a tree → ss_config. */
#ifndef SS_CONFIG_LOAD_H
#define SS_CONFIG_LOAD_H

#include "config/decode.h"

/* auto_mapping: for all services. *out is set only when nothing was wrong. */
enum ss_err ss_config_from_tree(struct ss_diag *d, const struct ss_node *tree, bool auto_mapping,
                                struct ss_config *out);

#endif
