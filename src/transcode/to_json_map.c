/* Maps: entries are messages with a key and a value, either of which may be missing, or there twice. */
#include "transcode/to_json.h"
#include "json/writer.h"

struct entry {
    struct ss_value key, value;
    const char *key_at;      /* NULL: it has none */
    struct ss_source source; /* of a message value */
    bool unknown;            /* its value is not in its closed enum: the whole entry is an unknown field */
};

/* An entry as most writers have it, of a string and a message: each once and in order. */
static inline bool short_entry(const struct ss_field *kf, const struct ss_field *vf, struct ss_slice bytes,
                               struct entry *e)
{
    const char *p = bytes.ptr, *end = p + bytes.len;
    if (kf->type != SS_TYPE_STRING || vf->type != SS_TYPE_MESSAGE || bytes.len < 2 ||
        *p != (char)ss_tag(1, SS_WIRE_BYTES) || !(p = ss_wire_get_bytes(p + 1, end, &e->key.bytes)) ||
        p == end || *p != (char)ss_tag(2, SS_WIRE_BYTES) ||
        ss_wire_get_bytes(p + 1, end, &e->source.bytes) != end)
        return false;
    e->key_at = bytes.ptr + 1;
    e->source.field = NULL;
    e->source.n = 0;
    e->unknown = false;
    return true;
}

static bool read_entry(struct ss_to_json *w, const struct ss_field *f, struct ss_slice bytes, struct entry *e)
{
    const struct ss_field *kf = &f->message->fields[0], *vf = &f->message->fields[1];
    const char *p = bytes.ptr, *end = p + bytes.len;
    unsigned values = 0;
    if (short_entry(kf, vf, bytes, e))
        return true;
    *e = (struct entry){{0, SS_LIT("")}, {0, SS_LIT("")}, NULL, ss_source_of(SS_LIT("")), false};
    if (vf->enumeration && vf->enumeration->closed && vf->enumeration->n_values)
        e->value.bits = (uint32_t)vf->enumeration->values[0].number;
    while (p && p < end) {
        uint32_t tag;
        p = ss_wire_get_tag(p, end, &tag);
        if (!p)
            break;
        if (tag == ss_tag(1, kf->wire_type)) {
            e->key_at = p;
            p = ss_value_read(kf, p, end, &e->key);
        } else if (tag != ss_tag(2, vf->wire_type)) {
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
        } else if (vf->message) {
            p = ss_message_field_get(vf, p, end, &e->source.bytes);
            values++;
        } else {
            p = ss_value_read(vf, p, end, &e->value);
        }
    }
    if (values > 1)
        e->source = (struct ss_source){bytes, vf, 0, 0};
    e->unknown = ss_value_unknown(vf, &e->value);
    return p ? true : ss_to_json_bad(w, "malformed bytes");
}

static struct ss_map_key key_of(const struct ss_field *kf, const struct ss_value *v)
{
    if (kf->type == SS_TYPE_STRING)
        return (struct ss_map_key){.string = v->bytes};
    return (struct ss_map_key){.integer = true, .value = v->bits};
}

static bool print_key(struct ss_to_json *w, const struct ss_field *kf, const struct ss_value *key)
{
    if (!ss_to_json_next(w))
        return false;
    if (kf->type == SS_TYPE_STRING) {
        struct ss_buf *out = w->out;
        size_t n = key->bytes.len;
        if (!w->options.pretty && out->cap - out->len >= n + 3 &&
            ss_json_put_plain(out->ptr + out->len, key->bytes)) {
            out->ptr[out->len + n + 2] = ':';
            out->len += n + 3;
            return true;
        }
        if (!ss_to_json_string(w, key->bytes, kf->validate_utf8))
            return false;
    } else {
        struct ss_json_out options = w->options;
        w->options.int64_as_number = true;
        bool ok = ss_to_json_text(w, "\"", 1) && ss_to_json_value(w, kf, key) && ss_to_json_text(w, "\"", 1);
        w->options = options;
        if (!ok)
            return false;
    }
    return ss_to_json_text(w, ": ", w->options.pretty ? 2 : 1);
}

static bool print_entry(struct ss_to_json *w, const struct ss_field *f, const struct entry *e)
{
    const struct ss_field *vf = &f->message->fields[1];
    if (!print_key(w, &f->message->fields[0], &e->key))
        return false;
    return vf->message ? ss_to_json_message(w, vf->message, &e->source) : ss_to_json_value(w, vf, &e->value);
}

static bool one_entry(struct ss_to_json *w, const struct ss_field *f, struct ss_few_keys *keys,
                      enum ss_entries what, struct ss_slice bytes)
{
    struct entry e;
    struct ss_key_set *set = &w->c->keys;
    struct ss_slice base = ss_slice_of(w->wire, (size_t)(w->wire_end - w->wire));
    if (!read_entry(w, f, bytes, &e))
        return false;
    if (e.unknown)
        return true;
    uint32_t at = e.key_at ? (uint32_t)(e.key_at - w->wire) : (uint32_t)(bytes.ptr - w->wire) | SS_KEY_ABSENT;
    if (what == SS_ENTRIES_PRINT_LAST)
        return ss_few_keys_is_last(set, base, at) ? print_entry(w, f, &e) : true;
    if (what == SS_ENTRIES_NOTE)
        return ss_few_keys_note(set, base, at) ? true : ss_to_json_fail(w, SS_ERR_MEMORY);
    struct ss_map_key key = key_of(&f->message->fields[0], &e.key);
    uint32_t offset = key.string.len ? (uint32_t)(key.string.ptr - w->wire) : 0;
    bool found;
    if (!ss_few_keys_add(keys, set, &f->message->fields[0], base, &key, at, offset, &found))
        return ss_to_json_fail(w, SS_ERR_MEMORY);
    return found ? ss_to_json_restart(w, NULL) : print_entry(w, f, &e);
}

void ss_to_json_entries_end(struct ss_to_json *w, struct ss_few_keys *keys)
{
    ss_few_keys_end(keys, &w->c->keys, ss_slice_of(w->wire, (size_t)(w->wire_end - w->wire)));
}

const char *ss_to_json_entries(struct ss_to_json *w, const struct ss_field *f, struct ss_few_keys *keys,
                               enum ss_entries what, const char *p, const char *end, bool skip_others)
{
    while (p < end) {
        uint32_t tag;
        struct ss_slice bytes;
        const char *value = ss_wire_get_tag(p, end, &tag);
        bool mine = value && tag == ss_tag(f->number, f->wire_type);
        if (value && !mine && !skip_others)
            return p;
        if (!value)
            p = NULL;
        else if (mine)
            p = ss_message_field_get(f, value, end, &bytes);
        else
            p = ss_wire_skip(value, end, tag, SS_WIRE_MAX_DEPTH);
        if (!p) {
            ss_to_json_bad(w, "malformed bytes");
            return NULL;
        }
        if (mine && !one_entry(w, f, keys, what, bytes))
            return NULL;
    }
    return p;
}
