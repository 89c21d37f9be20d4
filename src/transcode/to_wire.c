#include "transcode/to_wire.h"

enum { DEFAULT_DEPTH = 100, MAX_DEPTH = 10000 };

static bool begin(struct ss_to_wire *w, const struct ss_message *m, const struct ss_field *body)
{
    struct ss_codec *c = w->c;
    size_t frames = (size_t)w->options.max_depth + 2;
    ss_key_set_clear(&c->keys);
    ss_holes_begin(&c->holes, w->out->len);
    ss_stack_clear(&c->seen, sizeof(uint64_t));
    ss_stack_clear(&c->frames, sizeof(struct ss_frame));
    if (!ss_stack_reserve(&c->frames, sizeof(struct ss_frame), frames))
        return ss_to_wire_fail(w, SS_ERR_MEMORY);
    w->frames = c->frames.items;
    w->frames_end = w->frames + frames;
    w->top = w->frames;
    *w->top = (struct ss_frame){.kind = SS_FRAME_ROOT, .field = body, .message = m};
    return true;
}

static enum ss_err syntax_error(struct ss_to_wire *w, struct ss_status *st)
{
    struct ss_json_position at = ss_json_reader_position(w->c->reader);
    const char *why = ss_json_reader_error(w->c->reader);
    return ss_status_violation(st, w->arena, ss_slice_of(NULL, 0), "%s; line %u, column %u", why, at.line,
                               at.column);
}

enum ss_err ss_json_to_wire(struct ss_codec *c, const struct ss_schema *s, const struct ss_message *m,
                            const struct ss_field *body, struct ss_slice text,
                            const struct ss_json_in *options, struct ss_arena *a, struct ss_buf *out,
                            struct ss_status *st)
{
    struct ss_to_wire w = {.c = c, .schema = s, .options = *options, .arena = a, .out = out};
    size_t before = out->len;
    if (w.options.max_depth == 0)
        w.options.max_depth = DEFAULT_DEPTH;
    if (w.options.max_depth > MAX_DEPTH)
        w.options.max_depth = MAX_DEPTH;
    const struct ss_json_options reading = {w.options.max_depth, options->lenient};
    enum ss_err err = SS_ERR_CANCELLED;
    if (begin(&w, m, body))
        err = ss_json_read(c->reader, text, &reading, &ss_to_wire_sink, &w);
    if (!err) {
        err = ss_holes_fill(&c->holes, out);
        if (!err)
            return SS_OK;
        ss_to_wire_fail(&w, err);
    } else if (err != SS_ERR_CANCELLED && err != SS_ERR_INVALID) {
        ss_to_wire_fail(&w, err);
    }
    out->len = before;
    if (err == SS_ERR_INVALID)
        return syntax_error(&w, st);
    struct ss_slice prefix = body ? body->json_name : ss_slice_of(NULL, 0);
    return ss_to_wire_report(&w, text, &reading, prefix, st);
}
