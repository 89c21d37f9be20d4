#include "json/reader.h"

#include <stdint.h>
#include <yajl/yajl_parse.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "json/escape.h"
#include "json/explain.h"
#include "json/pool.h"
#include "json/prescan.h"

enum { HIDDEN_KEEP = 8 << 20 };

/* A yajl handle as it is before its first byte. It lies in the pool and points to nothing but the pool and
 * the reader, so while the pool stays where it is, its bytes make the next document's handle. (yajl cannot
 * reset one; making one is 3 % of reading 200 bytes.) */
struct fresh {
    yajl_handle handle;
    const char *block; /* the pool's when it was made; NULL: none */
    bool escapes;
    size_t len;
    char bytes[768];
};

struct ss_json_reader {
    /* of the document being read */
    const struct ss_json_sink *sink; /* borrowed */
    void *sink_ctx;
    unsigned depth, max_depth;
    bool too_deep, bad_escape;
    bool escapes; /* yajl reads hidden */
    /* of the last document */
    struct ss_slice text;       /* borrowed, or lowered */
    bool stopped;               /* by the sink */
    size_t token_end;           /* of the token that it was given */
    struct ss_json_fault fault; /* unless stopped */
    /* kept from one document to the next */
    struct fresh fresh;
    struct ss_json_pool pool;
    struct ss_buf lowered; /* the text with its bare Python bools made JSON */
    struct ss_buf hidden;  /* the text without its escapes (escape.h) */
};

static int on_null(void *ctx)
{
    struct ss_json_reader *r = ctx;
    return r->sink->null(r->sink_ctx);
}

static int on_boolean(void *ctx, int value)
{
    struct ss_json_reader *r = ctx;
    return r->sink->boolean(r->sink_ctx, value != 0);
}

static int on_number(void *ctx, const char *p, size_t n)
{
    struct ss_json_reader *r = ctx;
    return r->sink->number(r->sink_ctx, ss_slice_of(p, n));
}

static int on_string(void *ctx, const unsigned char *p, size_t n)
{
    struct ss_json_reader *r = ctx;
    return r->sink->string(r->sink_ctx, ss_slice_of((const char *)p, n));
}

static int on_key(void *ctx, const unsigned char *p, size_t n)
{
    struct ss_json_reader *r = ctx;
    return r->sink->key(r->sink_ctx, ss_slice_of((const char *)p, n));
}

/* The same for a text with escapes. yajl found the string in the text that hides them. */
static bool decode(struct ss_json_reader *r, const unsigned char *p, size_t *n)
{
    char *own = r->hidden.ptr + ((const char *)p - r->hidden.ptr); /* where it can be written to */
    r->bad_escape = !ss_json_decode_escapes(own, *n, n);
    return !r->bad_escape;
}

static int on_escaped_string(void *ctx, const unsigned char *p, size_t n)
{
    return decode(ctx, p, &n) && on_string(ctx, p, n);
}

static int on_escaped_key(void *ctx, const unsigned char *p, size_t n)
{
    return decode(ctx, p, &n) && on_key(ctx, p, n);
}

static inline bool enter(struct ss_json_reader *r)
{
    r->too_deep = r->depth == r->max_depth;
    r->depth++;
    return !r->too_deep;
}

static int on_start_object(void *ctx)
{
    struct ss_json_reader *r = ctx;
    return enter(r) && r->sink->start_object(r->sink_ctx);
}

static int on_end_object(void *ctx)
{
    struct ss_json_reader *r = ctx;
    r->depth--;
    return r->sink->end_object(r->sink_ctx);
}

static int on_start_array(void *ctx)
{
    struct ss_json_reader *r = ctx;
    return enter(r) && r->sink->start_array(r->sink_ctx);
}

static int on_end_array(void *ctx)
{
    struct ss_json_reader *r = ctx;
    r->depth--;
    return r->sink->end_array(r->sink_ctx);
}

/* yajl_number takes precedence over integers and doubles. */
#define CALLBACKS(string, key)                                                                               \
    {                                                                                                        \
        .yajl_null = on_null, .yajl_boolean = on_boolean, .yajl_number = on_number, .yajl_string = (string), \
        .yajl_start_map = on_start_object, .yajl_map_key = (key), .yajl_end_map = on_end_object,             \
        .yajl_start_array = on_start_array, .yajl_end_array = on_end_array                                   \
    }
static const yajl_callbacks callbacks = CALLBACKS(on_string, on_key);
static const yajl_callbacks escaped_callbacks = CALLBACKS(on_escaped_string, on_escaped_key);
#undef CALLBACKS

struct ss_json_reader *ss_json_reader_new(void)
{
    struct ss_json_reader *r = ss_xcalloc(1, sizeof *r);
    ss_json_pool_init(&r->pool);
    ss_buf_init(&r->lowered, 1); /* each text says how much */
    ss_buf_init(&r->hidden, 1);
    return r;
}

void ss_json_reader_free(struct ss_json_reader *r)
{
    if (r == NULL)
        return;
    ss_json_pool_dispose(&r->pool);
    ss_buf_dispose(&r->lowered);
    ss_buf_dispose(&r->hidden);
    ss_free(r);
}

/* What yajl allocates: its handle, lexer and state stack (which doubles at most twice here); for a text of n
 * bytes, the buffer that keeps a token cut off by the end of the text. It grows by doubling from 2 KiB, and
 * when it cannot grow in place leaves as much again behind. The same room serves afterwards to explain a
 * fault. */
static size_t room_for(size_t n, unsigned max_depth)
{
    enum { FIXED = 16 * 1024 };
    return FIXED + (size_t)max_depth * 2 + 4 * n;
}

static enum ss_err out_of_memory(struct ss_json_reader *r)
{
    ss_json_fault_set(&r->fault, 0, "out of memory");
    return SS_ERR_MEMORY;
}

static enum ss_err refuse(struct ss_json_reader *r, size_t offset)
{
    size_t room = r->text.len < r->max_depth ? r->text.len : r->max_depth;
    if (ss_json_pool_reset(&r->pool, room) != SS_OK)
        return out_of_memory(r);
    if (!ss_json_explain(r->text, r->max_depth, r->pool.block, &r->fault))
        ss_json_fault_set(&r->fault, offset, "invalid JSON");
    return SS_ERR_INVALID;
}

/* Whether nothing but white space (RFC 8259 §2) stands behind the first n bytes. */
static bool ends_at(struct ss_slice text, size_t n)
{
    while (n < text.len && text.ptr[n] && strchr(" \t\n\r", text.ptr[n]))
        n++;
    return n == text.len;
}

static yajl_handle start(struct ss_json_reader *r)
{
    struct ss_json_pool *pool = &r->pool;
    struct fresh *fresh = &r->fresh;
    if (fresh->block == pool->block && fresh->escapes == r->escapes && fresh->block) {
        memcpy(pool->block, fresh->bytes, fresh->len);
        pool->used = fresh->len;
        return fresh->handle;
    }
    yajl_handle yajl = yajl_alloc(r->escapes ? &escaped_callbacks : &callbacks, &pool->functions, r);
    yajl_config(yajl, yajl_dont_validate_strings, 1);
    yajl_config(yajl, yajl_allow_trailing_garbage, 1);
    fresh->block = NULL;
    if (pool->used <= sizeof fresh->bytes && !pool->spill.held) {
        memcpy(fresh->bytes, pool->block, pool->used);
        fresh->block = pool->block;
        fresh->handle = yajl;
        fresh->escapes = r->escapes;
        fresh->len = pool->used;
    }
    return yajl;
}

/* Runs yajl over the text. What stands behind the document is looked at here: yajl takes a token that is cut
 * off by the end of the text, as in {}"abc, for nothing. */
static enum ss_err parse(struct ss_json_reader *r)
{
    yajl_handle yajl = start(r);
    yajl_status status =
        yajl_parse(yajl, (const unsigned char *)(r->escapes ? r->hidden.ptr : r->text.ptr), r->text.len);
    size_t consumed = yajl_get_bytes_consumed(yajl);
    if (status == yajl_status_ok) {
        if (!ends_at(r->text, consumed))
            return refuse(r, consumed);
        status = yajl_complete_parse(yajl); /* a number that ends the text comes only now */
        consumed = r->text.len;
    }
    /* yajl_free would only give back what the pool takes back at once. */
    if (status == yajl_status_ok)
        return SS_OK;
    if (status == yajl_status_client_canceled && !r->too_deep && !r->bad_escape) {
        r->stopped = true;
        r->token_end = consumed;
        return SS_ERR_CANCELLED;
    }
    return refuse(r, consumed);
}

enum ss_err ss_json_read(struct ss_json_reader *r, struct ss_slice text,
                         const struct ss_json_options *options, const struct ss_json_sink *sink, void *ctx)
{
    r->sink = sink;
    r->sink_ctx = ctx;
    r->depth = 0;
    r->max_depth = options->max_depth;
    r->too_deep = r->bad_escape = r->stopped = false;
    r->text = text;
    r->lowered.max = r->hidden.max = text.len ? text.len : 1; /* both are copies of it */
    r->fault.offset = 0;
    r->fault.message[0] = '\0';

    bool bools = options->bare_python_bools && text.len;
    if (bools && (memchr(text.ptr, 'T', text.len) || memchr(text.ptr, 'F', text.len))) {
        if (ss_json_lower_bools(&r->lowered, text) != SS_OK)
            return out_of_memory(r);
        r->text = text = ss_buf_slice(&r->lowered);
    }
    struct ss_json_prescan found = ss_json_prescan(text);
    if (text.len == 0 || found.feed || (found.high && !ss_utf8_valid(text)) ||
        (found.backslash && !ss_json_surrogates_paired(text)))
        return refuse(r, 0);
    r->escapes = found.backslash;
    if (ss_json_pool_reset(&r->pool, room_for(text.len, r->max_depth)) != SS_OK ||
        (r->escapes && ss_json_hide_escapes(&r->hidden, text) != SS_OK))
        return out_of_memory(r);
    enum ss_err err = parse(r);
    ss_json_pool_trim(&r->pool);
    ss_buf_clear(&r->hidden, HIDDEN_KEEP);
    return err;
}

const char *ss_json_reader_error(const struct ss_json_reader *r)
{
    return r->stopped ? "reading was stopped" : r->fault.message;
}

struct ss_json_position ss_json_reader_position(const struct ss_json_reader *r)
{
    size_t offset = r->stopped ? ss_json_token_begin(r->text, r->token_end) : r->fault.offset;
    struct ss_json_position at = {.offset = offset, .line = 1, .column = 1};
    for (size_t i = 0; i < offset; i++) {
        at.column++;
        if (r->text.ptr[i] == '\n') {
            at.line++;
            at.column = 1;
        }
    }
    return at;
}
