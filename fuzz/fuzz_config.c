/* Configurations and route documents: YAML to errors, one line each, or to a snapshot. No file is opened:
 * keys that name one are taken out first. A text with a `type` is a document, any other a configuration. */
#include <stdint.h>

#include "config/load.h"
#include "config/rules.h"
#include "config/upstreams.h"
#include "config/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The FileDescriptorSet of:
 *   package p;
 *   message M { string name = 1; M m = 2; }
 *   service S { rpc A(M) returns (M) { option (google.api.http) = { get: "/v1/{name}" }; }
 *               rpc B(M) returns (stream M); }
 *   service T { rpc C(M) returns (M); } */
static const char descriptors[] =
    "\012\213\001\012\007p.proto\022\001p\042\042\012\001M\022\014\012\004name\030\001 \001(\011"
    "\022\017\012\001m\030\002 \001(\0132\004.p.M2;\012\001S\022#\012\001A\022\004.p.M\032\004.p"
    ".M\042\022\202\323\344\223\002\014\022\012/v1/{name}\022\021\012\001B\022\004.p.M\032\004.p"
    ".M0\0012\024\012\001T\022\017\012\001C\022\004.p.M\032\004.p.Mb\006proto3";

static const struct ss_source source = {.name = {"fuzz.yaml", 9}, .dir = {"", 0}};

static bool names_a_file(struct ss_slice key)
{
    static const char *const keys[] = {"descriptors", "routes", "certificate",
                                       "private_key", "ca",     "client_ca"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (ss_slice_eq(key, ss_slice_str(keys[i])))
            return true;
    return false;
}

/* As deep as the tree: 64 levels at most. */
static void prune(struct ss_node *n)
{
    for (struct ss_node **link = &n->first; *link;) {
        if ((*link)->key && names_a_file((*link)->key->text)) {
            *link = (*link)->next;
            n->count--;
        } else {
            prune(*link);
            link = &(*link)->next;
        }
    }
}

static void load_document(struct ss_diag *d, const struct ss_node *tree)
{
    static const char upstreams[] =
        "a: {target: 'h:1', plaintext: true}\nb: {target: 'h:2', plaintext: true}\n";
    struct ss_descriptor_set set = {.bytes = {descriptors, sizeof descriptors - 1}, .origin = SS_LIT("p.pb")};
    struct ss_snapshot *snapshot = ss_snapshot_new();
    struct ss_route_keys defaults;
    struct ss_slice why;
    ss_route_keys_init(&defaults);
    const struct ss_node *up = ss_yaml_parse(ss_slice_str(upstreams), &source, d);
    const struct ss_upstream_services *services = ss_upstreams_decode(d, up, snapshot);
    if (ss_schema_load(&set, 1, d->arena, &why, &snapshot->schema) != SS_OK)
        __builtin_trap();
    struct ss_document *doc = ss_document_decode(d, tree, &defaults);
    struct ss_rules_input input = {
        .services = {.documents = doc, .upstreams = services}, .defaults = &defaults, .descriptors = up};
    ss_rules_build(d, &input, snapshot);
    if ((snapshot->routes == NULL) != (d->n_errors != 0))
        __builtin_trap();
    ss_snapshot_unref(snapshot);
}

static void check_lines(const struct ss_config_error *e)
{
    for (; e; e = e->next)
        for (size_t i = 0; i < e->text.len; i++)
            if ((unsigned char)e->text.ptr[i] < 0x20)
                __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ss_arena a;
    struct ss_diag d;
    struct ss_config config;
    ss_arena_init(&a, 0);
    ss_diag_init(&d, &a);
    struct ss_node *tree = ss_yaml_parse(ss_slice_of((const char *)data, size), &source, &d);
    if (tree)
        prune(tree);
    if (tree && ss_node_get(tree, "type"))
        load_document(&d, tree);
    else if (tree && ss_config_from_tree(&d, tree, false, &config) == SS_OK)
        __builtin_trap(); /* without descriptors nothing can be served */
    check_lines(d.errors);
    check_lines(d.notes);
    ss_arena_dispose(&a);
    return 0;
}
