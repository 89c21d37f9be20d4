#include "config/header_keys.h"

#include "http/chars.h"
#include "http/metadata.h"
#include "route/route.h"

/* The characters that gRPC lets a metadata key have; a header of any other name never passes. */
static bool is_name(struct ss_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = ss_http_tchar(name.ptr[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
            return false;
    }
    return name.len > 0;
}

void ss_header_names_decode(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    (void)arg;
    struct ss_string_list *out = field;
    if (!ss_decode_is_list(d, value))
        return;
    *out =
        (struct ss_string_list){.items = ss_arena_alloc(d->arena, (value->count + 1) * sizeof *out->items)};
    for (const struct ss_node *e = value->first; e; e = e->next) {
        struct ss_slice text;
        if (e->kind == SS_NODE_BROKEN || !ss_decode_text(d, e, &text))
            continue;
        if (!is_name(text)) {
            ss_decode_wrong(d, e, "the name of a header");
            continue;
        }
        char *lower = ss_arena_alloc(d->arena, text.len);
        for (size_t i = 0; i < text.len; i++)
            lower[i] = ss_http_tchar(text.ptr[i]);
        out->items[out->n++] = ss_slice_of(lower, text.len);
    }
}

/* What gRPC and its libraries say beside the protocol itself (grpc-status-details-bin, grpc-tags-bin): native
 * calls carry it both ways, unless it is denied. */
static bool passes_natively(struct ss_slice name)
{
    static const struct ss_slice protocol[] = {{"grpc-status", 11},
                                               {"grpc-message", 12},
                                               {"grpc-timeout", 12},
                                               {"grpc-encoding", 13},
                                               {"grpc-accept-encoding", 20}};
    for (size_t i = 0; i < sizeof protocol / sizeof protocol[0]; i++)
        if (ss_slice_eq(name, protocol[i]))
            return false;
    return ss_slice_starts(name, SS_LIT("grpc-"));
}

/* Headers that HTTP, gRPC or sidespan itself owns pass neither way, whatever is allowed: to allow or deny one
 * does nothing. */
static void check_passes(struct ss_diag *d, const struct ss_node *list, bool denied)
{
    struct ss_arena *a = d->arena;
    for (const struct ss_node *e = list && list->kind == SS_NODE_LIST ? list->first : NULL; e; e = e->next) {
        struct ss_header h = {.value = SS_LIT("AAAA")}, out; /* base64, too */
        if (e->kind != SS_NODE_SCALAR || !is_name(e->text))
            continue;
        char *lower = ss_arena_alloc(a, e->text.len);
        for (size_t i = 0; i < e->text.len; i++)
            lower[i] = ss_http_tchar(e->text.ptr[i]);
        h.name = ss_slice_of(lower, e->text.len);
        bool up = ss_metadata_from_header(&h, a, &out) >= SS_FORWARD_AS_IS;
        bool down = denied && (ss_header_from_metadata(&h) || ss_body_header_from_metadata(&h) ||
                               passes_natively(h.name));
        if (!up && !down)
            ss_diag_at(d, e, "\"%.*s\" never passes as it is: HTTP, gRPC or sidespan writes it itself",
                       SS_FMT(e->text));
    }
}

struct forward_keys {
    struct ss_string_list allow, deny;
};

void ss_forward_headers_decode(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg)
{
    static const struct ss_key keys[] = {
        {.name = "allow", .decode = ss_header_names_decode, .offset = offsetof(struct forward_keys, allow)},
        {.name = "deny", .decode = ss_header_names_decode, .offset = offsetof(struct forward_keys, deny)},
    };
    (void)arg;
    struct ss_route_options *options = field;
    struct forward_keys raw = {
        .allow = {options->allow_headers, options->n_allow_headers},
        .deny = {options->deny_headers, options->n_deny_headers},
    };
    ss_decode_map(d, value, &SS_KEYS(keys, &raw), 1);
    check_passes(d, ss_node_get(value, "allow"), false);
    check_passes(d, ss_node_get(value, "deny"), true);
    options->has_allow_headers |= ss_node_get(value, "allow") != NULL;
    options->allow_headers = raw.allow.items;
    options->n_allow_headers = raw.allow.n;
    options->deny_headers = raw.deny.items;
    options->n_deny_headers = raw.deny.n;
}
