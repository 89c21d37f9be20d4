/* The field mask that a PATCH body implies (AIP-134): a second, cheap reading of the JSON that notes the
 * paths of what it sets. Lists, maps and messages with a JSON form of their own are named whole. */
#include "transcode/codec.h"
#include "wire/writer.h"

enum { MAX_DEPTH = 100, PATHS = 1 };

struct level {
    const struct ss_message *message;
    size_t path_len; /* bytes of path before this level's fields */
    bool empty;      /* no field seen yet */
};

struct mask {
    struct level levels[MAX_DEPTH + 1];
    size_t depth;                 /* objects open that are walked into */
    unsigned skipping;            /* objects and arrays open that are not */
    const struct ss_field *field; /* the key just read; NULL: unknown */
    struct ss_buf *path, *out;
    bool failed;
};

static bool note(struct mask *m)
{
    if (m->path->len == 0)
        return true;
    size_t len = m->path->len;
    if (ss_buf_reserve(m->out, len + SS_TAG_MAX + SS_VARINT_MAX) != SS_OK) {
        m->failed = true;
        return false;
    }
    char *p = m->out->ptr + m->out->len;
    p = ss_varint_put(p, ss_tag(PATHS, SS_WIRE_BYTES));
    p = ss_varint_put(p, len);
    memcpy(p, m->path->ptr, len);
    m->out->len = (size_t)(p + len - m->out->ptr);
    return true;
}

/* A value that is named whole. */
static bool leaf(struct mask *m)
{
    return m->skipping || m->field == NULL || note(m);
}

static bool on_null(void *ctx)
{
    return leaf(ctx);
}

static bool on_boolean(void *ctx, bool value)
{
    (void)value;
    return leaf(ctx);
}

static bool on_text(void *ctx, struct ss_slice text)
{
    (void)text;
    return leaf(ctx);
}

static bool on_start_object(void *ctx)
{
    struct mask *m = ctx;
    bool root = m->depth == 0;
    bool walk = root || (m->field && m->field->message && !m->field->repeated &&
                         m->field->message->wkt == SS_WKT_NONE);
    if (m->skipping || !walk || m->depth > MAX_DEPTH) {
        bool ok = m->skipping || leaf(m);
        m->skipping++;
        return ok;
    }
    if (!root)
        m->levels[m->depth].message = m->field->message;
    m->levels[m->depth].path_len = m->path->len;
    m->levels[m->depth].empty = true;
    m->depth++;
    return true;
}

static bool on_key(void *ctx, struct ss_slice key)
{
    struct mask *m = ctx;
    if (m->skipping)
        return true;
    struct level *l = &m->levels[m->depth - 1];
    l->empty = false;
    m->path->len = l->path_len;
    m->field = ss_message_field(l->message, key);
    if (m->field == NULL)
        return true;
    m->failed = (m->path->len && ss_buf_append(m->path, ".", 1) != SS_OK) ||
                ss_buf_append_slice(m->path, m->field->name) != SS_OK;
    return !m->failed;
}

static bool on_end_object(void *ctx)
{
    struct mask *m = ctx;
    if (m->skipping) {
        m->skipping--;
        return true;
    }
    struct level *l = &m->levels[--m->depth];
    m->path->len = l->path_len;
    return !l->empty || note(m); /* {} sets the message itself */
}

static bool on_start_array(void *ctx)
{
    struct mask *m = ctx;
    bool ok = leaf(m);
    m->skipping++;
    return ok;
}

static bool on_end_array(void *ctx)
{
    ((struct mask *)ctx)->skipping--;
    return true;
}

enum ss_err ss_json_to_mask(struct ss_codec *c, const struct ss_message *m, struct ss_slice text,
                            bool lenient, struct ss_buf *out)
{
    static const struct ss_json_sink sink = {.null = on_null,
                                             .boolean = on_boolean,
                                             .number = on_text,
                                             .string = on_text,
                                             .start_object = on_start_object,
                                             .key = on_key,
                                             .end_object = on_end_object,
                                             .start_array = on_start_array,
                                             .end_array = on_end_array};
    const struct ss_json_options options = {.max_depth = MAX_DEPTH, .bare_python_bools = lenient};
    struct ss_buf path;
    ss_buf_init(&path, 64 * 1024);
    struct mask mask = {.path = &path, .out = out};
    mask.levels[0].message = m;
    enum ss_err err = ss_json_read(c->reader, text, &options, &sink, &mask);
    ss_buf_dispose(&path);
    return mask.failed ? SS_ERR_BODY_TOO_LARGE : err;
}
