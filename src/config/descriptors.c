#include "config/descriptors.h"

#include "config/file.h"
#include "config/protoc.h"

enum { MAX_SET = 256 << 20 };

struct entry_keys {
    struct ss_located proto;
    struct ss_string_list include;
};

/* A list of paths, relative to the folder of the file. */
static void decode_include(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    struct ss_string_list *list = field;
    ss_decode_strings(d, value, list, arg);
    for (size_t i = 0; i < list->n; i++) {
        list->items[i] = ss_path_join(value->source->dir, list->items[i], d->arena);
        if (list->items[i].len == 0)
            list->items[i] = SS_LIT(".");
    }
}

static bool read_set(struct ss_diag *d, const struct ss_located *path, struct ss_arena *a,
                     struct ss_slice *bytes)
{
    const char *why;
    if (ss_file_read(path->text, MAX_SET, a, bytes, &why) == SS_OK)
        return true;
    ss_diag_at(d, path->at, "%.*s: %s", SS_FMT(path->text), why);
    return false;
}

static bool ends_in_proto(struct ss_slice path)
{
    return path.len > 6 && memcmp(path.ptr + path.len - 6, ".proto", 6) == 0;
}

/* a: for the set's bytes. */
static bool load_entry(struct ss_diag *d, const struct ss_node *node, struct ss_arena *a,
                       struct ss_located *origin, struct ss_descriptor_set *set)
{
    static const struct ss_key keys[] = {
        {.name = "proto",
         .decode = ss_decode_path,
         .offset = offsetof(struct entry_keys, proto),
         .required = true},
        {.name = "include", .decode = decode_include, .offset = offsetof(struct entry_keys, include)},
    };
    struct entry_keys raw = {0};
    if (node->kind == SS_NODE_BROKEN)
        return false;
    if (node->kind == SS_NODE_MAP)
        ss_decode_map(d, node, &SS_KEYS(keys, &raw), 1);
    else
        ss_decode_path(d, node, &raw.proto, NULL);
    *origin = raw.proto;
    if (origin->at == NULL)
        return false;
    set->origin = origin->text;
    if (node->kind != SS_NODE_MAP && !ends_in_proto(origin->text))
        return read_set(d, origin, a, &set->bytes);
    set->last_only = true;
    return ss_file_check(d, origin) && ss_protoc_compile(d, origin, &raw.include, a, &set->bytes);
}

/* The entry whose file the text names. */
static const struct ss_node *at_fault(const struct ss_located *origins, size_t n, struct ss_slice why,
                                      const struct ss_node *other)
{
    const struct ss_node *found = n == 1 ? origins[0].at : other;
    size_t longest = 0;
    for (size_t i = 0; i < n; i++)
        if (origins[i].text.len > longest &&
            memmem(why.ptr, why.len, origins[i].text.ptr, origins[i].text.len)) {
            longest = origins[i].text.len;
            found = origins[i].at;
        }
    return found;
}

static void load_all(struct ss_diag *d, const struct ss_node *descriptors, struct ss_arena *a,
                     struct ss_snapshot *snapshot)
{
    struct ss_descriptor_set *sets = ss_arena_zalloc(d->arena, descriptors->count * sizeof *sets);
    struct ss_located *origins = ss_arena_zalloc(d->arena, descriptors->count * sizeof *origins);
    size_t n = 0;
    for (const struct ss_node *e = descriptors->first; e; e = e->next)
        if (load_entry(d, e, a, &origins[n], &sets[n]))
            n++;
    if (n < descriptors->count)
        return;
    struct ss_slice why = {0};
    enum ss_err err = ss_schema_load(sets, n, d->arena, &why, &snapshot->schema);
    if (err == SS_OK)
        return;
    snapshot->schema = NULL;
    if (why.len == 0)
        why = ss_slice_str(ss_err_text(err));
    ss_diag_at(d, at_fault(origins, n, why, descriptors), "%.*s", SS_FMT(why));
}

void ss_descriptors_load(struct ss_diag *d, const struct ss_node *descriptors, struct ss_snapshot *snapshot)
{
    struct ss_arena bytes; /* megabytes, perhaps: they go before routes are made */
    if (!ss_decode_is_list(d, descriptors))
        return;
    if (descriptors->count == 0) {
        ss_diag_at(d, descriptors, "no descriptor");
        return;
    }
    ss_arena_init(&bytes, 0);
    load_all(d, descriptors, &bytes, snapshot);
    ss_arena_dispose(&bytes);
}
