/* What a client is told: a google.rpc.Status in the making. Filled by whoever finds the trouble, printed once
 * by the bridge. All of its bytes live in the arena that it was set with. */
#ifndef SS_BASE_STATUS_H
#define SS_BASE_STATUS_H

#include "base/arena.h"
#include "base/err.h"

/* One google.rpc.BadRequest.FieldViolation. */
struct ss_violation {
    struct ss_violation *next;
    struct ss_slice field; /* path as the client wrote it: "clauses[2].name"; empty: the body as a whole */
    struct ss_slice description; /* what was expected and where it went wrong */
};

struct ss_status {
    enum ss_err err;         /* why, when the trouble is ours; SS_OK when the service said so */
    int code;                /* gRPC code; 0 is OK. May be above 16: services send what they like */
    int http;                /* HTTP status wanted; 0: by the tables */
    struct ss_slice message; /* UTF-8 */
    struct ss_violation *violations;
    struct ss_slice details; /* google.rpc.Status wire bytes from grpc-status-details-bin; empty: none */
};

/* Sets err, its code and a message. Replaces what was there. Returns err, to be returned in turn. */
enum ss_err ss_status_set(struct ss_status *st, struct ss_arena *a, enum ss_err err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Adds a violation (copies field); sets err SS_ERR_INVALID, and the message to "FIELD: DESCRIPTION" if it is
 * the first. Returns SS_ERR_INVALID. */
enum ss_err ss_status_violation(struct ss_status *st, struct ss_arena *a, struct ss_slice field,
                                const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
