/* By hand over wire/, not protobuf-c: HttpRule nests in itself, and two levels are all that is allowed. */
#include "config/http_rule.h"

#include "wire/reader.h"

/* Field numbers of HttpRule and CustomHttpPattern. */
enum {
    FIELD_GET = 2,
    FIELD_PATCH = 6,
    FIELD_BODY = 7,
    FIELD_CUSTOM = 8,
    FIELD_ADDITIONAL = 11,
    FIELD_RESPONSE_BODY = 12,
    CUSTOM_KIND = 1,
    CUSTOM_PATH = 2,
};

struct reading {
    struct ss_arena *a;
    struct ss_slice origin;
    struct ss_binding **end;
    const char *why;
};

static const char malformed[] = "the annotation is malformed";

static bool read_custom(struct ss_slice wire, struct ss_binding *b)
{
    b->http_method = b->path = (struct ss_slice){"", 0};
    for (const char *p = wire.ptr, *end = p + wire.len; p < end;) {
        uint32_t tag;
        struct ss_slice value;
        p = ss_wire_get_tag(p, end, &tag);
        if (p == NULL)
            return false;
        if (tag == ss_tag(CUSTOM_KIND, SS_WIRE_BYTES) || tag == ss_tag(CUSTOM_PATH, SS_WIRE_BYTES)) {
            p = ss_wire_get_bytes(p, end, &value);
            *(tag >> 3 == CUSTOM_KIND ? &b->http_method : &b->path) = value;
        } else {
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
        }
        if (p == NULL)
            return false;
    }
    return true;
}

/* False: `why` is set. */
static bool set_field(struct reading *r, uint32_t number, struct ss_slice value, struct ss_binding *b)
{
    static const char *const methods[] = {"GET", "PUT", "POST", "DELETE", "PATCH"};
    if (number >= FIELD_GET && number <= FIELD_PATCH) {
        b->http_method = ss_slice_str(methods[number - FIELD_GET]);
        b->path = value;
    } else if (number == FIELD_BODY) {
        b->body = value;
    } else if (number == FIELD_RESPONSE_BODY) {
        b->response_body = value;
    } else if (number == FIELD_CUSTOM && !read_custom(value, b)) {
        r->why = malformed;
        return false;
    }
    return true;
}

static void keep(struct reading *r, const struct ss_binding *b)
{
    struct ss_binding *kept = ss_arena_alloc(r->a, sizeof *kept);
    *kept = (struct ss_binding){
        .http_method = ss_arena_copy(r->a, b->http_method),
        .path = ss_arena_copy(r->a, b->path),
        .body = ss_arena_copy(r->a, b->body),
        .response_body = ss_arena_copy(r->a, b->response_body),
        .origin = r->origin,
    };
    *r->end = kept;
    r->end = &kept->next;
}

/* additional: NULL inside of additional_bindings. Collects their bytes, for they come behind the rule's own
 * binding. */
static bool read_rule(struct reading *r, struct ss_slice wire, struct ss_slice *additional,
                      size_t *n_additional)
{
    struct ss_binding b = {0};
    size_t n = 0;
    for (const char *p = wire.ptr, *end = p + wire.len; p < end;) {
        uint32_t tag;
        struct ss_slice value;
        p = ss_wire_get_tag(p, end, &tag);
        if (p && (tag & 7) != SS_WIRE_BYTES)
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
        else if (p && (p = ss_wire_get_bytes(p, end, &value)) != NULL) {
            if (tag >> 3 == FIELD_ADDITIONAL && n_additional == NULL)
                r->why = "additional_bindings do not nest";
            else if (tag >> 3 == FIELD_ADDITIONAL && additional)
                additional[n++] = value;
            else if (tag >> 3 == FIELD_ADDITIONAL)
                n++;
            else
                set_field(r, tag >> 3, value, &b);
        }
        if (p == NULL)
            r->why = malformed;
        if (r->why)
            return false;
    }
    if (n_additional)
        *n_additional = n;
    bool counting = n_additional && additional == NULL;
    if (b.http_method.len && !counting)
        keep(r, &b);
    return true;
}

enum ss_err ss_http_rule_read(struct ss_slice wire, struct ss_slice origin, struct ss_arena *a,
                              struct ss_binding **out, const char **why)
{
    *out = NULL;
    struct reading r = {.a = a, .origin = origin, .end = out};
    size_t n = 0;
    bool ok = read_rule(&r, wire, NULL, &n); /* counts */
    struct ss_slice *additional = ss_arena_alloc(a, (n + 1) * sizeof *additional);
    ok = ok && read_rule(&r, wire, additional, &n);
    for (size_t i = 0; ok && i < n; i++)
        ok = read_rule(&r, additional[i], NULL, NULL);
    *why = r.why;
    return ok ? SS_OK : SS_ERR_CONFIG;
}
