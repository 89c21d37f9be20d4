/* google.protobuf.Any from JSON: {"@type": URL, members…} or {"@type": URL, "value": v}, the type wherever it
 * stands. */
#include "transcode/to_wire.h"
#include "wire/writer.h"

enum { ANY_URL = 1, ANY_VALUE = 2 };
enum { NO_TOKEN = UINT32_MAX, TEXT_MAX = UINT32_MAX >> SS_TAPE_KIND_BITS };

static const struct ss_slice TYPE = {"@type", 5};

static struct ss_tape_token *token_at(const struct ss_to_wire *w, uint32_t i)
{
    return (struct ss_tape_token *)w->c->tape.items + i;
}

static enum ss_token_kind kind_of(const struct ss_tape_token *t)
{
    return (enum ss_token_kind)(t->kind_len & ((1u << SS_TAPE_KIND_BITS) - 1));
}

static struct ss_token read_token(const struct ss_to_wire *w, uint32_t i)
{
    const struct ss_tape_token *t = token_at(w, i);
    struct ss_token token = {.kind = kind_of(t)};
    uint32_t len = t->kind_len >> SS_TAPE_KIND_BITS;
    if (token.kind == SS_TOKEN_BOOL)
        token.value = len;
    else
        token.text = ss_slice_of((const char *)w->c->tape_text.items + t->data, len);
    return token;
}

/* Makes the frame, an Any's, one for the message that the URL names, and writes what comes before that. */
static bool become(struct ss_to_wire *w, struct ss_frame *f, const struct ss_token *t)
{
    if (t->kind != SS_TOKEN_STRING)
        return ss_to_wire_expected(w, SS_LIT("a type URL such as \"type.googleapis.com/pkg.Message\""), t);
    const char *slash = t->text.len ? memrchr(t->text.ptr, '/', t->text.len) : NULL;
    if (!slash)
        return ss_to_wire_expected(w, SS_LIT("a type URL such as \"type.googleapis.com/pkg.Message\""), t);
    struct ss_slice name = ss_slice_skip(t->text, (size_t)(slash + 1 - t->text.ptr));
    const struct ss_message *m = ss_schema_message(w->schema, name);
    if (!m || m->map_entry)
        return ss_to_wire_expected(w, SS_LIT("the URL of a known message type"), t);
    enum ss_err err = ss_wire_put_bytes(w->out, ANY_URL, t->text);
    if (err)
        return ss_to_wire_fail(w, err);
    f->drop_empty = true;
    f->inner = (uint32_t)ss_holes_height(&w->c->holes);
    f->start = w->out->len;
    char tag = (char)ss_tag(ANY_VALUE, SS_WIRE_BYTES);
    if (!ss_to_wire_append(w, &tag, 1) || !ss_to_wire_open(w))
        return false;
    f->body = w->out->len;
    f->any = true;
    if (m->wkt == SS_WKT_NONE || m->wkt == SS_WKT_HTTP_BODY)
        return ss_to_wire_become_message(w, f, m);
    f->kind = SS_FRAME_ANY_VALUE;
    f->message = m;
    f->field = NULL;
    f->next = SS_ANY_VALUE_NONE;
    return true;
}

/* The value of "@type" among the members that begin at token i of the tape and end at the object's end. */
static bool find_type(struct ss_to_wire *w, uint32_t i, struct ss_token *type)
{
    bool found = false;
    size_t n = w->c->tape.n;
    while (i < n && kind_of(token_at(w, i)) == SS_TOKEN_KEY) {
        if (ss_slice_eq(read_token(w, i).text, TYPE)) {
            w->events = w->tape_first + i;
            if (found) {
                ss_to_wire_invalid(w, "this key is there twice");
                return false;
            }
            *type = read_token(w, i + 1);
            found = true;
        }
        i++;
        enum ss_token_kind kind = kind_of(token_at(w, i));
        if (kind == SS_TOKEN_START_OBJECT || kind == SS_TOKEN_START_ARRAY)
            i = token_at(w, i)->data;
        i++;
    }
    if (!found) {
        w->events = w->tape_first + i;
        ss_to_wire_invalid(w, "expected a member \"@type\"");
    }
    return found;
}

bool ss_to_wire_any_key(struct ss_to_wire *w, struct ss_slice key)
{
    struct ss_frame *f = w->top;
    if (w->playing) {
        struct ss_token type;
        size_t now = w->events;
        if (!find_type(w, w->tape_at, &type) || !become(w, f, &type))
            return false;
        w->events = now;
        return ss_to_wire_key(w, key);
    }
    if (ss_slice_eq(key, TYPE)) {
        f->next = 1;
        return true;
    }
    f->kind = SS_FRAME_TAPE;
    f->next = 1;
    ss_stack_clear(&w->c->tape, sizeof(struct ss_tape_token));
    ss_stack_clear(&w->c->tape_text, 1);
    w->tape_first = w->events;
    w->tape_open = NO_TOKEN;
    return ss_to_wire_tape(w, &(struct ss_token){SS_TOKEN_KEY, false, key});
}

bool ss_to_wire_any_type(struct ss_to_wire *w, const struct ss_token *t)
{
    return become(w, w->top, t);
}

bool ss_to_wire_any_value_key(struct ss_to_wire *w, struct ss_slice key)
{
    struct ss_frame *f = w->top;
    if (ss_slice_eq(key, SS_LIT("value"))) {
        if (f->next == SS_ANY_VALUE_SEEN)
            return ss_to_wire_invalid(w, "this key is there twice");
        f->next = SS_ANY_VALUE_SEEN;
        return true;
    }
    if (ss_slice_eq(key, TYPE)) {
        if (!w->playing)
            return ss_to_wire_invalid(w, "this key is there twice");
        w->tape_at++;
        return true;
    }
    if (!w->options.ignore_unknown_fields)
        return ss_to_wire_invalid(w, "unknown field: beside \"@type\", %.*s has its JSON form in \"value\"",
                                  SS_FMT(f->message->full_name));
    f->next += SS_ANY_VALUE_IGNORE_NEXT;
    return true;
}

/* ---- the tape ---- */

static bool record(struct ss_to_wire *w, const struct ss_token *t)
{
    struct ss_stack *tape = &w->c->tape, *text = &w->c->tape_text;
    if (t->text.len > TEXT_MAX || text->n + t->text.len > TEXT_MAX || tape->n >= TEXT_MAX)
        return ss_to_wire_fail(w, SS_ERR_LIMIT);
    if (!ss_stack_reserve(tape, sizeof(struct ss_tape_token), 1) ||
        !ss_stack_reserve(text, 1, t->text.len + 1))
        return ss_to_wire_fail(w, SS_ERR_MEMORY);
    uint32_t len = t->kind == SS_TOKEN_BOOL ? t->value : (uint32_t)t->text.len;
    *token_at(w, (uint32_t)tape->n++) =
        (struct ss_tape_token){len << SS_TAPE_KIND_BITS | (uint32_t)t->kind, (uint32_t)text->n};
    if (t->text.len)
        memcpy((char *)text->items + text->n, t->text.ptr, t->text.len);
    text->n += t->text.len;
    return true;
}

static bool play_token(struct ss_to_wire *w, const struct ss_token *t)
{
    switch (t->kind) {
    case SS_TOKEN_NULL:
    case SS_TOKEN_BOOL:
    case SS_TOKEN_NUMBER:
    case SS_TOKEN_STRING:
        return ss_to_wire_value(w, t);
    case SS_TOKEN_KEY:
        return ss_to_wire_key(w, t->text);
    case SS_TOKEN_START_OBJECT:
        return ss_to_wire_start_object(w);
    case SS_TOKEN_END_OBJECT:
        return ss_to_wire_end_object(w);
    case SS_TOKEN_START_ARRAY:
        return ss_to_wire_start_array(w);
    case SS_TOKEN_END_ARRAY:
        return ss_to_wire_end_array(w);
    }
    return false;
}

/* The object has ended: all of it is on the tape but the closing token, which comes last as if it had just
 * been read. */
static bool play(struct ss_to_wire *w)
{
    struct ss_token type;
    size_t now = w->events;
    if (!find_type(w, 0, &type) || !become(w, w->top, &type))
        return false;
    w->playing = true;
    for (w->tape_at = 0; w->tape_at < w->c->tape.n; w->tape_at++) {
        struct ss_token t = read_token(w, w->tape_at);
        w->events = w->tape_first + w->tape_at;
        if (!play_token(w, &t))
            return false;
    }
    w->playing = false;
    w->events = now;
    return ss_to_wire_end_object(w);
}

bool ss_to_wire_tape(struct ss_to_wire *w, const struct ss_token *t)
{
    struct ss_frame *f = w->top;
    bool opens = t->kind == SS_TOKEN_START_OBJECT || t->kind == SS_TOKEN_START_ARRAY;
    bool closes = t->kind == SS_TOKEN_END_OBJECT || t->kind == SS_TOKEN_END_ARRAY;
    if (closes && --f->next == 0)
        return play(w);
    if (!record(w, t))
        return false;
    uint32_t at = (uint32_t)w->c->tape.n - 1;
    if (opens) { /* until it is closed it links to the one around it */
        f->next++;
        token_at(w, at)->data = w->tape_open;
        w->tape_open = at;
    } else if (closes) {
        uint32_t open = w->tape_open;
        w->tape_open = token_at(w, open)->data;
        token_at(w, open)->data = at;
    }
    return true;
}
