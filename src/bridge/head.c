#include "bridge/head.h"

#include "base/percent.h"
#include "http/gzip.h"
#include "http/metadata.h"

enum { GZIP_MIN = 1024 };

bool ss_head_allowed(const struct ss_route_options *o, struct ss_slice name)
{
    for (size_t i = 0; o && i < o->n_deny_headers; i++)
        if (ss_slice_eq(name, o->deny_headers[i]))
            return false;
    return true;
}

bool ss_head_may_go_down(const struct ss_call *call, struct ss_slice name)
{
    return ss_head_allowed(call->options, name) &&
           !(call->cors_decides && ss_slice_starts(name, SS_LIT("access-control-")));
}

static void put_metadata(struct ss_headers *h, struct ss_call *call, bool beside_body)
{
    const struct ss_metadata *m = &call->head;
    for (size_t i = 0; i < m->n; i++) {
        const struct ss_header *field = &m->fields[i];
        bool may = beside_body ? ss_body_header_from_metadata(field) : ss_header_from_metadata(field);
        if (may && ss_head_may_go_down(call, field->name) &&
            !ss_slice_eq(field->name, SS_LIT("x-request-id")) &&
            !ss_slice_eq(field->name, SS_LIT("x-http-code")))
            ss_headers_put(h, field->name, field->value);
    }
}

void ss_head_put_metadata(struct ss_headers *h, struct ss_call *call)
{
    put_metadata(h, call, false);
}

void ss_head_put_body_metadata(struct ss_headers *h, struct ss_call *call)
{
    put_metadata(h, call, true);
}

void ss_head_begin(struct ss_headers *h, struct ss_call *call, struct ss_slice content_type)
{
    ss_headers_init(h, &call->arena);
    if (content_type.len)
        ss_headers_put(h, SS_LIT("content-type"), content_type);
    ss_headers_put(h, SS_LIT("x-request-id"), call->request_id);
    for (size_t i = 0; i < call->n_cors; i++)
        ss_headers_put(h, call->cors[i].name, call->cors[i].value);
}

int ss_head_success(const struct ss_call *call)
{
    const struct ss_header *h = ss_header_find(call->head.fields, call->head.n, SS_LIT("x-http-code"));
    if (h == NULL || h->value.len != 3)
        return 200;
    int v = 0;
    for (size_t i = 0; i < 3; i++) {
        if (h->value.ptr[i] < '0' || h->value.ptr[i] > '9')
            return 200;
        v = v * 10 + (h->value.ptr[i] - '0');
    }
    return v >= 200 && v <= 599 ? v : 200;
}

bool ss_call_stream_head(struct ss_call *call, struct ss_headers *h)
{
    struct ss_status ok = {0};
    struct ss_client *c = call->client;
    int status = ss_head_success(call);
    call->state = SS_CALL_STREAMING;
    ss_call_head(call, status, h->fields, h->n, -1);
    if (!call->head_only && !ss_status_bare(status))
        return true;
    ss_call_note(call, &ok);
    c->ops->finish(c, NULL, 0);
    ss_call_over(call);
    return false;
}

void ss_head_trailers(struct ss_call *call, const struct ss_header *from, size_t n, struct ss_headers *to)
{
    if (!call->trailers_ok)
        return;
    for (size_t i = 0; i < n; i++)
        if (ss_trailer_from_metadata(&from[i]) && ss_head_may_go_down(call, from[i].name))
            ss_headers_put(to, ss_arena_printf(&call->arena, "grpc-trailer-%.*s", SS_FMT(from[i].name)),
                           from[i].value);
}

void ss_head_status_trailers(struct ss_call *call, const struct ss_status *st, struct ss_headers *to)
{
    ss_headers_put(to, SS_LIT("grpc-status"), ss_arena_printf(&call->arena, "%d", st->code));
    if (st->message.len)
        ss_headers_put(to, SS_LIT("grpc-message"), ss_percent_encode_message(st->message, &call->arena));
}

struct ss_slice ss_head_compress(struct ss_headers *h, struct ss_call *call, struct ss_slice content_type,
                                 struct ss_slice body)
{
    struct ss_bridge *b = call->bridge;
    const struct ss_route_gzip *o = &call->options->gzip;
    size_t min = o->min_bytes ? o->min_bytes : GZIP_MIN;
    if (o->off || body.len < min || !ss_gzip_worth(content_type, SIZE_MAX))
        return body;
    ss_headers_put(h, SS_LIT("vary"), SS_LIT("Accept-Encoding"));
    if (!call->accepts_gzip)
        return body;
    if (b->gzip == NULL)
        b->gzip = ss_gzip_new(SS_GZIP_WHOLE);
    b->zipped.max = body.len; /* else it was not worth it */
    ss_buf_clear(&b->zipped, SS_SCRATCH_KEEP);
    if (b->gzip == NULL || ss_gzip_push(b->gzip, body.ptr, body.len, &b->zipped) != SS_OK ||
        ss_gzip_finish(b->gzip, &b->zipped) != SS_OK) {
        if (b->gzip)
            ss_gzip_restart(b->gzip);
        return body;
    }
    if (b->zipped.len >= body.len)
        return body;
    ss_headers_put(h, SS_LIT("content-encoding"), SS_LIT("gzip"));
    return ss_buf_slice(&b->zipped);
}
