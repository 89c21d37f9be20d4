/* Which methods may be called by gRPC itself, and where they are. Routes are an allow-list: what has none is
 * not there, unless its upstream says `native: all`. */
#include "bridge/call.h"

static const struct ss_route_options no_options = {
    .timeout_ms = -1, .idle_timeout_ms = -1, .out = {.emit_defaults = true}};

/* "/pkg.Service/Method" in two; false when it is no such path. */
static bool split(struct ss_slice path, struct ss_slice *service, struct ss_slice *method)
{
    const char *slash = path.len > 1 && path.ptr[0] == '/' ? memrchr(path.ptr + 1, '/', path.len - 1) : NULL;
    if (slash == NULL || slash == path.ptr + 1 || slash + 1 == path.ptr + path.len)
        return false;
    *service = ss_slice_of(path.ptr + 1, (size_t)(slash - path.ptr) - 1);
    *method = ss_slice_skip(path, service->len + 2);
    return true;
}

static enum ss_native mode_of(const struct ss_snapshot *s, size_t cluster)
{
    return s->native ? s->native[cluster] : SS_NATIVE_ROUTES;
}

/* A rule of any method of the service; NULL: it has none. */
static const struct ss_rule *rule_of_service(const struct ss_snapshot *s, const struct ss_service *service)
{
    for (size_t i = 0; i < service->n_methods; i++) {
        const struct ss_rule *rule = ss_route_table_of(s->routes, &service->methods[i]);
        if (rule)
            return rule;
    }
    return NULL;
}

/* The upstream of a method without a route: that which serves its service, or has routes of it; else the only
 * one that takes all. */
static bool find_cluster(const struct ss_snapshot *s, struct ss_slice name, uint32_t *cluster)
{
    const struct ss_service *service = ss_schema_service(s->schema, name);
    const struct ss_rule *rule = service ? rule_of_service(s, service) : NULL;
    int serves = service ? ss_snapshot_cluster_of(s, service) : -1;
    size_t found = 0;
    if (serves >= 0 || rule) {
        *cluster = serves >= 0 ? (uint32_t)serves : rule->cluster;
        return mode_of(s, *cluster) == SS_NATIVE_ALL;
    }
    for (size_t i = 0; i < s->n_clusters; i++) {
        if (mode_of(s, i) != SS_NATIVE_ALL)
            continue;
        *cluster = (uint32_t)i;
        found++;
    }
    return found == 1;
}

const struct ss_rule *ss_native_rule(const struct ss_call *call, struct ss_slice path)
{
    const struct ss_snapshot *s = call->bridge->snapshot;
    struct ss_slice service, method;
    if (!split(path, &service, &method))
        return NULL;
    const struct ss_service *known = ss_schema_service(s->schema, service);
    for (size_t i = 0; known && i < known->n_methods; i++)
        if (ss_slice_eq(known->methods[i].name, method))
            return ss_route_table_of(s->routes, &known->methods[i]);
    return NULL;
}

bool ss_native_find(struct ss_call *call)
{
    const struct ss_snapshot *s = call->bridge->snapshot;
    const struct ss_rule *rule = ss_native_rule(call, call->path);
    struct ss_slice service, method;
    call->options = s->defaults ? s->defaults : &no_options;
    if (rule) {
        enum ss_native own = rule->options->native;
        call->method = rule->method;
        call->options = rule->options;
        call->cluster = rule->cluster;
        return (own == SS_NATIVE_UNSET ? mode_of(s, rule->cluster) : own) != SS_NATIVE_OFF;
    }
    return split(call->path, &service, &method) && find_cluster(s, service, &call->cluster);
}
