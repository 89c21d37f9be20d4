#include "transcode/message_set.h"
#include "transcode/to_json.h"

/* The next occurrence of s->field in [it->p, it->end). */
static bool next_occurrence(const struct ss_source *s, struct ss_source_iter *it, struct ss_slice *piece)
{
    while (it->p && it->p < it->end) {
        uint32_t tag;
        it->p = ss_wire_get_tag(it->p, it->end, &tag);
        if (it->p && tag == ss_tag(s->field->number, s->field->wire_type)) {
            it->p = ss_message_field_get(s->field, it->p, it->end, piece);
            return it->p != NULL;
        }
        if (it->p && tag == SS_SET_ITEM && s->field->parent->message_set &&
            ss_set_item_get(s->field->parent, it->p, it->end, piece) == s->field) {
            it->p = ss_wire_skip(it->p, it->end, tag, SS_WIRE_MAX_DEPTH);
            return true;
        }
        it->p = it->p ? ss_wire_skip(it->p, it->end, tag, SS_WIRE_MAX_DEPTH) : NULL;
    }
    return false;
}

bool ss_source_next(const struct ss_to_json *w, const struct ss_source *s, struct ss_source_iter *it,
                    struct ss_slice *piece)
{
    if (!s->field) {
        *piece = s->bytes;
        return !it->begun && (it->begun = true);
    }
    if (s->n == 0) {
        if (!it->begun) {
            it->begun = true;
            it->p = s->bytes.ptr;
            it->end = it->p + s->bytes.len;
        }
        return next_occurrence(s, it, piece);
    }
    if (it->i == s->n)
        return false;
    it->p = w->wire + ((const uint32_t *)w->c->places.items)[s->first + it->i++];
    it->end = w->wire_end;
    return next_occurrence(s, it, piece);
}
