/* `cors:` of a route, of the defaults and of a listener. */
#ifndef SS_CONFIG_CORS_KEYS_H
#define SS_CONFIG_CORS_KEYS_H

#include "config/decode.h"

struct ss_cors_config;

/* const struct ss_cors_config *: in the diag's arena. What the field holds is inherited; `off` is one without
 * origins. */
ss_decode_fn ss_cors_keys_decode;
/* A copy that lives in arena a; NULL of NULL. */
const struct ss_cors_config *ss_cors_keys_keep(const struct ss_cors_config *cors, struct ss_arena *a);

#endif
