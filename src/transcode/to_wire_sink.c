/* What the reader's events do, by the kind of the top frame. */
#include "transcode/scalar.h"
#include "transcode/to_wire.h"

enum { VALUE_STRUCT = 5, VALUE_LIST = 6 }; /* fields of google.protobuf.Value */

/* ---- scalars ---- */

/* A scalar for the field that the frame expects: in a message, or the body. */
static bool member(struct ss_to_wire *w, struct ss_frame *f, const struct ss_token *t)
{
    const struct ss_field *field = f->field;
    if (!field)
        return true;
    if (t->kind == SS_TOKEN_NULL && (field->repeated || !ss_field_takes_null(field)))
        return true;
    if (w->options.lenient && t->kind == SS_TOKEN_STRING && t->text.len == 0 &&
        (field->repeated || ss_text_is_unset(field, t->text)))
        return true;
    if (field->repeated)
        return ss_to_wire_expected(w, field->map ? SS_LIT("an object") : SS_LIT("an array"), t);
    switch (ss_to_wire_put(w, field, t, true, !field->presence)) {
    case SS_PUT_FAILED:
        return false;
    case SS_PUT_DROPPED:
        return true;
    case SS_PUT_DONE:
        break;
    }
    return field->oneof < 0 || ss_to_wire_claim(w, field);
}

static bool map_value(struct ss_to_wire *w, struct ss_frame *f, const struct ss_token *t)
{
    switch (ss_to_wire_put(w, f->field, t, true, false)) {
    case SS_PUT_FAILED:
        return false;
    case SS_PUT_DROPPED:
        return ss_to_wire_entry_drop(w);
    case SS_PUT_DONE:
        break;
    }
    return ss_to_wire_entry_done(w);
}

bool ss_to_wire_value(struct ss_to_wire *w, const struct ss_token *t)
{
    struct ss_frame *f = w->top;
    switch ((enum ss_frame_kind)f->kind) {
    case SS_FRAME_MESSAGE:
        return member(w, f, t);
    case SS_FRAME_ARRAY:
        return ss_to_wire_put(w, f->field, t, !f->field->packed, false) != SS_PUT_FAILED;
    case SS_FRAME_MAP:
        return map_value(w, f, t);
    case SS_FRAME_ROOT:
        if (f->field)
            return member(w, f, t);
        return ss_to_wire_put_message(w, f->message, t) != SS_PUT_FAILED;
    case SS_FRAME_ANY_VALUE:
        if (f->next >= SS_ANY_VALUE_IGNORE_NEXT) {
            f->next -= SS_ANY_VALUE_IGNORE_NEXT;
            return true;
        }
        return ss_to_wire_put_message(w, f->message, t) != SS_PUT_FAILED;
    case SS_FRAME_ANY:
        return ss_to_wire_any_type(w, t);
    case SS_FRAME_TAPE:
        return ss_to_wire_tape(w, t);
    case SS_FRAME_SKIP:
        return true;
    }
    return false;
}

/* ---- keys ---- */

static bool message_key(struct ss_to_wire *w, struct ss_frame *f, struct ss_slice key)
{
    const struct ss_message *m = f->message;
    const struct ss_field *field = NULL;
    if (f->next < m->n_fields && ss_slice_eq(m->fields[f->next].json_name, key))
        field = &m->fields[f->next];
    else
        field = ss_message_field(m, key);
    if (!field) {
        f->field = NULL;
        if (f->any && ss_slice_eq(key, SS_LIT("@type"))) {
            if (!w->playing)
                return ss_to_wire_invalid(w, "this key is there twice");
            ss_to_wire_skip_taped(w);
            return true;
        }
        return w->options.ignore_unknown_fields ? true : ss_to_wire_unknown_field(w, m, key);
    }
    size_t bit = field->index;
    uint64_t *word = (uint64_t *)w->c->seen.items + f->seen + bit / 64;
    if (*word >> (bit % 64) & 1)
        return ss_to_wire_invalid(w, "this field is there twice");
    *word |= UINT64_C(1) << (bit % 64);
    f->field = field;
    f->next = field->index + 1u;
    return true;
}

bool ss_to_wire_key(struct ss_to_wire *w, struct ss_slice key)
{
    struct ss_frame *f = w->top;
    switch ((enum ss_frame_kind)f->kind) {
    case SS_FRAME_MESSAGE:
        return message_key(w, f, key);
    case SS_FRAME_MAP:
        return ss_to_wire_entry(w, key);
    case SS_FRAME_ANY:
        return ss_to_wire_any_key(w, key);
    case SS_FRAME_ANY_VALUE:
        return ss_to_wire_any_value_key(w, key);
    case SS_FRAME_TAPE:
        return ss_to_wire_tape(w, &(struct ss_token){SS_TOKEN_KEY, false, key});
    case SS_FRAME_SKIP:
    case SS_FRAME_ROOT:
    case SS_FRAME_ARRAY:
        break;
    }
    return true;
}

/* ---- objects and arrays ---- */

static bool skip(struct ss_to_wire *w)
{
    struct ss_frame *f = ss_to_wire_push(w, SS_FRAME_SKIP, ss_holes_height(&w->c->holes));
    if (f)
        f->next = 1;
    return f != NULL;
}

/* What an opening token does before any value: true when it is done with. */
static bool consumed(struct ss_to_wire *w, const struct ss_token *t, bool *ok)
{
    struct ss_frame *f = w->top;
    switch ((enum ss_frame_kind)f->kind) {
    case SS_FRAME_SKIP:
        f->next++;
        return *ok = true;
    case SS_FRAME_TAPE:
        *ok = ss_to_wire_tape(w, t);
        return true;
    case SS_FRAME_ANY:
        *ok = ss_to_wire_any_type(w, t);
        return true;
    case SS_FRAME_MESSAGE:
        if (f->field)
            return false;
        *ok = skip(w);
        return true;
    case SS_FRAME_ANY_VALUE:
        if (f->next < SS_ANY_VALUE_IGNORE_NEXT)
            return false;
        f->next -= SS_ANY_VALUE_IGNORE_NEXT;
        *ok = skip(w);
        return true;
    case SS_FRAME_ROOT:
    case SS_FRAME_ARRAY:
    case SS_FRAME_MAP:
        break;
    }
    return false;
}

/* Whether the frame's field stands for the whole of a repeated field or map, not for one element. */
static bool whole(const struct ss_frame *f)
{
    return f->field && f->field->repeated && (f->kind == SS_FRAME_MESSAGE || f->kind == SS_FRAME_ROOT);
}

static bool push_map(struct ss_to_wire *w, const struct ss_field *map, bool of_struct, size_t outer)
{
    struct ss_frame *f = ss_to_wire_push(w, SS_FRAME_MAP, outer);
    if (!f)
        return false;
    f->map = map;
    f->field = &map->message->fields[1];
    f->of_struct = of_struct;
    f->keys.n = 0;
    return true;
}

static bool push_array(struct ss_to_wire *w, const struct ss_field *field, size_t outer)
{
    struct ss_frame *f = ss_to_wire_push(w, SS_FRAME_ARRAY, outer);
    if (!f)
        return false;
    f->field = field;
    if (!field->packed)
        return true;
    f->drop_empty = true;
    f->inner = (uint32_t)ss_holes_height(&w->c->holes);
    f->start = w->out->len;
    if (!ss_to_wire_begin(w, field))
        return false;
    f->body = w->out->len;
    return true;
}

/* Begins field VALUE_STRUCT or VALUE_LIST of a Value; *inner is its message. */
static bool begin_value(struct ss_to_wire *w, const struct ss_message *value, uint32_t number,
                        const struct ss_message **inner)
{
    const struct ss_field *field = ss_message_field_by_number(value, number);
    *inner = field->message;
    return ss_to_wire_begin(w, field);
}

bool ss_to_wire_start_object(struct ss_to_wire *w)
{
    const struct ss_token t = {.kind = SS_TOKEN_START_OBJECT};
    struct ss_frame *f = w->top;
    bool ok;
    if (consumed(w, &t, &ok))
        return ok;
    size_t outer = ss_holes_height(&w->c->holes);
    const struct ss_field *field = f->field;
    if (whole(f)) {
        if (field->map)
            return push_map(w, field, false, outer);
        return ss_to_wire_expected(w, SS_LIT("an array"), &t);
    }
    const struct ss_message *m = field ? field->message : f->message;
    if (!m)
        return ss_to_wire_expected(w, ss_field_wants(field, w->arena), &t);
    if (field && (!ss_to_wire_claim(w, field) || !ss_to_wire_begin(w, field)))
        return false;
    switch (m->wkt) {
    case SS_WKT_NONE:
    case SS_WKT_EMPTY:
    case SS_WKT_HTTP_BODY:
        return ss_to_wire_push_message(w, m, outer);
    case SS_WKT_ANY:
        f = ss_to_wire_push(w, SS_FRAME_ANY, outer);
        if (f)
            f->message = m;
        return f != NULL;
    case SS_WKT_VALUE:
        return begin_value(w, m, VALUE_STRUCT, &m) && push_map(w, &m->fields[0], true, outer);
    case SS_WKT_STRUCT:
        return push_map(w, &m->fields[0], true, outer);
    case SS_WKT_LIST_VALUE:
    case SS_WKT_TIMESTAMP:
    case SS_WKT_DURATION:
    case SS_WKT_FIELD_MASK:
    case SS_WKT_WRAPPER:
        break;
    }
    return ss_to_wire_expected(w, ss_message_wants(m, w->arena), &t);
}

bool ss_to_wire_start_array(struct ss_to_wire *w)
{
    const struct ss_token t = {.kind = SS_TOKEN_START_ARRAY};
    const struct ss_frame *f = w->top;
    bool ok;
    if (consumed(w, &t, &ok))
        return ok;
    size_t outer = ss_holes_height(&w->c->holes);
    const struct ss_field *field = f->field;
    if (whole(f)) {
        if (field->map)
            return ss_to_wire_expected(w, SS_LIT("an object"), &t);
        return push_array(w, field, outer);
    }
    const struct ss_message *m = field ? field->message : f->message;
    if (!m || (m->wkt != SS_WKT_VALUE && m->wkt != SS_WKT_LIST_VALUE))
        return ss_to_wire_expected(w, m ? ss_message_wants(m, w->arena) : ss_field_wants(field, w->arena),
                                   &t);
    if (field && (!ss_to_wire_claim(w, field) || !ss_to_wire_begin(w, field)))
        return false;
    if (m->wkt == SS_WKT_VALUE && !begin_value(w, m, VALUE_LIST, &m))
        return false;
    return push_array(w, &m->fields[0], outer);
}

bool ss_to_wire_end_object(struct ss_to_wire *w)
{
    const struct ss_token t = {.kind = SS_TOKEN_END_OBJECT};
    struct ss_frame *f = w->top;
    switch ((enum ss_frame_kind)f->kind) {
    case SS_FRAME_TAPE:
        return ss_to_wire_tape(w, &t);
    case SS_FRAME_SKIP:
        return --f->next ? true : ss_to_wire_pop(w);
    case SS_FRAME_ANY_VALUE:
        if (f->next == SS_ANY_VALUE_NONE && f->message->wkt != SS_WKT_EMPTY)
            return ss_to_wire_invalid(
                w, "expected a member \"value\" beside \"@type\", for %.*s has a JSON form of its own",
                SS_FMT(f->message->full_name));
        return ss_to_wire_pop(w);
    case SS_FRAME_ROOT:
    case SS_FRAME_MESSAGE:
    case SS_FRAME_ARRAY:
    case SS_FRAME_MAP:
    case SS_FRAME_ANY:
        break;
    }
    return ss_to_wire_pop(w);
}

bool ss_to_wire_end_array(struct ss_to_wire *w)
{
    const struct ss_token t = {.kind = SS_TOKEN_END_ARRAY};
    struct ss_frame *f = w->top;
    if (f->kind == SS_FRAME_TAPE)
        return ss_to_wire_tape(w, &t);
    if (f->kind == SS_FRAME_SKIP && --f->next)
        return true;
    return ss_to_wire_pop(w);
}
