/* A client stream: each JSON text of the body is a message, sent as soon as it is whole, while more is still
 * coming. Path and query are bound into the first. Under a type that does not say JSON (a form's, which is
 * curl's default, or text/plain) the first byte decides: only then is the call begun. */
#include "bridge/call.h"
#include "http/json_split.h"
#include "http/media.h"

struct texts {
    struct ss_json_split split; /* first */
    bool doubtful;              /* nothing says JSON yet */
};

static enum ss_err begin(struct ss_call *call, const struct ss_request *r, struct ss_status *st)
{
    (void)st;
    const struct ss_header *h = ss_header_find(r->headers, r->n_headers, SS_LIT("content-type"));
    enum ss_media media = h ? ss_media_of(h->value) : SS_MEDIA_NONE;
    struct texts *t = ss_arena_zalloc(&call->arena, sizeof *t);
    ss_json_split_init(&t->split, media == SS_MEDIA_NDJSON ? SS_JSON_SPLIT_LINES : SS_JSON_SPLIT_VALUE,
                       call->max_request_bytes);
    t->doubtful = r->content_length != 0 && (media == SS_MEDIA_FORM || media == SS_MEDIA_TEXT);
    call->intake_state = t;
    if (!t->doubtful)
        ss_call_open(call, false);
    return SS_OK;
}

/* Whether the body is JSON by its first byte, which may not have come yet. */
static enum ss_err check_first(struct ss_call *call, const char *p, size_t n, struct ss_status *st)
{
    struct texts *t = call->intake_state;
    for (size_t i = 0; i < n && t->doubtful; i++) {
        if (p[i] == ' ' || p[i] == '\t' || p[i] == '\r' || p[i] == '\n')
            continue;
        if (p[i] != '{' && p[i] != '[')
            return ss_call_refuse_type(call, st);
        t->doubtful = false;
        ss_call_open(call, false);
    }
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
    const struct ss_json_split *split = &((struct texts *)call->intake_state)->split;
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
    const struct ss_json_split *split = &((struct texts *)call->intake_state)->split;
    if (err == SS_ERR_BODY_TOO_LARGE)
        return ss_status_set(st, &call->arena, err, "a message is larger than %zu bytes",
                             call->max_request_bytes);
    if (err == SS_ERR_INVALID)
        return ss_status_violation(st, &call->arena, (struct ss_slice){0}, "message %llu: %s",
                                   (unsigned long long)split->texts + 1, split->why);
    return ss_call_no_room(call, err, st);
}

static enum ss_err push(struct ss_call *call, const char *p, size_t n, bool last, struct ss_status *st)
{
    struct texts *t = call->intake_state;
    struct ss_json_split *split = &t->split;
    struct ss_slice text;
    bool have = false;
    enum ss_err err = check_first(call, p, n, st);
    if (err != SS_OK)
        return err;
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
    struct texts *t = call->intake_state;
    if (t)
        ss_json_split_dispose(&t->split);
}

const struct ss_intake_ops ss_intake_stream = {.begin = begin, .push = push, .dispose = dispose};
