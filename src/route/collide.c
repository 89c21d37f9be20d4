/* Does the body say something else than the path? Both are compared as wire bytes, which are canonical: the
 * body's were written by the transcoder. */
#include "route/compile.h"
#include "wire/reader.h"

/* The last value, with its tag, of the field that path leads to in wire; empty when there is none. */
static struct ss_slice find_last(struct ss_slice wire, const struct ss_field *const *path, size_t n)
{
    struct ss_slice found = {0};
    const char *p = wire.ptr, *end = p + wire.len;
    while (p && p < end) {
        const char *start = p;
        uint32_t tag;
        struct ss_slice inner = {0};
        p = ss_wire_get_tag(p, end, &tag);
        if (p == NULL)
            break;
        bool mine = tag >> 3 == path[0]->number;
        const char *content = p;
        p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
        if (!mine || p == NULL)
            continue;
        if (n == 1) {
            found = ss_slice_of(start, (size_t)(p - start));
            continue;
        }
        if ((tag & 7) == SS_WIRE_BYTES)
            ss_wire_get_bytes(content, end, &inner);
        else if ((tag & 7) == SS_WIRE_GROUP) /* whose end's tag is as long as its start's */
            inner = ss_slice_of(content, (size_t)(p - content) - (size_t)(content - start));
        struct ss_slice deeper = find_last(inner, path + 1, n - 1);
        if (deeper.len)
            found = deeper;
    }
    return found;
}

static struct ss_slice path_name(const struct ss_field_path *path, struct ss_arena *a)
{
    struct ss_slice name = path->fields[0]->json_name;
    for (size_t i = 1; i < path->n; i++)
        name = ss_arena_printf(a, "%.*s.%.*s", SS_FMT(name), SS_FMT(path->fields[i]->json_name));
    return name;
}

enum ss_err ss_route_check_collisions(const struct ss_route_match *m, struct ss_slice body,
                                      struct ss_arena *a, struct ss_status *st)
{
    enum ss_err err = SS_OK;
    for (size_t i = 0; i < m->n_values; i++) {
        const struct ss_field_path *path = &m->route->variables[i];
        struct ss_slice in_body = find_last(body, path->fields, path->n), ignored;
        if (in_body.len == 0)
            continue;
        struct ss_buf wanted;
        ss_buf_init(&wanted, 64 * 1024);
        enum ss_err text = ss_text_to_wire(path->fields[path->n - 1], m->values[i],
                                           m->route->rule.options->in.lenient, a, &wanted, &ignored);
        if (text == SS_OK && !ss_slice_eq(in_body, ss_buf_slice(&wanted)))
            err =
                ss_status_violation(st, a, path_name(path, a),
                                    "the path says \"%.*s\", the body something else", SS_FMT(m->values[i]));
        ss_buf_dispose(&wanted);
    }
    return err;
}
