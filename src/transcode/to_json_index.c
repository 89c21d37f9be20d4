/* Messages printed by way of an index: for fields that come in any order, and more than once. */
#include "transcode/field_filter_node.h"
#include "transcode/message_set.h"
#include "transcode/to_json.h"

static uint64_t *bits_of(const struct ss_to_json *w, const struct ss_index *ix)
{
    return (uint64_t *)w->c->bits.items + ix->bits;
}

static struct ss_slot *slot_of(const struct ss_to_json *w, const struct ss_index *ix, size_t i)
{
    return (struct ss_slot *)w->c->slots.items + ix->slots + i;
}

static bool has(const struct ss_to_json *w, const struct ss_index *ix, size_t i)
{
    return bits_of(w, ix)[i / 64] >> (i % 64) & 1;
}

bool ss_index_has(const struct ss_to_json *w, const struct ss_index *ix, const struct ss_field *f)
{
    return has(w, ix, f->index);
}

/* Slots and bits: one for each field, then one for each oneof, which holds the index of its member. */
bool ss_index_begin(struct ss_to_json *w, struct ss_index *ix, const struct ss_message *m)
{
    struct ss_codec *c = w->c;
    size_t n = m->n_fields + m->n_oneofs, words = (n + 63) / 64;
    *ix = (struct ss_index){m, c->slots.n, c->bits.n, c->runs.n};
    if (!ss_stack_reserve(&c->slots, sizeof(struct ss_slot), n) ||
        !ss_stack_reserve(&c->bits, sizeof(uint64_t), words))
        return ss_to_json_fail(w, SS_ERR_MEMORY);
    c->slots.n += n;
    c->bits.n += words;
    for (size_t i = 0; i < words; i++)
        bits_of(w, ix)[i] = 0;
    return true;
}

void ss_index_end(struct ss_to_json *w, const struct ss_index *ix)
{
    w->c->slots.n = ix->slots;
    w->c->bits.n = ix->bits;
    w->c->runs.n = ix->runs;
}

/* The last member of a oneof wins, and what the others had is gone. */
static void note_oneof(struct ss_to_json *w, struct ss_index *ix, const struct ss_field *f)
{
    size_t i = ix->message->n_fields + (size_t)f->oneof;
    struct ss_slot *slot = slot_of(w, ix, i);
    uint64_t *bits = bits_of(w, ix);
    if (has(w, ix, i) && slot->first != f->index)
        bits[slot->first / 64] &= ~(UINT64_C(1) << (slot->first % 64));
    bits[i / 64] |= UINT64_C(1) << (i % 64);
    slot->first = f->index;
}

static bool note(struct ss_to_json *w, struct ss_index *ix, const struct ss_field *f, uint32_t start,
                 uint32_t end)
{
    bool first = !has(w, ix, f->index);
    if (f->oneof >= 0)
        note_oneof(w, ix, f);
    bits_of(w, ix)[f->index / 64] |= UINT64_C(1) << (f->index % 64);
    struct ss_slot *slot = slot_of(w, ix, f->index);
    if (!f->repeated && !f->message) {
        slot->first = start;
        return true;
    }
    struct ss_stack *runs = &w->c->runs;
    struct ss_run *all = runs->items;
    if (!first && all[slot->last].end == start) {
        all[slot->last].end = end;
        return true;
    }
    if (runs->n >= SS_NO_RUN || !ss_stack_reserve(runs, sizeof(struct ss_run), 1))
        return ss_to_json_fail(w, SS_ERR_MEMORY);
    all = runs->items;
    uint32_t run = (uint32_t)runs->n++;
    all[run] = (struct ss_run){start, end, SS_NO_RUN};
    if (first)
        slot->first = run;
    else
        all[slot->last].next = run;
    slot->last = run;
    return true;
}

bool ss_index_add(struct ss_to_json *w, struct ss_index *ix, struct ss_slice bytes)
{
    const char *p = bytes.ptr, *end = p + bytes.len;
    while (p < end) {
        uint32_t tag;
        struct ss_value v;
        const char *start = p, *value = ss_wire_get_tag(p, end, &tag);
        p = value ? ss_wire_skip(value, end, tag, SS_WIRE_MAX_DEPTH) : NULL;
        if (!p)
            return ss_to_json_bad(w, "malformed bytes");
        struct ss_slice content;
        bool item = tag == SS_SET_ITEM && ix->message->message_set;
        const struct ss_field *f = item ? ss_set_item_get(ix->message, value, p, &content)
                                        : ss_message_field_by_number(ix->message, tag >> 3);
        if (!f || (!item && !ss_field_takes_wire(f, tag & 7)))
            continue;
        if (f->enumeration && !f->repeated && ss_value_read(f, value, end, &v) && ss_value_unknown(f, &v))
            continue;
        if (!note(w, ix, f, (uint32_t)(start - w->wire), (uint32_t)(p - w->wire)))
            return false;
    }
    return true;
}

struct ss_source ss_index_source(const struct ss_to_json *w, const struct ss_index *ix,
                                 const struct ss_field *f)
{
    struct ss_source s = {SS_LIT(""), f, slot_of(w, ix, f->index)->first};
    struct ss_source_iter it = {0};
    struct ss_slice one, more;
    if (ss_source_next(w, &s, &it, &one) && !ss_source_next(w, &s, &it, &more))
        return ss_source_of(one);
    return s;
}

static struct ss_run run_at(const struct ss_to_json *w, uint32_t i)
{
    return ((const struct ss_run *)w->c->runs.items)[i];
}

static bool map_runs(struct ss_to_json *w, const struct ss_field *f, uint32_t first)
{
    static const enum ss_entries twice[] = {SS_ENTRIES_NOTE, SS_ENTRIES_PRINT_LAST};
    struct ss_few_keys keys;
    if (!ss_few_keys_begin_all(&keys, &w->c->keys, &f->message->fields[0]))
        return ss_to_json_fail(w, SS_ERR_MEMORY);
    for (size_t k = 0; k < 2; k++) {
        for (uint32_t i = first; i != SS_NO_RUN; i = run_at(w, i).next) {
            struct ss_run run = run_at(w, i);
            if (!ss_to_json_entries(w, f, &keys, twice[k], w->wire + run.start, w->wire + run.end, false))
                return false;
        }
    }
    ss_to_json_entries_end(w, &keys);
    return true;
}

static bool array_runs(struct ss_to_json *w, const struct ss_field *f, uint32_t first)
{
    for (uint32_t i = first; i != SS_NO_RUN; i = run_at(w, i).next) {
        struct ss_run run = run_at(w, i);
        if (!ss_to_json_elements(w, f, w->wire + run.start, w->wire + run.end, false))
            return false;
    }
    return true;
}

bool ss_index_scalar(struct ss_to_json *w, const struct ss_index *ix, const struct ss_field *f,
                     struct ss_value *v)
{
    uint32_t tag;
    const char *p = ss_wire_get_tag(w->wire + slot_of(w, ix, f->index)->first, w->wire_end, &tag);
    if (!p || !ss_value_read(f, p, w->wire_end, v))
        return ss_to_json_bad(w, "malformed bytes");
    return true;
}

bool ss_index_value(struct ss_to_json *w, const struct ss_index *ix, const struct ss_field *f, bool *empty)
{
    uint32_t first = slot_of(w, ix, f->index)->first;
    *empty = false;
    if (f->repeated) {
        if (!ss_to_json_open(w, f->map ? '{' : '['))
            return false;
        size_t before = w->out->len;
        bool ok = f->map ? map_runs(w, f, first) : array_runs(w, f, first);
        *empty = w->out->len == before;
        return ok && ss_to_json_close(w, f->map ? '}' : ']');
    }
    if (f->message) {
        struct ss_source s = ss_index_source(w, ix, f);
        return ss_to_json_message(w, f->message, &s);
    }
    struct ss_value v;
    if (!ss_index_scalar(w, ix, f, &v))
        return false;
    *empty = !f->presence && ss_value_is_zero(f, &v);
    return ss_to_json_value(w, f, &v);
}

static bool member(struct ss_to_json *w, const struct ss_index *ix, const struct ss_field *f)
{
    size_t before = w->out->len;
    bool empty;
    if (!ss_to_json_key(w, f) || !ss_index_value(w, ix, f, &empty))
        return ss_to_json_within(w, f);
    if (empty && !(w->options.emit_defaults && !f->extension))
        w->out->len = before;
    return true;
}

static bool default_member(struct ss_to_json *w, const struct ss_field *f)
{
    return f->presence || f->extension || (ss_to_json_key(w, f) && ss_to_json_default(w, f, false));
}

/* Those that filter names. */
static bool wanted_members(struct ss_to_json *w, const struct ss_index *ix,
                           const struct ss_field_filter *filter)
{
    bool ok = true;
    for (const struct ss_field_filter *c = filter->children; c && ok; c = c->next) {
        w->filter = c->whole ? NULL : c;
        if (has(w, ix, c->field->index))
            ok = member(w, ix, c->field);
        else if (w->options.emit_defaults)
            ok = default_member(w, c->field);
    }
    w->filter = filter;
    return ok;
}

static bool members(struct ss_to_json *w, const struct ss_index *ix)
{
    const struct ss_message *m = ix->message;
    for (size_t i = 0; i < m->n_fields; i++) {
        if (!w->options.emit_defaults) { /* on to the next that is there */
            uint64_t rest = bits_of(w, ix)[i / 64] >> (i % 64);
            if (rest == 0) {
                i |= 63;
                continue;
            }
            i += (size_t)__builtin_ctzll(rest);
            if (i >= m->n_fields)
                break;
        }
        const struct ss_field *f = &m->fields[i];
        if (has(w, ix, i)) {
            if (!member(w, ix, f))
                return false;
        } else if (!default_member(w, f)) {
            return false;
        }
    }
    return true;
}

bool ss_to_json_indexed(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s)
{
    struct ss_index ix;
    struct ss_source_iter it = {0};
    struct ss_slice piece;
    bool ok = ss_index_begin(w, &ix, m);
    while (ok && ss_source_next(w, s, &it, &piece))
        ok = ss_index_add(w, &ix, piece);
    ok = ok && (w->filter ? wanted_members(w, &ix, w->filter) : members(w, &ix));
    ss_index_end(w, &ix);
    return ok;
}
