/* What people are shown of matching and binding. */
#include "route/explain.h"

#include "fixture.h"

static const char proto[] =
    "syntax = \"proto3\";\n"
    "package t;\n"
    "message Doc { string name = 1; Doc parent = 2; string display_name = 3; }\n"
    "message Req { string id = 1; Doc doc = 2; repeated string tags = 3; map<string, int32> labels = 4; }\n"
    "service S { rpc M(Req) returns (Doc); }\n";

static const char *const templates[] = {"GET /v1/documents/{id}",
                                        "POST /v1/documents:parse",
                                        "GET /v1/documents/{id}/clauses",
                                        "GET /v1/search",
                                        "POST /v1/search",
                                        "GET /v2/{doc.name=projects/*/docs/**}",
                                        "DELETE /admin/users/{id}:ban"};
enum { N_TEMPLATES = sizeof templates / sizeof templates[0], MAX_NEAR = 3 };

struct world {
    struct ss_arena arena;
    struct ss_schema *schema;
    struct ss_route_table *table;
    struct ss_route_options options;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct ss_rule rules[N_TEMPLATES];
    struct ss_slice why = {0};
    ss_arena_init(&w->arena, 0);
    w->schema = compile_schema(proto);
    w->options = (struct ss_route_options){.timeout_ms = -1, .idle_timeout_ms = -1};
    static struct ss_slice ignored[] = {{"key", 3}};
    w->options.ignored_query_parameters = ignored;
    w->options.n_ignored_query_parameters = 1;
    for (size_t i = 0; i < N_TEMPLATES; i++) {
        rules[i] = rule_of(ss_schema_method(w->schema, SS_LIT("t.S.M")), templates[i]);
        rules[i].options = &w->options;
    }
    if (ss_route_table_build(rules, N_TEMPLATES, &w->arena, &why, &w->table) != SS_OK)
        fail_msg("%.*s", SS_FMT(why));
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    ss_route_table_free(w->table);
    ss_schema_free(w->schema);
    ss_arena_dispose(&w->arena);
    free(w);
    return 0;
}

static void expect_bindings(struct world *w, const char *path, const char *query, const char *expected)
{
    struct ss_route_match m;
    struct ss_status st = {0};
    struct ss_slice exact = exact_copy(query);
    struct ss_buf text;
    ss_buf_init(&text, 65536);
    assert_int_equal(ss_route_match(w->table, SS_LIT("GET"), ss_slice_str(path), &w->arena, &m, &st), SS_OK);
    for (const struct ss_route_binding *b = ss_route_bindings(&m, exact, &w->arena); b; b = b->next) {
        ss_buf_printf(&text, "%s %.*s", b->source == SS_BINDING_PATH ? "path" : "query", SS_FMT(b->name));
        if (b->leaf)
            ss_buf_printf(&text, " -> %.*s (%d) = %.*s\n", SS_FMT(b->field), b->leaf->type, SS_FMT(b->value));
        else
            ss_buf_printf(&text, " = %.*s: %.*s\n", SS_FMT(b->value), SS_FMT(b->why));
    }
    if (!ss_slice_eq(ss_buf_slice(&text), ss_slice_str(expected)))
        fail_msg("%s?%s: expected\n%sfound\n%.*s", path, query, expected, (int)text.len, text.ptr);
    ss_buf_dispose(&text);
    free((void *)(uintptr_t)exact.ptr);
}

static void variables_come_first_and_are_decoded(void **state)
{
    expect_bindings(*state, "/v1/documents/a%20b", "tags=x",
                    "path id -> id (9) = a b\nquery tags -> tags (9) = x\n");
    expect_bindings(*state, "/v2/projects/p/docs/a/b", "",
                    "path doc.name -> doc.name (9) = projects/p/docs/a/b\n");
}

static void parameters_are_shown_with_the_proto_names_of_their_fields(void **state)
{
    expect_bindings(*state, "/v1/search", "doc.displayName=a+b&doc.parent.name=%C3%A9&labels[x]=7",
                    "query doc.displayName -> doc.display_name (9) = a b\n"
                    "query doc.parent.name -> doc.parent.name (9) = \xC3\xA9\n"
                    "query labels[x] -> labels[x] (5) = 7\n");
}

static void parameters_without_a_field_say_what_becomes_of_them(void **state)
{
    expect_bindings(*state, "/v1/search", "key=k&$alt=sse&idd=1&doc=2&id=%zz",
                    "query key = k: is ignored\n"
                    "query $alt = sse: is a system parameter\n"
                    "query idd = 1: names no field of t.Req; did you mean \"id\"?\n"
                    "query doc = 2: cannot be set: \"doc\" is a message: name one of its fields, as in "
                    "MESSAGE.FIELD\n"
                    "query id = %zz: holds a malformed percent escape, %00, or bad UTF-8\n");
}

static void expect_nearest(struct world *w, const char *path, const char *first, size_t least)
{
    const struct ss_rule *near[MAX_NEAR];
    struct ss_slice exact = exact_copy(path);
    size_t n = ss_route_nearest(w->table, exact, &w->arena, near, MAX_NEAR);
    free((void *)(uintptr_t)exact.ptr);
    if (n < least)
        fail_msg("%s: %zu rules", path, n);
    if (first == NULL) {
        assert_int_equal(n, 0);
        return;
    }
    if (n == 0 || !ss_slice_eq(near[0]->path, ss_slice_str(first)))
        fail_msg("%s: expected %s, found %.*s", path, first, SS_FMT(n ? near[0]->path : SS_LIT("nothing")));
}

static void a_path_that_is_almost_right_finds_its_template(void **state)
{
    expect_nearest(*state, "/v1/document/7", "/v1/documents/{id}", 1);
    expect_nearest(*state, "/v1/documents:pars", "/v1/documents:parse", 1);
    expect_nearest(*state, "/documents/7", "/v1/documents/{id}", 1);
    expect_nearest(*state, "/v1/documents/7/clause", "/v1/documents/{id}/clauses", 1);
    expect_nearest(*state, "/v1/documents/7/clauses/3", "/v1/documents/{id}/clauses", 1);
    expect_nearest(*state, "/v2/projects/p/doc/a/b/c/d", "/v2/{doc.name=projects/*/docs/**}", 1);
    expect_nearest(*state, "/admin/users/7:bann", "/admin/users/{id}:ban", 1);
    expect_nearest(*state, "/v1/search/", "/v1/search", MAX_NEAR);
    expect_nearest(*state, "/v1/documents/", "/v1/documents/{id}", 1);
}

static void a_path_that_shares_nothing_finds_nothing(void **state)
{
    struct world *w = *state;
    const struct ss_rule *near[1];
    struct ss_route_table *table;
    struct ss_slice why;
    struct ss_rule rule = rule_of(ss_schema_method(w->schema, SS_LIT("t.S.M")), "GET /v1/search");
    rule.options = &w->options;
    assert_int_equal(ss_route_table_build(&rule, 1, &w->arena, &why, &table), SS_OK);
    static const char *const paths[] = {"/completely/different", "/a/b/c/d/e/f/g", "", "/", "x", ":", "//"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct ss_slice exact = exact_copy(paths[i]);
        if (ss_route_nearest(table, exact, &w->arena, near, 1) != 0)
            fail_msg("%s is near", paths[i]);
        free((void *)(uintptr_t)exact.ptr);
    }
    ss_route_table_free(table);
}

static void paths_of_any_length_are_compared(void **state)
{
    struct world *w = *state;
    const struct ss_rule *near[MAX_NEAR];
    static char path[100000];
    for (size_t i = 0; i < sizeof path; i++)
        path[i] = i % 3 == 0 ? '/' : 'a';
    (void)ss_route_nearest(w->table, ss_slice_of(path, sizeof path), &w->arena, near, MAX_NEAR);
    memset(path + 1, 'a', sizeof path - 1);
    (void)ss_route_nearest(w->table, ss_slice_of(path, sizeof path), &w->arena, near, MAX_NEAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_come_first_and_are_decoded),
        cmocka_unit_test(parameters_are_shown_with_the_proto_names_of_their_fields),
        cmocka_unit_test(parameters_without_a_field_say_what_becomes_of_them),
        cmocka_unit_test(a_path_that_is_almost_right_finds_its_template),
        cmocka_unit_test(a_path_that_shares_nothing_finds_nothing),
        cmocka_unit_test(paths_of_any_length_are_compared),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
