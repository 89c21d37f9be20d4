/* A YAML document as a small tree: scalars, mappings in order, lists; every node knows where it was written.
 * A tree, its keys and its texts live in the arena that it was parsed into. */
#ifndef SS_CONFIG_NODE_H
#define SS_CONFIG_NODE_H

#include "base/slice.h"

/* Where text came from. Lives as long as the nodes. */
struct ss_source {
    struct ss_slice name; /* the file as it is named in messages */
    struct ss_slice dir;  /* what its relative paths are relative to: "" or ends in '/' */
};

enum ss_node_kind {
    SS_NODE_SCALAR,
    SS_NODE_MAP,
    SS_NODE_LIST,
    SS_NODE_BROKEN, /* its error is reported already: whoever reads it says nothing more */
};

struct ss_node {
    enum ss_node_kind kind;
    bool plain; /* SCALAR: written without quotes, so that it may be a number, a bool or null */
    unsigned line,
        column; /* from 1; columns count characters. line 0: of no file, and the source's name is all */
    const struct ss_source *source;
    struct ss_slice text;  /* SCALAR: NUL-terminated behind its len, and without a NUL in it */
    struct ss_node *key;   /* of an entry of a MAP: a SCALAR */
    struct ss_node *first; /* MAP, LIST: the entries, by next, in the order of the text */
    struct ss_node *next;
    size_t count;
};

/* null, ~ or nothing at all (YAML 1.2 core schema), unquoted. */
bool ss_node_is_null(const struct ss_node *n);
/* The entry of a MAP under that key; NULL when there is none, or n is no MAP (n may be NULL). */
const struct ss_node *ss_node_get(const struct ss_node *n, const char *key);

#endif
