/* A rule of a document replaces the annotation of its method wholly; an annotation replaces auto_mapping. */
#include "config/rules.h"

#include <stdlib.h>

#include "config/http_rule.h"
#include "config/services.h"

enum { MAX_TABLE_ERRORS = 50 };

struct builder {
    struct ss_diag *diag;
    struct ss_snapshot *snapshot;
    struct ss_services services;
    struct ss_rule *rules; /* in the diag's arena; the table copies them */
    size_t n, cap;
    const struct ss_method **covered; /* methods with a rule; sorted once they are all there */
    size_t n_covered;
};

static void push(struct builder *b, const struct ss_binding *from, const struct ss_method *method,
                 const struct ss_route_options *options, int cluster)
{
    if (b->n == b->cap) {
        struct ss_rule *bigger =
            ss_arena_alloc(b->diag->arena, (b->cap = b->cap ? b->cap * 2 : 64) * sizeof *bigger);
        if (b->n)
            memcpy(bigger, b->rules, b->n * sizeof *bigger);
        b->rules = bigger;
    }
    struct ss_arena *keep = &b->snapshot->arena;
    b->rules[b->n++] = (struct ss_rule){
        .http_method = ss_arena_copy(keep, from->http_method),
        .path = ss_arena_copy(keep, from->path),
        .body = ss_arena_copy(keep, from->body),
        .response_body = ss_arena_copy(keep, from->response_body),
        .method = method,
        .options = options,
        .cluster = cluster < 0 ? 0 : (uint32_t)cluster,
        .origin = ss_arena_copy(keep, from->origin),
    };
}

/* -1, with an error, when several upstreams could serve the method. */
static int cluster_of_rule(struct builder *b, const struct ss_document *doc,
                           const struct ss_document_rule *rule, const struct ss_method *method)
{
    if (doc->cluster >= 0 || doc->upstream.at || b->snapshot->n_clusters == 0)
        return doc->cluster; /* a wrong name, or no upstream at all, is reported already */
    int cluster = ss_services_get(&b->services, method->service)->cluster;
    if (cluster < 0)
        ss_diag_at(
            b->diag, rule->selector.at,
            "which upstream serves \"%.*s\"? Give this document an \"upstream\", or name the service under "
            "the \"apis\" of one that has it",
            SS_FMT(rule->selector.text));
    return cluster;
}

static void add_rule(struct builder *b, const struct ss_document *doc, const struct ss_document_rule *rule,
                     const struct ss_route_keys *defaults)
{
    const struct ss_method *method = ss_services_method(b->diag, b->snapshot->schema, &rule->selector);
    if (method == NULL)
        return;
    b->covered[b->n_covered++] = method;
    int cluster = cluster_of_rule(b, doc, rule, method);
    const struct ss_route_options *options =
        ss_route_keys_keep(b->diag, &rule->keys, defaults, method, &b->snapshot->arena);
    for (const struct ss_binding *binding = rule->bindings; binding; binding = binding->next)
        push(b, binding, method, options, cluster);
}

static int by_address(const void *x, const void *y)
{
    const struct ss_method *a = *(const struct ss_method *const *)x, *b = *(const struct ss_method *const *)y;
    return a < b ? -1 : a > b;
}

static void add_documents(struct builder *b, const struct ss_document *documents,
                          const struct ss_route_keys *defaults)
{
    size_t n = 0;
    for (const struct ss_document *doc = documents; doc; doc = doc->next)
        for (const struct ss_document_rule *r = doc->rules; r; r = r->next)
            n++;
    b->covered = ss_arena_alloc(b->diag->arena, (n + 1) * sizeof *b->covered);
    for (const struct ss_document *doc = documents; doc; doc = doc->next)
        for (const struct ss_document_rule *r = doc->rules; r; r = r->next)
            add_rule(b, doc, r, defaults);
    if (b->n_covered)
        qsort(b->covered, b->n_covered, sizeof *b->covered, by_address);
}

static bool is_covered(const struct builder *b, const struct ss_method *m)
{
    return b->n_covered && bsearch(&m, b->covered, b->n_covered, sizeof *b->covered, by_address);
}

static struct ss_binding *annotation(struct builder *b, const struct ss_method *m, const struct ss_node *at)
{
    struct ss_binding *bindings = NULL;
    const char *why;
    struct ss_slice origin = ss_diag_position(at, b->diag->arena);
    origin = ss_arena_printf(b->diag->arena, "%.*s: google.api.http of %.*s", SS_FMT(origin),
                             SS_FMT(m->full_name));
    if (m->http_rule.len && ss_http_rule_read(m->http_rule, origin, b->diag->arena, &bindings, &why) != SS_OK)
        ss_diag_text(b->diag, "%.*s: %s", SS_FMT(origin), why);
    return bindings;
}

static struct ss_binding *auto_mapped(struct builder *b, const struct ss_method *m, const struct ss_node *at)
{
    struct ss_binding *binding = ss_arena_alloc(b->diag->arena, sizeof *binding);
    struct ss_slice origin = ss_diag_position(at, b->diag->arena);
    *binding = (struct ss_binding){
        .http_method = SS_LIT("POST"),
        .path = m->path,
        .body = SS_LIT("*"),
        .origin = ss_arena_printf(b->diag->arena, "%.*s: auto_mapping of %.*s", SS_FMT(origin),
                                  SS_FMT(m->full_name)),
    };
    return binding;
}

/* Methods without a rule: by their annotation, else by auto_mapping, else not at all. */
static void add_service(struct builder *b, const struct ss_service_state *s,
                        const struct ss_rules_input *input)
{
    struct ss_route_keys keys = ss_route_keys_inherit(input->defaults);
    keys.options.fully_decode_reserved_expansion |= s->claim && s->claim->fully_decode_reserved_expansion;
    for (size_t i = 0; i < s->service->n_methods; i++) {
        const struct ss_method *m = &s->service->methods[i];
        if (is_covered(b, m))
            continue;
        const struct ss_binding *binding = annotation(b, m, input->descriptors_at);
        if (binding == NULL && s->auto_mapping)
            binding = auto_mapped(b, m, input->descriptors_at);
        if (binding == NULL)
            continue;
        if (s->cluster < 0 && s->claim == NULL && b->snapshot->n_clusters) {
            ss_diag_at(
                b->diag, input->descriptors_at,
                "which upstream serves \"%.*s\", which has google.api.http annotations? Name it under the "
                "\"apis\" of a route document with an \"upstream\"",
                SS_FMT(s->service->full_name));
            return;
        }
        const struct ss_route_options *options =
            ss_route_keys_keep(b->diag, &keys, input->defaults, m, &b->snapshot->arena);
        for (; binding; binding = binding->next)
            push(b, binding, m, options, s->cluster);
    }
}

/* The least number of rules, from the first on, that do not go together; the last of them is at fault. why is
 * its. */
static size_t first_bad(const struct builder *b, struct ss_slice *why)
{
    size_t good = 0, bad = b->n;
    while (bad - good > 1) {
        struct ss_route_table *table = NULL;
        size_t middle = good + (bad - good) / 2;
        struct ss_slice text = {0};
        if (ss_route_table_build(b->rules, middle, b->diag->arena, &text, &table) == SS_OK) {
            ss_route_table_free(table);
            good = middle;
        } else {
            bad = middle;
            *why = text;
        }
    }
    return bad;
}

/* The table stops at the first thing wrong: report that, leave that rule out, and try again. */
static void build_table(struct builder *b)
{
    for (int errors = 0; errors < MAX_TABLE_ERRORS; errors++) {
        struct ss_slice why = {0};
        struct ss_route_table *table = NULL;
        if (ss_route_table_build(b->rules, b->n, b->diag->arena, &why, &table) == SS_OK) {
            if (b->diag->n_errors == 0)
                b->snapshot->routes = table;
            else
                ss_route_table_free(table);
            return;
        }
        if (b->n == 0) {
            ss_diag_text(b->diag, "%.*s", SS_FMT(why));
            return;
        }
        size_t bad = first_bad(b, &why);
        ss_diag_text(b->diag, "%.*s", SS_FMT(why));
        memmove(&b->rules[bad - 1], &b->rules[bad], (b->n - bad) * sizeof *b->rules);
        b->n--;
    }
}

void ss_rules_build(struct ss_diag *d, const struct ss_rules_input *input, struct ss_snapshot *snapshot)
{
    struct builder b = {.diag = d, .snapshot = snapshot};
    ss_services_init(&b.services, d, snapshot, input->documents, input->auto_mapping);
    add_documents(&b, input->documents, input->defaults);
    for (size_t i = 0; i < b.services.n; i++)
        add_service(&b, &b.services.list[i], input);
    build_table(&b);
}
