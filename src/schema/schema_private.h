/* The schema as its makers see it. Everything reachable from it is in its arena, so freeing that frees all.
 */
#ifndef SS_SCHEMA_SCHEMA_PRIVATE_H
#define SS_SCHEMA_SCHEMA_PRIVATE_H

#include "schema/schema.h"

struct ss_schema {
    struct ss_arena arena;
    struct ss_message *messages; /* by index */
    size_t n_messages;
    size_t n_enums;
    struct ss_service *services; /* by index */
    size_t n_services;
    size_t n_methods;
    /* sorted by full name, for lookup */
    const struct ss_message **messages_by_name;
    const struct ss_enum **enums_by_name;
    const struct ss_service **services_by_name;
    const struct ss_method **methods_by_name;
};

/* Bytewise order of names, as memcmp has it; a prefix comes first. */
static inline int ss_slice_cmp(struct ss_slice a, struct ss_slice b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    return c ? c : (a.len > b.len) - (a.len < b.len);
}

#endif
