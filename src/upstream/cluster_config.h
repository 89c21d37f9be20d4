/* What configuration says of one upstream. Plain data, filled by config/, read by channels; lives in the
 * snapshot. */
#ifndef SS_UPSTREAM_CLUSTER_CONFIG_H
#define SS_UPSTREAM_CLUSTER_CONFIG_H

#include <stdint.h>

#include "base/arena.h"
#include "net/tls.h"

/* A gRPC target (grpc/doc/naming.md): dns:///host:port, dns:host:port, host:port, ipv4:1.2.3.4:50051[,…],
 * ipv6:[::1]:50051[,…], unix:path, unix:///path, unix-abstract:name. Port 443 when a dns target names none.
 */
enum ss_target_kind { SS_TARGET_DNS, SS_TARGET_ADDRESSES };

struct ss_address;

struct ss_target {
    enum ss_target_kind kind;
    struct ss_slice host;         /* DNS */
    uint16_t port;                /* DNS, host byte order */
    struct ss_address *addresses; /* ADDRESSES */
    size_t n_addresses;
    struct ss_slice
        authority; /* :authority of calls: the host (and port) as gRPC defines it for the target */
};

/* text is borrowed; results live in a. SS_ERR_CONFIG with a one-line text in *why. */
enum ss_err ss_target_parse(struct ss_slice text, struct ss_arena *a, struct ss_target *out,
                            struct ss_slice *why);

struct ss_cluster_config {
    struct ss_slice name;
    struct ss_target target;
    struct ss_tls *tls;          /* owned by the snapshot; NULL: plaintext */
    struct ss_slice server_name; /* for SNI and verification; the target's host unless configured */
    bool required;               /* /readyz waits for it */
    uint64_t connect_timeout_ms; /* 20 000 unless configured */
};

#endif
