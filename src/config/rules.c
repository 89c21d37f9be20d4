/* Documents come first, then annotations in the order of their files, then auto_mapping: the first rule to
 * match a request stays. For a document to lose is an error, since it is the user's. An annotation is
 * somebody else's: one that cannot be served is left out with a warning, and the rest of its method's stay.
 */
#include "config/rules.h"

#include <stdlib.h>

#include "config/http_rule.h"
#include "config/no_effect.h"

/* A document's rule and the method that it is for. */
struct document_rule {
    const struct ss_document *doc;
    const struct ss_document_rule *rule;
    const struct ss_method *method;
    int cluster;
    size_t order;
    const struct document_rule *last; /* of the same method and cluster: the one that counts */
};

/* A rule that is to go into the table. */
struct candidate {
    struct ss_rule rule;
    const char *fault; /* of its binding; NULL: none */
    bool replaced;     /* by another of its selector: only checked */
};

struct builder {
    struct ss_diag *diag;
    struct ss_snapshot *snapshot;
    const struct ss_rules_input *input;
    struct ss_services services;
    struct candidate *list; /* in the diag's arena; the table copies the rules */
    size_t n, cap;
    struct document_rule *documents;
    size_t n_documents;
    const struct ss_method *
        *covered; /* methods with a document's rule, and then those that have any; sorted */
    size_t n_covered;
    struct ss_route_table *table;
    size_t n_of_documents; /* rules in the table that are documents' */
};

static void push(struct builder *b, const struct ss_binding *from, const struct ss_method *method,
                 const struct ss_route_options *options, int cluster, bool replaced)
{
    if (b->n == b->cap) {
        struct candidate *bigger =
            ss_arena_alloc(b->diag->arena, (b->cap = b->cap ? b->cap * 2 : 64) * sizeof *bigger);
        if (b->n)
            memcpy(bigger, b->list, b->n * sizeof *bigger);
        b->list = bigger;
    }
    struct ss_arena *keep = &b->snapshot->arena;
    b->list[b->n++] = (struct candidate){
        .rule =
            {
                .http_method = ss_arena_copy(keep, from->http_method),
                .path = ss_arena_copy(keep, from->path),
                .body = ss_arena_copy(keep, from->body),
                .response_body = ss_arena_copy(keep, from->response_body),
                .method = method,
                .options = options,
                .cluster = cluster < 0 ? 0 : (uint32_t)cluster,
                .origin = ss_arena_copy(keep, from->origin),
            },
        .fault = from->fault,
        .replaced = replaced,
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

static int by_method_cluster_order(const void *x, const void *y)
{
    const struct document_rule *a = *(struct document_rule *const *)x, *b = *(struct document_rule *const *)y;
    if (a->method != b->method)
        return a->method < b->method ? -1 : 1;
    if (a->cluster != b->cluster)
        return a->cluster < b->cluster ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

/* google.api.Service: "all service configuration rules follow 'last one wins' order". Documents of one
 * upstream count as one Service. */
static void find_last(struct builder *b)
{
    struct document_rule **sorted = ss_arena_alloc(b->diag->arena, (b->n_documents + 1) * sizeof *sorted);
    for (size_t i = 0; i < b->n_documents; i++)
        sorted[i] = &b->documents[i];
    if (b->n_documents)
        qsort(sorted, b->n_documents, sizeof *sorted, by_method_cluster_order);
    for (size_t i = b->n_documents; i-- > 0;) {
        bool same = i + 1 < b->n_documents && sorted[i + 1]->method == sorted[i]->method &&
                    sorted[i + 1]->cluster == sorted[i]->cluster;
        sorted[i]->last = same ? sorted[i + 1]->last : sorted[i];
    }
}

static void read_documents(struct builder *b)
{
    size_t n = 0;
    for (const struct ss_document *doc = b->input->services.documents; doc; doc = doc->next)
        for (const struct ss_document_rule *r = doc->rules; r; r = r->next)
            n++;
    b->documents = ss_arena_alloc(b->diag->arena, (n + 1) * sizeof *b->documents);
    for (const struct ss_document *doc = b->input->services.documents; doc; doc = doc->next)
        for (const struct ss_document_rule *r = doc->rules; r; r = r->next) {
            const struct ss_method *m = ss_services_method(b->diag, b->snapshot->schema, &r->selector);
            if (m == NULL)
                continue;
            b->documents[b->n_documents] = (struct document_rule){
                doc, r, m, cluster_of_rule(b, doc, r, m), b->n_documents, NULL,
            };
            b->n_documents++;
        }
    find_last(b);
}

static int by_address(const void *x, const void *y)
{
    const struct ss_method *a = *(const struct ss_method *const *)x, *b = *(const struct ss_method *const *)y;
    return a < b ? -1 : a > b;
}

static void sort_covered(struct builder *b)
{
    if (b->n_covered)
        qsort(b->covered, b->n_covered, sizeof *b->covered, by_address);
}

static bool is_covered(const struct builder *b, const struct ss_method *m)
{
    return b->n_covered && bsearch(&m, b->covered, b->n_covered, sizeof *b->covered, by_address);
}

static const struct ss_route_options *options_of(struct builder *b, const struct document_rule *r,
                                                 const struct ss_route_keys *own)
{
    return ss_route_keys_keep(b->diag, own, &r->rule->keys, r->method, &b->snapshot->arena);
}

static void add_documents(struct builder *b)
{
    for (size_t i = 0; i < b->n_documents; i++) {
        const struct document_rule *r = &b->documents[i];
        ss_no_effect_check(b->diag, r->rule, r->method);
        const struct ss_route_options *options =
            ss_route_keys_keep(b->diag, &r->rule->keys, b->input->defaults, r->method, &b->snapshot->arena);
        if (r->last != r) {
            struct ss_slice other = ss_diag_position(r->last->rule->selector.at, b->diag->arena);
            ss_diag_note(b->diag, SS_LOG_WARN, r->rule->selector.at,
                         "a rule for \"%.*s\" that another one at %.*s replaces: of several rules for one "
                         "selector the last counts; more paths go under its additional_bindings",
                         SS_FMT(r->method->full_name), SS_FMT(other));
        }
        b->covered[b->n_covered++] = r->method;
        for (const struct ss_binding *binding = r->rule->bindings; binding; binding = binding->next)
            push(b, binding, r->method, binding->keys ? options_of(b, r, binding->keys) : options, r->cluster,
                 r->last != r);
    }
    sort_covered(b);
}

/* The entry of `descriptors` that a service came in. */
static const struct ss_node *entry_of(const struct builder *b, const struct ss_service *service)
{
    const struct ss_node *e = b->input->descriptors->first;
    for (size_t i = 0; e && i < service->set; i++)
        e = e->next;
    return e ? e : b->input->descriptors;
}

static const char left_out[] = "it is left out; to choose a path, give the method a rule in a route document";

static struct ss_binding *annotation(struct builder *b, const struct ss_method *m)
{
    struct ss_binding *bindings = NULL;
    const char *why;
    struct ss_slice origin = ss_diag_position(entry_of(b, m->service), b->diag->arena);
    if (m->http_rule.len == 0)
        return NULL;
    origin = ss_arena_printf(b->diag->arena, "%.*s: %.*s: google.api.http of %.*s", SS_FMT(origin),
                             SS_FMT(m->service->file), SS_FMT(m->full_name));
    if (ss_http_rule_read(m->http_rule, origin, b->diag->arena, &bindings, &why) != SS_OK)
        ss_diag_note(b->diag, SS_LOG_WARN, NULL, "%.*s: %s; %s", SS_FMT(origin), why, left_out);
    return bindings;
}

static struct ss_binding *auto_mapped(struct builder *b, const struct ss_method *m)
{
    struct ss_binding *binding = ss_arena_alloc(b->diag->arena, sizeof *binding);
    struct ss_slice origin = ss_diag_position(entry_of(b, m->service), b->diag->arena);
    *binding = (struct ss_binding){
        .http_method = SS_LIT("POST"),
        .path = m->path,
        .body = SS_LIT("*"),
        .origin = ss_arena_printf(b->diag->arena, "%.*s: auto_mapping of %.*s", SS_FMT(origin),
                                  SS_FMT(m->full_name)),
    };
    return binding;
}

/* The bindings that b make of a method that no document covers; NULL: none. */
typedef struct ss_binding *make_bindings(struct builder *b, const struct ss_method *m);

static void add_service(struct builder *b, const struct ss_service_state *s, make_bindings *make)
{
    const struct ss_route_options *shared = NULL;
    struct ss_route_keys keys = ss_route_keys_inherit(b->input->defaults);
    keys.options.fully_decode_reserved_expansion |= s->claim && s->claim->fully_decode_reserved_expansion;
    for (size_t i = 0; i < s->service->n_methods; i++) {
        const struct ss_method *m = &s->service->methods[i];
        const struct ss_binding *binding = is_covered(b, m) ? NULL : make(b, m);
        if (binding == NULL)
            continue;
        if (s->cluster < 0 && s->claim == NULL && b->snapshot->n_clusters) {
            ss_diag_at(b->diag, b->input->descriptors,
                       "which upstream serves \"%.*s\", which has google.api.http annotations? Name it under "
                       "the \"services\" of an upstream, or the \"apis\" of a route document with an "
                       "\"upstream\"",
                       SS_FMT(s->service->full_name));
            return;
        }
        const struct ss_route_options *options = m->server_streaming ? NULL : shared;
        if (options == NULL)
            options = ss_route_keys_keep(b->diag, &keys, b->input->defaults, m, &b->snapshot->arena);
        if (!m->server_streaming) /* nothing in them depends on the method then */
            shared = options;
        for (; binding; binding = binding->next)
            push(b, binding, m, options, s->cluster, false);
    }
}

/* A binding that is not the user's own and cannot be served. tie: the rule that was there before it. */
static void leave_out(struct builder *b, const struct ss_rule *r, const struct ss_rule *tie,
                      struct ss_slice why)
{
    bool by_document = false;
    for (size_t i = 0; tie && i < b->n_of_documents && !by_document; i++)
        by_document = ss_route_table_at(b->table, i) == tie;
    if (tie == NULL)
        ss_diag_note(b->diag, SS_LOG_WARN, NULL, "%.*s; %s", SS_FMT(why), left_out);
    else if (by_document)
        ss_diag_note(
            b->diag, SS_LOG_INFO, NULL,
            "%.*s: %.*s %.*s matches the same requests as %.*s at %.*s, which is a document's and counts",
            SS_FMT(r->origin), SS_FMT(r->http_method), SS_FMT(r->path), SS_FMT(tie->path),
            SS_FMT(tie->origin));
    else
        ss_diag_note(b->diag, SS_LOG_WARN, NULL,
                     "%.*s: %.*s %.*s matches the same requests as %.*s of %.*s, which came first; %s",
                     SS_FMT(r->origin), SS_FMT(r->http_method), SS_FMT(r->path), SS_FMT(tie->path),
                     SS_FMT(tie->method->full_name), left_out);
}

/* Whether a rule would do if there were no other. */
static enum ss_err check_alone(struct builder *b, const struct ss_rule *r, struct ss_slice *why)
{
    const struct ss_rule *tie;
    struct ss_route_table *alone = ss_route_table_new(1);
    enum ss_err err = ss_route_table_add(alone, r, b->diag->arena, why, &tie);
    ss_route_table_free(alone);
    return err;
}

/* Puts candidates into the table. own: they are the user's. */
static void fill_table(struct builder *b, size_t from, size_t end, bool own)
{
    for (size_t i = from; i < end; i++) {
        const struct ss_rule *r = &b->list[i].rule, *tie = NULL;
        struct ss_slice why = {0};
        enum ss_err err = SS_ERR_CONFIG;
        if (b->list[i].replaced)
            err = check_alone(b, r, &why);
        else if (b->list[i].fault)
            why = ss_arena_printf(b->diag->arena, "%.*s: %s", SS_FMT(r->origin), b->list[i].fault);
        else
            err = ss_route_table_add(b->table, r, b->diag->arena, &why, &tie);
        if (err == SS_OK)
            b->covered[b->n_covered++] = r->method;
        else if (own)
            ss_diag_text(b->diag, "%.*s", SS_FMT(why));
        else
            leave_out(b, r, tie, why);
    }
    sort_covered(b);
}

/* Room for the candidates, and for auto_mapping of everything. */
static void make_table(struct builder *b)
{
    size_t n_methods = 0, n_rules = b->n;
    for (size_t i = 0; i < b->services.n; i++)
        n_methods += b->services.list[i].service->n_methods;
    const struct ss_method **covered =
        ss_arena_alloc(b->diag->arena, (n_rules + n_methods + b->n_covered + 1) * sizeof *covered);
    if (b->n_covered)
        memcpy(covered, b->covered, b->n_covered * sizeof *covered);
    b->covered = covered;
    b->table = ss_route_table_new(n_rules + n_methods);
}

/* Services that would have routes if they were not imports only. */
static void tell_imported(struct builder *b)
{
    for (size_t i = 0; i < b->services.n; i++) {
        const struct ss_service_state *s = &b->services.list[i];
        bool any = s->auto_mapping && s->service->n_methods;
        if (s->served || s->service->given)
            continue;
        for (size_t k = 0; k < s->service->n_methods && !any; k++)
            any = s->service->methods[k].http_rule.len;
        const struct ss_node *entry = entry_of(b, s->service);
        if (any)
            ss_diag_note(b->diag, SS_LOG_INFO, entry,
                         "%.*s of %.*s is not served, for it is only imported; to serve it, %s",
                         SS_FMT(s->service->full_name), SS_FMT(s->service->file),
                         entry->line
                             ? "name it under the \"services\" of its upstream, beside what is served now"
                             : "give its file to --proto too");
    }
}

void ss_rules_build(struct ss_diag *d, const struct ss_rules_input *input, struct ss_snapshot *snapshot)
{
    struct builder b = {.diag = d, .snapshot = snapshot, .input = input};
    ss_services_init(&b.services, d, snapshot, &input->services);
    read_documents(&b);
    b.covered = ss_arena_alloc(d->arena, (b.n_documents + 1) * sizeof *b.covered);
    add_documents(&b);
    size_t documents_end = b.n;
    for (size_t i = 0; i < b.services.n; i++)
        if (b.services.list[i].served)
            add_service(&b, &b.services.list[i], annotation);
    size_t annotations_end = b.n;
    make_table(&b);
    fill_table(&b, 0, documents_end, true);
    b.n_of_documents = ss_route_table_count(b.table);
    fill_table(&b, documents_end, annotations_end, false);
    for (size_t i = 0; i < b.services.n; i++)
        if (b.services.list[i].served && b.services.list[i].auto_mapping)
            add_service(&b, &b.services.list[i], auto_mapped);
    fill_table(&b, annotations_end, b.n, false);
    tell_imported(&b);
    ss_route_table_finish(b.table);
    if (d->n_errors == 0)
        snapshot->routes = b.table;
    else
        ss_route_table_free(b.table);
}
