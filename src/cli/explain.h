/* `sidespan explain`: what a request would become, or why it would be refused, without calling anybody. */
#ifndef SS_CLI_EXPLAIN_H
#define SS_CLI_EXPLAIN_H

#include "bridge/snapshot.h"

/* Everything is borrowed for the call. */
struct ss_cli_explain {
    const struct ss_snapshot *snapshot;
    const char *http_method; /* in any case */
    const char *target;      /* path and query, as on the wire, or a whole URL */
    const char *body;        /* JSON; "-": read from in; NULL: none */
    int in, out, err;
};

/* Prints to out. 0; SS_EXIT_CONFIG: in or out do not work; SS_EXIT_FAILED: the request would be refused. */
int ss_cli_explain_run(const struct ss_cli_explain *e);

#endif
