#include "schema/load.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

enum { NAME_SHOWN = 256, TEXT_MAX = 1024 };

/* One printable line, whatever names it holds. */
static void make_printable(char *p, size_t n)
{
    size_t good = 0;
    while ((good += ss_utf8_valid_len(ss_slice_of(p + good, n - good))) < n)
        p[good] = '?';
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
            p[i] = '?';
}

static struct ss_slice shown(struct ss_slice s)
{
    s.len = s.len < NAME_SHOWN ? s.len : NAME_SHOWN;
    return s;
}

static struct ss_slice with_colon(struct ss_slice s, struct ss_arena *a)
{
    s = shown(s);
    return s.len ? ss_arena_printf(a, "%.*s: ", SS_FMT(s)) : s;
}

__attribute__((format(printf, 5, 0))) static void set_why(struct ss_load *l, struct ss_slice origin,
                                                          struct ss_slice file, struct ss_slice symbol,
                                                          const char *fmt, va_list ap)
{
    char text[TEXT_MAX];
    vsnprintf(text, sizeof(text), fmt, ap);
    struct ss_arena *a = l->why_arena;
    struct ss_slice o = with_colon(origin, a), f = with_colon(file, a), s = with_colon(symbol, a);
    struct ss_slice line = ss_arena_printf(a, "%.*s%.*s%.*s%s", SS_FMT(o), SS_FMT(f), SS_FMT(s), text);
    char *copy = ss_arena_alloc(a, line.len + 1);
    memcpy(copy, line.ptr, line.len + 1);
    make_printable(copy, line.len);
    *l->why = ss_slice_of(copy, line.len);
}

enum ss_err ss_load_fail(struct ss_load *l, const struct ss_file *file, const struct ss_symbol *symbol,
                         const char *fmt, ...)
{
    char name[SS_SYMBOL_MAX_LEN];
    size_t name_len = 0;
    va_list ap;
    if (symbol) {
        ss_symbol_write(symbol, name);
        name_len = symbol->full_len;
    }
    va_start(ap, fmt);
    set_why(l, file ? file->origin : ss_slice_of(NULL, 0), file ? file->name : ss_slice_of(NULL, 0),
            ss_slice_of(name, name_len), fmt, ap);
    va_end(ap);
    return SS_ERR_CONFIG;
}

enum ss_err ss_load_fail_set(struct ss_load *l, struct ss_slice origin, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set_why(l, origin, ss_slice_of(NULL, 0), ss_slice_of(NULL, 0), fmt, ap);
    va_end(ap);
    return SS_ERR_CONFIG;
}

enum ss_err ss_load_too_large(struct ss_load *l)
{
    return ss_load_fail(l, NULL, NULL, "the descriptors are too large");
}

static void *take(struct ss_arena *a, size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total))
        return NULL;
    void *p = ss_arena_try(a, total);
    return p ? memset(p, 0, total) : NULL;
}

void *ss_load_keep(struct ss_load *l, size_t n, size_t size)
{
    return take(&l->schema->arena, n, size);
}

void *ss_load_work(struct ss_load *l, size_t n, size_t size)
{
    return take(&l->work, n, size);
}

void *ss_load_scratch(struct ss_load *l, size_t n, size_t size)
{
    return take(&l->scratch, n, size);
}

struct ss_slice ss_load_copy(struct ss_load *l, struct ss_slice s)
{
    char *p = ss_arena_try(&l->schema->arena, s.len + 1);
    if (p == NULL)
        return ss_slice_of(NULL, 0);
    if (s.len)
        memcpy(p, s.ptr, s.len);
    p[s.len] = '\0';
    return ss_slice_of(p, s.len);
}

struct ss_slice ss_load_full_name(struct ss_load *l, const struct ss_symbol *symbol)
{
    char *p = ss_arena_try(&l->schema->arena, symbol->full_len + 1u);
    if (p == NULL)
        return ss_slice_of(NULL, 0);
    ss_symbol_write(symbol, p);
    p[symbol->full_len] = '\0';
    return ss_slice_of(p, symbol->full_len);
}
