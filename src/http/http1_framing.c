/* The fields that say where a message ends and whether its connection goes on (RFC 9112 §6, §9). A proxy
 * before us may have read an ambiguous one differently: then the bytes behind the message are a request that
 * someone smuggled. So nothing here is repaired. */
#include "http/chars.h"
#include "http/http1_head.h"

static enum ss_err take_length(struct ss_head_parser *h, struct ss_slice v)
{
    struct ss_http1_head *head = h->head;
    if (head->has_length)
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "repeated Content-Length");
    uint64_t length = 0;
    for (size_t i = 0; i < v.len; i++) {
        unsigned digit = (unsigned)(unsigned char)v.ptr[i] - '0';
        if (digit > 9 || length > ((uint64_t)INT64_MAX - digit) / 10)
            return ss_head_refuse(h, SS_ERR_BAD_HTTP, "bad Content-Length");
        length = length * 10 + digit;
    }
    if (v.len == 0)
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "bad Content-Length");
    head->has_length = true;
    head->length = length;
    return SS_OK;
}

/* A list that is not the one word "chunked". */
static enum ss_err refuse_codings(struct ss_head_parser *h, struct ss_slice list)
{
    struct ss_slice coding;
    bool last = false, any = false;
    while (ss_http_list_next(&list, &coding)) {
        size_t n = 0;
        while (n < coding.len && ss_http_tchar(coding.ptr[n]))
            n++;
        struct ss_slice rest = ss_http_trim(ss_slice_skip(coding, n));
        if (n == 0 || (rest.len && rest.ptr[0] != ';'))
            return ss_head_refuse(h, SS_ERR_BAD_HTTP, "bad Transfer-Encoding");
        if (last)
            return ss_head_refuse(h, SS_ERR_BAD_HTTP, "chunked is not the last transfer coding");
        last = ss_slice_eq_ci(ss_slice_of(coding.ptr, n), SS_LIT("chunked"));
        if (last && rest.len)
            return ss_head_refuse(h, SS_ERR_BAD_HTTP, "parameter of chunked");
        any = any || !last;
    }
    if (!any)
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "bad Transfer-Encoding");
    return ss_head_refuse(h, SS_ERR_NOT_IMPLEMENTED, "transfer coding not supported");
}

static enum ss_err take_coding(struct ss_head_parser *h, struct ss_slice v)
{
    if (h->head->minor == 0)
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "Transfer-Encoding in HTTP/1.0");
    if (h->has_coding)
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "repeated Transfer-Encoding");
    h->has_coding = true;
    if (!ss_slice_eq_ci(v, SS_LIT("chunked")))
        return refuse_codings(h, v);
    h->head->chunked = true;
    return SS_OK;
}

static enum ss_err take_host(struct ss_head_parser *h, struct ss_slice v)
{
    if (h->has_host)
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "repeated Host");
    h->has_host = true;
    h->host = v;
    if (v.len == 0 && h->head->minor == 0)
        return SS_OK;
    return ss_head_host_valid(v) ? SS_OK : ss_head_refuse(h, SS_ERR_BAD_HTTP, "bad Host");
}

static void take_connection(struct ss_head_parser *h, struct ss_slice v)
{
    struct ss_slice option;
    while (ss_http_token_next(&v, &option)) {
        h->close = h->close || ss_slice_eq_ci(option, SS_LIT("close"));
        h->keep = h->keep || ss_slice_eq_ci(option, SS_LIT("keep-alive"));
        h->switching = h->switching || ss_slice_eq_ci(option, SS_LIT("upgrade"));
    }
}

static void take_te(struct ss_head_parser *h, struct ss_slice v)
{
    struct ss_slice coding;
    while (h->head->minor > 0 && ss_http_token_next(&v, &coding))
        h->head->te_trailers = h->head->te_trailers || ss_slice_eq_ci(coding, SS_LIT("trailers"));
}

/* RFC 9110 §10.1.1: HTTP/1.0 clients do not mean it. */
static enum ss_err take_expect(struct ss_head_parser *h, struct ss_slice v)
{
    if (h->head->minor == 0)
        return SS_OK;
    if (!ss_slice_eq_ci(v, SS_LIT("100-continue")))
        return ss_head_refuse(h, SS_ERR_EXPECTATION, "unknown expectation");
    h->head->expect_continue = true;
    return SS_OK;
}

/* name is as long as f's. */
static inline bool is(const struct ss_header *f, struct ss_slice name)
{
    return f->name.ptr[0] == name.ptr[0] && memcmp(f->name.ptr, name.ptr, name.len) == 0;
}

enum ss_err ss_head_field(struct ss_head_parser *h, const struct ss_header *f)
{
    switch (f->name.len) {
    case 2:
        if (is(f, SS_LIT("te")))
            take_te(h, f->value);
        return SS_OK;
    case 4:
        return is(f, SS_LIT("host")) ? take_host(h, f->value) : SS_OK;
    case 6:
        return is(f, SS_LIT("expect")) ? take_expect(h, f->value) : SS_OK;
    case 7:
        if (is(f, SS_LIT("upgrade")))
            h->saw_upgrade = h->saw_upgrade || f->value.len > 0;
        return SS_OK;
    case 10:
        if (is(f, SS_LIT("connection")))
            take_connection(h, f->value);
        return SS_OK;
    case 14:
        return is(f, SS_LIT("content-length")) ? take_length(h, f->value) : SS_OK;
    case 17:
        return is(f, SS_LIT("transfer-encoding")) ? take_coding(h, f->value) : SS_OK;
    default:
        return SS_OK;
    }
}

enum ss_err ss_head_conclude(struct ss_head_parser *h)
{
    struct ss_http1_head *head = h->head;
    if (head->chunked && head->has_length)
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "both Content-Length and Transfer-Encoding");
    if (head->minor > 0 && !h->has_host)
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "missing Host");
    if (!h->absolute) /* else the authority stands, RFC 9112 §3.2.2 */
        head->host = h->host;
    head->keep_alive = !h->close && (head->minor > 0 || h->keep);
    head->upgrade = head->minor > 0 && h->switching && h->saw_upgrade; /* RFC 9110 §7.8 */
    return SS_OK;
}
