#include "config/diag.h"

#include <stdarg.h>
#include <stdio.h>

void ss_diag_init(struct ss_diag *d, struct ss_arena *a)
{
    *d = (struct ss_diag){.arena = a};
    d->errors_end = &d->errors;
    d->notes_end = &d->notes;
}

struct ss_slice ss_diag_position(const struct ss_node *at, struct ss_arena *a)
{
    if (at->line == 0) /* of no file: a flag */
        return at->source->name;
    return ss_arena_printf(a, "%.*s:%u:%u", SS_FMT(at->source->name), at->line, at->column);
}

__attribute__((format(printf, 3, 0))) static struct ss_slice
one_line(struct ss_arena *a, const struct ss_node *at, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, ap);
    struct ss_slice where = at ? ss_diag_position(at, a) : (struct ss_slice){"", 0};
    size_t prefix = at ? where.len + 2 : 0, n = len < 0 ? 0 : (size_t)len;
    char *text = ss_arena_alloc(a, prefix + n + 1);
    if (at) {
        memcpy(text, where.ptr, where.len);
        memcpy(text + where.len, ": ", 2);
    }
    text[prefix] = '\0';
    vsnprintf(text + prefix, n + 1, fmt, again);
    va_end(again);
    for (size_t i = 0; i < prefix + n; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = '?';
    return ss_slice_of(text, prefix + n);
}

static void push(struct ss_diag *d, struct ss_config_error ***end, enum ss_log_level level,
                 struct ss_slice text)
{
    struct ss_config_error *e = ss_arena_alloc(d->arena, sizeof *e);
    *e = (struct ss_config_error){.text = text, .level = level};
    **end = e;
    *end = &e->next;
}

void ss_diag_at(struct ss_diag *d, const struct ss_node *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    push(d, &d->errors_end, SS_LOG_ERROR, one_line(d->arena, at, fmt, ap));
    va_end(ap);
    d->n_errors++;
}

void ss_diag_text(struct ss_diag *d, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    push(d, &d->errors_end, SS_LOG_ERROR, one_line(d->arena, NULL, fmt, ap));
    va_end(ap);
    d->n_errors++;
}

void ss_diag_note(struct ss_diag *d, enum ss_log_level level, const struct ss_node *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    push(d, &d->notes_end, level, one_line(d->arena, at, fmt, ap));
    va_end(ap);
}
