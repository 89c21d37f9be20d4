/* ss_route_match_stream: which method a WebSocket reaches. */
#include "fixture.h"

static const char proto[] = "syntax = \"proto3\";\n"
                            "message M { string a = 1; string b = 2; }\n"
                            "service S {\n"
                            "  rpc Unary(M) returns (M);\n"
                            "  rpc Down(M) returns (stream M);\n"
                            "  rpc Up(stream M) returns (M);\n"
                            "}\n";

struct world {
    struct ss_schema *schema;
    struct ss_arena a;
    struct ss_route_table *table;
};

static const struct ss_route_options options = {.timeout_ms = -1};

static struct world *world_new(void)
{
    static const struct {
        const char *method, *rule;
    } rules[] = {
        {"S.Unary", "GET /both"},      {"S.Down", "POST /both"},      {"S.Down", "GET /two"},
        {"S.Up", "POST /two"},         {"S.Unary", "GET /unary/{a}"}, {"S.Up", "PUT /{a}/{b}"},
        {"S.Unary", "POST /x/{a}:go"}, {"S.Up", "CHAT /custom/{a}"},
    };
    enum { N = sizeof rules / sizeof rules[0] };
    struct world *w = ss_xcalloc(1, sizeof *w);
    struct ss_rule list[N];
    struct ss_slice why = SS_LIT("");
    ss_arena_init(&w->a, 0);
    w->schema = compile_schema(proto);
    for (size_t i = 0; i < N; i++) {
        list[i] = rule_of(ss_schema_method(w->schema, ss_slice_str(rules[i].method)), rules[i].rule);
        list[i].options = &options;
    }
    if (ss_route_table_build(list, N, &w->a, &why, &w->table))
        fail_msg("table: %.*s", SS_FMT(why));
    return w;
}

static void world_free(struct world *w)
{
    ss_route_table_free(w->table);
    ss_schema_free(w->schema);
    ss_arena_dispose(&w->a);
    ss_free(w);
}

static void a_websocket_reaches_the_stream_of_its_path_whatever_its_method(void **state)
{
    static const struct {
        const char *path, *rule; /* NULL: none */
        size_t n_values;
    } cases[] = {
        {"/both", "S.Down", 0},   /* the GET is unary */
        {"/two", "S.Down", 0},    /* a GET goes before the rest */
        {"/unary/1", "S.Up", 2},  /* what is less specific, but a stream */
        {"/custom/1", "S.Up", 1}, /* a method that HTTP does not know */
        {"/x/1:go", "S.Up", 2},   /* ":go" is no verb of a stream */
        {"/nothing", NULL, 0},    {"/both/", NULL, 0},
    };
    (void)state;
    struct world *w = world_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ss_route_match m;
        struct ss_status st = {0};
        enum ss_err err = ss_route_match_stream(w->table, ss_slice_str(cases[i].path), &w->a, &m, &st);
        if (cases[i].rule == NULL) {
            assert_int_equal(err, SS_ERR_NO_ROUTE);
            assert_null(m.route);
            continue;
        }
        assert_int_equal(err, SS_OK);
        struct ss_slice name = ss_route_rule(m.route)->method->full_name;
        assert_int_equal(name.len, strlen(cases[i].rule));
        assert_memory_equal(name.ptr, cases[i].rule, name.len);
        assert_int_equal(m.n_values, cases[i].n_values);
    }
    world_free(w);
}

static void a_malformed_path_is_invalid(void **state)
{
    struct ss_route_match m;
    struct ss_status st = {0};
    (void)state;
    struct world *w = world_new();
    assert_int_equal(ss_route_match_stream(w->table, SS_LIT("/custom/%zz"), &w->a, &m, &st), SS_ERR_INVALID);
    assert_true(st.message.len > 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_websocket_reaches_the_stream_of_its_path_whatever_its_method),
        cmocka_unit_test(a_malformed_path_is_invalid),
    };
    return cmocka_run_group_tests_name("route match stream", tests, NULL, NULL);
}
