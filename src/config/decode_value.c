/* One decoder for each type of value. What a plain scalar means is YAML 1.2's core schema: `true` and `12`
 * are no strings unless quoted, `yes` and `on` are no booleans. */
#include "config/decode.h"

#include "base/buf.h"
#include "config/file.h"
#include "config/nearest.h"
#include "config/units.h"
#include "http/grpc_timeout.h"

static bool plain_bool(const struct ss_node *n, bool *value)
{
    static const char *const words[2][3] = {{"false", "False", "FALSE"}, {"true", "True", "TRUE"}};
    if (n->kind != SS_NODE_SCALAR || !n->plain)
        return false;
    for (int v = 0; v < 2; v++)
        for (size_t i = 0; i < 3; i++)
            if (ss_slice_eq(n->text, ss_slice_str(words[v][i]))) {
                *value = v;
                return true;
            }
    return false;
}

/* [-+]? ( [0-9]+ ( . [0-9]* )? | . [0-9]+ ) ( [eE] [-+]? [0-9]+ )? and the octal and hexadecimal integers */
static bool plain_number(const struct ss_node *n)
{
    if (n->kind != SS_NODE_SCALAR || !n->plain)
        return false;
    const char *p = n->text.ptr, *end = p + n->text.len;
    if (n->text.len > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'o'))
        return strspn(p + 2, p[1] == 'x' ? "0123456789abcdefABCDEF" : "01234567") == n->text.len - 2;
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    size_t whole = strspn(p, "0123456789"), part = 0;
    p += whole;
    if (*p == '.') {
        part = strspn(++p, "0123456789");
        p += part;
    }
    if (whole + part == 0)
        return false;
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '-' || *p == '+')
            p++;
        size_t exponent = strspn(p, "0123456789");
        if (exponent == 0)
            return false;
        p += exponent;
    }
    return p == end;
}

void ss_decode_wrong(struct ss_diag *d, const struct ss_node *value, const char *expected)
{
    bool b;
    int shown = value->text.len > 60 ? 60 : (int)value->text.len;
    switch (value->kind) {
    case SS_NODE_BROKEN:
        return;
    case SS_NODE_MAP:
        ss_diag_at(d, value, "expected %s, found a mapping", expected);
        return;
    case SS_NODE_LIST:
        ss_diag_at(d, value, "expected %s, found a list", expected);
        return;
    case SS_NODE_SCALAR:
        if (ss_node_is_null(value))
            ss_diag_at(d, value, "expected %s, found nothing", expected);
        else if (plain_bool(value, &b) || plain_number(value))
            ss_diag_at(d, value, "expected %s, found %.*s", expected, shown, value->text.ptr);
        else
            ss_diag_at(d, value, "expected %s, found \"%.*s\"", expected, shown, value->text.ptr);
        return;
    }
}

bool ss_decode_text(struct ss_diag *d, const struct ss_node *value, struct ss_slice *out)
{
    bool b;
    if (value->kind != SS_NODE_SCALAR || ss_node_is_null(value)) {
        ss_decode_wrong(d, value, "a string");
        return false;
    }
    if (plain_bool(value, &b) || plain_number(value)) {
        ss_decode_wrong(d, value, "a string (in quotes)");
        return false;
    }
    *out = value->text;
    return true;
}

void ss_decode_string(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)arg;
    struct ss_located *out = field;
    struct ss_slice text;
    if (ss_decode_text(d, value, &text))
        *out = (struct ss_located){text, value};
}

void ss_decode_path(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)arg;
    struct ss_located *out = field;
    struct ss_slice text;
    if (!ss_decode_text(d, value, &text))
        return;
    if (text.len == 0) {
        ss_diag_at(d, value, "expected a path, found an empty string");
        return;
    }
    *out = (struct ss_located){ss_path_join(value->source->dir, text, d->arena), value};
}

void ss_decode_strings(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)arg;
    struct ss_string_list *out = field;
    if (!ss_decode_is_list(d, value))
        return;
    *out = (struct ss_string_list){.items = ss_arena_alloc(d->arena, value->count * sizeof *out->items)};
    for (const struct ss_node *e = value->first; e; e = e->next)
        if (ss_decode_text(d, e, &out->items[out->n]))
            out->n++;
}

void ss_decode_bool(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)arg;
    bool v;
    if (plain_bool(value, &v))
        *(bool *)field = v;
    else
        ss_decode_wrong(d, value, "true or false");
}

static bool in_range(struct ss_diag *d, const struct ss_node *value, uint64_t v, const struct ss_range *range,
                     const char *unit)
{
    if (range == NULL || (v >= range->min && v <= range->max))
        return true;
    if (v < range->min)
        ss_diag_at(d, value, "%.*s is too small: the least is %llu%s", SS_FMT(value->text),
                   (unsigned long long)range->min, unit);
    else
        ss_diag_at(d, value, "%.*s is too large: the most is %llu%s", SS_FMT(value->text),
                   (unsigned long long)range->max, unit);
    return false;
}

void ss_decode_unsigned(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    static const struct ss_range all = {0, 1u << 30};
    uint64_t v;
    if (value->kind != SS_NODE_SCALAR || !value->plain || !ss_uint_parse(value->text, &v))
        ss_decode_wrong(d, value, "a whole number");
    else if (in_range(d, value, v, arg ? arg : &all, ""))
        *(unsigned *)field = (unsigned)v;
}

static bool bytes(struct ss_diag *d, const struct ss_node *value, const void *range, uint64_t *v)
{
    static const struct ss_range all = {0, UINT64_C(1) << 40};
    if (value->kind != SS_NODE_SCALAR || !ss_size_parse(value->text, v)) {
        ss_decode_wrong(d, value, "a size such as 4MiB, 64KiB or 65536");
        return false;
    }
    return in_range(d, value, *v, range ? range : &all, " bytes");
}

void ss_decode_bytes(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    uint64_t v;
    if (bytes(d, value, arg, &v))
        *(size_t *)field = (size_t)v;
}

void ss_decode_bytes64(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    uint64_t v;
    if (bytes(d, value, arg, &v))
        *(uint64_t *)field = v;
}

static bool milliseconds(struct ss_diag *d, const struct ss_node *value, const void *range, uint64_t *v)
{
    int64_t ms = 0;
    bool zero = ss_slice_eq(value->text, SS_LIT("0"));
    if (value->kind != SS_NODE_SCALAR || (!zero && ss_duration_parse(value->text, false, &ms) != SS_OK)) {
        ss_decode_wrong(d, value, "a duration such as 10s, 0.4s, 400ms or 5m");
        return false;
    }
    *v = (uint64_t)ms;
    return in_range(d, value, *v, range, "ms");
}

void ss_decode_ms(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    uint64_t v;
    if (milliseconds(d, value, arg, &v))
        *(uint64_t *)field = v;
}

void ss_decode_ms_signed(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    uint64_t v;
    if (milliseconds(d, value, arg, &v))
        *(int64_t *)field = (int64_t)v;
}

void ss_decode_choice(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    const struct ss_choices *choices = arg;
    struct ss_nearest near;
    struct ss_buf all;
    ss_nearest_init(&near, value->text);
    ss_buf_init(&all, 4096);
    bool found = false;
    for (size_t i = 0; i < choices->n && !found; i++) {
        struct ss_slice name = ss_slice_str(choices->list[i].name);
        found = value->kind == SS_NODE_SCALAR && ss_slice_eq(value->text, name);
        if (found)
            *(int *)field = choices->list[i].value;
        ss_nearest_offer(&near, name);
        ss_buf_printf(&all, "%s%s", i == 0 ? "" : i + 1 == choices->n ? " or " : ", ", choices->list[i].name);
    }
    if (!found) {
        struct ss_slice list = ss_arena_copy(d->arena, ss_buf_slice(&all));
        ss_decode_wrong(d, value, list.ptr);
    }
    ss_buf_dispose(&all);
}

bool ss_decode_is_off(const struct ss_node *node)
{
    bool b;
    return (plain_bool(node, &b) && !b) ||
           (node->kind == SS_NODE_SCALAR && node->plain && ss_slice_eq(node->text, SS_LIT("off")));
}

struct ss_slice *ss_slices_keep(const struct ss_slice *items, size_t n, struct ss_arena *a)
{
    if (n == 0)
        return NULL;
    struct ss_slice *kept = ss_arena_alloc(a, n * sizeof *kept);
    for (size_t i = 0; i < n; i++)
        kept[i] = ss_arena_copy(a, items[i]);
    return kept;
}

void ss_decode_node(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)d, (void)arg;
    *(const struct ss_node **)field = value;
}

void ss_decode_ignored(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)field, (void)arg;
    ss_diag_note(d, SS_LOG_DEBUG, value->key, "\"%.*s\" is ignored", SS_FMT(value->key->text));
}

void ss_decode_later(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)field;
    bool b = true, harmless = value->kind == SS_NODE_SCALAR
                                  ? ss_node_is_null(value) || (plain_bool(value, &b) && !b) ||
                                        (arg && ss_slice_eq(value->text, ss_slice_str(arg)))
                                  : value->count == 0;
    if (!harmless)
        ss_diag_at(d, value->key, "\"%.*s\" is not supported yet", SS_FMT(value->key->text));
}

void ss_decode_refused(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)field;
    ss_diag_at(d, value->key, "%s", (const char *)arg);
}
