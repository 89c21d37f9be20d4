#include "http/multipart_head.h"

#include "base/utf8.h"
#include "http/chars.h"
#include "http/media_range.h"

struct head {
    struct ss_multipart_part *part;
    const char *why;
    bool disposition, type; /* have been there */
};

static enum ss_err refuse(struct head *h, const char *why)
{
    h->why = why;
    return SS_ERR_INVALID;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A parameter's value without quotes. A backslash escapes a quote or a backslash and else is one: browsers
 * write paths as they are (HTML Standard, "multipart/form-data encoding algorithm"), others escape both. */
static struct ss_slice unquote(char *p, size_t n)
{
    if (n < 2 || p[0] != '"')
        return ss_slice_of(p, n);
    size_t len = 0;
    for (size_t i = 1; i + 1 < n; i++, len++) {
        if (p[i] == '\\' && i + 2 < n && (p[i + 1] == '"' || p[i + 1] == '\\'))
            i++;
        p[len] = p[i];
    }
    return ss_slice_of(p, len);
}

/* filename*: UTF-8'language'percent-encoded (RFC 8187 §3.2). False when it is something else. */
static bool extended(char *p, size_t n, struct ss_slice *out)
{
    static const struct ss_slice CHARSET = SS_LIT("utf-8'");
    if (n < CHARSET.len || !ss_slice_eq_ci(ss_slice_of(p, CHARSET.len), CHARSET))
        return false;
    const char *quote = memchr(p + CHARSET.len, '\'', n - CHARSET.len);
    if (quote == NULL)
        return false;
    size_t len = 0;
    for (size_t i = (size_t)(quote - p) + 1; i < n; i++, len++) {
        p[len] = p[i];
        if (p[i] != '%')
            continue;
        int high = n - i > 2 ? hex_value(p[i + 1]) : -1, low = n - i > 2 ? hex_value(p[i + 2]) : -1;
        if (high < 0 || low < 0)
            return false;
        p[len] = (char)(high << 4 | low);
        i += 2;
    }
    *out = ss_slice_of(p, len);
    return ss_http_value_end(p, p + len) == p + len;
}

struct disposition {
    bool name, filename, extended; /* have been there */
};

static enum ss_err disposition_param(struct head *h, struct disposition *d,
                                     const struct ss_media_param *param, char *value)
{
    struct ss_multipart_part *part = h->part;
    if (ss_slice_eq_ci(param->name, SS_LIT("name"))) {
        if (d->name)
            return refuse(h, "a part with two names");
        d->name = true;
        part->name = unquote(value, param->value.len);
    } else if (ss_slice_eq_ci(param->name, SS_LIT("filename"))) {
        if (d->filename)
            return refuse(h, "a part with two filenames");
        d->filename = true;
        struct ss_slice plain = unquote(value, param->value.len);
        part->filename = d->extended ? part->filename : plain;
    } else if (ss_slice_eq_ci(param->name, SS_LIT("filename*"))) {
        if (d->extended || !extended(value, param->value.len, &part->filename))
            return refuse(h, "a part with a bad filename*");
        d->extended = true;
    }
    part->is_file = d->filename || d->extended;
    return SS_OK;
}

/* value: within the head, n bytes. */
static enum ss_err disposition(struct head *h, char *value, size_t n)
{
    static const struct ss_slice FORM_DATA = SS_LIT("form-data");
    struct ss_media_param param;
    struct disposition d = {0};
    if (h->disposition)
        return refuse(h, "a part with two Content-Dispositions");
    h->disposition = true;
    size_t token = 0;
    while (token < n && ss_http_tchar(value[token]))
        token++;
    if (!ss_slice_eq_ci(ss_slice_of(value, token), FORM_DATA))
        return refuse(h, "a part that is not form-data");
    struct ss_slice rest = ss_http_trim(ss_slice_of(value + token, n - token));
    if (rest.len && rest.ptr[0] != ';')
        return refuse(h, "a malformed Content-Disposition");
    int got;
    while ((got = ss_media_param_next(&rest, &param)) > 0) {
        enum ss_err err = disposition_param(h, &d, &param, value + (param.value.ptr - value));
        if (err != SS_OK)
            return err;
    }
    if (got < 0)
        return refuse(h, "a malformed Content-Disposition");
    if (h->part->name.len == 0)
        return refuse(h, "a part without a name");
    if (!ss_utf8_valid(h->part->name) || !ss_utf8_valid(h->part->filename))
        return refuse(h, "a part whose name is not UTF-8");
    return SS_OK;
}

static enum ss_err field(struct head *h, struct ss_slice name, char *p, size_t n)
{
    struct ss_slice value = ss_http_trim(ss_slice_of(p, n));
    if (ss_slice_eq_ci(name, SS_LIT("content-disposition")))
        return disposition(h, p + (value.ptr - p), value.len);
    if (ss_slice_eq_ci(name, SS_LIT("content-type"))) {
        if (h->type || !ss_utf8_valid(value))
            return refuse(h, "a part with a bad Content-Type");
        h->type = true;
        h->part->content_type = value;
    } else if (ss_slice_eq_ci(name, SS_LIT("content-transfer-encoding"))) {
        /* RFC 7578 §4.7: senders should not; what it would change is not done here */
        if (!ss_slice_eq_ci(value, SS_LIT("7bit")) && !ss_slice_eq_ci(value, SS_LIT("8bit")) &&
            !ss_slice_eq_ci(value, SS_LIT("binary")))
            return refuse(h, "a part with a transfer encoding");
    }
    return SS_OK;
}

/* One line, without its CR LF. */
static enum ss_err line(struct head *h, char *p, size_t n)
{
    size_t name = 0;
    while (name < n && ss_http_tchar(p[name]))
        name++;
    if (name == 0 || name == n || p[name] != ':')
        return refuse(h, "a malformed line in a part's head");
    if (ss_http_value_end(p + name, p + n) != p + n)
        return refuse(h, "a control character in a part's head");
    return field(h, ss_slice_of(p, name), p + name + 1, n - name - 1);
}

enum ss_err ss_multipart_head(char *head, size_t n, struct ss_multipart_part *part, const char **why)
{
    struct head h = {.part = part};
    enum ss_err err = SS_OK;
    *part = (struct ss_multipart_part){0};
    for (size_t at = 0; err == SS_OK && at + 2 < n;) {
        const char *lf = memchr(head + at, '\n', n - at);
        size_t len = lf ? (size_t)(lf - head) - at : 0;
        err = len ? line(&h, head + at, len - 1) : refuse(&h, "a malformed line in a part's head");
        at += len + 1;
    }
    if (err == SS_OK && !h.disposition)
        err = refuse(&h, "a part without Content-Disposition");
    *why = h.why;
    return err;
}

/* RFC 2046 §5.1.1: bcharsnospace and space, no space at the end. */
static bool boundary_valid(struct ss_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i], lower = (char)(c | 0x20);
        if (!(c >= '0' && c <= '9') && !(lower >= 'a' && lower <= 'z') &&
            (c == '\0' || !strchr("'()+_,-./:=? ", c)))
            return false;
    }
    return s.len > 0 && s.len <= SS_MULTIPART_BOUNDARY && s.ptr[s.len - 1] != ' ';
}

enum ss_err ss_multipart_boundary(struct ss_slice content_type, struct ss_slice *boundary)
{
    struct ss_media_range range;
    struct ss_media_param param;
    int found = 0, got;
    if (!ss_media_range_parse(content_type, &range) || !ss_slice_eq_ci(range.type, SS_LIT("multipart")) ||
        !ss_slice_eq_ci(range.subtype, SS_LIT("form-data")))
        return SS_ERR_INVALID;
    while ((got = ss_media_param_next(&range.params, &param)) > 0)
        if (ss_slice_eq_ci(param.name, SS_LIT("boundary"))) {
            *boundary = param.value;
            found++;
        }
    if (got < 0 || found != 1)
        return SS_ERR_INVALID;
    if (boundary->ptr[0] == '"')
        *boundary = ss_slice_of(boundary->ptr + 1, boundary->len - 2);
    return boundary_valid(*boundary) ? SS_OK : SS_ERR_INVALID;
}
