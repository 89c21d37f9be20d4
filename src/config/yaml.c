/* libyaml's events, folded into nodes without recursion: frames[] holds the containers that are open.
 *
 * Errors that leave the structure whole (a duplicate key, an alias) are reported and the tree goes on, so
 * that one run shows everything that is wrong; the others end the parse. */
#include "config/yaml.h"

#include <yaml.h>

#include "base/hash.h"

enum { MAX_DEPTH = 64 };

struct frame {
    struct ss_node *node;
    struct ss_node **end; /* where the next entry goes */
    struct ss_node *key;  /* MAP: read, and waiting for its value */
};

struct builder {
    struct ss_diag *diag;
    const struct ss_source *source;
    struct ss_node *root;
    unsigned documents;
    size_t depth;
    struct frame frames[MAX_DEPTH];
};

static struct ss_node *new_node(const struct builder *b, enum ss_node_kind kind, yaml_mark_t mark)
{
    struct ss_node *n = ss_arena_zalloc(b->diag->arena, sizeof *n);
    n->kind = kind;
    n->source = b->source;
    n->line = (unsigned)mark.line + 1;
    n->column = (unsigned)mark.column + 1;
    return n;
}

static bool attach(struct builder *b, struct ss_node *n)
{
    if (b->depth == 0) {
        b->root = n;
        return true;
    }
    struct frame *f = &b->frames[b->depth - 1];
    if (f->node->kind == SS_NODE_MAP && f->key == NULL) {
        if (n->kind != SS_NODE_SCALAR) {
            if (n->kind != SS_NODE_BROKEN)
                ss_diag_at(b->diag, n, "a key must be a scalar");
            return false;
        }
        f->key = n;
        return true;
    }
    n->key = f->key;
    f->key = NULL;
    *f->end = n;
    f->end = &n->next;
    f->node->count++;
    return true;
}

static bool open_container(struct builder *b, struct ss_node *n)
{
    if (!attach(b, n))
        return false;
    if (b->depth == MAX_DEPTH) {
        ss_diag_at(b->diag, n, "more than %d levels", MAX_DEPTH);
        return false;
    }
    b->frames[b->depth++] = (struct frame){.node = n, .end = &n->first};
    return true;
}

/* Takes the second of two equal keys out of the map. */
static void drop_duplicates(const struct builder *b, struct ss_node *map)
{
    size_t size = 4;
    while (size < map->count * 2)
        size *= 2;
    const struct ss_node **table = ss_arena_zalloc(b->diag->arena, size * sizeof *table);
    for (struct ss_node **link = &map->first; *link;) {
        struct ss_node *n = *link;
        size_t i = ss_hash(n->key->text) & (size - 1);
        while (table[i] && !ss_slice_eq(table[i]->key->text, n->key->text))
            i = (i + 1) & (size - 1);
        if (table[i]) {
            ss_diag_at(b->diag, n->key, "duplicate key \"%.*s\": it was first given at line %u",
                       SS_FMT(n->key->text), table[i]->key->line);
            *link = n->next;
            map->count--;
        } else {
            table[i] = n;
            link = &n->next;
        }
    }
}

static void close_container(struct builder *b)
{
    struct ss_node *n = b->frames[--b->depth].node;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): libyaml gives an end only behind its start */
    if (n->kind == SS_NODE_MAP)
        drop_duplicates(b, n);
}

static bool is_tag(const yaml_char_t *tag, const char *name)
{
    return tag && strcmp((const char *)tag, name) == 0;
}

/* Anchors and tags make a node that cannot be trusted to mean what it looks like. */
static bool check_decorations(const struct builder *b, struct ss_node *n, const yaml_char_t *anchor,
                              const yaml_char_t *tag)
{
    if (anchor)
        ss_diag_at(b->diag, n, "anchors are not supported");
    bool wrong_tag = tag && !is_tag(tag, "!") && !(n->kind == SS_NODE_SCALAR && is_tag(tag, YAML_STR_TAG)) &&
                     !(n->kind == SS_NODE_MAP && is_tag(tag, YAML_MAP_TAG)) &&
                     !(n->kind == SS_NODE_LIST && is_tag(tag, YAML_SEQ_TAG));
    if (wrong_tag)
        ss_diag_at(b->diag, n, "the tag %s is not supported", (const char *)tag);
    return !wrong_tag;
}

static bool on_scalar(struct builder *b, const yaml_event_t *e)
{
    struct ss_node *n = new_node(b, SS_NODE_SCALAR, e->start_mark);
    n->text =
        ss_arena_copy(b->diag->arena, ss_slice_of((const char *)e->data.scalar.value, e->data.scalar.length));
    n->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && e->data.scalar.tag == NULL;
    bool ok = check_decorations(b, n, e->data.scalar.anchor, e->data.scalar.tag);
    if (memchr(n->text.ptr, '\0', n->text.len)) {
        ss_diag_at(b->diag, n, "a NUL character in a string");
        ok = false;
    }
    if (!ok)
        n->kind = SS_NODE_BROKEN;
    return attach(b, n);
}

/* False ends the parse: an error is in diag. */
static bool on_event(struct builder *b, const yaml_event_t *e)
{
    struct ss_node *n;
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (b->documents++ == 0)
            return true;
        ss_diag_at(b->diag, new_node(b, SS_NODE_BROKEN, e->start_mark),
                   "a second document: a file holds one");
        return false;
    case YAML_ALIAS_EVENT:
        n = new_node(b, SS_NODE_BROKEN, e->start_mark);
        ss_diag_at(b->diag, n, "aliases are not supported: write the value out");
        return attach(b, n);
    case YAML_SCALAR_EVENT:
        return on_scalar(b, e);
    case YAML_SEQUENCE_START_EVENT:
        n = new_node(b, SS_NODE_LIST, e->start_mark);
        check_decorations(b, n, e->data.sequence_start.anchor, e->data.sequence_start.tag);
        return open_container(b, n);
    case YAML_MAPPING_START_EVENT:
        n = new_node(b, SS_NODE_MAP, e->start_mark);
        check_decorations(b, n, e->data.mapping_start.anchor, e->data.mapping_start.tag);
        return open_container(b, n);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_container(b);
        return true;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return true;
    }
    return true;
}

/* libyaml gives no line for bytes that are no characters: count up to them. */
static yaml_mark_t mark_at(struct ss_slice text, size_t offset)
{
    yaml_mark_t m = {.index = offset};
    for (size_t i = 0; i < offset && i < text.len; i++) {
        if (text.ptr[i] == '\n') {
            m.line++;
            m.column = 0;
        } else if (((unsigned char)text.ptr[i] & 0xC0) != 0x80) {
            m.column++;
        }
    }
    return m;
}

static void report(const struct builder *b, const yaml_parser_t *p, struct ss_slice text)
{
    const char *problem = p->problem ? p->problem : "cannot be parsed";
    yaml_mark_t mark = p->error == YAML_READER_ERROR ? mark_at(text, p->problem_offset) : p->problem_mark;
    struct ss_node *at = new_node(b, SS_NODE_BROKEN, mark);
    bool elsewhere = p->context && p->context_mark.line != mark.line;
    if (elsewhere)
        ss_diag_at(b->diag, at, "not YAML: %s, %s that began at line %zu", problem, p->context,
                   p->context_mark.line + 1);
    else if (p->context)
        ss_diag_at(b->diag, at, "not YAML: %s, %s", problem, p->context);
    else
        ss_diag_at(b->diag, at, "not YAML: %s", problem);
}

struct ss_node *ss_yaml_parse(struct ss_slice text, const struct ss_source *source, struct ss_diag *d)
{
    struct builder b = {.diag = d, .source = source};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        ss_diag_text(d, "%.*s: out of memory", SS_FMT(source->name));
        return NULL;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.ptr ? text.ptr : ""), text.len);
    bool ok = true;
    for (bool more = true; more && ok;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            report(&b, &parser, text);
            ok = false;
            break;
        }
        more = event.type != YAML_STREAM_END_EVENT;
        ok = on_event(&b, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (!ok)
        return NULL;
    return b.root ? b.root : new_node(&b, SS_NODE_MAP, (yaml_mark_t){0});
}

bool ss_node_is_null(const struct ss_node *n)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    if (n->kind != SS_NODE_SCALAR || !n->plain)
        return false;
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        if (ss_slice_eq(n->text, ss_slice_str(nulls[i])))
            return true;
    return false;
}

const struct ss_node *ss_node_get(const struct ss_node *n, const char *key)
{
    if (n == NULL || n->kind != SS_NODE_MAP)
        return NULL;
    for (const struct ss_node *e = n->first; e; e = e->next)
        if (ss_slice_eq(e->key->text, ss_slice_str(key)))
            return e;
    return NULL;
}
