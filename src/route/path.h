/* A request's path, split into segments and hashed once, before any route is looked at. */
#ifndef SS_ROUTE_PATH_H
#define SS_ROUTE_PATH_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* A path of more segments is refused. */
enum { SS_PATH_MAX_SEGMENTS = 256 };

struct ss_path_segment {
    struct ss_slice raw;  /* view of the path, as received */
    struct ss_slice text; /* normal form: raw, or in the arena */
    uint32_t hash;        /* of text */
};

/* Large, for the stack; only what is used is written. */
struct ss_path {
    size_t n;                    /* segments; 0 for "/" */
    bool plain;                  /* nothing in it is escaped or needs to be: all text is raw */
    bool trailing_slash;         /* it ended with one that is not in segments */
    bool has_verb;               /* an unescaped ':' in the last segment; the rest is set only then */
    bool stem_is_empty;          /* nothing before that ':' */
    struct ss_path_segment stem; /* the last segment without the verb */
    struct ss_path_segment verb; /* what is behind the last ':', not empty */
    struct ss_path_segment segments[SS_PATH_MAX_SEGMENTS];
};

/* path is borrowed. SS_ERR_NO_ROUTE: it does not begin with '/'. SS_ERR_TARGET_TOO_LONG: it has too many
 * segments. SS_ERR_INVALID: malformed escape, %00 or bad UTF-8. SS_ERR_LIMIT: a is at its cap. */
enum ss_err ss_path_split(struct ss_slice path, struct ss_arena *a, struct ss_path *out);

#endif
