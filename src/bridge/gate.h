/* Whether a request may be answered at all, by where it was sent and whose page sent it: before any route is
 * looked at, on REST listeners and on the admin's. The rules are http/site.h's. */
#ifndef SS_BRIDGE_GATE_H
#define SS_BRIDGE_GATE_H

#include "bridge/client.h"

/* NULL: the listener answers to that host. Else why not, to be answered with SS_ERR_FORBIDDEN; static. */
const char *ss_gate_host(const struct ss_request *r);
/* NULL: no page sent the request, or one of this site, or of an origin that CORS allows (by_cors), or the
 * request changes nothing (GET, HEAD, OPTIONS) and opens no WebSocket. Else why not, as above. */
const char *ss_gate_origin(const struct ss_request *r, bool by_cors);

#endif
