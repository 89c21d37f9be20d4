#include "cli/pick.h"

#include "config/nearest.h"

static const struct ss_method *find(const struct ss_schema *schema, struct ss_slice name, struct ss_arena *a)
{
    char *dotted = ss_arena_alloc(a, name.len + 1);
    if (name.len && name.ptr[0] == '/')
        name = ss_slice_skip(name, 1);
    for (size_t i = 0; i < name.len; i++)
        dotted[i] = name.ptr[i] == '/' ? '.' : name.ptr[i];
    return ss_schema_method(schema, ss_slice_of(dotted, name.len));
}

static enum ss_err unknown(const struct ss_schema *schema, struct ss_slice name, struct ss_arena *a,
                           struct ss_slice *why)
{
    struct ss_nearest near;
    ss_nearest_init(&near, name);
    for (size_t i = 0; i < ss_schema_service_count(schema); i++) {
        const struct ss_service *s = ss_schema_service_at(schema, i);
        for (size_t k = 0; k < s->n_methods; k++)
            ss_nearest_offer(&near, s->methods[k].full_name);
    }
    *why = near.best.len ? ss_arena_printf(a, "no method \"%.*s\" in the descriptors; did you mean \"%.*s\"?",
                                           SS_FMT(name), SS_FMT(near.best))
                         : ss_arena_printf(a, "no method \"%.*s\" in the descriptors", SS_FMT(name));
    return SS_ERR_CONFIG;
}

enum ss_err ss_pick_method(const struct ss_snapshot *s, struct ss_slice name, struct ss_arena *a,
                           struct ss_pick *out, struct ss_slice *why)
{
    const struct ss_rule *own = NULL, *of_service = NULL;
    const struct ss_method *m = find(s->schema, name, a);
    if (m == NULL)
        return unknown(s->schema, name, a, why);
    for (size_t i = 0; i < ss_route_table_count(s->routes) && own == NULL; i++) {
        const struct ss_rule *r = ss_route_table_at(s->routes, i);
        if (r->method == m)
            own = r;
        else if (r->method->service == m->service && of_service == NULL)
            of_service = r;
    }
    *out = (struct ss_pick){.method = m, .options = own ? own->options : NULL};
    int serves = ss_snapshot_cluster_of(s, m->service);
    if (own)
        out->cluster = &s->clusters[own->cluster];
    else if (serves >= 0)
        out->cluster = &s->clusters[serves];
    else if (of_service)
        out->cluster = &s->clusters[of_service->cluster];
    else if (s->n_clusters == 1)
        out->cluster = &s->clusters[0];
    if (out->cluster)
        return SS_OK;
    *why = ss_arena_printf(a,
                           "which upstream serves \"%.*s\"? No route names it or its service, and there are "
                           "%zu upstreams",
                           SS_FMT(m->full_name), s->n_clusters);
    return SS_ERR_CONFIG;
}
