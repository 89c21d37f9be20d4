/* What a route table refuses to load, and that it says where. */
#include "fixture.h"

static const char proto[] =
    "syntax = \"proto3\";\n"
    "package t;\n"
    "import \"google/protobuf/timestamp.proto\";\n"
    "import \"google/protobuf/struct.proto\";\n"
    "import \"google/protobuf/wrappers.proto\";\n"
    "message Doc { string name = 1; Doc parent = 2; string display_name = 3; }\n"
    "message Req {\n"
    "  string id = 1; Doc doc = 2; repeated string tags = 3; map<string, string> labels = 4;\n"
    "  repeated Doc docs = 5; google.protobuf.Timestamp at = 6; google.protobuf.Struct any = 7;\n"
    "  google.protobuf.Int32Value count = 8;\n"
    "  oneof source { string url = 9; Doc inline = 10; }\n"
    "}\n"
    "message Resp { Doc doc = 1; string note = 2; }\n"
    "service S { rpc M(Req) returns (Resp); rpc N(Req) returns (Resp); }\n";

static struct ss_rule rule_at(const struct ss_method *m, const char *text, const char *origin)
{
    struct ss_rule r = rule_of(m, text);
    r.origin = ss_slice_str(origin);
    return r;
}

struct one_rule {
    const char *rule, *body, *response_body;
    const char *why; /* a part of it; NULL: loads */
};

static const struct one_rule one_rules[] = {
    {"GET /v1/{id}", "", "", NULL},
    {"GET /v1/{doc.name}", "", "", NULL},
    {"GET /v1/{doc.parent.parent.display_name}", "", "", NULL},
    {"GET /v1/{doc.displayName}", "", "", NULL},
    {"GET /v1/{at}", "", "", NULL},
    {"GET /v1/{count}", "", "", NULL},
    {"GET /v1/{at.seconds}/{at.nanos}", "", "", NULL},
    {"GET /v1/{doc.name}/{doc.parent.name}", "", "", NULL},
    {"POST /v1", "*", "", NULL},
    {"POST /v1", "doc", "doc", NULL},
    {"POST /v1", "tags", "note", NULL},
    {"POST /v1", "labels", "", NULL},
    {"PATCH /v1/{doc.name=docs/*}", "doc", "", NULL},
    {"POST /v1/{inline.name}", "inline", "", NULL},
    {"GET v1", "", "", "template \"v1\", column 1: a template begins with '/'"},
    {"GET /v1/{id", "", "", "template \"/v1/{id\", column 8: '}' is missing"},
    {"GET /v1/{idd}", "", "", "column 6: t.Req has no field \"idd\"; did you mean \"id\"?"},
    {"GET /v1/{doc.xyzzy_quux}", "", "", "column 10: t.Doc has no field \"xyzzy_quux\""},
    {"GET /v1/{doc}", "", "", "column 6: field \"doc\" of t.Req is a message"},
    {"GET /v1/{any}", "", "", "column 6: field \"any\" of t.Req is a message"},
    {"GET /v1/{tags}", "", "", "column 6: field \"tags\" of t.Req is repeated"},
    {"GET /v1/{labels}", "", "", "column 6: field \"labels\" of t.Req is a map"},
    {"GET /v1/{docs.name}", "", "", "column 6: field \"docs\" of t.Req is repeated"},
    {"GET /v1/{labels.key}", "", "", "column 6: field \"labels\" of t.Req is repeated"},
    {"GET /v1/{id.x}", "", "", "column 6: field \"id\" of t.Req is not a message"},
    {"GET /v1/{id}/{id}", "", "", "column 11: field \"id\" of t.Req is bound twice"},
    {"GET /v1/{at}/{at.nanos}", "", "",
     "column 11: field \"nanos\" of google.protobuf.Timestamp is bound twice"},
    {"GET /v1/{url}/{inline.name}", "", "", "second member of one oneof"},
    {"POST /v1", "nope", "", "body: t.Req has no field \"nope\""},
    {"POST /v1", "doc.name", "", "body: \"doc.name\" must be the name of one field"},
    {"POST /v1", "", "id", "response_body: t.Resp has no field \"id\""},
    {"POST /v1/{id}", "id", "", "column 6: field \"id\" of t.Req is bound twice: it is the body"},
    {" /v1", "", "", "the HTTP method is missing"},
};

static void a_rule_is_checked_against_its_types(void **state)
{
    const struct ss_method *m = ss_schema_method(*state, SS_LIT("t.S.M"));
    for (size_t i = 0; i < sizeof one_rules / sizeof *one_rules; i++) {
        const struct one_rule *c = &one_rules[i];
        struct ss_rule r = rule_at(m, c->rule, "a.yaml:7:3");
        r.body = ss_slice_str(c->body);
        r.response_body = ss_slice_str(c->response_body);
        struct ss_arena a;
        struct ss_slice why = SS_LIT("");
        struct ss_route_table *t = NULL;
        ss_arena_init(&a, 0);
        enum ss_err err = ss_route_table_build(&r, 1, &a, &why, &t);
        if ((err != SS_OK) != (c->why != NULL))
            fail_msg("%s: %.*s", c->rule, SS_FMT(why));
        if (err) {
            assert_int_equal(err, SS_ERR_CONFIG);
            assert_true(ss_slice_starts(why, SS_LIT("a.yaml:7:3: ")));
            if (!memmem(why.ptr, why.len, c->why, strlen(c->why)))
                fail_msg("%s: %.*s", c->rule, SS_FMT(why));
        } else {
            ss_route_table_free(t);
        }
        ss_arena_dispose(&a);
    }
}

static const struct {
    const char *first, *second;
    bool conflict;
} pairs[] = {
    {"GET /c/{id=a/*}", "GET /c/a/{doc.name}", true},
    {"GET /c/{id}", "GET /c/*", true},
    {"GET /c/{id=**}", "GET /c/**", true},
    {"GET /c/**/x", "GET /c/{id=**/x}", true},
    {"GET /c/%41", "GET /c/A", true},
    {"GET /c/%2f", "GET /c/%2F", true},
    {"GET /c/a:v", "GET /c/a:%76", true},
    {"* /c", "* /c", true},
    {"GET /c/{id}", "POST /c/{id}", false},
    {"GET /c/{id}", "* /c/{id}", false},
    {"GET /c/{id}:v", "GET /c/{id}", false},
    {"GET /c/{id}:v", "GET /c/{id}:w", false},
    {"GET /c/{id}", "GET /c/{id=**}", false},
    {"GET /c/{id}", "GET /c/x", false},
    {"GET /c/**/x", "GET /c/**", false},
    {"GET /c/**/x/y", "GET /c/**/y/x", false},
    {"GET /c/**/x", "GET /c/*/x", false},
    {"GET /c/a", "GET /c/A", false},
};

static void rules_conflict_when_equal_but_for_variables(void **state)
{
    const struct ss_method *m = ss_schema_method(*state, SS_LIT("t.S.M"));
    const struct ss_method *n = ss_schema_method(*state, SS_LIT("t.S.N"));
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct ss_rule rules[] = {rule_at(m, pairs[i].first, "a.yaml:1:2"),
                                  rule_at(n, pairs[i].second, "b.yaml:3:4")};
        struct ss_arena a;
        struct ss_slice why = SS_LIT("");
        struct ss_route_table *t = NULL;
        ss_arena_init(&a, 0);
        enum ss_err err = ss_route_table_build(rules, 2, &a, &why, &t);
        if (err != (pairs[i].conflict ? SS_ERR_CONFIG : SS_OK))
            fail_msg("%s and %s: error %d", pairs[i].first, pairs[i].second, (int)err);
        if (err) {
            assert_true(ss_slice_starts(why, SS_LIT("b.yaml:3:4: ")));
            assert_non_null(memmem(why.ptr, why.len, "a.yaml:1:2", 10));
            assert_null(memchr(why.ptr, '\n', why.len));
        } else {
            ss_route_table_free(t);
        }
        ss_arena_dispose(&a);
    }
}

static void a_table_copies_rules_and_keeps_their_order(void **state)
{
    const struct ss_method *m = ss_schema_method(*state, SS_LIT("t.S.M"));
    struct ss_rule rules[] = {rule_of(m, "POST /b"), rule_of(m, "GET /a/{id}")};
    rules[0].body = SS_LIT("doc");
    rules[0].response_body = SS_LIT("note");
    struct ss_arena a;
    struct ss_slice why;
    struct ss_route_table *t;
    ss_arena_init(&a, 0);
    assert_int_equal(ss_route_table_build(rules, 2, &a, &why, &t), SS_OK);
    memset(rules, 0, sizeof rules);
    assert_int_equal(ss_route_table_count(t), 2);
    assert_true(ss_slice_eq(ss_route_table_at(t, 0)->path, SS_LIT("/b")));
    assert_true(ss_slice_eq(ss_route_table_at(t, 1)->path, SS_LIT("/a/{id}")));
    assert_non_null(ss_route_table_at(t, 1)->options);
    struct ss_route_match match;
    struct ss_status st = {0};
    assert_int_equal(ss_route_match(t, SS_LIT("POST"), SS_LIT("/b"), &a, &match, &st), SS_OK);
    assert_ptr_equal(ss_route_rule(match.route), ss_route_table_at(t, 0));
    assert_ptr_equal(ss_route_body_field(match.route), ss_message_field(m->input, SS_LIT("doc")));
    assert_ptr_equal(ss_route_response_field(match.route), ss_message_field(m->output, SS_LIT("note")));
    assert_int_equal(ss_route_match(t, SS_LIT("GET"), SS_LIT("/a/1"), &a, &match, &st), SS_OK);
    assert_null(ss_route_body_field(match.route));
    assert_null(ss_route_response_field(match.route));
    ss_route_table_free(t);
    ss_arena_dispose(&a);
}

static void the_first_rule_of_a_method_is_found(void **state)
{
    const struct ss_method *m = ss_schema_method(*state, SS_LIT("t.S.M"));
    const struct ss_method *n = ss_schema_method(*state, SS_LIT("t.S.N"));
    const struct ss_rule rules[] = {rule_of(n, "GET /1"), rule_of(m, "GET /2"), rule_of(n, "GET /3"),
                                    rule_of(m, "GET /4"), rule_of(n, "GET /5")};
    struct ss_route_table *t;
    struct ss_slice why = SS_LIT("");
    struct ss_arena a;
    ss_arena_init(&a, 0);
    for (size_t count = 0; count <= 5; count++) {
        assert_int_equal(ss_route_table_build(rules, count, &a, &why, &t), SS_OK);
        assert_ptr_equal(ss_route_table_of(t, n), count > 0 ? ss_route_table_at(t, 0) : NULL);
        assert_ptr_equal(ss_route_table_of(t, m), count > 1 ? ss_route_table_at(t, 1) : NULL);
        ss_route_table_free(t);
    }
    ss_arena_dispose(&a);
}

static void a_table_of_no_rules_matches_nothing(void **state)
{
    (void)state;
    struct ss_arena a;
    struct ss_slice why;
    struct ss_route_table *t;
    ss_arena_init(&a, 0);
    assert_int_equal(ss_route_table_build(NULL, 0, &a, &why, &t), SS_OK);
    struct ss_route_match match;
    struct ss_status st = {0};
    assert_int_equal(ss_route_match(t, SS_LIT("GET"), SS_LIT("/"), &a, &match, &st), SS_ERR_NO_ROUTE);
    ss_route_table_free(t);
    ss_route_table_free(NULL);
    ss_arena_dispose(&a);
}

static int setup(void **state)
{
    *state = compile_schema(proto);
    return *state == NULL;
}

static int teardown(void **state)
{
    ss_schema_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_is_checked_against_its_types),
        cmocka_unit_test(rules_conflict_when_equal_but_for_variables),
        cmocka_unit_test(a_table_copies_rules_and_keeps_their_order),
        cmocka_unit_test(the_first_rule_of_a_method_is_found),
        cmocka_unit_test(a_table_of_no_rules_matches_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
