/* The JSON reader: its verdict agrees with that of the explanation, a parser of its own; its events nest;
 * every string is UTF-8 and comes back the same from the writer; numbers that it passes are numbers to their
 * parsers. The first byte of the input chooses the options and where the sink stops. */
#include "json/reader.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "json/explain.h"
#include "json/number.h"
#include "json/writer.h"

enum { MAX_DEPTH = 20 };

struct watcher {
    unsigned depth, events, stop_at;
    struct ss_buf strings; /* a JSON array of all strings, to be read again */
    struct ss_buf plain;   /* the same strings, unescaped */
};

static bool event(struct watcher *w)
{
    return ++w->events != w->stop_at;
}

static bool on_null(void *ctx)
{
    return event(ctx);
}

static bool on_boolean(void *ctx, bool value)
{
    (void)value;
    return event(ctx);
}

static bool on_number(void *ctx, struct ss_slice text)
{
    double d;
    int64_t i;
    bool finite = ss_parse_double(text, &d) == SS_OK;
    assert(finite || memchr(text.ptr, 'e', text.len) || memchr(text.ptr, 'E', text.len) || text.len > 300);
    if (ss_parse_int64(text, &i) == SS_OK)
        assert(finite && d == (double)i);
    return event(ctx);
}

static bool on_string(void *ctx, struct ss_slice utf8)
{
    struct watcher *w = ctx;
    assert(ss_utf8_valid(utf8));
    ss_buf_append(&w->strings, w->strings.len ? "," : "[", 1);
    assert(ss_json_write_string(&w->strings, utf8) == SS_OK);
    ss_buf_append_slice(&w->plain, utf8);
    return event(w);
}

static bool on_start(void *ctx)
{
    struct watcher *w = ctx;
    assert(++w->depth <= MAX_DEPTH);
    return event(w);
}

static bool on_end(void *ctx)
{
    struct watcher *w = ctx;
    assert(w->depth-- > 0);
    return event(w);
}

static bool again_string(void *ctx, struct ss_slice utf8)
{
    return ss_buf_append_slice(ctx, utf8) == SS_OK;
}

static bool again_bracket(void *ctx)
{
    (void)ctx;
    return true;
}

static const struct ss_json_sink watching = {.null = on_null,
                                             .boolean = on_boolean,
                                             .number = on_number,
                                             .string = on_string,
                                             .start_object = on_start,
                                             .key = on_string,
                                             .end_object = on_end,
                                             .start_array = on_start,
                                             .end_array = on_end};
static const struct ss_json_sink again = {
    .string = again_string, .start_array = again_bracket, .end_array = again_bracket};

/* What was read must come back from what was written. */
static void read_again(struct ss_json_reader *r, struct watcher *w)
{
    const struct ss_json_options options = {.max_depth = 1};
    struct ss_buf plain;
    if (w->strings.len == 0)
        return;
    ss_buf_init(&plain, 1 << 24);
    ss_buf_append(&w->strings, "]", 1);
    assert(ss_json_read(r, ss_buf_slice(&w->strings), &options, &again, &plain) == SS_OK);
    assert(ss_slice_eq(ss_buf_slice(&plain), ss_buf_slice(&w->plain)));
    ss_buf_dispose(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct ss_json_options options = {.max_depth = MAX_DEPTH, .bare_python_bools = data[0] & 1};
    struct watcher w = {.stop_at = data[0] >> 1 & 31};
    struct ss_slice text = ss_slice_of((const char *)data + 1, size - 1);
    struct ss_json_reader *r = ss_json_reader_new();
    ss_buf_init(&w.strings, 1 << 24);
    ss_buf_init(&w.plain, 1 << 24);

    enum ss_err err = ss_json_read(r, text, &options, &watching, &w);
    struct ss_json_position at = ss_json_reader_position(r);
    assert(at.offset <= text.len);
    assert(err == SS_OK || err == SS_ERR_INVALID || err == SS_ERR_CANCELLED);
    assert((err == SS_ERR_CANCELLED) == (w.stop_at && w.events == w.stop_at));
    if (err == SS_OK)
        assert(w.depth == 0);
    if (err != SS_ERR_CANCELLED && !options.bare_python_bools) {
        char stack[MAX_DEPTH];
        struct ss_json_fault fault;
        assert(ss_json_explain(text, MAX_DEPTH, stack, &fault) == (err == SS_ERR_INVALID));
    }
    if (err == SS_ERR_INVALID)
        assert(*ss_json_reader_error(r) && strcmp(ss_json_reader_error(r), "invalid JSON") != 0);
    read_again(r, &w);

    ss_buf_dispose(&w.strings);
    ss_buf_dispose(&w.plain);
    ss_json_reader_free(r);
    return 0;
}
