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
    /* What may stand in a log: the message's printf format, which has none of the values that a client or a
     * service sent; lives as long as the arena. NULL: nothing may. */
    const char *note;
    struct ss_violation *violations;
    struct ss_slice details; /* google.rpc.Status wire bytes from grpc-status-details-bin; empty: none */
};

/* Sets err, its code and a message. Replaces what was there. Returns err, to be returned in turn. fmt is kept
 * as the note. */
enum ss_err ss_status_set(struct ss_status *st, struct ss_arena *a, enum ss_err err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Adds a violation (copies field); sets err SS_ERR_INVALID, and the message to "FIELD: DESCRIPTION" if it is
 * the first. Returns SS_ERR_INVALID. */
enum ss_err ss_status_violation(struct ss_status *st, struct ss_arena *a, struct ss_slice field,
                                const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The same with a text of ours that holds no value of anybody's: it is the note too. text is borrowed for as
 * long as st is of use. */
enum ss_err ss_status_say(struct ss_status *st, struct ss_arena *a, enum ss_err err, const char *text);
/* Writes st's note into out: each value that its message holds is "…", and a message that begins with one is
 * err's text. Empty when there is no note. */
void ss_status_note(const struct ss_status *st, char *out, size_t size);

#endif
