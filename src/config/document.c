/* google/api/service.proto and google/api/http.proto, as YAML, keys in either spelling of protobuf's JSON.
 * The parts of a Service that are other products' are accepted and left alone, so that one document serves
 * several; whatever is no part of it is an error. */
#include "config/document.h"

#include "config/file.h"
#include "config/http_rule.h"
#include "config/yaml.h"

enum { MAX_FILE = 16 << 20 };

/* A HttpRule in the reading: of a rule, or of one of its additional_bindings. */
struct binding_keys {
    const struct ss_node *pattern_at; /* the key get, post, … */
    struct ss_slice http_method;
    struct ss_located path, body, response_body;
};

struct rule_keys {
    struct binding_keys binding;
    struct ss_located selector;
    const struct ss_node *additional;
};

static bool first_pattern(struct ss_diag *d, const struct ss_node *value, struct binding_keys *into)
{
    if (into->pattern_at) {
        ss_diag_at(d, value->key, "a second pattern beside \"%.*s\": use additional_bindings",
                   SS_FMT(into->pattern_at->text));
        return false;
    }
    into->pattern_at = value->key;
    return true;
}

static void decode_pattern(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    struct binding_keys *into = field;
    if (!first_pattern(d, value, into))
        return;
    into->http_method = ss_slice_str(arg);
    ss_decode_string(d, value, &into->path, NULL);
}

static void decode_kind(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    struct ss_located *out = field;
    ss_decode_string(d, value, field, arg);
    if (out->at && !ss_http_method_of_kind(out->text, d->arena, &out->text)) {
        ss_decode_wrong(d, value, "an HTTP method or \"*\"");
        *out = (struct ss_located){0};
    }
}

static void decode_custom(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    static const struct ss_key keys[] = {
        {.name = "kind", .decode = decode_kind, .offset = 0, .required = true},
        {.name = "path", .decode = ss_decode_string, .offset = sizeof(struct ss_located), .required = true},
    };
    (void)arg;
    struct binding_keys *into = field;
    struct ss_located raw[2] = {0};
    if (!first_pattern(d, value, into))
        return;
    ss_decode_map(d, value, &SS_PROTO_KEYS(keys, raw), 1);
    if (raw[0].at && raw[1].at) {
        into->http_method = raw[0].text;
        into->path = raw[1];
    }
}

static const struct ss_key binding_table[] = {
    {.name = "get", .decode = decode_pattern, .arg = "GET"},
    {.name = "put", .decode = decode_pattern, .arg = "PUT"},
    {.name = "post", .decode = decode_pattern, .arg = "POST"},
    {.name = "delete", .decode = decode_pattern, .arg = "DELETE"},
    {.name = "patch", .decode = decode_pattern, .arg = "PATCH"},
    {.name = "custom", .decode = decode_custom},
    {.name = "body", .decode = ss_decode_string, .offset = offsetof(struct binding_keys, body)},
    {.name = "response_body",
     .decode = ss_decode_string,
     .offset = offsetof(struct binding_keys, response_body)},
};

/* NULL with an error when there is no good pattern. */
static struct ss_binding *finish_binding(struct ss_diag *d, const struct ss_node *node,
                                         const struct binding_keys *raw)
{
    if (raw->pattern_at == NULL && node->kind == SS_NODE_MAP)
        ss_diag_at(d, node, "no pattern: expected one of get, put, post, delete, patch, custom");
    if (raw->path.at == NULL)
        return NULL;
    struct ss_binding *b = ss_arena_alloc(d->arena, sizeof *b);
    *b = (struct ss_binding){
        .http_method = raw->http_method,
        .path = raw->path.text,
        .body = raw->body.text,
        .response_body = raw->response_body.text,
        .origin = ss_diag_position(raw->pattern_at, d->arena),
    };
    return b;
}

/* Options in a binding are that binding's own; for what it does not say the rule's hold. */
static void decode_additional(struct ss_diag *d, const struct ss_node *list, struct ss_document_rule *rule,
                              struct ss_binding **end)
{
    static const char nested[] = "additional_bindings do not nest";
    static const char elsewhere[] = "the selector stands beside additional_bindings, not in them";
    static const struct ss_key extra[] = {
        {.name = "additional_bindings", .decode = ss_decode_refused, .arg = nested},
        {.name = "selector", .decode = ss_decode_refused, .arg = elsewhere},
    };
    static const char no_native[] = "native gRPC has no path: this stands beside the rule";
    static const struct ss_key native[] = {{.name = "native", .decode = ss_decode_refused, .arg = no_native}};
    if (!ss_decode_is_list(d, list))
        return;
    for (const struct ss_node *e = list->first; e; e = e->next) {
        struct binding_keys raw = {0};
        const struct ss_route_keys of_rule = ss_route_keys_inherit(&rule->keys);
        struct ss_route_keys *keys = ss_arena_alloc(d->arena, sizeof *keys);
        memcpy(keys, &of_rule, sizeof *keys);
        struct ss_keys parts[] = {SS_PROTO_KEYS(binding_table, &raw), SS_PROTO_KEYS(extra, &raw),
                                  SS_KEYS(native, &raw), ss_route_keys_table(keys)};
        ss_decode_map(d, e, parts, 4);
        struct ss_binding *b = finish_binding(d, e, &raw);
        if (b) {
            bool own = memcmp(keys, &of_rule, sizeof *keys) != 0;
            keys->options.native = rule->keys.options.native;
            b->keys = own ? keys : NULL;
            *end = b;
            end = &b->next;
        }
    }
}

static struct ss_document_rule *decode_rule(struct ss_diag *d, const struct ss_node *node,
                                            const struct ss_route_keys *defaults)
{
    static const struct ss_key own[] = {
        {.name = "selector",
         .decode = ss_decode_string,
         .offset = offsetof(struct rule_keys, selector),
         .required = true},
        {.name = "additional_bindings",
         .decode = ss_decode_node,
         .offset = offsetof(struct rule_keys, additional)},
    };
    struct rule_keys raw = {0};
    struct ss_document_rule *rule = ss_arena_zalloc(d->arena, sizeof *rule);
    rule->keys = ss_route_keys_inherit(defaults);
    struct ss_keys parts[] = {SS_PROTO_KEYS(own, &raw), SS_PROTO_KEYS(binding_table, &raw.binding),
                              ss_route_keys_table(&rule->keys)};
    ss_decode_map(d, node, parts, 3);
    struct ss_binding **end = &rule->bindings, *b = finish_binding(d, node, &raw.binding);
    if (b) {
        *end = b;
        end = &b->next;
    }
    if (raw.additional)
        decode_additional(d, raw.additional, rule, end);
    rule->selector = raw.selector;
    return rule->selector.at ? rule : NULL;
}

struct http_keys {
    const struct ss_node *rules;
    bool fully_decode;
};

static void decode_http(struct ss_diag *d, const struct ss_node *node, const struct ss_route_keys *defaults,
                        struct ss_document *doc)
{
    static const struct ss_key keys[] = {
        {.name = "rules", .decode = ss_decode_node, .offset = offsetof(struct http_keys, rules)},
        {.name = "fully_decode_reserved_expansion",
         .decode = ss_decode_bool,
         .offset = offsetof(struct http_keys, fully_decode)},
    };
    struct http_keys raw = {.fully_decode = doc->fully_decode_reserved_expansion};
    ss_decode_map(d, node, &SS_PROTO_KEYS(keys, &raw), 1);
    doc->fully_decode_reserved_expansion = raw.fully_decode;
    if (raw.rules == NULL || !ss_decode_is_list(d, raw.rules))
        return;
    struct ss_document_rule **end = &doc->rules;
    for (const struct ss_node *e = raw.rules->first; e; e = e->next) {
        struct ss_document_rule *rule = decode_rule(d, e, defaults);
        if (rule) {
            for (struct ss_binding *b = rule->bindings; b; b = b->next)
                if (b->keys)
                    b->keys->options.fully_decode_reserved_expansion = raw.fully_decode;
            rule->keys.options.fully_decode_reserved_expansion = raw.fully_decode;
            *end = rule;
            end = &rule->next;
        }
    }
}

static void decode_apis(struct ss_diag *d, const struct ss_node *list, struct ss_document *doc)
{
    static const struct ss_key keys[] = {
        {.name = "name", .decode = ss_decode_string, .required = true},
        {.name = "methods", .decode = ss_decode_ignored},
        {.name = "options", .decode = ss_decode_ignored},
        {.name = "version", .decode = ss_decode_ignored},
        {.name = "source_context", .decode = ss_decode_ignored},
        {.name = "mixins", .decode = ss_decode_ignored},
        {.name = "syntax", .decode = ss_decode_ignored},
    };
    if (!ss_decode_is_list(d, list))
        return;
    struct ss_document_api **end = &doc->apis;
    for (const struct ss_node *e = list->first; e; e = e->next) {
        struct ss_document_api *api = ss_arena_zalloc(d->arena, sizeof *api);
        ss_decode_map(d, e, &SS_PROTO_KEYS(keys, &api->name), 1);
        if (api->name.at) {
            *end = api;
            end = &api->next;
        }
    }
}

static void decode_type(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)field, (void)arg;
    if (value->kind != SS_NODE_SCALAR || !ss_slice_eq(value->text, SS_LIT("google.api.Service")))
        ss_decode_wrong(d, value, "google.api.Service");
}

static void decode_version(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)field, (void)arg;
    if (value->kind != SS_NODE_SCALAR || !ss_slice_eq(value->text, SS_LIT("3")))
        ss_decode_wrong(d, value, "3");
}

struct document_keys {
    const struct ss_node *http, *apis;
    struct ss_auto_mapping auto_mapping;
    struct ss_located upstream;
};

static const struct ss_key document_table[] = {
    {.name = "type", .decode = decode_type, .required = true},
    {.name = "config_version", .decode = decode_version},
    {.name = "apis", .decode = ss_decode_node, .offset = offsetof(struct document_keys, apis)},
    {.name = "http", .decode = ss_decode_node, .offset = offsetof(struct document_keys, http)},
    /* the rest of google.api.Service */
    {.name = "name", .decode = ss_decode_ignored},
    {.name = "id", .decode = ss_decode_ignored},
    {.name = "title", .decode = ss_decode_ignored},
    {.name = "producer_project_id", .decode = ss_decode_ignored},
    {.name = "types", .decode = ss_decode_ignored},
    {.name = "enums", .decode = ss_decode_ignored},
    {.name = "documentation", .decode = ss_decode_ignored},
    {.name = "backend", .decode = ss_decode_ignored},
    {.name = "quota", .decode = ss_decode_ignored},
    {.name = "authentication", .decode = ss_decode_ignored},
    {.name = "context", .decode = ss_decode_ignored},
    {.name = "usage", .decode = ss_decode_ignored},
    {.name = "endpoints", .decode = ss_decode_ignored},
    {.name = "control", .decode = ss_decode_ignored},
    {.name = "logs", .decode = ss_decode_ignored},
    {.name = "metrics", .decode = ss_decode_ignored},
    {.name = "monitored_resources", .decode = ss_decode_ignored},
    {.name = "billing", .decode = ss_decode_ignored},
    {.name = "logging", .decode = ss_decode_ignored},
    {.name = "monitoring", .decode = ss_decode_ignored},
    {.name = "system_parameters", .decode = ss_decode_ignored},
    {.name = "source_info", .decode = ss_decode_ignored},
    {.name = "publishing", .decode = ss_decode_ignored},
};

/* sidespan's own. */
static const struct ss_key own_table[] = {
    {.name = "upstream", .decode = ss_decode_string, .offset = offsetof(struct document_keys, upstream)},
    {.name = "auto_mapping",
     .decode = ss_auto_mapping_decode,
     .offset = offsetof(struct document_keys, auto_mapping)},
};

struct ss_document *ss_document_decode(struct ss_diag *d, const struct ss_node *node,
                                       const struct ss_route_keys *defaults)
{
    const struct ss_node *type = ss_node_get(node, "type");
    if (type && !ss_slice_eq(type->text, SS_LIT("google.api.Service"))) {
        decode_type(d, type, NULL, NULL); /* some other kind of file: what else is in it says nothing */
        return NULL;
    }
    struct document_keys raw = {0};
    struct ss_keys parts[] = {SS_KEYS(own_table, &raw), SS_PROTO_KEYS(document_table, &raw)};
    ss_decode_map(d, node, parts, 2);
    struct ss_document *doc = ss_arena_zalloc(d->arena, sizeof *doc);
    doc->upstream = raw.upstream;
    doc->cluster = -1;
    doc->auto_mapping = raw.auto_mapping;
    doc->fully_decode_reserved_expansion = defaults->options.fully_decode_reserved_expansion;
    if (raw.apis)
        decode_apis(d, raw.apis, doc);
    if (raw.http)
        decode_http(d, raw.http, defaults, doc);
    return doc;
}

static struct ss_document *load_one(struct ss_diag *d, const struct ss_node *at, struct ss_slice path,
                                    const struct ss_route_keys *defaults)
{
    struct ss_source *source = ss_arena_alloc(d->arena, sizeof *source);
    *source = (struct ss_source){.name = path, .dir = ss_path_dir(path)};
    struct ss_slice text;
    const char *why;
    if (ss_file_read(path, MAX_FILE, d->arena, &text, &why) != SS_OK) {
        ss_diag_at(d, at, "%.*s: %s", SS_FMT(path), why);
        return NULL;
    }
    const struct ss_node *tree = ss_yaml_parse(text, source, d);
    return tree ? ss_document_decode(d, tree, defaults) : NULL;
}

struct ss_document *ss_documents_load(struct ss_diag *d, const struct ss_node *routes,
                                      const struct ss_route_keys *defaults)
{
    struct ss_document *first = NULL, **end = &first;
    if (!ss_decode_is_list(d, routes))
        return NULL;
    for (const struct ss_node *e = routes->first; e; e = e->next) {
        struct ss_located path = {0};
        struct ss_string_list files = {0};
        if (e->kind == SS_NODE_BROKEN)
            continue;
        ss_decode_path(d, e, &path, NULL);
        if (path.at == NULL || !ss_file_list(d, &path, &files))
            continue;
        for (size_t i = 0; i < files.n; i++) {
            struct ss_document *doc = load_one(d, e, files.items[i], defaults);
            if (doc) {
                *end = doc;
                end = &doc->next;
            }
        }
    }
    return first;
}
