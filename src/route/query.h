/* Splitting a query string, or a form body, into parameters: "name=value" between '&'. */
#ifndef SS_ROUTE_QUERY_H
#define SS_ROUTE_QUERY_H

#include "base/arena.h"
#include "base/err.h"

struct ss_query_param {
    struct ss_slice name, value; /* views of the query, undecoded; value is empty without '=' */
};

/* Takes the next parameter off *rest; false at the end. Nothing between two '&' is no parameter. */
bool ss_query_next(struct ss_slice *rest, struct ss_query_param *out);

#endif
