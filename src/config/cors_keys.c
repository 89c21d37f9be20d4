#include "config/cors_keys.h"

#include "base/buf.h"
#include "config/header_keys.h"
#include "http/chars.h"
#include "http/cors.h"

enum { MAX_LIST = 16384 };

static bool is_star(struct ss_slice s)
{
    return ss_slice_eq(s, SS_LIT("*"));
}

static bool is_token(struct ss_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ss_http_tchar(s.ptr[i]))
            return false;
    return s.len > 0;
}

/* A list of tokens as a header has it, "a, b"; "*" stands alone. arg: what one is called. */
static void decode_tokens(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    struct ss_buf text;
    if (!ss_decode_is_list(d, value))
        return;
    ss_buf_init(&text, MAX_LIST);
    for (const struct ss_node *e = value->first; e; e = e->next) {
        struct ss_slice one;
        if (e->kind == SS_NODE_BROKEN || !ss_decode_text(d, e, &one))
            continue;
        if (!is_token(one))
            ss_decode_wrong(d, e, arg);
        else if (is_star(one) && value->count > 1)
            ss_diag_at(d, e, "\"*\" stands for all: leave the others out");
        else if (ss_buf_printf(&text, "%s%.*s", text.len ? ", " : "", SS_FMT(one)) != SS_OK)
            ss_diag_at(d, e, "the list is longer than %d bytes", MAX_LIST);
    }
    *(struct ss_slice *)field = ss_arena_copy(d->arena, ss_buf_slice(&text));
    ss_buf_dispose(&text);
}

static void decode_origins(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)arg;
    struct ss_cors_config *into = field;
    if (!ss_decode_is_list(d, value))
        return;
    struct ss_slice *list = ss_arena_alloc(d->arena, (value->count + 1) * sizeof *list);
    size_t n = 0;
    for (const struct ss_node *e = value->first; e; e = e->next) {
        if (e->kind == SS_NODE_BROKEN || !ss_decode_text(d, e, &list[n]))
            continue;
        if (ss_cors_origin_valid(list[n]))
            n++;
        else
            ss_decode_wrong(d, e, "an origin such as https://app.example, https://*.example or \"*\"");
    }
    into->allow_origins = list;
    into->n_allow_origins = n;
}

static void decode_max_age(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    int64_t ms = -1;
    ss_decode_ms_signed(d, value, &ms, arg);
    if (ms >= 0)
        *(int64_t *)field = ms / 1000;
}

static bool only_star(const struct ss_cors_config *c)
{
    for (size_t i = 0; i < c->n_allow_origins; i++)
        if (!is_star(c->allow_origins[i]))
            return false;
    return true;
}

static void decode_map(struct ss_diag *d, const struct ss_node *value, struct ss_cors_config *into)
{
    static const char method[] = "an HTTP method or \"*\"", header[] = "the name of a header or \"*\"";
    static const struct ss_key keys[] = {
        {.name = "allow_origins", .decode = decode_origins},
        {.name = "allow_methods",
         .decode = decode_tokens,
         .offset = offsetof(struct ss_cors_config, allow_methods),
         .arg = method},
        {.name = "allow_headers",
         .decode = decode_tokens,
         .offset = offsetof(struct ss_cors_config, allow_headers),
         .arg = header},
        {.name = "expose_headers",
         .decode = decode_tokens,
         .offset = offsetof(struct ss_cors_config, expose_headers),
         .arg = header},
        {.name = "allow_credentials",
         .decode = ss_decode_bool,
         .offset = offsetof(struct ss_cors_config, allow_credentials)},
        {.name = "max_age", .decode = decode_max_age, .offset = offsetof(struct ss_cors_config, max_age_s)},
    };
    ss_decode_map(d, value, &SS_KEYS(keys, into), 1);
    const struct ss_node *origins = ss_node_get(value, "allow_origins");
    const struct ss_node *credentials = ss_node_get(value, "allow_credentials");
    if (origins == NULL && into->n_allow_origins == 0)
        ss_diag_at(d, value, "missing key \"allow_origins\"");
    if (credentials && into->allow_credentials && into->n_allow_origins && only_star(into))
        ss_diag_at(d, credentials, "credentials go to origins that are named, and \"*\" names none");
}

void ss_cors_keys_decode(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)arg;
    const struct ss_cors_config **out = field;
    struct ss_cors_config *cors = ss_arena_alloc(d->arena, sizeof *cors);
    /* Any method and header, unless they are named: CORS is about whose scripts, not about what they do. */
    *cors =
        (struct ss_cors_config){.allow_methods = SS_LIT("*"), .allow_headers = SS_LIT("*"), .max_age_s = -1};
    if (ss_decode_is_off(value)) {
        *out = cors;
        return;
    }
    if (*out)
        *cors = **out;
    if (value->kind == SS_NODE_MAP || ss_node_is_null(value))
        decode_map(d, value, cors);
    else
        ss_decode_wrong(d, value, "a mapping or off");
    *out = cors;
}

const struct ss_cors_config *ss_cors_keys_keep(const struct ss_cors_config *cors, struct ss_arena *a)
{
    if (cors == NULL)
        return NULL;
    struct ss_cors_config *kept = ss_arena_alloc(a, sizeof *kept);
    *kept = *cors;
    kept->allow_origins = ss_slices_keep(cors->allow_origins, cors->n_allow_origins, a);
    kept->allow_methods = ss_arena_copy(a, cors->allow_methods);
    kept->allow_headers = ss_arena_copy(a, cors->allow_headers);
    kept->expose_headers = ss_arena_copy(a, cors->expose_headers);
    return kept;
}
