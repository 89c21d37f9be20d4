/* The well-known types that have a JSON form of their own. */
#include "transcode/to_json.h"
#include "transcode/wkt_mask.h"
#include "transcode/wkt_time.h"
#include "json/writer.h"

enum { VALUE_NUMBER = 2 };

static bool malformed(struct ss_to_json *w)
{
    ss_to_json_bad(w, "malformed bytes");
    return false;
}

/* The next field of the pieces of s: its tag, and in *value where its value lies (p, end). False at the end
 * or, with w->err set, when malformed. */
struct walk {
    struct ss_source_iter it;
    const char *p, *end;
};

static bool next_field(struct ss_to_json *w, const struct ss_source *s, struct walk *k, uint32_t *tag,
                       struct ss_slice *value)
{
    while (k->p == k->end) {
        struct ss_slice piece;
        if (!ss_source_next(w, s, &k->it, &piece))
            return false;
        k->p = piece.ptr;
        k->end = piece.ptr + piece.len;
    }
    const char *at = ss_wire_get_tag(k->p, k->end, tag);
    k->p = at ? ss_wire_skip(at, k->end, *tag, SS_WIRE_MAX_DEPTH) : NULL;
    if (!k->p)
        return malformed(w);
    *value = ss_slice_of(at, (size_t)(k->p - at));
    return true;
}

static uint64_t varint_in(struct ss_slice value)
{
    uint64_t v = 0;
    ss_varint_get(value.ptr, value.ptr + value.len, &v);
    return v;
}

static struct ss_slice bytes_in(struct ss_slice value)
{
    struct ss_slice bytes = SS_LIT("");
    ss_wire_get_bytes(value.ptr, value.ptr + value.len, &bytes);
    return bytes;
}

bool ss_to_json_time(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s)
{
    struct ss_time t = {0, 0};
    struct walk k = {0};
    struct ss_slice value;
    uint32_t tag;
    while (next_field(w, s, &k, &tag, &value)) {
        if (tag == ss_tag(1, SS_WIRE_VARINT))
            t.seconds = (int64_t)varint_in(value);
        else if (tag == ss_tag(2, SS_WIRE_VARINT))
            t.nanos = (int32_t)(uint32_t)varint_in(value);
    }
    if (w->err)
        return false;
    char text[SS_TIME_TEXT_MAX + 2];
    bool timestamp = m->wkt == SS_WKT_TIMESTAMP;
    unsigned n = timestamp ? ss_timestamp_print(t, text + 1) : ss_duration_print(t, text + 1);
    if (n == 0)
        return ss_to_json_bad(w, timestamp ? "a timestamp out of range" : "a duration out of range");
    text[0] = text[n + 1] = '"';
    return ss_to_json_text(w, text, n + 2);
}

bool ss_to_json_mask(struct ss_to_json *w, const struct ss_source *s)
{
    struct ss_buf *text = &w->c->text;
    struct walk k = {0};
    struct ss_slice value;
    uint32_t tag;
    bool first = true;
    ss_buf_clear(text, SS_SCRATCH_KEEP);
    while (next_field(w, s, &k, &tag, &value)) {
        if (tag != ss_tag(1, SS_WIRE_BYTES))
            continue;
        enum ss_err err = first ? SS_OK : ss_buf_append(text, ",", 1);
        first = false;
        size_t at = text->len;
        if (!err)
            err = ss_mask_print_path(bytes_in(value), text);
        if (err == SS_ERR_INVALID && w->options.lenient) {
            text->len = at;
            err = ss_buf_append_slice(text, bytes_in(value));
        }
        if (err == SS_ERR_INVALID)
            return ss_to_json_bad(w, "a field mask path that JSON cannot spell");
        if (err)
            return ss_to_json_fail(w, err);
    }
    return !w->err && ss_to_json_string(w, ss_buf_slice(text), true);
}

bool ss_to_json_wrapper(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s)
{
    const struct ss_field *f = &m->fields[0];
    struct ss_value v = {0, SS_LIT("")};
    struct walk k = {0};
    struct ss_slice value;
    uint32_t tag;
    while (next_field(w, s, &k, &tag, &value))
        if (tag == ss_tag(f->number, f->wire_type))
            ss_value_read(f, value.ptr, value.ptr + value.len, &v);
    return !w->err && ss_to_json_value(w, f, &v);
}

/* ---- Any ---- */

static bool any_key(struct ss_to_json *w, const char *key)
{
    return ss_to_json_next(w) && ss_to_json_text(w, key, strlen(key)) &&
           (!w->options.pretty || ss_to_json_text(w, " ", 1));
}

static const struct ss_message *any_message(struct ss_to_json *w, struct ss_slice url)
{
    const char *slash = url.len ? memrchr(url.ptr, '/', url.len) : NULL;
    if (!slash || !w->schema)
        return NULL;
    const struct ss_message *m =
        ss_schema_message(w->schema, ss_slice_skip(url, (size_t)(slash + 1 - url.ptr)));
    return m && !m->map_entry ? m : NULL;
}

/* What it is of is not known: as in details of a status. */
static bool any_opaque(struct ss_to_json *w, struct ss_slice url, struct ss_slice content)
{
    if (!ss_to_json_open(w, '{') || !any_key(w, "\"@type\":") || !ss_to_json_string(w, url, true) ||
        !any_key(w, "\"value\":"))
        return false;
    enum ss_err err = ss_json_write_base64(w->out, content);
    return err ? ss_to_json_fail(w, err) : ss_to_json_close(w, '}');
}

bool ss_to_json_any(struct ss_to_json *w, const struct ss_source *s)
{
    struct ss_slice url = SS_LIT(""), content = SS_LIT(""), value;
    struct walk k = {0};
    uint32_t tag;
    while (next_field(w, s, &k, &tag, &value)) {
        if (tag == ss_tag(1, SS_WIRE_BYTES))
            url = bytes_in(value);
        else if (tag == ss_tag(2, SS_WIRE_BYTES))
            content = bytes_in(value);
    }
    if (w->err)
        return false;
    if (url.len == 0 && content.len == 0)
        return ss_to_json_text(w, "{}", 2);
    const struct ss_message *m = any_message(w, url);
    if (!m && w->options.lenient)
        return any_opaque(w, url, content);
    if (!m) {
        w->what = url;
        return ss_to_json_bad(w, "an Any of a type that is not in the descriptors");
    }
    struct ss_source inner = ss_source_of(content);
    if (!ss_to_json_open(w, '{') || !any_key(w, "\"@type\":") || !ss_to_json_string(w, url, true))
        return false;
    bool flat = m->wkt == SS_WKT_NONE || m->wkt == SS_WKT_EMPTY || m->wkt == SS_WKT_HTTP_BODY;
    if (flat ? !ss_to_json_members(w, m, &inner)
             : !any_key(w, "\"value\":") || !ss_to_json_message(w, m, &inner))
        return false;
    return ss_to_json_close(w, '}');
}

/* ---- Struct, ListValue, Value ---- */

static bool struct_entries(struct ss_to_json *w, const struct ss_field *f, const struct ss_source *s,
                           struct ss_few_keys *keys, enum ss_entries what)
{
    struct ss_source_iter it = {0};
    struct ss_slice piece;
    while (ss_source_next(w, s, &it, &piece))
        if (piece.len && !ss_to_json_entries(w, f, keys, what, piece.ptr, piece.ptr + piece.len, true))
            return false;
    return true;
}

bool ss_to_json_struct(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s)
{
    const struct ss_field *f = &m->fields[0];
    struct ss_few_keys keys;
    keys.n = 0;
    if (w->indexed && !ss_few_keys_begin_all(&keys, &w->c->keys, &f->message->fields[0]))
        return ss_to_json_fail(w, SS_ERR_MEMORY);
    if (!ss_to_json_open(w, '{'))
        return false;
    bool ok = w->indexed ? struct_entries(w, f, s, &keys, SS_ENTRIES_NOTE) &&
                               struct_entries(w, f, s, &keys, SS_ENTRIES_PRINT_LAST)
                         : struct_entries(w, f, s, &keys, SS_ENTRIES_PRINT);
    if (ok)
        ss_to_json_entries_end(w, &keys);
    return ok && ss_to_json_close(w, '}');
}

bool ss_to_json_list(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s)
{
    struct ss_source_iter it = {0};
    struct ss_slice piece;
    if (!ss_to_json_open(w, '['))
        return false;
    while (ss_source_next(w, s, &it, &piece))
        if (piece.len && !ss_to_json_elements(w, &m->fields[0], piece.ptr, piece.ptr + piece.len, true))
            return false;
    return ss_to_json_close(w, ']');
}

static bool kind_value(struct ss_to_json *w, const struct ss_field *f, const struct ss_value *v)
{
    if (f->number == VALUE_NUMBER && (v->bits >> 52 & 0x7ff) == 0x7ff)
        return ss_to_json_bad(w, "a google.protobuf.Value of NaN or Infinity, which JSON cannot hold");
    return ss_to_json_value(w, f, v);
}

/* A Value whose bytes are not just one field: rare, so by way of an index. */
static bool irregular_value(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s)
{
    struct ss_index ix;
    const struct ss_field *f = NULL;
    bool ok = ss_index_begin(w, &ix, m, s);
    for (size_t i = 0; ok && i < m->n_fields && !f; i++)
        f = ss_index_has(w, &ix, &m->fields[i]) ? &m->fields[i] : NULL;
    if (ok && !f) { /* no kind: as other implementations, null */
        ok = ss_to_json_text(w, "null", 4);
    } else if (ok && f->message) {
        struct ss_source inner = ss_index_source(w, &ix, f);
        ok = ss_to_json_message(w, f->message, &inner);
    } else if (ok) {
        struct ss_value v;
        ok = ss_index_scalar(w, &ix, f, &v) && kind_value(w, f, &v);
    }
    ss_index_end(w, &ix);
    return ok;
}

bool ss_to_json_dynamic(struct ss_to_json *w, const struct ss_message *m, const struct ss_source *s)
{
    uint32_t tag;
    const char *end = s->bytes.ptr + s->bytes.len;
    const char *p = s->field ? NULL : ss_wire_get_tag(s->bytes.ptr, end, &tag);
    const struct ss_field *f = p ? ss_message_field_by_number(m, tag >> 3) : NULL;
    if (!f || (tag & 7) != f->wire_type)
        return irregular_value(w, m, s);
    if (f->message) {
        struct ss_source inner = ss_source_of(SS_LIT(""));
        p = ss_message_field_get(f, p, end, &inner.bytes);
        return p == end ? ss_to_json_message(w, f->message, &inner) : irregular_value(w, m, s);
    }
    struct ss_value v;
    p = ss_value_read(f, p, end, &v);
    return p == end ? kind_value(w, f, &v) : irregular_value(w, m, s);
}
