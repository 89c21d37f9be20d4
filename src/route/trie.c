#include "route/trie.h"

void *ss_trie_map_get(const struct ss_trie_map *map, struct ss_slice key, uint32_t hash)
{
    if (map->cap == 0)
        return NULL;
    for (size_t i = hash & (map->cap - 1);; i = (i + 1) & (map->cap - 1)) {
        const struct ss_trie_entry *e = &map->slots[i];
        if (e->value == NULL)
            return NULL;
        if (e->hash == hash && ss_slice_eq(e->key, key))
            return e->value;
    }
}

static void put_slot(struct ss_trie_map *map, struct ss_trie_entry e)
{
    size_t i = e.hash & (map->cap - 1);
    while (map->slots[i].value)
        i = (i + 1) & (map->cap - 1);
    map->slots[i] = e;
}

static void grow(struct ss_trie_map *map, struct ss_arena *a)
{
    struct ss_trie_map old = *map;
    map->cap = old.cap ? old.cap * 2 : 2;
    map->slots = ss_arena_zalloc(a, map->cap * sizeof *map->slots);
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i].value)
            put_slot(map, old.slots[i]);
}

/* The value of key, made of size zeroed bytes if there was none. */
static void *get_or_add(struct ss_trie_map *map, struct ss_slice key, uint32_t hash, size_t size,
                        struct ss_arena *a)
{
    void *value = ss_trie_map_get(map, key, hash);
    if (value)
        return value;
    if (map->n * 2 >= map->cap)
        grow(map, a);
    value = ss_arena_zalloc(a, size);
    put_slot(map, (struct ss_trie_entry){.key = key, .hash = hash, .value = value});
    map->n++;
    return value;
}

static struct ss_trie_node *child(struct ss_trie_node **link, struct ss_arena *a)
{
    if (*link == NULL)
        *link = ss_arena_zalloc(a, sizeof **link);
    return *link;
}

static struct ss_trie_node *descend(struct ss_trie_node *node, const struct ss_template_segment *s,
                                    struct ss_arena *a)
{
    switch (s->kind) {
    case SS_SEGMENT_LITERAL:
        return get_or_add(&node->literals, s->text, s->hash, sizeof *node, a);
    case SS_SEGMENT_STAR:
        return child(&node->star, a);
    case SS_SEGMENT_MULTI:
        return child(&node->multi, a);
    }
    return node;
}

static struct ss_trie_endpoint *endpoint_of(struct ss_trie_node *node, const struct ss_template *t,
                                            struct ss_arena *a)
{
    if (t->verb.len)
        return get_or_add(&node->verbs, t->verb, t->verb_hash, sizeof(struct ss_trie_endpoint), a);
    if (node->plain == NULL)
        node->plain = ss_arena_zalloc(a, sizeof *node->plain);
    return node->plain;
}

const struct ss_route *ss_trie_insert(struct ss_trie_node *root, struct ss_route *r, struct ss_arena *a)
{
    const struct ss_template *t = &r->template;
    struct ss_trie_node *node = root;
    for (size_t i = 0; i < t->n_segments && i <= t->multi; i++)
        node = descend(node, &t->segments[i], a);
    for (size_t i = t->n_segments; i > t->multi + 1; i--)
        node = descend(node, &t->segments[i - 1], a);
    struct ss_trie_endpoint *e = endpoint_of(node, t, a);
    for (const struct ss_route *other = e->routes; other; other = other->next)
        if (ss_slice_eq(other->rule.http_method, r->rule.http_method))
            return other;
    r->next = e->routes;
    e->routes = r;
    return NULL;
}
