/* Builds and owns the compiled rules. */
#include "route/table.h"

#include <stdlib.h>

#include "base/mem.h"

struct ss_route_table *ss_route_table_new(size_t max)
{
    struct ss_route_table *t = ss_xcalloc(1, sizeof *t);
    ss_arena_init(&t->arena, 0);
    t->routes = ss_arena_zalloc(&t->arena, max * sizeof *t->routes);
    return t;
}

enum ss_err ss_route_table_add(struct ss_route_table *t, const struct ss_rule *rule, struct ss_arena *a,
                               struct ss_slice *why, const struct ss_rule **tie)
{
    struct ss_route *r = &t->routes[t->n];
    *tie = NULL;
    enum ss_err err = ss_route_compile(rule, &t->arena, a, why, r);
    if (err)
        return err;
    const struct ss_route *other = ss_trie_insert(&t->root, r, &t->arena);
    if (other) {
        *tie = &other->rule;
        *why = ss_arena_printf(a, "%.*s: %.*s %.*s of %.*s matches the same requests as %.*s of %.*s at %.*s",
                               SS_FMT(rule->origin), SS_FMT(rule->http_method), SS_FMT(rule->path),
                               SS_FMT(rule->method->full_name), SS_FMT(other->rule.path),
                               SS_FMT(other->rule.method->full_name), SS_FMT(other->rule.origin));
        return SS_ERR_CONFIG;
    }
    t->n++;
    return SS_OK;
}

/* Rules lie in one array: their addresses say which came first. */
static int compare_rules(const void *a, const void *b)
{
    const struct ss_rule *x = *(const struct ss_rule *const *)a, *y = *(const struct ss_rule *const *)b;
    uintptr_t left = (uintptr_t)x->method, right = (uintptr_t)y->method;
    if (left == right) {
        left = (uintptr_t)x;
        right = (uintptr_t)y;
    }
    return (left > right) - (left < right);
}

void ss_route_table_finish(struct ss_route_table *t)
{
    t->by_method = ss_arena_alloc(&t->arena, t->n * sizeof *t->by_method);
    for (size_t i = 0; i < t->n; i++)
        t->by_method[i] = &t->routes[i].rule;
    qsort(t->by_method, t->n, sizeof *t->by_method, compare_rules);
}

enum ss_err ss_route_table_build(const struct ss_rule *rules, size_t n, struct ss_arena *a,
                                 struct ss_slice *why, struct ss_route_table **out)
{
    struct ss_route_table *t = ss_route_table_new(n);
    for (size_t i = 0; i < n; i++) {
        const struct ss_rule *tie;
        enum ss_err err = ss_route_table_add(t, &rules[i], a, why, &tie);
        if (err) {
            ss_route_table_free(t);
            return err;
        }
    }
    ss_route_table_finish(t);
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

const struct ss_rule *ss_route_table_of(const struct ss_route_table *t, const struct ss_method *method)
{
    size_t low = 0, high = t->n; /* the first that is not before method */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((uintptr_t)t->by_method[middle]->method < (uintptr_t)method)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->n && t->by_method[low]->method == method ? t->by_method[low] : NULL;
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
