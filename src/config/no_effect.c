#include "config/no_effect.h"

/* Whether the binding's answer is a google.api.HttpBody, which comes out as it is. */
static bool answers_raw(const struct ss_binding *b, const struct ss_method *method)
{
    if (b->response_body.len == 0)
        return method->output->wkt == SS_WKT_HTTP_BODY;
    const struct ss_field *f = ss_message_field(method->output, b->response_body);
    return f && f->message && !f->repeated && f->message->wkt == SS_WKT_HTTP_BODY;
}

struct shape {
    bool json;    /* some answer is JSON */
    bool body;    /* some request has one */
    bool collide; /* and with it a variable of the path, which may say otherwise */
};

static void add_shape(struct shape *s, const struct ss_binding *b, const struct ss_method *method)
{
    bool variable = b->path.len && memchr(b->path.ptr, '{', b->path.len);
    s->json |= !answers_raw(b, method);
    s->body |= b->body.len > 0;
    s->collide |= b->body.len && variable;
}

static void say(struct ss_diag *d, const struct ss_node *at, const struct ss_method *method, const char *why)
{
    if (at)
        ss_diag_at(d, at, "\"%.*s\" %s: \"%.*s\" means nothing here", SS_FMT(method->full_name), why,
                   SS_FMT(at->key->text));
}

static void check(struct ss_diag *d, const struct ss_route_keys *k, struct shape shape,
                  const struct ss_method *method)
{
    const struct ss_node *const of_messages[] = {k->stream_at, k->sse_at, k->object_at, k->envelope_at};
    bool server = method->server_streaming, client = method->client_streaming;
    for (size_t i = 0; i < sizeof of_messages / sizeof of_messages[0]; i++) {
        if (!server)
            say(d, of_messages[i], method, "is not server-streaming");
        else if (!shape.json)
            say(d, of_messages[i], method, "answers with a google.api.HttpBody, which is sent as it is");
    }
    if (!server && !client)
        say(d, k->websocket_at, method, "is not streaming");
    if (!shape.json)
        say(d, k->gzip_at, method, "answers with a google.api.HttpBody, which is sent as it is");
    else if (!server && k->gzip_at)
        say(d, ss_node_get(k->gzip_at, "streams"), method, "is not server-streaming");
    if (!shape.collide)
        say(d, k->collisions_at, method, "has no body beside variables in its path");
    if (!shape.body && !client)
        say(d, k->unknown_fields_at, method, "takes no body");
}

void ss_no_effect_check(struct ss_diag *d, const struct ss_document_rule *rule,
                        const struct ss_method *method)
{
    struct shape all = {0};
    if (rule->bindings == NULL)
        return;
    for (const struct ss_binding *b = rule->bindings; b; b = b->next) {
        struct shape one = {0};
        add_shape(&all, b, method);
        add_shape(&one, b, method);
        if (b->keys)
            check(d, b->keys, one, method);
    }
    check(d, &rule->keys, all, method);
}
