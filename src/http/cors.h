/* Cross-origin resource sharing (Fetch Standard §3.2, "CORS protocol"): which headers a preflight, or an
 * ordinary answer, gets. A decision about headers only: it keeps nobody out but browsers. */
#ifndef SS_HTTP_CORS_H
#define SS_HTTP_CORS_H

#include <stdint.h>

#include "base/arena.h"
#include "http/header.h"

/* Borrowed; lists stand as they go into a header, "a, b", or are "*". */
struct ss_cors_config {
    const struct ss_slice
        *allow_origins; /* exact ("https://a.example"), "*", "null", or a pattern with one '*' */
    size_t n_allow_origins;
    struct ss_slice allow_methods;  /* "*": the one asked for */
    struct ss_slice allow_headers;  /* "*": those asked for; empty: none but the safelisted */
    struct ss_slice expose_headers; /* empty: none but the safelisted */
    bool allow_credentials;         /* never for an origin that only "*" allows */
    int64_t max_age_s;              /* of a preflight, in seconds; negative: the browser's default */
};

/* Of a request; empty where the header is missing. */
struct ss_cors_request {
    struct ss_slice method, origin;
    struct ss_slice request_method, request_headers; /* Access-Control-Request-* */
};

enum { SS_CORS_HEADERS = 8 }; /* as many as there can be */

/* Fills headers (*n of them; values live in config or a). True: the request is a preflight; answer
 * it with 204 and these, without a call. False: add them to whatever answer it gets, errors included. An
 * origin that is not allowed gets no more than Vary, which makes the browser refuse. */
bool ss_cors_decide(const struct ss_cors_config *config, const struct ss_cors_request *request,
                    struct ss_arena *a, struct ss_header headers[SS_CORS_HEADERS], size_t *n);

/* Whether s can stand in allow_origins: "*", "null", or scheme "://" host [":" port] without a path, with at
 * most one '*' in place of host labels ("https://" "*.example.com") or of the port ("http://localhost:*"). */
bool ss_cors_origin_valid(struct ss_slice s);

#endif
