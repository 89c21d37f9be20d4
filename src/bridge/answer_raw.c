/* google.api.HttpBody, as it is: the bytes of `data` under the content type of the first message. A stream is
 * sent piece by piece; one that fails late is broken off, since nothing else could tell the client. */
#include "bridge/head.h"
#include "http/http1.h"
#include "wire/reader.h"

enum { CONTENT_TYPE = 1, DATA = 2 };

struct http_body {
    struct ss_slice content_type, data;
};

/* The last value of each of the two fields wins. */
static bool read_http_body(struct ss_slice wire, struct http_body *out)
{
    const char *p = wire.ptr, *end = p + wire.len;
    while (p && p < end) {
        uint32_t tag;
        p = ss_wire_get_tag(p, end, &tag);
        if (p && tag == ss_tag(CONTENT_TYPE, SS_WIRE_BYTES))
            p = ss_wire_get_bytes(p, end, &out->content_type);
        else if (p && tag == ss_tag(DATA, SS_WIRE_BYTES))
            p = ss_wire_get_bytes(p, end, &out->data);
        else if (p)
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
    }
    return p != NULL || wire.len == 0;
}

/* The HttpBody within a message whose response_body it is. */
static bool find_field(struct ss_slice wire, uint32_t number, struct ss_slice *value)
{
    const char *p = wire.ptr, *end = p + wire.len;
    *value = (struct ss_slice){0};
    while (p && p < end) {
        uint32_t tag;
        p = ss_wire_get_tag(p, end, &tag);
        if (p && tag == ss_tag(number, SS_WIRE_BYTES))
            p = ss_wire_get_bytes(p, end, value);
        else if (p)
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
    }
    return p != NULL || wire.len == 0;
}

static enum ss_err decode(struct ss_call *call, struct ss_slice wire, struct http_body *body,
                          struct ss_status *st)
{
    const struct ss_field *field = ss_route_response_field(call->match.route);
    if ((!field || find_field(wire, field->number, &wire)) && read_http_body(wire, body))
        return SS_OK;
    return ss_status_set(st, &call->arena, SS_ERR_BAD_RESPONSE,
                         "the service sent a malformed google.api.HttpBody");
}

enum ss_err ss_http_body_data(struct ss_call *call, struct ss_slice wire, struct ss_slice *data,
                              struct ss_status *st)
{
    struct http_body body = {0};
    enum ss_err err = decode(call, wire, &body, st);
    *data = body.data;
    return err;
}

/* Sends the head unless it has been sent. length -1: of a stream. false when it was all that there is to be
 * sent: the call is over. */
static bool begin(struct ss_call *call, struct ss_slice type, int64_t length)
{
    struct ss_headers h;
    if (call->state == SS_CALL_STREAMING)
        return true;
    ss_head_begin(&h, call,
                  ss_http_value_valid(type) && type.len ? type : SS_LIT("application/octet-stream"));
    ss_head_put_body_metadata(&h, call);
    if (length < 0)
        return ss_call_stream_head(call, &h);
    call->state = SS_CALL_STREAMING;
    ss_call_head(call, ss_head_success(call), h.fields, h.n, length);
    return true;
}

static void on_message(struct ss_call *call, struct ss_slice wire)
{
    struct ss_status st = {0};
    struct http_body body = {0};
    bool stream = call->method->server_streaming;
    if (call->got_message && !stream)
        ss_status_set(&st, &call->arena, SS_ERR_BAD_RESPONSE, "the service sent more than one message");
    if (st.err == SS_OK)
        decode(call, wire, &body, &st);
    enum ss_err err = SS_OK;
    if (st.err == SS_OK && !stream) {
        call->out.max = call->max_message_bytes; /* it is no JSON */
        err = ss_buf_append_slice(&call->out, body.data);
    }
    if (err != SS_OK)
        ss_status_set(&st, &call->arena, err, "%s", ss_err_text(err));
    if (st.err != SS_OK) {
        ss_upcall_cancel(&call->up);
        ss_call_fail(call, &st);
        return;
    }
    if (!stream) {
        call->got_message = true;
        struct ss_slice *type = ss_arena_alloc(&call->arena, sizeof *type);
        *type = ss_arena_copy(&call->arena, body.content_type);
        call->answer_state = type;
        ss_upcall_consume(&call->up, wire.len);
        return;
    }
    if (!begin(call, body.content_type, -1))
        return;
    ss_call_data(call, body.data.ptr, body.data.len);
    if (call->state == SS_CALL_STREAMING)
        ss_call_settle_credit(call, wire.len);
}

static void finish(struct ss_call *call, const struct ss_header *trailers, size_t n)
{
    struct ss_client *c = call->client;
    struct ss_headers down;
    ss_headers_init(&down, &call->arena);
    ss_head_trailers(call, trailers, n, &down);
    c->ops->finish(c, down.fields, down.n);
    ss_call_over(call);
}

static void on_end(struct ss_call *call, const struct ss_status *st, const struct ss_header *trailers,
                   size_t n)
{
    struct ss_client *c = call->client;
    struct ss_status none;
    bool stream = call->method->server_streaming;
    if (st->code != SS_CODE_OK && call->state == SS_CALL_STREAMING) {
        c->ops->reset(c);
        ss_call_over(call);
        return;
    }
    if (st->code == SS_CODE_OK && !stream && !call->got_message) {
        ss_status_set(&none, &call->arena, SS_ERR_BAD_RESPONSE, "the service sent no message");
        st = &none;
    }
    if (st->code != SS_CODE_OK) {
        ss_call_answer_error(call, st);
        return;
    }
    if (!stream) {
        const struct ss_slice *type = call->answer_state;
        begin(call, *type, (int64_t)call->out.len);
        ss_call_data(call, call->out.ptr, call->out.len);
    } else if (!begin(call, (struct ss_slice){0}, -1)) {
        return;
    }
    finish(call, trailers, n);
}

const struct ss_answer_ops ss_answer_raw = {
    .message = on_message, .end = on_end, .error = ss_call_answer_error};
