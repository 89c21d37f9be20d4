/* One FieldDescriptorProto to one ss_field. */
#include <errno.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "schema/load.h"
#include "schema/names.h"

struct field_build {
    struct ss_load *l;
    const struct ss_message_def *def;
    const struct ss_file *file;
    const struct ss_symbol *symbol;
    const pb_field *p;
    struct ss_features features;
    struct ss_field *f;
};

#define FAIL(b, ...) ss_load_fail((b)->l, (b)->file, (b)->symbol, __VA_ARGS__)

static enum ss_err set_number(struct field_build *b)
{
    int32_t n = b->p->number;
    bool wide = b->f->extension && b->def->out->message_set;
    if (n < 1 || (n > 536870911 && !wide))
        return FAIL(b, "field number %d is not in 1..536870911", n);
    if (n >= 19000 && n <= 19999)
        return FAIL(b, "field number %d is reserved for protobuf itself", n);
    if (!b->f->extension && ss_load_in_extension_range(b->def, n))
        return FAIL(b, "field number %d is in an extension range", n);
    b->f->number = (uint32_t)n;
    return SS_OK;
}

static enum ss_err set_label(struct field_build *b)
{
    const pb_field *p = b->p;
    bool editions = !b->file->proto2 && !b->file->proto3;
    int label =
        p->has_label ? (int)p->label : GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_OPTIONAL;
    if (label < 1 || label > 3)
        return FAIL(b, "label %d is unknown", label);
    b->f->repeated = label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
    b->f->required = label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REQUIRED;
    if (b->f->required && !b->file->proto2)
        return FAIL(b, "only proto2 has required fields");
    if (editions && b->features.presence == SS_PRESENCE_LEGACY_REQUIRED && !b->f->repeated)
        b->f->required = !b->f->extension && !p->has_oneof_index;
    if (b->f->required && b->f->extension)
        return FAIL(b, "an extension cannot be required");
    if ((b->f->required || b->f->repeated) && p->has_oneof_index)
        return FAIL(b, "a member of a oneof cannot be %s", b->f->required ? "required" : "repeated");
    if (b->f->extension && p->has_oneof_index)
        return FAIL(b, "an extension cannot be in a oneof");
    return SS_OK;
}

static bool is_named_type(int type)
{
    return type == SS_TYPE_MESSAGE || type == SS_TYPE_GROUP || type == SS_TYPE_ENUM;
}

static enum ss_err set_message_type(struct field_build *b, const struct ss_message_def *target)
{
    struct ss_field *f = b->f;
    f->message = target->out;
    if (!target->out->map_entry)
        return SS_OK;
    /* as protoc writes a map: a repeated field whose entry type is nested beside it */
    if (!f->repeated || f->extension || f->type != SS_TYPE_MESSAGE ||
        target->symbol->parent != b->def->symbol)
        return FAIL(b, "its type is the entry of another map");
    f->map = true;
    return SS_OK;
}

static enum ss_err set_type(struct field_build *b)
{
    const pb_field *p = b->p;
    struct ss_slice name = ss_slice_str(p->type_name);
    int type = p->has_type ? (int)p->type : 0, shown = (int)(name.len < 256 ? name.len : 256);
    if (type < 0 || type > SS_TYPE_SINT64 || (type == 0 && (p->has_type || name.len == 0)))
        return FAIL(b, "type %d is unknown", type);
    if (name.len == 0 ? is_named_type(type) : type != 0 && !is_named_type(type))
        return FAIL(b, name.len ? "a scalar has a type name" : "its type has no name");
    b->f->type = (uint8_t)type;
    if (name.len == 0)
        return SS_OK;
    const struct ss_symbol *s = ss_symbols_resolve(&b->l->symbols, b->symbol->parent, name);
    if (s == NULL)
        return FAIL(b, "its type %.*s is not defined", shown, name.ptr);
    bool is_enum = s->kind == SS_SYMBOL_ENUM;
    if (type != 0 && (type == SS_TYPE_ENUM) != is_enum)
        return FAIL(b, "its type %.*s is %s", shown, name.ptr, is_enum ? "an enum" : "a message");
    if (is_enum) {
        b->f->type = SS_TYPE_ENUM;
        b->f->enumeration = ((const struct ss_enum_def *)s->def)->out;
        return SS_OK;
    }
    b->f->type = type == 0 ? SS_TYPE_MESSAGE : (uint8_t)type;
    return set_message_type(b, s->def);
}

static uint8_t wire_type_of(int type)
{
    static const uint8_t table[] = {0, 1, 5, 0, 0, 0, 1, 5, 0, 2, 3, 2, 2, 0, 0, 5, 1, 0, 0};
    return table[type];
}

static void set_features(struct field_build *b)
{
    struct ss_field *f = b->f;
    const Google__Protobuf__FieldOptions *o = b->p->options;
    bool in_map = f->map || b->def->out->map_entry; /* these are never delimited */
    if (f->type == SS_TYPE_MESSAGE && b->features.message_encoding == SS_ENCODING_DELIMITED && !in_map)
        f->type = SS_TYPE_GROUP;
    f->wire_type = wire_type_of(f->type);
    bool packable = f->repeated && (f->wire_type != 2 && f->wire_type != 3);
    bool legacy = b->file->proto2 || b->file->proto3;
    bool packed = b->features.repeated_encoding == SS_REPEATED_PACKED;
    if (legacy && o && o->has_packed)
        packed = o->packed;
    f->packed = packable && packed;
    bool always = f->message || f->extension || b->p->has_oneof_index || f->required;
    f->presence = !f->repeated && (always || b->features.presence != SS_PRESENCE_IMPLICIT);
    f->validate_utf8 = f->type == SS_TYPE_STRING && b->features.utf8 == SS_UTF8_VERIFY;
}

static void set_tag(struct ss_field *f)
{
    uint64_t tag = (uint64_t)f->number << 3 | (f->packed ? 2 : f->wire_type);
    f->tag_len = 0;
    while (tag >= 0x80) {
        f->tag[f->tag_len++] = (uint8_t)(tag | 0x80);
        tag >>= 7;
    }
    f->tag[f->tag_len++] = (uint8_t)tag;
}

static enum ss_err set_names(struct field_build *b)
{
    struct ss_arena *a = &b->l->schema->arena;
    struct ss_field *f = b->f;
    struct ss_slice name = b->symbol->name, json = ss_slice_str(b->p->json_name);
    if (f->extension) {
        struct ss_slice full = ss_load_full_name(b->l, b->symbol);
        char *p = ss_arena_try(a, full.len + 2);
        if (full.ptr == NULL || p == NULL)
            return ss_load_too_large(b->l);
        p[0] = '[';
        memcpy(p + 1, full.ptr, full.len);
        p[full.len + 1] = ']';
        name = json = ss_slice_of(p, full.len + 2);
    } else if (b->p->json_name == NULL)
        json = ss_name_to_json(name, a);
    else if (!ss_utf8_valid(json))
        return FAIL(b, "its json_name is not UTF-8");
    else if (json.len > 1 && json.ptr[0] == '[' && json.ptr[json.len - 1] == ']')
        return FAIL(b, "its json_name is in brackets, as only an extension's is");
    f->proto_key = ss_name_quote(name, true, a);
    f->json_key = ss_name_quote(json, true, a);
    if (f->proto_key.ptr == NULL || f->json_key.ptr == NULL)
        return ss_load_too_large(b->l);
    f->name = ss_slice_of(f->proto_key.ptr + 1, name.len); /* nothing in it needs an escape */
    f->json_name = f->json_key.len == json.len + 3 ? ss_slice_of(f->json_key.ptr + 1, json.len)
                                                   : ss_load_copy(b->l, json);
    return f->json_name.ptr ? SS_OK : ss_load_too_large(b->l);
}

static bool is_integer(const char *text, bool is_signed, unsigned bits)
{
    char *end;
    errno = 0;
    if (*text == '\0' || (*text == '-' && !is_signed))
        return false;
    if (is_signed) {
        long long v = strtoll(text, &end, 0);
        return errno == 0 && *end == '\0' && (bits == 64 || (v >= INT32_MIN && v <= INT32_MAX));
    }
    unsigned long long v = strtoull(text, &end, 0);
    return errno == 0 && *end == '\0' && (bits == 64 || v <= UINT32_MAX);
}

static bool is_double(const char *text)
{
    char *end;
    if (*text == '\0')
        return false;
    (void)strtod(text, &end);
    return *end == '\0';
}

static bool is_default(const struct ss_field *f, const char *text)
{
    switch ((enum ss_type)f->type) {
    case SS_TYPE_DOUBLE:
    case SS_TYPE_FLOAT:
        return is_double(text);
    case SS_TYPE_INT64:
    case SS_TYPE_SFIXED64:
    case SS_TYPE_SINT64:
        return is_integer(text, true, 64);
    case SS_TYPE_INT32:
    case SS_TYPE_SFIXED32:
    case SS_TYPE_SINT32:
        return is_integer(text, true, 32);
    case SS_TYPE_UINT64:
    case SS_TYPE_FIXED64:
        return is_integer(text, false, 64);
    case SS_TYPE_UINT32:
    case SS_TYPE_FIXED32:
        return is_integer(text, false, 32);
    case SS_TYPE_BOOL:
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    case SS_TYPE_STRING:
    case SS_TYPE_BYTES:
        return true;
    case SS_TYPE_ENUM:
        return ss_enum_by_name(f->enumeration, ss_slice_str(text)) != NULL;
    case SS_TYPE_GROUP:
    case SS_TYPE_MESSAGE:
        break;
    }
    return false;
}

/* An enum that does not start at zero has its first value as default, said or not. */
static enum ss_err set_default(struct field_build *b)
{
    struct ss_field *f = b->f;
    const char *text = b->p->default_value;
    if (text == NULL) {
        if (f->enumeration && !f->repeated && f->enumeration->values[0].number != 0)
            f->default_text = f->enumeration->values[0].name;
        return SS_OK;
    }
    if (f->repeated || !f->presence || !is_default(f, text))
        return FAIL(b, "its default value is not valid");
    f->default_text = ss_load_copy(b->l, ss_slice_str(text));
    return f->default_text.ptr ? SS_OK : ss_load_too_large(b->l);
}

enum ss_err ss_load_field(struct ss_load *l, const struct ss_message_def *def, const struct ss_file *file,
                          const struct ss_symbol *symbol, const pb_field *p,
                          const struct ss_features *features, struct ss_field *f)
{
    struct field_build b = {l, def, file, symbol, p, *features, f};
    bool editions = !file->proto2 && !file->proto3;
    f->parent = def->out;
    f->oneof = -1;
    if (editions && p->options &&
        !ss_features_merge(features, &p->options->base, SS_FEATURES_OF_FIELD, &b.features))
        return FAIL(&b, "a feature has an unknown value");
    if (p->proto3_optional)
        b.features.presence = SS_PRESENCE_EXPLICIT;
    enum ss_err err = set_number(&b);
    if (err == SS_OK)
        err = set_label(&b);
    if (err == SS_OK)
        err = set_type(&b);
    if (err != SS_OK)
        return err;
    set_features(&b);
    set_tag(f);
    err = set_names(&b);
    return err == SS_OK ? set_default(&b) : err;
}
