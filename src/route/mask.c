/* Whether the update mask of a request is to be made up (AIP-134). */
#include "route/compile.h"
#include "wire/reader.h"

/* Whether the message has that field, be it empty. */
static bool has_field(struct ss_slice wire, uint32_t number)
{
    const char *p = wire.ptr, *end = p + wire.len;
    while (p && p < end) {
        uint32_t tag;
        p = ss_wire_get_tag(p, end, &tag);
        if (p && tag >> 3 == number)
            return true;
        if (p)
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
    }
    return false;
}

const struct ss_field *ss_route_missing_mask(const struct ss_route *r, struct ss_slice message)
{
    const struct ss_field *body = r->body_field;
    if (body == NULL || body->message == NULL || body->repeated)
        return NULL;
    const struct ss_field *f = ss_message_field(r->rule.method->input, SS_LIT("update_mask"));
    if (f == NULL || f == body || f->message == NULL || f->message->wkt != SS_WKT_FIELD_MASK || f->repeated)
        return NULL;
    return has_field(message, f->number) ? NULL : f;
}
