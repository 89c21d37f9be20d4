/* TLS contexts. 1.2 and 1.3, verification on, ALPN. Immutable and reference-counted; shared by threads. */
#ifndef SS_NET_TLS_H
#define SS_NET_TLS_H

#include "base/arena.h"
#include "base/err.h"

/* Paths are borrowed for the call; empty is absent. */
struct ss_tls_config {
    struct ss_slice certificate; /* PEM chain: ours. A server needs it, a client has it for mTLS */
    struct ss_slice private_key; /* PEM */
    struct ss_slice ca;          /* PEM: client role: verifies the server (absent: the system's store);
                                    server role: present makes client certificates mandatory */
    struct ss_slice
        server_name;           /* client role: SNI and the name that is verified; absent: the target's host */
    bool insecure_skip_verify; /* client role */
};

struct ss_tls;

/* Server role: ALPN h2 and http/1.1, server's order; a client without ALPN is http/1.1 or prior knowledge.
 * SS_ERR_CONFIG with a one-line text in *why (through a) that names the file at fault: unreadable, not PEM,
 * key that does not fit the certificate, encrypted key (never a prompt), expired certificate (warning only:
 * not an error).
 * With SS_OK, *why is empty or that warning. */
enum ss_err ss_tls_server_new(const struct ss_tls_config *config, struct ss_arena *a, struct ss_slice *why,
                              struct ss_tls **out);
/* Client role: ALPN h2, required of the server. */
enum ss_err ss_tls_client_new(const struct ss_tls_config *config, struct ss_arena *a, struct ss_slice *why,
                              struct ss_tls **out);
struct ss_tls *ss_tls_ref(struct ss_tls *t);
void ss_tls_unref(struct ss_tls *t);

#endif
