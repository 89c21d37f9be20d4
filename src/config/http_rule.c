/* By hand over wire/, not protobuf-c: HttpRule nests in itself, and two levels are all that is allowed. */
#include "config/http_rule.h"

#include <ctype.h>

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

bool ss_http_method_of_kind(struct ss_slice kind, struct ss_arena *a, struct ss_slice *out)
{
    char *upper = ss_arena_alloc(a, kind.len + 1);
    for (size_t i = 0; i < kind.len; i++) {
        unsigned char c = (unsigned char)kind.ptr[i];
        if (c >= 0x80 || (!isalnum(c) && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)))
            return false;
        upper[i] = (char)toupper(c);
    }
    *out = ss_slice_of(upper, kind.len);
    return kind.len != 0;
}

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

/* False: malformed. */
static bool set_field(struct reading *r, uint32_t number, struct ss_slice value, struct ss_binding *b)
{
    static const char *const methods[] = {"GET", "PUT", "POST", "DELETE", "PATCH"};
    if (number >= FIELD_GET && number <= FIELD_PATCH) {
        b->http_method = ss_slice_str(methods[number - FIELD_GET]);
        b->path = value;
        b->fault = NULL;
    } else if (number == FIELD_BODY) {
        b->body = value;
    } else if (number == FIELD_RESPONSE_BODY) {
        b->response_body = value;
    } else if (number == FIELD_CUSTOM) {
        struct ss_slice method = {"", 0};
        if (!read_custom(value, b))
            return false;
        b->fault = NULL;
        if (!ss_http_method_of_kind(b->http_method, r->a, &method))
            b->fault = "its custom kind is no HTTP method";
        b->http_method = method;
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
        .fault = b->fault,
    };
    *r->end = kept;
    r->end = &kept->next;
}

/* Collects the bytes of additional_bindings, for they come after the rule's own binding: additional is an
 * array for all of them, or NULL, and then they are counted and nothing is kept. In one of them n_additional
 * is NULL. */
static bool read_rule(struct reading *r, struct ss_slice wire, struct ss_slice *additional,
                      size_t *n_additional)
{
    static const char no_pattern[] = "it has no pattern: get, put, post, delete, patch or custom";
    static const char nested[] = "additional_bindings do not nest: what stands in them is not looked at";
    struct ss_binding b = {.path = SS_LIT(""), .fault = no_pattern};
    bool nests = false, ok = true;
    size_t n = 0;
    for (const char *p = wire.ptr, *end = p + wire.len; ok && p < end;) {
        uint32_t tag;
        struct ss_slice value;
        p = ss_wire_get_tag(p, end, &tag);
        if (p && (tag & 7) != SS_WIRE_BYTES)
            p = ss_wire_skip(p, end, tag, SS_WIRE_MAX_DEPTH);
        else if (p && (p = ss_wire_get_bytes(p, end, &value)) != NULL) {
            if (tag >> 3 != FIELD_ADDITIONAL)
                ok = set_field(r, tag >> 3, value, &b);
            else if (n_additional == NULL)
                nests = true;
            else if (additional)
                additional[n++] = value;
            else
                n++;
        }
        ok = ok && p != NULL;
    }
    if (!ok) {
        r->why = malformed;
        return false;
    }
    if (n_additional)
        *n_additional = n;
    if (n_additional == NULL || additional)
        keep(r, &b);
    if (nests) {
        b.fault = nested;
        keep(r, &b);
    }
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
