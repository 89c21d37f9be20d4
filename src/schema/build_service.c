#include "schema/load.h"
#include "schema/wire_scan.h"

enum {
    HTTP_RULE = 72295728
}; /* (google.api.http) in MethodOptions: an extension, so protobuf-c leaves it raw */

#define FAIL(b, ...) ss_load_fail((b)->l, (b)->file, (b)->symbol, __VA_ARGS__)

struct method_build {
    struct ss_load *l;
    const struct ss_file *file;
    const struct ss_symbol *symbol;
    const pb_method *p;
    struct ss_method *m;
};

static enum ss_err set_type(struct method_build *b, const char *type_name, const char *what,
                            const struct ss_message **out)
{
    struct ss_slice name = ss_slice_str(type_name);
    const struct ss_symbol *s = ss_symbols_resolve(&b->l->symbols, b->symbol->parent, name);
    if (s == NULL || s->kind != SS_SYMBOL_MESSAGE)
        return FAIL(b, "its %s type %.*s is not a message that is defined", what,
                    (int)(name.len < 256 ? name.len : 256), name.len ? name.ptr : "");
    *out = ((const struct ss_message_def *)s->def)->out;
    return SS_OK;
}

static enum ss_err set_names(struct method_build *b)
{
    struct ss_method *m = b->m;
    struct ss_slice full = ss_load_full_name(b->l, b->symbol);
    char *path = ss_arena_try(&b->l->schema->arena, full.len + 2);
    if (full.ptr == NULL || path == NULL)
        return ss_load_too_large(b->l);
    size_t service_len = b->symbol->parent->full_len;
    path[0] = '/';
    memcpy(path + 1, full.ptr, full.len + 1);
    path[1 + service_len] = '/';
    m->full_name = full;
    m->path = ss_slice_of(path, full.len + 1);
    m->name = ss_slice_skip(full, service_len + 1);
    return SS_OK;
}

/* Several occurrences of one message field merge, which on the wire is to stand behind one another. */
static enum ss_err set_http_rule(struct method_build *b)
{
    const ProtobufCMessage *options = b->p->options ? &b->p->options->base : NULL;
    struct ss_slice part;
    size_t len = 0, cursor = 0;
    while (ss_unknown_bytes(options, HTTP_RULE, &cursor, &part))
        len += part.len;
    if (len == 0)
        return SS_OK;
    char *bytes = ss_arena_try(&b->l->schema->arena, len);
    if (bytes == NULL)
        return ss_load_too_large(b->l);
    b->m->http_rule = ss_slice_of(bytes, len);
    cursor = 0;
    while (ss_unknown_bytes(options, HTTP_RULE, &cursor, &part)) {
        if (part.len)
            memcpy(bytes, part.ptr, part.len);
        bytes += part.len;
    }
    return SS_OK;
}

static enum ss_err build_method(struct method_build *b)
{
    const pb_method *p = b->p;
    b->m->client_streaming = p->client_streaming;
    b->m->server_streaming = p->server_streaming;
    b->m->deprecated = p->options && p->options->deprecated;
    enum ss_err err = set_type(b, p->input_type, "input", &b->m->input);
    if (err == SS_OK)
        err = set_type(b, p->output_type, "output", &b->m->output);
    if (err == SS_OK)
        err = set_names(b);
    return err == SS_OK ? set_http_rule(b) : err;
}

static enum ss_err build_service(struct ss_load *l, const struct ss_service_def *def, const pb_service *p)
{
    struct ss_service *s = def->out;
    struct ss_method *methods = ss_load_keep(l, p->n_method, sizeof(*methods));
    enum ss_err err = SS_OK;
    s->file = ss_load_copy(l, def->file->name);
    if (methods == NULL || s->file.ptr == NULL)
        return ss_load_too_large(l);
    for (size_t i = 0; i < p->n_method && err == SS_OK; i++) {
        const struct ss_symbol *symbol =
            ss_load_member(l, def->file, def->symbol, p->method[i]->name, SS_SYMBOL_METHOD);
        if (symbol == NULL)
            return SS_ERR_CONFIG;
        struct method_build b = {l, def->file, symbol, p->method[i], &methods[i]};
        methods[i].service = s;
        err = build_method(&b);
    }
    s->set = def->file->set;
    s->given = def->given;
    s->methods = methods;
    s->n_methods = p->n_method;
    l->schema->n_methods += p->n_method;
    return err;
}

enum ss_err ss_load_allocate_services(struct ss_load *l)
{
    struct ss_service *services = ss_load_keep(l, l->n_services, sizeof(*services));
    uint32_t index = 0;
    if (services == NULL)
        return ss_load_too_large(l);
    l->schema->services = services;
    l->schema->n_services = l->n_services;
    for (struct ss_service_def *d = l->services; d; d = d->next) {
        d->out = &services[index];
        d->out->index = index++;
        d->out->full_name = d->full_name;
    }
    return SS_OK;
}

enum ss_err ss_load_services(struct ss_load *l, const struct ss_file *f, const struct ss_symbol *package)
{
    enum ss_err err = SS_OK;
    for (size_t i = 0; i < l->open->n_service && err == SS_OK; i++) {
        const pb_service *p = l->open->service[i];
        const struct ss_symbol *s = ss_symbols_child(&l->symbols, package, ss_slice_str(p->name));
        const struct ss_service_def *def = s->def;
        if (def->file == f)
            err = build_service(l, def, p);
    }
    return err;
}
