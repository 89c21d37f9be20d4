/* Each part goes on as far as it can when another is bad, so that one run shows all that is wrong. */
#include "config/load.h"

#include <unistd.h>

#include "config/descriptors.h"
#include "config/file.h"
#include "config/listeners.h"
#include "config/rules.h"
#include "config/upstreams.h"
#include "config/yaml.h"

enum { MAX_FILE = 16 << 20 };

struct top_keys {
    const struct ss_node *listeners, *admin, *descriptors, *routes, *upstreams, *defaults;
    struct ss_auto_mapping auto_mapping;
};

static const struct ss_range one_or_more = {1, UINT64_C(1) << 30};
static const struct ss_range header_count = {1, 1 << 20};
static const struct ss_range some_bytes = {1, UINT64_C(1) << 32};
static const struct ss_range json_bytes = {1024, UINT64_C(1) << 32};
static const struct ss_range header_bytes = {256, 64 << 20};
static const struct ss_range some_time = {1, UINT64_C(366) * 24 * 3600 * 1000};
static const struct ss_range workers_range = {0, 1024};

#define LIMIT(field) offsetof(struct ss_limits, field)

static void decode_limits(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    static const struct ss_key keys[] = {
        {.name = "max_connections", .decode = ss_decode_unsigned, .offset = LIMIT(max_connections)},
        {.name = "max_concurrent_streams",
         .decode = ss_decode_unsigned,
         .offset = LIMIT(max_concurrent_streams),
         .arg = &one_or_more},
        {.name = "max_header_bytes",
         .decode = ss_decode_bytes,
         .offset = LIMIT(max_header_bytes),
         .arg = &header_bytes},
        {.name = "max_headers",
         .decode = ss_decode_unsigned,
         .offset = LIMIT(max_headers),
         .arg = &header_count},
        {.name = "max_request_bytes",
         .decode = ss_decode_bytes,
         .offset = LIMIT(max_request_bytes),
         .arg = &some_bytes},
        {.name = "max_message_bytes",
         .decode = ss_decode_bytes,
         .offset = LIMIT(max_message_bytes),
         .arg = &some_bytes},
        {.name = "max_json_bytes",
         .decode = ss_decode_bytes,
         .offset = LIMIT(max_json_bytes),
         .arg = &json_bytes},
        {.name = "header_timeout",
         .decode = ss_decode_ms,
         .offset = LIMIT(header_timeout_ms),
         .arg = &some_time},
        {.name = "body_timeout", .decode = ss_decode_ms, .offset = LIMIT(body_timeout_ms), .arg = &some_time},
        {.name = "idle_timeout", .decode = ss_decode_ms, .offset = LIMIT(idle_timeout_ms), .arg = &some_time},
        {.name = "min_drain_bytes_per_s",
         .decode = ss_decode_bytes64,
         .offset = LIMIT(min_drain_bytes_per_s)},
        {.name = "drain_grace", .decode = ss_decode_ms, .offset = LIMIT(drain_grace_ms), .arg = &some_time},
    };
    (void)arg;
    ss_decode_map(d, value, &SS_KEYS(keys, field), 1);
}

struct log_keys {
    int format, level;
};

static void decode_log(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    static const struct ss_choice formats[] = {{"text", 0}, {"json", 1}};
    static const struct ss_choice levels[] = {
        {"debug", SS_LOG_DEBUG}, {"info", SS_LOG_INFO}, {"warn", SS_LOG_WARN}, {"error", SS_LOG_ERROR}};
    static const struct ss_choices format_choices = {formats, 2}, level_choices = {levels, 4};
    static const struct ss_key keys[] = {
        {.name = "format",
         .decode = ss_decode_choice,
         .offset = offsetof(struct log_keys, format),
         .arg = &format_choices},
        {.name = "level",
         .decode = ss_decode_choice,
         .offset = offsetof(struct log_keys, level),
         .arg = &level_choices},
    };
    (void)arg;
    struct ss_log *log = field;
    struct log_keys raw = {.format = log->json, .level = (int)log->level};
    ss_decode_map(d, value, &SS_KEYS(keys, &raw), 1);
    log->json = raw.format;
    log->level = (enum ss_log_level)raw.level;
}

static void decode_access_log(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    static const struct ss_choice list[] = {
        {"off", SS_ACCESS_LOG_OFF}, {"text", SS_ACCESS_LOG_TEXT}, {"json", SS_ACCESS_LOG_JSON}};
    static const struct ss_choices choices = {list, 3};
    (void)arg;
    enum ss_access_log *access_log = field;
    int form = (int)*access_log;
    ss_decode_choice(d, value, &form, &choices);
    *access_log = (enum ss_access_log)form;
}

static void decode_top(struct ss_diag *d, const struct ss_node *tree, struct top_keys *top,
                       struct ss_config *c)
{
    static const struct ss_key nodes[] = {
        {.name = "listeners", .decode = ss_decode_node, .offset = offsetof(struct top_keys, listeners)},
        {.name = "admin", .decode = ss_decode_node, .offset = offsetof(struct top_keys, admin)},
        {.name = "descriptors", .decode = ss_decode_node, .offset = offsetof(struct top_keys, descriptors)},
        {.name = "routes", .decode = ss_decode_node, .offset = offsetof(struct top_keys, routes)},
        {.name = "upstreams",
         .decode = ss_decode_node,
         .offset = offsetof(struct top_keys, upstreams),
         .required = true},
        {.name = "defaults", .decode = ss_decode_node, .offset = offsetof(struct top_keys, defaults)},
        {.name = "auto_mapping",
         .decode = ss_auto_mapping_decode,
         .offset = offsetof(struct top_keys, auto_mapping)},
    };
    static const struct ss_key values[] = {
        {.name = "workers",
         .decode = ss_decode_unsigned,
         .offset = offsetof(struct ss_config, server.workers),
         .arg = &workers_range},
        {.name = "drain_delay",
         .decode = ss_decode_ms,
         .offset = offsetof(struct ss_config, server.drain_delay_ms)},
        {.name = "drain_timeout",
         .decode = ss_decode_ms,
         .offset = offsetof(struct ss_config, server.drain_timeout_ms)},
        {.name = "limits", .decode = decode_limits, .offset = offsetof(struct ss_config, server.limits)},
        {.name = "log", .decode = decode_log, .offset = offsetof(struct ss_config, log)},
        {.name = "access_log",
         .decode = decode_access_log,
         .offset = offsetof(struct ss_config, server.access_log)},
    };
    struct ss_keys parts[] = {SS_KEYS(nodes, top), SS_KEYS(values, c)};
    ss_decode_map(d, tree, parts, 2);
}

/* What holds where neither a rule nor an upstream says more. */
static void set_defaults(const struct ss_route_keys *defaults, struct ss_snapshot *snapshot)
{
    enum ss_native native = defaults->options.native;
    snapshot->defaults = ss_route_keys_keep_defaults(defaults, &snapshot->arena);
    for (size_t i = 0; i < snapshot->n_clusters; i++)
        if (snapshot->native[i] == SS_NATIVE_UNSET)
            snapshot->native[i] = native == SS_NATIVE_UNSET ? SS_NATIVE_ROUTES : native;
}

/* The path of the first descriptor if it is the only one; else words for all of them. */
static struct ss_slice what_declares(const struct ss_node *descriptors)
{
    const struct ss_node *e = descriptors->first, *proto = ss_node_get(e, "proto");
    if (descriptors->count > 1)
        return SS_LIT("none of the descriptors");
    return proto ? proto->text : e->text;
}

/* Why there is no route, and what would make one. */
static void no_route(struct ss_diag *d, const struct ss_node *tree, const struct top_keys *top,
                     const struct ss_snapshot *snapshot)
{
    size_t n = ss_schema_service_count(snapshot->schema), n_given = 0;
    struct ss_slice what = what_declares(top->descriptors);
    bool one = top->descriptors->count == 1;
    for (size_t i = 0; i < n; i++)
        n_given += ss_schema_service_at(snapshot->schema, i)->given;
    if (n == 0)
        ss_diag_at(d, top->descriptors->first, "no route: %.*s%s", SS_FMT(what),
                   one ? " declares no service" : " declares a service");
    else if (n_given == 0)
        ss_diag_at(d, top->descriptors->first,
                   "no route: %.*s%s itself, and what is only imported, such as %.*s, is served "
                   "when the \"services\" of an upstream name it",
                   SS_FMT(what), one ? " declares no service" : " declares a service",
                   SS_FMT(ss_schema_service_at(snapshot->schema, 0)->full_name));
    else
        ss_diag_at(d, top->routes ? top->routes : tree,
                   "no route: no rule, no google.api.http annotation that can be served, and no auto_mapping "
                   "(\"auto_mapping: true\" at the top of the configuration gives each method a "
                   "POST /package.Service/Method)");
}

static void load_routes(struct ss_diag *d, const struct ss_node *tree, const struct top_keys *top,
                        const struct ss_upstream_services *upstreams, bool auto_mapping,
                        struct ss_snapshot *snapshot)
{
    struct ss_route_keys defaults;
    struct ss_document *documents = NULL;
    struct ss_auto_mapping by_defaults = top->auto_mapping;
    ss_route_keys_init(&defaults);
    if (top->defaults)
        ss_route_keys_decode_defaults(d, top->defaults, &defaults, &by_defaults);
    set_defaults(&defaults, snapshot);
    if (top->routes)
        documents = ss_documents_load(d, top->routes, &defaults);
    if (top->descriptors == NULL) {
        if (tree->kind == SS_NODE_MAP)
            ss_diag_at(d, tree,
                       "missing key \"descriptors\": reading the schema by reflection is not supported yet");
        return;
    }
    if (snapshot->schema == NULL)
        return;
    struct ss_rules_input input = {
        .services = {documents, upstreams, by_defaults.at ? by_defaults.on : auto_mapping},
        .defaults = &defaults,
        .descriptors = top->descriptors,
    };
    ss_rules_build(d, &input, snapshot);
    if (d->n_errors == 0 && ss_route_table_count(snapshot->routes) == 0)
        no_route(d, tree, top, snapshot);
}

enum ss_err ss_config_from_tree(struct ss_diag *d, const struct ss_node *tree, bool auto_mapping,
                                struct ss_config *out)
{
    struct ss_config c = {.log = {.fd = STDERR_FILENO, .level = SS_LOG_INFO}};
    struct top_keys top = {0};
    ss_server_config_init(&c.server);
    c.snapshot = ss_snapshot_new();
    decode_top(d, tree, &top, &c);
    ss_listeners_decode(d, top.listeners, top.admin, &c.server);
    const struct ss_upstream_services *upstreams =
        top.upstreams ? ss_upstreams_decode(d, top.upstreams, c.snapshot) : NULL;
    if (top.descriptors)
        ss_descriptors_load(d, top.descriptors, c.snapshot);
    load_routes(d, tree, &top, upstreams, auto_mapping, c.snapshot);
    if (d->n_errors) {
        ss_config_dispose(&c);
        return SS_ERR_CONFIG;
    }
    c.notes = d->notes;
    *out = c;
    return SS_OK;
}

enum ss_err ss_config_load(const char *path, struct ss_arena *a, struct ss_config *out,
                           struct ss_config_error **errors)
{
    struct ss_diag d;
    ss_diag_init(&d, a);
    struct ss_source source = {.name = ss_arena_copy(a, ss_slice_str(path))};
    source.dir = ss_path_dir(source.name);
    struct ss_slice text;
    const char *why;
    enum ss_err err = SS_ERR_CONFIG;
    if (ss_file_read(source.name, MAX_FILE, a, &text, &why) != SS_OK) {
        ss_diag_text(&d, "%s: %s", path, why);
    } else {
        const struct ss_node *tree = ss_yaml_parse(text, &source, &d);
        if (tree)
            err = ss_config_from_tree(&d, tree, false, out);
    }
    *errors = d.errors;
    return err;
}

void ss_config_dispose(struct ss_config *c)
{
    ss_snapshot_unref(c->snapshot);
    c->snapshot = NULL;
    ss_server_config_dispose(&c->server);
}
