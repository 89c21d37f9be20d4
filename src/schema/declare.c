/* Enters what files declare into the symbol tree, and lists messages, enums, services and extensions with the
 * features of their scopes. Recursion is as deep as messages nest, which wire_scan.c has bounded. */
#include "schema/load.h"
#include "schema/names.h"
#include "schema/wire_scan.h"

enum { MAX_PACKAGE_DEPTH = 100 };

static enum ss_err add_result(struct ss_load *l, const struct ss_file *file, const struct ss_symbol *parent,
                              enum ss_symbol_result result, const struct ss_symbol *there)
{
    switch (result) {
    case SS_SYMBOL_ADDED:
        return SS_OK;
    case SS_SYMBOL_EXISTS:
        return ss_load_fail(l, file, there, "defined twice, first in %.*s", SS_FMT(there->file->name));
    case SS_SYMBOL_TOO_LONG:
        return ss_load_fail(l, file, parent, "a name in it is longer than %d bytes", SS_SYMBOL_MAX_LEN);
    case SS_SYMBOL_NO_MEMORY:
        break;
    }
    return ss_load_too_large(l);
}

/* NULL when it failed, and said why. */
static struct ss_symbol *add(struct ss_load *l, const struct ss_file *file, const struct ss_symbol *parent,
                             const char *cname, enum ss_symbol_kind kind)
{
    struct ss_slice name = ss_slice_str(cname);
    struct ss_symbol *s = NULL;
    if (!ss_name_is_identifier(name)) {
        (void)ss_load_fail(l, file, parent, "\"%.*s\" is not a name", (int)(name.len < 64 ? name.len : 64),
                           name.len ? name.ptr : "");
        return NULL;
    }
    enum ss_symbol_result result = ss_symbols_add(&l->symbols, parent, name, kind, file, &s);
    return add_result(l, file, parent, result, s) == SS_OK ? s : NULL;
}

/* A package may be declared in many files. */
static enum ss_err add_package(struct ss_load *l, const struct ss_file *file, const struct ss_symbol **out)
{
    struct ss_slice rest = ss_slice_str(file->proto->package);
    *out = l->symbols.root;
    for (unsigned depth = 0; rest.len; depth++) {
        const char *dot = memchr(rest.ptr, '.', rest.len);
        struct ss_slice part = ss_slice_of(rest.ptr, dot ? (size_t)(dot - rest.ptr) : rest.len);
        rest = ss_slice_skip(rest, part.len + (dot ? 1 : 0));
        if (!ss_name_is_identifier(part) || (dot && rest.len == 0))
            return ss_load_fail(l, file, NULL, "the package's name is not valid");
        if (depth == MAX_PACKAGE_DEPTH)
            return ss_load_fail(l, file, NULL, "the package's name has more than %d parts",
                                MAX_PACKAGE_DEPTH);
        struct ss_symbol *s = NULL;
        enum ss_symbol_result result = ss_symbols_add(&l->symbols, *out, part, SS_SYMBOL_PACKAGE, file, &s);
        if (result != SS_SYMBOL_EXISTS || s->kind != SS_SYMBOL_PACKAGE) {
            enum ss_err err = add_result(l, file, *out, result, s);
            if (err != SS_OK)
                return err;
        }
        *out = s;
    }
    return SS_OK;
}

static enum ss_err declare_enum(struct ss_load *l, const struct ss_file *file, const struct ss_symbol *scope,
                                const struct ss_features *features, const pb_enum *p)
{
    struct ss_symbol *s = add(l, file, scope, p->name, SS_SYMBOL_ENUM);
    if (s == NULL)
        return SS_ERR_CONFIG;
    struct ss_enum_def *def = ss_load_work(l, 1, sizeof(*def));
    if (def == NULL)
        return ss_load_too_large(l);
    *def = (struct ss_enum_def){.proto = p, .file = file, .symbol = s, .features = *features};
    if (!file->proto2 && !file->proto3 && p->options &&
        !ss_features_merge(features, &p->options->base, SS_FEATURES_OF_ENUM, &def->features))
        return ss_load_fail(l, file, s, "a feature has an unknown value");
    s->def = def;
    *l->enums_tail = def;
    l->enums_tail = &def->next;
    l->n_enums++;
    for (size_t i = 0; i < p->n_value; i++)
        if (add(l, file, scope, p->value[i]->name, SS_SYMBOL_ENUM_VALUE) == NULL)
            return SS_ERR_CONFIG;
    return SS_OK;
}

static enum ss_err declare_extensions(struct ss_load *l, const struct ss_file *file,
                                      const struct ss_symbol *scope, const struct ss_features *features,
                                      pb_field **v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ss_symbol *s = add(l, file, scope, v[i]->name, SS_SYMBOL_EXTENSION);
        if (s == NULL)
            return SS_ERR_CONFIG;
        struct ss_extension_def *def = ss_load_work(l, 1, sizeof(*def));
        if (def == NULL)
            return ss_load_too_large(l);
        *def = (struct ss_extension_def){.proto = v[i], .file = file, .symbol = s, .features = features};
        *l->extensions_tail = def;
        l->extensions_tail = &def->next;
    }
    return SS_OK;
}

static enum ss_err declare_members(struct ss_load *l, struct ss_message_def *def)
{
    const pb_message *p = def->proto;
    enum ss_err err = SS_OK;
    for (size_t i = 0; i < p->n_field; i++)
        if (add(l, def->file, def->symbol, p->field[i]->name, SS_SYMBOL_FIELD) == NULL)
            return SS_ERR_CONFIG;
    for (size_t i = 0; i < p->n_oneof_decl; i++)
        if (add(l, def->file, def->symbol, p->oneof_decl[i]->name, SS_SYMBOL_ONEOF) == NULL)
            return SS_ERR_CONFIG;
    for (size_t i = 0; i < p->n_enum_type && err == SS_OK; i++)
        err = declare_enum(l, def->file, def->symbol, &def->features, p->enum_type[i]);
    if (err == SS_OK)
        err = declare_extensions(l, def->file, def->symbol, &def->features, p->extension, p->n_extension);
    return err;
}

static enum ss_err declare_message(struct ss_load *l, const struct ss_file *file,
                                   const struct ss_symbol *scope, const struct ss_features *features,
                                   const pb_message *p)
{
    struct ss_symbol *s = add(l, file, scope, p->name, SS_SYMBOL_MESSAGE);
    if (s == NULL)
        return SS_ERR_CONFIG;
    struct ss_message_def *def = ss_load_work(l, 1, sizeof(*def));
    if (def == NULL)
        return ss_load_too_large(l);
    *def = (struct ss_message_def){.proto = p, .file = file, .symbol = s, .features = *features};
    def->extensions_tail = &def->extensions;
    if (!file->proto2 && !file->proto3 && p->options &&
        !ss_features_merge(features, &p->options->base, SS_FEATURES_OF_MESSAGE, &def->features))
        return ss_load_fail(l, file, s, "a feature has an unknown value");
    s->def = def;
    *l->messages_tail = def;
    l->messages_tail = &def->next;
    l->n_messages++;
    enum ss_err err = declare_members(l, def);
    for (size_t i = 0; i < p->n_nested_type && err == SS_OK; i++)
        err = declare_message(l, file, s, &def->features, p->nested_type[i]);
    return err;
}

static enum ss_err declare_service(struct ss_load *l, const struct ss_file *file,
                                   const struct ss_symbol *scope, const pb_service *p)
{
    struct ss_symbol *s = add(l, file, scope, p->name, SS_SYMBOL_SERVICE);
    if (s == NULL)
        return SS_ERR_CONFIG;
    struct ss_service_def *def = ss_load_work(l, 1, sizeof(*def));
    if (def == NULL)
        return ss_load_too_large(l);
    *def = (struct ss_service_def){.proto = p, .file = file, .symbol = s};
    *l->services_tail = def;
    l->services_tail = &def->next;
    l->n_services++;
    for (size_t i = 0; i < p->n_method; i++)
        if (add(l, file, s, p->method[i]->name, SS_SYMBOL_METHOD) == NULL)
            return SS_ERR_CONFIG;
    return SS_OK;
}

static enum ss_err declare_file(struct ss_load *l, const struct ss_file *f)
{
    const struct ss_symbol *package = NULL;
    const pb_file *p = f->proto;
    enum ss_err err = add_package(l, f, &package);
    for (size_t i = 0; i < p->n_message_type && err == SS_OK; i++)
        err = declare_message(l, f, package, &f->features, p->message_type[i]);
    for (size_t i = 0; i < p->n_enum_type && err == SS_OK; i++)
        err = declare_enum(l, f, package, &f->features, p->enum_type[i]);
    if (err == SS_OK)
        err = declare_extensions(l, f, package, &f->features, p->extension, p->n_extension);
    for (size_t i = 0; i < p->n_service && err == SS_OK; i++)
        err = declare_service(l, f, package, p->service[i]);
    return err;
}

enum ss_err ss_load_declare(struct ss_load *l)
{
    enum ss_err err = SS_OK;
    l->messages_tail = &l->messages;
    l->enums_tail = &l->enums;
    l->services_tail = &l->services;
    l->extensions_tail = &l->extensions;
    if (!ss_symbols_init(&l->symbols, &l->work))
        return ss_load_too_large(l);
    for (size_t i = 0; i < l->n_files && err == SS_OK; i++)
        err = declare_file(l, l->files[i]);
    return err;
}
