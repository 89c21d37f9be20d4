/* The lookup tables of messages and enums: how they are laid out, made and freed with the schema's arena. */
#ifndef SS_SCHEMA_TABLE_H
#define SS_SCHEMA_TABLE_H

#include "schema/schema.h"

/* One name of a field, in eight bytes, for a large schema has half a million of them. The table is open
 * addressed with linear probing and at most half full. */
struct ss_field_slot {
    uint32_t hash;
    uint16_t place; /* the field's index + 1; 0: the slot is free */
    bool json;      /* the name is its json_name; else its name */
};

struct ss_message_private {
    struct ss_field_slot *slots;
    size_t mask;                         /* number of slots - 1 */
    const struct ss_field *const *dense; /* by number; NULL where there is none */
    uint32_t n_dense;                    /* numbers from here on are searched in by_number */
    const struct ss_field **shadowed;    /* fields whose proto name is the JSON name of another */
    size_t n_shadowed;
    size_t longest_odd; /* bytes of the longest JSON name with a '.' or '[' in it; 0: none */
};

/* One enum value, hashed by its name in lower case: one table serves both lookups. */
struct ss_value_slot {
    uint32_t hash;
    const struct ss_enum_value *value;
};

struct ss_enum_private {
    struct ss_value_slot *slots;
    size_t mask;
    const struct ss_enum_value *const *by_number; /* ascending, of aliases the first only */
    size_t n_by_number;
    const struct ss_enum_value *const *dense; /* of 0..n_dense-1 */
    uint32_t n_dense;
};

enum ss_table_fault {
    SS_TABLE_OK,
    SS_TABLE_MEMORY, /* the arena's cap, or more collisions than chance allows */
    SS_TABLE_NUMBER_TWICE,
    SS_TABLE_JSON_TWICE,
};

/* Fills m->by_number and m->priv from m->fields. A JSON name that two fields have is a fault when strict,
 * else the first keeps it. On a fault *a and *b are the fields that clash. */
enum ss_table_fault ss_table_of_message(struct ss_message *m, bool strict, struct ss_arena *arena,
                                        const struct ss_field **a, const struct ss_field **b);
/* Fills e->priv from e->values. On SS_TABLE_NUMBER_TWICE (reported unless alias) *a and *b are the values. */
enum ss_table_fault ss_table_of_enum(struct ss_enum *e, bool alias, struct ss_arena *arena,
                                     const struct ss_enum_value **a, const struct ss_enum_value **b);

#endif
