#include "config/listeners.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "config/cors_keys.h"
#include "config/file.h"
#include "config/tls_files.h"

enum { UNIX_PATH_MAX = 107 /* unix(7) */ };

struct mode {
    int bits;
    const struct ss_node *at; /* NULL: not given */
};

struct listener_keys {
    struct ss_located address;
    struct mode mode;
    const struct ss_node *tls;
    const struct ss_cors_config *cors;
    struct ss_string_list allowed_hosts;
    const struct ss_node *allowed_hosts_at, *check_origin;
};

static void decode_hosts(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    struct listener_keys *into = field;
    ss_decode_strings(d, value, &into->allowed_hosts, arg);
    into->allowed_hosts_at = value;
    if (value->kind != SS_NODE_LIST)
        return;
    for (const struct ss_node *e = value->first; e; e = e->next)
        if (e->kind == SS_NODE_SCALAR && !ss_site_pattern_valid(e->text))
            ss_decode_wrong(d, e, "a host such as app.example, *.app.example, app.example:8080, or \"*\"");
}

static const struct ss_key site_keys[] = {
    {.name = "allowed_hosts", .decode = decode_hosts},
    {.name = "check_origin",
     .decode = ss_decode_node,
     .offset = offsetof(struct listener_keys, check_origin)},
};

/* What pages in a browser reach, they must not call: loopback is checked unless that is turned off. Elsewhere
 * a proxy may have changed the names: there only what is asked for. A browser reaches no unix socket. */
static void set_site(struct ss_diag *d, const struct listener_keys *raw, struct ss_arena *keep,
                     struct ss_listener_config *out)
{
    bool loopback = ss_address_is_loopback(&out->address), origin = loopback;
    if (raw->check_origin)
        ss_decode_bool(d, raw->check_origin, &origin, NULL);
    out->site = (struct ss_site){
        .check_host = loopback || raw->allowed_hosts_at,
        .check_origin = origin,
        .check_websocket = origin || !raw->check_origin,
        .allowed_hosts = ss_slices_keep(raw->allowed_hosts.items, raw->allowed_hosts.n, keep),
        .n_allowed_hosts = raw->allowed_hosts.n,
    };
}

/* A number as YAML reads it: octal behind a zero or 0o, else decimal, which is what tools make of 0660. A
 * text is as chmod has it. */
static void decode_mode(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)arg;
    const char *p = value->kind == SS_NODE_SCALAR ? value->text.ptr : "";
    bool octal = !value->plain || *p == '0';
    p += p[0] == '0' && p[1] == 'o' ? 2 : 0;
    size_t n = strspn(p, octal ? "01234567" : "0123456789");
    unsigned long mode = strtoul(p, NULL, octal ? 8 : 10);
    if (n == 0 || n > 5 || p[n] != '\0' || mode > 0777)
        ss_decode_wrong(d, value, "the mode of a file, such as 0660");
    else
        *(struct mode *)field = (struct mode){(int)mode, value};
}

static void take_mode(struct ss_diag *d, const struct mode *mode, struct ss_listener_config *out)
{
    out->mode = mode->at ? mode->bits : -1;
    if (mode->at && out->address.len && out->address.addr.ss_family != AF_UNIX)
        ss_diag_at(d, mode->at, "only the file of a unix socket has a mode");
}

static bool address(struct ss_diag *d, const struct ss_located *from, struct ss_arena *keep,
                    struct ss_listener_config *out)
{
    if (from->at == NULL)
        return false;
    struct ss_slice text = ss_path_of_unix(from, d->arena);
    if (ss_address_parse(text, &out->address) != SS_OK) {
        if (ss_slice_starts(text, SS_LIT("unix:")) && text.len > 5 + UNIX_PATH_MAX)
            ss_diag_at(d, from->at, "%.*s: the path of a unix socket has at most %d bytes", SS_FMT(text),
                       UNIX_PATH_MAX);
        else
            ss_decode_wrong(d, from->at, "an address such as 127.0.0.1:8080, [::1]:8080 or unix:/path");
        return false;
    }
    out->text = ss_arena_copy(keep, text);
    return true;
}

static void set_default(struct ss_diag *d, struct ss_slice text, struct ss_arena *keep,
                        struct ss_listener_config *out)
{
    const struct listener_keys none = {0};
    (void)ss_address_parse(text, &out->address);
    out->mode = -1;
    set_site(d, &none, keep, out);
    out->text = ss_arena_copy(keep, text);
}

/* Port 0 is whatever the kernel gives: never the same twice. */
static bool any_port(const struct ss_address *a)
{
    if (a->addr.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &a->addr, sizeof in);
        return in.sin_port == 0;
    }
    if (a->addr.ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, &a->addr, sizeof in6);
        return in6.sin6_port == 0;
    }
    return false;
}

static void check_unique(struct ss_diag *d, const struct ss_server_config *c,
                         const struct ss_listener_config *new, const struct ss_node *at)
{
    for (size_t i = 0; i < c->n_listeners; i++)
        if (!any_port(&new->address) && ss_address_eq(&c->listeners[i].address, &new->address)) {
            ss_diag_at(d, at, "%.*s is listened on already", SS_FMT(new->text));
            return;
        }
}

static void decode_listener(struct ss_diag *d, const struct ss_node *node, struct ss_server_config *out)
{
    static const struct ss_key keys[] = {
        {.name = "address",
         .decode = ss_decode_string,
         .offset = offsetof(struct listener_keys, address),
         .required = true},
        {.name = "mode", .decode = decode_mode, .offset = offsetof(struct listener_keys, mode)},
        {.name = "tls", .decode = ss_decode_node, .offset = offsetof(struct listener_keys, tls)},
        {.name = "cors", .decode = ss_cors_keys_decode, .offset = offsetof(struct listener_keys, cors)},
    };
    struct listener_keys raw = {0};
    struct ss_listener_config listener = {0};
    const struct ss_keys parts[] = {SS_KEYS(keys, &raw), SS_KEYS(site_keys, &raw)};
    ss_decode_map(d, node, parts, 2);
    listener.cors = ss_cors_keys_keep(raw.cors, &out->arena);
    if (raw.tls)
        listener.tls = ss_tls_files_server(d, raw.tls);
    if (address(d, &raw.address, &out->arena, &listener))
        check_unique(d, out, &listener, raw.address.at);
    take_mode(d, &raw.mode, &listener);
    set_site(d, &raw, &out->arena, &listener);
    out->listeners[out->n_listeners++] = listener; /* also a bad one: its TLS context must be freed */
}

static void decode_admin(struct ss_diag *d, const struct ss_node *node, struct ss_server_config *out)
{
    static const struct ss_key keys[] = {
        {.name = "address", .decode = ss_decode_string, .offset = offsetof(struct listener_keys, address)},
        {.name = "mode", .decode = decode_mode, .offset = offsetof(struct listener_keys, mode)},
    };
    if (ss_decode_is_off(node)) {
        out->admin_off = true;
        return;
    }
    if (node->kind != SS_NODE_MAP && !ss_node_is_null(node)) {
        ss_decode_wrong(d, node, "a mapping or off");
        return;
    }
    struct listener_keys raw = {0};
    const struct ss_keys parts[] = {SS_KEYS(keys, &raw), SS_KEYS(site_keys, &raw)};
    ss_decode_map(d, node, parts, 2);
    if (address(d, &raw.address, &out->arena, &out->admin))
        check_unique(d, out, &out->admin, raw.address.at);
    take_mode(d, &raw.mode, &out->admin);
    set_site(d, &raw, &out->arena, &out->admin);
}

void ss_listeners_decode(struct ss_diag *d, const struct ss_node *listeners, const struct ss_node *admin,
                         struct ss_server_config *out)
{
    bool given = listeners && ss_decode_is_list(d, listeners);
    size_t n = given && listeners->count ? listeners->count : 1;
    out->listeners = ss_arena_zalloc(&out->arena, n * sizeof *out->listeners);
    set_default(d, SS_LIT("127.0.0.1:9901"), &out->arena, &out->admin);
    if (given && listeners->count == 0)
        ss_diag_at(d, listeners, "no listener: leave the key out for 127.0.0.1:8080");
    if (listeners == NULL)
        set_default(d, SS_LIT("127.0.0.1:8080"), &out->arena, &out->listeners[out->n_listeners++]);
    else if (given)
        for (const struct ss_node *e = listeners->first; e; e = e->next)
            decode_listener(d, e, out);
    if (admin)
        decode_admin(d, admin, out);
}
