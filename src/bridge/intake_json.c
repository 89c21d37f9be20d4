/* A body that is one JSON text, or one form: collected, then one message. Under a form's type the body that
 * begins as a JSON object or array does is one: that is what `curl -d` sends, and no field has such a name.
 */
#include "bridge/call.h"
#include "http/grpc_frame.h"
#include "wire/writer.h"

static struct ss_slice trim(struct ss_slice s)
{
    while (s.len && strchr(" \t\r\n", s.ptr[0]) && s.ptr[0])
        s = ss_slice_skip(s, 1);
    while (s.len && strchr(" \t\r\n", s.ptr[s.len - 1]) && s.ptr[s.len - 1])
        s.len--;
    return s;
}

static enum ss_err put_body(struct ss_call *call, struct ss_slice text, struct ss_buf *out,
                            struct ss_status *st)
{
    const struct ss_rule *rule = ss_route_rule(call->match.route);
    struct ss_slice bare = trim(text);
    if (bare.len == 0)
        return SS_OK;
    if (rule->body.len == 0) {
        if (bare.len >= 2 && bare.ptr[0] == '{' && bare.ptr[bare.len - 1] == '}' &&
            trim(ss_slice_of(bare.ptr + 1, bare.len - 2)).len == 0)
            return SS_OK;
        return ss_status_violation(st, &call->arena, (struct ss_slice){0},
                                   "this path takes no body: send none, or {}");
    }
    return ss_json_to_wire(call->bridge->codec, call->bridge->snapshot->schema, call->method->input,
                           ss_route_body_field(call->match.route), text, &call->options->in, &call->arena,
                           out, st);
}

/* The update mask that a PATCH of one field makes up, behind what path and query bind in out. */
static enum ss_err add_mask(struct ss_call *call, struct ss_slice text, struct ss_buf *out,
                            struct ss_status *st)
{
    struct ss_slice message = ss_slice_skip(ss_buf_slice(out), SS_GRPC_PREFIX);
    const struct ss_field *f = call->patch ? ss_route_missing_mask(call->match.route, message) : NULL;
    if (f == NULL || trim(text).len == 0)
        return SS_OK;
    struct ss_buf mask;
    ss_buf_init(&mask, call->max_request_bytes + 1024);
    enum ss_err err = ss_json_to_mask(call->bridge->codec, ss_route_body_field(call->match.route)->message,
                                      text, call->options->in.lenient, &mask);
    if (err == SS_OK)
        err = ss_wire_put_bytes(out, f->number, ss_buf_slice(&mask));
    ss_buf_dispose(&mask);
    return err == SS_OK ? SS_OK : ss_status_set(st, &call->arena, err, "the update mask is too large");
}

static bool looks_like_json(struct ss_slice text)
{
    struct ss_slice bare = trim(text);
    return bare.len && (bare.ptr[0] == '{' || bare.ptr[0] == '[');
}

static enum ss_err send_whole(struct ss_call *call, struct ss_slice text, bool form, struct ss_status *st)
{
    form = form && !looks_like_json(text);
    struct ss_buf out;
    enum ss_err err = ss_call_begin_message(call, &out, 2 * text.len / 3 + 64, st);
    if (err == SS_OK && form)
        err = ss_route_bind_form(&call->match, text, &call->bridge->hash_key, &call->arena, &out, st);
    else if (err == SS_OK)
        err = put_body(call, text, &out, st);
    if (err == SS_OK && call->options->reject_binding_body_field_collisions)
        err = ss_route_check_collisions(&call->match, ss_slice_skip(ss_buf_slice(&out), SS_GRPC_PREFIX),
                                        &call->arena, st);
    if (err == SS_OK)
        err = ss_call_bind(call, &out, st);
    else if (st->violations) /* a client wants to hear of all that is wrong at once */
        (void)ss_call_bind(call, &out, st);
    if (err == SS_OK && !form)
        err = add_mask(call, text, &out, st);
    if (err == SS_OK)
        err = ss_call_frame(call, &out, st);
    if (err == SS_OK)
        ss_call_send(call, &out, true);
    else
        ss_buf_dispose(&out);
    return err;
}

static enum ss_err push(struct ss_call *call, const char *p, size_t n, bool last, bool form,
                        struct ss_status *st)
{
    struct ss_slice whole;
    enum ss_err err = ss_call_collect(call, p, n, last, &whole, st);
    if (err == SS_OK && last)
        err = send_whole(call, whole, form, st);
    if (last)
        ss_buf_dispose(&call->body);
    return err;
}

/* Text that may begin a JSON value is taken for one. */
static enum ss_err push_text(struct ss_call *call, const char *p, size_t n, bool last, struct ss_status *st)
{
    struct ss_slice bare = trim(ss_slice_of(p, n));
    bool first = call->body.len == 0 && bare.len;
    if (first && (bare.ptr[0] == '\0' || !strchr("{[\"-0123456789tfn", bare.ptr[0])))
        return ss_call_refuse_type(call, st);
    return push(call, p, n, last, false, st);
}

static enum ss_err push_json(struct ss_call *call, const char *p, size_t n, bool last, struct ss_status *st)
{
    return push(call, p, n, last, false, st);
}

static enum ss_err push_form(struct ss_call *call, const char *p, size_t n, bool last, struct ss_status *st)
{
    return push(call, p, n, last, true, st);
}

const struct ss_intake_ops ss_intake_json = {.push = push_json};
const struct ss_intake_ops ss_intake_form = {.push = push_form};
const struct ss_intake_ops ss_intake_text = {.push = push_text};
