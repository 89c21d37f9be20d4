/* Finds the most specific route of a path: literal before "*" before "**", segment by segment, with
 * backtracking.
 *
 * The search goes down the trie (route/trie.h), where a node stands for one sequence of patterns and so for
 * one depth: no node is visited twice, and the branching that a path can cause is bounded by the templates
 * that share all its literals, not by the table. Segments and their hashes are computed once, on the stack; a
 * match allocates the values and, when something was escaped, their decoded text.
 *
 * A ':' in the last segment is tried as a verb first. If any template with that verb matches the path,
 * whatever its method, then it is a verb, and templates without it do not match; else it is a part of the
 * segment. */
#include "base/percent.h"
#include "route/path.h"
#include "route/table.h"

enum { MAX_ALLOWED = 64 };

struct search {
    const struct ss_path_segment *segments;
    size_t n;
    const struct ss_path_segment *verb; /* NULL: templates without one */
    bool trailing_slash;
    struct ss_slice method;
    bool is_head;
    bool streams;             /* streaming methods only, whatever their HTTP method; GET before others */
    bool path_known;          /* out: some template matches the path */
    struct ss_slice *allowed; /* NULL, or all methods are collected here and nothing matches */
    size_t n_allowed;
};

static void collect(struct search *s, struct ss_slice method)
{
    size_t i = 0;
    while (i < s->n_allowed && !ss_slice_eq(s->allowed[i], method))
        i++;
    if (i == s->n_allowed)
        s->allowed[s->n_allowed++] = method;
}

/* An exact method before GET for HEAD, before "*". */
static const struct ss_route *try_endpoint(struct search *s, const struct ss_trie_endpoint *e)
{
    const struct ss_route *get = NULL, *any = NULL;
    for (const struct ss_route *r = e ? e->routes : NULL; r; r = r->next) {
        if (s->trailing_slash && !r->rule.options->ignore_trailing_slash)
            continue;
        if (s->streams && !r->rule.method->client_streaming && !r->rule.method->server_streaming)
            continue;
        s->path_known = true;
        if (s->allowed) {
            if (s->n_allowed < MAX_ALLOWED)
                collect(s, r->rule.http_method);
        } else if (ss_slice_eq(r->rule.http_method, s->method)) {
            return r;
        } else if (s->is_head && ss_slice_eq(r->rule.http_method, SS_LIT("GET"))) {
            get = r;
        } else if (s->streams || ss_slice_eq(r->rule.http_method, SS_LIT("*"))) {
            any = r;
        }
    }
    return get ? get : any;
}

static const struct ss_route *try_node(struct search *s, const struct ss_trie_node *node)
{
    if (s->verb == NULL)
        return try_endpoint(s, node->plain);
    return try_endpoint(s, ss_trie_map_get(&node->verbs, s->verb->text, s->verb->hash));
}

/* Behind "**": as many literals as there are, from the path's end; the longest suffix is the most specific.
 */
static const struct ss_route *search_suffix(struct search *s, const struct ss_trie_node *node, size_t from,
                                            size_t end)
{
    const struct ss_route *found = NULL;
    if (end > from) {
        const struct ss_path_segment *last = &s->segments[end - 1];
        const struct ss_trie_node *next = ss_trie_map_get(&node->literals, last->text, last->hash);
        if (next)
            found = search_suffix(s, next, from, end - 1);
    }
    return found ? found : try_node(s, node);
}

static const struct ss_route *search_node(struct search *s, const struct ss_trie_node *node, size_t at)
{
    const struct ss_route *found = NULL;
    if (at == s->n) {
        found = try_node(s, node);
    } else {
        const struct ss_path_segment *seg = &s->segments[at];
        const struct ss_trie_node *next = ss_trie_map_get(&node->literals, seg->text, seg->hash);
        if (next)
            found = search_node(s, next, at + 1);
        if (found == NULL && node->star && seg->raw.len)
            found = search_node(s, node->star, at + 1);
    }
    if (found == NULL && node->multi)
        found = search_suffix(s, node->multi, at, s->n);
    return found;
}

/* Searches with the verb, and without if that is none. A stem of nothing is the empty path, or an empty
 * segment at its end, which would be a trailing slash. */
static const struct ss_route *search_path(struct search *s, const struct ss_trie_node *root,
                                          struct ss_path *p)
{
    const struct ss_route *found = NULL;
    s->segments = p->segments;
    s->trailing_slash = p->trailing_slash;
    if (p->has_verb && (!p->stem_is_empty || p->n == 1)) {
        struct ss_path_segment whole = p->segments[p->n - 1];
        p->segments[p->n - 1] = p->stem;
        s->n = p->stem_is_empty ? 0 : p->n;
        s->verb = &p->verb;
        found = search_node(s, root, 0);
        if (s->path_known)
            return found;
        p->segments[p->n - 1] = whole;
    }
    s->n = p->n;
    s->verb = NULL;
    return search_node(s, root, 0);
}

/* The path's bytes that variable v matched. */
static struct ss_slice raw_value(const struct search *s, const struct ss_template *t,
                                 const struct ss_template_variable *v)
{
    size_t first = v->first, end = v->first + v->count;
    if (first > t->multi)
        first = first + s->n - t->n_segments;
    if (end > t->multi)
        end = end + s->n - t->n_segments;
    if (first >= end)
        return ss_slice_of("", 0);
    const char *from = s->segments[first].raw.ptr;
    struct ss_slice last = s->segments[end - 1].raw;
    return ss_slice_of(from, (size_t)(last.ptr + last.len - from));
}

static enum ss_err decode_value(const struct ss_route *r, const struct ss_template_variable *v,
                                struct ss_slice raw, struct ss_arena *a, struct ss_slice *out)
{
    if (v->multi && !r->rule.options->fully_decode_reserved_expansion)
        return ss_percent_decode_keep_reserved(raw, a, out);
    return ss_percent_decode(raw, false, a, out);
}

static enum ss_err take_values(const struct search *s, bool plain, struct ss_arena *a,
                               struct ss_route_match *out)
{
    const struct ss_template *t = &out->route->template;
    out->n_values = t->n_variables;
    if (t->n_variables == 0)
        return SS_OK;
    out->values = ss_arena_alloc(a, t->n_variables * sizeof *out->values);
    for (size_t i = 0; i < t->n_variables; i++) {
        const struct ss_template_variable *v = &t->variables[i];
        struct ss_slice raw = raw_value(s, t, v);
        out->values[i] = raw;
        enum ss_err err = plain ? SS_OK : decode_value(out->route, v, raw, a, &out->values[i]);
        if (err)
            return err;
    }
    return SS_OK;
}

/* "GET, HEAD, OPTIONS": sorted by insertion; there are few. */
static struct ss_slice allow_text(struct search *s, struct ss_arena *a)
{
    for (size_t i = 0; i < s->n_allowed; i++)
        if (ss_slice_eq(s->allowed[i], SS_LIT("GET"))) {
            collect(s, SS_LIT("HEAD"));
            break;
        }
    collect(s, SS_LIT("OPTIONS"));
    size_t len = 0;
    for (size_t i = 0; i < s->n_allowed; i++) {
        struct ss_slice m = s->allowed[i];
        size_t at = i;
        for (; at > 0; at--) {
            struct ss_slice before = s->allowed[at - 1];
            int order = memcmp(before.ptr, m.ptr, before.len < m.len ? before.len : m.len);
            if (order < 0 || (order == 0 && before.len < m.len))
                break;
            s->allowed[at] = before;
        }
        s->allowed[at] = m;
        len += m.len + 2;
    }
    char *text = ss_arena_alloc(a, len);
    size_t n = 0;
    for (size_t i = 0; i < s->n_allowed; i++) {
        if (i) {
            text[n++] = ',';
            text[n++] = ' ';
        }
        memcpy(text + n, s->allowed[i].ptr, s->allowed[i].len);
        n += s->allowed[i].len;
    }
    return ss_slice_of(text, n);
}

static enum ss_err refuse_path(enum ss_err err, struct ss_arena *a, struct ss_status *st)
{
    if (err == SS_ERR_INVALID)
        return ss_status_set(st, a, err, "the path holds a malformed percent escape, %%00, or bad UTF-8");
    if (err == SS_ERR_NO_ROUTE)
        return ss_status_set(st, a, err, "no route matches this path");
    if (err == SS_ERR_TARGET_TOO_LONG)
        return ss_status_set(st, a, err, "the path has more than %d segments", SS_PATH_MAX_SEGMENTS);
    return ss_status_set(st, a, SS_ERR_HEADERS_TOO_LARGE, "the path is too long");
}

enum ss_err ss_route_match(const struct ss_route_table *t, struct ss_slice http_method, struct ss_slice path,
                           struct ss_arena *a, struct ss_route_match *out, struct ss_status *st)
{
    struct ss_path p;
    *out = (struct ss_route_match){0};
    enum ss_err err = ss_path_split(path, a, &p);
    if (err)
        return refuse_path(err, a, st);
    struct search s = {.method = http_method, .is_head = ss_slice_eq(http_method, SS_LIT("HEAD"))};
    out->route = search_path(&s, &t->root, &p);
    if (out->route) {
        err = take_values(&s, p.plain, a, out);
        return err ? refuse_path(err, a, st) : SS_OK;
    }
    if (!s.path_known)
        return refuse_path(SS_ERR_NO_ROUTE, a, st);
    struct ss_slice allowed[MAX_ALLOWED + 2]; /* HEAD and OPTIONS come on top */
    struct search all = {.allowed = allowed};
    (void)search_path(&all, &t->root, &p);
    out->allow = allow_text(&all, a);
    return ss_status_set(st, a, SS_ERR_METHOD, "the method is not allowed here: allowed are %.*s",
                         SS_FMT(out->allow));
}

enum ss_err ss_route_match_stream(const struct ss_route_table *t, struct ss_slice path, struct ss_arena *a,
                                  struct ss_route_match *out, struct ss_status *st)
{
    struct ss_path p;
    *out = (struct ss_route_match){0};
    enum ss_err err = ss_path_split(path, a, &p);
    struct search s = {.method = SS_LIT("GET"), .streams = true};
    if (err != SS_OK)
        return refuse_path(err, a, st);
    out->route = search_path(&s, &t->root, &p);
    err = out->route ? take_values(&s, p.plain, a, out) : SS_ERR_NO_ROUTE;
    return err ? refuse_path(err, a, st) : SS_OK;
}
