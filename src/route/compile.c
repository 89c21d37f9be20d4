#include "route/compile.h"

static const struct ss_route_options no_options = {.timeout_ms = -1, .idle_timeout_ms = -1};

struct compiler {
    struct ss_arena *a, *why_arena;
    struct ss_slice *why;
    struct ss_route *route;
};

/* "ORIGIN: template "…", column N: " before what. column 0: the rule as a whole. */
static enum ss_err bad(struct compiler *c, size_t column, struct ss_slice what)
{
    const struct ss_rule *rule = &c->route->rule;
    if (column)
        *c->why = ss_arena_printf(c->why_arena, "%.*s: template \"%.*s\", column %zu: %.*s",
                                  SS_FMT(rule->origin), SS_FMT(rule->path), column, SS_FMT(what));
    else
        *c->why = ss_arena_printf(c->why_arena, "%.*s: %.*s", SS_FMT(rule->origin), SS_FMT(what));
    return SS_ERR_CONFIG;
}

static struct ss_slice no_such_field(struct compiler *c, const struct ss_message *m, struct ss_slice name)
{
    const struct ss_field *near = ss_message_nearest_field(m, name);
    if (near)
        return ss_arena_printf(c->why_arena, "%.*s has no field \"%.*s\"; did you mean \"%.*s\"?",
                               SS_FMT(m->full_name), SS_FMT(name), SS_FMT(near->name));
    return ss_arena_printf(c->why_arena, "%.*s has no field \"%.*s\"", SS_FMT(m->full_name), SS_FMT(name));
}

static struct ss_slice field_is(struct compiler *c, const struct ss_field *f, const char *what)
{
    return ss_arena_printf(c->why_arena, "field \"%.*s\" of %.*s %s", SS_FMT(f->name),
                           SS_FMT(f->parent->full_name), what);
}

/* The field behind the last name of a variable's path must take one value from one text. */
static const char *refusal_of_leaf(const struct ss_field *f)
{
    if (f->map)
        return "is a map: a variable binds one value";
    if (f->repeated)
        return "is repeated: a variable binds one value";
    if (!ss_field_takes_text(f))
        return "is a message: a variable must name one of its fields";
    return NULL;
}

static const char *refusal_of_parent(const struct ss_field *f)
{
    if (f->map || f->repeated)
        return "is repeated: a variable cannot name a field inside of it";
    return f->message ? NULL : "is not a message: it has no fields";
}

static enum ss_err resolve_variable(struct compiler *c, const struct ss_template_variable *v,
                                    struct ss_field_path *out)
{
    const struct ss_field *fields[SS_FIELD_PATH_MAX];
    const struct ss_message *m = c->route->rule.method->input;
    struct ss_slice rest = v->field_path;
    size_t n = 0, column = v->column;
    for (;;) {
        const char *dot = memchr(rest.ptr, '.', rest.len);
        struct ss_slice name = ss_slice_of(rest.ptr, dot ? (size_t)(dot - rest.ptr) : rest.len);
        const struct ss_field *f = ss_message_field_named(m, name);
        if (f == NULL)
            return bad(c, column, no_such_field(c, m, name));
        const char *refusal = dot ? refusal_of_parent(f) : refusal_of_leaf(f);
        if (refusal)
            return bad(c, column, field_is(c, f, refusal));
        if (n == SS_FIELD_PATH_MAX)
            return bad(c, column, SS_LIT("a field path of more than 32 names"));
        fields[n++] = f;
        if (dot == NULL)
            break;
        m = f->message;
        rest = ss_slice_skip(rest, name.len + 1);
        column += name.len + 1;
    }
    const struct ss_field **copy = ss_arena_alloc(c->a, n * sizeof(void *));
    for (size_t i = 0; i < n; i++)
        copy[i] = fields[i];
    *out = (struct ss_field_path){.fields = copy, .n = n};
    return SS_OK;
}

/* Why two paths cannot both be bound; NULL when they can. */
static const char *refusal_of_pair(struct ss_field_path a, struct ss_field_path b)
{
    size_t i = 0;
    while (i < a.n && i < b.n && a.fields[i] == b.fields[i])
        i++;
    if (i == a.n || i == b.n)
        return "is bound twice";
    int oneof = a.fields[i]->oneof;
    return oneof >= 0 && oneof == b.fields[i]->oneof && a.fields[i]->parent == b.fields[i]->parent
               ? "is a second member of one oneof"
               : NULL;
}

static enum ss_err compile_variables(struct compiler *c)
{
    struct ss_route *r = c->route;
    const struct ss_template *t = &r->template;
    r->variables = ss_arena_zalloc(c->a, t->n_variables * sizeof *r->variables);
    for (size_t i = 0; i < t->n_variables; i++) {
        const struct ss_template_variable *v = &t->variables[i];
        enum ss_err err = resolve_variable(c, v, &r->variables[i]);
        if (err)
            return err;
        for (size_t j = 0; j < i; j++) {
            const char *refusal = refusal_of_pair(r->variables[j], r->variables[i]);
            if (refusal)
                return bad(c, v->column, field_is(c, r->variables[i].fields[r->variables[i].n - 1], refusal));
        }
    }
    return SS_OK;
}

static enum ss_err find_field(struct compiler *c, const char *key, const struct ss_message *m,
                              struct ss_slice name, const struct ss_field **out)
{
    *out = name.len ? ss_message_field_named(m, name) : NULL;
    if (name.len == 0 || *out)
        return SS_OK;
    struct ss_slice what =
        memchr(name.ptr, '.', name.len)
            ? ss_arena_printf(c->why_arena, "\"%.*s\" must be the name of one field", SS_FMT(name))
            : no_such_field(c, m, name);
    return bad(c, 0, ss_arena_printf(c->why_arena, "%s: %.*s", key, SS_FMT(what)));
}

static enum ss_err compile_bodies(struct compiler *c)
{
    struct ss_route *r = c->route;
    const struct ss_method *method = r->rule.method;
    r->body_is_all = ss_slice_eq(r->rule.body, SS_LIT("*"));
    enum ss_err err = SS_OK;
    if (!r->body_is_all)
        err = find_field(c, "body", method->input, r->rule.body, &r->body_field);
    if (err == SS_OK)
        err = find_field(c, "response_body", method->output, r->rule.response_body, &r->response_field);
    for (size_t i = 0; err == SS_OK && r->body_field && i < r->template.n_variables; i++)
        if (r->variables[i].n == 1 && r->variables[i].fields[0] == r->body_field)
            err = bad(c, r->template.variables[i].column,
                      field_is(c, r->body_field, "is bound twice: it is the body"));
    return err;
}

enum ss_err ss_route_compile(const struct ss_rule *rule, struct ss_arena *a, struct ss_arena *why_arena,
                             struct ss_slice *why, struct ss_route *out)
{
    *out = (struct ss_route){.rule = *rule};
    if (rule->options == NULL)
        out->rule.options = &no_options;
    struct compiler c = {.a = a, .why_arena = why_arena, .why = why, .route = out};
    if (rule->http_method.len == 0)
        return bad(&c, 0, SS_LIT("the HTTP method is missing"));
    struct ss_template_error error;
    if (ss_template_parse(rule->path, a, &out->template, &error))
        return bad(&c, error.column, ss_slice_str(error.what));
    enum ss_err err = compile_variables(&c);
    return err ? err : compile_bodies(&c);
}
