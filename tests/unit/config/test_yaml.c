/* YAML text → node trees. */
#include "config/yaml.h"

#include "base/buf.h"
#include "config/support.h"

static const struct ss_source source = {.name = {"c.yaml", 6}, .dir = {"", 0}};

struct parsed {
    struct ss_arena arena;
    struct ss_diag diag;
    struct ss_node *tree;
};

static void parse(struct parsed *p, struct ss_slice text)
{
    ss_arena_init(&p->arena, 0);
    ss_diag_init(&p->diag, &p->arena);
    char *exact = ss_xmalloc(text.len); /* ends where the text ends */
    if (text.len)
        memcpy(exact, text.ptr, text.len);
    p->tree = ss_yaml_parse(ss_slice_of(exact, text.len), &source, &p->diag);
    ss_free(exact);
}

static void write_tree(struct ss_buf *out, const struct ss_node *n)
{
    if (n->key)
        ss_buf_printf(out, "%.*s@%u:%u=", SS_FMT(n->key->text), n->key->line, n->key->column);
    switch (n->kind) {
    case SS_NODE_SCALAR:
        ss_buf_printf(out, n->plain ? "%.*s" : "'%.*s'", SS_FMT(n->text));
        break;
    case SS_NODE_BROKEN:
        ss_buf_printf(out, "!");
        break;
    case SS_NODE_MAP:
    case SS_NODE_LIST:
        ss_buf_printf(out, n->kind == SS_NODE_MAP ? "{" : "[");
        size_t count = 0;
        for (const struct ss_node *e = n->first; e; e = e->next, count++)
            write_tree(out, e);
        assert_int_equal(count, n->count);
        ss_buf_printf(out, n->kind == SS_NODE_MAP ? "}" : "]");
        break;
    }
    ss_buf_printf(out, "@%u:%u ", n->line, n->column);
}

static void expect_tree(const char *text, const char *expected)
{
    struct parsed p;
    struct ss_buf out;
    parse(&p, ss_slice_str(text));
    char *errors = join_errors(p.diag.errors);
    assert_string_equal(errors, "");
    ss_free(errors);
    ss_buf_init(&out, 4096);
    write_tree(&out, p.tree);
    ss_buf_append(&out, "", 1);
    assert_string_equal(out.ptr, expected);
    ss_buf_dispose(&out);
    ss_arena_dispose(&p.arena);
}

static void expect_errors(struct ss_slice text, const char *expected)
{
    struct parsed p;
    parse(&p, text);
    char *errors = join_errors(p.diag.errors);
    assert_string_equal(errors, expected);
    ss_free(errors);
    ss_arena_dispose(&p.arena);
}

static void a_tree_keeps_order_and_positions(void **state)
{
    (void)state;
    expect_tree("b: 1\na:\n- x\n- {y: \"2\"}\n",
                "{b@1:1=1@1:4 a@2:1=[x@3:3 {y@4:4='2'@4:7 }@4:3 ]@3:1 }@1:1 ");
    expect_tree("# a comment\nk:\n", "{k@2:1=@2:3 }@2:1 ");
    expect_tree("{\"a\": [true, null, 1.5]}", "{a@1:2=[true@1:8 null@1:14 1.5@1:20 ]@1:7 }@1:1 ");
}

static void columns_count_characters(void **state)
{
    (void)state;
    expect_tree("ä: {ö: 1}", "{ä@1:1={ö@1:5=1@1:8 }@1:4 }@1:1 ");
}

static void block_scalars_and_quotes_are_no_plain_ones(void **state)
{
    (void)state;
    expect_tree("a: |\n  x\n  y\n", "{a@1:1='x\ny\n'@1:4 }@1:1 ");
    expect_tree("'true'", "'true'@1:1 ");
    expect_tree("!!str 5", "'5'@1:1 ");
}

static void an_empty_text_is_an_empty_mapping(void **state)
{
    (void)state;
    expect_tree("", "{}@1:1 ");
    expect_tree("# nothing\n", "{}@1:1 ");
}

static void aliases_anchors_and_tags_are_refused(void **state)
{
    (void)state;
    expect_errors(SS_LIT("a: &x 1\nb: *x\n"), "c.yaml:1:4: anchors are not supported\n"
                                              "c.yaml:2:4: aliases are not supported: write the value out\n");
    expect_errors(SS_LIT("<<: *base\n"), "c.yaml:1:5: aliases are not supported: write the value out\n");
    expect_errors(SS_LIT("a: !!int 3\n"), "c.yaml:1:4: the tag tag:yaml.org,2002:int is not supported\n");
    expect_errors(SS_LIT("a: !secret x\n"), "c.yaml:1:4: the tag !secret is not supported\n");
}

static void a_duplicate_key_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    expect_errors(SS_LIT("a: 1\nb: {c: 1, d: 2, c: 3}\na: 2\n"),
                  "c.yaml:2:17: duplicate key \"c\": it was first given at line 2\n"
                  "c.yaml:3:1: duplicate key \"a\": it was first given at line 1\n");
    expect_errors(SS_LIT("{\"a\": 1, a: 2}"),
                  "c.yaml:1:10: duplicate key \"a\": it was first given at line 1\n");
}

static void all_of_many_keys_are_compared(void **state)
{
    (void)state;
    struct ss_buf text;
    ss_buf_init(&text, 1 << 20);
    for (int i = 0; i < 3000; i++)
        ss_buf_printf(&text, "key%d: 1\n", i);
    expect_errors(ss_buf_slice(&text), "");
    ss_buf_printf(&text, "key1234: 1\n");
    expect_errors(ss_buf_slice(&text),
                  "c.yaml:3001:1: duplicate key \"key1234\": it was first given at line 1235\n");
    ss_buf_dispose(&text);
}

static void a_second_document_is_refused(void **state)
{
    (void)state;
    expect_errors(SS_LIT("a: 1\n---\nb: 2\n"), "c.yaml:2:1: a second document: a file holds one\n");
    expect_errors(SS_LIT("---\na: 1\n...\n"), "");
}

static void a_key_must_be_a_scalar(void **state)
{
    (void)state;
    expect_errors(SS_LIT("? [a]\n: b\n"), "c.yaml:1:3: a key must be a scalar\n");
    expect_errors(SS_LIT("{{a: 1}: b}"), "c.yaml:1:2: a key must be a scalar\n");
}

static void depth_is_limited(void **state)
{
    (void)state;
    char text[129];
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    expect_errors(ss_slice_of(text, 128), "");
    memset(text, '[', 65);
    memset(text + 65, ']', 64);
    expect_errors(ss_slice_of(text, 129), "c.yaml:1:65: more than 64 levels\n");
}

static void what_is_no_yaml_is_shown_where_it_is(void **state)
{
    (void)state;
    expect_errors(SS_LIT("x: 1\n  y: 2\n"),
                  "c.yaml:2:4: not YAML: mapping values are not allowed in this context\n");
    expect_errors(SS_LIT("a: 1\nb: \xff\n"), "c.yaml:2:4: not YAML: invalid leading UTF-8 octet\n");
    expect_errors(SS_LIT("a: \"\\0\"\n"), "c.yaml:1:4: a NUL character in a string\n");
}

static void no_bytes_make_it_fall(void **state)
{
    static const char seed[] = "listeners:\n- address: \"127.0.0.1:8080\" # x\n  tls: {a: 'b', c: [1, 2]}\n"
                               "d: |\n  text\n? e\n: &f !!str g\nh: *f\n%YAML 1.2\n---\n\"\\u00e4\": ~\n";
    static const char bytes[] = "\0\n\t \"'#%&*!|>[]{},:?-@`\\\x80\xc3\xff~0a";
    struct parsed p;
    (void)state;
    for (size_t cut = 0; cut < sizeof seed - 1; cut++) {
        parse(&p, ss_slice_of(seed, cut));
        ss_arena_dispose(&p.arena);
        for (size_t b = 0; b < sizeof bytes; b++) {
            char text[sizeof seed];
            memcpy(text, seed, sizeof seed);
            text[cut] = bytes[b];
            parse(&p, ss_slice_of(text, sizeof seed - 1));
            assert_true(p.tree != NULL || p.diag.n_errors != 0);
            ss_arena_dispose(&p.arena);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_keeps_order_and_positions),
        cmocka_unit_test(columns_count_characters),
        cmocka_unit_test(block_scalars_and_quotes_are_no_plain_ones),
        cmocka_unit_test(an_empty_text_is_an_empty_mapping),
        cmocka_unit_test(aliases_anchors_and_tags_are_refused),
        cmocka_unit_test(a_duplicate_key_is_refused_wherever_it_stands),
        cmocka_unit_test(all_of_many_keys_are_compared),
        cmocka_unit_test(a_second_document_is_refused),
        cmocka_unit_test(a_key_must_be_a_scalar),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(what_is_no_yaml_is_shown_where_it_is),
        cmocka_unit_test(no_bytes_make_it_fall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
