/* Mappings and their keys. The decoders of values are in decode_value.c. */
#include "config/decode.h"

#include <ctype.h>

#include "base/buf.h"
#include "config/nearest.h"

/* Whether text is key's name, or that in lowerCamelCase: "response_body", "responseBody". */
static bool is_called(const struct ss_keys *part, const struct ss_key *key, struct ss_slice text)
{
    if (ss_slice_eq(text, ss_slice_str(key->name)))
        return true;
    if (!part->json_names)
        return false;
    size_t i = 0;
    for (const char *p = key->name; *p; p++, i++) {
        char c = *p == '_' ? (char)toupper((unsigned char)*++p) : *p;
        if (i >= text.len || text.ptr[i] != c)
            return false;
    }
    return i == text.len;
}

static const struct ss_key *find(const struct ss_keys *parts, size_t n_parts, struct ss_slice name,
                                 void **field)
{
    for (size_t p = 0; p < n_parts; p++)
        for (size_t k = 0; k < parts[p].n; k++)
            if (is_called(&parts[p], &parts[p].keys[k], name)) {
                *field = (char *)parts[p].into + parts[p].keys[k].offset;
                return &parts[p].keys[k];
            }
    return NULL;
}

/* Keys that are only there to be refused or ignored are no help to who looks for the right one. */
static bool suggestible(const struct ss_key *k)
{
    return k->decode != ss_decode_refused && k->decode != ss_decode_later && k->decode != ss_decode_ignored;
}

static void unknown_key(struct ss_diag *d, const struct ss_node *key, const struct ss_keys *parts,
                        size_t n_parts)
{
    struct ss_nearest near;
    struct ss_buf all;
    ss_nearest_init(&near, key->text);
    ss_buf_init(&all, 16384);
    for (size_t p = 0; p < n_parts; p++)
        for (size_t k = 0; k < parts[p].n; k++) {
            if (!suggestible(&parts[p].keys[k]))
                continue;
            ss_nearest_offer(&near, ss_slice_str(parts[p].keys[k].name));
            ss_buf_printf(&all, "%s%s", all.len ? ", " : "", parts[p].keys[k].name);
        }
    if (near.best.len)
        ss_diag_at(d, key, "unknown key \"%.*s\"; did you mean \"%.*s\"?", SS_FMT(key->text),
                   SS_FMT(near.best));
    else
        ss_diag_at(d, key, "unknown key \"%.*s\"; valid keys are %.*s", SS_FMT(key->text), (int)all.len,
                   all.ptr);
    ss_buf_dispose(&all);
}

bool ss_decode_is_map(struct ss_diag *d, const struct ss_node *node)
{
    if (node->kind == SS_NODE_MAP || ss_node_is_null(node))
        return true;
    ss_decode_wrong(d, node, "a mapping");
    return false;
}

bool ss_decode_is_list(struct ss_diag *d, const struct ss_node *node)
{
    if (node->kind == SS_NODE_LIST || ss_node_is_null(node))
        return true;
    ss_decode_wrong(d, node, "a list");
    return false;
}

/* Whether an unknown key is that one misspelt: then it is not missing too. */
static bool misspelt(const struct ss_node *map, const struct ss_keys *parts, size_t n_parts, const char *name)
{
    void *field;
    for (const struct ss_node *e = map->first; e; e = e->next) {
        struct ss_nearest near;
        ss_nearest_init(&near, e->key->text);
        ss_nearest_offer(&near, ss_slice_str(name));
        if (near.best.len && find(parts, n_parts, e->key->text, &field) == NULL)
            return true;
    }
    return false;
}

static bool is_given(const struct ss_node *map, const struct ss_keys *part, const struct ss_key *key)
{
    for (const struct ss_node *e = map->first; e; e = e->next)
        if (is_called(part, key, e->key->text))
            return true;
    return false;
}

static void check_required(struct ss_diag *d, const struct ss_node *map, const struct ss_keys *parts,
                           size_t n_parts)
{
    for (size_t p = 0; p < n_parts; p++)
        for (size_t k = 0; k < parts[p].n; k++) {
            const struct ss_key *key = &parts[p].keys[k];
            if (key->required && !is_given(map, &parts[p], key) && !misspelt(map, parts, n_parts, key->name))
                ss_diag_at(d, map, "missing key \"%s\"", key->name);
        }
}

/* The same key again, in its other spelling: YAML only sees to those of the same spelling. */
static bool is_second(const struct ss_node *map, const struct ss_node *entry, const struct ss_keys *parts,
                      size_t n_parts, const struct ss_key *key)
{
    void *field;
    for (const struct ss_node *e = map->first; e != entry; e = e->next)
        if (!ss_slice_eq(e->key->text, entry->key->text) && find(parts, n_parts, e->key->text, &field) == key)
            return true;
    return false;
}

void ss_decode_map(struct ss_diag *d, const struct ss_node *node, const struct ss_keys *parts, size_t n_parts)
{
    if (!ss_decode_is_map(d, node))
        return;
    for (const struct ss_node *e = node->first; e; e = e->next) {
        void *field;
        const struct ss_key *k = find(parts, n_parts, e->key->text, &field);
        if (k == NULL)
            unknown_key(d, e->key, parts, n_parts);
        else if (is_second(node, e, parts, n_parts, k))
            ss_diag_at(d, e->key, "\"%.*s\" is here already, in its other spelling", SS_FMT(e->key->text));
        else if (e->kind != SS_NODE_BROKEN)
            k->decode(d, e, field, k->arg);
    }
    check_required(d, node, parts, n_parts);
}
