/* The request line (RFC 9112 §3): exactly one space between its three parts, and the four forms of a target.
 * Bytes above 0x7F should have been percent-encoded (RFC 3986 §2.1), but curl and others send what was typed:
 * they pass, as HTTP/2 lets them, and count as if they were; whether they are UTF-8 is routing's to say. */
#include "http/chars.h"
#include "http/http1_head.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* unreserved and sub-delims of RFC 3986 §2, without the comma: it would join two hosts. */
static bool is_reg_name(char c)
{
    if (is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return true;
    return c != '\0' && strchr("-._~!$&'()*+;=", c) != NULL;
}

static bool port_valid(struct ss_slice port)
{
    unsigned value = 0;
    for (size_t i = 0; i < port.len; i++) {
        if (!is_digit(port.ptr[i]))
            return false;
        value = value * 10 + (unsigned)(port.ptr[i] - '0');
        if (value > 65535)
            return false;
    }
    return true;
}

/* The length of an IP-literal at the start of s, brackets included; 0 when it is none. */
static size_t ip_literal_len(struct ss_slice s)
{
    size_t i = 1;
    while (i < s.len && (is_hex(s.ptr[i]) || s.ptr[i] == ':' || s.ptr[i] == '.'))
        i++;
    return i > 2 && i < s.len && s.ptr[i] == ']' ? i + 1 : 0;
}

static size_t reg_name_len(struct ss_slice s)
{
    size_t i = 0;
    while (i < s.len) {
        if (is_reg_name(s.ptr[i]))
            i++;
        else if (s.ptr[i] == '%' && s.len - i > 2 && is_hex(s.ptr[i + 1]) && is_hex(s.ptr[i + 2]))
            i += 3;
        else
            break;
    }
    return i;
}

bool ss_head_host_valid(struct ss_slice host)
{
    size_t n = host.len && host.ptr[0] == '[' ? ip_literal_len(host) : reg_name_len(host);
    if (n == 0)
        return false;
    if (n == host.len)
        return true;
    return host.ptr[n] == ':' && port_valid(ss_slice_skip(host, n + 1));
}

/* Splits path?query into the head. */
static void set_path(struct ss_http1_head *head, struct ss_slice s)
{
    const char *mark = s.len ? memchr(s.ptr, '?', s.len) : NULL;
    head->path = s;
    head->query = ss_slice_of(s.ptr + s.len, 0);
    if (mark) {
        head->path.len = (size_t)(mark - s.ptr);
        head->query = ss_slice_skip(s, head->path.len + 1);
    }
}

/* http://authority[/path][?query]; s is what follows the scheme. */
static enum ss_err absolute_form(struct ss_head_parser *h, struct ss_slice s)
{
    struct ss_http1_head *head = h->head;
    size_t n = 0;
    while (n < s.len && s.ptr[n] != '/' && s.ptr[n] != '?')
        n++;
    head->host = ss_slice_of(s.ptr, n);
    if (!ss_head_host_valid(head->host))
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "bad authority in request target");
    h->absolute = true;
    set_path(head, ss_slice_skip(s, n));
    if (head->path.len == 0) /* RFC 9112 §3.2.1 and §3.2.4 */
        head->path = n == s.len && ss_slice_eq(head->method, SS_LIT("OPTIONS")) ? SS_LIT("*") : SS_LIT("/");
    return SS_OK;
}

static enum ss_err parse_target(struct ss_head_parser *h)
{
    struct ss_http1_head *head = h->head;
    struct ss_slice t = head->target;
    if (memchr(t.ptr, '#', t.len) != NULL)
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "fragment in request target");
    if (t.ptr[0] == '/') {
        set_path(head, t);
        return SS_OK;
    }
    if (ss_slice_eq(t, SS_LIT("*")) && ss_slice_eq(head->method, SS_LIT("OPTIONS"))) {
        set_path(head, t);
        return SS_OK;
    }
    if (t.len > 7 && strncasecmp(t.ptr, "http://", 7) == 0)
        return absolute_form(h, ss_slice_skip(t, 7));
    if (t.len > 8 && strncasecmp(t.ptr, "https://", 8) == 0)
        return absolute_form(h, ss_slice_skip(t, 8));
    return ss_head_refuse(h, SS_ERR_BAD_HTTP, "bad form of request target");
}

/* HTTP-version and CR LF at h->p. */
static enum ss_err parse_version(struct ss_head_parser *h)
{
    const char *p = h->p;
    if (h->end - p < 10 || memcmp(p, "HTTP/", 5) != 0 || !is_digit(p[5]) || p[6] != '.' || !is_digit(p[7]) ||
        p[8] != '\r' || p[9] != '\n')
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "bad HTTP version in request line");
    if (p[5] != '1' || p[7] > '1')
        return ss_head_refuse(h, SS_ERR_HTTP_VERSION, "HTTP version not supported");
    h->head->minor = p[7] - '0';
    h->p += 10;
    return SS_OK;
}

enum ss_err ss_head_request_line(struct ss_head_parser *h)
{
    struct ss_http1_head *head = h->head;
    char *start = h->p;
    while (ss_http_tchar(*h->p))
        h->p++;
    head->method = ss_slice_of(start, (size_t)(h->p - start));
    if (head->method.len == 0 || *h->p != ' ')
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "bad method in request line");
    start = ++h->p;
    h->p += ss_http_target_end(start, h->end) - start;
    head->target = ss_slice_of(start, (size_t)(h->p - start));
    if (head->target.len == 0 || *h->p != ' ')
        return ss_head_refuse(h, SS_ERR_BAD_HTTP, "bad request target");
    h->p++;
    enum ss_err err = parse_version(h);
    if (err != SS_OK)
        return err;
    if (ss_slice_eq(head->method, SS_LIT("CONNECT")))
        return ss_head_refuse(h, SS_ERR_NOT_IMPLEMENTED, "CONNECT is not supported");
    return parse_target(h);
}
