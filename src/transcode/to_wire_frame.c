/* Beginning and ending objects, arrays and map entries. */
#include "transcode/message_set.h"
#include "transcode/scalar.h"
#include "transcode/to_wire.h"
#include "wire/varint.h"

struct ss_frame *ss_to_wire_push(struct ss_to_wire *w, enum ss_frame_kind kind, size_t outer)
{
    if (w->top + 1 >= w->frames_end) { /* the reader stops at max_depth before this does */
        ss_to_wire_fail(w, SS_ERR_INTERNAL);
        return NULL;
    }
    struct ss_frame *f = ++w->top;
    f->kind = (uint8_t)kind;
    f->any = f->drop_empty = f->of_struct = false;
    f->next = 0;
    f->field = NULL;
    f->message = NULL;
    f->map = NULL;
    f->outer = f->inner = (uint32_t)outer;
    f->seen = w->c->seen.n;
    return f;
}

bool ss_to_wire_become_message(struct ss_to_wire *w, struct ss_frame *f, const struct ss_message *m)
{
    size_t words = (m->n_fields + m->n_oneofs + 63) / 64;
    struct ss_stack *seen = &w->c->seen;
    if (!ss_stack_reserve(seen, sizeof(uint64_t), words))
        return ss_to_wire_fail(w, SS_ERR_MEMORY);
    f->kind = SS_FRAME_MESSAGE;
    f->message = m;
    f->field = NULL;
    f->next = 0;
    f->seen = seen->n;
    uint64_t *bits = (uint64_t *)seen->items + seen->n;
    for (size_t i = 0; i < words; i++)
        bits[i] = 0;
    seen->n += words;
    return true;
}

bool ss_to_wire_push_message(struct ss_to_wire *w, const struct ss_message *m, size_t outer)
{
    struct ss_frame *f = ss_to_wire_push(w, SS_FRAME_MESSAGE, outer);
    return f && ss_to_wire_become_message(w, f, m);
}

bool ss_to_wire_open(struct ss_to_wire *w)
{
    enum ss_err err = ss_holes_open(&w->c->holes, w->out);
    return err ? ss_to_wire_fail(w, err) : true;
}

bool ss_to_wire_close(struct ss_to_wire *w, size_t height)
{
    if (w->c->holes.open.n <= height)
        return true;
    enum ss_err err = ss_holes_close(&w->c->holes, w->out, height);
    return err ? ss_to_wire_fail(w, err) : true;
}

/* An item of a message set, up to the length of its message. */
static bool begin_item(struct ss_to_wire *w, const struct ss_field *f)
{
    char bytes[SS_VARINT_MAX + 3] = {SS_SET_ITEM, SS_SET_TYPE};
    char *end = ss_varint_put(bytes + 2, f->number);
    *end++ = SS_SET_MESSAGE;
    if (!ss_to_wire_append(w, bytes, (size_t)(end - bytes)))
        return false;
    enum ss_err err = ss_holes_open_group(&w->c->holes, w->out, SS_SET_ITEM >> 3);
    return err ? ss_to_wire_fail(w, err) : ss_to_wire_open(w);
}

bool ss_to_wire_begin(struct ss_to_wire *w, const struct ss_field *f)
{
    if (f->extension && f->parent->message_set)
        return begin_item(w, f);
    struct ss_buf *out = w->out;
    enum ss_err room = ss_buf_reserve(out, sizeof f->tag);
    if (room == SS_OK) {
        memcpy(out->ptr + out->len, f->tag, sizeof f->tag);
        out->len += f->tag_len;
    } else if (!ss_to_wire_append(w, (const char *)f->tag, f->tag_len)) {
        return false;
    }
    if (f->type != SS_TYPE_GROUP)
        return ss_to_wire_open(w);
    enum ss_err err = ss_holes_open_group(&w->c->holes, w->out, f->number);
    return err ? ss_to_wire_fail(w, err) : true;
}

/* Where map keys lie. */
static struct ss_slice written(const struct ss_to_wire *w)
{
    return ss_slice_of(w->out->ptr + w->c->holes.base, w->out->len - w->c->holes.base);
}

bool ss_to_wire_pop(struct ss_to_wire *w)
{
    struct ss_frame *f = w->top;
    if (f->kind == SS_FRAME_MAP && f->keys.n > SS_FEW_KEYS)
        ss_few_keys_end(&f->keys, &w->c->keys, written(w));
    if (f->drop_empty && w->out->len == f->body) {
        ss_holes_abandon(&w->c->holes, f->inner);
        w->out->len = f->start;
    }
    if (!ss_to_wire_close(w, f->outer))
        return false;
    w->c->seen.n = f->seen;
    w->top--;
    return w->top->kind == SS_FRAME_MAP ? ss_to_wire_entry_done(w) : true;
}

bool ss_to_wire_claim(struct ss_to_wire *w, const struct ss_field *f)
{
    if (f->oneof < 0 || w->top->kind != SS_FRAME_MESSAGE)
        return true;
    const struct ss_message *m = w->top->message;
    size_t bit = m->n_fields + (size_t)f->oneof;
    uint64_t *word = (uint64_t *)w->c->seen.items + w->top->seen + bit / 64;
    if (*word >> (bit % 64) & 1)
        return ss_to_wire_invalid(w, "another member of the oneof %.*s is set already: only one may be",
                                  SS_FMT(m->oneofs[f->oneof].name));
    *word |= UINT64_C(1) << (bit % 64);
    return true;
}

/* Writes the key field of an entry. *at: where its value is; *offset: a string's text. */
static bool put_key(struct ss_to_wire *w, const struct ss_field *f, struct ss_slice text,
                    struct ss_map_key *key, uint32_t *at, uint32_t *offset)
{
    char bytes[24];
    *key = (struct ss_map_key){.string = text};
    *at = (uint32_t)(w->out->len - w->c->holes.base + 1);
    if (f->type == SS_TYPE_STRING) {
        bytes[0] = (char)f->tag[0];
        size_t n = (size_t)(ss_varint_put(bytes + 1, text.len) - bytes);
        *offset = *at - 1 + (uint32_t)n;
        return ss_to_wire_append(w, bytes, n) && ss_to_wire_append(w, text.ptr, text.len);
    }
    struct ss_token t = {SS_TOKEN_STRING, false, text};
    key->integer = true;
    if (f->type == SS_TYPE_BOOL) {
        key->value = ss_slice_eq(text, SS_LIT("true"));
        if (!key->value && !ss_slice_eq(text, SS_LIT("false")))
            return ss_to_wire_expected(w, SS_LIT("the key \"true\" or \"false\""), &t);
    } else if (ss_scalar_read(f, &t, false, &key->value) != SS_SCALAR_OK) {
        return ss_to_wire_expected(w, ss_field_wants(f, w->arena), &t);
    }
    bytes[0] = (char)f->tag[0];
    return ss_to_wire_append(w, bytes, (size_t)(ss_scalar_put(f, key->value, bytes + 1) - bytes));
}

bool ss_to_wire_entry(struct ss_to_wire *w, struct ss_slice text)
{
    struct ss_frame *f = w->top;
    const struct ss_field *kf = &f->map->message->fields[0];
    struct ss_map_key key;
    uint32_t at, offset = 0;
    bool found;
    f->inner = (uint32_t)ss_holes_height(&w->c->holes);
    f->start = w->out->len;
    if (!ss_to_wire_begin(w, f->map) || !put_key(w, kf, text, &key, &at, &offset))
        return false;
    if (w->out->len - w->c->holes.base > SS_MESSAGE_MAX)
        return ss_to_wire_fail(w, SS_ERR_LIMIT);
    if (!ss_few_keys_add(&f->keys, &w->c->keys, kf, written(w), &key, at, offset, &found))
        return ss_to_wire_fail(w, SS_ERR_MEMORY);
    return found ? ss_to_wire_invalid(w, "this key is there twice") : true;
}

bool ss_to_wire_entry_done(struct ss_to_wire *w)
{
    struct ss_frame *f = w->top;
    if (!ss_to_wire_close(w, f->inner + 1u))
        return false;
    size_t before = w->out->len;
    if (!ss_to_wire_close(w, f->inner))
        return false;
    if (w->out->len != before) /* room was made for the entry's length, before its key */
        ss_few_keys_moved(&f->keys, &w->c->keys, f->map->message->fields[0].type == SS_TYPE_STRING,
                          w->out->len - before);
    return true;
}

bool ss_to_wire_entry_drop(struct ss_to_wire *w)
{
    ss_few_keys_forget_last(&w->top->keys, &w->c->keys, written(w));
    ss_holes_abandon(&w->c->holes, w->top->inner);
    w->out->len = w->top->start;
    return true;
}
