/* What matching and binding do, as something that can be shown to people. Not for the way of a request. */
#ifndef SS_ROUTE_EXPLAIN_H
#define SS_ROUTE_EXPLAIN_H

#include "route/route.h"

enum ss_binding_source { SS_BINDING_PATH, SS_BINDING_QUERY };

/* One variable or parameter. */
struct ss_route_binding {
    struct ss_route_binding *next;
    enum ss_binding_source source;
    struct ss_slice name;        /* as it is written in the template, or in the query, decoded */
    struct ss_slice field;       /* "matter.client", "labels[team]": proto names; empty: no field */
    const struct ss_field *leaf; /* what takes the value; of a map, its value field. NULL: no field */
    struct ss_slice value;       /* decoded */
    struct ss_slice why;         /* leaf is NULL: what becomes of it, or what is wrong with it */
};

/* In the order in which they are written, parameters behind variables; all in a. Whether they may stand
 * beside each other, and whether the values fit, is for ss_route_bind to say. */
struct ss_route_binding *ss_route_bindings(const struct ss_route_match *m, struct ss_slice query,
                                           struct ss_arena *a);

/* The rules whose templates come nearest to a path that matches none, best first: at most max of them, and
 * only those that share something with it. Returns how many. */
size_t ss_route_nearest(const struct ss_route_table *t, struct ss_slice path, struct ss_arena *a,
                        const struct ss_rule **out, size_t max);

#endif
