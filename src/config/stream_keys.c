#include "config/stream_keys.h"

/* One line: it goes into an event as it is. */
static void decode_done(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)arg;
    struct ss_slice text;
    if (!ss_decode_text(d, value, &text))
        return;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20) {
            ss_diag_at(d, value, "expected one line, found control characters");
            return;
        }
    *(struct ss_slice *)field = text;
}

void ss_sse_keys_decode(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    static const struct ss_key keys[] = {
        {.name = "event", .decode = ss_decode_string, .offset = offsetof(struct ss_sse_keys, event)},
        {.name = "id", .decode = ss_decode_string, .offset = offsetof(struct ss_sse_keys, id)},
        {.name = "done", .decode = decode_done, .offset = offsetof(struct ss_sse_keys, done)},
        {.name = "heartbeat",
         .decode = ss_decode_ms_signed,
         .offset = offsetof(struct ss_sse_keys, heartbeat_ms)},
    };
    (void)arg;
    ss_decode_map(d, value, &SS_KEYS(keys, field), 1);
}

static void decode_count(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    unsigned n = 0;
    ss_decode_unsigned(d, value, &n, arg);
    if (n)
        *(size_t *)field = n;
}

void ss_object_keys_decode(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    static const struct ss_range some = {1, UINT64_C(1) << 30};
    static const struct ss_range some_time = {1, UINT64_C(24) * 3600 * 1000};
    static const struct ss_key keys[] = {
        {.name = "max_items",
         .decode = decode_count,
         .offset = offsetof(struct ss_route_object, max_items),
         .arg = &some},
        {.name = "max_bytes",
         .decode = ss_decode_bytes,
         .offset = offsetof(struct ss_route_object, max_bytes),
         .arg = &some},
        {.name = "max_time",
         .decode = ss_decode_ms_signed,
         .offset = offsetof(struct ss_route_object, max_time_ms),
         .arg = &some_time},
    };
    (void)arg;
    ss_decode_map(d, value, &SS_KEYS(keys, field), 1);
}

void ss_websocket_keys_decode(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    static const struct ss_key keys[] = {
        {.name = "ping",
         .decode = ss_decode_ms_signed,
         .offset = offsetof(struct ss_route_websocket, ping_ms)},
    };
    (void)arg;
    ss_decode_map(d, value, &SS_KEYS(keys, field), 1);
}

static bool is_line(const struct ss_field *f)
{
    if (f->repeated)
        return false;
    switch ((enum ss_type)f->type) {
    case SS_TYPE_INT64:
    case SS_TYPE_UINT64:
    case SS_TYPE_INT32:
    case SS_TYPE_FIXED64:
    case SS_TYPE_FIXED32:
    case SS_TYPE_STRING:
    case SS_TYPE_UINT32:
    case SS_TYPE_ENUM:
    case SS_TYPE_SFIXED32:
    case SS_TYPE_SFIXED64:
    case SS_TYPE_SINT32:
    case SS_TYPE_SINT64:
        return true;
    case SS_TYPE_DOUBLE:
    case SS_TYPE_FLOAT:
    case SS_TYPE_BOOL:
    case SS_TYPE_GROUP:
    case SS_TYPE_MESSAGE:
    case SS_TYPE_BYTES:
        return false;
    }
    return false;
}

/* NULL: none. By default: silently. */
static const struct ss_field *find(struct ss_diag *d, const struct ss_located *name, bool by_default,
                                   const struct ss_message *m)
{
    if (name->at == NULL)
        return NULL;
    const struct ss_field *f = ss_message_field_named(m, name->text);
    if (f && is_line(f))
        return f;
    if (by_default)
        return NULL;
    if (f) {
        ss_diag_at(d, name->at, "\"%.*s\" of %.*s is no string, integer or enum, or is repeated",
                   SS_FMT(name->text), SS_FMT(m->full_name));
        return NULL;
    }
    const struct ss_field *near = ss_message_nearest_field(m, name->text);
    if (near)
        ss_diag_at(d, name->at, "%.*s has no field \"%.*s\"; did you mean \"%.*s\"?", SS_FMT(m->full_name),
                   SS_FMT(name->text), SS_FMT(near->name));
    else
        ss_diag_at(d, name->at, "%.*s has no field \"%.*s\"", SS_FMT(m->full_name), SS_FMT(name->text));
    return NULL;
}

struct ss_route_sse ss_sse_keys_resolve(struct ss_diag *d, const struct ss_sse_keys *keys,
                                        const struct ss_sse_keys *defaults, const struct ss_method *method)
{
    struct ss_route_sse sse = {.done = keys->done, .heartbeat_ms = keys->heartbeat_ms};
    if (!method->server_streaming)
        return sse;
    sse.event = find(d, &keys->event, keys->event.at == defaults->event.at, method->output);
    sse.id = find(d, &keys->id, keys->id.at == defaults->id.at, method->output);
    return sse;
}
