#include "config/services.h"

#include "config/nearest.h"

struct ss_service_state *ss_services_get(const struct ss_services *s, const struct ss_service *service)
{
    return &s->list[service->index];
}

static struct ss_service_state *find(const struct ss_services *s, struct ss_diag *d,
                                     const struct ss_located *name)
{
    struct ss_nearest near;
    ss_nearest_init(&near, name->text);
    for (size_t i = 0; i < s->n; i++) {
        if (ss_slice_eq(s->list[i].service->full_name, name->text))
            return &s->list[i];
        ss_nearest_offer(&near, s->list[i].service->full_name);
    }
    if (near.best.len)
        ss_diag_at(d, name->at, "no service \"%.*s\" in the descriptors; did you mean \"%.*s\"?",
                   SS_FMT(name->text), SS_FMT(near.best));
    else
        ss_diag_at(d, name->at, "no service \"%.*s\" in the descriptors", SS_FMT(name->text));
    return NULL;
}

const struct ss_method *ss_services_method(struct ss_diag *d, const struct ss_schema *schema,
                                           const struct ss_located *selector)
{
    const struct ss_method *m = ss_schema_method(schema, selector->text);
    if (m)
        return m;
    struct ss_nearest near;
    ss_nearest_init(&near, selector->text);
    for (size_t i = 0; i < ss_schema_service_count(schema); i++) {
        const struct ss_service *service = ss_schema_service_at(schema, i);
        for (size_t k = 0; k < service->n_methods; k++)
            ss_nearest_offer(&near, service->methods[k].full_name);
    }
    if (near.best.len)
        ss_diag_at(d, selector->at, "no method \"%.*s\" in the descriptors; did you mean \"%.*s\"?",
                   SS_FMT(selector->text), SS_FMT(near.best));
    else
        ss_diag_at(d, selector->at, "no method \"%.*s\" in the descriptors", SS_FMT(selector->text));
    return NULL;
}

/* The upstream of a document: its own, or the only one. -1: neither, or a wrong name (reported here, once).
 */
static int cluster_of(struct ss_diag *d, const struct ss_snapshot *snapshot, const struct ss_document *doc)
{
    if (doc->upstream.at)
        return ss_upstreams_find(d, snapshot, &doc->upstream);
    return snapshot->n_clusters == 1 ? 0 : -1;
}

/* Gives the service that name stands for to a cluster. NULL: there is no such service, or another has it. */
static struct ss_service_state *give(struct ss_services *s, struct ss_diag *d, const struct ss_located *name,
                                     int cluster)
{
    struct ss_service_state *state = find(s, d, name);
    if (state == NULL)
        return NULL;
    if (state->named_at && state->cluster >= 0 && cluster >= 0 && state->cluster != cluster) {
        struct ss_slice other = ss_diag_position(state->named_at, d->arena);
        ss_diag_at(d, name->at, "\"%.*s\" has another upstream by %.*s", SS_FMT(name->text), SS_FMT(other));
        return NULL;
    }
    state->named_at = name->at;
    if (cluster >= 0)
        state->cluster = cluster;
    return state;
}

static void claim(struct ss_services *s, struct ss_diag *d, struct ss_document *doc,
                  const struct ss_document_api *api)
{
    int cluster = doc->cluster;
    if (doc->upstream.at == NULL && cluster < 0) {
        struct ss_service_state *state = find(s, d, &api->name);
        if (state && state->named_at) /* an upstream's `services` say it */
            state->claim = doc;
        else if (state)
            ss_diag_at(d, api->name.at, "which upstream serves \"%.*s\"? Give this document an \"upstream\"",
                       SS_FMT(api->name.text));
        return;
    }
    struct ss_service_state *state = give(s, d, &api->name, cluster);
    if (state)
        state->claim = doc;
}

/* A document's auto_mapping: of the services under its `apis`; without them of all services, if there is one
 * upstream for all; else of those that its rules name. */
static void auto_map(struct ss_services *s, struct ss_diag *d, const struct ss_snapshot *snapshot,
                     const struct ss_document *doc)
{
    bool on = doc->auto_mapping.on, all = doc->apis == NULL && snapshot->n_clusters <= 1, any = all;
    for (size_t i = 0; i < s->n; i++)
        if (all || (doc->apis && s->list[i].claim == doc))
            s->list[i].auto_mapping = on;
    if (doc->apis || all)
        return;
    for (const struct ss_document_rule *r = doc->rules; r; r = r->next) {
        const struct ss_method *m = ss_schema_method(snapshot->schema, r->selector.text);
        struct ss_service_state *state = m ? ss_services_get(s, m->service) : NULL;
        if (state == NULL)
            continue;
        any = true;
        state->auto_mapping = on;
        if (state->cluster < 0)
            state->cluster = doc->cluster;
    }
    if (!any && on)
        ss_diag_at(d, doc->auto_mapping.at, "\"auto_mapping\" of which services? Name them under \"apis\"");
}

/* The upstream of services that nothing names: the only one, or the only one without `services`. -1: neither.
 */
static int default_cluster(const struct ss_snapshot *snapshot, const struct ss_upstream_services *upstreams)
{
    int found = -1;
    if (snapshot->n_clusters == 1)
        return 0;
    for (size_t i = 0; i < snapshot->n_clusters; i++) {
        if (upstreams[i].list)
            continue;
        if (found >= 0)
            return -1;
        found = (int)i;
    }
    return found;
}

static void read_services(struct ss_services *s, struct ss_diag *d, const struct ss_node *list, int cluster)
{
    for (const struct ss_node *e = list->first; e; e = e->next) {
        struct ss_located name = {0};
        if (e->kind == SS_NODE_BROKEN)
            continue;
        ss_decode_string(d, e, &name, NULL);
        if (name.at)
            (void)give(s, d, &name, cluster);
    }
}

/* Which clusters have their services named: nothing else is served by them. */
static bool *limits(struct ss_diag *d, const struct ss_snapshot *snapshot,
                    const struct ss_services_input *input)
{
    bool *limited = ss_arena_zalloc(d->arena, snapshot->n_clusters + 1);
    for (size_t i = 0; i < snapshot->n_clusters; i++)
        limited[i] = input->upstreams[i].list;
    for (const struct ss_document *doc = input->documents; doc; doc = doc->next)
        if (doc->apis && doc->cluster >= 0)
            limited[doc->cluster] = true;
    return limited;
}

static void set_served(struct ss_services *s, struct ss_diag *d, const struct ss_snapshot *snapshot,
                       const struct ss_services_input *input)
{
    const bool *limited = limits(d, snapshot, input);
    bool all_limited = snapshot->n_clusters != 0;
    for (size_t i = 0; i < snapshot->n_clusters; i++)
        all_limited = all_limited && limited[i];
    for (size_t i = 0; i < s->n; i++) {
        struct ss_service_state *state = &s->list[i];
        bool left_out = state->cluster >= 0 ? limited[state->cluster] : all_limited;
        state->served = state->named_at || (state->service->given && !left_out);
        if (state->cluster >= 0 && input->upstreams[state->cluster].auto_mapping.at)
            state->auto_mapping = input->upstreams[state->cluster].auto_mapping.on;
    }
}

void ss_services_init(struct ss_services *s, struct ss_diag *d, struct ss_snapshot *snapshot,
                      const struct ss_services_input *input)
{
    size_t n = ss_schema_service_count(snapshot->schema);
    int cluster = default_cluster(snapshot, input->upstreams);
    *s = (struct ss_services){.list = ss_arena_zalloc(d->arena, n * sizeof *s->list), .n = n};
    for (size_t i = 0; i < n; i++)
        s->list[i] = (struct ss_service_state){.service = ss_schema_service_at(snapshot->schema, i),
                                               .cluster = cluster,
                                               .auto_mapping = input->auto_mapping};
    for (size_t i = 0; i < snapshot->n_clusters; i++)
        if (input->upstreams[i].list)
            read_services(s, d, input->upstreams[i].list, (int)i);
    for (struct ss_document *doc = input->documents; doc; doc = doc->next) {
        doc->cluster = cluster_of(d, snapshot, doc);
        for (const struct ss_document_api *api = doc->apis; api; api = api->next)
            claim(s, d, doc, api);
    }
    set_served(s, d, snapshot, input);
    for (struct ss_document *doc = input->documents; doc; doc = doc->next)
        if (doc->auto_mapping.at)
            auto_map(s, d, snapshot, doc);
    int32_t *served_by = ss_arena_alloc(&snapshot->arena, (n + 1) * sizeof *served_by);
    for (size_t i = 0; i < n; i++)
        served_by[i] = s->list[i].served ? s->list[i].cluster : -1;
    snapshot->served_by = served_by;
}
