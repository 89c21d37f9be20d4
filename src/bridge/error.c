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

/* The next value of a length-delimited field of a message, from *at on, which moves behind it; false when
 * there is none. */
static bool next_bytes(struct ss_slice *at, uint32_t number, struct ss_slice *value)
{
    const char *p = at->ptr, *end = p + at->len;
    while (p && p < end) {
        uint32_t tag;
        p = ss_wire_get_tag(p, end, &tag);
        if (p == NULL)
            break;
        if (tag != ss_tag(number, SS_WIRE_BYTES)) {
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
            continue;
        }
        p = ss_wire_get_bytes(p, end, value);
        if (p) {
            *at = ss_slice_of(p, (size_t)(end - p));
            return true;
        }
    }
    return false;
}

/* The first value of it; empty when there is none. */
static struct ss_slice find_bytes(struct ss_slice wire, uint32_t number)
{
    struct ss_slice value;
    return next_bytes(&wire, number, &value) ? value : (struct ss_slice){0};
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
    struct ss_slice rest = st->details, any;
    while (next_bytes(&rest, STATUS_DETAILS, &any)) {
        struct ss_slice url = find_bytes(any, ANY_URL), name = SS_LIT("/google.rpc.RetryInfo");
        if (url.len < name.len || !ss_slice_eq(ss_slice_skip(url, url.len - name.len), name))
            continue;
        struct ss_slice delay = find_bytes(find_bytes(any, ANY_VALUE), RETRY_DELAY);
        long long seconds = (long long)whole_seconds(delay);
        ss_headers_put(h, SS_LIT("retry-after"), ss_arena_printf(&call->arena, "%lld", seconds));
        return;
    }
}

const struct ss_status *ss_call_print_status(struct ss_call *call, const struct ss_status *st,
                                             const struct ss_json_out *layout, struct ss_buf *out)
{
    enum { LEAST = 1024 }; /* room for saying that there is no room */
    struct ss_bridge *b = call->bridge;
    struct ss_json_out json = {.pretty = layout->pretty,
                               .indent = layout->indent,
                               .emit_defaults = call->options == NULL || call->options->out.emit_defaults};
    ss_buf_init(out, call->max_json_bytes > LEAST ? call->max_json_bytes : LEAST);
    enum ss_err err = ss_status_to_json(b->codec, b->snapshot->schema, st, &json, out);
    if (err == SS_OK)
        return st;
    struct ss_status *instead = ss_arena_zalloc(&call->arena, sizeof *instead);
    err = err == SS_ERR_MEMORY ? err : SS_ERR_ANSWER_TOO_LARGE;
    ss_status_set(instead, &call->arena, err, "%s", ss_err_text(err));
    (void)ss_status_to_json(b->codec, b->snapshot->schema, instead, &json, out); /* without memory: empty */
    return instead;
}

void ss_call_answer_error(struct ss_call *call, const struct ss_status *given)
{
    struct ss_client *c = call->client;
    struct ss_buf out;
    const struct ss_status *st = ss_call_print_status(call, given, &call->json, &out);
    int status = http_status(call, st);
    ss_call_note(call, st);
    struct ss_headers h;
    struct ss_headers down;
    ss_headers_init(&down, &call->arena);
    ss_head_trailers(call, call->up.metadata.fields, call->up.metadata.n, &down);
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
    ss_call_head(call, status, h.fields, h.n, down.n ? -1 : (int64_t)out.len);
    ss_call_data(call, out.ptr, out.len);
    ss_buf_dispose(&out);
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
