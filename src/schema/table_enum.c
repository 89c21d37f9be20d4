#include "schema/table.h"

#include <stdlib.h>

enum { MAX_PROBES = 4096 };

/* FNV-1a over the name in lower case. */
static uint32_t hash_ci(struct ss_slice s)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        c = c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
        h = (h ^ c) * 16777619u;
    }
    return h;
}

static int by_number_then_place(const void *x, const void *y)
{
    const struct ss_enum_value *a = *(const struct ss_enum_value *const *)x;
    const struct ss_enum_value *b = *(const struct ss_enum_value *const *)y;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return (a > b) - (a < b);
}

static enum ss_table_fault fill_numbers(const struct ss_enum *e, struct ss_enum_private *t, bool alias,
                                        struct ss_arena *arena, const struct ss_enum_value **a,
                                        const struct ss_enum_value **b)
{
    const struct ss_enum_value **sorted = ss_arena_try(arena, e->n_values * sizeof(struct ss_enum_value *));
    size_t kept = 0, max_dense = 4 * e->n_values + 16;
    if (sorted == NULL)
        return SS_TABLE_MEMORY;
    for (size_t i = 0; i < e->n_values; i++)
        sorted[i] = &e->values[i];
    qsort(sorted, e->n_values, sizeof(struct ss_enum_value *), by_number_then_place);
    for (size_t i = 0; i < e->n_values; i++) {
        if (kept > 0 && sorted[kept - 1]->number == sorted[i]->number) {
            *a = sorted[kept - 1];
            *b = sorted[i];
            if (!alias)
                return SS_TABLE_NUMBER_TWICE;
            continue;
        }
        sorted[kept++] = sorted[i];
        if (sorted[kept - 1]->number >= 0 && (size_t)sorted[kept - 1]->number < max_dense)
            t->n_dense = (uint32_t)sorted[kept - 1]->number + 1;
    }
    t->by_number = sorted;
    t->n_by_number = kept;
    const struct ss_enum_value **dense = ss_arena_try(arena, t->n_dense * sizeof(struct ss_enum_value *));
    if (dense == NULL)
        return SS_TABLE_MEMORY;
    for (size_t i = 0; i < t->n_dense; i++)
        dense[i] = NULL;
    for (size_t i = 0; i < kept; i++)
        if (sorted[i]->number >= 0 && (uint32_t)sorted[i]->number < t->n_dense)
            dense[sorted[i]->number] = sorted[i];
    t->dense = dense;
    return SS_TABLE_OK;
}

enum ss_table_fault ss_table_of_enum(struct ss_enum *e, bool alias, struct ss_arena *arena,
                                     const struct ss_enum_value **a, const struct ss_enum_value **b)
{
    struct ss_enum_private *t = ss_arena_try(arena, sizeof(*t));
    size_t n_slots = 4;
    while (n_slots < e->n_values * 2)
        n_slots *= 2;
    if (t == NULL)
        return SS_TABLE_MEMORY;
    *t = (struct ss_enum_private){.mask = n_slots - 1};
    e->priv = t;
    t->slots = ss_arena_try(arena, n_slots * sizeof(*t->slots));
    if (t->slots == NULL)
        return SS_TABLE_MEMORY;
    memset(t->slots, 0, n_slots * sizeof(*t->slots));
    for (size_t i = 0; i < e->n_values; i++) {
        uint32_t hash = hash_ci(e->values[i].name);
        size_t k = hash & t->mask;
        for (unsigned probes = 0; t->slots[k].value; k = (k + 1) & t->mask)
            if (++probes > MAX_PROBES)
                return SS_TABLE_MEMORY;
        t->slots[k] = (struct ss_value_slot){hash, &e->values[i]};
    }
    return fill_numbers(e, t, alias, arena, a, b);
}

const struct ss_enum_value *ss_enum_by_name(const struct ss_enum *e, struct ss_slice name)
{
    const struct ss_enum_private *t = e->priv;
    uint32_t hash = hash_ci(name);
    for (size_t k = hash & t->mask; t->slots[k].value; k = (k + 1) & t->mask)
        if (t->slots[k].hash == hash && ss_slice_eq(t->slots[k].value->name, name))
            return t->slots[k].value;
    return NULL;
}

/* Of names that differ in case only the first declared comes first in its run of slots. */
const struct ss_enum_value *ss_enum_by_name_ci(const struct ss_enum *e, struct ss_slice name)
{
    const struct ss_enum_private *t = e->priv;
    uint32_t hash = hash_ci(name);
    for (size_t k = hash & t->mask; t->slots[k].value; k = (k + 1) & t->mask)
        if (t->slots[k].hash == hash && ss_slice_eq_ci(t->slots[k].value->name, name))
            return t->slots[k].value;
    return NULL;
}

const struct ss_enum_value *ss_enum_by_number(const struct ss_enum *e, int32_t number)
{
    const struct ss_enum_private *t = e->priv;
    if (number >= 0 && (uint32_t)number < t->n_dense)
        return t->dense[number];
    size_t low = 0, high = t->n_by_number;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (t->by_number[mid]->number == number)
            return t->by_number[mid];
        if (t->by_number[mid]->number < number)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}
