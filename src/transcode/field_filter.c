#include "transcode/field_filter_node.h"

enum {
    MAX_DEPTH = 200, /* of names and stars: no answer is deeper */
    SHOWN = 200,     /* bytes of a name in a message */
};
#define FIELDS SS_LIT("$fields")

struct filter_parser {
    const struct ss_message *root;
    struct ss_slice path; /* the one being read */
    struct ss_arena *arena;
    struct ss_status *st;
};

/* The message type that paths behind f go on in; NULL: none. */
static const struct ss_message *values_of(const struct ss_field *f)
{
    const struct ss_message *m = f->map ? f->message->fields[1].message : f->message;
    return m && (m->wkt == SS_WKT_NONE || m->wkt == SS_WKT_EMPTY || m->wkt == SS_WKT_HTTP_BODY) ? m : NULL;
}

const struct ss_message *ss_field_filter_root(const struct ss_message *output,
                                              const struct ss_field *response_body)
{
    if (!response_body)
        return output;
    return response_body->map ? response_body->message->fields[1].message : response_body->message;
}

static struct ss_slice trim(struct ss_slice s)
{
    while (s.len && s.ptr[0] == ' ')
        s = ss_slice_skip(s, 1);
    while (s.len && s.ptr[s.len - 1] == ' ')
        s.len--;
    return s;
}

/* Takes what is before the next separator off *rest. Dots and commas inside [] do not separate. */
static struct ss_slice cut(struct ss_slice *rest, char separator)
{
    size_t i = 0;
    bool bracket = false;
    for (; i < rest->len && (bracket || rest->ptr[i] != separator); i++)
        bracket = rest->ptr[i] == '[' || (bracket && rest->ptr[i] != ']');
    struct ss_slice head = ss_slice_of(rest->ptr, i);
    *rest = ss_slice_skip(*rest, i < rest->len ? i + 1 : i);
    return head;
}

/* The child of parent for f, made if need be; NULL when out of memory. */
static struct ss_field_filter *child_of(struct filter_parser *p, struct ss_field_filter *parent,
                                        const struct ss_field *f)
{
    struct ss_field_filter **link = &parent->children;
    while (*link && (*link)->field->index < f->index)
        link = &(*link)->next;
    struct ss_field_filter *behind = *link;
    if (behind && behind->field == f)
        return behind;
    struct ss_field_filter *node = ss_arena_try(p->arena, sizeof *node);
    if (!node)
        return NULL;
    *node = (struct ss_field_filter){.field = f, .next = behind};
    return *link = node;
}

static enum ss_err refuse(struct filter_parser *p, const struct ss_message *m, struct ss_slice name)
{
    const struct ss_field *near = m ? ss_message_nearest_field(m, name) : NULL;
    struct ss_slice path = p->path;
    if (path.len > SHOWN)
        path.len = SHOWN;
    if (name.len > SHOWN)
        name.len = SHOWN;
    if (!m)
        return ss_status_violation(p->st, p->arena, FIELDS,
                                   "\"%.*s\" names no field: there is nothing to choose from at \"%.*s\"",
                                   SS_FMT(path), SS_FMT(name));
    return ss_status_violation(
        p->st, p->arena, FIELDS, "\"%.*s\" names no field: %.*s has no \"%.*s\"%s%.*s%s", SS_FMT(path),
        SS_FMT(m->full_name), SS_FMT(name), near ? "; did you mean \"" : "",
        near ? (int)near->json_name.len : 0, near ? near->json_name.ptr : "", near ? "\"?" : "");
}

static enum ss_err add_path(struct filter_parser *p, struct ss_field_filter *node)
{
    const struct ss_message *m = p->root;
    struct ss_slice rest = p->path;
    const char *end = rest.ptr + rest.len;
    bool elements = false; /* a "*" may stand for them here */
    for (unsigned depth = 0;; depth++) {
        struct ss_slice name = cut(&rest, '.');
        bool last = name.ptr + name.len == end, star = ss_slice_eq(name, SS_LIT("*"));
        if (star && last && (m || elements)) {
            node->whole = true;
            return SS_OK;
        }
        if (star && elements && m) {
            elements = false;
            continue;
        }
        const struct ss_field *f = m ? ss_message_field(m, name) : NULL;
        if (!f || depth > MAX_DEPTH)
            return refuse(p, m, name);
        node = child_of(p, node, f);
        if (!node)
            return ss_status_set(p->st, p->arena, SS_ERR_MEMORY, "%s", ss_err_text(SS_ERR_MEMORY));
        if (last) {
            node->whole = true;
            return SS_OK;
        }
        m = values_of(f);
        elements = f->repeated;
    }
}

enum ss_err ss_field_filter_new(const struct ss_message *m, struct ss_slice text, struct ss_arena *a,
                                const struct ss_field_filter **out, struct ss_status *st)
{
    struct filter_parser p = {.arena = a, .st = st};
    struct ss_field_filter *root = ss_arena_alloc(a, sizeof *root);
    bool own_form = m && m->wkt != SS_WKT_NONE && m->wkt != SS_WKT_EMPTY && m->wkt != SS_WKT_HTTP_BODY;
    p.root = own_form ? NULL : m;
    *root = (struct ss_field_filter){0};
    *out = NULL;
    text = trim(text);
    if (text.len == 0 || ss_slice_eq(text, SS_LIT("*")))
        return SS_OK;
    while (text.len) {
        p.path = trim(cut(&text, ','));
        enum ss_err err = add_path(&p, root);
        if (err)
            return err;
    }
    if (!root->whole)
        *out = root;
    return SS_OK;
}
