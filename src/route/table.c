/* Builds and owns the compiled rules. */
#include "route/table.h"

#include "base/mem.h"

static enum ss_err add(struct ss_route_table *t, const struct ss_rule *rule, struct ss_arena *a,
                       struct ss_slice *why)
{
    struct ss_route *r = &t->routes[t->n];
    enum ss_err err = ss_route_compile(rule, &t->arena, a, why, r);
    if (err)
        return err;
    const struct ss_route *other = ss_trie_insert(&t->root, r, &t->arena);
    if (other) {
        *why = ss_arena_printf(a, "%.*s: %.*s %.*s of %.*s matches the same requests as %.*s of %.*s at %.*s",
                               SS_FMT(rule->origin), SS_FMT(rule->http_method), SS_FMT(rule->path),
                               SS_FMT(rule->method->full_name), SS_FMT(other->rule.path),
                               SS_FMT(other->rule.method->full_name), SS_FMT(other->rule.origin));
        return SS_ERR_CONFIG;
    }
    t->n++;
    return SS_OK;
}

enum ss_err ss_route_table_build(const struct ss_rule *rules, size_t n, struct ss_arena *a,
                                 struct ss_slice *why, struct ss_route_table **out)
{
    struct ss_route_table *t = ss_xcalloc(1, sizeof *t);
    ss_arena_init(&t->arena, 0);
    t->routes = ss_arena_zalloc(&t->arena, n * sizeof *t->routes);
    for (size_t i = 0; i < n; i++) {
        enum ss_err err = add(t, &rules[i], a, why);
        if (err) {
            ss_route_table_free(t);
            return err;
        }
    }
    *out = t;
    return SS_OK;
}

void ss_route_table_free(struct ss_route_table *t)
{
    if (t == NULL)
        return;
    ss_arena_dispose(&t->arena);
    ss_free(t);
}

size_t ss_route_table_count(const struct ss_route_table *t)
{
    return t->n;
}

const struct ss_rule *ss_route_table_at(const struct ss_route_table *t, size_t i)
{
    return &t->routes[i].rule;
}

const struct ss_rule *ss_route_rule(const struct ss_route *r)
{
    return &r->rule;
}

const struct ss_field *ss_route_body_field(const struct ss_route *r)
{
    return r->body_field;
}

const struct ss_field *ss_route_response_field(const struct ss_route *r)
{
    return r->response_field;
}
