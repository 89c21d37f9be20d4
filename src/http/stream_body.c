/* Each function writes its piece whole or not at all: what has left before stays well-formed. */
#include "http/stream_body.h"

struct ss_slice ss_body_content_type(enum ss_body_form form)
{
    switch (form) {
    case SS_BODY_NDJSON:
        return SS_LIT("application/x-ndjson");
    case SS_BODY_ARRAY:
    case SS_BODY_OBJECT:
        return SS_LIT("application/json");
    case SS_BODY_SSE:
        return SS_LIT("text/event-stream");
    }
    return SS_LIT("");
}

static bool line_break(char c)
{
    return c == '\n' || c == '\r';
}

/* The next line of *rest without its LF, CR or CR LF, all of which end a line for an event stream's reader.
 */
static struct ss_slice take_line(struct ss_slice *rest)
{
    size_t n = 0;
    while (n < rest->len && !line_break(rest->ptr[n]))
        n++;
    struct ss_slice line = ss_slice_of(rest->ptr, n);
    if (n + 1 < rest->len && rest->ptr[n] == '\r' && rest->ptr[n + 1] == '\n')
        n++;
    *rest = ss_slice_skip(*rest, n < rest->len ? n + 1 : n);
    return line;
}

static enum ss_err put_data_lines(struct ss_buf *out, struct ss_slice json)
{
    enum ss_err err = SS_OK;
    do {
        struct ss_slice line = take_line(&json);
        err = ss_buf_append_slice(out, SS_LIT("data: "));
        if (err == SS_OK)
            err = ss_buf_append_slice(out, line);
        if (err == SS_OK)
            err = ss_buf_append(out, "\n", 1);
    } while (err == SS_OK && json.len);
    return err;
}

/* JSON on one line: a line break in JSON text is white space between tokens, so it can go. */
static enum ss_err put_one_line(struct ss_buf *out, struct ss_slice json)
{
    enum ss_err err = SS_OK;
    while (err == SS_OK && json.len)
        err = ss_buf_append_slice(out, take_line(&json));
    return err;
}

static enum ss_err put_json(const struct ss_stream_body *b, struct ss_slice json, struct ss_buf *out)
{
    switch (b->form) {
    case SS_BODY_NDJSON:
        return put_one_line(out, json);
    case SS_BODY_ARRAY:
    case SS_BODY_OBJECT:
        return ss_buf_append_slice(out, json);
    case SS_BODY_SSE:
        return put_data_lines(out, json);
    }
    return SS_ERR_INTERNAL;
}

/* Takes back what a failed piece had begun. */
static enum ss_err settle(struct ss_buf *out, size_t len, enum ss_err err)
{
    if (err != SS_OK)
        out->len = len;
    return err;
}

/* What stands in front of the next element. */
static struct ss_slice opening(const struct ss_stream_body *b)
{
    bool object = b->form == SS_BODY_OBJECT;
    if (!b->pretty)
        return b->any ? SS_LIT(",") : object ? SS_LIT("{\"items\":[") : SS_LIT("[");
    if (b->any)
        return object ? SS_LIT(",\n    ") : SS_LIT(",\n  ");
    return object ? SS_LIT("{\n  \"items\": [\n    ") : SS_LIT("[\n  ");
}

/* The end of an array of messages; whole, when there was none. */
static struct ss_slice array_end(const struct ss_stream_body *b)
{
    if (b->any)
        return b->pretty ? SS_LIT("\n]") : SS_LIT("]");
    return SS_LIT("[]");
}

static struct ss_slice object_end(const struct ss_stream_body *b)
{
    if (!b->pretty)
        return b->truncated ? SS_LIT("],\"truncated\":true}") : SS_LIT("]}");
    if (b->any)
        return b->truncated ? SS_LIT("\n  ],\n  \"truncated\": true\n}") : SS_LIT("\n  ]\n}");
    return b->truncated ? SS_LIT("],\n  \"truncated\": true\n}") : SS_LIT("]\n}");
}

unsigned ss_stream_body_indent(const struct ss_stream_body *b)
{
    if (!b->pretty)
        return 0;
    return b->form == SS_BODY_ARRAY ? 1 : b->form == SS_BODY_OBJECT ? 2 : 0;
}

static struct ss_slice message_start(const struct ss_stream_body *b)
{
    switch (b->form) {
    case SS_BODY_NDJSON:
        return b->envelope ? SS_LIT("{\"result\":") : SS_LIT("");
    case SS_BODY_ARRAY:
    case SS_BODY_OBJECT:
        return opening(b);
    case SS_BODY_SSE:
        return SS_LIT("data: ");
    }
    return SS_LIT("");
}

static struct ss_slice message_end(const struct ss_stream_body *b)
{
    switch (b->form) {
    case SS_BODY_NDJSON:
        return b->envelope ? SS_LIT("}\n") : SS_LIT("\n");
    case SS_BODY_ARRAY:
    case SS_BODY_OBJECT:
        return SS_LIT("");
    case SS_BODY_SSE:
        return SS_LIT("\n\n");
    }
    return SS_LIT("");
}

enum ss_err ss_stream_body_before(struct ss_stream_body *b, struct ss_buf *out)
{
    return ss_buf_append_slice(out, message_start(b));
}

enum ss_err ss_stream_body_after(struct ss_stream_body *b, struct ss_buf *out)
{
    enum ss_err err = ss_buf_append_slice(out, message_end(b));
    b->any = b->any || err == SS_OK;
    return err;
}

enum ss_err ss_stream_body_message(struct ss_stream_body *b, struct ss_slice json, struct ss_buf *out)
{
    size_t len = out->len;
    bool lines = b->form == SS_BODY_SSE; /* which begin and end themselves */
    enum ss_err err = lines ? SS_OK : ss_buf_append_slice(out, message_start(b));
    if (err == SS_OK)
        err = put_json(b, json, out);
    if (err == SS_OK)
        err = ss_buf_append_slice(out, lines ? SS_LIT("\n") : message_end(b));
    b->any = b->any || err == SS_OK;
    return settle(out, len, err);
}

/* Whether s can be the value of a line of an event stream (HTML Standard §9.2.5; a reader drops an id that
 * holds NUL). */
static bool fits_line(struct ss_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (line_break(s.ptr[i]) || s.ptr[i] == '\0')
            return false;
    return s.len > 0;
}

static enum ss_err put_line(struct ss_buf *out, struct ss_slice name, struct ss_slice value)
{
    enum ss_err err = ss_buf_append_slice(out, name);
    if (err == SS_OK)
        err = ss_buf_append_slice(out, value);
    return err == SS_OK ? ss_buf_append(out, "\n", 1) : err;
}

/* "error" is the event of a failed stream, which a message must not pass for: its own event of that name gets
 * an underscore more, and so do the names that this could give, so that two names stay two. */
static bool like_ours(struct ss_slice event)
{
    const struct ss_slice ours = SS_LIT("error");
    if (!ss_slice_starts(event, ours))
        return false;
    for (size_t i = ours.len; i < event.len; i++)
        if (event.ptr[i] != '_')
            return false;
    return true;
}

static enum ss_err put_event(struct ss_buf *out, struct ss_slice event)
{
    enum ss_err err = ss_buf_append_slice(out, SS_LIT("event: "));
    if (err == SS_OK)
        err = ss_buf_append_slice(out, event);
    if (err == SS_OK && like_ours(event))
        err = ss_buf_append(out, "_", 1);
    return err == SS_OK ? ss_buf_append(out, "\n", 1) : err;
}

enum ss_err ss_stream_body_event(struct ss_stream_body *b, struct ss_slice event, struct ss_slice id,
                                 struct ss_buf *out)
{
    if (b->form != SS_BODY_SSE)
        return SS_OK;
    size_t len = out->len;
    enum ss_err err = fits_line(event) ? put_event(out, event) : SS_OK;
    if (err == SS_OK && fits_line(id))
        err = put_line(out, SS_LIT("id: "), id);
    return settle(out, len, err);
}

static enum ss_err put_done(const struct ss_stream_body *b, struct ss_buf *out)
{
    enum ss_err err = b->done.len ? put_data_lines(out, b->done) : SS_OK;
    return err == SS_OK && b->done.len ? ss_buf_append(out, "\n", 1) : err;
}

enum ss_err ss_stream_body_end(struct ss_stream_body *b, struct ss_buf *out)
{
    size_t len = out->len;
    enum ss_err err = SS_OK;
    switch (b->form) {
    case SS_BODY_NDJSON:
        return SS_OK;
    case SS_BODY_SSE:
        return settle(out, len, put_done(b, out));
    case SS_BODY_ARRAY:
    case SS_BODY_OBJECT:
        break;
    }
    if (b->form == SS_BODY_ARRAY)
        return settle(out, len, ss_buf_append_slice(out, array_end(b)));
    if (!b->any)
        err = ss_buf_append_slice(out, b->pretty ? SS_LIT("{\n  \"items\": [") : SS_LIT("{\"items\":["));
    if (err == SS_OK)
        err = ss_buf_append_slice(out, object_end(b));
    return settle(out, len, err);
}

static struct ss_slice error_start(const struct ss_stream_body *b)
{
    switch (b->form) {
    case SS_BODY_NDJSON:
        return SS_LIT("{\"error\":");
    case SS_BODY_ARRAY:
        if (b->pretty)
            return b->any ? SS_LIT(",\n  {\n    \"error\": ") : SS_LIT("[\n  {\n    \"error\": ");
        return b->any ? SS_LIT(",{\"error\":") : SS_LIT("[{\"error\":");
    case SS_BODY_SSE:
        return SS_LIT("event: error\n");
    case SS_BODY_OBJECT:
        return b->any ? SS_LIT("],\"error\":") : SS_LIT("{\"items\":[],\"error\":");
    }
    return SS_LIT("");
}

static struct ss_slice error_end(const struct ss_stream_body *b)
{
    switch (b->form) {
    case SS_BODY_NDJSON:
        return SS_LIT("}\n");
    case SS_BODY_ARRAY:
        return b->pretty ? SS_LIT("\n  }\n]") : SS_LIT("}]");
    case SS_BODY_SSE:
        return SS_LIT("\n");
    case SS_BODY_OBJECT:
        return SS_LIT("}");
    }
    return SS_LIT("");
}

enum ss_err ss_stream_body_error(struct ss_stream_body *b, struct ss_slice status, struct ss_buf *out)
{
    size_t len = out->len;
    enum ss_err err = ss_buf_append_slice(out, error_start(b));
    if (err == SS_OK)
        err = put_json(b, status, out);
    if (err == SS_OK)
        err = ss_buf_append_slice(out, error_end(b));
    b->any = b->any || err == SS_OK;
    return settle(out, len, err);
}

enum ss_err ss_stream_body_heartbeat(struct ss_stream_body *b, struct ss_buf *out)
{
    return b->form == SS_BODY_SSE ? ss_buf_append_slice(out, SS_LIT(":\n\n")) : SS_OK;
}
