/* Path variables and parameters to wire bytes. Each is a message of its own around one value ("a.b=1" is
 * a{b:1}); the service's parser merges them with each other and with the body. Parameters come first and
 * variables last, so that a variable wins. What is wrong is collected, up to MAX_VIOLATIONS: a client wants
 * to hear of all of it at once. */
#include "base/percent.h"
#include "base/utf8.h"
#include "route/claims.h"
#include "route/emit.h"
#include "route/query.h"
#include "route/route.h"
#include "route/system.h"
#include "route/target.h"

enum { MAX_VIOLATIONS = 32 };

struct binder {
    const struct ss_route *route;
    const struct ss_message *root; /* what parameter names are looked up in */
    const struct ss_field
        *body_message; /* the field that root is the type of; NULL: root is the whole request */
    bool form;         /* the parameters are the body */
    struct ss_arena *a;
    struct ss_buf *out;
    struct ss_status *st;
    size_t violations;
    struct ss_claim claims;
    struct ss_map_keys keys;
};

/* Counts, and goes on: SS_OK until there are too many. */
static enum ss_err violate(struct binder *b, struct ss_slice name, const char *what, struct ss_slice detail)
{
    ss_status_violation(b->st, b->a, name, "%s%.*s", what, SS_FMT(detail));
    return ++b->violations < MAX_VIOLATIONS ? SS_OK : SS_ERR_INVALID;
}

/* A failure that is not a field's. */
static enum ss_err fail(struct binder *b, enum ss_err err)
{
    if (err == SS_ERR_LIMIT)
        return ss_status_set(b->st, b->a, SS_ERR_BODY_TOO_LARGE, "the request's parameters are too large");
    return ss_status_set(b->st, b->a, err, "%s", ss_err_text(err));
}

/* Appends f's value; what it was expected to be becomes a violation of name. *bad tells. */
static enum ss_err put_text(struct binder *b, const struct ss_field *f, struct ss_slice text,
                            struct ss_slice name, const char *where, bool *bad)
{
    struct ss_slice expected = SS_LIT("malformed");
    enum ss_err err = ss_text_to_wire(f, text, b->route->rule.options->in.lenient, b->a, b->out, &expected);
    *bad = err == SS_ERR_INVALID;
    if (*bad)
        return violate(b, name, where, expected);
    return err ? fail(b, err) : SS_OK;
}

static enum ss_err put_entry(struct binder *b, const struct ss_target *t, const struct ss_claim *claim,
                             struct ss_slice name, struct ss_slice value, bool *bad)
{
    const struct ss_field *entry = t->fields[t->n - 1]->message->fields;
    size_t start = b->out->len;
    enum ss_err err = put_text(b, &entry[0], t->key, name, "in the key: ", bad);
    if (err || *bad)
        return err;
    bool added;
    struct ss_slice key = ss_slice_of(b->out->ptr + start, b->out->len - start);
    err = ss_map_keys_add(&b->keys, claim, key, b->a, &added);
    if (err)
        return fail(b, err);
    if (!added) {
        *bad = true;
        return violate(b, name, "is given more than once", SS_LIT(""));
    }
    return put_text(b, &entry[1], value, name, "in the query: ", bad);
}

static enum ss_err put_param(struct binder *b, const struct ss_target *t, const struct ss_claim *claim,
                             struct ss_slice name, struct ss_slice value)
{
    size_t start = b->out->len;
    bool bad = false;
    enum ss_err err =
        t->has_key ? put_entry(b, t, claim, name, value, &bad)
                   : put_text(b, t->fields[t->n - 1], value, name, b->form ? "" : "in the query: ", &bad);
    if (err || bad) {
        b->out->len = start;
        return err;
    }
    err = ss_emit_wrap(b->out, start, t->fields, t->has_key ? t->n : t->n - 1);
    if (err == SS_OK && b->body_message)
        err = ss_emit_wrap(b->out, start, &b->body_message, 1);
    return err ? fail(b, err) : SS_OK;
}

/* NULL when the body leaves the field to the query. */
static const char *refusal_of_body(const struct binder *b, const struct ss_field *first)
{
    const struct ss_field *body = b->route->body_field;
    if (b->form)
        return NULL;
    if (b->route->body_is_all || body == first)
        return "belongs to the request body";
    return body && body->oneof >= 0 && body->oneof == first->oneof
               ? "is a member of the oneof to which the request body belongs"
               : NULL;
}

static enum ss_err violate_claim(struct binder *b, enum ss_claim_result result, const struct ss_claim *other,
                                 struct ss_slice name)
{
    if (result == SS_CLAIM_ONEOF) {
        const struct ss_field *f = other->field;
        struct ss_slice text =
            ss_arena_printf(b->a, "\"%.*s\" of the same oneof \"%.*s\" is set too", SS_FMT(f->json_name),
                            SS_FMT(f->parent->oneofs[f->oneof].name));
        return violate(b, name, "cannot be set: ", text);
    }
    if (other->owner == SS_CLAIM_PATH)
        return violate(b, name, "is set by the path", SS_LIT(""));
    return violate(b, name, "is given more than once", SS_LIT(""));
}

static bool is_ignored(const struct binder *b, struct ss_slice name)
{
    const struct ss_route_options *o = b->route->rule.options;
    for (size_t i = 0; i < o->n_ignored_query_parameters; i++)
        if (ss_slice_eq(o->ignored_query_parameters[i], name))
            return true;
    return false;
}

static bool ignores_unknown(const struct binder *b)
{
    const struct ss_route_options *o = b->route->rule.options;
    return o->ignore_unknown_query_parameters || (b->form && o->in.ignore_unknown_fields);
}

static enum ss_err bind_param(struct binder *b, struct ss_slice name, struct ss_slice value)
{
    struct ss_target t;
    struct ss_slice why;
    enum ss_target_result found = ss_target_resolve(b->root, name, b->a, &t, &why);
    if (found == SS_TARGET_UNKNOWN && ignores_unknown(b))
        return SS_OK;
    if (found != SS_TARGET_FOUND)
        return violate(b, name, "", why);
    if (b->route->rule.options->in.lenient && !t.has_key && ss_text_is_unset(t.fields[t.n - 1], value))
        return SS_OK;
    const char *refusal = refusal_of_body(b, t.fields[0]);
    if (refusal)
        return violate(b, name, refusal, SS_LIT(""));
    const struct ss_claim *claim;
    enum ss_claim_result taken =
        ss_claim_take(&b->claims, (struct ss_field_path){t.fields, t.n}, SS_CLAIM_QUERY, b->a, &claim);
    if (taken == SS_CLAIM_NO_MEMORY)
        return fail(b, SS_ERR_LIMIT);
    if (taken != SS_CLAIM_OK)
        return violate_claim(b, taken, claim, name);
    return put_param(b, &t, claim, name, value);
}

static enum ss_err bind_params(struct binder *b, struct ss_slice query)
{
    struct ss_query_param raw;
    while (ss_query_next(&query, &raw)) {
        struct ss_slice name, value = {0};
        enum ss_err err = ss_percent_decode(raw.name, true, b->a, &name);
        if (err == SS_ERR_INVALID)
            name = ss_slice_of(raw.name.ptr, ss_utf8_valid_len(raw.name));
        if (err == SS_OK)
            err = ss_percent_decode(raw.value, true, b->a, &value);
        if (err == SS_ERR_INVALID)
            err = violate(b, name, "holds a malformed percent escape, %00, or bad UTF-8", SS_LIT(""));
        else if (err)
            err = fail(b, err);
        else if (!b->form && ss_system_of(&b->route->rule, name) != SS_SYSTEM_NONE)
            continue;
        else if (!is_ignored(b, name))
            err = bind_param(b, name, value);
        if (err)
            return err;
    }
    return SS_OK;
}

/* Whether the body may have set what variable path sets. */
static bool body_reaches(const struct ss_route *r, struct ss_field_path path)
{
    return r->body_is_all || (r->body_field && r->body_field == path.fields[0]);
}

static enum ss_err bind_variables(struct binder *b, const struct ss_route_match *m)
{
    for (size_t i = 0; i < m->n_values; i++) {
        struct ss_field_path path = b->route->variables[i];
        const struct ss_field *leaf = path.fields[path.n - 1];
        size_t start = b->out->len;
        enum ss_err err = SS_OK;
        if (leaf->message && body_reaches(b->route, path))
            err = ss_emit_zeros(b->out, leaf);
        bool bad;
        if (err)
            return fail(b, err);
        err = put_text(b, leaf, m->values[i], b->route->template.variables[i].field_path,
                       "in the path: ", &bad);
        if (err)
            return err;
        err = bad ? SS_OK : ss_emit_wrap(b->out, start, path.fields, path.n - 1);
        if (err)
            return fail(b, err);
    }
    return SS_OK;
}

static enum ss_err claim_variables(struct binder *b)
{
    const struct ss_claim *claim;
    for (size_t i = 0; i < b->route->template.n_variables; i++)
        if (ss_claim_take(&b->claims, b->route->variables[i], SS_CLAIM_PATH, b->a, &claim) ==
            SS_CLAIM_NO_MEMORY)
            return fail(b, SS_ERR_LIMIT);
    return SS_OK;
}

/* Leaves out as it was unless all went well. */
static enum ss_err finish(struct binder *b, enum ss_err err, size_t start)
{
    if (err == SS_OK && b->violations)
        err = SS_ERR_INVALID;
    if (err)
        b->out->len = start;
    return err;
}

enum ss_err ss_route_bind(const struct ss_route_match *m, struct ss_slice query,
                          const struct ss_hash_key *key, struct ss_arena *a, struct ss_buf *out,
                          struct ss_status *st)
{
    struct binder b = {.route = m->route,
                       .root = m->route->rule.method->input,
                       .a = a,
                       .out = out,
                       .st = st,
                       .keys.hash_key = key};
    size_t start = out->len;
    enum ss_err err = SS_OK;
    if (query.len) {
        err = claim_variables(&b);
        if (err == SS_OK)
            err = bind_params(&b, query);
    }
    if (err == SS_OK)
        err = bind_variables(&b, m);
    return finish(&b, err, start);
}

enum ss_err ss_route_bind_form(const struct ss_route_match *m, struct ss_slice form,
                               const struct ss_hash_key *key, struct ss_arena *a, struct ss_buf *out,
                               struct ss_status *st)
{
    const struct ss_route *r = m->route;
    struct binder b = {.route = r,
                       .root = r->rule.method->input,
                       .form = true,
                       .a = a,
                       .out = out,
                       .st = st,
                       .keys.hash_key = key};
    if (r->body_field) {
        if (r->body_field->message == NULL || r->body_field->repeated)
            return ss_status_set(st, a, SS_ERR_MEDIA_TYPE,
                                 "a form cannot fill \"%.*s\", which is not a message",
                                 SS_FMT(r->body_field->json_name));
        b.root = r->body_field->message;
        b.body_message = r->body_field;
    }
    size_t start = out->len;
    return finish(&b, bind_params(&b, form), start);
}
