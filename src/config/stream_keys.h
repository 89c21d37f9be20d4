/* `sse:`, `object:` and `websocket:`: how streams look in these forms. */
#ifndef SS_CONFIG_STREAM_KEYS_H
#define SS_CONFIG_STREAM_KEYS_H

#include "config/decode.h"
#include "route/route.h"

/* `sse:` as written. What its fields mean depends on the method. */
struct ss_sse_keys {
    struct ss_located event, id;
    struct ss_slice done;
    int64_t heartbeat_ms;
};

ss_decode_fn ss_sse_keys_decode;       /* struct ss_sse_keys */
ss_decode_fn ss_object_keys_decode;    /* struct ss_route_object */
ss_decode_fn ss_websocket_keys_decode; /* struct ss_route_websocket */

/* What keys, which inherit from defaults, mean for a method. A name that is inherited holds for the methods
 * whose messages have such a field; any other must be right. */
struct ss_route_sse ss_sse_keys_resolve(struct ss_diag *d, const struct ss_sse_keys *keys,
                                        const struct ss_sse_keys *defaults, const struct ss_method *method);

#endif
