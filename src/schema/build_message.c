/* Messages: their fields in order, oneofs, tables, and the shape of map entries. */
#include "schema/load.h"
#include "schema/table.h"
#include "schema/wire_scan.h"

enum {
    MAX_FIELDS = UINT16_MAX,
    MAX_ONEOFS = INT16_MAX,
    LEGACY_JSON_CONFLICTS =
        11, /* MessageOptions.deprecated_legacy_json_field_conflicts, newer than bookworm's */
};

#define FAIL(l, def, ...) ss_load_fail(l, (def)->file, (def)->symbol, __VA_ARGS__)

/* What a message has while it is built: one entry for each oneof as declared. */
struct oneof_build {
    size_t members;
    bool synthetic; /* made by protoc for a proto3 `optional` */
    int16_t index;  /* among the real ones; -1: synthetic */
    struct ss_features features;
};

static enum ss_wkt wkt_of(struct ss_slice full_name)
{
    static const struct {
        const char *name;
        enum ss_wkt wkt;
    } table[] = {
        {"google.protobuf.Any", SS_WKT_ANY},
        {"google.protobuf.Timestamp", SS_WKT_TIMESTAMP},
        {"google.protobuf.Duration", SS_WKT_DURATION},
        {"google.protobuf.FieldMask", SS_WKT_FIELD_MASK},
        {"google.protobuf.Struct", SS_WKT_STRUCT},
        {"google.protobuf.Value", SS_WKT_VALUE},
        {"google.protobuf.ListValue", SS_WKT_LIST_VALUE},
        {"google.protobuf.Empty", SS_WKT_EMPTY},
        {"google.protobuf.DoubleValue", SS_WKT_WRAPPER},
        {"google.protobuf.FloatValue", SS_WKT_WRAPPER},
        {"google.protobuf.Int64Value", SS_WKT_WRAPPER},
        {"google.protobuf.UInt64Value", SS_WKT_WRAPPER},
        {"google.protobuf.Int32Value", SS_WKT_WRAPPER},
        {"google.protobuf.UInt32Value", SS_WKT_WRAPPER},
        {"google.protobuf.BoolValue", SS_WKT_WRAPPER},
        {"google.protobuf.StringValue", SS_WKT_WRAPPER},
        {"google.protobuf.BytesValue", SS_WKT_WRAPPER},
        {"google.api.HttpBody", SS_WKT_HTTP_BODY},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (ss_slice_eq(full_name, ss_slice_str(table[i].name)))
            return table[i].wkt;
    return SS_WKT_NONE;
}

static enum ss_err count_members(struct ss_load *l, const struct ss_message_def *def,
                                 struct oneof_build *oneofs)
{
    const pb_message *p = def->proto;
    for (size_t i = 0; i < p->n_field; i++) {
        const pb_field *f = p->field[i];
        if (!f->has_oneof_index) {
            if (f->proto3_optional)
                return FAIL(l, def, "%s is proto3_optional but in no oneof", f->name);
            continue;
        }
        if (f->oneof_index < 0 || (size_t)f->oneof_index >= p->n_oneof_decl)
            return FAIL(l, def, "oneof_index %d of %s is out of range", f->oneof_index, f->name);
        oneofs[f->oneof_index].members++;
        oneofs[f->oneof_index].synthetic |= f->proto3_optional;
    }
    return SS_OK;
}

static enum ss_err build_oneofs(struct ss_load *l, const struct ss_message_def *def,
                                struct oneof_build *oneofs)
{
    const pb_message *p = def->proto;
    bool editions = !def->file->proto2 && !def->file->proto3;
    struct ss_oneof *out = ss_load_keep(l, p->n_oneof_decl, sizeof(*out));
    size_t n = 0;
    if (out == NULL)
        return ss_load_too_large(l);
    enum ss_err err = count_members(l, def, oneofs);
    for (size_t i = 0; i < p->n_oneof_decl && err == SS_OK; i++) {
        const Google__Protobuf__OneofDescriptorProto *o = p->oneof_decl[i];
        if (ss_load_member(l, def->file, def->symbol, o->name, SS_SYMBOL_ONEOF) == NULL)
            return SS_ERR_CONFIG;
        oneofs[i].features = def->features;
        if (oneofs[i].members == 0 || (oneofs[i].synthetic && oneofs[i].members > 1))
            return FAIL(l, def, "oneof %s has %zu members", o->name, oneofs[i].members);
        if (editions && o->options &&
            !ss_features_merge(&def->features, &o->options->base, SS_FEATURES_OF_ONEOF, &oneofs[i].features))
            return FAIL(l, def, "a feature of oneof %s has an unknown value", o->name);
        oneofs[i].index = oneofs[i].synthetic ? -1 : (int16_t)n;
        if (oneofs[i].synthetic)
            continue;
        out[n].name = ss_load_copy(l, ss_slice_str(o->name));
        if (out[n++].name.ptr == NULL)
            return ss_load_too_large(l);
    }
    def->out->oneofs = out;
    def->out->n_oneofs = n;
    return err;
}

static enum ss_err build_own_fields(struct ss_load *l, const struct ss_message_def *def,
                                    struct ss_field *fields)
{
    const pb_message *p = def->proto;
    struct oneof_build *oneofs = ss_load_scratch(l, p->n_oneof_decl, sizeof(*oneofs));
    if (oneofs == NULL)
        return ss_load_too_large(l);
    enum ss_err err = build_oneofs(l, def, oneofs);
    for (size_t i = 0; i < p->n_field && err == SS_OK; i++) {
        const pb_field *f = p->field[i];
        const struct oneof_build *oneof = f->has_oneof_index ? &oneofs[f->oneof_index] : NULL;
        const struct ss_symbol *s = ss_load_member(l, def->file, def->symbol, f->name, SS_SYMBOL_FIELD);
        if (s == NULL)
            return SS_ERR_CONFIG;
        fields[i].index = (uint16_t)i;
        err = ss_load_field(l, def, def->file, s, f, oneof ? &oneof->features : &def->features, &fields[i]);
        if (oneof)
            fields[i].oneof = oneof->index;
        def->out->n_required += fields[i].required;
    }
    return err;
}

static enum ss_err build_extensions(struct ss_load *l, const struct ss_message_def *def,
                                    struct ss_field *fields)
{
    enum ss_err err = SS_OK;
    size_t i = def->proto->n_field;
    for (const struct ss_extension_def *e = def->extensions; e && err == SS_OK; e = e->sibling, i++) {
        fields[i].index = (uint16_t)i;
        fields[i].extension = true;
        err = ss_load_field(l, def, e->file, e->symbol, e->proto, e->features, &fields[i]);
        if (err == SS_OK && def->out->message_set &&
            (fields[i].repeated || fields[i].type != SS_TYPE_MESSAGE))
            err = ss_load_fail(l, e->file, e->symbol, "an extension of a message set must be one message");
    }
    return err;
}

static bool is_map_key(const struct ss_field *f)
{
    return f->type != SS_TYPE_DOUBLE && f->type != SS_TYPE_FLOAT && f->type != SS_TYPE_BYTES &&
           f->type != SS_TYPE_ENUM && f->message == NULL;
}

static enum ss_err check_map_entry(struct ss_load *l, const struct ss_message_def *def)
{
    const struct ss_message *m = def->out;
    const struct ss_field *key = &m->fields[0], *value = &m->fields[1];
    if (m->n_fields != 2 || def->proto->n_field != 2 || m->n_oneofs || key->number != 1 ||
        value->number != 2 || key->repeated || value->repeated || key->required || value->required ||
        !is_map_key(key) || value->type == SS_TYPE_GROUP || !ss_slice_eq(key->name, SS_LIT("key")) ||
        !ss_slice_eq(value->name, SS_LIT("value")))
        return FAIL(l, def, "not the key and value that a map entry is");
    return SS_OK;
}

static enum ss_err build_tables(struct ss_load *l, const struct ss_message_def *def)
{
    const struct ss_field *a = NULL, *b = NULL;
    const Google__Protobuf__MessageOptions *o = def->proto->options;
    uint64_t conflicts_allowed = 0;
    ss_unknown_varint(o ? &o->base : NULL, LEGACY_JSON_CONFLICTS, &conflicts_allowed);
    bool strict = def->features.json == SS_JSON_ALLOW && !conflicts_allowed;
    switch (ss_table_of_message(def->out, strict, &l->schema->arena, &a, &b)) {
    case SS_TABLE_OK:
        return SS_OK;
    case SS_TABLE_NUMBER_TWICE:
        return FAIL(l, def, "%.*s and %.*s have the same field number %u", SS_FMT(a->name), SS_FMT(b->name),
                    (unsigned)a->number);
    case SS_TABLE_JSON_TWICE:
        return FAIL(l, def, "%.*s and %.*s have the same JSON name %.*s", SS_FMT(a->name), SS_FMT(b->name),
                    SS_FMT(a->json_name));
    case SS_TABLE_MEMORY:
        break;
    }
    return ss_load_too_large(l);
}

static enum ss_err build_message(struct ss_load *l, const struct ss_message_def *def)
{
    struct ss_message *m = def->out;
    const pb_message *p = def->proto;
    size_t n = p->n_field + def->n_extensions;
    if (n > MAX_FIELDS || p->n_oneof_decl > MAX_ONEOFS)
        return FAIL(l, def, "more than %d fields or %d oneofs", MAX_FIELDS, MAX_ONEOFS);
    if (m->message_set && p->n_field)
        return FAIL(l, def, "a message set cannot have fields of its own");
    struct ss_field *fields = ss_load_keep(l, n, sizeof(*fields));
    if (fields == NULL)
        return ss_load_too_large(l);
    m->fields = fields;
    m->n_fields = n;
    m->wkt = wkt_of(m->full_name);
    enum ss_err err = build_own_fields(l, def, fields);
    if (err == SS_OK)
        err = build_extensions(l, def, fields);
    if (err == SS_OK)
        err = build_tables(l, def);
    return err == SS_OK && m->map_entry ? check_map_entry(l, def) : err;
}

enum ss_err ss_load_allocate_messages(struct ss_load *l)
{
    struct ss_message *messages = ss_load_keep(l, l->n_messages, sizeof(*messages));
    uint32_t index = 0;
    if (messages == NULL)
        return ss_load_too_large(l);
    l->schema->messages = messages;
    l->schema->n_messages = l->n_messages;
    for (struct ss_message_def *d = l->messages; d; d = d->next) {
        d->out = &messages[index];
        d->out->index = index++;
        d->out->full_name = d->full_name;
        d->out->map_entry = d->map_entry;
        d->out->message_set = d->message_set;
    }
    return SS_OK;
}

enum ss_err ss_load_messages(struct ss_load *l, const struct ss_file *f, const struct ss_symbol *scope,
                             pb_message **v, size_t n)
{
    enum ss_err err = SS_OK;
    for (size_t i = 0; i < n && err == SS_OK; i++) {
        const struct ss_symbol *s = ss_symbols_child(&l->symbols, scope, ss_slice_str(v[i]->name));
        struct ss_message_def *def = s->def;
        if (def->file != f) /* an equal one, which another file has declared */
            continue;
        def->proto = v[i];
        err = build_message(l, def);
        if (err == SS_OK)
            err = ss_load_messages(l, f, s, v[i]->nested_type, v[i]->n_nested_type);
        def->proto = NULL;
    }
    return err;
}
