#include "route/target.h"

/* The length of the name at the start of rest: up to '.' or '[', but an extension's brackets belong to it. */
static size_t component_len(struct ss_slice rest)
{
    size_t i = 0;
    if (rest.len && rest.ptr[0] == '[') {
        const char *close = memchr(rest.ptr, ']', rest.len);
        return close ? (size_t)(close - rest.ptr) + 1 : rest.len;
    }
    while (i < rest.len && rest.ptr[i] != '.' && rest.ptr[i] != '[')
        i++;
    return i;
}

/* Whether what stands behind a field's name may stand there. */
static bool goes_on(const struct ss_field *f, struct ss_slice rest)
{
    if (rest.len == 0)
        return true;
    return rest.ptr[0] == '[' ? f->map : f->message && !f->repeated;
}

/* The field whose name stands at the start of rest, and the name. A json_name may have dots and brackets in
 * it: it is meant where nothing else is, and only names as long as there are such are tried, so that a long
 * parameter costs no more than its length. */
static const struct ss_field *take_field(const struct ss_message *m, struct ss_slice rest,
                                         struct ss_slice *component)
{
    *component = ss_slice_of(rest.ptr, component_len(rest));
    const struct ss_field *f = component->len ? ss_message_field_named(m, *component) : NULL;
    size_t longest = ss_message_longest_odd_name(m);
    if (longest == 0 || (f && goes_on(f, ss_slice_skip(rest, component->len))))
        return f;
    for (size_t n = 1; n <= rest.len && n <= longest; n++) {
        if (n < rest.len && rest.ptr[n] != '.' && rest.ptr[n] != '[')
            continue;
        struct ss_slice name = ss_slice_of(rest.ptr, n);
        const struct ss_field *odd = ss_message_field_named(m, name);
        if (odd && goes_on(odd, ss_slice_skip(rest, n))) {
            *component = name;
            return odd;
        }
    }
    return f;
}

/* at: where in name the unknown component begins. */
static enum ss_target_result unknown(const struct ss_message *m, struct ss_slice name, size_t at,
                                     struct ss_slice component, struct ss_arena *a, struct ss_slice *why)
{
    const struct ss_field *near = component.len ? ss_message_nearest_field(m, component) : NULL;
    if (near)
        *why = ss_arena_printf(a, "names no field of %.*s; did you mean \"%.*s%.*s\"?", SS_FMT(m->full_name),
                               (int)at, name.ptr, SS_FMT(near->json_name));
    else
        *why = ss_arena_printf(a, "names no field of %.*s", SS_FMT(m->full_name));
    return SS_TARGET_UNKNOWN;
}

static enum ss_target_result say(enum ss_target_result result, const struct ss_field *f, const char *what,
                                 struct ss_arena *a, struct ss_slice *why)
{
    *why = ss_arena_printf(a, "cannot be set: \"%.*s\" %s", SS_FMT(f->json_name), what);
    return result;
}

/* rest begins with the '[' behind a map's name. */
static enum ss_target_result take_key(const struct ss_field *f, struct ss_slice rest, struct ss_arena *a,
                                      struct ss_target *out, struct ss_slice *why)
{
    if (!f->map)
        return say(SS_TARGET_UNKNOWN, f, "is not a map and has no keys", a, why);
    if (rest.len < 2 || rest.ptr[rest.len - 1] != ']')
        return say(SS_TARGET_REFUSED, f, "is a map: its key must be in brackets, and nothing behind it", a,
                   why);
    if (!ss_field_takes_text(&f->message->fields[1]))
        return say(SS_TARGET_REFUSED, f, "is a map of messages, which only a body can hold", a, why);
    out->has_key = true;
    out->key = ss_slice_of(rest.ptr + 1, rest.len - 2);
    return SS_TARGET_FOUND;
}

static enum ss_target_result end_at(const struct ss_field *f, struct ss_arena *a, struct ss_slice *why)
{
    if (f->map)
        return say(SS_TARGET_REFUSED, f, "is a map: write a parameter NAME[KEY]=VALUE for each entry", a,
                   why);
    if (!ss_field_takes_text(f))
        return say(SS_TARGET_REFUSED, f, "is a message: name one of its fields, as in MESSAGE.FIELD", a, why);
    return SS_TARGET_FOUND;
}

enum ss_target_result ss_target_resolve(const struct ss_message *m, struct ss_slice name, struct ss_arena *a,
                                        struct ss_target *out, struct ss_slice *why)
{
    out->n = 0;
    out->has_key = false;
    for (size_t at = 0;;) {
        struct ss_slice rest = ss_slice_skip(name, at);
        struct ss_slice component;
        const struct ss_field *f = take_field(m, rest, &component);
        if (f == NULL)
            return unknown(m, name, at, component, a, why);
        if (f->extension && f->parent->message_set) /* an item of a set has no tag of its own */
            return say(SS_TARGET_REFUSED, f, "is in a message set: a parameter cannot reach it", a, why);
        if (out->n == SS_FIELD_PATH_MAX)
            return say(SS_TARGET_REFUSED, f, "is nested too deeply", a, why);
        out->fields[out->n++] = f;
        rest = ss_slice_skip(rest, component.len);
        if (rest.len == 0)
            return end_at(f, a, why);
        if (rest.ptr[0] == '[')
            return take_key(f, rest, a, out, why);
        if (rest.ptr[0] != '.')
            return unknown(m, name, at, SS_LIT(""), a, why);
        if (f->message == NULL)
            return say(SS_TARGET_UNKNOWN, f, "is not a message and has no fields", a, why);
        if (f->repeated)
            return say(SS_TARGET_REFUSED, f, "is repeated: a parameter cannot reach inside of it", a, why);
        m = f->message;
        at = (size_t)(rest.ptr - name.ptr) + 1;
    }
}
