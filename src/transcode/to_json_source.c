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
    if (!it->begun) {
        it->begun = true;
        it->run = s->run;
        it->p = s->bytes.ptr;
        it->end = it->p + s->bytes.len;
        if (s->run == SS_NO_RUN)
            return next_occurrence(s, it, piece);
        it->p = it->end = NULL;
    } else if (next_occurrence(s, it, piece)) {
        return true;
    }
    const struct ss_run *runs = w->c->runs.items;
    while (it->run != SS_NO_RUN) {
        it->p = w->wire + runs[it->run].start;
        it->end = w->wire + runs[it->run].end;
        it->run = runs[it->run].next;
        if (next_occurrence(s, it, piece))
            return true;
    }
    return false;
}
