#include "net/address_impl.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/un.h>

enum { UNIX_PATH = offsetof(struct sockaddr_un, sun_path) };

static enum ss_err parse_unix(struct ss_slice path, struct ss_address *out)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&out->addr;
    bool abstract = path.len != 0 && path.ptr[0] == '@';
    if (path.len <= (abstract ? 1u : 0u) || path.len >= sizeof(un->sun_path) ||
        memchr(path.ptr, '\0', path.len))
        return SS_ERR_INVALID;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path.ptr, path.len);
    out->len = (socklen_t)(UNIX_PATH + path.len + 1);
    if (abstract) {
        un->sun_path[0] = '\0';
        out->len--; /* an abstract name is all of its bytes, without NUL */
    }
    return SS_OK;
}

static bool parse_port(struct ss_slice text, in_port_t *out)
{
    unsigned port = 0;
    if (text.len == 0 || text.len > 5)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        port = port * 10 + (unsigned)(text.ptr[i] - '0');
    }
    *out = htons((in_port_t)port);
    return port <= 65535;
}

/* Copies text as a C string; false if it does not fit. */
static bool to_cstr(struct ss_slice text, char *out, size_t size)
{
    if (text.len == 0 || text.len >= size || memchr(text.ptr, '\0', text.len))
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

/* Between the brackets: address, or address%interface. */
static bool parse_v6(struct ss_slice host, struct sockaddr_in6 *v6)
{
    char text[INET6_ADDRSTRLEN], zone[IF_NAMESIZE];
    const char *percent = host.len ? memchr(host.ptr, '%', host.len) : NULL;
    if (percent != NULL) {
        struct ss_slice name = ss_slice_skip(host, (size_t)(percent - host.ptr) + 1);
        if (!to_cstr(name, zone, sizeof(zone)) || (v6->sin6_scope_id = if_nametoindex(zone)) == 0)
            return false;
        host.len = (size_t)(percent - host.ptr);
    }
    return to_cstr(host, text, sizeof(text)) && inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
}

enum ss_err ss_address_parse_host(struct ss_slice host, uint16_t port, struct ss_address *out)
{
    *out = (struct ss_address){0};
    char text[INET_ADDRSTRLEN];
    struct sockaddr_in *v4 = (struct sockaddr_in *)&out->addr;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->addr;
    if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = ss_slice_of(host.ptr + 1, host.len - 2);
    if (to_cstr(host, text, sizeof(text)) && inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        out->len = sizeof(*v4);
        return SS_OK;
    }
    if (!parse_v6(host, v6))
        return SS_ERR_INVALID;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    out->len = sizeof(*v6);
    return SS_OK;
}

enum ss_err ss_address_parse(struct ss_slice text, struct ss_address *out)
{
    *out = (struct ss_address){0};
    if (ss_slice_starts(text, SS_LIT("unix:")))
        return parse_unix(ss_slice_skip(text, 5), out);
    const char *colon = text.len ? memrchr(text.ptr, ':', text.len) : NULL;
    in_port_t port;
    if (colon == NULL || !parse_port(ss_slice_skip(text, (size_t)(colon - text.ptr) + 1), &port))
        return SS_ERR_INVALID;
    struct ss_slice host = {text.ptr, (size_t)(colon - text.ptr)};
    bool brackets = host.len != 0 && host.ptr[0] == '[';
    if (!brackets && host.len != 0 && memchr(host.ptr, ':', host.len) != NULL)
        return SS_ERR_INVALID; /* which colon ends the address? */
    if (brackets && (host.len < 4 || host.ptr[host.len - 1] != ']' || !memchr(host.ptr, ':', host.len)))
        return SS_ERR_INVALID;
    return ss_address_parse_host(host, ntohs(port), out);
}

static struct ss_slice print_unix(const struct ss_address *addr, struct ss_arena *a)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&addr->addr;
    size_t len = addr->len > UNIX_PATH ? addr->len - UNIX_PATH : 0;
    if (len == 0)
        return SS_LIT("unix:");
    if (un->sun_path[0] == '\0')
        return ss_arena_printf(a, "unix:@%.*s", (int)(len - 1), un->sun_path + 1);
    return ss_arena_printf(a, "unix:%.*s", (int)strnlen(un->sun_path, len), un->sun_path);
}

struct ss_slice ss_address_print(const struct ss_address *addr, struct ss_arena *a)
{
    char text[INET6_ADDRSTRLEN] = "", zone[IF_NAMESIZE + 1] = "";
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&addr->addr;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&addr->addr;
    if (addr->addr.ss_family == AF_UNIX)
        return print_unix(addr, a);
    if (addr->addr.ss_family == AF_INET) {
        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
        return ss_arena_printf(a, "%s:%u", text, (unsigned)ntohs(v4->sin_port));
    }
    if (addr->addr.ss_family != AF_INET6)
        return SS_LIT("?");
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
    if (v6->sin6_scope_id != 0 && if_indextoname(v6->sin6_scope_id, zone + 1) != NULL)
        zone[0] = '%';
    return ss_arena_printf(a, "[%s%s]:%u", text, zone, (unsigned)ntohs(v6->sin6_port));
}

bool ss_address_eq(const struct ss_address *x, const struct ss_address *y)
{
    if (x->addr.ss_family != y->addr.ss_family)
        return false;
    if (x->addr.ss_family == AF_INET) {
        const struct sockaddr_in *p = (const void *)&x->addr, *q = (const void *)&y->addr;
        return p->sin_port == q->sin_port && p->sin_addr.s_addr == q->sin_addr.s_addr;
    }
    if (x->addr.ss_family == AF_INET6) { /* the flow label is not part of who is meant */
        const struct sockaddr_in6 *p = (const void *)&x->addr, *q = (const void *)&y->addr;
        return p->sin6_port == q->sin6_port && p->sin6_scope_id == q->sin6_scope_id &&
               memcmp(&p->sin6_addr, &q->sin6_addr, sizeof(p->sin6_addr)) == 0;
    }
    return x->len == y->len && memcmp(&x->addr, &y->addr, x->len) == 0;
}

bool ss_address_is_loopback(const struct ss_address *addr)
{
    const struct sockaddr_in *v4 = (const void *)&addr->addr;
    const struct sockaddr_in6 *v6 = (const void *)&addr->addr;
    if (addr->addr.ss_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    if (addr->addr.ss_family != AF_INET6)
        return false;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && v6->sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
}
