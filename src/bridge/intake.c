/* What the intakes share: collecting a body, and framing the message that comes of it. */
#include "bridge/call.h"
#include "http/grpc_frame.h"

enum ss_err ss_call_collect(struct ss_call *call, const char *p, size_t n, bool last, struct ss_slice *whole,
                            struct ss_status *st)
{
    size_t max = call->max_request_bytes;
    if (n > max - call->body.len)
        return ss_status_set(st, &call->arena, SS_ERR_BODY_TOO_LARGE, "the body is larger than %zu bytes",
                             max);
    *whole = (struct ss_slice){0};
    if (last && call->body.len == 0) { /* it came in one piece */
        *whole = ss_slice_of(p, n);
        return SS_OK;
    }
    if (call->body.max == 0)
        ss_buf_init(&call->body, max ? max : 1);
    enum ss_err err = ss_buf_append(&call->body, p, n);
    if (err != SS_OK)
        return ss_call_no_room(call, err, st);
    if (last)
        *whole = ss_buf_slice(&call->body);
    return SS_OK;
}

enum ss_err ss_call_refuse_type(struct ss_call *call, struct ss_status *st)
{
    return ss_status_set(st, &call->arena, SS_ERR_MEDIA_TYPE, "expected content-type: %s",
                         call->method->client_streaming
                             ? "application/x-ndjson, application/json or multipart/form-data"
                             : "application/json, a form or multipart/form-data");
}

enum ss_err ss_call_no_room(struct ss_call *call, enum ss_err err, struct ss_status *st)
{
    if (err == SS_ERR_LIMIT)
        return ss_status_set(st, &call->arena, SS_ERR_BODY_TOO_LARGE,
                             "the message for the service is too large");
    return ss_status_set(st, &call->arena, err, "%s", ss_err_text(err));
}

/* A repeated number of five bytes of text, "-1," or "a=-1&", is one of a tag of five and ten of value: there
 * is nothing that grows more. */
size_t ss_call_message_max(const struct ss_call *call)
{
    enum { FACTOR = 8, FIXED = 64 * 1024 };
    return FACTOR * (call->max_request_bytes + call->path.len + call->query.len) + FIXED;
}

enum ss_err ss_call_begin_message(struct ss_call *call, struct ss_buf *out, size_t expect,
                                  struct ss_status *st)
{
    ss_buf_init(out, ss_call_message_max(call));
    enum ss_err err = ss_buf_reserve(out, SS_GRPC_PREFIX + expect);
    if (err != SS_OK)
        return ss_call_no_room(call, err, st);
    out->len = SS_GRPC_PREFIX;
    return SS_OK;
}

enum ss_err ss_call_bind(struct ss_call *call, struct ss_buf *out, struct ss_status *st)
{
    return ss_route_bind(&call->match, call->query, &call->bridge->hash_key, &call->arena, out, st);
}

enum ss_err ss_call_frame(struct ss_call *call, struct ss_buf *out, struct ss_status *st)
{
    size_t len = out->len - SS_GRPC_PREFIX;
    if (len > UINT32_MAX)
        return ss_status_set(st, &call->arena, SS_ERR_BODY_TOO_LARGE, "the message is larger than 4 GiB");
    ss_grpc_prefix(out->ptr, false, (uint32_t)len);
    return SS_OK;
}
