#include <stdlib.h>

#include "net/address.h"
#include "upstream/cluster_config.h"

enum { DEFAULT_PORT = 443, MAX_ADDRESSES = 64 };

static enum ss_err fail(struct ss_arena *a, struct ss_slice text, const char *what, struct ss_slice *why)
{
    *why = ss_arena_printf(a, "target \"%.*s\": %s", SS_FMT(text), what);
    return SS_ERR_CONFIG;
}

static bool parse_port(struct ss_slice text, uint16_t *port)
{
    unsigned long v = 0;
    if (text.len == 0 || text.len > 5)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        v = v * 10 + (unsigned long)(text.ptr[i] - '0');
    }
    *port = (uint16_t)v;
    return v > 0 && v <= 65535;
}

static bool valid_host(struct ss_slice host)
{
    for (size_t i = 0; i < host.len; i++) {
        unsigned char c = (unsigned char)host.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == '/' || c == '@' || c == '?' || c == '#' || c == '[' || c == ']')
            return false;
    }
    return host.len > 0 && host.len <= 255;
}

/* "host", "host:port", "[v6]:port", "[v6]". */
static enum ss_err parse_dns(struct ss_slice rest, struct ss_arena *a, struct ss_target *out,
                             struct ss_slice *why, struct ss_slice text)
{
    struct ss_slice host = rest, port = {0};
    if (rest.len && rest.ptr[0] == '[') {
        const char *close = memchr(rest.ptr, ']', rest.len);
        if (close == NULL)
            return fail(a, text, "'[' without ']'", why);
        host = ss_slice_of(rest.ptr + 1, (size_t)(close - rest.ptr) - 1);
        struct ss_slice tail = ss_slice_skip(rest, host.len + 2);
        if (tail.len && tail.ptr[0] != ':')
            return fail(a, text, "expected ':' and a port behind ']'", why);
        if (tail.len)
            port = ss_slice_skip(tail, 1);
        if (tail.len && port.len == 0)
            return fail(a, text, "the port is missing", why);
    } else {
        const char *start = rest.ptr ? rest.ptr : "", *colon = memrchr(start, ':', rest.len);
        if (colon) {
            host = ss_slice_of(start, (size_t)(colon - start));
            port = ss_slice_skip(rest, host.len + 1);
            if (port.len == 0)
                return fail(a, text, "the port is missing", why);
            if (ss_slice_starts(rest, SS_LIT("http://")) || ss_slice_starts(rest, SS_LIT("https://")))
                return fail(a, text, "a target is not a URL: expected host:port", why);
            if (memchr(host.ptr, ':', host.len))
                return fail(a, text, "an IPv6 address needs brackets: [::1]:50051", why);
        }
    }
    if (!valid_host(host))
        return fail(a, text, "expected host:port", why);
    out->port = DEFAULT_PORT;
    if (port.len && !parse_port(port, &out->port))
        return fail(a, text, "expected a port between 1 and 65535", why);
    out->kind = SS_TARGET_DNS;
    out->host = ss_arena_copy(a, host);
    out->authority = ss_arena_copy(a, rest);
    return SS_OK;
}

static enum ss_err parse_list(struct ss_slice rest, sa_family_t family, struct ss_arena *a,
                              struct ss_target *out, struct ss_slice *why, struct ss_slice text)
{
    out->kind = SS_TARGET_ADDRESSES;
    out->addresses = ss_arena_zalloc(a, MAX_ADDRESSES * sizeof *out->addresses);
    while (true) {
        const char *comma = memchr(rest.ptr, ',', rest.len);
        struct ss_slice one = ss_slice_of(rest.ptr, comma ? (size_t)(comma - rest.ptr) : rest.len);
        if (out->n_addresses == MAX_ADDRESSES)
            return fail(a, text, "more than 64 addresses", why);
        struct ss_address *at = &out->addresses[out->n_addresses];
        if (ss_address_parse(one, at) != SS_OK || at->addr.ss_family != family)
            return fail(a, text, "expected ADDRESS:PORT, and more of them behind commas", why);
        if (out->n_addresses++ == 0)
            out->authority = ss_arena_copy(a, one);
        if (comma == NULL)
            return SS_OK;
        rest = ss_slice_skip(rest, one.len + 1);
    }
}

static enum ss_err parse_unix(struct ss_slice path, bool abstract, struct ss_arena *a, struct ss_target *out,
                              struct ss_slice *why, struct ss_slice text)
{
    struct ss_slice at = ss_arena_printf(a, "unix:%s%.*s", abstract ? "@" : "", SS_FMT(path));
    out->kind = SS_TARGET_ADDRESSES;
    out->addresses = ss_arena_zalloc(a, sizeof *out->addresses);
    out->n_addresses = 1;
    out->authority = SS_LIT("localhost");
    if (path.len == 0 || ss_address_parse(at, out->addresses) != SS_OK)
        return fail(a, text, "expected the path of a socket, of at most 107 bytes", why);
    return SS_OK;
}

static bool take(struct ss_slice *s, struct ss_slice prefix)
{
    if (!ss_slice_starts(*s, prefix))
        return false;
    *s = ss_slice_skip(*s, prefix.len);
    return true;
}

enum ss_err ss_target_parse(struct ss_slice text, struct ss_arena *a, struct ss_target *out,
                            struct ss_slice *why)
{
    struct ss_slice rest = text;
    *out = (struct ss_target){0};
    if (take(&rest, SS_LIT("unix:"))) {
        if (ss_slice_starts(rest, SS_LIT("///")))
            rest = ss_slice_skip(rest, 2);
        return parse_unix(rest, false, a, out, why, text);
    }
    if (take(&rest, SS_LIT("unix-abstract:")))
        return parse_unix(rest, true, a, out, why, text);
    if (take(&rest, SS_LIT("ipv4:")))
        return parse_list(rest, AF_INET, a, out, why, text);
    if (take(&rest, SS_LIT("ipv6:")))
        return parse_list(rest, AF_INET6, a, out, why, text);
    if (take(&rest, SS_LIT("dns:"))) {
        if (take(&rest, SS_LIT("//"))) {
            if (!take(&rest, SS_LIT("/")))
                return fail(
                    a, text,
                    "a DNS server of its own (dns://server/name) is not supported; use dns:///name:port",
                    why);
        }
    }
    return parse_dns(rest, a, out, why, text);
}
