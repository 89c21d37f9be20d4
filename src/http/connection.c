/* The headers' names are sorted once, by length and then by bytes, and each token of the list is looked up
 * among them: to look for each header in the list would cost the square. */
#include "http/connection.h"

#include <stdlib.h>

#include "http/chars.h"

struct name {
    struct ss_slice text;
    size_t header; /* index */
};

static int compare(const void *x, const void *y)
{
    const struct name *a = x, *b = y;
    if (a->text.len != b->text.len)
        return a->text.len < b->text.len ? -1 : 1;
    return strncasecmp(a->text.ptr, b->text.ptr, a->text.len);
}

static struct name *sort_names(const struct ss_header *headers, size_t n, struct ss_arena *a)
{
    struct name *names = ss_arena_alloc(a, n * sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = (struct name){headers[i].name, i};
    qsort(names, n, sizeof *names, compare);
    return names;
}

/* What nearly every Connection says; headers of these names go nowhere in any case. */
static bool usual(struct ss_slice token)
{
    return ss_slice_eq_ci(token, SS_LIT("keep-alive")) || ss_slice_eq_ci(token, SS_LIT("upgrade")) ||
           ss_slice_eq_ci(token, SS_LIT("te"));
}

/* Flags every header of the name that found has; once, or a list that repeats itself would cost the square.
 */
static void flag_all(const struct name *names, size_t n, const struct name *found, bool *named)
{
    if (named[found->header])
        return;
    for (const struct name *p = found; p >= names && compare(p, found) == 0; p--)
        named[p->header] = true;
    for (const struct name *p = found + 1; p < names + n && compare(p, found) == 0; p++)
        named[p->header] = true;
}

const bool *ss_connection_named(const struct ss_header *headers, size_t n, struct ss_slice connection,
                                struct ss_arena *a)
{
    struct name *names = NULL;
    bool *named = NULL;
    struct ss_slice token;
    while (n && ss_http_token_next(&connection, &token)) {
        if (usual(token))
            continue;
        if (names == NULL)
            names = sort_names(headers, n, a);
        struct name key = {.text = token};
        const struct name *found = bsearch(&key, names, n, sizeof *names, compare);
        if (found == NULL)
            continue;
        if (named == NULL)
            named = ss_arena_zalloc(a, n * sizeof *named);
        flag_all(names, n, found, named);
    }
    return named;
}
