/* `tls:` of listeners and upstreams → ss_tls. */
#ifndef SS_CONFIG_TLS_FILES_H
#define SS_CONFIG_TLS_FILES_H

#include "config/decode.h"
#include "net/tls.h"

struct ss_tls_files {
    struct ss_located certificate, private_key, ca, server_name;
    bool insecure_skip_verify;
};

/* Keys of the server role: certificate, private_key, client_ca; certificate and key must be there. NULL with
 * errors at the key of the file at fault. The caller owns the reference. */
struct ss_tls *ss_tls_files_server(struct ss_diag *d, const struct ss_node *node);
/* Reads the keys of the client role: ca, certificate, private_key, server_name, insecure_skip_verify. */
void ss_tls_files_decode_client(struct ss_diag *d, const struct ss_node *node, struct ss_tls_files *out);
/* at: where errors that belong to no file go. */
struct ss_tls *ss_tls_files_client(struct ss_diag *d, const struct ss_node *at,
                                   const struct ss_tls_files *files, struct ss_slice server_name);

#endif
