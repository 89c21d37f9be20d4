#include "bridge/snapshot.h"

#include "base/mem.h"

struct ss_snapshot *ss_snapshot_new(void)
{
    struct ss_snapshot *s = ss_xcalloc(1, sizeof *s);
    atomic_init(&s->refs, 1);
    ss_arena_init(&s->arena, 0);
    return s;
}

struct ss_snapshot *ss_snapshot_ref(struct ss_snapshot *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void ss_snapshot_unref(struct ss_snapshot *s)
{
    if (s == NULL || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (s->routes)
        ss_route_table_free(s->routes);
    for (size_t i = 0; i < s->n_clusters; i++)
        if (s->clusters[i].tls)
            ss_tls_unref(s->clusters[i].tls);
    if (s->schema)
        ss_schema_free(s->schema);
    ss_arena_dispose(&s->arena);
    ss_free(s);
}
