#include "cli/explain.h"

#include <ctype.h>
#include <string.h>

#include "cli/call.h"
#include "cli/fd.h"
#include "cli/type_name.h"
#include "http/chars.h"
#include "http/json_split.h"
#include "route/explain.h"
#include "transcode/transcode.h"
#include "wire/writer.h"
#include "json/writer.h"

enum { MAX_BODY = 256 << 20, N_NEAREST = 3 };

struct explaining {
    const struct ss_cli_explain *e;
    struct ss_arena arena;
    struct ss_codec *codec;
    struct ss_buf text; /* what will be printed */
    struct ss_buf wire; /* the message */
    struct ss_slice method, path, query, body;
    struct ss_route_match match;
    const struct ss_rule *rule;
    struct ss_status status;
    uint64_t messages; /* of a client stream, in the body */
};

/* ---- lines ---- */

#define LINE(x, label, ...)                                                                                  \
    ((void)ss_buf_printf(&(x)->text, "%-10s", label), line_end(x, ss_arena_printf(&(x)->arena, __VA_ARGS__)))

/* A request's text cannot begin a line of its own, or talk to a terminal. */
static void line_end(struct explaining *x, struct ss_slice rest)
{
    size_t start = x->text.len;
    (void)ss_buf_append(&x->text, rest.ptr, rest.len);
    for (char *p = x->text.ptr + start; p < x->text.ptr + x->text.len; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    (void)ss_buf_append(&x->text, "\n", 1);
}

static struct ss_slice quoted(struct explaining *x, struct ss_slice s)
{
    struct ss_buf out;
    ss_buf_init(&out, SIZE_MAX / 4);
    if (ss_json_write_string(&out, s) != SS_OK)
        (void)ss_buf_append(&out, "(not UTF-8)", 11);
    struct ss_slice kept = ss_arena_copy(&x->arena, ss_buf_slice(&out));
    ss_buf_dispose(&out);
    return kept;
}

static const char *kind(const struct ss_method *m)
{
    if (m->client_streaming)
        return m->server_streaming ? "bidirectional stream" : "client stream";
    return m->server_streaming ? "server stream" : "unary";
}

static void show_rule(struct explaining *x, const char *label, const struct ss_rule *r)
{
    LINE(x, label, "%.*s %.*s  %.*s  (%.*s)", SS_FMT(r->http_method), SS_FMT(r->path),
         SS_FMT(r->method->full_name), SS_FMT(r->origin));
}

/* ---- a request that matches ---- */

static void show_match(struct explaining *x)
{
    const struct ss_rule *r = x->rule;
    const struct ss_cluster_config *c = &x->e->snapshot->clusters[r->cluster];
    LINE(x, "rule", "%.*s %.*s", SS_FMT(r->http_method), SS_FMT(r->path));
    LINE(x, "at", "%.*s", SS_FMT(r->origin));
    LINE(x, "selector", "%.*s (%s)", SS_FMT(r->method->full_name), kind(r->method));
    LINE(x, "upstream", "%.*s (%.*s, %s)", SS_FMT(c->name), SS_FMT(c->target.authority),
         c->tls ? "TLS" : "plaintext");
}

static void show_bindings(struct explaining *x)
{
    const struct ss_route_binding *b = ss_route_bindings(&x->match, x->query, &x->arena);
    for (; b; b = b->next) {
        const char *label = b->source == SS_BINDING_PATH ? "path" : "query";
        struct ss_slice value = quoted(x, b->value);
        if (b->leaf == NULL) {
            LINE(x, label, "%.*s = %.*s: %.*s", SS_FMT(b->name), SS_FMT(value), SS_FMT(b->why));
            continue;
        }
        struct ss_slice type = ss_type_name(b->leaf, &x->arena);
        LINE(x, label, "%.*s -> %.*s (%.*s) = %.*s", SS_FMT(b->name), SS_FMT(b->field), SS_FMT(type),
             SS_FMT(value));
    }
}

static void show_body(struct explaining *x)
{
    const struct ss_field *f = ss_route_body_field(x->match.route);
    const struct ss_message *input = x->rule->method->input;
    const char *each = x->rule->method->client_streaming ? ", each message" : "";
    if (x->rule->body.len == 0)
        LINE(x, "body", "none is taken");
    else if (f == NULL)
        LINE(x, "body", "* -> the whole request (%.*s)%s", SS_FMT(input->full_name), each);
    else {
        struct ss_slice type = ss_type_name(f, &x->arena);
        LINE(x, "body", "%.*s -> %.*s (%.*s)%s", SS_FMT(x->rule->body), SS_FMT(f->name), SS_FMT(type), each);
    }
}

static void show_response(struct explaining *x)
{
    const struct ss_field *f = ss_route_response_field(x->match.route);
    struct ss_slice output = x->rule->method->output->full_name;
    struct ss_slice type = f ? ss_type_name(f, &x->arena) : output;
    if (f)
        LINE(x, "response", "%.*s of %.*s (%.*s)", SS_FMT(f->name), SS_FMT(output), SS_FMT(type));
    else
        LINE(x, "response", "%.*s", SS_FMT(output));
}

static bool is_raw(const struct explaining *x)
{
    const struct ss_field *f = ss_route_body_field(x->match.route);
    const struct ss_message *m = f ? f->message : x->rule->method->input;
    return m && m->wkt == SS_WKT_HTTP_BODY;
}

/* The request's update_mask, when a PATCH of one field has it made up of the body; NULL: no. */
static const struct ss_field *absent_mask(struct explaining *x)
{
    const struct ss_field *body = ss_route_body_field(x->match.route);
    const struct ss_field *f = ss_message_field(x->rule->method->input, SS_LIT("update_mask"));
    struct ss_slice given;
    if (!ss_slice_eq(x->method, SS_LIT("PATCH")) || body == NULL || body->message == NULL || body->repeated ||
        f == NULL || f->message == NULL || f->message->wkt != SS_WKT_FIELD_MASK || f->repeated)
        return NULL;
    return ss_query_get(x->query, f->name, &x->arena, &given) ||
                   ss_query_get(x->query, f->json_name, &x->arena, &given)
               ? NULL
               : f;
}

static enum ss_err add_mask(struct explaining *x)
{
    const struct ss_field *f = absent_mask(x);
    if (f == NULL)
        return SS_OK;
    struct ss_buf mask;
    ss_buf_init(&mask, MAX_BODY);
    enum ss_err err = ss_json_to_mask(x->codec, ss_route_body_field(x->match.route)->message, x->body,
                                      x->rule->options->in.lenient, &mask);
    if (err == SS_OK)
        err = ss_wire_put_bytes(&x->wire, f->number, ss_buf_slice(&mask));
    ss_buf_dispose(&mask);
    return err;
}

static enum ss_err encode(struct explaining *x, struct ss_slice text, struct ss_buf *wire)
{
    return ss_json_to_wire(x->codec, x->e->snapshot->schema, x->rule->method->input,
                           ss_route_body_field(x->match.route), text, &x->rule->options->in, &x->arena, wire,
                           &x->status);
}

/* The messages of a client stream: the first stays in x->wire, the others are only checked. */
static enum ss_err encode_messages(struct explaining *x, enum ss_json_split_form form)
{
    struct ss_json_split split;
    struct ss_slice rest = x->body, text;
    struct ss_buf other;
    enum ss_err err = SS_OK;
    bool have = true, more = true;
    ss_buf_init(&other, SIZE_MAX / 4);
    ss_json_split_init(&split, form, MAX_BODY);
    while (err == SS_OK && more) {
        size_t used = 0;
        more = rest.len > 0;
        err = more ? ss_json_split_push(&split, rest.ptr, rest.len, &used, &have, &text)
                   : ss_json_split_end(&split, &have, &text);
        rest = ss_slice_skip(rest, used);
        if (err != SS_OK)
            ss_status_violation(&x->status, &x->arena, (struct ss_slice){0}, "message %llu: %s",
                                (unsigned long long)split.texts + 1, split.why);
        else if (have)
            err = encode(x, text, split.texts == 1 ? &x->wire : &other);
        ss_buf_clear(&other, 0);
    }
    x->messages = split.texts;
    ss_json_split_dispose(&split);
    ss_buf_dispose(&other);
    return err;
}

/* There is no Content-Type to say whether they are elements or lines. */
static enum ss_err encode_stream(struct explaining *x)
{
    enum ss_err err = encode_messages(x, SS_JSON_SPLIT_VALUE);
    if (err == SS_OK || x->body.len == 0 || ss_http_trim(x->body).ptr[0] == '[')
        return err;
    struct ss_status status = x->status;
    x->status = (struct ss_status){0};
    ss_buf_clear(&x->wire, SIZE_MAX);
    if (encode_messages(x, SS_JSON_SPLIT_LINES) == SS_OK)
        return SS_OK;
    if (x->messages == 1)
        x->status = status;
    return err;
}

static enum ss_err encode_body(struct explaining *x)
{
    struct ss_slice bare = ss_http_trim(x->body);
    if (bare.len == 0)
        return SS_OK;
    if (x->rule->body.len == 0)
        return ss_slice_eq(bare, SS_LIT("{}"))
                   ? SS_OK
                   : ss_status_violation(&x->status, &x->arena, (struct ss_slice){0},
                                         "this path takes no body: send none, or {}");
    if (x->rule->method->client_streaming)
        return encode_stream(x);
    enum ss_err err = encode(x, x->body, &x->wire);
    return err == SS_OK ? add_mask(x) : err;
}

/* The message that would be sent, as JSON. */
static enum ss_err show_request(struct explaining *x)
{
    static const struct ss_json_out options = {.preserve_proto_field_names = true};
    struct ss_buf json;
    ss_buf_init(&json, SIZE_MAX / 4);
    enum ss_err err = SS_OK;
    if (!is_raw(x))
        err = encode_body(x);
    if (err == SS_OK && !is_raw(x) && x->rule->method->client_streaming && x->rule->body.len &&
        x->messages == 0) {
        LINE(x, "request", "no message: path and query go nowhere");
        ss_buf_dispose(&json);
        return SS_OK;
    }
    if (err == SS_OK && x->rule->options->reject_binding_body_field_collisions)
        err = ss_route_check_collisions(&x->match, ss_buf_slice(&x->wire), &x->arena, &x->status);
    static const struct ss_hash_key hash_key = {{0}}; /* nobody but who asks chooses the keys */
    enum ss_err bound = ss_route_bind(&x->match, x->query, &hash_key, &x->arena, &x->wire, &x->status);
    if (err == SS_OK) /* else both are shown */
        err = bound;
    if (err == SS_OK)
        err = ss_wire_to_json(x->codec, x->e->snapshot->schema, x->rule->method->input, NULL,
                              ss_buf_slice(&x->wire), &options, &x->arena, &json, &x->status);
    if (err == SS_OK)
        LINE(x, "request", "%.*s%s", (int)json.len, json.ptr,
             is_raw(x) ? " and the body, raw, with its content type" : "");
    if (err == SS_OK && x->messages > 1)
        LINE(x, "", "and %llu more, of the body alone", (unsigned long long)x->messages - 1);
    ss_buf_dispose(&json);
    return err;
}

/* ---- one that does not ---- */

static void show_refusal(struct explaining *x)
{
    const struct ss_status *st = &x->status;
    int http = ss_err_http(st->err);
    if (x->rule && st->code > 0 && st->code < 17 && x->rule->options->status_map[st->code])
        http = x->rule->options->status_map[st->code];
    const char *code = ss_code_name(st->code);
    LINE(x, "refused", "%d %s: %.*s", http, code ? code : "", SS_FMT(st->message));
    for (const struct ss_violation *v = st->violations; v; v = v->next)
        LINE(x, "", "%.*s%s%.*s", SS_FMT(v->field), v->field.len ? ": " : "", SS_FMT(v->description));
}

static void show_nearest(struct explaining *x)
{
    const struct ss_rule *near[N_NEAREST];
    size_t n = ss_route_nearest(x->e->snapshot->routes, x->path, &x->arena, near, N_NEAREST);
    for (size_t i = 0; i < n; i++)
        show_rule(x, i == 0 ? "nearest" : "", near[i]);
}

static void show_allowed(struct explaining *x)
{
    struct ss_slice allowed = x->match.allow, method;
    const struct ss_rule *last = NULL;
    LINE(x, "allowed", "%.*s", SS_FMT(allowed));
    while (ss_http_token_next(&allowed, &method)) {
        struct ss_route_match m;
        struct ss_status ignored = {0};
        if (ss_route_match(x->e->snapshot->routes, method, x->path, &x->arena, &m, &ignored) != SS_OK ||
            ss_route_rule(m.route) == last)
            continue;
        last = ss_route_rule(m.route);
        show_rule(x, "", last);
    }
}

/* ---- the whole ---- */

static struct ss_slice upper(struct explaining *x, const char *text)
{
    size_t n = strlen(text);
    char *p = ss_arena_alloc(&x->arena, n + 1);
    for (size_t i = 0; i < n; i++)
        p[i] = (char)toupper((unsigned char)text[i]);
    return ss_slice_of(p, n);
}

/* Path and query of what is given, be it a URL or not; a fragment never goes on the wire. */
static void read_target(struct explaining *x)
{
    struct ss_slice t = ss_slice_str(x->e->target);
    const char *scheme = memmem(t.ptr, t.len, "://", 3), *slash = memchr(t.ptr, '/', t.len);
    if (scheme && slash == scheme + 1) {
        t = ss_slice_skip(t, (size_t)(scheme - t.ptr) + 3);
        slash = memchr(t.ptr, '/', t.len);
        t = slash ? ss_slice_skip(t, (size_t)(slash - t.ptr)) : SS_LIT("/");
    }
    const char *fragment = memchr(t.ptr, '#', t.len);
    if (fragment)
        t.len = (size_t)(fragment - t.ptr);
    const char *question = memchr(t.ptr, '?', t.len);
    x->path = ss_slice_of(t.ptr, question ? (size_t)(question - t.ptr) : t.len);
    x->query = question ? ss_slice_skip(t, x->path.len + 1) : (struct ss_slice){0};
}

static enum ss_err explain(struct explaining *x)
{
    enum ss_err err =
        ss_route_match(x->e->snapshot->routes, x->method, x->path, &x->arena, &x->match, &x->status);
    if (err == SS_ERR_METHOD && ss_slice_eq(x->method, SS_LIT("OPTIONS"))) {
        LINE(x, "answered", "without a call: Allow: %.*s", SS_FMT(x->match.allow));
        return SS_OK;
    }
    if (err == SS_OK) {
        x->rule = ss_route_rule(x->match.route);
        show_match(x);
        show_bindings(x);
        show_body(x);
        show_response(x);
        err = show_request(x);
    }
    if (err != SS_OK)
        show_refusal(x);
    if (err == SS_ERR_NO_ROUTE)
        show_nearest(x);
    if (err == SS_ERR_METHOD)
        show_allowed(x);
    return err;
}

int ss_cli_explain_run(const struct ss_cli_explain *e)
{
    struct explaining x = {.e = e, .body = ss_slice_str(e->body)};
    struct ss_buf input;
    int code = SS_EXIT_CONFIG;
    ss_arena_init(&x.arena, 0);
    ss_buf_init(&x.text, SIZE_MAX / 4);
    ss_buf_init(&x.wire, SIZE_MAX / 4);
    ss_buf_init(&input, MAX_BODY);
    x.codec = ss_codec_new();
    x.method = upper(&x, e->http_method);
    read_target(&x);
    if (e->body && strcmp(e->body, "-") == 0 && ss_fd_read_all(e->in, &input) != SS_OK) {
        (void)ss_fd_write_all(e->err, SS_LIT("sidespan: the body cannot be read\n"));
    } else {
        if (input.len || (e->body && strcmp(e->body, "-") == 0))
            x.body = ss_buf_slice(&input);
        code = explain(&x) == SS_OK ? 0 : SS_EXIT_FAILED;
        if (ss_fd_write_all(e->out, ss_buf_slice(&x.text)) != SS_OK)
            code = SS_EXIT_CONFIG;
    }
    ss_codec_free(x.codec);
    ss_buf_dispose(&input);
    ss_buf_dispose(&x.wire);
    ss_buf_dispose(&x.text);
    ss_arena_dispose(&x.arena);
    return code;
}
