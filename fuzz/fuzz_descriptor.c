/* Descriptor sets, as a file or a service's reflection gives them. */
#include <stddef.h>
#include <stdint.h>

#include "schema/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct ss_schema *s)
{
    for (size_t i = 0; i < ss_schema_message_count(s); i++) {
        const struct ss_message *m = ss_schema_message_at(s, i);
        for (size_t k = 0; k < m->n_fields; k++) {
            const struct ss_field *f = &m->fields[k];
            if (ss_message_field_by_number(m, f->number) != f || ss_message_field(m, f->json_name) == NULL ||
                (f->message && f->message->priv == NULL) || (f->enumeration && f->enumeration->n_values == 0))
                __builtin_trap();
        }
    }
    for (size_t i = 0; i < ss_schema_service_count(s); i++) {
        const struct ss_service *v = ss_schema_service_at(s, i);
        for (size_t k = 0; k < v->n_methods; k++)
            if (ss_schema_method(s, v->methods[k].full_name) != &v->methods[k] || !v->methods[k].input)
                __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ss_descriptor_set set = {.bytes = ss_slice_of((const char *)data, size),
                                    .origin = SS_LIT("fuzz.pb")};
    struct ss_schema *s = NULL;
    struct ss_slice why;
    struct ss_arena a;
    ss_arena_init(&a, 0);
    if (ss_schema_load(&set, 1, &a, &why, &s) == SS_OK)
        look(s);
    ss_schema_free(s);
    ss_arena_dispose(&a);
    return 0;
}
