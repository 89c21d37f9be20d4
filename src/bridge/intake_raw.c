/* A body of any type for a google.api.HttpBody: the request itself (body "*") or its body field. Collected
 * into one message; for a client stream each piece is a message as it comes, the content type in the first.
 */
#include "base/utf8.h"
#include "bridge/call.h"
#include "wire/writer.h"

enum { CONTENT_TYPE = 1, DATA = 2, PIECE_MAX = 1024 * 1024 };

struct raw {
    struct ss_slice content_type;
    bool any; /* a message has been sent */
};

static enum ss_err begin(struct ss_call *call, const struct ss_request *r, struct ss_status *st)
{
    const struct ss_header *h = ss_header_find(r->headers, r->n_headers, SS_LIT("content-type"));
    if (h && !ss_utf8_valid(h->value)) /* it goes into a string */
        return ss_status_violation(st, &call->arena, SS_LIT("content-type"), "expected UTF-8");
    struct raw *raw = ss_arena_zalloc(&call->arena, sizeof *raw);
    raw->content_type = h ? ss_arena_copy(&call->arena, h->value) : (struct ss_slice){0};
    call->intake_state = raw;
    if (call->method->client_streaming)
        ss_call_open(call, false);
    return SS_OK;
}

static enum ss_err put(struct ss_call *call, const struct raw *raw, struct ss_slice data, struct ss_buf *out)
{
    const struct ss_field *field = ss_route_body_field(call->match.route);
    bool typed = !raw->any && raw->content_type.len;
    size_t size = (typed ? ss_wire_bytes_size(CONTENT_TYPE, raw->content_type.len) : 0) +
                  (data.len ? ss_wire_bytes_size(DATA, data.len) : 0);
    enum ss_err err = SS_OK;
    if (field)
        err = ss_wire_put_head(out, field->number, size);
    if (err == SS_OK && typed)
        err = ss_wire_put_bytes(out, CONTENT_TYPE, raw->content_type);
    if (err == SS_OK && data.len)
        err = ss_wire_put_bytes(out, DATA, data);
    return err;
}

static enum ss_err send_piece(struct ss_call *call, struct ss_slice data, bool last, struct ss_status *st)
{
    struct raw *raw = call->intake_state;
    struct ss_buf out;
    enum ss_err err = ss_call_begin_message(call, &out, data.len + 128, st);
    enum ss_err kept = err == SS_OK ? put(call, raw, data, &out) : SS_OK;
    if (kept != SS_OK)
        err = ss_call_no_room(call, kept, st);
    if (err == SS_OK && !raw->any)
        err = ss_call_bind(call, &out, st);
    if (err == SS_OK)
        err = ss_call_frame(call, &out, st);
    if (err != SS_OK) {
        ss_buf_dispose(&out);
        return err;
    }
    raw->any = true;
    ss_call_send(call, &out, last);
    return SS_OK;
}

static enum ss_err push(struct ss_call *call, const char *p, size_t n, bool last, struct ss_status *st)
{
    struct ss_slice whole = ss_slice_of(p, n);
    enum ss_err err = SS_OK;
    if (!call->method->client_streaming) {
        err = ss_call_collect(call, p, n, last, &whole, st);
        if (err == SS_OK && last)
            err = send_piece(call, whole, true, st);
        return err;
    }
    while (err == SS_OK && whole.len) {
        size_t part = whole.len < PIECE_MAX ? whole.len : PIECE_MAX;
        err = send_piece(call, ss_slice_of(whole.ptr, part), false, st);
        whole = ss_slice_skip(whole, part);
    }
    if (err == SS_OK && last) {
        struct ss_buf none;
        ss_buf_init(&none, 1);
        ss_call_send(call, &none, true);
    }
    return err;
}

const struct ss_intake_ops ss_intake_raw = {.begin = begin, .push = push};
