#include "http/site.h"

#include <stdint.h>

enum { LONGEST_NAME = 253 }; /* RFC 1035 §2.3.4, as text */

/* A host and its port, as written in Host or in an origin. */
struct authority {
    struct ss_slice host; /* an IPv6 address with its brackets; without the dot that may end a name */
    struct ss_slice port; /* empty: none */
};

static bool digits(struct ss_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return true;
}

static bool name_byte(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '_' ||
           c == '.';
}

/* The length of the host at the start of s; 0: there is none. */
static size_t host_len(struct ss_slice s)
{
    size_t n = 0;
    if (s.len && s.ptr[0] == '[') {
        const char *end = memchr(s.ptr, ']', s.len);
        return end ? (size_t)(end - s.ptr) + 1 : 0;
    }
    while (n < s.len && name_byte(s.ptr[n]))
        n++;
    return n <= LONGEST_NAME + 1 ? n : 0;
}

static bool split(struct ss_slice s, struct authority *out)
{
    size_t n = host_len(s);
    struct ss_slice rest = ss_slice_skip(s, n);
    *out = (struct authority){.host = ss_slice_of(s.ptr, n)};
    if (n == 0 || (rest.len && rest.ptr[0] != ':'))
        return false;
    if (rest.len)
        out->port = ss_slice_skip(rest, 1);
    if (n > 1 && s.ptr[n - 1] == '.')
        out->host.len--;
    return digits(out->port) && out->port.len <= 5;
}

static bool ends_with_label(struct ss_slice host, struct ss_slice domain)
{
    return host.len > domain.len + 1 && host.ptr[host.len - domain.len - 1] == '.' &&
           ss_slice_eq_ci(ss_slice_skip(host, host.len - domain.len), domain);
}

/* A number of up to three digits and none but needed zeros at the start of *s, up to 255. -1: there is none.
 */
static int take_byte(struct ss_slice *s)
{
    size_t n = 0;
    int v = 0;
    for (; n < s->len && n < 4 && s->ptr[n] >= '0' && s->ptr[n] <= '9'; n++)
        v = 10 * v + (s->ptr[n] - '0');
    if (n == 0 || v > 255 || (n > 1 && s->ptr[0] == '0'))
        return -1;
    *s = ss_slice_skip(*s, n);
    return v;
}

/* The four bytes of a dotted IPv4 address, as a number; -1: s is none. */
static int64_t ipv4_of(struct ss_slice s)
{
    int64_t address = 0;
    for (int i = 0; i < 4; i++) {
        if (i && (s.len == 0 || s.ptr[0] != '.'))
            return -1;
        if (i)
            s = ss_slice_skip(s, 1);
        int byte = take_byte(&s);
        if (byte < 0)
            return -1;
        address = address << 8 | byte;
    }
    return s.len ? -1 : address;
}

/* A group of IPv6's at the start of *s; -1: there is none. */
static int take_group(struct ss_slice *s)
{
    size_t n = 0;
    int v = 0;
    for (; n < s->len && n < 4; n++) {
        char c = s->ptr[n], lower = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            v = v << 4 | (c - '0');
        else if (lower >= 'a' && lower <= 'f')
            v = v << 4 | (lower - 'a' + 10);
        else
            break;
    }
    *s = ss_slice_skip(*s, n);
    return n ? v : -1;
}

/* The groups of s, which holds no "::"; the last two may be written as an IPv4 address. Returns how many, or
 * -1.
 */
static int take_groups(struct ss_slice s, uint16_t groups[8])
{
    int n = 0;
    while (s.len && n < 8) {
        int64_t v4 = n <= 6 ? ipv4_of(s) : -1;
        if (v4 >= 0) {
            groups[n] = (uint16_t)(v4 >> 16);
            groups[n + 1] = (uint16_t)v4;
            return n + 2;
        }
        int group = take_group(&s);
        if (group < 0 || (s.len && (s.ptr[0] != ':' || s.len == 1)))
            return -1;
        groups[n++] = (uint16_t)group;
        s = ss_slice_skip(s, s.len ? 1 : 0);
    }
    return s.len ? -1 : n;
}

/* RFC 4291 §2.2. */
static bool ipv6_of(struct ss_slice s, uint16_t groups[8])
{
    const char *gap = s.len ? memmem(s.ptr, s.len, "::", 2) : NULL;
    uint16_t tail[8];
    memset(groups, 0, 8 * sizeof *groups);
    if (gap == NULL)
        return take_groups(s, groups) == 8;
    size_t at = (size_t)(gap - s.ptr);
    int before = take_groups(ss_slice_of(s.ptr, at), groups),
        after = take_groups(ss_slice_skip(s, at + 2), tail);
    if (before < 0 || after < 0 || before + after > 7)
        return false;
    memcpy(groups + 8 - after, tail, (size_t)after * sizeof *tail);
    return true;
}

/* 127.0.0.0/8, ::1, and the former as IPv4-mapped IPv6. */
static bool is_loopback(struct ss_slice host)
{
    static const uint16_t one[8] = {[7] = 1}, mapped[6] = {[5] = 0xffff};
    uint16_t groups[8];
    if (host.len < 3 || host.ptr[0] != '[')
        return ipv4_of(host) >> 24 == 127;
    if (!ipv6_of(ss_slice_of(host.ptr + 1, host.len - 2), groups))
        return false;
    return memcmp(groups, one, sizeof one) == 0 ||
           (memcmp(groups, mapped, sizeof mapped) == 0 && groups[6] >> 8 == 127);
}

static bool is_local(struct ss_slice host)
{
    const struct ss_slice name = SS_LIT("localhost");
    return ss_slice_eq_ci(host, name) || ends_with_label(host, name) || is_loopback(host);
}

static bool matches(struct ss_slice pattern, const struct authority *given)
{
    struct authority allowed;
    bool below = ss_slice_starts(pattern, SS_LIT("*."));
    if (ss_slice_eq(pattern, SS_LIT("*")))
        return true;
    if (!split(below ? ss_slice_skip(pattern, 2) : pattern, &allowed))
        return false;
    if (allowed.port.len && !ss_slice_eq(allowed.port, given->port))
        return false;
    return below ? ends_with_label(given->host, allowed.host) : ss_slice_eq_ci(given->host, allowed.host);
}

bool ss_site_host_allowed(const struct ss_site *site, struct ss_slice host)
{
    struct authority given;
    if (!site->check_host || host.len == 0)
        return true;
    bool good = split(host, &given);
    if (good && is_local(given.host))
        return true;
    for (size_t i = 0; i < site->n_allowed_hosts; i++)
        if (ss_slice_eq(site->allowed_hosts[i], SS_LIT("*")) ||
            (good && matches(site->allowed_hosts[i], &given)))
            return true;
    return false;
}

bool ss_site_is_own(struct ss_slice origin, struct ss_slice host)
{
    struct ss_slice port = SS_LIT("80");
    struct authority from, to;
    if (origin.len > 8 && ss_slice_eq_ci(ss_slice_of(origin.ptr, 8), SS_LIT("https://"))) {
        origin = ss_slice_skip(origin, 8);
        port = SS_LIT("443");
    } else if (origin.len > 7 && ss_slice_eq_ci(ss_slice_of(origin.ptr, 7), SS_LIT("http://"))) {
        origin = ss_slice_skip(origin, 7);
    } else {
        return false;
    }
    if (!split(origin, &from) || !split(host, &to) || !ss_slice_eq_ci(from.host, to.host))
        return false;
    return ss_slice_eq(from.port.len ? from.port : port, to.port.len ? to.port : port);
}

bool ss_site_pattern_valid(struct ss_slice s)
{
    struct authority a;
    if (ss_slice_eq(s, SS_LIT("*")))
        return true;
    return split(ss_slice_starts(s, SS_LIT("*.")) ? ss_slice_skip(s, 2) : s, &a);
}
