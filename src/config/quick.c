/* `serve --upstream`: the configuration that a file would have held, built as a tree, so that it is read and
 * checked by the same code. Errors name the flag instead of a line. */
#include "config/load.h"

static struct ss_node *node(struct ss_arena *a, enum ss_node_kind kind, const char *flag)
{
    struct ss_source *source = ss_arena_zalloc(a, sizeof *source);
    struct ss_node *n = ss_arena_zalloc(a, sizeof *n);
    source->name = ss_slice_str(flag);
    n->kind = kind;
    n->source = source; /* line 0: a flag has no lines */
    return n;
}

static struct ss_node *scalar(struct ss_arena *a, const char *flag, const char *text)
{
    struct ss_node *n = node(a, SS_NODE_SCALAR, flag);
    n->text = ss_arena_copy(a, ss_slice_str(text));
    return n;
}

/* key: NULL in a list. Returns value. */
static struct ss_node *add(struct ss_arena *a, struct ss_node *to, const char *key, struct ss_node *value)
{
    struct ss_node **end = &to->first;
    while (*end)
        end = &(*end)->next;
    *end = value;
    to->count++;
    if (key) {
        value->key = node(a, SS_NODE_SCALAR, "");
        value->key->source = value->source;
        value->key->text = ss_slice_str(key);
    }
    return value;
}

static struct ss_node *make_tree(const struct ss_config_quick *q, struct ss_arena *a)
{
    struct ss_node *top = node(a, SS_NODE_MAP, "--upstream");
    if (q->listen) {
        struct ss_node *list = add(a, top, "listeners", node(a, SS_NODE_LIST, "--listen"));
        struct ss_node *listener = add(a, list, NULL, node(a, SS_NODE_MAP, "--listen"));
        add(a, listener, "address", scalar(a, "--listen", q->listen));
    }
    if (q->admin && (strcmp(q->admin, "off") == 0 || strcmp(q->admin, "false") == 0))
        add(a, top, "admin", scalar(a, "--admin", q->admin))->plain = true;
    else if (q->admin)
        add(a, add(a, top, "admin", node(a, SS_NODE_MAP, "--admin")), "address",
            scalar(a, "--admin", q->admin));

    struct ss_node *list =
        add(a, top, "descriptors", node(a, SS_NODE_LIST, q->n_protos ? "--proto" : "--descriptor"));
    for (size_t i = 0; i < q->n_descriptors; i++)
        add(a, list, NULL, scalar(a, "--descriptor", q->descriptors[i]));
    for (size_t i = 0; i < q->n_protos; i++) {
        struct ss_node *entry = add(a, list, NULL, node(a, SS_NODE_MAP, "--proto"));
        add(a, entry, "proto", scalar(a, "--proto", q->protos[i]));
        struct ss_node *include = add(a, entry, "include", node(a, SS_NODE_LIST, "--include"));
        for (size_t k = 0; k < q->n_includes; k++)
            add(a, include, NULL, scalar(a, "--include", q->includes[k]));
    }

    struct ss_node *upstreams = add(a, top, "upstreams", node(a, SS_NODE_MAP, "--upstream"));
    struct ss_node *upstream = add(a, upstreams, "upstream", node(a, SS_NODE_MAP, "--upstream"));
    add(a, upstream, "target", scalar(a, "--upstream", q->upstream));
    if (q->plaintext)
        add(a, upstream, "plaintext", scalar(a, "--plaintext", "true"))->plain = true;
    return top;
}

enum ss_err ss_config_quick(const struct ss_config_quick *q, struct ss_arena *a, struct ss_config *out,
                            struct ss_config_error **errors)
{
    struct ss_diag d;
    ss_diag_init(&d, a);
    enum ss_err err = SS_ERR_CONFIG;
    if (q->upstream == NULL)
        ss_diag_text(&d, "--upstream: missing");
    else if (q->n_descriptors == 0 && q->n_protos == 0)
        ss_diag_text(
            &d,
            "--upstream: give --descriptor or --proto too: reading the schema by the service's reflection "
            "is not supported yet");
    else
        err = ss_config_from_tree(&d, make_tree(q, a), true, out);
    *errors = d.errors;
    return err;
}
