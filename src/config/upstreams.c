#include "config/upstreams.h"

#include "config/file.h"
#include "config/nearest.h"
#include "config/route_keys.h"
#include "config/tls_files.h"

struct upstream_keys {
    struct ss_located target;
    const struct ss_node *tls, *plaintext_at;
    bool plaintext;
    bool required;
    uint64_t connect_timeout_ms;
    struct ss_upstream_services services;
    enum ss_native native;
};

static void decode_plaintext(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    struct upstream_keys *raw = field;
    raw->plaintext_at = value->key;
    ss_decode_bool(d, value, &raw->plaintext, arg);
}

static void decode_services(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)arg;
    if (!ss_decode_is_list(d, value))
        return;
    if (value->count == 0)
        ss_diag_at(d, value, "no service: leave the key out for those that the descriptors declare");
    *(const struct ss_node **)field = value;
}

static const struct ss_range connect_range = {1, 3600 * 1000};

static const struct ss_key keys[] = {
    {.name = "target",
     .decode = ss_decode_string,
     .offset = offsetof(struct upstream_keys, target),
     .required = true},
    {.name = "tls", .decode = ss_decode_node, .offset = offsetof(struct upstream_keys, tls)},
    {.name = "plaintext", .decode = decode_plaintext},
    {.name = "required", .decode = ss_decode_bool, .offset = offsetof(struct upstream_keys, required)},
    {.name = "connect_timeout",
     .decode = ss_decode_ms,
     .offset = offsetof(struct upstream_keys, connect_timeout_ms),
     .arg = &connect_range},
    {.name = "services", .decode = decode_services, .offset = offsetof(struct upstream_keys, services.list)},
    {.name = "auto_mapping",
     .decode = ss_auto_mapping_decode,
     .offset = offsetof(struct upstream_keys, services.auto_mapping)},
    {.name = "native", .decode = ss_native_decode, .offset = offsetof(struct upstream_keys, native)},
    {.name = "reflection", .decode = ss_decode_later},
    {.name = "service_config", .decode = ss_decode_later},
    {.name = "circuit_breaker", .decode = ss_decode_later},
    {.name = "dns_refresh", .decode = ss_decode_later, .arg = "30s"},
};

/* The name that a certificate must have: the host of the authority (grpc/doc/naming.md), without port and
 * brackets. */
static struct ss_slice host_of(const struct ss_target *t)
{
    struct ss_slice s = t->kind == SS_TARGET_DNS ? t->host : t->authority;
    const char *comma = s.len ? memchr(s.ptr, ',', s.len) : NULL;
    if (comma)
        s.len = (size_t)(comma - s.ptr);
    if (s.len && s.ptr[0] == '[') {
        const char *end = memchr(s.ptr, ']', s.len);
        return end ? ss_slice_of(s.ptr + 1, (size_t)(end - s.ptr) - 1) : s;
    }
    const char *colon = s.len ? memchr(s.ptr, ':', s.len) : NULL;
    bool one = colon && memchr(colon + 1, ':', s.len - (size_t)(colon - s.ptr) - 1) == NULL;
    return one ? ss_slice_of(s.ptr, (size_t)(colon - s.ptr)) : s; /* more than one: a bare IPv6 address */
}

static void decode_tls(struct ss_diag *d, const struct ss_node *node, const struct upstream_keys *raw,
                       struct ss_snapshot *s, struct ss_cluster_config *c)
{
    struct ss_tls_files files = {0};
    if (raw->plaintext && raw->tls) {
        ss_diag_at(d, raw->plaintext_at, "\"plaintext: true\" and \"tls\" exclude each other");
        return;
    }
    if (raw->plaintext)
        return;
    if (raw->tls)
        ss_tls_files_decode_client(d, raw->tls, &files);
    if (files.server_name.at && files.server_name.text.len == 0)
        ss_diag_at(d, files.server_name.at, "expected a name, found an empty string");
    c->server_name =
        ss_arena_copy(&s->arena, files.server_name.text.len ? files.server_name.text : host_of(&c->target));
    c->tls = ss_tls_files_client(d, raw->tls ? raw->tls : node, &files, c->server_name);
}

static void decode_upstream(struct ss_diag *d, const struct ss_node *node, struct ss_snapshot *s,
                            struct ss_cluster_config *c, struct ss_upstream_services *services,
                            enum ss_native *native)
{
    struct upstream_keys raw = {.connect_timeout_ms = 20000};
    c->name = ss_arena_copy(&s->arena, node->key->text);
    if (c->name.len == 0)
        ss_diag_at(d, node->key, "an upstream needs a name");
    ss_decode_map(d, node, &SS_KEYS(keys, &raw), 1);
    *services = raw.services;
    *native = raw.native;
    c->required = raw.required;
    c->connect_timeout_ms = raw.connect_timeout_ms;
    if (raw.target.at) {
        struct ss_slice why = {0};
        struct ss_slice text = ss_arena_copy(&s->arena, ss_path_of_unix(&raw.target, d->arena));
        if (ss_target_parse(text, &s->arena, &c->target, &why) != SS_OK) {
            ss_diag_at(d, raw.target.at, "%.*s", SS_FMT(why));
            c->target = (struct ss_target){0};
        }
    }
    if (node->kind == SS_NODE_MAP)
        decode_tls(d, node, &raw, s, c);
}

struct ss_upstream_services *ss_upstreams_decode(struct ss_diag *d, const struct ss_node *upstreams,
                                                 struct ss_snapshot *snapshot)
{
    if (!ss_decode_is_map(d, upstreams))
        return NULL;
    if (upstreams->count == 0) {
        ss_diag_at(d, upstreams, "no upstream");
        return NULL;
    }
    struct ss_upstream_services *services = ss_arena_zalloc(d->arena, upstreams->count * sizeof *services);
    snapshot->clusters = ss_arena_zalloc(&snapshot->arena, upstreams->count * sizeof *snapshot->clusters);
    snapshot->native = ss_arena_zalloc(&snapshot->arena, upstreams->count * sizeof *snapshot->native);
    for (const struct ss_node *e = upstreams->first; e; e = e->next) {
        size_t i = snapshot->n_clusters++;
        decode_upstream(d, e, snapshot, &snapshot->clusters[i], &services[i], &snapshot->native[i]);
    }
    return services;
}

int ss_upstreams_find(struct ss_diag *d, const struct ss_snapshot *snapshot, const struct ss_located *name)
{
    struct ss_nearest near;
    ss_nearest_init(&near, name->text);
    for (size_t i = 0; i < snapshot->n_clusters; i++) {
        if (ss_slice_eq(snapshot->clusters[i].name, name->text))
            return (int)i;
        ss_nearest_offer(&near, snapshot->clusters[i].name);
    }
    if (near.best.len)
        ss_diag_at(d, name->at, "no upstream \"%.*s\"; did you mean \"%.*s\"?", SS_FMT(name->text),
                   SS_FMT(near.best));
    else
        ss_diag_at(d, name->at, "no upstream \"%.*s\"", SS_FMT(name->text));
    return -1;
}
