#include "bridge/gate.h"

#include "http/site.h"

const char *ss_gate_host(const struct ss_request *r)
{
    if (r->site == NULL || ss_site_host_allowed(r->site, r->host))
        return NULL;
    return "this host is not served here: use localhost, or name it in the listener's allowed_hosts";
}

static bool changes_nothing(const struct ss_request *r)
{
    return ss_slice_eq(r->method, SS_LIT("GET")) || ss_slice_eq(r->method, SS_LIT("HEAD")) ||
           ss_slice_eq(r->method, SS_LIT("OPTIONS"));
}

static bool is_checked(const struct ss_request *r)
{
    if (r->websocket)
        return r->site == NULL || r->site->check_websocket;
    return r->site && r->site->check_origin && !changes_nothing(r);
}

const char *ss_gate_origin(const struct ss_request *r, bool by_cors)
{
    size_t n = 0;
    bool own = true;
    if (!is_checked(r))
        return NULL;
    for (size_t i = 0; i < r->n_headers; i++) {
        if (!ss_slice_eq(r->headers[i].name, SS_LIT("origin")))
            continue;
        n++;
        own = own && ss_site_is_own(r->headers[i].value, r->host);
    }
    if (own || (by_cors && n == 1)) /* no browser sends two: CORS has looked at the first */
        return NULL;
    return "pages of this origin may not call this: allow it by cors";
}
