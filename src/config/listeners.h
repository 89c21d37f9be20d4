/* `listeners:` and `admin:` → ss_server_config. */
#ifndef SS_CONFIG_LISTENERS_H
#define SS_CONFIG_LISTENERS_H

#include "config/decode.h"
#include "server/server.h"

/* NULL nodes: the defaults, 127.0.0.1:8080 and 127.0.0.1:9901. What out points to lives in its arena. */
void ss_listeners_decode(struct ss_diag *d, const struct ss_node *listeners, const struct ss_node *admin,
                         struct ss_server_config *out);

#endif
