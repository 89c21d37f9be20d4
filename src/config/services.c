#include "config/services.h"

#include "config/nearest.h"
#include "config/upstreams.h"

struct ss_service_state *ss_services_get(const struct ss_services *s, const struct ss_service *service)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->list[i].service == service)
            return &s->list[i];
    return NULL;
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

static void claim(struct ss_services *s, struct ss_diag *d, const struct ss_document *doc,
                  const struct ss_document_api *api)
{
    int cluster = doc->cluster;
    struct ss_service_state *state = find(s, d, &api->name);
    if (state == NULL)
        return;
    if (doc->upstream.at == NULL && cluster < 0) {
        ss_diag_at(d, api->name.at, "which upstream serves \"%.*s\"? Give this document an \"upstream\"",
                   SS_FMT(api->name.text));
        return;
    }
    if (state->claim && state->cluster >= 0 && cluster >= 0 && state->cluster != cluster) {
        struct ss_slice other = ss_diag_position(state->claimed_at, d->arena);
        ss_diag_at(d, api->name.at, "\"%.*s\" has another upstream by %.*s", SS_FMT(api->name.text),
                   SS_FMT(other));
        return;
    }
    state->claim = doc;
    state->claimed_at = api->name.at;
    if (cluster >= 0)
        state->cluster = cluster;
    state->auto_mapping = state->auto_mapping || doc->auto_mapping_at;
}

/* `auto_mapping` without `apis`: all services, if there is one upstream for all; else those that the rules
 * name. */
static void auto_map_unclaimed(struct ss_services *s, struct ss_diag *d, const struct ss_snapshot *snapshot,
                               const struct ss_document *doc)
{
    if (snapshot->n_clusters <= 1) {
        for (size_t i = 0; i < s->n; i++)
            s->list[i].auto_mapping = true;
        return;
    }
    bool any = false;
    for (const struct ss_document_rule *r = doc->rules; r; r = r->next) {
        const struct ss_method *m = ss_schema_method(snapshot->schema, r->selector.text);
        struct ss_service_state *state = m ? ss_services_get(s, m->service) : NULL;
        if (state == NULL)
            continue;
        any = state->auto_mapping = true;
        if (state->cluster < 0)
            state->cluster = doc->cluster;
    }
    if (!any)
        ss_diag_at(d, doc->auto_mapping_at, "\"auto_mapping\" of which services? Name them under \"apis\"");
}

void ss_services_init(struct ss_services *s, struct ss_diag *d, const struct ss_snapshot *snapshot,
                      struct ss_document *documents, bool auto_mapping)
{
    size_t n = ss_schema_service_count(snapshot->schema);
    *s = (struct ss_services){.list = ss_arena_zalloc(d->arena, n * sizeof *s->list), .n = n};
    for (size_t i = 0; i < n; i++)
        s->list[i] = (struct ss_service_state){.service = ss_schema_service_at(snapshot->schema, i),
                                               .cluster = snapshot->n_clusters == 1 ? 0 : -1,
                                               .auto_mapping = auto_mapping};
    for (struct ss_document *doc = documents; doc; doc = doc->next) {
        doc->cluster = cluster_of(d, snapshot, doc);
        for (const struct ss_document_api *api = doc->apis; api; api = api->next)
            claim(s, d, doc, api);
        if (doc->auto_mapping_at && doc->apis == NULL)
            auto_map_unclaimed(s, d, snapshot, doc);
    }
}
