/* Enters what files declare into the symbol tree, and lists messages, enums, services and extensions with the
 * features of their scopes. Recursion is as deep as messages nest, which wire_scan.c has bounded. */
#include "schema/builtin.h"
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

static enum ss_err check_name(struct ss_load *l, const struct ss_file *file, const struct ss_symbol *parent,
                              struct ss_slice name)
{
    if (ss_name_is_identifier(name))
        return SS_OK;
    return ss_load_fail(l, file, parent, "\"%.*s\" is not a name", (int)(name.len < 64 ? name.len : 64),
                        name.len ? name.ptr : "");
}

/* What a scope holds under a name: SS_SYMBOL_EXISTS, or ADDED with a symbol whose name is kept. full_name:
 * where to put it, as long-lived as the schema; NULL: the name alone is kept, in work. */
static enum ss_err enter(struct ss_load *l, const struct ss_file *file, const struct ss_symbol *parent,
                         const char *cname, enum ss_symbol_kind kind, struct ss_slice *full_name,
                         struct ss_symbol **out, enum ss_symbol_result *result)
{
    struct ss_slice name = ss_slice_str(cname);
    enum ss_err err = check_name(l, file, parent, name);
    if (err != SS_OK)
        return err;
    *result = ss_symbols_add(&l->symbols, parent, name, kind, file, out);
    if (*result == SS_SYMBOL_EXISTS)
        return SS_OK;
    if (*result != SS_SYMBOL_ADDED)
        return add_result(l, file, parent, *result, NULL);
    if (full_name) {
        *full_name = ss_load_full_name(l, *out);
        if (full_name->ptr)
            (*out)->name.ptr = full_name->ptr + full_name->len - name.len;
        return full_name->ptr ? SS_OK : ss_load_too_large(l);
    }
    char *copy = ss_load_work(l, name.len + 1, 1);
    if (copy == NULL)
        return ss_load_too_large(l);
    memcpy(copy, name.ptr, name.len);
    (*out)->name.ptr = copy;
    return SS_OK;
}

/* Why a definition of the open file may not be there twice; SS_OK: it is equal to the one that is there, or
 * it belongs to options, which are nobody's message, and the first counts. */
static enum ss_err check_equal(struct ss_load *l, const struct ss_file *file, const struct ss_symbol *there,
                               enum ss_symbol_kind kind, struct ss_digest a, const struct ss_digest *b)
{
    if (b == NULL || there->kind != kind || there->file == file)
        return add_result(l, file, NULL, SS_SYMBOL_EXISTS, there);
    if ((a.a == b->a && a.b == b->b) || (file->of_options && there->file->of_options))
        return SS_OK;
    return ss_load_fail(l, file, there,
                        "differs from the one of the same name in %.*s: %.*s; only equal ones may come twice",
                        SS_FMT(there->file->origin), SS_FMT(there->file->name));
}

struct ss_symbol *ss_load_member(struct ss_load *l, const struct ss_file *file, const struct ss_symbol *scope,
                                 const char *cname, enum ss_symbol_kind kind)
{
    struct ss_slice name = ss_slice_str(cname);
    const struct ss_symbol *there = ss_symbols_child(&l->symbols, scope, name);
    struct ss_symbol *s = NULL;
    if (check_name(l, file, scope, name) != SS_OK)
        return NULL;
    if (there) {
        (void)add_result(l, file, scope, SS_SYMBOL_EXISTS, there);
        return NULL;
    }
    enum ss_symbol_result result = ss_symbols_add(&l->members, scope, name, kind, file, &s);
    return add_result(l, file, scope, result, s) == SS_OK ? s : NULL;
}

/* A package may be declared in many files. */
static enum ss_err add_package(struct ss_load *l, const struct ss_file *file, const struct ss_symbol **out)
{
    struct ss_slice rest = file->package;
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

static bool is_nested(const struct ss_symbol *scope)
{
    return scope->kind != SS_SYMBOL_PACKAGE;
}

static enum ss_err declare_values(struct ss_load *l, const struct ss_file *file,
                                  const struct ss_symbol *scope, const struct ss_enum *e)
{
    for (size_t i = 0; i < e->n_values; i++) {
        struct ss_symbol *s = NULL;
        enum ss_err err = check_name(l, file, scope, e->values[i].name);
        if (err == SS_OK) {
            enum ss_symbol_result result =
                ss_symbols_add(&l->symbols, scope, e->values[i].name, SS_SYMBOL_ENUM_VALUE, file, &s);
            err = add_result(l, file, scope, result, s);
        }
        if (err != SS_OK)
            return err;
    }
    return SS_OK;
}

static enum ss_err declare_enum(struct ss_load *l, const struct ss_file *file, const struct ss_symbol *scope,
                                const struct ss_features *features, const pb_enum *p)
{
    struct ss_digest digest = {0};
    struct ss_slice full_name;
    struct ss_symbol *s = NULL;
    enum ss_symbol_result result;
    if (!is_nested(scope))
        digest = ss_digest_of_enum(file, p);
    enum ss_err err = enter(l, file, scope, p->name, SS_SYMBOL_ENUM, &full_name, &s, &result);
    if (err != SS_OK)
        return err;
    if (result == SS_SYMBOL_EXISTS)
        return check_equal(l, file, s, SS_SYMBOL_ENUM, digest,
                           s->def ? &((struct ss_enum_def *)s->def)->digest : NULL);
    struct ss_enum_def *def = ss_load_work(l, 1, sizeof(*def));
    if (def == NULL || (def->out = ss_load_keep(l, 1, sizeof *def->out)) == NULL)
        return ss_load_too_large(l);
    def->file = file;
    def->symbol = s;
    def->digest = digest;
    def->features = *features;
    def->out->full_name = full_name;
    if (!file->proto2 && !file->proto3 && p->options &&
        !ss_features_merge(features, &p->options->base, SS_FEATURES_OF_ENUM, &def->features))
        return ss_load_fail(l, file, s, "a feature has an unknown value");
    s->def = def;
    *l->enums_tail = def;
    l->enums_tail = &def->next;
    l->n_enums++;
    err = ss_load_enum(l, def, p);
    return err == SS_OK ? declare_values(l, file, scope, def->out) : err;
}

static enum ss_err declare_extension(struct ss_load *l, const struct ss_file *file,
                                     const struct ss_symbol *scope, const struct ss_features *features,
                                     const pb_field *p)
{
    struct ss_digest digest = {0};
    struct ss_symbol *s = NULL;
    enum ss_symbol_result result;
    if (!is_nested(scope))
        digest = ss_digest_of_extension(file, p);
    enum ss_err err = enter(l, file, scope, p->name, SS_SYMBOL_EXTENSION, NULL, &s, &result);
    if (err != SS_OK)
        return err;
    if (result == SS_SYMBOL_EXISTS)
        return check_equal(l, file, s, SS_SYMBOL_EXTENSION, digest,
                           s->def ? &((struct ss_extension_def *)s->def)->digest : NULL);
    struct ss_extension_def *def = ss_load_work(l, 1, sizeof(*def));
    const pb_field *copy = ss_load_keep_field(l, p);
    if (def == NULL || copy == NULL)
        return ss_load_too_large(l);
    *def = (struct ss_extension_def){
        .proto = copy, .file = file, .symbol = s, .digest = digest, .features = features};
    s->def = def;
    *l->extensions_tail = def;
    l->extensions_tail = &def->next;
    return SS_OK;
}

static enum ss_err declare_extensions(struct ss_load *l, const struct ss_file *file,
                                      const struct ss_symbol *scope, const struct ss_features *features,
                                      pb_field **v, size_t n)
{
    enum ss_err err = SS_OK;
    for (size_t i = 0; i < n && err == SS_OK; i++)
        err = declare_extension(l, file, scope, features, v[i]);
    return err;
}

static enum ss_err make_message(struct ss_load *l, const struct ss_file *file, struct ss_symbol *s,
                                struct ss_slice full_name, const struct ss_features *features,
                                const pb_message *p, struct ss_message_def **out)
{
    struct ss_message_def *def = *out = ss_load_work(l, 1, sizeof(*def));
    if (def == NULL)
        return ss_load_too_large(l);
    *def = (struct ss_message_def){
        .proto = p, .file = file, .symbol = s, .full_name = full_name, .features = *features};
    def->extensions_tail = &def->extensions;
    def->map_entry = p->options && p->options->map_entry;
    def->message_set = p->options && p->options->message_set_wire_format;
    s->def = def;
    *l->messages_tail = def;
    l->messages_tail = &def->next;
    l->n_messages++;
    if (!file->proto2 && !file->proto3 && p->options &&
        !ss_features_merge(features, &p->options->base, SS_FEATURES_OF_MESSAGE, &def->features))
        return ss_load_fail(l, file, s, "a feature has an unknown value");
    enum ss_err err = ss_load_ranges(l, def);
    def->proto = NULL;
    return err;
}

static enum ss_err declare_message(struct ss_load *l, const struct ss_file *file,
                                   const struct ss_symbol *scope, const struct ss_features *features,
                                   const pb_message *p)
{
    struct ss_digest digest = {0};
    struct ss_message_def *def = NULL;
    struct ss_slice full_name;
    struct ss_symbol *s = NULL;
    enum ss_symbol_result result;
    if (!is_nested(scope))
        digest = ss_digest_of_message(file, p);
    enum ss_err err = enter(l, file, scope, p->name, SS_SYMBOL_MESSAGE, &full_name, &s, &result);
    if (err != SS_OK)
        return err;
    if (result == SS_SYMBOL_EXISTS)
        return check_equal(l, file, s, SS_SYMBOL_MESSAGE, digest,
                           s->def ? &((struct ss_message_def *)s->def)->digest : NULL);
    err = make_message(l, file, s, full_name, features, p, &def);
    if (err != SS_OK)
        return err;
    def->digest = digest;
    for (size_t i = 0; i < p->n_enum_type && err == SS_OK; i++)
        err = declare_enum(l, file, s, &def->features, p->enum_type[i]);
    if (err == SS_OK)
        err = declare_extensions(l, file, s, &def->features, p->extension, p->n_extension);
    for (size_t i = 0; i < p->n_nested_type && err == SS_OK; i++)
        err = declare_message(l, file, s, &def->features, p->nested_type[i]);
    return err;
}

static enum ss_err declare_service(struct ss_load *l, const struct ss_file *file,
                                   const struct ss_symbol *scope, const pb_service *p)
{
    struct ss_digest digest = ss_digest_of_service(p);
    struct ss_slice full_name;
    struct ss_symbol *s = NULL;
    enum ss_symbol_result result;
    enum ss_err err = enter(l, file, scope, p->name, SS_SYMBOL_SERVICE, &full_name, &s, &result);
    if (err != SS_OK)
        return err;
    struct ss_service_def *def = result == SS_SYMBOL_EXISTS ? s->def : ss_load_work(l, 1, sizeof(*def));
    if (result == SS_SYMBOL_EXISTS) {
        err = check_equal(l, file, s, SS_SYMBOL_SERVICE, digest, def ? &def->digest : NULL);
        if (err == SS_OK && def)
            def->given = def->given || file->given;
        return err;
    }
    if (def == NULL)
        return ss_load_too_large(l);
    *def = (struct ss_service_def){
        .file = file, .symbol = s, .full_name = full_name, .digest = digest, .given = file->given};
    s->def = def;
    *l->services_tail = def;
    l->services_tail = &def->next;
    l->n_services++;
    return SS_OK;
}

static bool extends_options(const pb_file *p)
{
    static const struct ss_slice start = {".google.protobuf.", 17}, end = {"Options", 7};
    for (size_t i = 0; i < p->n_extension; i++) {
        struct ss_slice name = ss_slice_str(p->extension[i]->extendee);
        if (name.len > start.len + end.len && memcmp(name.ptr, start.ptr, start.len) == 0 &&
            memcmp(name.ptr + name.len - end.len, end.ptr, end.len) == 0)
            return true;
    }
    return false;
}

static enum ss_err declare_file(struct ss_load *l, struct ss_file *f)
{
    const struct ss_symbol *package = NULL;
    const pb_file *p = l->open;
    f->of_options = (extends_options(p) || ss_slice_eq(f->package, SS_LIT("google.api"))) &&
                    ss_builtin_kind_of(f->name) != SS_BUILTIN_PINNED;
    if (!f->proto2 && !f->proto3 && p->options) {
        struct ss_features defaults = f->features;
        if (!ss_features_merge(&defaults, &p->options->base, SS_FEATURES_OF_FILE, &f->features))
            return ss_load_fail(l, f, NULL, "a feature of the file has an unknown value");
    }
    enum ss_err err = add_package(l, f, &package);
    for (size_t i = 0; i < p->n_message_type && err == SS_OK; i++)
        err = declare_message(l, f, package, &f->features, p->message_type[i]);
    for (size_t i = 0; i < p->n_enum_type && err == SS_OK; i++)
        err = declare_enum(l, f, package, &f->features, p->enum_type[i]);
    if (err == SS_OK)
        err = declare_extensions(l, f, package, &f->features, p->extension, p->n_extension);
    for (size_t i = 0; i < p->n_service && err == SS_OK; i++)
        err = declare_service(l, f, package, p->service[i]);
    f->scope = package;
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
    for (size_t i = 0; i < l->n_files && err == SS_OK; i++) {
        err = ss_load_open(l, l->files[i]);
        if (err == SS_OK)
            err = declare_file(l, l->files[i]);
        ss_load_close(l);
    }
    return err;
}
