#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

/* At most 1023 bytes, cut between characters. */
__attribute__((format(printf, 2, 0))) static struct ss_slice vprint(struct ss_arena *a, const char *fmt,
                                                                    va_list ap)
{
    char text[1024];
    int n = vsnprintf(text, sizeof text, fmt, ap);
    size_t len = n < 0 ? 0 : (size_t)n;
    if (len >= sizeof text)
        for (len = sizeof text - 1; len && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
            continue;
    return ss_arena_copy(a, ss_slice_of(text, len));
}

enum ss_err ss_status_set(struct ss_status *st, struct ss_arena *a, enum ss_err err, const char *fmt, ...)
{
    *st = (struct ss_status){.err = err, .code = (int)ss_err_code(err), .note = fmt};
    va_list ap;
    va_start(ap, fmt);
    st->message = vprint(a, fmt, ap);
    va_end(ap);
    return err;
}

enum ss_err ss_status_violation(struct ss_status *st, struct ss_arena *a, struct ss_slice field,
                                const char *fmt, ...)
{
    struct ss_violation *v = ss_arena_zalloc(a, sizeof *v), **link = &st->violations;
    va_list ap;
    va_start(ap, fmt);
    v->field = ss_arena_copy(a, field);
    v->description = vprint(a, fmt, ap);
    va_end(ap);
    while (*link)
        link = &(*link)->next;
    *link = v;
    if (st->violations == v) {
        st->err = SS_ERR_INVALID;
        st->code = SS_CODE_INVALID_ARGUMENT;
        st->note = fmt;
        st->message =
            field.len ? ss_arena_printf(a, "%.*s: %s", SS_FMT(field), v->description.ptr) : v->description;
    }
    return SS_ERR_INVALID;
}

enum ss_err ss_status_say(struct ss_status *st, struct ss_arena *a, enum ss_err err, const char *text)
{
    ss_status_set(st, a, err, "%s", text);
    st->note = text;
    return err;
}

/* The end of the printf conversion that begins at p, behind its %. */
static const char *skip_conversion(const char *p)
{
    p += strspn(p, "-+ #0123456789.*hlzjtL");
    return *p ? p + 1 : p;
}

void ss_status_note(const struct ss_status *st, char *out, size_t size)
{
    static const char value[] = "…";
    const char *p = st->note ? st->note : "";
    size_t n = 0;
    bool after_value = false;
    if (*p == '%') /* what matters is a value */
        p = ss_err_text(st->err);
    while (*p && n + sizeof value < size) {
        bool conversion = *p == '%' && p[1] != '%';
        if (conversion && !after_value) {
            memcpy(out + n, value, sizeof value - 1);
            n += sizeof value - 1;
        } else if (!conversion) {
            out[n++] = *p;
        }
        after_value = conversion;
        p = conversion ? skip_conversion(p + 1) : p + (*p == '%' ? 2 : 1);
    }
    out[n] = '\0';
}
