#include "http/cors.h"

#include "http/chars.h"

static const struct ss_slice STAR = SS_LIT("*");

/* Where the '*' of a pattern stands; s.len when it has none. */
static size_t star_at(struct ss_slice s)
{
    const char *star = s.len ? memchr(s.ptr, '*', s.len) : NULL;
    return star ? (size_t)(star - s.ptr) : s.len;
}

static bool letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Whether s is made of the labels of a host, dots between them; a port's digits are, too. */
static bool labels(struct ss_slice s)
{
    char before = '.';
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!letter_or_digit(c) && c != '_' && (c != '-' || before == '.') && (c != '.' || before == '.'))
            return false;
        before = c;
    }
    return s.len && before != '.';
}

static bool matches(struct ss_slice allowed, struct ss_slice origin)
{
    size_t at = star_at(allowed);
    if (at == allowed.len)
        return ss_slice_eq_ci(allowed, origin);
    size_t rest = allowed.len - at - 1;
    if (origin.len <= at + rest)
        return false;
    struct ss_slice middle = ss_slice_of(origin.ptr + at, origin.len - at - rest);
    return ss_slice_eq_ci(ss_slice_of(allowed.ptr, at), ss_slice_of(origin.ptr, at)) &&
           ss_slice_eq_ci(ss_slice_skip(allowed, at + 1), ss_slice_skip(origin, origin.len - rest)) &&
           labels(middle);
}

enum match { NO, ANY, NAMED };

/* How the origin is allowed; *only_any: nothing but "*" is configured, so the answer is the same for all. */
static enum match match_origin(const struct ss_cors_config *config, struct ss_slice origin, bool *only_any)
{
    enum match match = NO;
    *only_any = config->n_allow_origins > 0;
    for (size_t i = 0; i < config->n_allow_origins; i++) {
        bool any = ss_slice_eq(config->allow_origins[i], STAR);
        *only_any = *only_any && any;
        if (origin.len == 0)
            continue;
        if (!any && matches(config->allow_origins[i], origin))
            match = NAMED;
        else if (any && match == NO)
            match = ANY;
    }
    return match;
}

struct writer {
    struct ss_header *headers;
    size_t n;
    struct ss_arena *a;
};

static void put(struct writer *w, struct ss_slice name, struct ss_slice value)
{
    if (value.len)
        w->headers[w->n++] = (struct ss_header){.name = name, .value = value};
}

/* A list of what is allowed; "*" gives what was asked for, because a browser takes the star for a name when
 * there are credentials, and never for Authorization. */
static struct ss_slice allowed_list(struct ss_slice configured, struct ss_slice asked, struct ss_arena *a)
{
    if (!ss_slice_eq(configured, STAR))
        return configured;
    struct ss_slice rest = asked, element;
    while (ss_http_token_next(&rest, &element))
        for (size_t i = 0; i < element.len; i++)
            if (!ss_http_tchar(element.ptr[i]))
                return SS_LIT("");
    return asked.len ? ss_arena_copy(a, asked) : asked;
}

static void put_preflight(const struct ss_cors_config *config, const struct ss_cors_request *request,
                          struct writer *w)
{
    put(w, SS_LIT("access-control-allow-methods"),
        allowed_list(config->allow_methods, request->request_method, w->a));
    put(w, SS_LIT("access-control-allow-headers"),
        allowed_list(config->allow_headers, request->request_headers, w->a));
    if (config->max_age_s >= 0)
        put(w, SS_LIT("access-control-max-age"), ss_arena_printf(w->a, "%lld", (long long)config->max_age_s));
}

/* What the answer depends on, for caches between. */
static struct ss_slice vary(const struct ss_cors_config *config, bool preflight, bool only_any)
{
    bool method = preflight && ss_slice_eq(config->allow_methods, STAR);
    bool headers = preflight && ss_slice_eq(config->allow_headers, STAR);
    if (method && headers)
        return SS_LIT("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
    if (method)
        return SS_LIT("Origin, Access-Control-Request-Method");
    if (headers)
        return SS_LIT("Origin, Access-Control-Request-Headers");
    return only_any ? SS_LIT("") : SS_LIT("Origin");
}

bool ss_cors_decide(const struct ss_cors_config *config, const struct ss_cors_request *request,
                    struct ss_arena *a, struct ss_header headers[SS_CORS_HEADERS], size_t *n)
{
    struct writer w = {.headers = headers, .a = a};
    bool only_any;
    enum match match = match_origin(config, request->origin, &only_any);
    bool preflight = config->n_allow_origins && request->origin.len && request->request_method.len &&
                     ss_slice_eq(request->method, SS_LIT("OPTIONS"));
    if (match != NO) {
        put(&w, SS_LIT("access-control-allow-origin"),
            match == ANY ? STAR : ss_arena_copy(a, request->origin));
        if (match == NAMED && config->allow_credentials)
            put(&w, SS_LIT("access-control-allow-credentials"), SS_LIT("true"));
        if (preflight)
            put_preflight(config, request, &w);
        else
            put(&w, SS_LIT("access-control-expose-headers"), config->expose_headers);
    }
    if (config->n_allow_origins)
        put(&w, SS_LIT("vary"), vary(config, preflight, only_any));
    *n = w.n;
    return preflight;
}

/* host [":" port], either of which may have the star. */
static bool authority_valid(struct ss_slice s)
{
    if (s.len && s.ptr[0] == '[') { /* an IPv6 address */
        const char *end = memchr(s.ptr, ']', s.len);
        if (end == NULL)
            return false;
        size_t n = (size_t)(end - s.ptr) + 1;
        for (size_t i = 1; i + 1 < n; i++)
            if (!letter_or_digit(s.ptr[i]) && s.ptr[i] != ':' && s.ptr[i] != '.')
                return false;
        s = ss_slice_skip(s, n);
        if (n < 4 || s.len == 0)
            return n >= 4;
    } else {
        const char *colon = s.len ? memchr(s.ptr, ':', s.len) : NULL;
        size_t n = colon ? (size_t)(colon - s.ptr) : s.len;
        struct ss_slice host = ss_slice_of(s.ptr, n);
        if (ss_slice_starts(host, SS_LIT("*.")))
            host = ss_slice_skip(host, 2);
        if (!labels(host))
            return false;
        s = ss_slice_skip(s, n);
        if (s.len == 0)
            return true;
    }
    struct ss_slice port = ss_slice_skip(s, 1);
    if (s.ptr[0] != ':' || port.len == 0 || port.len > 5)
        return false;
    if (ss_slice_eq(port, STAR))
        return true;
    for (size_t i = 0; i < port.len; i++)
        if (port.ptr[i] < '0' || port.ptr[i] > '9')
            return false;
    return true;
}

bool ss_cors_origin_valid(struct ss_slice s)
{
    if (ss_slice_eq(s, STAR) || ss_slice_eq(s, SS_LIT("null")))
        return true;
    size_t scheme = 0;
    while (scheme < s.len && (letter_or_digit(s.ptr[scheme]) || memchr("+-.", s.ptr[scheme], 3)))
        scheme++;
    struct ss_slice rest = ss_slice_skip(s, scheme);
    if (scheme == 0 || !ss_slice_starts(rest, SS_LIT("://")))
        return false;
    size_t at = star_at(rest);
    if (at < rest.len && star_at(ss_slice_skip(rest, at + 1)) + at + 1 < rest.len)
        return false;
    return authority_valid(ss_slice_skip(rest, 3));
}
