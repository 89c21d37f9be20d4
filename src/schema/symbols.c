#include "schema/symbols.h"

#include "base/hash.h"

enum { FIRST_SLOTS = 1024, MAX_PROBES = 4096 };

static uint32_t hash_of(const struct ss_symbol *parent, struct ss_slice name)
{
    return (parent->hash * 0x9E3779B1u) ^ ss_hash(name);
}

/* FNV's low bits are weak where names differ in their last letter only. */
static size_t first_slot(uint32_t hash, size_t n_slots)
{
    return (size_t)((hash * 0x9E3779B97F4A7C15u) >> 32) & (n_slots - 1);
}

bool ss_symbols_init(struct ss_symbols *t, struct ss_arena *a)
{
    struct ss_symbol *root = ss_arena_try(a, sizeof(*root));
    *t = (struct ss_symbols){.a = a, .root = root, .n_slots = FIRST_SLOTS};
    t->slots = ss_arena_try(a, FIRST_SLOTS * sizeof(struct ss_symbol *));
    if (root == NULL || t->slots == NULL)
        return false;
    memset(t->slots, 0, FIRST_SLOTS * sizeof(struct ss_symbol *));
    *root = (struct ss_symbol){.kind = SS_SYMBOL_PACKAGE, .hash = 1};
    return true;
}

static bool grow(struct ss_symbols *t)
{
    size_t n_slots = t->n_slots * 2;
    struct ss_symbol **slots = ss_arena_try(t->a, n_slots * sizeof(struct ss_symbol *));
    if (slots == NULL)
        return false;
    memset(slots, 0, n_slots * sizeof(struct ss_symbol *));
    for (size_t i = 0; i < t->n_slots; i++) {
        struct ss_symbol *s = t->slots[i];
        if (s == NULL)
            continue;
        size_t k = first_slot(s->hash, n_slots);
        while (slots[k])
            k = (k + 1) & (n_slots - 1);
        slots[k] = s;
    }
    t->slots = slots;
    t->n_slots = n_slots;
    return true;
}

static bool is(const struct ss_symbol *s, const struct ss_symbol *parent, struct ss_slice name, uint32_t hash)
{
    return s->hash == hash && s->parent == parent && ss_slice_eq(s->name, name);
}

const struct ss_symbol *ss_symbols_child(const struct ss_symbols *t, const struct ss_symbol *parent,
                                         struct ss_slice name)
{
    uint32_t hash = hash_of(parent, name);
    for (size_t k = first_slot(hash, t->n_slots); t->slots[k]; k = (k + 1) & (t->n_slots - 1))
        if (is(t->slots[k], parent, name, hash))
            return t->slots[k];
    return NULL;
}

enum ss_symbol_result ss_symbols_add(struct ss_symbols *t, const struct ss_symbol *parent,
                                     struct ss_slice name, enum ss_symbol_kind kind,
                                     const struct ss_file *file, struct ss_symbol **out)
{
    uint32_t hash = hash_of(parent, name);
    size_t full_len = parent->full_len + (parent->full_len ? 1 : 0) + name.len;
    if (full_len > SS_SYMBOL_MAX_LEN)
        return SS_SYMBOL_TOO_LONG;
    if (t->n * 2 >= t->n_slots && !grow(t))
        return SS_SYMBOL_NO_MEMORY;
    size_t k = first_slot(hash, t->n_slots);
    for (unsigned probes = 0; t->slots[k]; k = (k + 1) & (t->n_slots - 1)) {
        if (is(t->slots[k], parent, name, hash)) {
            *out = t->slots[k];
            return SS_SYMBOL_EXISTS;
        }
        if (++probes > MAX_PROBES)
            return SS_SYMBOL_NO_MEMORY;
    }
    struct ss_symbol *s = ss_arena_try(t->a, sizeof(*s));
    if (s == NULL)
        return SS_SYMBOL_NO_MEMORY;
    *s = (struct ss_symbol){parent, name, hash, (uint32_t)full_len, kind, file, NULL};
    t->slots[k] = s;
    t->n++;
    *out = s;
    return SS_SYMBOL_ADDED;
}

static bool is_type(const struct ss_symbol *s)
{
    return s && (s->kind == SS_SYMBOL_MESSAGE || s->kind == SS_SYMBOL_ENUM);
}

static bool is_scope(const struct ss_symbol *s)
{
    return s->kind == SS_SYMBOL_PACKAGE || s->kind == SS_SYMBOL_MESSAGE || s->kind == SS_SYMBOL_SERVICE;
}

/* Cuts the first component off *rest. */
static struct ss_slice first_component(struct ss_slice *rest)
{
    const char *dot = rest->len ? memchr(rest->ptr, '.', rest->len) : NULL;
    struct ss_slice first = *rest;
    if (dot)
        first.len = (size_t)(dot - rest->ptr);
    *rest = ss_slice_skip(*rest, first.len + (dot ? 1 : 0));
    return first;
}

static const struct ss_symbol *descend(const struct ss_symbols *t, const struct ss_symbol *s,
                                       struct ss_slice rest)
{
    while (s && rest.len)
        s = ss_symbols_child(t, s, first_component(&rest));
    return is_type(s) ? s : NULL;
}

const struct ss_symbol *ss_symbols_resolve(const struct ss_symbols *t, const struct ss_symbol *scope,
                                           struct ss_slice name)
{
    if (name.len == 0 || name.ptr[name.len - 1] == '.')
        return NULL;
    if (name.ptr[0] == '.')
        return descend(t, t->root, ss_slice_skip(name, 1));
    struct ss_slice rest = name, first = first_component(&rest);
    for (; scope; scope = scope->parent) {
        const struct ss_symbol *s = ss_symbols_child(t, scope, first);
        if (s && rest.len && is_scope(s))
            return descend(t, s, rest);
        if (is_type(s) && rest.len == 0)
            return s;
    }
    return NULL;
}

void ss_symbol_write(const struct ss_symbol *symbol, char *out)
{
    for (const struct ss_symbol *s = symbol; s->parent; s = s->parent) {
        char *at = out + s->full_len - s->name.len;
        memcpy(at, s->name.ptr, s->name.len);
        if (at > out)
            at[-1] = '.';
    }
}
