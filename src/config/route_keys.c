#include "config/route_keys.h"

#include "config/cors_keys.h"
#include "config/header_keys.h"
#include "config/nearest.h"
#include "config/units.h"

enum { STATUS_MAP_SIZE = sizeof((struct ss_route_options){0}.status_map) / sizeof(int) };

void ss_route_keys_init(struct ss_route_keys *k)
{
    *k = (struct ss_route_keys){
        .options = {.timeout_ms = -1,
                    .idle_timeout_ms = -1,
                    .out = {.emit_defaults = true},
                    .websocket = {.ping_ms = -1}},
        .sse = {.heartbeat_ms = -1},
    };
}

struct ss_route_keys ss_route_keys_inherit(const struct ss_route_keys *from)
{
    struct ss_route_keys k = *from;
    k.stream_at = k.sse_at = k.object_at = k.envelope_at = k.websocket_at = k.native_at = NULL;
    k.gzip_at = k.collisions_at = k.unknown_fields_at = NULL;
    k.options.native = SS_NATIVE_UNSET; /* the upstream's comes before that of the defaults */
    return k;
}

static const struct ss_choice stream_forms[] = {{"ndjson", SS_STREAM_NDJSON},
                                                {"sse", SS_STREAM_SSE},
                                                {"array", SS_STREAM_ARRAY},
                                                {"object", SS_STREAM_OBJECT}};
static const struct ss_choices stream_choices = {stream_forms, sizeof stream_forms / sizeof stream_forms[0]};

/* `stream: sse`, or `stream: {form: sse}`. */
static void decode_stream(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    static const struct ss_key keys[] = {
        {.name = "form", .decode = ss_decode_choice, .arg = &stream_choices, .required = true},
    };
    (void)arg;
    struct ss_route_keys *into = field;
    int form = (int)into->options.stream;
    if (value->kind == SS_NODE_MAP)
        ss_decode_map(d, value, &SS_KEYS(keys, &form), 1);
    else
        ss_decode_choice(d, value, &form, &stream_choices);
    into->options.stream = (enum ss_stream_form)form;
    into->stream_at = value;
}

static void decode_sse(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    struct ss_route_keys *into = field;
    ss_sse_keys_decode(d, value, &into->sse, arg);
    into->sse_at = value;
}

static void decode_object(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    struct ss_route_keys *into = field;
    ss_object_keys_decode(d, value, &into->options.object, arg);
    into->object_at = value;
}

static void decode_websocket(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    struct ss_route_keys *into = field;
    ss_websocket_keys_decode(d, value, &into->options.websocket, arg);
    into->websocket_at = value;
}

static void decode_envelope(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    struct ss_route_keys *into = field;
    ss_decode_bool(d, value, &into->options.envelope, arg);
    into->envelope_at = value;
}

void ss_native_decode(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    static const struct ss_choice list[] = {
        {"off", SS_NATIVE_OFF}, {"routes", SS_NATIVE_ROUTES}, {"all", SS_NATIVE_ALL}};
    static const struct ss_choices choices = {list, 3};
    (void)arg;
    enum ss_native *native = field;
    int choice = SS_NATIVE_OFF;
    if (!ss_decode_is_off(value))
        ss_decode_choice(d, value, &choice, &choices);
    *native = (enum ss_native)choice;
}

static void decode_native(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    struct ss_route_keys *into = field;
    ss_native_decode(d, value, &into->options.native, arg);
    into->native_at = value;
}

/* `gzip: off`, or `gzip: {min_bytes, streams}`. */
static void decode_gzip(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    static const struct ss_range some_bytes = {1, UINT64_C(1) << 30};
    static const struct ss_key keys[] = {
        {.name = "min_bytes",
         .decode = ss_decode_bytes,
         .offset = offsetof(struct ss_route_gzip, min_bytes),
         .arg = &some_bytes},
        {.name = "streams", .decode = ss_decode_bool, .offset = offsetof(struct ss_route_gzip, streams)},
    };
    (void)arg;
    struct ss_route_keys *into = field;
    struct ss_route_gzip *gzip = &into->options.gzip;
    into->gzip_at = value;
    gzip->off = ss_decode_is_off(value);
    if (gzip->off)
        return;
    if (value->kind != SS_NODE_MAP)
        ss_decode_wrong(d, value, "a mapping or off");
    else
        ss_decode_map(d, value, &SS_KEYS(keys, gzip), 1);
}

static void decode_collisions(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    struct ss_route_keys *into = field;
    ss_decode_bool(d, value, &into->options.reject_binding_body_field_collisions, arg);
    into->collisions_at = value;
}

static void decode_unknown_fields(struct ss_diag *d, const struct ss_node *value, void *field,
                                  const void *arg)
{
    struct ss_route_keys *into = field;
    ss_decode_bool(d, value, &into->options.in.ignore_unknown_fields, arg);
    into->unknown_fields_at = value;
}

static void decode_json(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    static const struct ss_key keys[] = {
        {.name = "emit_defaults",
         .decode = ss_decode_bool,
         .offset = offsetof(struct ss_route_options, out.emit_defaults)},
        {.name = "preserve_proto_field_names",
         .decode = ss_decode_bool,
         .offset = offsetof(struct ss_route_options, out.preserve_proto_field_names)},
        {.name = "enums_as_ints",
         .decode = ss_decode_bool,
         .offset = offsetof(struct ss_route_options, out.enums_as_ints)},
        {.name = "int64_as_number",
         .decode = ss_decode_bool,
         .offset = offsetof(struct ss_route_options, out.int64_as_number)},
        {.name = "ignore_unknown_fields",
         .decode = ss_decode_bool,
         .offset = offsetof(struct ss_route_options, in.ignore_unknown_fields)},
        {.name = "lenient",
         .decode = ss_decode_bool,
         .offset = offsetof(struct ss_route_options, in.lenient)},
    };
    (void)arg;
    ss_decode_map(d, value, &SS_KEYS(keys, field), 1);
}

static void decode_ignored_parameters(struct ss_diag *d, const struct ss_node *value, void *field,
                                      const void *arg)
{
    struct ss_route_options *options = field;
    struct ss_string_list list = {0};
    ss_decode_strings(d, value, &list, arg);
    options->ignored_query_parameters = list.items;
    options->n_ignored_query_parameters = list.n;
}

static int code_of(struct ss_diag *d, const struct ss_node *key)
{
    int code = ss_code_from_name(key->text.ptr, key->text.len);
    uint64_t number;
    if (code < 0 && ss_uint_parse(key->text, &number) && number < STATUS_MAP_SIZE)
        code = (int)number;
    if (code >= 0)
        return code;
    struct ss_nearest near;
    ss_nearest_init(&near, key->text);
    for (int i = 0; i < STATUS_MAP_SIZE; i++)
        ss_nearest_offer(&near, ss_slice_str(ss_code_name(i)));
    if (near.best.len)
        ss_diag_at(d, key, "no gRPC code \"%.*s\"; did you mean \"%.*s\"?", SS_FMT(key->text),
                   SS_FMT(near.best));
    else
        ss_diag_at(d, key,
                   "no gRPC code \"%.*s\": expected a name such as UNAVAILABLE or a number from 0 to 16",
                   SS_FMT(key->text));
    return -1;
}

static void decode_status_map(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)arg;
    int *map = field;
    if (!ss_decode_is_map(d, value))
        return;
    for (const struct ss_node *e = value->first; e; e = e->next) {
        uint64_t status;
        int code = code_of(d, e->key);
        if (e->kind != SS_NODE_SCALAR || !e->plain || !ss_uint_parse(e->text, &status) || status < 200 ||
            status > 599)
            ss_decode_wrong(d, e, "an HTTP status from 200 to 599");
        else if (code == SS_CODE_OK)
            ss_diag_at(d, e->key,
                       "OK is no error: a service chooses the status of a success by its metadata "
                       "x-http-code");
        else if (code >= 0)
            map[code] = (int)status;
    }
}

static const struct ss_range json_bytes = {1024, UINT64_C(1) << 32};
static const struct ss_range at_least_one = {1, UINT64_C(1) << 32};

#define OPTION(field) offsetof(struct ss_route_keys, options.field)

static const struct ss_key rule_keys[] = {
    {.name = "timeout", .decode = ss_decode_ms_signed, .offset = OPTION(timeout_ms)},
    {.name = "idle_timeout", .decode = ss_decode_ms_signed, .offset = OPTION(idle_timeout_ms)},
    {.name = "stream", .decode = decode_stream},
    {.name = "json", .decode = decode_json, .offset = offsetof(struct ss_route_keys, options)},
    {.name = "ignore_unknown_fields", .decode = decode_unknown_fields},
    {.name = "lenient", .decode = ss_decode_bool, .offset = OPTION(in.lenient)},
    {.name = "ignore_unknown_query_parameters",
     .decode = ss_decode_bool,
     .offset = OPTION(ignore_unknown_query_parameters)},
    {.name = "ignored_query_parameters",
     .decode = decode_ignored_parameters,
     .offset = offsetof(struct ss_route_keys, options)},
    {.name = "ignore_trailing_slash", .decode = ss_decode_bool, .offset = OPTION(ignore_trailing_slash)},
    {.name = "reject_binding_body_field_collisions", .decode = decode_collisions},
    {.name = "max_request_bytes",
     .decode = ss_decode_bytes,
     .offset = OPTION(max_request_bytes),
     .arg = &at_least_one},
    {.name = "max_message_bytes",
     .decode = ss_decode_bytes,
     .offset = OPTION(max_message_bytes),
     .arg = &at_least_one},
    {.name = "max_json_bytes",
     .decode = ss_decode_bytes,
     .offset = OPTION(max_json_bytes),
     .arg = &json_bytes},
    {.name = "status_map", .decode = decode_status_map, .offset = OPTION(status_map)},
    {.name = "cors", .decode = ss_cors_keys_decode, .offset = OPTION(cors)},
    {.name = "forward_headers",
     .decode = ss_forward_headers_decode,
     .offset = offsetof(struct ss_route_keys, options)},
    {.name = "sse", .decode = decode_sse},
    {.name = "object", .decode = decode_object},
    {.name = "websocket", .decode = decode_websocket},
    {.name = "gzip", .decode = decode_gzip},
    {.name = "envelope", .decode = decode_envelope},
    {.name = "native", .decode = decode_native},
};

static const struct ss_key default_keys[] = {
    {.name = "fully_decode_reserved_expansion",
     .decode = ss_decode_bool,
     .offset = OPTION(fully_decode_reserved_expansion)},
};

struct ss_keys ss_route_keys_table(struct ss_route_keys *into)
{
    return SS_KEYS(rule_keys, into);
}

static const struct ss_key auto_mapping_key[] = {
    {.name = "auto_mapping", .decode = ss_auto_mapping_decode},
};

void ss_route_keys_decode_defaults(struct ss_diag *d, const struct ss_node *node, struct ss_route_keys *into,
                                   struct ss_auto_mapping *auto_mapping)
{
    struct ss_keys parts[] = {ss_route_keys_table(into), SS_KEYS(default_keys, into),
                              SS_KEYS(auto_mapping_key, auto_mapping)};
    ss_decode_map(d, node, parts, 3);
}

void ss_auto_mapping_decode(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    struct ss_auto_mapping *into = field;
    into->at = value;
    ss_decode_bool(d, value, &into->on, arg);
}

static struct ss_route_options *keep(const struct ss_route_options *from, struct ss_arena *a)
{
    struct ss_route_options *kept = ss_arena_alloc(a, sizeof *kept);
    *kept = *from;
    kept->out.lenient = kept->in.lenient;
    kept->ignored_query_parameters =
        ss_slices_keep(kept->ignored_query_parameters, kept->n_ignored_query_parameters, a);
    kept->allow_headers = ss_slices_keep(kept->allow_headers, kept->n_allow_headers, a);
    kept->deny_headers = ss_slices_keep(kept->deny_headers, kept->n_deny_headers, a);
    kept->cors = ss_cors_keys_keep(kept->cors, a);
    return kept;
}

const struct ss_route_options *ss_route_keys_keep(struct ss_diag *d, const struct ss_route_keys *keys,
                                                  const struct ss_route_keys *defaults,
                                                  const struct ss_method *method, struct ss_arena *a)
{
    struct ss_route_options *kept = keep(&keys->options, a);
    if (keys->native_at && keys->options.native == SS_NATIVE_ALL)
        ss_diag_at(d, keys->native_at,
                   "\"all\" means nothing beside a rule: it stands beside an upstream, or under defaults");
    kept->sse = ss_sse_keys_resolve(d, &keys->sse, &defaults->sse, method);
    kept->sse.done = ss_arena_copy(a, kept->sse.done);
    return kept;
}

const struct ss_route_options *ss_route_keys_keep_defaults(const struct ss_route_keys *defaults,
                                                           struct ss_arena *a)
{
    return keep(&defaults->options, a);
}
