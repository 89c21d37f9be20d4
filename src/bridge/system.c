/* The system parameters of a query: in which form, how printed and how much of it the answer is to be. Of one
 * that comes twice the first counts. */
#include "route/system.h"

#include "base/percent.h"
#include "bridge/call.h"
#include "route/query.h"
#include "transcode/field_filter.h"

struct reading {
    struct ss_call *call;
    struct ss_status *st;
    enum ss_stream_form *form;
    bool seen[SS_SYSTEM_UNKNOWN]; /* by enum ss_system */
};

static enum ss_stream_form form_of(struct ss_slice name)
{
    static const struct {
        struct ss_slice name;
        enum ss_stream_form form;
    } names[] = {{{"json", 4}, SS_STREAM_ARRAY},
                 {{"ndjson", 6}, SS_STREAM_NDJSON},
                 {{"sse", 3}, SS_STREAM_SSE},
                 {{"array", 5}, SS_STREAM_ARRAY},
                 {{"object", 6}, SS_STREAM_OBJECT}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ss_slice_eq(name, names[i].name))
            return names[i].form;
    return SS_STREAM_UNSET;
}

/* A form, and perhaps how enums are printed: Google's REST clients ask for json;enum-encoding=int. */
static enum ss_err read_alt(struct reading *r, struct ss_slice name, struct ss_slice value)
{
    const char *semicolon = value.len ? memchr(value.ptr, ';', value.len) : NULL;
    struct ss_slice form = value, option = {0};
    if (semicolon) {
        form.len = (size_t)(semicolon - value.ptr);
        option = ss_slice_skip(value, form.len + 1);
    }
    bool ints = ss_slice_eq(option, SS_LIT("enum-encoding=int"));
    *r->form = form_of(form);
    if (*r->form == SS_STREAM_UNSET || (semicolon && !ints))
        return ss_status_violation(r->st, &r->call->arena, name,
                                   "expected json, ndjson, sse, array or object, and at the most "
                                   ";enum-encoding=int after it");
    if (ints)
        r->call->json.enums_as_ints = true;
    return SS_OK;
}

static enum ss_err read_fields(struct reading *r, struct ss_slice value)
{
    struct ss_call *call = r->call;
    const struct ss_field *field = ss_route_response_field(call->match.route);
    return ss_field_filter_new(ss_field_filter_root(call->method->output, field), value, &call->arena,
                               &call->json.fields, r->st);
}

static enum ss_err read_one(struct reading *r, enum ss_system system, struct ss_slice name,
                            struct ss_slice value)
{
    struct ss_arena *a = &r->call->arena;
    if (system == SS_SYSTEM_UNKNOWN)
        return ss_status_violation(r->st, a, name,
                                   "unknown system parameter; there are $alt, $fields and $prettyPrint");
    if (system == SS_SYSTEM_CALLBACK)
        return ss_status_violation(r->st, a, name, "JSONP is not served; use CORS");
    if (r->seen[system])
        return SS_OK;
    r->seen[system] = true;
    if (system == SS_SYSTEM_ALT)
        return read_alt(r, name, value);
    if (system == SS_SYSTEM_FIELDS)
        return read_fields(r, value);
    if (system == SS_SYSTEM_PRETTY_PRINT)
        r->call->json.pretty =
            value.len == 0 || ss_slice_eq_ci(value, SS_LIT("true")) || ss_slice_eq(value, SS_LIT("1"));
    return SS_OK;
}

enum ss_err ss_call_read_system(struct ss_call *call, enum ss_stream_form *form, struct ss_status *st)
{
    const struct ss_rule *rule = ss_route_rule(call->match.route);
    struct reading r = {.call = call, .st = st, .form = form};
    struct ss_slice rest = call->query;
    struct ss_query_param raw;
    *form = SS_STREAM_UNSET;
    while (ss_query_next(&rest, &raw)) {
        struct ss_slice name, value;
        if (ss_percent_decode(raw.name, true, &call->arena, &name) != SS_OK)
            continue; /* binding says what is wrong with it */
        enum ss_system system = ss_system_of(rule, name);
        if (system == SS_SYSTEM_NONE || ss_percent_decode(raw.value, true, &call->arena, &value) != SS_OK)
            continue;
        if (read_one(&r, system, name, value) != SS_OK)
            return SS_ERR_INVALID;
    }
    return SS_OK;
}
