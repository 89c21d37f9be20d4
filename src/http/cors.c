#include "http/cors.h"

/* ---- origins ---- */

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '[' || c == ']' || c == ':';
}

bool ss_cors_origin_valid(struct ss_slice s)
{
    if (ss_slice_eq(s, SS_LIT("*")) || ss_slice_eq(s, SS_LIT("null")))
        return true;
    const char *sep = s.len ? memmem(s.ptr, s.len, "://", 3) : NULL;
    if (sep == NULL || sep == s.ptr)
        return false;
    for (const char *p = s.ptr; p < sep; p++)
        if (!((*p >= 'a' && *p <= 'z') ||
              (p > s.ptr && ((*p >= '0' && *p <= '9') || *p == '+' || *p == '-'))))
            return false;
    struct ss_slice host = ss_slice_skip(s, (size_t)(sep - s.ptr) + 3);
    size_t stars = 0;
    for (size_t i = 0; i < host.len; i++) {
        if (host.ptr[i] == '*')
            stars++;
        else if (!is_host_char(host.ptr[i]))
            return false;
    }
    if (host.len == 0 || stars > 1)
        return false;
    if (stars == 0)
        return true;
    const char *star = memchr(host.ptr, '*', host.len);
    bool labels = star == host.ptr && host.len > 2 && host.ptr[1] == '.';
    bool port = star == host.ptr + host.len - 1 && host.len > 2 && star[-1] == ':';
    return labels || port;
}

/* One '*' stands for one or more characters of a host's labels, or of a port. */
static bool matches(struct ss_slice pattern, struct ss_slice origin)
{
    const char *star = pattern.len ? memchr(pattern.ptr, '*', pattern.len) : NULL;
    if (star == NULL)
        return ss_slice_eq_ci(pattern, origin);
    struct ss_slice before = ss_slice_of(pattern.ptr, (size_t)(star - pattern.ptr));
    struct ss_slice after = ss_slice_skip(pattern, before.len + 1);
    if (origin.len <= before.len + after.len ||
        !ss_slice_eq_ci(ss_slice_of(origin.ptr, before.len), before) ||
        !ss_slice_eq_ci(ss_slice_skip(origin, origin.len - after.len), after))
        return false;
    struct ss_slice middle = ss_slice_of(origin.ptr + before.len, origin.len - before.len - after.len);
    bool port = after.len == 0;
    for (size_t i = 0; i < middle.len; i++) {
        char c = middle.ptr[i];
        bool digit = c >= '0' && c <= '9';
        if (port ? !digit : !is_host_char(c) || c == ':' || c == '[' || c == ']')
            return false;
    }
    return true;
}

/* Whether origin may read answers; *any: only since everyone may. */
static bool allowed(const struct ss_cors_config *config, struct ss_slice origin, bool *any)
{
    *any = false;
    for (size_t i = 0; i < config->n_allow_origins; i++) {
        if (ss_slice_eq(config->allow_origins[i], SS_LIT("*"))) {
            *any = true;
        } else if (matches(config->allow_origins[i], origin)) {
            *any = false;
            return true;
        }
    }
    return *any;
}

/* ---- headers ---- */

static void put(struct ss_header *headers, size_t *n, struct ss_slice name, struct ss_slice value)
{
    headers[(*n)++] = (struct ss_header){.name = name, .value = value};
}

static void put_preflight(const struct ss_cors_config *config, const struct ss_cors_request *r,
                          struct ss_arena *a, struct ss_header *headers, size_t *n)
{
    struct ss_slice star = SS_LIT("*");
    bool any_method = config->allow_methods.len == 0 || ss_slice_eq(config->allow_methods, star);
    struct ss_slice methods = any_method ? r->request_method : config->allow_methods;
    struct ss_slice names =
        ss_slice_eq(config->allow_headers, star) ? r->request_headers : config->allow_headers;
    put(headers, n, SS_LIT("access-control-allow-methods"), ss_arena_copy(a, methods));
    if (names.len)
        put(headers, n, SS_LIT("access-control-allow-headers"), ss_arena_copy(a, names));
    if (config->max_age_s >= 0)
        put(headers, n, SS_LIT("access-control-max-age"),
            ss_arena_printf(a, "%lld", (long long)config->max_age_s));
}

bool ss_cors_decide(const struct ss_cors_config *config, const struct ss_cors_request *r, struct ss_arena *a,
                    struct ss_header headers[SS_CORS_HEADERS], size_t *n)
{
    bool any, preflight = r->origin.len && r->request_method.len && ss_slice_eq(r->method, SS_LIT("OPTIONS"));
    bool only_star = config->n_allow_origins == 1 && ss_slice_eq(config->allow_origins[0], SS_LIT("*"));
    *n = 0;
    if (preflight)
        put(headers, n, SS_LIT("vary"),
            SS_LIT("Origin, Access-Control-Request-Method, Access-Control-Request-Headers"));
    else if (!only_star && config->n_allow_origins)
        put(headers, n, SS_LIT("vary"), SS_LIT("Origin"));
    if (r->origin.len == 0 || !allowed(config, r->origin, &any))
        return preflight;
    put(headers, n, SS_LIT("access-control-allow-origin"), any ? SS_LIT("*") : ss_arena_copy(a, r->origin));
    if (config->allow_credentials && !any)
        put(headers, n, SS_LIT("access-control-allow-credentials"), SS_LIT("true"));
    if (preflight)
        put_preflight(config, r, a, headers, n);
    else if (config->expose_headers.len)
        put(headers, n, SS_LIT("access-control-expose-headers"), config->expose_headers);
    return preflight;
}
