/* google.protobuf.Any from JSON: {"@type": URL, members…} or {"@type": URL, "value": v}, the type wherever it
 * stands. */
#include "transcode/to_wire.h"
#include "wire/varint.h"
#include "wire/writer.h"

enum { ANY_URL = 1, ANY_VALUE = 2 };
enum { NO_TOKEN = UINT32_MAX, TAPE_MAX = INT32_MAX };
enum { LINK = 4, SHORT = 15 }; /* bytes of a link; lengths from here on stand behind the head */

static const struct ss_slice TYPE = {"@type", 5};

static char *tape(const struct ss_to_wire *w, size_t at)
{
    return (char *)w->c->tape.items + at;
}

static enum ss_token_kind kind_at(const struct ss_to_wire *w, size_t at)
{
    return (enum ss_token_kind)(*tape(w, at) & 15);
}

static bool opens(enum ss_token_kind kind)
{
    return kind == SS_TOKEN_START_OBJECT || kind == SS_TOKEN_START_ARRAY;
}

/* Where the token that opens at at is closed; while taping and still open, where the one around it opens. */
static uint32_t get_link(const struct ss_to_wire *w, size_t at)
{
    uint32_t link;
    memcpy(&link, tape(w, at) + 1, LINK);
    return link;
}

static void set_link(const struct ss_to_wire *w, size_t at, uint32_t link)
{
    memcpy(tape(w, at) + 1, &link, LINK);
}

/* The token at at; its text lies on the tape. Returns where the next one is. */
static size_t read_token(const struct ss_to_wire *w, size_t at, struct ss_token *t)
{
    const char *p = tape(w, at), *end = tape(w, w->c->tape.n);
    uint64_t len = (unsigned char)*p >> 4;
    *t = (struct ss_token){.kind = kind_at(w, at)};
    p++;
    if (opens(t->kind))
        return at + 1 + LINK;
    if (t->kind == SS_TOKEN_BOOL) {
        t->value = len;
        return at + 1;
    }
    if (len == SHORT)
        p = ss_varint_get(p, end, &len);
    t->text = ss_slice_of(p, len);
    return (size_t)(p + len - (const char *)w->c->tape.items);
}

/* Says that the event of the token at at is where the trouble is. */
static void blame(struct ss_to_wire *w, size_t at)
{
    struct ss_token t;
    w->events = w->tape_first;
    for (size_t i = 0; i < at; i = read_token(w, i, &t))
        w->events++;
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

/* The value of "@type" among the members that begin at at on the tape and end at the object's end. */
static bool find_type(struct ss_to_wire *w, size_t at, struct ss_token *type)
{
    bool found = false;
    size_t n = w->c->tape.n;
    while (at < n && kind_at(w, at) == SS_TOKEN_KEY) {
        struct ss_token t;
        size_t value = read_token(w, at, &t);
        if (ss_slice_eq(t.text, TYPE)) {
            if (found) {
                blame(w, at);
                ss_to_wire_invalid(w, "this key is there twice");
                return false;
            }
            read_token(w, value, type);
            found = true;
            w->tape_type = at;
        }
        if (opens(kind_at(w, value)))
            value = get_link(w, value);
        at = read_token(w, value, &t);
    }
    if (!found) {
        blame(w, at);
        ss_to_wire_invalid(w, "expected a member \"@type\"");
    }
    return found;
}

/* As become, for an Any whose members begin at at on the tape. */
static bool become_taped(struct ss_to_wire *w, struct ss_frame *f, size_t at)
{
    struct ss_token type;
    if (!find_type(w, at, &type))
        return false;
    if (become(w, f, &type))
        return true;
    blame(w, w->tape_type);
    return false;
}

void ss_to_wire_skip_taped(struct ss_to_wire *w)
{
    struct ss_token t;
    w->tape_next = (uint32_t)read_token(w, w->tape_next, &t);
    w->tape_events++;
}

bool ss_to_wire_any_key(struct ss_to_wire *w, struct ss_slice key)
{
    struct ss_frame *f = w->top;
    if (w->playing) {
        return become_taped(w, f, w->tape_at) && ss_to_wire_key(w, key);
    }
    if (ss_slice_eq(key, TYPE)) {
        f->next = 1;
        return true;
    }
    f->kind = SS_FRAME_TAPE;
    f->next = 1;
    ss_stack_clear(&w->c->tape, 1);
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
        ss_to_wire_skip_taped(w);
        return true;
    }
    if (!w->options.ignore_unknown_fields)
        return ss_to_wire_invalid(w, "unknown field: beside \"@type\", %.*s has its JSON form in \"value\"",
                                  SS_FMT(f->message->full_name));
    f->next += SS_ANY_VALUE_IGNORE_NEXT;
    return true;
}

/* ---- the tape ----
 *
 * Tokens in few bytes, for a hostile text has many: a head with the kind and, above it, the length of the
 * text (a boolean's value) when that is below 15; else the length as a varint behind it; then the text. An
 * opening token has a link instead, to its closing one: members can be stepped over whatever is in them. */

static bool record(struct ss_to_wire *w, const struct ss_token *t)
{
    struct ss_stack *stack = &w->c->tape;
    size_t len = t->kind == SS_TOKEN_BOOL ? t->value : t->text.len;
    if (t->text.len > TAPE_MAX || stack->n + t->text.len > TAPE_MAX)
        return ss_to_wire_fail(w, SS_ERR_LIMIT);
    if (!ss_stack_reserve(stack, 1, t->text.len + 1 + SS_VARINT_MAX))
        return ss_to_wire_fail(w, SS_ERR_MEMORY);
    char *p = tape(w, stack->n);
    *p++ = (char)(unsigned char)((unsigned)t->kind | (unsigned)(len < SHORT ? len : SHORT) << 4);
    if (len >= SHORT)
        p = ss_varint_put(p, len);
    if (t->text.len)
        memcpy(p, t->text.ptr, t->text.len);
    p += opens(t->kind) ? LINK : t->text.len;
    stack->n = (size_t)(p - (const char *)stack->items);
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
    size_t now = w->events;
    if (!become_taped(w, w->top, 0))
        return false;
    w->playing = true;
    w->tape_events = 0;
    for (w->tape_at = 0; w->tape_at < w->c->tape.n; w->tape_at = w->tape_next) {
        struct ss_token t;
        w->tape_next = (uint32_t)read_token(w, w->tape_at, &t);
        w->events = w->tape_first + w->tape_events++;
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
    bool closes = t->kind == SS_TOKEN_END_OBJECT || t->kind == SS_TOKEN_END_ARRAY;
    if (closes && --f->next == 0)
        return play(w);
    uint32_t at = (uint32_t)w->c->tape.n;
    if (!record(w, t))
        return false;
    if (opens(t->kind)) {
        f->next++;
        set_link(w, at, w->tape_open);
        w->tape_open = at;
    } else if (closes) {
        uint32_t open = w->tape_open;
        w->tape_open = get_link(w, open);
        set_link(w, open, at);
    }
    return true;
}
