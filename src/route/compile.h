/* A rule, checked against its method's types and made ready for matching and binding. */
#ifndef SS_ROUTE_COMPILE_H
#define SS_ROUTE_COMPILE_H

#include "route/route.h"
#include "route/template.h"

/* Nested names deeper than this are refused, in templates and in queries. */
enum { SS_FIELD_PATH_MAX = 32 };

/* A field reached through singular messages: all but the last are messages. */
struct ss_field_path {
    const struct ss_field *const *fields;
    size_t n; /* 1..SS_FIELD_PATH_MAX */
};

struct ss_route {
    struct ss_rule rule; /* options is never NULL */
    struct ss_template template;
    struct ss_field_path *variables; /* one for each of the template's */
    const struct ss_field *body_field, *response_field;
    bool body_is_all;
    const struct ss_route *next; /* another HTTP method at the same template */
};

/* Fills *out, allocating from a; what rule points to is borrowed. SS_ERR_CONFIG with *why (through
 * why_arena), which starts with the rule's origin. */
enum ss_err ss_route_compile(const struct ss_rule *rule, struct ss_arena *a, struct ss_arena *why_arena,
                             struct ss_slice *why, struct ss_route *out);

#endif
