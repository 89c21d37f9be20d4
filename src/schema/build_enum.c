#include "schema/load.h"
#include "schema/names.h"
#include "schema/table.h"

static enum ss_err build_values(struct ss_load *l, const struct ss_enum_def *def, const pb_enum *p,
                                struct ss_enum *e)
{
    if (p->n_value == 0)
        return ss_load_fail(l, def->file, def->symbol, "an enum needs a value");
    struct ss_enum_value *values = ss_load_keep(l, p->n_value, sizeof(*values));
    if (values == NULL)
        return ss_load_too_large(l);
    for (size_t i = 0; i < p->n_value; i++) {
        struct ss_slice name = ss_slice_str(p->value[i]->name);
        struct ss_slice json = ss_name_quote(name, false, &l->schema->arena);
        if (json.ptr == NULL)
            return ss_load_too_large(l);
        if (!p->value[i]->has_number)
            return ss_load_fail(l, def->file, def->symbol, "%.*s has no number", SS_FMT(name));
        /* an identifier is quoted as it is */
        values[i] = (struct ss_enum_value){ss_slice_of(json.ptr + 1, name.len), json, p->value[i]->number};
    }
    if (!e->closed && values[0].number != 0)
        return ss_load_fail(l, def->file, def->symbol, "the first value of an open enum must be zero");
    e->values = values;
    e->n_values = p->n_value;
    return SS_OK;
}

enum ss_err ss_load_enum(struct ss_load *l, struct ss_enum_def *def, const pb_enum *p)
{
    struct ss_enum *e = def->out;
    e->closed = def->features.enum_type == SS_ENUM_CLOSED;
    e->null_value = ss_slice_eq(e->full_name, SS_LIT("google.protobuf.NullValue"));
    enum ss_err err = build_values(l, def, p, e);
    if (err != SS_OK)
        return err;
    const struct ss_enum_value *a, *b;
    bool alias = p->options && p->options->allow_alias;
    switch (ss_table_of_enum(e, alias, &l->schema->arena, &a, &b)) {
    case SS_TABLE_OK:
        return SS_OK;
    case SS_TABLE_NUMBER_TWICE:
        return ss_load_fail(l, def->file, def->symbol, "%.*s and %.*s have the same number %d",
                            SS_FMT(a->name), SS_FMT(b->name), (int)a->number);
    case SS_TABLE_MEMORY:
    case SS_TABLE_JSON_TWICE:
        break;
    }
    return ss_load_too_large(l);
}
