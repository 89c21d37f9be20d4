/* One request, through all of the code that serves requests, before a service that keeps what comes: what
 * `sidespan explain` says of a request is what happens to it. A client's HTTP/1.1 connection, the bridge and
 * the connection to the service are those of `serve`, on a loop of their own; only the upstreams' addresses
 * are replaced, so that nobody is called. */
#ifndef SS_CLI_REHEARSE_H
#define SS_CLI_REHEARSE_H

#include "bridge/snapshot.h"
#include "downstream/limits.h"
#include "http/header.h"

struct ss_rehearsal {
    /* To be set. Everything is borrowed for the call. */
    const struct ss_snapshot *snapshot;
    const struct ss_limits *limits;
    const struct ss_cors_config *cors; /* the listener's; NULL: none */
    const struct ss_site *site;        /* likewise; NULL: nothing is checked */
    struct ss_slice method, target;    /* as they stand on the wire */
    const char *const *headers;        /* "name:value" */
    size_t n_headers;
    struct ss_slice body;
    bool has_body; /* else there is no Content-Length */

    /* What came of it, in the arena given to ss_rehearse. */
    bool called;                /* the service has the request, whole */
    struct ss_slice wire;       /* its first message */
    uint64_t messages;          /* how many there were */
    struct ss_header *metadata; /* as it came, gRPC's own included, without pseudo-headers */
    size_t n_metadata;
    int status;             /* HTTP status of the answer; of interest if it was not called. 0: none came */
    struct ss_slice answer; /* its body */
};

/* SS_ERR_UNAVAILABLE with *why: there is no socket for it, or no end within ten seconds. */
enum ss_err ss_rehearse(struct ss_rehearsal *r, struct ss_arena *a, const char **why);

#endif
