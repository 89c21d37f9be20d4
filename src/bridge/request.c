#include "base/percent.h"
#include "bridge/gate.h"
#include "bridge/head.h"
#include "bridge/inflate.h"
#include "http/connection.h"
#include "http/cors.h"
#include "http/grpc_timeout.h"
#include "http/gzip.h"
#include "http/media.h"
#include "http/metadata.h"

enum {
    UNARY_TIMEOUT_MS = 60000,
    OWN_METADATA = 8,
    MAX_REQUEST_ID = 128,
    REQUEST_ID_LEN = 16,
    MAX_SHOWN_NAME = 100
};

/* ---- the headers that sidespan itself looks at, found in one pass ---- */

enum known {
    H_ORIGIN,
    H_ACCEPT,
    H_CONNECTION,
    H_USER_AGENT,
    H_CONTENT_TYPE,
    H_GRPC_TIMEOUT,
    H_X_REQUEST_ID,
    H_X_FORWARDED_FOR,
    H_ACCEPT_ENCODING,
    H_CONTENT_ENCODING,
    H_X_FORWARDED_HOST,
    H_X_FORWARDED_PROTO,
    H_X_REQUEST_TIMEOUT,
    KNOWN
};

struct intake {
    const struct ss_request *r;
    struct ss_slice known[KNOWN]; /* the first value of each, of a list all; empty: absent */
    struct ss_arena lists;        /* lists that came in several headers, joined: of no use to the call */
    unsigned n_given;             /* of the metadata that goes up, what the client gave */
    struct ss_slice crowded;      /* the header that has no room any more; empty: all have */
};

/* x-forwarded-for is a list too, but is joined only when it is sent on. */
static bool is_list(unsigned k)
{
    return k == H_ACCEPT || k == H_ACCEPT_ENCODING || k == H_CONNECTION;
}

static void find_known(struct intake *in)
{
    const struct ss_request *r = in->r;
    bool several[KNOWN] = {false};
    /* clang-format off */
    static const struct ss_slice names[KNOWN] = {
        [H_ORIGIN] = {"origin", 6}, [H_ACCEPT] = {"accept", 6}, [H_CONNECTION] = {"connection", 10},
        [H_USER_AGENT] = {"user-agent", 10}, [H_CONTENT_TYPE] = {"content-type", 12},
        [H_GRPC_TIMEOUT] = {"grpc-timeout", 12}, [H_X_REQUEST_ID] = {"x-request-id", 12},
        [H_X_FORWARDED_FOR] = {"x-forwarded-for", 15}, [H_ACCEPT_ENCODING] = {"accept-encoding", 15},
        [H_CONTENT_ENCODING] = {"content-encoding", 16}, [H_X_FORWARDED_HOST] = {"x-forwarded-host", 16},
        [H_X_FORWARDED_PROTO] = {"x-forwarded-proto", 17}, [H_X_REQUEST_TIMEOUT] = {"x-request-timeout", 17}};
    /* Index + 1 of the first name of that length; 0 if there is none. */
    static const uint8_t first[18] = {[6] = H_ORIGIN + 1, [10] = H_CONNECTION + 1, [12] = H_CONTENT_TYPE + 1,
        [15] = H_X_FORWARDED_FOR + 1, [16] = H_CONTENT_ENCODING + 1, [17] = H_X_FORWARDED_PROTO + 1};
    /* clang-format on */
    for (size_t i = 0; i < r->n_headers; i++) {
        const struct ss_header *h = &r->headers[i];
        if (h->name.len >= sizeof first || first[h->name.len] == 0)
            continue;
        for (unsigned k = first[h->name.len] - 1u; k < KNOWN && names[k].len == h->name.len; k++) {
            if (memcmp(names[k].ptr, h->name.ptr, h->name.len) != 0)
                continue;
            if (in->known[k].len == 0)
                in->known[k] = h->value;
            else
                several[k] = true;
            break;
        }
    }
    for (unsigned k = 0; k < KNOWN; k++)
        if (several[k] && is_list(k))
            in->known[k] = ss_headers_join(r->headers, r->n_headers, names[k], ", ", &in->lists);
}

/* ---- metadata ---- */

static void add(struct ss_call *call, struct ss_slice name, struct ss_slice value, bool unindexed)
{
    struct ss_metadata *m = &call->up_metadata;
    if (m->n == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 16;
        struct ss_header *fields = ss_arena_alloc(&call->arena, m->cap * sizeof *fields);
        if (m->n)
            memcpy(fields, m->fields, m->n * sizeof *fields);
        m->fields = fields;
    }
    m->fields[m->n++] = (struct ss_header){.name = name, .value = value, .unindexed = unindexed};
}

static bool plain(struct ss_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e)
            return false;
    return s.len > 0;
}

void ss_call_make_request_id(struct ss_call *call)
{
    char *id = ss_arena_alloc(&call->arena, REQUEST_ID_LEN);
    ss_bridge_random_hex(call->bridge, id, REQUEST_ID_LEN);
    call->request_id = ss_slice_of(id, REQUEST_ID_LEN);
}

static void set_request_id(struct ss_call *call, const struct intake *in)
{
    struct ss_slice given = in->known[H_X_REQUEST_ID];
    if (plain(given) && given.len <= MAX_REQUEST_ID) {
        call->request_id = ss_arena_copy(&call->arena, given);
        return;
    }
    ss_call_make_request_id(call);
}

/* What came as x-forwarded-for, in however many headers, with the peer after it. */
static struct ss_slice forwarded_for(struct ss_call *call, struct intake *in)
{
    const struct ss_request *r = in->r;
    struct ss_slice before =
        ss_headers_join(r->headers, r->n_headers, SS_LIT("x-forwarded-for"), ", ", &in->lists);
    if (!plain(before))
        return ss_arena_copy(&call->arena, r->peer);
    return ss_arena_printf(&call->arena, "%.*s, %.*s", SS_FMT(before), SS_FMT(r->peer));
}

/* Says that a header does not go up, by name only. */
static void leave_out(const struct ss_call *call, struct ss_slice name)
{
    int shown = name.len > MAX_SHOWN_NAME ? MAX_SHOWN_NAME : (int)name.len;
    ss_log_write(ss_loop_log(call->bridge->loop), SS_LOG_DEBUG,
                 "header \"%.*s\" is left out: gRPC cannot carry its name or value (request %.*s)", shown,
                 name.ptr, SS_FMT(call->request_id));
}

static void add_forwarded(struct ss_call *call, struct intake *in)
{
    const struct ss_request *r = in->r;
    struct ss_arena *a = &call->arena;
    add(call, SS_LIT("x-forwarded-for"), forwarded_for(call, in), false);
    struct ss_slice proto = in->known[H_X_FORWARDED_PROTO];
    add(call, SS_LIT("x-forwarded-proto"), plain(proto) ? ss_arena_copy(a, proto) : r->scheme, false);
    struct ss_slice host = in->known[H_X_FORWARDED_HOST];
    if (!plain(host))
        host = r->host;
    if (plain(host))
        add(call, SS_LIT("x-forwarded-host"), ss_arena_copy(a, host), false);
    struct ss_slice agent = in->known[H_USER_AGENT];
    if (plain(agent))
        add(call, SS_LIT("x-forwarded-user-agent"), ss_arena_copy(a, agent), false);
    else if (agent.len)
        leave_out(call, SS_LIT("user-agent"));
}

/* version-traceid-parentid-flags in lower-case hex, ids not all zero. */
static bool is_trace(struct ss_slice s)
{
    static const char form[] = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
    bool trace = false, parent = false;
    if (s.len < sizeof form - 1 || (s.len > sizeof form - 1 && s.ptr[sizeof form - 1] != '-'))
        return false;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        char c = s.ptr[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (form[i] == '-' ? c != '-' : !hex)
            return false;
        trace |= i >= 3 && i < 35 && c != '0';
        parent |= i >= 36 && i < 52 && c != '0';
    }
    return trace && parent && !ss_slice_starts(s, SS_LIT("ff"));
}

/* W3C Trace Context: a request without a trace begins one, not sampled: that is for who records it to decide.
 */
static void begin_trace(struct ss_call *call)
{
    char ids[48], *text = ss_arena_alloc(&call->arena, 55);
    ss_bridge_random_hex(call->bridge, ids, sizeof ids);
    memcpy(text, "00-", 3);
    memcpy(text + 3, ids, 32);
    text[35] = '-';
    memcpy(text + 36, ids + 32, 16);
    memcpy(text + 52, "-00", 3);
    add(call, SS_LIT("traceparent"), ss_slice_of(text, 55), true);
}

static bool is_binary(struct ss_slice name)
{
    return name.len > 4 && memcmp(name.ptr + name.len - 4, "-bin", 4) == 0;
}

/* Metadata that the client gave: no more than it may have headers, of which a binary one may hold several
 * values. */
static void add_given(struct ss_call *call, struct intake *in, struct ss_slice name, struct ss_slice value,
                      bool unindexed)
{
    if (in->n_given == call->bridge->max_headers) {
        in->crowded = name;
        return;
    }
    in->n_given++;
    add(call, name, value, unindexed);
}

/* Each value goes up by itself: some gRPC libraries take a comma for a broken connection. */
static void add_binary(struct ss_call *call, struct intake *in, struct ss_slice name, struct ss_slice values)
{
    const char *comma;
    values = ss_arena_copy(&call->arena, values);
    while (in->crowded.len == 0 && values.len && (comma = memchr(values.ptr, ',', values.len))) {
        size_t n = (size_t)(comma - values.ptr);
        add_given(call, in, name, ss_slice_of(values.ptr, n), false);
        values = ss_slice_skip(values, n + 1);
    }
    add_given(call, in, name, values, false);
}

/* gRPC's own headers of a native request, but for those that sidespan sends itself, and those that the route
 * denies; the codings are the protocol's. */
static bool passes_natively(const struct ss_call *call, const struct ss_header *h)
{
    if (ss_slice_eq(h->name, SS_LIT("grpc-encoding")) || ss_slice_eq(h->name, SS_LIT("grpc-accept-encoding")))
        return plain(h->value);
    return ss_slice_starts(h->name, SS_LIT("grpc-")) && !ss_slice_eq(h->name, SS_LIT("grpc-timeout")) &&
           plain(h->value) && ss_head_allowed(call->options, h->name);
}

static bool may_go_up(const struct ss_route_options *o, struct ss_slice name)
{
    if (!ss_head_allowed(o, name))
        return false;
    if (!o->has_allow_headers)
        return true;
    for (size_t i = 0; i < o->n_allow_headers; i++)
        if (ss_slice_eq(name, o->allow_headers[i]))
            return true;
    return false;
}

/* What header h goes up as, in *out, if *goes. SS_ERR_INVALID: it should, and cannot. */
static enum ss_err to_metadata(struct ss_call *call, const struct ss_header *h, struct ss_header *out,
                               bool *goes, struct ss_status *st)
{
    if (call->native && passes_natively(call, h)) {
        *out = *h;
        *goes = true;
        return SS_OK;
    }
    *goes = false;
    if (!may_go_up(call->options, h->name))
        return SS_OK;
    switch (ss_metadata_from_header(h, &call->arena, out)) {
    case SS_FORWARD_DROP:
        break;
    case SS_FORWARD_UNFIT:
        leave_out(call, h->name);
        break;
    case SS_FORWARD_BAD_BASE64:
        return ss_status_violation(st, &call->arena, h->name,
                                   "expected base64: it is what a header carries whose name ends in -bin");
    case SS_FORWARD_AS_IS:
    case SS_FORWARD_RENAMED:
        *goes = ss_head_allowed(call->options, out->name); /* denied names do not go up as Grpc-Metadata- */
        break;
    }
    return SS_OK;
}

static enum ss_err read_metadata(struct ss_call *call, struct intake *in, struct ss_status *st)
{
    const struct ss_request *r = in->r;
    struct ss_arena *a = &call->arena;
    const bool *of_this_hop =
        ss_connection_named(r->headers, r->n_headers, in->known[H_CONNECTION], &in->lists);
    struct ss_metadata *m = &call->up_metadata;
    m->cap = r->n_headers + OWN_METADATA;
    m->fields = ss_arena_alloc(a, m->cap * sizeof *m->fields);
    add_forwarded(call, in);
    add(call, SS_LIT("x-request-id"), call->request_id, true);
    bool traced = false;
    if (r->bearer.len && may_go_up(call->options, SS_LIT("authorization")))
        add(call, SS_LIT("authorization"), ss_arena_printf(a, "Bearer %.*s", SS_FMT(r->bearer)), false);
    for (size_t i = 0; i < r->n_headers && in->crowded.len == 0; i++) {
        const struct ss_header *h = &r->headers[i];
        struct ss_header out;
        if (r->bearer.len && ss_slice_eq(h->name, SS_LIT("authorization")))
            continue;
        bool goes = !(of_this_hop && of_this_hop[i]);
        if (goes && to_metadata(call, h, &out, &goes, st) != SS_OK)
            return SS_ERR_INVALID;
        if (!goes)
            continue;
        out.name = ss_arena_copy(a, out.name);
        if (is_binary(out.name)) {
            add_binary(call, in, out.name, out.value);
            continue;
        }
        bool trace = ss_slice_eq(out.name, SS_LIT("traceparent"));
        if (trace && !is_trace(out.value))
            continue; /* begun anew, as W3C Trace Context asks */
        traced |= trace;
        add_given(call, in, out.name, ss_arena_copy(a, out.value), trace);
    }
    if (in->crowded.len)
        return ss_status_set(
            st, a, SS_ERR_HEADERS_TOO_LARGE,
            "header %.*s: with its values there is more metadata than limits.max_headers (%u)",
            SS_FMT(in->crowded), call->bridge->max_headers);
    if (!traced)
        begin_trace(call);
    return SS_OK;
}

/* ---- deadline ---- */

static enum ss_err read_timeout(struct ss_call *call, const struct intake *in, struct ss_status *st)
{
    const struct ss_route_options *o = call->options;
    if (o == NULL)
        return ss_status_set(st, &call->arena, SS_ERR_INTERNAL, "no options");
    int64_t limit = o->timeout_ms;
    if (limit < 0)
        limit = call->native || call->method->server_streaming || call->method->client_streaming
                    ? 0
                    : UNARY_TIMEOUT_MS;
    const struct {
        const char *name;
        enum known known;
        bool grpc;
    } names[] = {{"grpc-timeout", H_GRPC_TIMEOUT, true}, {"x-request-timeout", H_X_REQUEST_TIMEOUT, false}};
    for (size_t i = 0; i < 2; i++) {
        struct ss_slice text = in->known[names[i].known];
        int64_t ms = 0;
        if (text.len == 0)
            continue;
        enum ss_err err =
            names[i].grpc ? ss_grpc_timeout_parse(text, &ms) : ss_duration_parse(text, true, &ms);
        if (err != SS_OK)
            return ss_status_set(st, &call->arena, SS_ERR_INVALID, "header %s: expected %s", names[i].name,
                                 names[i].grpc ? "1 to 8 digits and one of H, M, S, m, u, n"
                                               : "seconds, or a duration such as 1.5s or 400ms");
        if (ms == 0)
            return ss_status_set(st, &call->arena, SS_ERR_DEADLINE, "deadline exceeded");
        if (limit == 0 || ms < limit)
            limit = ms;
    }
    call->timeout_ms = limit;
    return SS_OK;
}

/* ---- form of the answer ---- */

/* Errors are indented too, also those of requests that have no route: so this is looked at first. */
static void read_layout(struct ss_call *call)
{
    struct ss_slice value;
    if (call->options)
        call->json = call->options->out;
    if (ss_query_get(call->query, SS_LIT("$prettyPrint"), &call->arena, &value))
        call->json.pretty =
            value.len == 0 || ss_slice_eq_ci(value, SS_LIT("true")) || ss_slice_eq(value, SS_LIT("1"));
}

static enum ss_err read_form(struct ss_call *call, const struct intake *in, struct ss_status *st)
{
    enum ss_stream_form form;
    if (ss_call_read_system(call, &form, st) != SS_OK)
        return SS_ERR_INVALID;
    call->stream.pretty = call->json.pretty;
    if (!call->method->server_streaming)
        return SS_OK;
    if (form == SS_STREAM_UNSET) {
        enum ss_accept accept = ss_accept_of(in->known[H_ACCEPT]);
        form = accept == SS_ACCEPT_SSE      ? SS_STREAM_SSE
               : accept == SS_ACCEPT_NDJSON ? SS_STREAM_NDJSON
               : accept == SS_ACCEPT_JSON   ? SS_STREAM_ARRAY
                                            : call->options->stream;
    }
    call->stream.envelope = call->options->envelope;
    call->stream.done = call->options->sse.done;
    switch (form) {
    case SS_STREAM_UNSET:
    case SS_STREAM_NDJSON:
        call->stream.form = SS_BODY_NDJSON;
        break;
    case SS_STREAM_SSE:
        call->stream.form = SS_BODY_SSE;
        break;
    case SS_STREAM_ARRAY:
        call->stream.form = SS_BODY_ARRAY;
        break;
    case SS_STREAM_OBJECT:
        call->stream.form = SS_BODY_OBJECT;
        if (call->answer == &ss_answer_stream)
            call->answer = &ss_answer_object;
        break;
    }
    return SS_OK;
}

/* ---- the head as a whole ---- */

static bool is_http_body(const struct ss_message *m)
{
    return m && m->wkt == SS_WKT_HTTP_BODY;
}

/* Whether the request's body goes into a google.api.HttpBody as it is. */
static bool takes_raw(const struct ss_call *call)
{
    const struct ss_field *field = ss_route_body_field(call->match.route);
    if (field)
        return is_http_body(field->message) && !field->repeated;
    return ss_route_rule(call->match.route)->body.len && is_http_body(call->method->input);
}

static enum ss_err choose_intake(struct ss_call *call, const struct intake *in, struct ss_status *st)
{
    enum ss_media media = ss_media_of(in->known[H_CONTENT_TYPE]);
    bool body = ss_route_rule(call->match.route)->body.len > 0;
    bool stream = call->method->client_streaming && body; /* else it is one message, of path and query */
    call->intake = stream ? &ss_intake_stream : &ss_intake_json;
    if (takes_raw(call)) {
        call->intake = &ss_intake_raw;
        return SS_OK;
    }
    if (!body || in->r->content_length == 0)
        return SS_OK;
    switch (media) {
    case SS_MEDIA_NONE:
    case SS_MEDIA_JSON:
        return SS_OK;
    case SS_MEDIA_NDJSON:
        if (stream)
            return SS_OK;
        break;
    case SS_MEDIA_FORM: /* which may be JSON all the same: it is seen by its beginning */
        call->intake = stream ? &ss_intake_stream : &ss_intake_form;
        return SS_OK;
    case SS_MEDIA_TEXT:
        call->intake = stream ? &ss_intake_stream : &ss_intake_text;
        return SS_OK;
    case SS_MEDIA_MULTIPART:
        call->intake = &ss_intake_multipart;
        return SS_OK;
    case SS_MEDIA_GRPC:
    case SS_MEDIA_GRPC_WEB:
    case SS_MEDIA_GRPC_WEB_TEXT:
    case SS_MEDIA_OTHER:
        break;
    }
    return ss_call_refuse_type(call, st);
}

static void choose_answer(struct ss_call *call)
{
    const struct ss_field *field = ss_route_response_field(call->match.route);
    bool raw = field ? is_http_body(field->message) && !field->repeated : is_http_body(call->method->output);
    if (raw)
        call->answer = &ss_answer_raw;
    else if (call->method->server_streaming)
        call->answer = &ss_answer_stream;
    else
        call->answer = &ss_answer_unary;
}

static enum ss_err check_body(struct ss_call *call, const struct intake *in, struct ss_status *st)
{
    const struct ss_request *r = in->r;
    struct ss_arena *a = &call->arena;
    if (r->content_length > 0 && (uint64_t)r->content_length > call->max_request_bytes &&
        !call->method->client_streaming)
        return ss_status_set(st, a, SS_ERR_BODY_TOO_LARGE, "the body is larger than %zu bytes",
                             call->max_request_bytes);
    struct ss_slice coding = in->known[H_CONTENT_ENCODING];
    /* RFC 9110 §8.4.1.3: x-gzip is gzip. */
    bool gzip = ss_slice_eq_ci(coding, SS_LIT("gzip")) || ss_slice_eq_ci(coding, SS_LIT("x-gzip"));
    if (r->content_length != 0 && gzip)
        ss_call_inflate_begin(call, call->method->client_streaming ? 0 : call->max_request_bytes);
    else if (r->content_length != 0 && coding.len && !ss_slice_eq_ci(coding, SS_LIT("identity")))
        return ss_status_set(st, a, SS_ERR_MEDIA_TYPE, "expected content-encoding: gzip, or none");
    return choose_intake(call, in, st);
}

/* ---- CORS ---- */

static struct ss_slice find(const struct ss_request *r, struct ss_slice name)
{
    const struct ss_header *h = ss_header_find(r->headers, r->n_headers, name);
    return h ? h->value : (struct ss_slice){0};
}

static void answer_preflight(struct ss_call *call)
{
    struct ss_client *c = call->client;
    struct ss_headers h;
    ss_head_begin(&h, call, (struct ss_slice){0});
    ss_call_head(call, 204, h.fields, h.n, 0);
    c->ops->finish(c, NULL, 0);
    ss_call_over(call);
}

/* The options of the route that a preflight asks about: by HTTP, or by gRPC-Web. NULL: there is none. */
static const struct ss_route_options *options_asked_about(struct ss_call *call, const struct ss_request *r,
                                                          struct ss_slice method)
{
    struct ss_route_match m;
    struct ss_status ignored;
    struct ss_slice path = ss_arena_copy(&call->arena, r->path);
    if (ss_route_match(call->bridge->snapshot->routes, method, path, &call->arena, &m, &ignored) == SS_OK)
        return ss_route_rule(m.route)->options;
    const struct ss_rule *rule = ss_slice_eq(method, SS_LIT("POST")) ? ss_native_rule(call, path) : NULL;
    return rule ? rule->options : NULL;
}

/* What CORS adds to the answer; a preflight is answered here: the call is over then. A preflight asks about
 * the route of the method that it announces. */
static void apply_cors(struct ss_call *call, const struct intake *in)
{
    const struct ss_request *r = in->r;
    const struct ss_cors_config *config = r->cors;
    struct ss_cors_request request = {.method = r->method, .origin = in->known[H_ORIGIN]};
    bool options = ss_slice_eq(r->method, SS_LIT("OPTIONS"));
    if (options && request.origin.len) {
        request.request_method = find(r, SS_LIT("access-control-request-method"));
        request.request_headers = find(r, SS_LIT("access-control-request-headers"));
    }
    if (call->options && call->options->cors) {
        config = call->options->cors;
    } else if (options && request.request_method.len) {
        const struct ss_route_options *asked = options_asked_about(call, r, request.request_method);
        if (asked && asked->cors)
            config = asked->cors;
    }
    if (config == NULL)
        return;
    call->cors_decides = config->n_allow_origins > 0;
    call->cors = ss_arena_alloc(&call->arena, SS_CORS_HEADERS * sizeof *call->cors);
    if (ss_cors_decide(config, &request, &call->arena, call->cors, &call->n_cors))
        answer_preflight(call);
}

static enum ss_err match(struct ss_call *call, const struct ss_request *r, struct ss_status *st)
{
    struct ss_arena *a = &call->arena;
    struct ss_slice path = ss_arena_copy(a, r->path);
    call->path = path;
    call->query = r->query.len ? ss_arena_copy(a, r->query) : (struct ss_slice){0};
    enum ss_err err =
        r->websocket ? ss_websocket_match(call, r, st)
                     : ss_route_match(call->bridge->snapshot->routes, r->method, path, a, &call->match, st);
    switch (err) {
    case SS_OK:
        call->method = ss_route_rule(call->match.route)->method;
        call->options = ss_route_rule(call->match.route)->options;
        call->cluster = ss_route_rule(call->match.route)->cluster;
        choose_answer(call);
        return SS_OK;
    case SS_ERR_NO_ROUTE:
        return ss_status_set(st, a, err, "no such path");
    case SS_ERR_METHOD:
        return ss_status_set(st, a, err, "method %.*s is not allowed on this path; allowed: %.*s",
                             SS_FMT(r->method), SS_FMT(call->match.allow));
    default:
        return err;
    }
}

/* Whether CORS lets the page that sent the request read its answer. */
static bool cors_allows(const struct ss_call *call)
{
    return ss_header_find(call->cors, call->n_cors, SS_LIT("access-control-allow-origin")) != NULL;
}

/* Refuses the request for good: in REST's form, which a gRPC client takes for PERMISSION_DENIED too. */
static enum ss_err forbid(struct ss_call *call, const char *why, struct ss_status *st)
{
    call->native = false;
    call->answer = &ss_answer_unary;
    return ss_status_set(st, &call->arena, SS_ERR_FORBIDDEN, "%s", why);
}

static enum ss_err read_head(struct ss_call *call, struct intake *in, struct ss_status *st)
{
    const struct ss_request *r = in->r;
    call->trailers_ok = r->trailers_ok;
    call->http_method = ss_arena_copy(&call->arena, r->method);
    call->patch = ss_slice_eq(r->method, SS_LIT("PATCH"));
    call->head_only = ss_slice_eq(r->method, SS_LIT("HEAD"));
    find_known(in);
    set_request_id(call, in);
    const char *refusal = ss_gate_host(r);
    if (refusal)
        return forbid(call, refusal, st);
    call->accepts_gzip = in->known[H_ACCEPT_ENCODING].len && ss_accepts_gzip(in->known[H_ACCEPT_ENCODING]);
    call->websocket = r->websocket;
    call->native = !r->websocket && ss_native_wanted(in->known[H_CONTENT_TYPE]);
    enum ss_err err = call->native ? ss_native_begin(call, r, st) : match(call, r, st);
    ss_call_set_limits(call);
    if (!call->native)
        read_layout(call);
    if (r->cors || (call->options && call->options->cors) || in->known[H_ORIGIN].len)
        apply_cors(call, in);
    if (call->state == SS_CALL_OVER)
        return SS_OK;
    refusal = ss_gate_origin(r, cors_allows(call));
    if (refusal)
        return forbid(call, refusal, st);
    if (err == SS_OK)
        err = read_timeout(call, in, st);
    if (err == SS_OK && !call->native)
        err = read_form(call, in, st);
    if (err == SS_OK && !call->native)
        err = check_body(call, in, st);
    if (err == SS_OK && call->websocket) {
        call->intake = &ss_intake_websocket;
        call->answer = &ss_answer_websocket;
    }
    if (err == SS_OK)
        err = read_metadata(call, in, st);
    return err;
}

enum ss_err ss_call_read_head(struct ss_call *call, const struct ss_request *r, struct ss_status *st)
{
    struct intake in = {.r = r};
    ss_arena_init(&in.lists, 0);
    enum ss_err err = read_head(call, &in, st);
    ss_arena_dispose(&in.lists);
    return err;
}
