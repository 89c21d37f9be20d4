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

void ss_index_end(struct ss_to_json *w, const struct ss_index *ix)
{
    w->c->slots.n = ix->slots;
    w->c->bits.n = ix->bits;
    w->c->places.n = ix->places;
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

/* An occurrence of f. */
static void note(struct ss_to_json *w, struct ss_index *ix, const struct ss_field *f, uint32_t start,
                 uint32_t end)
{
    bool first = !has(w, ix, f->index);
    if (f->oneof >= 0)
        note_oneof(w, ix, f);
    bits_of(w, ix)[f->index / 64] |= UINT64_C(1) << (f->index % 64);
    struct ss_slot *slot = slot_of(w, ix, f->index);
    if (first || (!f->repeated && !f->message)) {
        *slot = (struct ss_slot){start, end, 1, 1};
        return;
    }
    slot->runs += slot->end != start;
    slot->end = end;
    slot->n++;
    ix->scattered |= slot->runs > 1;
}

/* The same on the second walk: the places of scattered ones. Those of a oneof's member that was replaced and
 * came again are written over. */
static void note_place(struct ss_to_json *w, struct ss_index *ix, const struct ss_field *f, uint32_t start)
{
    bool first = !has(w, ix, f->index);
    if (f->oneof >= 0)
        note_oneof(w, ix, f);
    bits_of(w, ix)[f->index / 64] |= UINT64_C(1) << (f->index % 64);
    struct ss_slot *slot = slot_of(w, ix, f->index);
    if (slot->end != SS_SCATTERED)
        return;
    if (first)
        slot->runs = 0;
    if (slot->runs < slot->n)
        ((uint32_t *)w->c->places.items)[slot->first + slot->runs++] = start;
}

static bool walk(struct ss_to_json *w, struct ss_index *ix, struct ss_slice bytes, bool places)
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
        if (places)
            note_place(w, ix, f, (uint32_t)(start - w->wire));
        else
            note(w, ix, f, (uint32_t)(start - w->wire), (uint32_t)(p - w->wire));
    }
    return true;
}

static bool walk_all(struct ss_to_json *w, struct ss_index *ix, const struct ss_source *s, bool places)
{
    struct ss_source_iter it = {0};
    struct ss_slice piece;
    bool ok = true;
    while (ok && ss_source_next(w, s, &it, &piece))
        ok = walk(w, ix, piece, places);
    return ok;
}

static void clear_bits(const struct ss_to_json *w, const struct ss_index *ix)
{
    size_t words = (ix->message->n_fields + ix->message->n_oneofs + 63) / 64;
    for (size_t i = 0; i < words; i++)
        bits_of(w, ix)[i] = 0;
}

/* Room for the places of fields that are scattered; then they are noted. Four bytes for an occurrence, which
 * has two at least. */
static bool note_places(struct ss_to_json *w, struct ss_index *ix, const struct ss_source *s)
{
    struct ss_stack *places = &w->c->places;
    size_t at = places->n;
    for (size_t i = 0; i < ix->message->n_fields; i++) {
        const struct ss_field *f = &ix->message->fields[i];
        struct ss_slot *slot = slot_of(w, ix, i);
        if (!has(w, ix, i) || slot->runs < 2 || (!f->repeated && !f->message))
            continue;
        slot->first = (uint32_t)at;
        slot->end = SS_SCATTERED;
        slot->runs = 0;
        at += slot->n;
    }
    if (!ss_stack_reserve(places, sizeof(uint32_t), at - places->n))
        return ss_to_json_fail(w, SS_ERR_MEMORY);
    places->n = at;
    clear_bits(w, ix);
    return walk_all(w, ix, s, true);
}

/* Slots and bits: one for each field, then one for each oneof, which holds the index of its member. */
bool ss_index_begin(struct ss_to_json *w, struct ss_index *ix, const struct ss_message *m,
                    const struct ss_source *s)
{
    struct ss_codec *c = w->c;
    size_t n = m->n_fields + m->n_oneofs, words = (n + 63) / 64;
    *ix = (struct ss_index){m, c->slots.n, c->bits.n, c->places.n, false};
    if (!ss_stack_reserve(&c->slots, sizeof(struct ss_slot), n) ||
        !ss_stack_reserve(&c->bits, sizeof(uint64_t), words))
        return ss_to_json_fail(w, SS_ERR_MEMORY);
    c->slots.n += n;
    c->bits.n += words;
    clear_bits(w, ix);
    return walk_all(w, ix, s, false) && (!ix->scattered || note_places(w, ix, s));
}

struct ss_source ss_index_source(const struct ss_to_json *w, const struct ss_index *ix,
                                 const struct ss_field *f)
{
    const struct ss_slot *slot = slot_of(w, ix, f->index);
    if (slot->end == SS_SCATTERED)
        return (struct ss_source){SS_LIT(""), f, slot->first, slot->n};
    struct ss_source s = {ss_slice_of(w->wire + slot->first, slot->end - slot->first), f, 0, 0};
    struct ss_source_iter it = {0};
    struct ss_slice one;
    return slot->n == 1 && ss_source_next(w, &s, &it, &one) ? ss_source_of(one) : s;
}

/* The bytes of occurrence or occurrences i of the field; false when there is none. */
static bool run_at(const struct ss_to_json *w, const struct ss_slot *slot, uint32_t i, struct ss_slice *run)
{
    if (slot->end != SS_SCATTERED) {
        *run = ss_slice_of(w->wire + slot->first, slot->end - slot->first);
        return i == 0;
    }
    if (i == slot->n)
        return false;
    uint32_t tag;
    const char *start = w->wire + ((const uint32_t *)w->c->places.items)[slot->first + i];
    const char *end = ss_wire_get_tag(start, w->wire_end, &tag);
    end = end ? ss_wire_skip(end, w->wire_end, tag, SS_WIRE_MAX_DEPTH) : NULL;
    *run = ss_slice_of(start, end ? (size_t)(end - start) : 0);
    return true;
}

static bool map_runs(struct ss_to_json *w, const struct ss_field *f, const struct ss_slot *slot)
{
    static const enum ss_entries twice[] = {SS_ENTRIES_NOTE, SS_ENTRIES_PRINT_LAST};
    struct ss_few_keys keys;
    struct ss_slice run;
    if (!ss_few_keys_begin_all(&keys, &w->c->keys, &f->message->fields[0]))
        return ss_to_json_fail(w, SS_ERR_MEMORY);
    for (size_t k = 0; k < 2; k++)
        for (uint32_t i = 0; run_at(w, slot, i, &run); i++)
            if (!ss_to_json_entries(w, f, &keys, twice[k], run.ptr, run.ptr + run.len, false))
                return false;
    ss_to_json_entries_end(w, &keys);
    return true;
}

static bool array_runs(struct ss_to_json *w, const struct ss_field *f, const struct ss_slot *slot)
{
    struct ss_slice run;
    for (uint32_t i = 0; run_at(w, slot, i, &run); i++)
        if (!ss_to_json_elements(w, f, run.ptr, run.ptr + run.len, false))
            return false;
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
    *empty = false;
    if (f->repeated) {
        if (!ss_to_json_open(w, f->map ? '{' : '['))
            return false;
        size_t before = w->out->len;
        struct ss_slot slot = *slot_of(w, ix, f->index); /* a copy: slots may move */
        bool ok = f->map ? map_runs(w, f, &slot) : array_runs(w, f, &slot);
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
    bool ok = ss_index_begin(w, &ix, m, s);
    ok = ok && (w->filter ? wanted_members(w, &ix, w->filter) : members(w, &ix));
    ss_index_end(w, &ix);
    return ok;
}
