/* A worker's bridge: what its calls share. Belongs to the worker's thread. */
#ifndef SS_BRIDGE_BRIDGE_H
#define SS_BRIDGE_BRIDGE_H

#include "base/buf.h"
#include "base/hash.h"
#include "bridge/client.h"
#include "bridge/snapshot.h"
#include "net/loop.h"
#include "transcode/transcode.h"
#include "upstream/cluster.h"

struct ss_call;
struct ss_gzip;

struct ss_bridge {
    struct ss_loop *loop;
    struct ss_snapshot *snapshot; /* a reference */
    struct ss_cluster **clusters; /* by the snapshot's index */
    struct ss_codec *codec;
    struct ss_gzip *gzip;   /* made when first needed */
    struct ss_buf zipped;   /* an answer compressed */
    struct ss_buf inflated; /* a piece of a compressed body */
    struct ss_buf scratch;  /* one message's JSON on its way out */
    struct ss_call *calls;  /* in flight */
    struct ss_call *done;   /* to be recycled at the end of the turn */
    struct ss_call *idle;   /* to be used again */
    unsigned n_calls, n_idle;
    size_t freed; /* bytes of calls that are over, since memory was last given back to the system */
    struct ss_timer trim;
    struct ss_deferred recycle;
    enum ss_access_log access_form;
    const struct ss_log *access_log;
    struct ss_buf access;  /* a line in the making */
    int64_t access_second; /* of access_time */
    char access_time[24];
    uint64_t random[2];          /* xoroshiro128+: request ids; not for secrets */
    struct ss_hash_key hash_key; /* of tables whose keys clients choose */
    size_t max_request_bytes;    /* where the route says nothing */
    size_t max_message_bytes;
    size_t max_json_bytes; /* set after init; 0: 16 times max_message_bytes, at most 64 MiB */
    unsigned max_headers;  /* of a request, and so of what goes up as metadata; 100 */
    /* Raised when the last call in flight is over; for draining. May be NULL. */
    void (*on_idle)(void *ctx);
    void *on_idle_ctx;
};

/* Takes a reference of snapshot. */
void ss_bridge_init(struct ss_bridge *b, struct ss_loop *l, struct ss_snapshot *snapshot,
                    size_t max_request_bytes, size_t max_message_bytes);
/* Begins to log requests, to log, which is borrowed. Off until then. */
void ss_access_init(struct ss_bridge *b, enum ss_access_log form, const struct ss_log *log);
/* Breaks off what is in flight. Clients must be gone or are told through reset. */
void ss_bridge_dispose(struct ss_bridge *b);
/* REST requests → gRPC calls; borrowed from b. */
struct ss_handler ss_bridge_handler(struct ss_bridge *b);
/* Every required upstream has a connection. */
bool ss_bridge_ready(const struct ss_bridge *b);
/* n random hex digits, n a multiple of 16. For ids, not for secrets. */
void ss_bridge_random_hex(struct ss_bridge *b, char *out, size_t n);

#endif
