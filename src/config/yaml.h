/* YAML text → a node tree. The only place that knows libyaml. */
#ifndef SS_CONFIG_YAML_H
#define SS_CONFIG_YAML_H

#include "config/diag.h"
#include "config/node.h"

/* Parses one document into d's arena. text is borrowed for the call; source for as long as the tree. An empty
 * text is an empty mapping. Refused, with an error in d: what is not YAML, a second document, a duplicate
 * key, a key that is no scalar, more than 64 levels, anchors and aliases (a few lines of them can stand for
 * gigabytes), tags but !!str, NUL in a scalar. NULL when no tree could be made; a tree may come with errors
 * in d, to find more of them. */
struct ss_node *ss_yaml_parse(struct ss_slice text, const struct ss_source *source, struct ss_diag *d);

#endif
