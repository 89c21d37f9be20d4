#include "route/query.h"

#include "base/percent.h"
#include "route/route.h"

bool ss_query_next(struct ss_slice *rest, struct ss_query_param *out)
{
    while (rest->len && rest->ptr[0] == '&')
        *rest = ss_slice_skip(*rest, 1);
    if (rest->len == 0)
        return false;
    const char *start = rest->ptr, *amp = memchr(start, '&', rest->len);
    size_t len = amp ? (size_t)(amp - start) : rest->len;
    const char *eq = memchr(start, '=', len);
    size_t name_len = eq ? (size_t)(eq - start) : len;
    out->name = ss_slice_of(start, name_len);
    out->value = eq ? ss_slice_of(eq + 1, len - name_len - 1) : ss_slice_of(start + len, 0);
    *rest = ss_slice_skip(*rest, len);
    return true;
}

bool ss_query_get(struct ss_slice query, struct ss_slice name, struct ss_arena *a, struct ss_slice *value)
{
    struct ss_query_param p;
    while (ss_query_next(&query, &p)) {
        struct ss_slice decoded;
        if (ss_percent_decode(p.name, true, a, &decoded) == SS_OK && ss_slice_eq(decoded, name))
            return ss_percent_decode(p.value, true, a, value) == SS_OK;
    }
    return false;
}
