/* Errors as JSON: a google.rpc.Status, with the HTTP status and headers that go with it. */
#include "bridge/head.h"
#include "http/metadata.h"
#include "wire/reader.h"

static int http_status(const struct ss_call *call, const struct ss_status *st)
{
    if (st->http)
        return st->http;
    if (call->options && st->code >= 0 && st->code < 17 && call->options->status_map[st->code])
        return call->options->status_map[st->code];
    return st->err != SS_OK ? ss_err_http(st->err) : ss_code_http(st->code);
}

/* 401 always says how: as the service does in its metadata, which comes down anyway, or in its trailers. */
static void put_authenticate(struct ss_call *call, struct ss_headers *h)
{
    const struct ss_metadata *trailers = &call->up.metadata;
    struct ss_slice name = SS_LIT("www-authenticate");
    if (ss_header_find(call->head.fields, call->head.n, name))
        return;
    const struct ss_header *given = ss_header_find(trailers->fields, trailers->n, name);
    ss_headers_put(h, name, given && ss_header_from_metadata(given) ? given->value : SS_LIT("Bearer"));
}

/* The nth value of a length-delimited field of a message; empty when it is not there. */
static struct ss_slice find_bytes(struct ss_slice wire, uint32_t number, size_t nth)
{
    const char *p = wire.ptr, *end = p + wire.len;
    while (p && p < end) {
        uint32_t tag;
        struct ss_slice value;
        p = ss_wire_get_tag(p, end, &tag);
        if (p == NULL)
            break;
        if (tag != ss_tag(number, SS_WIRE_BYTES)) {
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
            continue;
        }
        p = ss_wire_get_bytes(p, end, &value);
        if (p && nth-- == 0)
            return value;
    }
    return (struct ss_slice){0};
}

/* Whole seconds of a google.protobuf.Duration, rounded up. */
static int64_t whole_seconds(struct ss_slice duration)
{
    enum { SECONDS = 1, NANOS = 2 };
    const char *p = duration.ptr, *end = p + duration.len;
    uint64_t seconds = 0, nanos = 0;
    while (p && p < end) {
        uint32_t tag;
        p = ss_wire_get_tag(p, end, &tag);
        if (p && tag == ss_tag(SECONDS, SS_WIRE_VARINT))
            p = ss_varint_get(p, end, &seconds);
        else if (p && tag == ss_tag(NANOS, SS_WIRE_VARINT))
            p = ss_varint_get(p, end, &nanos);
        else if (p)
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
    }
    return seconds > INT32_MAX ? 0 : (int64_t)seconds + (nanos > 0 && nanos < 1000000000);
}

/* Retry-After of the google.rpc.RetryInfo among a google.rpc.Status's details. */
static void put_retry_after(struct ss_call *call, struct ss_headers *h, const struct ss_status *st)
{
    enum { STATUS_DETAILS = 3, ANY_URL = 1, ANY_VALUE = 2, RETRY_DELAY = 1 };
    struct ss_slice any;
    for (size_t i = 0; (any = find_bytes(st->details, STATUS_DETAILS, i)).len; i++) {
        struct ss_slice url = find_bytes(any, ANY_URL, 0), name = SS_LIT("/google.rpc.RetryInfo");
        if (url.len < name.len || !ss_slice_eq(ss_slice_skip(url, url.len - name.len), name))
            continue;
        struct ss_slice delay = find_bytes(find_bytes(any, ANY_VALUE, 0), RETRY_DELAY, 0);
        long long seconds = (long long)whole_seconds(delay);
        ss_headers_put(h, SS_LIT("retry-after"), ss_arena_printf(&call->arena, "%lld", seconds));
        return;
    }
}

void ss_call_print_status(struct ss_call *call, const struct ss_status *st, struct ss_buf *out)
{
    struct ss_bridge *b = call->bridge;
    if (ss_status_to_json(b->codec, b->snapshot->schema, st, out) != SS_OK)
        ss_buf_clear(out, 0);
}

void ss_call_answer_error(struct ss_call *call, const struct ss_status *st)
{
    struct ss_client *c = call->client;
    struct ss_buf *out = &call->bridge->scratch;
    int status = http_status(call, st);
    ss_call_note(call, st);
    struct ss_headers h;
    struct ss_headers down;
    ss_headers_init(&down, &call->arena);
    ss_head_trailers(call, call->up.metadata.fields, call->up.metadata.n, &down);
    ss_buf_clear(out, SS_SCRATCH_KEEP);
    ss_call_print_status(call, st, out);
    ss_head_begin(&h, call, SS_LIT("application/json"));
    if (st->err == SS_ERR_METHOD)
        ss_headers_put(&h, SS_LIT("allow"), call->match.allow);
    if (st->err == SS_ERR_UPGRADE_REQUIRED) { /* of HTTP/1.1 only: gRPC wants HTTP/2 */
        ss_headers_put(&h, SS_LIT("upgrade"), SS_LIT("h2c"));
        ss_headers_put(&h, SS_LIT("connection"), SS_LIT("upgrade"));
    }
    if (status == 401)
        put_authenticate(call, &h);
    put_retry_after(call, &h, st);
    ss_head_put_metadata(&h, call);
    ss_call_head(call, status, h.fields, h.n, down.n ? -1 : (int64_t)out->len);
    ss_call_data(call, out->ptr, out->len);
    c->ops->finish(c, down.fields, down.n);
    ss_call_over(call);
}

void ss_call_answer_allow(struct ss_call *call)
{
    struct ss_client *c = call->client;
    struct ss_headers h;
    ss_head_begin(&h, call, (struct ss_slice){0});
    ss_headers_put(&h, SS_LIT("allow"), call->match.allow);
    ss_call_head(call, 204, h.fields, h.n, 0);
    c->ops->finish(c, NULL, 0);
    ss_call_over(call);
}
