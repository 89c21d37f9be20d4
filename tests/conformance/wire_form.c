#include "wire_form.h"

#include "base/utf8.h"
#include "wire/reader.h"

static enum wire_form form(const struct ss_message *m, struct ss_slice bytes, unsigned depth);

static enum wire_form worse(enum wire_form a, enum wire_form b)
{
    return a < b ? a : b;
}

static const char *enum_number(const struct ss_field *f, const char *p, const char *end, enum wire_form *is)
{
    uint64_t number;
    p = ss_varint_get(p, end, &number);
    if (p && f->enumeration && f->enumeration->closed &&
        !ss_enum_by_number(f->enumeration, (int32_t)(uint32_t)number))
        *is = worse(*is, WIRE_UNKNOWN);
    return p;
}

static bool packed(const struct ss_field *f, struct ss_slice all, enum wire_form *is)
{
    const char *p = all.ptr, *end = p + all.len;
    if (f->wire_type == SS_WIRE_FIXED32 || f->wire_type == SS_WIRE_FIXED64)
        return all.len % (f->wire_type == SS_WIRE_FIXED32 ? 4 : 8) == 0;
    while (p && p < end)
        p = enum_number(f, p, end, is);
    return p != NULL;
}

/* An item of a message set behind its tag: a group of type number (2) and message (3). NULL when malformed.
 */
static const char *set_item(const struct ss_message *m, const char *p, const char *end, unsigned depth,
                            enum wire_form *is)
{
    struct ss_slice item, content = {NULL, 0};
    uint64_t type = 0;
    const char *behind = ss_wire_get_group(p, end, 1, SS_WIRE_MAX_DEPTH, &item);
    if (!behind)
        return NULL;
    for (p = item.ptr, end = p + item.len; p && p < end;) {
        uint32_t tag;
        p = ss_wire_get_tag(p, end, &tag);
        if (p && tag == ss_tag(2, SS_WIRE_VARINT))
            p = ss_varint_get(p, end, &type);
        else if (p && tag == ss_tag(3, SS_WIRE_BYTES))
            p = ss_wire_get_bytes(p, end, &content);
        else
            p = p ? ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH) : NULL;
    }
    const struct ss_field *f = ss_message_field_by_number(m, (uint32_t)type);
    *is = worse(*is, f && content.ptr ? form(f->message, content, depth - 1) : WIRE_UNKNOWN);
    return p ? behind : NULL;
}

/* The value of f behind its tag; NULL when malformed. */
static const char *value(const struct ss_field *f, const char *p, const char *end, uint32_t tag,
                         unsigned depth, enum wire_form *is)
{
    struct ss_slice content;
    if ((tag & 7) == SS_WIRE_GROUP) {
        p = ss_wire_get_group(p, end, f->number, SS_WIRE_MAX_DEPTH, &content);
        if (p)
            *is = worse(*is, form(f->message, content, depth - 1));
        return p;
    }
    if ((tag & 7) == SS_WIRE_VARINT)
        return enum_number(f, p, end, is);
    if ((tag & 7) != SS_WIRE_BYTES)
        return ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
    p = ss_wire_get_bytes(p, end, &content);
    if (!p)
        return NULL;
    if (f->message)
        *is = worse(*is, form(f->message, content, depth - 1));
    else if (f->wire_type != SS_WIRE_BYTES)
        return packed(f, content, is) ? p : NULL;
    else if (f->validate_utf8 && !ss_utf8_valid(content))
        return NULL;
    return p;
}

static enum wire_form form(const struct ss_message *m, struct ss_slice bytes, unsigned depth)
{
    enum wire_form is = depth ? WIRE_KNOWN : WIRE_MALFORMED;
    const char *p = bytes.ptr, *end = p + bytes.len;
    while (is != WIRE_MALFORMED && p < end) {
        uint32_t tag;
        p = ss_wire_get_tag(p, end, &tag);
        if (!p)
            return WIRE_MALFORMED;
        if (m->message_set && tag == ss_tag(1, SS_WIRE_GROUP)) {
            p = set_item(m, p, end, depth, &is);
            if (!p)
                return WIRE_MALFORMED;
            continue;
        }
        const struct ss_field *f = ss_message_field_by_number(m, tag >> 3);
        bool mine =
            f && ((tag & 7) == f->wire_type || ((tag & 7) == SS_WIRE_BYTES && f->repeated && !f->message));
        if (!mine)
            is = worse(is, WIRE_UNKNOWN);
        p = mine ? value(f, p, end, tag, depth, &is) : ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
        if (!p)
            return WIRE_MALFORMED;
    }
    return is;
}

enum wire_form wire_form_of(const struct ss_message *m, struct ss_slice bytes)
{
    return form(m, bytes, SS_WIRE_MAX_DEPTH + 1);
}
