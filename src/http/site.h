/* Which names a listener answers to, and whose pages may call it. A page in a browser reaches whatever
 * listens on the machine that shows it: by a name of its own that resolves to a loopback address (DNS
 * rebinding, which Host gives away), or by a request that needs no permission (a form, which Origin gives
 * away). RFC 9110 §7.2, RFC 6454 §7. */
#ifndef SS_HTTP_SITE_H
#define SS_HTTP_SITE_H

#include <stdbool.h>

#include "base/slice.h"

/* A listener's. Lists are borrowed. */
struct ss_site {
    bool check_host;   /* Host must be local, or allowed */
    bool check_origin; /* requests that may change something must come from this host or an allowed origin */
    bool check_websocket;                 /* the same of a WebSocket, which no browser asks permission for */
    const struct ss_slice *allowed_hosts; /* as ss_site_pattern_valid has them */
    size_t n_allowed_hosts;
};

/* host: of a request, with or without a port; empty: it has none, as no browser's has. True where nothing is
 * checked, for "localhost" and names below it, loopback addresses, and allowed hosts. Case and a dot at the
 * end do not matter. */
bool ss_site_host_allowed(const struct ss_site *site, struct ss_slice host);

/* Whether origin, a header's value, is that of the site under host: equal in name and port, with the port of
 * origin's scheme where one is missing. The schemes may differ: TLS may have ended at a proxy. */
bool ss_site_is_own(struct ss_slice origin, struct ss_slice host);

/* Whether s can stand in allowed_hosts: "*" (any), a host name or address, "*." and a name (any below it),
 * each but the first with or without ":" and a port. Without a port it stands for any. */
bool ss_site_pattern_valid(struct ss_slice s);

#endif
