#include "cli/explain.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/call.h"
#include "cli/fd.h"
#include "cli/rehearse.h"
#include "cli/type_name.h"
#include "http/chars.h"
#include "http/metadata.h"
#include "route/explain.h"
#include "transcode/transcode.h"
#include "wire/reader.h"
#include "json/writer.h"

enum { MAX_TEXT = 1 << 30, N_NEAREST = 3 };

struct explaining {
    const struct ss_cli_explain *e;
    struct ss_arena arena;
    struct ss_codec *codec;
    struct ss_buf text; /* what will be printed */
    struct ss_slice method, target, path, query;
    struct ss_route_match match;
    const struct ss_rule *rule; /* NULL: none matches */
    struct ss_rehearsal rehearsal;
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
    ss_buf_init(&out, MAX_TEXT);
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

static bool is_one_of(struct ss_slice name, const char *const *names)
{
    for (; *names; names++)
        if (ss_slice_eq(name, ss_slice_str(*names)))
            return true;
    return false;
}

/* Whether sidespan would send the field with any request. */
static bool is_ours(const struct explaining *x, const struct ss_header *h)
{
    static const char *const always[] = {"te",
                                         "content-type",
                                         "user-agent",
                                         "grpc-timeout",
                                         "x-forwarded-for",
                                         "x-forwarded-proto",
                                         "x-forwarded-host",
                                         NULL};
    static const char *const unless_given[] = {"x-request-id", "traceparent", NULL};
    if (!is_one_of(h->name, unless_given))
        return is_one_of(h->name, always);
    for (size_t i = 0; i < x->e->n_headers; i++)
        if (memmem(x->e->headers[i], strlen(x->e->headers[i]), h->value.ptr, h->value.len))
            return false;
    return true;
}

static void show_metadata(struct explaining *x)
{
    for (size_t i = 0; i < x->rehearsal.n_metadata; i++) {
        const struct ss_header *h = &x->rehearsal.metadata[i];
        if (is_ours(x, h))
            continue;
        struct ss_slice value = quoted(x, h->value);
        LINE(x, "metadata", "%.*s = %.*s", SS_FMT(h->name), SS_FMT(value));
    }
}

/* Headers that would go up if gRPC could carry them. */
static void show_left_out(struct explaining *x)
{
    for (size_t i = 0; i < x->e->n_headers; i++) {
        struct ss_slice text = ss_slice_str(x->e->headers[i]);
        const char *colon = strchr(text.ptr, ':');
        size_t len = colon ? (size_t)(colon - text.ptr) : text.len;
        char *name = ss_arena_alloc(&x->arena, len + 1);
        for (size_t k = 0; k < len; k++)
            name[k] = ss_http_tchar(text.ptr[k]);
        struct ss_header out, h = {.name = ss_slice_of(name, len)};
        h.value = ss_http_trim(ss_slice_skip(text, colon ? len + 1 : len));
        if (ss_metadata_from_header(&h, &x->arena, &out) == SS_FORWARD_UNFIT)
            LINE(x, "left out", "%.*s: gRPC cannot carry its name or value", SS_FMT(h.name));
    }
}

/* As it is, but for DEL, which JSON leaves bare and a terminal should not get. */
static void show_json(struct explaining *x, struct ss_slice json)
{
    const char *del;
    (void)ss_buf_printf(&x->text, "%-10s", "request");
    while (json.len && (del = memchr(json.ptr, 0x7f, json.len)) != NULL) {
        (void)ss_buf_append(&x->text, json.ptr, (size_t)(del - json.ptr));
        (void)ss_buf_append(&x->text, "\\u007f", 6);
        json = ss_slice_skip(json, (size_t)(del - json.ptr) + 1);
    }
    line_end(x, json);
}

/* The message that the service got, as JSON. */
static void show_request(struct explaining *x)
{
    static const struct ss_json_out options = {.preserve_proto_field_names = true};
    const struct ss_rehearsal *r = &x->rehearsal;
    struct ss_status st = {0};
    struct ss_buf json;
    if (r->messages == 0) {
        LINE(x, "request", "no message: path and query go nowhere");
        return;
    }
    ss_buf_init(&json, MAX_TEXT);
    if (x->rule && ss_wire_to_json(x->codec, x->e->snapshot->schema, x->rule->method->input, NULL, r->wire,
                                   &options, &x->arena, &json, &st) == SS_OK)
        show_json(x, ss_buf_slice(&json));
    else
        LINE(x, "request", "%zu bytes, passed on as they are", r->wire.len);
    if (r->messages > 1)
        LINE(x, "", "and %llu more, of the body alone", (unsigned long long)r->messages - 1);
    ss_buf_dispose(&json);
}

/* ---- one that does not ---- */

/* The next field of a message on the wire: its number, and its value as bytes or a number. False at the end.
 */
static bool next_field(struct ss_slice *rest, uint32_t *number, struct ss_slice *bytes, uint64_t *value)
{
    const char *p = rest->ptr, *end = p + rest->len;
    uint32_t tag = 0;
    *bytes = (struct ss_slice){0};
    if (rest->len == 0 || (p = ss_wire_get_tag(p, end, &tag)) == NULL)
        return false;
    *number = tag >> 3;
    p = (tag & 7) == 2   ? ss_wire_get_bytes(p, end, bytes)
        : (tag & 7) == 0 ? ss_varint_get(p, end, value)
                         : ss_wire_skip(p, end, tag, 1);
    if (p == NULL)
        return false;
    *rest = ss_slice_of(p, (size_t)(end - p));
    return true;
}

/* A google.rpc.BadRequest. */
static void show_violations(struct explaining *x, struct ss_slice rest)
{
    struct ss_slice violation, text;
    uint32_t number = 0;
    uint64_t ignored;
    while (next_field(&rest, &number, &violation, &ignored)) {
        struct ss_slice field = {0}, description = {0};
        while (next_field(&violation, &number, &text, &ignored))
            *(number == 1 ? &field : &description) = text;
        LINE(x, "", "%.*s%s%.*s", SS_FMT(field), field.len ? ": " : "", SS_FMT(description));
    }
}

/* A google.protobuf.Any of a status. */
static void show_detail(struct explaining *x, struct ss_slice rest)
{
    struct ss_slice url = {0}, value = {0}, text;
    uint32_t number = 0;
    uint64_t ignored;
    while (next_field(&rest, &number, &text, &ignored))
        *(number == 1 ? &url : &value) = text;
    if (ss_slice_eq(url, SS_LIT("type.googleapis.com/google.rpc.BadRequest")))
        show_violations(x, value);
}

/* The answer's google.rpc.Status, by the schema's own message of that name. */
static void show_refusal(struct explaining *x)
{
    static const struct ss_json_in options = {.ignore_unknown_fields = true};
    const struct ss_schema *schema = x->e->snapshot->schema;
    struct ss_status ignored = {0};
    struct ss_buf wire;
    struct ss_slice rest, bytes, message = {0};
    uint32_t number = 0;
    uint64_t value = 0, code = 0;
    ss_buf_init(&wire, MAX_TEXT);
    (void)ss_json_to_wire(x->codec, schema, ss_schema_message(schema, SS_LIT("google.rpc.Status")), NULL,
                          x->rehearsal.answer, &options, &x->arena, &wire, &ignored);
    for (rest = ss_buf_slice(&wire); next_field(&rest, &number, &bytes, &value);) {
        if (number == 1)
            code = value;
        else if (number == 2)
            message = bytes;
    }
    const char *name = code < 17 ? ss_code_name((int)code) : NULL;
    LINE(x, "refused", "%d %s: %.*s", x->rehearsal.status, name ? name : "", SS_FMT(message));
    for (rest = ss_buf_slice(&wire); next_field(&rest, &number, &bytes, &value);)
        if (number == 3)
            show_detail(x, bytes);
    ss_buf_dispose(&wire);
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
    x->target = t;
    const char *question = memchr(t.ptr, '?', t.len);
    x->path = ss_slice_of(t.ptr, question ? (size_t)(question - t.ptr) : t.len);
    x->query = question ? ss_slice_skip(t, x->path.len + 1) : (struct ss_slice){0};
}

/* HEAD is answered as GET is, but without the body that would say why. */
static enum ss_err rehearse(struct explaining *x, const char **why)
{
    struct ss_rehearsal *r = &x->rehearsal;
    const struct ss_rehearsal asked = *r;
    enum ss_err err = ss_rehearse(r, &x->arena, why);
    if (err != SS_OK || r->called || r->status < 400 || !ss_slice_eq(x->method, SS_LIT("HEAD")))
        return err;
    *r = asked;
    r->method = SS_LIT("GET");
    return ss_rehearse(r, &x->arena, why);
}

static enum ss_err explain(struct explaining *x, bool *refused, const char **why)
{
    struct ss_status ignored = {0};
    enum ss_err match =
        ss_route_match(x->e->snapshot->routes, x->method, x->path, &x->arena, &x->match, &ignored);
    enum ss_err err = rehearse(x, why);
    if (err != SS_OK)
        return err;
    if (match == SS_OK) {
        x->rule = ss_route_rule(x->match.route);
        show_match(x);
        show_bindings(x);
        show_body(x);
        show_response(x);
    }
    if (x->rehearsal.called) {
        show_metadata(x);
        show_left_out(x);
        show_request(x);
        return SS_OK;
    }
    if (x->rehearsal.status < 400) {
        if (match == SS_ERR_METHOD)
            LINE(x, "answered", "without a call: Allow: %.*s", SS_FMT(x->match.allow));
        else
            LINE(x, "answered", "without a call: %d", x->rehearsal.status);
        return SS_OK;
    }
    show_refusal(x);
    if (match == SS_ERR_NO_ROUTE)
        show_nearest(x);
    if (match == SS_ERR_METHOD)
        show_allowed(x);
    *refused = true;
    return SS_OK;
}

/* The body's bytes: what was given, a file's, or what stands on in. False with *why. */
static bool read_body(struct explaining *x, struct ss_buf *input, const char **why)
{
    const char *given = x->e->body;
    bool piped = given && strcmp(given, "-") == 0;
    *why = "the body cannot be read";
    if (given == NULL)
        return true;
    if (!piped && given[0] != '@') {
        x->rehearsal.body = ss_slice_str(given);
        return true;
    }
    int fd = piped ? x->e->in : open(given + 1, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && ss_fd_read_all(fd, input) == SS_OK;
    if (!piped && fd >= 0)
        close(fd);
    x->rehearsal.body = ss_buf_slice(input);
    return ok;
}

/* A line break in a part of the request would make another request of it. */
static bool is_one_line(const char *text)
{
    return strpbrk(text, "\r\n") == NULL;
}

static bool may_be_asked(const struct ss_cli_explain *e, const char **why)
{
    bool whole = is_one_line(e->http_method) && is_one_line(e->target);
    for (size_t i = 0; i < e->n_headers; i++)
        whole &= is_one_line(e->headers[i]);
    *why = "a line break stands in the method, the path or a header";
    return whole;
}

static int run(struct explaining *x, struct ss_buf *input)
{
    const struct ss_cli_explain *e = x->e;
    const char *why = NULL;
    bool refused = false;
    if (!may_be_asked(e, &why) || !read_body(x, input, &why) || explain(x, &refused, &why) != SS_OK) {
        struct ss_slice line = ss_arena_printf(&x->arena, "sidespan: %s\n", why);
        (void)ss_fd_write_all(e->err, line);
        return SS_EXIT_CONFIG;
    }
    if (ss_fd_write_all(e->out, ss_buf_slice(&x->text)) != SS_OK)
        return SS_EXIT_CONFIG;
    return refused ? SS_EXIT_FAILED : 0;
}

int ss_cli_explain_run(const struct ss_cli_explain *e)
{
    struct explaining x = {.e = e};
    struct ss_limits limits;
    struct ss_buf input;
    ss_limits_init(&limits);
    ss_arena_init(&x.arena, 0);
    ss_buf_init(&x.text, MAX_TEXT);
    ss_buf_init(&input, MAX_TEXT);
    x.codec = ss_codec_new();
    x.method = upper(&x, e->http_method);
    read_target(&x);
    x.rehearsal = (struct ss_rehearsal){
        .snapshot = e->snapshot,
        .limits = e->limits ? e->limits : &limits,
        .cors = e->cors,
        .site = e->site,
        .method = x.method,
        .target = x.target,
        .headers = e->headers,
        .n_headers = e->n_headers,
        .has_body = e->body != NULL,
    };
    int code = run(&x, &input);
    ss_codec_free(x.codec);
    ss_buf_dispose(&input);
    ss_buf_dispose(&x.text);
    ss_arena_dispose(&x.arena);
    return code;
}
