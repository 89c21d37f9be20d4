#include "route/path.h"

#include "base/hash.h"
#include "base/percent.h"
#include "route/segment.h"

/* The whole is checked at once: '/' is ASCII, so that what is well-formed here is so in each segment. Most
 * paths hold no byte that needs it. */
static enum ss_err check(struct ss_slice path, struct ss_arena *a, bool *plain)
{
    *plain = true;
    for (size_t i = 0; i < path.len; i++) {
        enum ss_segment_byte class = ss_segment_byte((unsigned char)path.ptr[i]);
        if (class == SS_SEGMENT_UNRESERVED || class == SS_SEGMENT_RESERVED)
            continue;
        *plain = false;
        struct ss_slice decoded;
        return ss_percent_decode(path, false, a, &decoded);
    }
    return SS_OK;
}

static enum ss_err set_segment(const struct ss_path *p, struct ss_path_segment *s, struct ss_slice raw,
                               struct ss_arena *a)
{
    s->raw = raw;
    if (p->plain) {
        s->text = raw;
        s->hash = ss_hash(raw);
        return SS_OK;
    }
    return ss_segment_normalize(raw, a, &s->text, &s->hash);
}

static enum ss_err find_verb(struct ss_path *p, struct ss_arena *a)
{
    struct ss_slice last = p->segments[p->n - 1].raw;
    const char *colon = last.len ? memrchr(last.ptr, ':', last.len) : NULL;
    if (colon == NULL || colon + 1 == last.ptr + last.len)
        return SS_OK;
    size_t at = (size_t)(colon - last.ptr);
    p->has_verb = true;
    p->stem_is_empty = at == 0;
    enum ss_err err = set_segment(p, &p->stem, ss_slice_of(last.ptr, at), a);
    return err ? err : set_segment(p, &p->verb, ss_slice_skip(last, at + 1), a);
}

enum ss_err ss_path_split(struct ss_slice path, struct ss_arena *a, struct ss_path *out)
{
    out->n = 0;
    out->trailing_slash = out->has_verb = out->stem_is_empty = false;
    if (path.len == 0 || path.ptr[0] != '/')
        return SS_ERR_NO_ROUTE;
    enum ss_err err = check(path, a, &out->plain);
    if (err || path.len == 1)
        return err;
    const char *at = path.ptr + 1, *end = path.ptr + path.len;
    if (end[-1] == '/') {
        out->trailing_slash = true;
        end--;
    }
    for (;;) {
        if (out->n == SS_PATH_MAX_SEGMENTS)
            return SS_ERR_TARGET_TOO_LONG;
        const char *slash = at < end ? memchr(at, '/', (size_t)(end - at)) : NULL;
        const char *stop = slash ? slash : end;
        err = set_segment(out, &out->segments[out->n++], ss_slice_of(at, (size_t)(stop - at)), a);
        if (err)
            return err;
        if (slash == NULL)
            break;
        at = slash + 1;
    }
    return find_verb(out, a);
}
