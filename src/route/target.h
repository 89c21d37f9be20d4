/* What a parameter's name means: "page_size", "filter.status", "labels[team]", "filter.[acme.v1.extra]". */
#ifndef SS_ROUTE_TARGET_H
#define SS_ROUTE_TARGET_H

#include "route/compile.h"

struct ss_target {
    const struct ss_field *fields[SS_FIELD_PATH_MAX]; /* all but the last are singular messages */
    size_t n;
    bool has_key; /* the last is a map, and key names its entry */
    struct ss_slice key;
};

enum ss_target_result {
    SS_TARGET_FOUND,   /* the last field takes text, or is a map whose values do */
    SS_TARGET_UNKNOWN, /* it names no field */
    SS_TARGET_REFUSED, /* it names what a parameter cannot set */
};

/* Looks name (decoded; borrowed) up from m. When that fails, *why says it, through a, in words that follow
 * the name. */
enum ss_target_result ss_target_resolve(const struct ss_message *m, struct ss_slice name, struct ss_arena *a,
                                        struct ss_target *out, struct ss_slice *why);

#endif
