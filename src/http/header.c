#include "http/header.h"

const struct ss_header *ss_header_find(const struct ss_header *headers, size_t n, struct ss_slice name)
{
    for (size_t i = 0; i < n; i++)
        if (ss_slice_eq(headers[i].name, name))
            return &headers[i];
    return NULL;
}

struct ss_slice ss_headers_join(const struct ss_header *headers, size_t n, struct ss_slice name,
                                const char *between, struct ss_arena *a)
{
    const struct ss_header *first = ss_header_find(headers, n, name);
    size_t len = 0, gap = strlen(between), count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!ss_slice_eq(headers[i].name, name))
            continue;
        len += headers[i].value.len + gap;
        count++;
    }
    if (count < 2)
        return first ? first->value : (struct ss_slice){0};
    char *text = ss_arena_alloc(a, len), *p = text;
    for (size_t i = 0; i < n; i++) {
        if (!ss_slice_eq(headers[i].name, name))
            continue;
        if (p > text) {
            memcpy(p, between, gap);
            p += gap;
        }
        if (headers[i].value.len)
            memcpy(p, headers[i].value.ptr, headers[i].value.len);
        p += headers[i].value.len;
    }
    return ss_slice_of(text, (size_t)(p - text));
}

void ss_headers_init(struct ss_headers *h, struct ss_arena *arena)
{
    h->fields = h->few;
    h->n = 0;
    h->cap = SS_HEADERS_FEW;
    h->arena = arena;
}

void ss_headers_grow(struct ss_headers *h, size_t more)
{
    size_t cap = h->cap * 2 > h->n + more ? h->cap * 2 : h->n + more;
    struct ss_header *fields = ss_arena_alloc(h->arena, cap * sizeof *fields);
    memcpy(fields, h->fields, h->n * sizeof *fields);
    h->fields = fields;
    h->cap = cap;
}

void ss_headers_put_all(struct ss_headers *h, const struct ss_header *from, size_t n)
{
    if (h->cap - h->n < n)
        ss_headers_grow(h, n);
    if (n)
        memcpy(&h->fields[h->n], from, n * sizeof *from);
    h->n += n;
}
