/* `sidespan call`: one call of an upstream from the command line, through the transcoder, the cluster and the
 * connection code that serve requests, but through no route: a service that fails here is broken itself. */
#ifndef SS_CLI_CALL_H
#define SS_CLI_CALL_H

#include "base/log.h"
#include "bridge/snapshot.h"

enum { SS_EXIT_CONFIG = 1, SS_EXIT_USAGE = 2, SS_EXIT_FAILED = 3 };

/* Everything is borrowed for the call. */
struct ss_cli_call {
    const struct ss_snapshot *snapshot;
    const struct ss_log *log;
    const char *method;         /* as ss_pick_method takes it */
    const char *json;           /* the request; NULL or "-": read from in */
    const char *const *headers; /* "name:value" */
    size_t n_headers;
    int64_t timeout_ms;       /* -1: that of the route: 60 s by default for unary methods, none for streams */
    size_t max_message_bytes; /* where the route says nothing */
    size_t max_json_bytes;    /* likewise; 0: as it follows from the message's */
    int in, out, err;
};

/* Sends one message; of a client-streaming method, one for each line that is not blank. Each answer goes to
 * out at once, as one line of JSON (indented when it is the only one and out is a terminal). 0;
 * SS_EXIT_CONFIG: no such method, or out cannot be written; SS_EXIT_USAGE: a bad header; SS_EXIT_FAILED: the
 * call did, and its google.rpc.Status is the last line of err. */
int ss_cli_call_run(const struct ss_cli_call *c);

#endif
