/* What a definition means, as 128 bits: two definitions of one name with the same digest are one. Comments,
 * deprecation and options of other tools do not count, nor whether a JSON name is said that would be derived
 * anyway. Chance does not make two equal that differ; malice could, and then has the first of its own two.
 *
 * FNV-1a with 128 bits, over each value with its length. */
#include "schema/load.h"
#include "schema/names.h"
#include "schema/wire_scan.h"

enum { HTTP_RULE = 72295728 }; /* (google.api.http) in MethodOptions */

typedef unsigned __int128 state;

static state begin(void)
{
    return (state)0x6c62272e07bb0142 << 64 | 0x62b821756295c58d;
}

static void put(state *s, const void *bytes, size_t n)
{
    const state prime = (state)1 << 88 | 0x13b;
    for (size_t i = 0; i < n; i++)
        *s = (*s ^ ((const unsigned char *)bytes)[i]) * prime;
}

static void put_number(state *s, uint64_t n)
{
    put(s, &n, sizeof n);
}

static void put_slice(state *s, struct ss_slice text)
{
    put_number(s, text.len);
    put(s, text.ptr, text.len);
}

static void put_text(state *s, const char *text)
{
    put_slice(s, ss_slice_str(text));
}

static struct ss_digest end(state s)
{
    return (struct ss_digest){(uint64_t)(s >> 64), (uint64_t)s};
}

/* What a field of options says, all occurrences. options may be NULL. */
static void put_option(state *s, const ProtobufCMessage *options, uint32_t number)
{
    struct ss_slice bytes;
    size_t cursor = 0;
    while (ss_unknown_bytes(options, number, &cursor, &bytes))
        put_slice(s, bytes);
    put_number(s, UINT64_MAX);
}

/* Syntax and features decide what the same words mean. */
static void put_file(state *s, const struct ss_file *f)
{
    put_number(s, f->proto2 ? SS_EDITION_PROTO2 : f->proto3 ? SS_EDITION_PROTO3 : f->edition);
    put(s, &f->features, sizeof f->features);
}

static void put_json_name(state *s, const pb_field *p)
{
    struct ss_arena a;
    ss_arena_init(&a, 0);
    put_slice(s, p->json_name ? ss_slice_str(p->json_name) : ss_name_to_json(ss_slice_str(p->name), &a));
    ss_arena_dispose(&a);
}

static void put_field(state *s, const pb_field *p)
{
    const Google__Protobuf__FieldOptions *o = p->options;
    put_text(s, p->name);
    put_json_name(s, p);
    put_number(s, (uint64_t)p->number);
    put_number(s, p->has_type ? (uint64_t)p->type : 0);
    put_number(s, p->has_label ? (uint64_t)p->label : 1);
    put_text(s, p->type_name);
    put_text(s, p->extendee);
    put_number(s, p->default_value != NULL);
    put_text(s, p->default_value);
    put_number(s, p->has_oneof_index ? (uint64_t)p->oneof_index : UINT64_MAX);
    put_number(s, p->proto3_optional != 0);
    put_number(s, o && o->has_packed ? 1 + (uint64_t)o->packed : 0);
    put_option(s, o ? &o->base : NULL, SS_FEATURES_OF_FIELD);
}

static void put_enum(state *s, const pb_enum *p)
{
    put_text(s, p->name);
    put_number(s, p->options && p->options->allow_alias);
    put_option(s, p->options ? &p->options->base : NULL, SS_FEATURES_OF_ENUM);
    put_number(s, p->n_value);
    for (size_t i = 0; i < p->n_value; i++) {
        put_text(s, p->value[i]->name);
        put_number(s, (uint64_t)p->value[i]->number);
    }
}

/* As deep as messages nest, which wire_scan.c has bounded. */
static void put_message(state *s, const pb_message *p)
{
    const Google__Protobuf__MessageOptions *o = p->options;
    put_text(s, p->name);
    put_number(s, (o && o->map_entry) | (uint64_t)(o && o->message_set_wire_format) << 1);
    put_option(s, o ? &o->base : NULL, SS_FEATURES_OF_MESSAGE);
    put_number(s, p->n_field);
    for (size_t i = 0; i < p->n_field; i++)
        put_field(s, p->field[i]);
    put_number(s, p->n_oneof_decl);
    for (size_t i = 0; i < p->n_oneof_decl; i++) {
        put_text(s, p->oneof_decl[i]->name);
        put_option(s, p->oneof_decl[i]->options ? &p->oneof_decl[i]->options->base : NULL,
                   SS_FEATURES_OF_ONEOF);
    }
    put_number(s, p->n_extension);
    for (size_t i = 0; i < p->n_extension; i++)
        put_field(s, p->extension[i]);
    put_number(s, p->n_extension_range);
    for (size_t i = 0; i < p->n_extension_range; i++) {
        put_number(s, (uint64_t)p->extension_range[i]->start);
        put_number(s, (uint64_t)p->extension_range[i]->end);
    }
    put_number(s, p->n_enum_type);
    for (size_t i = 0; i < p->n_enum_type; i++)
        put_enum(s, p->enum_type[i]);
    put_number(s, p->n_nested_type);
    for (size_t i = 0; i < p->n_nested_type; i++)
        put_message(s, p->nested_type[i]);
}

struct ss_digest ss_digest_of_message(const struct ss_file *f, const pb_message *p)
{
    state s = begin();
    put_file(&s, f);
    put_message(&s, p);
    return end(s);
}

struct ss_digest ss_digest_of_enum(const struct ss_file *f, const pb_enum *p)
{
    state s = begin();
    put_file(&s, f);
    put_enum(&s, p);
    return end(s);
}

struct ss_digest ss_digest_of_extension(const struct ss_file *f, const pb_field *p)
{
    state s = begin();
    put_file(&s, f);
    put_field(&s, p);
    return end(s);
}

struct ss_digest ss_digest_of_service(const pb_service *p)
{
    state s = begin();
    put_text(&s, p->name);
    put_number(&s, p->n_method);
    for (size_t i = 0; i < p->n_method; i++) {
        const pb_method *m = p->method[i];
        put_text(&s, m->name);
        put_text(&s, m->input_type);
        put_text(&s, m->output_type);
        put_number(&s, (uint64_t)m->client_streaming | (uint64_t)m->server_streaming << 1);
        put_option(&s, m->options ? &m->options->base : NULL, HTTP_RULE);
    }
    return end(s);
}
