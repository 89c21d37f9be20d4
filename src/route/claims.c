#include "route/claims.h"

#include "base/hash.h"

struct ss_map_key {
    const struct ss_claim *claim; /* NULL: the slot is free */
    struct ss_slice key;
    uint32_t hash;
};

static const struct ss_claim *first_owned(const struct ss_claim *c)
{
    while (c->owner == SS_CLAIM_NOBODY && c->children)
        c = c->children;
    return c;
}

/* The child for f; or *rival, a child in the same oneof. */
static struct ss_claim *find_child(struct ss_claim *parent, const struct ss_field *f, struct ss_claim **rival)
{
    *rival = NULL;
    for (struct ss_claim *c = parent->children; c; c = c->sibling) {
        if (c->field == f)
            return c;
        if (f->oneof >= 0 && c->field->oneof == f->oneof)
            *rival = c;
    }
    return NULL;
}

static bool may_repeat(const struct ss_claim *c, enum ss_claim_owner owner)
{
    return c->field->repeated && c->owner == SS_CLAIM_QUERY && owner == SS_CLAIM_QUERY;
}

/* All that can be in the way is found before the first node is added: a new node has no children to differ
 * from. */
enum ss_claim_result ss_claim_take(struct ss_claim *root, struct ss_field_path path,
                                   enum ss_claim_owner owner, struct ss_arena *a,
                                   const struct ss_claim **other)
{
    struct ss_claim *node = root;
    for (size_t i = 0; i < path.n; i++) {
        bool last = i + 1 == path.n;
        struct ss_claim *rival, *child = find_child(node, path.fields[i], &rival);
        if (rival && !child) {
            *other = rival;
            return SS_CLAIM_ONEOF;
        }
        if (child && (last || child->owner != SS_CLAIM_NOBODY)) {
            *other = first_owned(child);
            return last && may_repeat(child, owner) ? SS_CLAIM_OK : SS_CLAIM_TAKEN;
        }
        if (child == NULL) {
            child = ss_arena_try(a, sizeof *child);
            if (child == NULL)
                return SS_CLAIM_NO_MEMORY;
            *child = (struct ss_claim){.field = path.fields[i], .sibling = node->children};
            node->children = child;
        }
        node = child;
    }
    node->owner = owner;
    *other = node;
    return SS_CLAIM_OK;
}

/* The slot of key, or the free one where it belongs. */
static struct ss_map_key *find_slot(const struct ss_map_keys *set, const struct ss_map_key *key)
{
    for (size_t i = key->hash & (set->cap - 1);; i = (i + 1) & (set->cap - 1)) {
        struct ss_map_key *k = &set->slots[i];
        if (k->claim == NULL ||
            (k->hash == key->hash && k->claim == key->claim && ss_slice_eq(k->key, key->key)))
            return k;
    }
}

static enum ss_err grow(struct ss_map_keys *set, struct ss_arena *a)
{
    struct ss_map_keys old = *set;
    size_t cap = old.cap ? old.cap * 2 : 16;
    struct ss_map_key *slots = ss_arena_try(a, cap * sizeof *slots);
    if (slots == NULL)
        return SS_ERR_LIMIT;
    memset(slots, 0, cap * sizeof *slots);
    set->slots = slots;
    set->cap = cap;
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i].claim)
            *find_slot(set, &old.slots[i]) = old.slots[i];
    return SS_OK;
}

enum ss_err ss_map_keys_add(struct ss_map_keys *set, const struct ss_claim *claim, struct ss_slice key,
                            struct ss_arena *a, bool *added)
{
    if (set->n * 2 >= set->cap) {
        enum ss_err err = grow(set, a);
        if (err)
            return err;
    }
    struct ss_map_key k = {.claim = claim, .key = key, .hash = ss_hash_keyed(set->hash_key, key)};
    struct ss_map_key *slot = find_slot(set, &k);
    *added = slot->claim == NULL;
    if (!*added)
        return SS_OK;
    char *copy = ss_arena_try(a, key.len);
    if (copy == NULL)
        return SS_ERR_LIMIT;
    if (key.len)
        memcpy(copy, key.ptr, key.len);
    k.key = ss_slice_of(copy, key.len);
    *slot = k;
    set->n++;
    return SS_OK;
}
