/* Deflating. Windows and tables are sized by what the state is for: a stream's messages are small and its
 * peers many. */
#include "http/gzip.h"

#include "http/chars.h"
#include "http/media_range.h"
#include "http/zlib_memory.h"

struct ss_gzip {
    z_stream z;
};

enum {
    WORTH = 1024, /* below, a packet holds either, and the headers eat what is saved */
    GZIP_ONLY = 16,
    ROOM = 1024, /* made at a time */
    LITTLE = 64, /* room that is worth a call */
};

/* zlib's deflate takes 2^(window+2) + 2^(memory+9) bytes and some 6 KiB. Measured on JSON of objects and of
 * numbers, 1 KB to 1 MB: level 4 costs 0 to 40 % of time over level 1 below 4 KB, twice above, and saves 5 to
 * 18 % of the size; level 6 costs twice to three times as much as level 4 above 4 KB and saves 4 to 14 %.
 * With a flush behind each 150 bytes the flush is the cost, whatever the level; a window of 2 KiB gives 30 %
 * of the size where 32 KiB gives 28 %, and less memory than 3 saves nothing. */
static const struct {
    int level, window_bits, memory;
} uses[] = {
    [SS_GZIP_WHOLE] = {4, 15, 8},
    [SS_GZIP_STREAM] = {4, 11, 3},
};

static bool text_type(struct ss_slice type, struct ss_slice subtype)
{
    static const struct ss_slice names[] = {SS_LIT("json"),        SS_LIT("xml"),      SS_LIT("javascript"),
                                            SS_LIT("x-ndjson"),    SS_LIT("ndjson"),   SS_LIT("jsonl"),
                                            SS_LIT("x-jsonlines"), SS_LIT("protobuf"), SS_LIT("x-protobuf"),
                                            SS_LIT("wasm"),        SS_LIT("sql"),      SS_LIT("yaml")};
    if (ss_slice_eq_ci(type, SS_LIT("text")))
        return true;
    static const struct ss_slice suffixes[] = {SS_LIT("+json"), SS_LIT("+xml"), SS_LIT("+yaml")};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (subtype.len > suffixes[i].len &&
            ss_slice_eq_ci(ss_slice_skip(subtype, subtype.len - suffixes[i].len), suffixes[i]))
            return true;
    if (!ss_slice_eq_ci(type, SS_LIT("application")))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ss_slice_eq_ci(subtype, names[i]))
            return true;
    return false;
}

bool ss_gzip_worth(struct ss_slice content_type, size_t len)
{
    struct ss_media_range range;
    return len >= WORTH && ss_media_range_parse(content_type, &range) && text_type(range.type, range.subtype);
}

struct ss_gzip *ss_gzip_new(enum ss_gzip_use use)
{
    struct ss_gzip *g = ss_xcalloc(1, sizeof *g);
    g->z.zalloc = ss_zlib_alloc;
    g->z.zfree = ss_zlib_free;
    if (deflateInit2(&g->z, uses[use].level, Z_DEFLATED, uses[use].window_bits | GZIP_ONLY, uses[use].memory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        ss_free(g);
        return NULL;
    }
    return g;
}

void ss_gzip_free(struct ss_gzip *g)
{
    if (g == NULL)
        return;
    deflateEnd(&g->z);
    ss_free(g);
}

void ss_gzip_restart(struct ss_gzip *g)
{
    deflateReset(&g->z);
}

static enum ss_err make_room(struct ss_buf *out)
{
    if (out->cap - out->len >= LITTLE)
        return SS_OK;
    enum ss_err err = ss_buf_reserve(out, ROOM);
    return err == SS_ERR_LIMIT ? ss_buf_reserve(out, 1) : err;
}

/* Runs zlib until it has taken all of n bytes and, with a flush, given all that it has. */
static enum ss_err run(struct ss_gzip *g, const char *p, size_t n, int flush, struct ss_buf *out)
{
    enum { MOST = 1 << 30 };
    z_stream *z = &g->z;
    z->next_in = (z_const Bytef *)(uintptr_t)p; /* zlib only reads from it */
    do {
        enum ss_err err = make_room(out);
        if (err != SS_OK)
            return err;
        uInt room = out->cap - out->len < MOST ? (uInt)(out->cap - out->len) : MOST;
        uInt piece = n < MOST ? (uInt)n : MOST;
        z->next_out = (Bytef *)out->ptr + out->len;
        z->avail_out = room;
        z->avail_in = piece;
        int result = deflate(z, piece < n ? Z_NO_FLUSH : flush);
        n -= piece - z->avail_in;
        out->len += room - z->avail_out;
        if (result == Z_STREAM_END)
            return SS_OK;
        if (result != Z_OK && result != Z_BUF_ERROR)
            return SS_ERR_INTERNAL;
    } while (n || z->avail_out == 0 || flush == Z_FINISH);
    return SS_OK;
}

enum ss_err ss_gzip_push(struct ss_gzip *g, const char *p, size_t n, struct ss_buf *out)
{
    return n ? run(g, p, n, Z_NO_FLUSH, out) : SS_OK;
}

enum ss_err ss_gzip_flush(struct ss_gzip *g, struct ss_buf *out)
{
    return run(g, NULL, 0, Z_SYNC_FLUSH, out);
}

enum ss_err ss_gzip_finish(struct ss_gzip *g, struct ss_buf *out)
{
    enum ss_err err = run(g, NULL, 0, Z_FINISH, out);
    if (err == SS_OK)
        deflateReset(&g->z);
    return err;
}
