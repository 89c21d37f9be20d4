/* A client stream: each JSON text of the body is a message, sent as soon as it is whole, while more is still
 * coming. Path and query are bound into the first. */
#include "bridge/call.h"
#include "http/json_split.h"
#include "http/media.h"

static enum ss_err begin(struct ss_call *call, const struct ss_request *r, struct ss_status *st)
{
    (void)st;
    const struct ss_header *h = ss_header_find(r->headers, r->n_headers, SS_LIT("content-type"));
    bool lines = h && ss_media_of(h->value) == SS_MEDIA_NDJSON;
    struct ss_json_split *split = ss_arena_zalloc(&call->arena, sizeof *split);
    ss_json_split_init(split, lines ? SS_JSON_SPLIT_LINES : SS_JSON_SPLIT_VALUE, call->max_request_bytes);
    call->intake_state = split;
    ss_call_open(call, false);
    return SS_OK;
}

/* Lines and columns are those of the message: says of which. */
static void name_message(struct ss_call *call, uint64_t number, struct ss_status *st)
{
    struct ss_arena *a = &call->arena;
    unsigned long long n = number;
    st->message = ss_arena_printf(a, "message %llu: %.*s", n, SS_FMT(st->message));
    for (struct ss_violation *v = st->violations; v; v = v->next)
        v->description = ss_arena_printf(a, "message %llu: %.*s", n, SS_FMT(v->description));
}

static enum ss_err send_text(struct ss_call *call, struct ss_slice text, struct ss_status *st)
{
    struct ss_json_split *split = call->intake_state;
    const struct ss_snapshot *snapshot = call->bridge->snapshot;
    struct ss_buf out;
    enum ss_err err = ss_call_begin_message(call, &out, 2 * text.len / 3 + 64, st);
    if (err == SS_OK)
        err = ss_json_to_wire(call->bridge->codec, snapshot->schema, call->method->input,
                              ss_route_body_field(call->match.route), text, &call->options->in, &call->arena,
                              &out, st);
    if (err == SS_OK && split->texts == 1)
        err = ss_call_bind(call, &out, st);
    if (err == SS_OK)
        err = ss_call_frame(call, &out, st);
    if (err == SS_OK) {
        ss_call_send(call, &out, false);
        return SS_OK;
    }
    ss_buf_dispose(&out);
    if (err == SS_ERR_INVALID)
        name_message(call, split->texts, st);
    return err;
}

static enum ss_err bad_split(struct ss_call *call, enum ss_err err, struct ss_status *st)
{
    struct ss_json_split *split = call->intake_state;
    if (err == SS_ERR_BODY_TOO_LARGE)
        return ss_status_set(st, &call->arena, err, "a message is larger than %zu bytes",
                             call->max_request_bytes);
    if (err == SS_ERR_INVALID)
        return ss_status_violation(st, &call->arena, (struct ss_slice){0}, "message %llu: %s",
                                   (unsigned long long)split->texts + 1, split->why);
    return ss_status_set(st, &call->arena, err, "out of memory");
}

static enum ss_err push(struct ss_call *call, const char *p, size_t n, bool last, struct ss_status *st)
{
    struct ss_json_split *split = call->intake_state;
    struct ss_slice text;
    bool have = false;
    enum ss_err err = SS_OK;
    while (n) {
        size_t used = 0;
        err = ss_json_split_push(split, p, n, &used, &have, &text);
        if (err != SS_OK)
            return bad_split(call, err, st);
        p += used;
        n -= used;
        if (have && (err = send_text(call, text, st)) != SS_OK)
            return err;
    }
    if (!last)
        return SS_OK;
    err = ss_json_split_end(split, &have, &text);
    if (err != SS_OK)
        return bad_split(call, err, st);
    if (have && (err = send_text(call, text, st)) != SS_OK)
        return err;
    struct ss_buf none;
    ss_buf_init(&none, 1);
    ss_call_send(call, &none, true);
    return SS_OK;
}

static void dispose(struct ss_call *call)
{
    if (call->intake_state)
        ss_json_split_dispose(call->intake_state);
}

const struct ss_intake_ops ss_intake_stream = {.begin = begin, .push = push, .dispose = dispose};
