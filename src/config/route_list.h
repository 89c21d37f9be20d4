/* The route table as text, for `sidespan routes`. */
#ifndef SS_CONFIG_ROUTE_LIST_H
#define SS_CONFIG_ROUTE_LIST_H

#include <stdio.h>

#include "route/route.h"

/* A head line and one line per route: HTTP method, path, gRPC method, streaming kind, in columns. */
void ss_route_list_print(const struct ss_route_table *table, FILE *out);

#endif
