/* System parameters of a query: those that say how to answer, and are no field of the request. */
#ifndef SS_ROUTE_SYSTEM_H
#define SS_ROUTE_SYSTEM_H

#include "route/route.h"

enum ss_system {
    SS_SYSTEM_NONE, /* an ordinary parameter */
    SS_SYSTEM_ALT,
    SS_SYSTEM_FIELDS,
    SS_SYSTEM_PRETTY_PRINT,
    SS_SYSTEM_IGNORED, /* $.xgafv, which Google's clients send; what the route says to ignore */
    SS_SYSTEM_CALLBACK,
    SS_SYSTEM_UNKNOWN, /* begins with '$', and is none of these */
};

/* What name, decoded, is in a query of rule's. $alt, $fields and $prettyPrint may come without the '$' where
 * no field of the request has that name. */
enum ss_system ss_system_of(const struct ss_rule *rule, struct ss_slice name);

#endif
