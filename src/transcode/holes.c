#include "transcode/holes.h"

#include "wire/tag.h"
#include "wire/varint.h"

enum {
    MANY = 8192,  /* holes; from here on they are spared */
    SHORT = 1024, /* bytes of a value */
};

void ss_holes_dispose(struct ss_holes *h)
{
    ss_stack_dispose(&h->holes);
    ss_stack_dispose(&h->open);
}

void ss_holes_begin(struct ss_holes *h, size_t base)
{
    ss_stack_clear(&h->holes, sizeof(struct ss_hole));
    ss_stack_clear(&h->open, sizeof(struct ss_open));
    h->extra = 0;
    h->base = base;
}

static enum ss_err push(struct ss_holes *h, const struct ss_buf *out, uint32_t group)
{
    if (out->len - h->base > SS_MESSAGE_MAX)
        return SS_ERR_LIMIT;
    if (!ss_stack_reserve(&h->open, sizeof(struct ss_open), 1))
        return SS_ERR_MEMORY;
    struct ss_open *open = h->open.items;
    open[h->open.n++] = (struct ss_open){(uint32_t)h->holes.n, group, h->extra};
    return SS_OK;
}

enum ss_err ss_holes_open(struct ss_holes *h, struct ss_buf *out)
{
    enum ss_err err = ss_buf_reserve(out, 1);
    if (err || (err = push(h, out, 0)))
        return err;
    if (!ss_stack_reserve(&h->holes, sizeof(struct ss_hole), 1))
        return SS_ERR_MEMORY;
    struct ss_hole *holes = h->holes.items;
    holes[h->holes.n++] = (struct ss_hole){(uint32_t)(out->len - h->base), 0};
    out->ptr[out->len++] = 0;
    return SS_OK;
}

enum ss_err ss_holes_open_group(struct ss_holes *h, const struct ss_buf *out, uint32_t number)
{
    return push(h, out, number);
}

/* Makes room for a short value's length at once, when holes are many. Nothing in it may have one. */
static enum ss_err widen(struct ss_holes *h, struct ss_buf *out, size_t at, size_t len)
{
    size_t more = ss_varint_len(len) - 1;
    enum ss_err err = ss_buf_reserve(out, more);
    if (err)
        return err;
    char *p = out->ptr + h->base + at;
    memmove(p + 1 + more, p + 1, len);
    ss_varint_put(p, len);
    out->len += more;
    h->holes.n--;
    return SS_OK;
}

enum ss_err ss_holes_close(struct ss_holes *h, struct ss_buf *out, size_t height)
{
    const struct ss_open *all = h->open.items;
    while (h->open.n > height) {
        const struct ss_open *open = &all[--h->open.n];
        if (open->group) {
            char tag[SS_TAG_MAX];
            char *end = ss_varint_put(tag, ss_tag(open->group, SS_WIRE_END_GROUP));
            enum ss_err err = ss_buf_append(out, tag, (size_t)(end - tag));
            if (err)
                return err;
            continue;
        }
        struct ss_hole *hole = (struct ss_hole *)h->holes.items + open->hole;
        size_t len = out->len - h->base - hole->at - 1 + (h->extra - open->extra);
        if (len < 0x80) {
            out->ptr[h->base + hole->at] = (char)len;
            h->holes.n--;
        } else if (open->hole >= MANY && len < SHORT && open->hole + 1 == h->holes.n) {
            enum ss_err err = widen(h, out, hole->at, len);
            if (err)
                return err;
        } else if (len <= SS_MESSAGE_MAX) {
            hole->len = (uint32_t)len;
            h->extra += ss_varint_len(len) - 1;
        } else {
            return SS_ERR_LIMIT;
        }
    }
    return SS_OK;
}

void ss_holes_abandon(struct ss_holes *h, size_t height)
{
    if (h->open.n <= height)
        return;
    const struct ss_open *open = (const struct ss_open *)h->open.items + height;
    h->holes.n = open->hole;
    h->extra = open->extra;
    h->open.n = height;
}

enum ss_err ss_holes_fill(struct ss_holes *h, struct ss_buf *out)
{
    if (h->extra == 0)
        return SS_OK;
    enum ss_err err = ss_buf_reserve(out, h->extra);
    if (err)
        return err;
    const struct ss_hole *holes = h->holes.items;
    char *base = out->ptr + h->base;
    size_t from_end = out->len - h->base; /* end of what is still to be moved */
    char *to_end = out->ptr + out->len + h->extra;
    for (size_t i = h->holes.n; i-- > 0;) {
        size_t behind = (size_t)holes[i].at + 1;
        size_t n = from_end - behind;
        to_end -= n;
        memmove(to_end, base + behind, n);
        to_end -= ss_varint_len(holes[i].len);
        ss_varint_put(to_end, holes[i].len);
        from_end = holes[i].at;
    }
    out->len += h->extra;
    return SS_OK;
}
