/* Inflating. zlib checks each member's header, checksum and length; what is between members, and how much
 * comes out, is checked here. */
#include "http/gzip.h"
#include "http/zlib_memory.h"

struct ss_gunzip {
    z_stream z;
    uint64_t max, in, out; /* bytes */
    unsigned max_ratio;
    bool member; /* in the middle of one */
};

enum { GZIP_ONLY = 16, FIRST_ROOM = 4096 };

struct ss_gunzip *ss_gunzip_new(uint64_t max, unsigned max_ratio)
{
    struct ss_gunzip *g = ss_xcalloc(1, sizeof *g);
    *g = (struct ss_gunzip){.max = max ? max : UINT64_MAX, .max_ratio = max_ratio};
    g->z.zalloc = ss_zlib_alloc;
    g->z.zfree = ss_zlib_free;
    if (inflateInit2(&g->z, MAX_WBITS | GZIP_ONLY) != Z_OK) {
        ss_free(g);
        return NULL;
    }
    return g;
}

void ss_gunzip_free(struct ss_gunzip *g)
{
    if (g == NULL)
        return;
    inflateEnd(&g->z);
    ss_free(g);
}

static enum ss_err check_size(const struct ss_gunzip *g)
{
    if (g->out > g->max)
        return SS_ERR_BODY_TOO_LARGE;
    if (g->max_ratio && g->out > SS_GUNZIP_FREE && (g->out - SS_GUNZIP_FREE) / g->max_ratio >= g->in)
        return SS_ERR_BODY_TOO_LARGE;
    return SS_OK;
}

/* How many bytes may be added to out now: the room that it has, or some more. */
static enum ss_err make_room(struct ss_buf *out, size_t left, size_t *room)
{
    if (out->cap == out->len) {
        enum ss_err err = ss_buf_reserve(out, left < FIRST_ROOM ? left : FIRST_ROOM);
        if (err == SS_ERR_LIMIT && out->len < out->max)
            err = ss_buf_reserve(out, 1);
        if (err != SS_OK)
            return err;
    }
    *room = out->cap - out->len < left ? out->cap - out->len : left;
    return SS_OK;
}

/* One step of zlib: from *in into at most room bytes of out. */
static enum ss_err step(struct ss_gunzip *g, struct ss_slice *in, char *to, size_t room, size_t *made)
{
    uInt n = in->len < SS_GUNZIP_PIECE ? (uInt)in->len : SS_GUNZIP_PIECE;
    g->z.next_in = (z_const Bytef *)(uintptr_t)in->ptr; /* zlib only reads from it */
    g->z.avail_in = n;
    g->z.next_out = (Bytef *)to;
    g->z.avail_out = (uInt)room;
    int result = inflate(&g->z, Z_NO_FLUSH);
    size_t took = n - g->z.avail_in;
    *made = room - g->z.avail_out;
    *in = ss_slice_skip(*in, took);
    g->in += took;
    g->out += *made;
    g->member = g->member || took;
    if (result == Z_STREAM_END) {
        g->member = false;
        result = inflateReset(&g->z);
    }
    if (result == Z_OK || result == Z_BUF_ERROR)
        return check_size(g);
    return result == Z_MEM_ERROR ? SS_ERR_MEMORY : SS_ERR_INVALID;
}

enum ss_err ss_gunzip_push(struct ss_gunzip *g, struct ss_slice *in, struct ss_buf *out, bool *more)
{
    uint64_t allowed = g->max - g->out; /* and one byte more, to see that it is passed */
    size_t left = allowed < SS_GUNZIP_PIECE ? (size_t)allowed + 1 : SS_GUNZIP_PIECE, room, made;
    *more = false;
    do {
        enum ss_err err = make_room(out, left, &room);
        if (err != SS_OK)
            return err;
        err = step(g, in, out->ptr + out->len, room, &made);
        out->len += made;
        left -= made;
        if (err != SS_OK)
            return err;
        *more = in->len > 0 || made == room; /* zlib may hold more when it filled what it was given */
    } while (*more && left);
    return SS_OK;
}

enum ss_err ss_gunzip_end(const struct ss_gunzip *g)
{
    return g->member ? SS_ERR_INVALID : SS_OK;
}
