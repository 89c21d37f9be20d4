/* `sidespan explain`: what a request would become, or why it would be refused, without calling anybody. What
 * it says of the message, the metadata and the refusal comes from serving the request (cli/rehearse). */
#ifndef SS_CLI_EXPLAIN_H
#define SS_CLI_EXPLAIN_H

#include "bridge/snapshot.h"
#include "downstream/limits.h"

/* Everything is borrowed for the call. */
struct ss_cli_explain {
    const struct ss_snapshot *snapshot;
    const char *http_method;    /* in any case */
    const char *target;         /* path and query, as on the wire, or a whole URL */
    const char *body;           /* as it goes; "-": read from in; "@FILE": a file's; NULL: none */
    const char *const *headers; /* "name:value" */
    size_t n_headers;
    const struct ss_limits *limits;    /* NULL: the defaults */
    const struct ss_cors_config *cors; /* of the first listener; NULL: none */
    const struct ss_site *site;        /* likewise; NULL: hosts and origins are not checked */
    int in, out, err;
};

/* Prints to out. 0; SS_EXIT_CONFIG: the body or out do not work, or it is no request; SS_EXIT_FAILED: the
 * request would be refused. */
int ss_cli_explain_run(const struct ss_cli_explain *e);

#endif
