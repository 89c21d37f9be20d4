#include "schema/table.h"

#include <stdlib.h>

#include "base/hash.h"
#include "schema/names.h"

enum { MAX_PROBES = 4096 };

static int by_number(const void *x, const void *y)
{
    const struct ss_field *a = *(const struct ss_field *const *)x, *b = *(const struct ss_field *const *)y;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static size_t slot_count(const struct ss_message *m)
{
    size_t n = 4, n_names = m->n_fields;
    for (size_t i = 0; i < m->n_fields; i++)
        n_names += !ss_slice_eq(m->fields[i].json_name, m->fields[i].name);
    while (n < n_names * 2)
        n *= 2;
    return n;
}

/* The field in slot k if it has that name there; NULL: another. */
static const struct ss_field *at_slot(const struct ss_message *m, size_t k, uint32_t hash,
                                      struct ss_slice name)
{
    const struct ss_field_slot *slot = &m->priv->slots[k];
    if (slot->hash != hash)
        return NULL;
    const struct ss_field *f = &m->fields[slot->place - 1];
    return ss_slice_eq(slot->json ? f->json_name : f->name, name) ? f : NULL;
}

static enum ss_table_fault insert(const struct ss_message *m, struct ss_message_private *t, size_t i,
                                  bool json, const struct ss_field **there)
{
    struct ss_slice name = json ? m->fields[i].json_name : m->fields[i].name;
    uint32_t hash = ss_hash(name);
    size_t k = hash & t->mask;
    for (unsigned probes = 0; t->slots[k].place; k = (k + 1) & t->mask) {
        *there = at_slot(m, k, hash, name);
        if (*there)
            return SS_TABLE_JSON_TWICE;
        if (++probes > MAX_PROBES)
            return SS_TABLE_MEMORY;
    }
    t->slots[k] = (struct ss_field_slot){hash, (uint16_t)(i + 1), json};
    return SS_TABLE_OK;
}

/* JSON names first: they win over another field's proto name. */
static enum ss_table_fault fill_names(const struct ss_message *m, struct ss_message_private *t, bool strict,
                                      const struct ss_field **a, const struct ss_field **b)
{
    for (size_t i = 0; i < m->n_fields; i++) {
        enum ss_table_fault fault = insert(m, t, i, true, a);
        *b = &m->fields[i];
        if (fault == SS_TABLE_MEMORY || (fault == SS_TABLE_JSON_TWICE && strict))
            return fault;
    }
    for (size_t i = 0; i < m->n_fields; i++) {
        enum ss_table_fault fault = insert(m, t, i, false, a);
        if (fault == SS_TABLE_MEMORY)
            return fault;
        if (fault == SS_TABLE_JSON_TWICE && *a != &m->fields[i])
            t->shadowed[t->n_shadowed++] = &m->fields[i];
    }
    return SS_TABLE_OK;
}

static bool is_odd(const struct ss_field *f)
{
    struct ss_slice name = f->json_name;
    return !f->extension && name.len && (memchr(name.ptr, '.', name.len) || memchr(name.ptr, '[', name.len));
}

/* Room for what fill_names finds shadowed: fields whose JSON name is not their own name can do that to as
 * many.
 */
static bool reserve_shadowed(const struct ss_message *m, struct ss_message_private *t, struct ss_arena *arena)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_fields; i++) {
        const struct ss_field *f = &m->fields[i];
        n += !ss_slice_eq(f->json_name, f->name);
        if (is_odd(f) && f->json_name.len > t->longest_odd)
            t->longest_odd = f->json_name.len;
    }
    t->shadowed = n ? ss_arena_try(arena, n * sizeof(struct ss_field *)) : NULL;
    return n == 0 || t->shadowed;
}

static enum ss_table_fault fill_numbers(struct ss_message *m, struct ss_message_private *t,
                                        struct ss_arena *arena, const struct ss_field **a,
                                        const struct ss_field **b)
{
    const struct ss_field **sorted = ss_arena_try(arena, m->n_fields * sizeof(struct ss_field *));
    if (sorted == NULL)
        return SS_TABLE_MEMORY;
    for (size_t i = 0; i < m->n_fields; i++)
        sorted[i] = &m->fields[i];
    if (m->n_fields)
        qsort(sorted, m->n_fields, sizeof(struct ss_field *), by_number);
    size_t max_dense = 4 * m->n_fields + 16;
    for (size_t i = 0; i < m->n_fields; i++) {
        if (i > 0 && sorted[i]->number == sorted[i - 1]->number) {
            *a = sorted[i - 1];
            *b = sorted[i];
            return SS_TABLE_NUMBER_TWICE;
        }
        if (sorted[i]->number < max_dense)
            t->n_dense = sorted[i]->number + 1;
    }
    m->by_number = sorted;
    const struct ss_field **dense = ss_arena_try(arena, t->n_dense * sizeof(struct ss_field *));
    if (dense == NULL)
        return SS_TABLE_MEMORY;
    for (size_t i = 0; i < t->n_dense; i++)
        dense[i] = NULL;
    for (size_t i = 0; i < m->n_fields && sorted[i]->number < t->n_dense; i++)
        dense[sorted[i]->number] = sorted[i];
    t->dense = dense;
    return SS_TABLE_OK;
}

enum ss_table_fault ss_table_of_message(struct ss_message *m, bool strict, struct ss_arena *arena,
                                        const struct ss_field **a, const struct ss_field **b)
{
    struct ss_message_private *t = ss_arena_try(arena, sizeof(*t));
    size_t n_slots = slot_count(m);
    if (t == NULL)
        return SS_TABLE_MEMORY;
    *t = (struct ss_message_private){.mask = n_slots - 1};
    m->priv = t;
    t->slots = ss_arena_try(arena, n_slots * sizeof(*t->slots));
    if (t->slots == NULL)
        return SS_TABLE_MEMORY;
    memset(t->slots, 0, n_slots * sizeof(*t->slots));
    if (!reserve_shadowed(m, t, arena))
        return SS_TABLE_MEMORY;
    enum ss_table_fault fault = fill_numbers(m, t, arena, a, b);
    return fault == SS_TABLE_OK ? fill_names(m, t, strict, a, b) : fault;
}

const struct ss_field *ss_message_field(const struct ss_message *m, struct ss_slice name)
{
    const struct ss_message_private *t = m->priv;
    uint32_t hash = ss_hash(name);
    for (size_t k = hash & t->mask; t->slots[k].place; k = (k + 1) & t->mask) {
        const struct ss_field *f = at_slot(m, k, hash, name);
        if (f)
            return f;
    }
    return NULL;
}

const struct ss_field *ss_message_field_named(const struct ss_message *m, struct ss_slice name)
{
    const struct ss_message_private *t = m->priv;
    for (size_t i = 0; i < t->n_shadowed; i++)
        if (ss_slice_eq(t->shadowed[i]->name, name))
            return t->shadowed[i];
    return ss_message_field(m, name);
}

size_t ss_message_longest_odd_name(const struct ss_message *m)
{
    return m->priv->longest_odd;
}

const struct ss_field *ss_message_field_by_number(const struct ss_message *m, uint32_t number)
{
    if (number < m->priv->n_dense)
        return m->priv->dense[number];
    size_t low = 0, high = m->n_fields;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (m->by_number[mid]->number == number)
            return m->by_number[mid];
        if (m->by_number[mid]->number < number)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* At most two edits, or a third of the name; and fewer than the name has letters, or everything would be
 * near. */
const struct ss_field *ss_message_nearest_field(const struct ss_message *m, struct ss_slice name)
{
    if (name.len == 0 || name.len > SS_NAME_DISTANCE_MAX_LEN)
        return NULL;
    unsigned bound = name.len / 3 > 2 ? (unsigned)(name.len / 3) : 2;
    if (bound >= name.len)
        bound = (unsigned)name.len - 1;
    const struct ss_field *best = NULL;
    unsigned best_distance = bound + 1;
    for (size_t i = 0; i < m->n_fields && best_distance > 0; i++) {
        unsigned json = ss_name_distance(name, m->fields[i].json_name, best_distance - 1);
        unsigned proto = ss_name_distance(name, m->fields[i].name, best_distance - 1);
        unsigned d = json < proto ? json : proto;
        if (d < best_distance) {
            best = &m->fields[i];
            best_distance = d;
        }
    }
    return best;
}
