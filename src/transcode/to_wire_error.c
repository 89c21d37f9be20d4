/* Telling the client what is wrong with its JSON, and where. Runs only then: it reads the text a second time,
 * up to the event at which the trouble was found, and notes the way there. */
#include <stdarg.h>
#include <stdio.h>

#include "transcode/to_wire.h"

enum { PATH_MAX_LEN = 512 };

bool ss_to_wire_fail(struct ss_to_wire *w, enum ss_err err)
{
    w->err = err == SS_ERR_LIMIT ? SS_ERR_BODY_TOO_LARGE : err;
    return false;
}

bool ss_to_wire_invalid(struct ss_to_wire *w, const char *fmt, ...)
{
    char text[900];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    w->why = ss_arena_copy(w->arena, ss_slice_of(text, len));
    return ss_to_wire_fail(w, SS_ERR_INVALID);
}

bool ss_to_wire_expected(struct ss_to_wire *w, struct ss_slice wants, const struct ss_token *got)
{
    struct ss_slice shown = ss_token_show(got, w->arena);
    return ss_to_wire_invalid(w, "expected %.*s, got %.*s", SS_FMT(wants), SS_FMT(shown));
}

bool ss_to_wire_unknown_field(struct ss_to_wire *w, const struct ss_message *m, struct ss_slice key)
{
    const struct ss_field *near = ss_message_nearest_field(m, key);
    if (near)
        return ss_to_wire_invalid(w, "unknown field; did you mean \"%.*s\"?", SS_FMT(near->json_name));
    return ss_to_wire_invalid(w, "unknown field of %.*s", SS_FMT(m->full_name));
}

/* One open object or array of the text. */
struct level {
    bool array;
    bool has_key;
    size_t index;    /* of an array: elements begun */
    size_t key, len; /* of an object: the last key, in keys */
};

struct locate {
    size_t left; /* events to come */
    struct ss_stack levels;
    struct ss_stack keys; /* char */
    bool broken;          /* out of memory: no path */
};

static struct level *top(struct locate *l)
{
    return l->levels.n ? (struct level *)l->levels.items + l->levels.n - 1 : NULL;
}

/* A value begins. */
static void value(struct locate *l)
{
    struct level *t = top(l);
    if (t && t->array)
        t->index++;
}

static bool step(struct locate *l)
{
    return --l->left != 0;
}

static bool at_null(void *ctx)
{
    value(ctx);
    return step(ctx);
}

static bool at_boolean(void *ctx, bool v)
{
    (void)v;
    value(ctx);
    return step(ctx);
}

static bool at_text(void *ctx, struct ss_slice text)
{
    (void)text;
    value(ctx);
    return step(ctx);
}

static bool start(struct locate *l, bool array)
{
    value(l);
    if (!step(l))
        return false;
    if (!ss_stack_reserve(&l->levels, sizeof(struct level), 1)) {
        l->broken = true;
        return false;
    }
    ((struct level *)l->levels.items)[l->levels.n++] = (struct level){.array = array, .key = l->keys.n};
    return true;
}

static bool at_start_object(void *ctx)
{
    return start(ctx, false);
}

static bool at_start_array(void *ctx)
{
    return start(ctx, true);
}

static bool at_end(void *ctx)
{
    struct locate *l = ctx;
    l->keys.n = top(l)->key;
    l->levels.n--;
    return step(l);
}

static bool at_key(void *ctx, struct ss_slice key)
{
    struct locate *l = ctx;
    struct level *t = top(l);
    bool cut;
    key = ss_text_cut(key, &cut);
    t->has_key = true;
    t->len = key.len;
    l->keys.n = t->key;
    if (!ss_stack_reserve(&l->keys, 1, key.len)) {
        l->broken = true;
        return false;
    }
    if (key.len)
        memcpy((char *)l->keys.items + l->keys.n, key.ptr, key.len);
    l->keys.n += key.len;
    return step(l);
}

static const struct ss_json_sink LOCATE = {
    .null = at_null,
    .boolean = at_boolean,
    .number = at_text,
    .string = at_text,
    .start_object = at_start_object,
    .key = at_key,
    .end_object = at_end,
    .start_array = at_start_array,
    .end_array = at_end,
};

/* "clauses[2].labels[\"k\"]": the frames say which objects were maps. */
static struct ss_slice path_of(const struct ss_to_wire *w, const struct locate *l, struct ss_slice prefix)
{
    struct ss_buf path;
    ss_buf_init(&path, PATH_MAX_LEN);
    enum ss_err err = ss_buf_append_slice(&path, prefix);
    const struct level *levels = l->levels.items;
    const char *keys = l->keys.items;
    for (size_t i = 0; i < l->levels.n && !err; i++) {
        const struct ss_frame *f = w->frames + 1 + i;
        bool map = f <= w->top && f->kind == SS_FRAME_MAP && !f->of_struct;
        struct ss_slice key = ss_slice_of(levels[i].len ? keys + levels[i].key : NULL, levels[i].len);
        if (levels[i].array && levels[i].index)
            err = ss_buf_printf(&path, "[%zu]", levels[i].index - 1);
        else if (map && levels[i].has_key)
            err = ss_buf_printf(&path, "[\"%.*s\"]", SS_FMT(key));
        else if (levels[i].has_key)
            err = ss_buf_printf(&path, "%s%.*s", path.len ? "." : "", SS_FMT(key));
    }
    struct ss_slice text = ss_arena_copy(w->arena, ss_buf_slice(&path));
    ss_buf_dispose(&path);
    return text;
}

enum ss_err ss_to_wire_report(struct ss_to_wire *w, struct ss_slice text,
                              const struct ss_json_options *options, struct ss_slice prefix,
                              struct ss_status *st)
{
    if (w->err == SS_ERR_BODY_TOO_LARGE)
        return ss_status_set(st, w->arena, w->err, "the request body is larger than allowed");
    if (w->err != SS_ERR_INVALID)
        return ss_status_set(st, w->arena, w->err, "%s", ss_err_text(w->err));
    struct locate l = {.left = w->events};
    struct ss_slice path = {NULL, 0};
    if (ss_json_read(w->c->reader, text, options, &LOCATE, &l) == SS_ERR_CANCELLED && !l.broken)
        path = path_of(w, &l, prefix);
    struct ss_json_position at = ss_json_reader_position(w->c->reader);
    ss_stack_dispose(&l.levels);
    ss_stack_dispose(&l.keys);
    return ss_status_violation(st, w->arena, path, "%.*s; line %u, column %u", SS_FMT(w->why), at.line,
                               at.column);
}
