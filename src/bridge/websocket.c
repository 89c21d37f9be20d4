/* Calls over a WebSocket: a message of the client's becomes one for the service, and the other way round.
 * Text is JSON; a binary message is what goes into a google.api.HttpBody, or into the one bytes field that
 * the request has. A google.api.HttpBody comes back as a binary message.
 *
 *   head checked ──101──▶ streaming ──the service's status──▶ closed with 1000, or 4000 and the gRPC code
 *     └─ bad: an ordinary error     └──a bad message──▶ closed with 4003
 *
 * The upstream call is opened with the WebSocket, before the first message: the service may speak first, and
 * the idle timeout of streams watches over both. */
#include "bridge/head.h"
#include "wire/writer.h"

enum { HTTP_BODY_DATA = 2 };

struct websocket {
    uint32_t bytes; /* number of the field that binary messages go into; 0: there is none */
    bool nested;    /* which is one of the body field's message */
    bool sent;      /* a message has gone up */
    bool ended;     /* no more may */
};

/* ---- the head ---- */

enum ss_err ss_websocket_match(struct ss_call *call, const struct ss_request *r, struct ss_status *st)
{
    const struct ss_route_table *routes = call->bridge->snapshot->routes;
    struct ss_arena *a = &call->arena;
    enum ss_err err = ss_route_match_stream(routes, call->path, a, &call->match, st);
    if (err != SS_ERR_NO_ROUTE)
        return err;
    err = ss_route_match(routes, r->method, call->path, a, &call->match, st);
    if (err != SS_OK && err != SS_ERR_METHOD) /* it could not choose another method */
        return err;
    return ss_status_set(st, a, SS_ERR_INVALID, "this path has no streaming method for a WebSocket");
}

/* The number of the only bytes field of m; 0: there is none, or there are more. */
static uint32_t lone_bytes(const struct ss_message *m)
{
    uint32_t number = 0;
    for (size_t i = 0; i < m->n_fields; i++) {
        if (m->fields[i].type != SS_TYPE_BYTES)
            continue;
        if (number || m->fields[i].repeated)
            return 0;
        number = m->fields[i].number;
    }
    return number;
}

static void find_bytes_field(struct ss_call *call, struct websocket *ws)
{
    const struct ss_field *field = ss_route_body_field(call->match.route);
    const struct ss_message *m = field ? field->message : call->method->input;
    if (field && field->repeated)
        return;
    if (field && field->type == SS_TYPE_BYTES) {
        ws->bytes = field->number;
    } else if (m) {
        ws->bytes = m->wkt == SS_WKT_HTTP_BODY ? HTTP_BODY_DATA : lone_bytes(m);
        ws->nested = field != NULL;
    }
}

/* ---- the client's messages ---- */

static enum ss_err put_binary(struct ss_call *call, struct ss_slice bytes, struct ss_buf *out,
                              struct ss_status *st)
{
    const struct websocket *ws = call->intake_state;
    enum ss_err err = SS_OK;
    if (ws->bytes == 0)
        return ss_status_set(
            st, &call->arena, SS_ERR_INVALID,
            "binary messages need a google.api.HttpBody or one bytes field; send JSON as text");
    if (ws->nested)
        err = ss_wire_put_head(out, ss_route_body_field(call->match.route)->number,
                               ss_wire_bytes_size(ws->bytes, bytes.len));
    if (err == SS_OK)
        err = ss_wire_put_bytes(out, ws->bytes, bytes);
    return err == SS_OK ? err : ss_call_no_room(call, err, st);
}

static enum ss_err put_text(struct ss_call *call, struct ss_slice text, struct ss_buf *out,
                            struct ss_status *st)
{
    return ss_json_to_wire(call->bridge->codec, call->bridge->snapshot->schema, call->method->input,
                           ss_route_body_field(call->match.route), text, &call->options->in, &call->arena,
                           out, st);
}

/* out holds the body's part of a message. Its memory goes up, or is freed. */
static enum ss_err send_message(struct ss_call *call, struct ss_buf *out, enum ss_err err,
                                struct ss_status *st)
{
    struct websocket *ws = call->intake_state;
    if (err == SS_OK && !ws->sent)
        err = ss_call_bind(call, out, st);
    if (err == SS_OK)
        err = ss_call_frame(call, out, st);
    if (err != SS_OK) {
        ss_buf_dispose(out);
        return err;
    }
    ws->sent = true;
    ss_call_send(call, out, ws->ended);
    return SS_OK;
}

/* Path and query, and nothing else. */
static enum ss_err send_empty(struct ss_call *call, struct ss_status *st)
{
    struct websocket *ws = call->intake_state;
    struct ss_buf out;
    ws->ended = true;
    return send_message(call, &out, ss_call_begin_message(call, &out, 64, st), st);
}

static const char *why_ended(const struct ss_call *call)
{
    if (call->method->client_streaming)
        return "an empty one has said that no more comes";
    if (ss_route_rule(call->match.route)->body.len)
        return "the request is one message";
    return "this path takes its request from path and query";
}

static enum ss_err message(struct ss_call *call, struct ss_slice bytes, bool binary, struct ss_status *st)
{
    struct websocket *ws = call->intake_state;
    struct ss_buf out;
    if (ws->ended)
        return ss_status_set(st, &call->arena, SS_ERR_INVALID, "a message behind the last one: %s",
                             why_ended(call));
    ws->ended = !call->method->client_streaming;
    enum ss_err err = ss_call_begin_message(call, &out, binary ? bytes.len + 64 : 2 * bytes.len / 3 + 64, st);
    if (err == SS_OK)
        err = binary ? put_binary(call, bytes, &out, st) : put_text(call, bytes, &out, st);
    return send_message(call, &out, err, st);
}

/* The client will send no more: as for any client stream, or a server stream with an empty request. */
static enum ss_err push(struct ss_call *call, const char *p, size_t n, bool last, struct ss_status *st)
{
    struct websocket *ws = call->intake_state;
    struct ss_buf none;
    (void)p;
    (void)n;
    if (!last || ws->ended)
        return SS_OK;
    /* Without a body in the rule, path and query are the only message. */
    bool bare = ss_route_rule(call->match.route)->body.len == 0;
    if (!call->method->client_streaming || (bare && !ws->sent))
        return send_empty(call, st);
    ws->ended = true;
    ss_buf_init(&none, 1);
    ss_call_send(call, &none, true);
    return SS_OK;
}

/* What is wrong with path and query is better said before the upgrade than to the first message. */
static enum ss_err check_bindings(struct ss_call *call, struct ss_status *st)
{
    struct ss_buf out;
    enum ss_err err = ss_call_begin_message(call, &out, 64, st);
    if (err == SS_OK)
        err = ss_call_bind(call, &out, st);
    ss_buf_dispose(&out);
    return err;
}

static enum ss_err begin(struct ss_call *call, const struct ss_request *r, struct ss_status *st)
{
    struct websocket *ws = ss_arena_zalloc(&call->arena, sizeof *ws);
    struct ss_headers h;
    (void)r;
    call->intake_state = ws;
    find_bytes_field(call, ws);
    if (check_bindings(call, st) != SS_OK)
        return st->err;
    ss_head_begin(&h, call, (struct ss_slice){0});
    ss_call_head(call, 101, h.fields, h.n, -1);
    ss_call_open(call, false);
    call->state = SS_CALL_STREAMING;
    if (!call->method->client_streaming && ss_route_rule(call->match.route)->body.len == 0)
        return send_empty(call, st);
    return SS_OK;
}

/* ---- the service's messages ---- */

static enum ss_err give(struct ss_call *call, struct ss_slice wire, struct ss_status *st)
{
    const struct ss_field *field = ss_route_response_field(call->match.route);
    const struct ss_message *m = field ? field->message : call->method->output;
    bool binary = m && m->wkt == SS_WKT_HTTP_BODY && !(field && field->repeated);
    struct ss_buf *out = ss_call_scratch(call, call->max_json_bytes);
    struct ss_slice bytes = {0};
    enum ss_err err;
    if (call->got_message && !call->method->server_streaming)
        return ss_status_set(st, &call->arena, SS_ERR_BAD_RESPONSE, "the service sent more than one message");
    call->got_message = true;
    if (binary) {
        err = ss_http_body_data(call, wire, &bytes, st);
    } else {
        err = ss_wire_to_json(call->bridge->codec, call->bridge->snapshot->schema, call->method->output,
                              field, wire, &call->json, &call->arena, out, st);
        bytes = ss_buf_slice(out);
    }
    if (err == SS_OK) {
        call->bytes_out += bytes.len;
        call->client->ops->message(call->client, bytes, binary);
    }
    return err;
}

static void on_message(struct ss_call *call, struct ss_slice wire)
{
    struct ss_status st = {0};
    if (give(call, wire, &st) != SS_OK) {
        ss_upcall_cancel(&call->up);
        ss_call_fail(call, &st);
    } else if (call->state == SS_CALL_STREAMING) {
        ss_call_settle_credit(call, wire.len);
    }
}

static void on_end(struct ss_call *call, const struct ss_status *st, const struct ss_header *trailers,
                   size_t n)
{
    struct ss_status none;
    (void)trailers;
    (void)n;
    if (st->code == SS_CODE_OK && !call->method->server_streaming && !call->got_message) {
        ss_status_set(&none, &call->arena, SS_ERR_BAD_RESPONSE, "the service sent no message");
        ss_call_note(call, &none);
        st = &none;
    }
    call->client->ops->close(call->client, st->code, st->message);
    ss_call_over(call);
}

static void on_error(struct ss_call *call, const struct ss_status *st)
{
    if (call->http_status == 101)
        on_end(call, st, NULL, 0);
    else
        ss_call_answer_error(call, st);
}

const struct ss_intake_ops ss_intake_websocket = {.begin = begin, .push = push, .message = message};
const struct ss_answer_ops ss_answer_websocket = {.message = on_message, .end = on_end, .error = on_error};
