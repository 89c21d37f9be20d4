/* Messages printed as they are read, and what both ways share: members, elements. */
#include "transcode/to_json.h"

const char *ss_message_field_get(const struct ss_field *f, const char *p, const char *end,
                                 struct ss_slice *body)
{
    if (f->type == SS_TYPE_GROUP)
        return ss_wire_get_group(p, end, f->number, SS_WIRE_MAX_DEPTH, body);
    return ss_wire_get_bytes(p, end, body);
}

static const char *malformed(struct ss_to_json *w)
{
    ss_to_json_bad(w, "malformed bytes");
    return NULL;
}

/* One element from behind its tag, unpacked. */
static const char *element(struct ss_to_json *w, const struct ss_field *f, const char *p, const char *end)
{
    if (f->message) {
        struct ss_source s = ss_source_of(SS_LIT(""));
        p = ss_message_field_get(f, p, end, &s.bytes);
        if (!p)
            return malformed(w);
        return ss_to_json_next(w) && ss_to_json_message(w, f->message, &s) ? p : NULL;
    }
    struct ss_value v;
    p = ss_value_read(f, p, end, &v);
    if (!p)
        return malformed(w);
    if (ss_value_unknown(f, &v))
        return p;
    return ss_to_json_next(w) && ss_to_json_value(w, f, &v) ? p : NULL;
}

static const char *packed(struct ss_to_json *w, const struct ss_field *f, const char *p, const char *end)
{
    struct ss_slice all;
    p = ss_wire_get_bytes(p, end, &all);
    if (!p)
        return malformed(w);
    const char *at = all.ptr, *all_end = all.ptr + all.len;
    if (f->wire_type == SS_WIRE_FIXED32 || f->wire_type == SS_WIRE_FIXED64)
        at = ss_to_json_fixed(w, f, at, all_end);
    while (at && at < all_end)
        at = element(w, f, at, all_end);
    return at ? p : NULL;
}

const char *ss_to_json_elements(struct ss_to_json *w, const struct ss_field *f, const char *p,
                                const char *end, bool skip_others)
{
    while (p < end) {
        uint32_t tag;
        const char *value = ss_wire_get_tag(p, end, &tag);
        if (!value)
            return malformed(w);
        bool mine = tag >> 3 == f->number && ss_field_takes_wire(f, tag & 7);
        if (!mine && !skip_others)
            return p;
        if (!mine) {
            p = ss_wire_skip(value, end, tag, SS_WIRE_MAX_DEPTH);
            if (!p)
                return malformed(w);
        } else {
            p = (tag & 7) == f->wire_type ? element(w, f, value, end) : packed(w, f, value, end);
            if (!p)
                return NULL;
        }
    }
    return p;
}

static const char *map_entries(struct ss_to_json *w, const struct ss_field *f, const char *p, const char *end)
{
    struct ss_few_keys keys;
    keys.n = 0;
    p = ss_to_json_entries(w, f, &keys, SS_ENTRIES_PRINT, p, end, false);
    if (p)
        ss_to_json_entries_end(w, &keys);
    return p;
}

/* A repeated field's member from its first tag on. */
static const char *repeated_member(struct ss_to_json *w, const struct ss_field *f, const char *p,
                                   const char *end)
{
    size_t before = w->out->len;
    if (!ss_to_json_key(w, f) || !ss_to_json_open(w, f->map ? '{' : '['))
        return NULL;
    size_t empty = w->out->len;
    if (f->map)
        p = map_entries(w, f, p, end);
    else
        p = ss_to_json_elements(w, f, p, end, false);
    if (!p)
        return NULL;
    if (w->out->len == empty &&
        !(w->options.emit_defaults && !f->extension)) { /* packed without elements, unknown enum values */
        w->out->len = before;
        w->indent--;
        return p;
    }
    return ss_to_json_close(w, f->map ? '}' : ']') ? p : NULL;
}

static const char *message_member(struct ss_to_json *w, const struct ss_field *f, const char *p,
                                  const char *end)
{
    struct ss_source s = ss_source_of(SS_LIT(""));
    p = ss_message_field_get(f, p, end, &s.bytes);
    if (!p)
        return malformed(w);
    return ss_to_json_key(w, f) && ss_to_json_message(w, f->message, &s) ? p : NULL;
}

/* Members that are there though the wire has none of them: fields from next up to, not with, index to. */
static bool defaults(struct ss_to_json *w, const struct ss_message *m, size_t next, size_t to)
{
    for (; next < to; next++) {
        const struct ss_field *f = &m->fields[next];
        if (f->presence || f->extension)
            continue;
        struct ss_slice zero = ss_to_json_zero(w, f);
        if (!ss_to_json_key(w, f) ||
            !(zero.len ? ss_to_json_text(w, zero.ptr, zero.len) : ss_to_json_default(w, f, false)))
            return false;
    }
    return true;
}

struct in_order {
    size_t next;     /* index of the first field that may still come */
    uint64_t oneofs; /* those that have a member */
};

/* Whether f, a field of m on the wire, may come here; notes that it came. */
static bool in_order(struct in_order *o, const struct ss_field *f)
{
    if (f->index < o->next)
        return false;
    if (f->oneof >= 0) {
        if (f->oneof >= 64 || o->oneofs >> f->oneof & 1)
            return false;
        o->oneofs |= UINT64_C(1) << f->oneof;
    }
    return true;
}

/* The member of f whose tag is at p and its value at value. */
static const char *member(struct ss_to_json *w, const struct ss_field *f, const char *p, const char *value,
                          const char *end)
{
    if (f->repeated)
        p = repeated_member(w, f, p, end);
    else if (f->message)
        p = message_member(w, f, value, end);
    else
        p = ss_to_json_scalar_member(w, f, value, end);
    if (!p)
        ss_to_json_within(w, f);
    return p;
}

static bool members_in_order(struct ss_to_json *w, const struct ss_message *m, struct ss_slice bytes)
{
    const char *p = bytes.ptr, *end = p + bytes.len;
    struct in_order o = {0, 0};
    while (p < end) {
        uint32_t tag;
        const char *value = ss_wire_get_tag(p, end, &tag);
        if (!value)
            return malformed(w);
        const struct ss_field *f;
        if (o.next < m->n_fields && m->fields[o.next].number == tag >> 3)
            f = &m->fields[o.next];
        else
            f = ss_message_field_by_number(m, tag >> 3);
        struct ss_value v;
        bool known = f && ss_field_takes_wire(f, tag & 7);
        if (known && f->enumeration && !f->repeated && f->enumeration->closed)
            known = !ss_value_read(f, value, end, &v) || !ss_value_unknown(f, &v);
        if (!known) {
            p = ss_wire_skip(value, end, tag, SS_WIRE_MAX_DEPTH);
            if (!p)
                return malformed(w);
            continue;
        }
        if (!in_order(&o, f))
            return ss_to_json_restart(w, m);
        if (w->options.emit_defaults && !defaults(w, m, o.next, f->index))
            return false;
        o.next = f->index + 1u;
        p = member(w, f, p, value, end);
        if (!p)
            return false;
    }
    return w->options.emit_defaults ? defaults(w, m, o.next, m->n_fields) : true;
}

bool ss_to_json_members(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s)
{
    if (w->indexed || w->filter || s->field || m->message_set ||
        w->c->hints[((uintptr_t)m >> 6) % SS_HINTS] == m)
        return ss_to_json_indexed(w, m, s);
    return members_in_order(w, m, s->bytes);
}

static bool object(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s)
{
    return ss_to_json_open(w, '{') && ss_to_json_members(w, m, s) && ss_to_json_close(w, '}');
}

static bool deeper(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s)
{
    if (w->depth >= SS_WIRE_MAX_DEPTH)
        return ss_to_json_bad(w, "more than 100 nested messages");
    w->depth++;
    bool ok = false;
    switch (m->wkt) {
    case SS_WKT_NONE:
    case SS_WKT_EMPTY:
    case SS_WKT_HTTP_BODY:
        ok = object(w, m, s);
        break;
    case SS_WKT_ANY:
        ok = ss_to_json_any(w, s);
        break;
    case SS_WKT_STRUCT:
        ok = ss_to_json_struct(w, m, s);
        break;
    case SS_WKT_LIST_VALUE:
        ok = ss_to_json_list(w, m, s);
        break;
    case SS_WKT_TIMESTAMP:
    case SS_WKT_DURATION:
    case SS_WKT_FIELD_MASK:
    case SS_WKT_VALUE:
    case SS_WKT_WRAPPER:
        break;
    }
    w->depth--;
    return ok;
}

bool ss_to_json_message(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s)
{
    switch (m->wkt) {
    case SS_WKT_TIMESTAMP:
    case SS_WKT_DURATION:
        return ss_to_json_time(w, m, s);
    case SS_WKT_FIELD_MASK:
        return ss_to_json_mask(w, s);
    case SS_WKT_WRAPPER:
        return ss_to_json_wrapper(w, m, s);
    case SS_WKT_VALUE:
        return ss_to_json_dynamic(w, m, s);
    case SS_WKT_NONE:
    case SS_WKT_EMPTY:
    case SS_WKT_HTTP_BODY:
    case SS_WKT_ANY:
    case SS_WKT_STRUCT:
    case SS_WKT_LIST_VALUE:
        break;
    }
    return deeper(w, m, s);
}
