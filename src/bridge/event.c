/* The event and id lines of server-sent events: a field of each message, as JSON would print it but for
 * quotes. */
#include <stddef.h>

#include "bridge/head.h"
#include "wire/reader.h"

/* A number as the wire has it: of a varint, or of four or eight bytes. */
static struct ss_slice print_number(const struct ss_field *f, uint64_t bits, struct ss_arena *a)
{
    int64_t n = (int64_t)bits;
    switch ((enum ss_type)f->type) {
    case SS_TYPE_UINT64:
    case SS_TYPE_FIXED64:
        return ss_arena_printf(a, "%llu", (unsigned long long)bits);
    case SS_TYPE_UINT32:
    case SS_TYPE_FIXED32:
        n = (int64_t)(uint32_t)bits;
        break;
    case SS_TYPE_SINT32:
        n = (int32_t)ss_zigzag_decode((uint32_t)bits);
        break;
    case SS_TYPE_SINT64:
        n = ss_zigzag_decode(bits);
        break;
    case SS_TYPE_INT32:
    case SS_TYPE_SFIXED32:
    case SS_TYPE_ENUM:
        n = (int32_t)bits;
        break;
    case SS_TYPE_INT64:
    case SS_TYPE_SFIXED64:
        break;
    case SS_TYPE_DOUBLE: /* these name no event: the configuration refuses them */
    case SS_TYPE_FLOAT:
    case SS_TYPE_BOOL:
    case SS_TYPE_STRING:
    case SS_TYPE_GROUP:
    case SS_TYPE_MESSAGE:
    case SS_TYPE_BYTES:
        return (struct ss_slice){0};
    }
    const struct ss_enum_value *e = f->enumeration ? ss_enum_by_number(f->enumeration, (int32_t)n) : NULL;
    return e ? e->name : ss_arena_printf(a, "%lld", (long long)n);
}

static const char *get_number(const char *p, const char *end, const struct ss_field *f, uint64_t *bits)
{
    ptrdiff_t width = f->wire_type == SS_WIRE_FIXED64 ? 8 : 4;
    if (f->wire_type == SS_WIRE_VARINT)
        return ss_varint_get(p, end, bits);
    if (end - p < width)
        return NULL;
    *bits = width == 8 ? ss_fixed64_get(p) : ss_fixed32_get(p);
    return p + width;
}

/* A field's last value in wire; empty when it is not there. Without presence, zero is a value like any other,
 * though it is not on the wire. */
static struct ss_slice text_of(struct ss_slice wire, const struct ss_field *f, struct ss_arena *a)
{
    struct ss_slice text = {0};
    const char *p = wire.ptr, *end = p + wire.len;
    uint64_t bits = 0;
    bool number = f && f->type != SS_TYPE_STRING, seen = number && !f->presence;
    while (f && p && p < end) {
        uint32_t tag;
        p = ss_wire_get_tag(p, end, &tag);
        if (p && tag != ss_tag(f->number, f->wire_type)) {
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
            continue;
        }
        if (p && !number)
            p = ss_wire_get_bytes(p, end, &text);
        else if (p)
            p = get_number(p, end, f, &bits);
        seen = seen || p != NULL;
    }
    return number && seen ? print_number(f, bits, a) : text;
}

enum ss_err ss_call_print_event(struct ss_call *call, struct ss_slice wire, struct ss_buf *out)
{
    const struct ss_route_sse *sse = &call->options->sse;
    if (call->stream.form != SS_BODY_SSE || (sse->event == NULL && sse->id == NULL))
        return SS_OK;
    struct ss_arena a; /* a stream may have many messages: nothing of one may stay */
    ss_arena_init(&a, 0);
    enum ss_err err =
        ss_stream_body_event(&call->stream, text_of(wire, sse->event, &a), text_of(wire, sse->id, &a), out);
    ss_arena_dispose(&a);
    return err;
}
