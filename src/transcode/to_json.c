#include "transcode/to_json.h"

#include "base/utf8.h"

bool ss_to_json_fail(struct ss_to_json *w, enum ss_err err)
{
    w->err = err == SS_ERR_LIMIT ? SS_ERR_ANSWER_TOO_LARGE : err;
    return false;
}

bool ss_to_json_bad(struct ss_to_json *w, const char *why)
{
    w->why = why;
    return ss_to_json_fail(w, SS_ERR_BAD_RESPONSE);
}

bool ss_to_json_restart(struct ss_to_json *w, const struct ss_message *m)
{
    if (m)
        w->c->hints[((uintptr_t)m >> 6) % SS_HINTS] = m;
    w->restart = true;
    return ss_to_json_bad(w, "fields out of order");
}

bool ss_to_json_within(struct ss_to_json *w, const struct ss_field *f)
{
    size_t n = f->name.len + (w->path_len ? 1 : 0);
    if (w->err != SS_ERR_BAD_RESPONSE || w->restart || n > sizeof w->path - w->path_len)
        return false;
    memmove(w->path + n, w->path, w->path_len);
    memcpy(w->path, f->name.ptr, f->name.len);
    if (w->path_len)
        w->path[f->name.len] = '.';
    w->path_len += n;
    return false;
}

static bool one_field(struct ss_to_json *w, const struct ss_message *m, const struct ss_field *f,
                      struct ss_slice wire)
{
    struct ss_index ix;
    struct ss_source s = ss_source_of(wire);
    bool empty, ok = ss_index_begin(w, &ix, m, &s);
    if (ok && ss_index_has(w, &ix, f))
        ok = ss_index_value(w, &ix, f, &empty);
    else if (ok)
        ok = ss_to_json_default(w, f, true);
    ss_index_end(w, &ix);
    return ok ? true : ss_to_json_within(w, f);
}

static bool run(struct ss_to_json *w, const struct ss_message *m, const struct ss_field *f,
                struct ss_slice wire)
{
    struct ss_codec *c = w->c;
    size_t before = w->out->len;
    struct ss_source s = ss_source_of(wire);
    for (;;) {
        ss_key_set_clear(&c->keys);
        ss_stack_clear(&c->places, sizeof(uint32_t));
        ss_stack_clear(&c->slots, sizeof(struct ss_slot));
        ss_stack_clear(&c->bits, sizeof(uint64_t));
        w->filter = w->options.fields;
        if (f ? one_field(w, m, f, wire) : ss_to_json_message(w, m, &s))
            return true;
        w->out->len = before;
        if (!w->restart || w->indexed)
            return false;
        w->indexed = true;
        w->restart = false;
        w->err = SS_OK;
        w->depth = 0;
        w->indent = w->options.indent;
        w->path_len = 0;
    }
}

enum ss_err ss_wire_to_json(struct ss_codec *c, const struct ss_schema *s, const struct ss_message *m,
                            const struct ss_field *response_body, struct ss_slice wire,
                            const struct ss_json_out *options, struct ss_arena *a, struct ss_buf *out,
                            struct ss_status *st)
{
    struct ss_to_json w;
    memset(&w, 0, offsetof(struct ss_to_json, path));
    w.path_len = 0;
    w.c = c;
    w.schema = s;
    w.options = *options;
    w.indent = options->indent;
    w.arena = a;
    w.out = out;
    if (!wire.ptr) /* offsets need something to count from */
        wire = SS_LIT("");
    w.wire = wire.ptr;
    w.wire_end = wire.ptr + wire.len;
    c->text.max = out->max;
    if (wire.len > SS_MESSAGE_MAX)
        w.err = SS_ERR_MESSAGE_TOO_LARGE;
    else if (run(&w, m, response_body, wire))
        return SS_OK;
    if (w.err != SS_ERR_BAD_RESPONSE)
        return ss_status_set(st, a, w.err, "%s", ss_err_text(w.err));
    bool named = w.what.len > 0 && w.what.len < 200 && ss_utf8_valid(w.what);
    return ss_status_set(st, a, w.err, "the service's answer is not a valid %.*s: %.*s%s%s%s%.*s",
                         SS_FMT(m->full_name), (int)w.path_len, w.path, w.path_len ? ": " : "", w.why,
                         named ? ": " : "", named ? (int)w.what.len : 0, named ? w.what.ptr : "");
}
