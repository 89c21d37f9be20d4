/* Nearness is the cost of making the path's segments into the template's: a wildcard takes any segment, a
 * word that is misspelt costs less than another word. */
#include "route/explain.h"

#include "base/percent.h"
#include "route/path.h"
#include "route/query.h"
#include "route/system.h"
#include "route/table.h"
#include "route/target.h"

enum {
    COST_WILDCARD = 1, /* so that a literal that fits is nearer */
    COST_MISSPELT = 4,
    COST_SEGMENT = 10, /* one that is another, is missing, or is too much */
    MAX_WORD = 64,     /* longer ones are not compared letter by letter */
};

/* ---- bindings ---- */

static struct ss_slice field_path(const struct ss_field *const *fields, size_t n, struct ss_arena *a)
{
    struct ss_slice path = {0};
    for (size_t i = 0; i < n; i++)
        path = ss_arena_printf(a, "%.*s%s%.*s", SS_FMT(path), i ? "." : "", SS_FMT(fields[i]->name));
    return path;
}

static void resolve(const struct ss_route *r, struct ss_arena *a, struct ss_route_binding *b)
{
    const struct ss_route_options *o = r->rule.options;
    struct ss_target t;
    for (size_t i = 0; i < o->n_ignored_query_parameters; i++)
        if (ss_slice_eq(o->ignored_query_parameters[i], b->name)) {
            b->why = SS_LIT("is ignored");
            return;
        }
    enum ss_target_result found = ss_target_resolve(r->rule.method->input, b->name, a, &t, &b->why);
    if (found == SS_TARGET_UNKNOWN && o->ignore_unknown_query_parameters)
        b->why = SS_LIT("names no field, and is ignored");
    if (found != SS_TARGET_FOUND)
        return;
    b->leaf = t.fields[t.n - 1];
    b->field = field_path(t.fields, t.n, a);
    if (t.has_key) {
        b->field = ss_arena_printf(a, "%.*s[%.*s]", SS_FMT(b->field), SS_FMT(t.key));
        b->leaf = &b->leaf->message->fields[1];
    }
}

static void bind_param(const struct ss_route *r, const struct ss_query_param *raw, struct ss_arena *a,
                       struct ss_route_binding *b)
{
    b->source = SS_BINDING_QUERY;
    b->name = raw->name;
    b->value = raw->value;
    if (ss_percent_decode(raw->name, true, a, &b->name) != SS_OK ||
        ss_percent_decode(raw->value, true, a, &b->value) != SS_OK)
        b->why = SS_LIT("holds a malformed percent escape, %00, or bad UTF-8");
    else if (ss_system_of(&r->rule, b->name) == SS_SYSTEM_IGNORED)
        b->why = SS_LIT("is ignored");
    else if (ss_system_of(&r->rule, b->name) != SS_SYSTEM_NONE)
        b->why = SS_LIT("is a system parameter");
    else
        resolve(r, a, b);
}

struct ss_route_binding *ss_route_bindings(const struct ss_route_match *m, struct ss_slice query,
                                           struct ss_arena *a)
{
    struct ss_route_binding *first = NULL, **end = &first;
    const struct ss_route *r = m->route;
    for (size_t i = 0; i < m->n_values; i++) {
        struct ss_field_path path = r->variables[i];
        struct ss_route_binding *b = ss_arena_zalloc(a, sizeof *b);
        *b = (struct ss_route_binding){
            .source = SS_BINDING_PATH,
            .name = r->template.variables[i].field_path,
            .field = field_path(path.fields, path.n, a),
            .leaf = path.fields[path.n - 1],
            .value = m->values[i],
        };
        *end = b;
        end = &b->next;
    }
    struct ss_query_param raw;
    while (ss_query_next(&query, &raw)) {
        struct ss_route_binding *b = ss_arena_zalloc(a, sizeof *b);
        bind_param(r, &raw, a, b);
        *end = b;
        end = &b->next;
    }
    return first;
}

/* ---- nearness ---- */

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Levenshtein's, with a row of the matrix; at most MAX_WORD letters each. */
static unsigned distance(struct ss_slice x, struct ss_slice y)
{
    unsigned row[MAX_WORD + 1];
    for (size_t j = 0; j <= y.len; j++)
        row[j] = (unsigned)j;
    for (size_t i = 0; i < x.len; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < y.len; j++) {
            unsigned replaced = diagonal + (x.ptr[i] != y.ptr[j]);
            diagonal = row[j + 1];
            row[j + 1] = least(replaced, least(row[j + 1], row[j]) + 1);
        }
    }
    return row[y.len];
}

static unsigned cost_of_word(struct ss_slice word, struct ss_slice wanted)
{
    if (ss_slice_eq(word, wanted))
        return 0;
    size_t longer = word.len > wanted.len ? word.len : wanted.len;
    if (longer > MAX_WORD || word.len == 0)
        return COST_SEGMENT;
    return distance(word, wanted) <= 1 + longer / 4 ? COST_MISSPELT : COST_SEGMENT;
}

static unsigned cost_of_segment(struct ss_slice segment, const struct ss_template_segment *wanted)
{
    return wanted->kind == SS_SEGMENT_LITERAL ? cost_of_word(segment, wanted->text) : COST_WILDCARD;
}

/* A row of the matrix again; "**" takes any number of segments. */
static unsigned cost_of_path(const struct ss_slice *segments, size_t n, const struct ss_template *t)
{
    unsigned row[SS_PATH_MAX_SEGMENTS + 1];
    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned)j * COST_SEGMENT;
    for (size_t i = 0; i < t->n_segments; i++) {
        bool multi = t->segments[i].kind == SS_SEGMENT_MULTI;
        unsigned diagonal = row[0];
        row[0] += multi ? COST_WILDCARD : COST_SEGMENT;
        for (size_t j = 0; j < n; j++) {
            unsigned taken = diagonal + cost_of_segment(segments[j], &t->segments[i]);
            diagonal = row[j + 1];
            unsigned missing = row[j + 1] + (multi ? COST_WILDCARD : COST_SEGMENT);
            unsigned extra = row[j] + (multi ? 0 : COST_SEGMENT);
            row[j + 1] = least(taken, least(missing, extra));
        }
    }
    return row[n];
}

struct near_path {
    struct ss_slice segments[SS_PATH_MAX_SEGMENTS];
    size_t n;
    struct ss_slice stem, verb; /* of the last segment; verb is empty when it has none */
};

static unsigned cost_of_template(struct near_path *p, const struct ss_template *t)
{
    struct ss_slice whole = p->n ? p->segments[p->n - 1] : (struct ss_slice){0};
    bool verbs = t->verb.len && p->verb.len;
    unsigned cost = verbs ? cost_of_word(p->verb, t->verb) : t->verb.len ? COST_SEGMENT : 0;
    if (verbs)
        p->segments[p->n - 1] = p->stem;
    cost += cost_of_path(p->segments, p->n, t);
    if (verbs)
        p->segments[p->n - 1] = whole;
    return cost;
}

static void split(struct ss_slice path, struct near_path *p)
{
    p->n = 0;
    p->verb = p->stem = (struct ss_slice){0};
    for (size_t at = 0; at < path.len && p->n < SS_PATH_MAX_SEGMENTS; at++) {
        struct ss_slice rest = ss_slice_skip(path, at);
        const char *slash = memchr(rest.ptr, '/', rest.len);
        size_t len = slash ? (size_t)(slash - rest.ptr) : rest.len;
        if (len)
            p->segments[p->n++] = ss_slice_of(rest.ptr, len);
        at += len;
    }
    if (p->n == 0)
        return;
    struct ss_slice last = p->segments[p->n - 1];
    const char *colon = memrchr(last.ptr, ':', last.len);
    if (colon) {
        p->stem = ss_slice_of(last.ptr, (size_t)(colon - last.ptr));
        p->verb = ss_slice_skip(last, p->stem.len + 1);
    }
}

size_t ss_route_nearest(const struct ss_route_table *t, struct ss_slice path, struct ss_arena *a,
                        const struct ss_rule **out, size_t max)
{
    struct near_path *p = ss_arena_alloc(a, sizeof *p);
    unsigned *costs = ss_arena_alloc(a, (max + 1) * sizeof *costs);
    size_t n = 0;
    split(path, p);
    for (size_t i = 0; i < t->n; i++) {
        const struct ss_template *template = &t->routes[i].template;
        unsigned cost = cost_of_template(p, template);
        size_t longer = p->n > template->n_segments ? p->n : template->n_segments;
        if (cost >= longer * COST_SEGMENT)
            continue; /* nothing in common */
        size_t at = n;
        while (at > 0 && costs[at - 1] > cost)
            at--;
        if (at == max)
            continue;
        n += n < max;
        for (size_t k = n - 1; k > at; k--) {
            costs[k] = costs[k - 1];
            out[k] = out[k - 1];
        }
        costs[at] = cost;
        out[at] = &t->routes[i].rule;
    }
    return n;
}
