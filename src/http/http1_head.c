/* Two passes over a head. The first finds the empty line at its end from LF to LF with memchr, resumes where
 * an earlier call stopped, and refuses a bare LF at once, which would otherwise make it wait for an end that
 * the sender believes to have sent. The second parses, and may read up to the end found without looking for
 * it. What the first pass refuses depends only on the bytes up to that place, and never on how many have
 * come: a head has one verdict, however it was split. */
#include "http/http1_head.h"

#include "http/chars.h"

/* The head's end within p[0..n), of which seen bytes are known not to hold it. 0: incomplete. -1: not HTTP.
 */
static ssize_t find_end(const char *p, size_t n, size_t seen, const char **why)
{
    size_t start = 0;
    if (n && p[0] == '\r') {
        if (n > 1 && p[1] != '\n')
            return *why = "bare CR before the request line", -1;
        start = 2;
    }
    if (n > start && !ss_http_tchar(p[start]))
        return *why = "request line does not begin with a method", -1;
    size_t from = seen > start ? seen : start;
    while (from < n) {
        const char *lf = memchr(p + from, '\n', n - from);
        if (lf == NULL)
            break;
        size_t at = (size_t)(lf - p);
        if (p[at - 1] != '\r') /* at > 0, since p[start] is a tchar */
            return *why = "bare LF", -1;
        if (at >= start + 3 && p[at - 2] == '\n')
            return (ssize_t)at + 1;
        from = at + 1;
    }
    return 0;
}

static enum ss_err refuse_name(struct ss_head_parser *h, const char *name)
{
    char c = *h->p;
    if (h->p == name && ss_http_space(c))
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "folded header line");
    if (h->p == name && c == ':')
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "empty header name");
    if (ss_http_space(c))
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "space in header name");
    if (c == '\r')
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "header line without a colon");
    return ss_head_refuse(h, SS_ERR_BAD_HTTP, "bad character in header name");
}

/* One field line with its CR LF. */
static enum ss_err parse_field(struct ss_head_parser *h, struct ss_header *f)
{
    char *name = h->p, *p = name; /* a local, since a store through h->p might change h */
    for (char c; (c = ss_http_tchar(*p)) != 0; p++)
        *p = c;
    h->p = p;
    if (*p != ':' || p == name)
        return refuse_name(h, name);
    f->name = ss_slice_of(name, (size_t)(p - name));
    const char *value = p + 1;
    while (ss_http_space(*value))
        value++;
    const char *end = ss_http_value_end(value, h->end);
    if (end[0] != '\r') /* end < h->end, for CR LF CR LF is a control byte */
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "control character in header value");
    if (end[1] != '\n')
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "bare CR in header value");
    h->p = p + (end + 2 - p);
    while (end > value && ss_http_space(end[-1]))
        end--;
    f->value = ss_slice_of(value, (size_t)(end - value));
    return SS_OK;
}

static enum ss_err parse_fields(struct ss_head_parser *h, unsigned max, struct ss_header *fields)
{
    size_t n = 0;
    while (h->p[0] != '\r') {
        if (n == max)
            return ss_head_refuse(h, SS_ERR_HEADERS_TOO_LARGE, "too many headers");
        enum ss_err err = parse_field(h, &fields[n]);
        if (err == SS_OK)
            err = ss_head_field(h, &fields[n]);
        if (err != SS_OK)
            return err;
        n++;
    }
    /* The only CR that begins a line and is followed by LF is the last one. */
    if (h->p[1] != '\n')
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "bare CR at the start of a header line");
    h->head->headers = fields;
    h->head->n_headers = n;
    return SS_OK;
}

ssize_t ss_http1_parse_head(char *p, size_t n, size_t seen, const struct ss_http1_limits *limits,
                            struct ss_header *headers, struct ss_http1_head *out, const char **why)
{
    size_t scan = n < limits->max_head_bytes ? n : limits->max_head_bytes;
    *out = (struct ss_http1_head){0};
    *why = NULL;
    ssize_t end = find_end(p, scan, seen < scan ? seen : scan, why);
    if (end < 0)
        return -(ssize_t)SS_ERR_BAD_HTTP;
    if (end == 0 && n >= limits->max_head_bytes) {
        *why = "head too large";
        return -(ssize_t)SS_ERR_HEADERS_TOO_LARGE;
    }
    if (end == 0)
        return 0;
    struct ss_head_parser h = {.p = p, .end = p + end, .head = out};
    if (*p == '\r')
        h.p += 2;
    enum ss_err err = ss_head_request_line(&h);
    if (err == SS_OK)
        err = parse_fields(&h, limits->max_headers, headers);
    if (err == SS_OK)
        err = ss_head_conclude(&h);
    *why = h.why;
    return err == SS_OK ? end : -(ssize_t)err;
}
