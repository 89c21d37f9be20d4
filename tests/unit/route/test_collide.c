/* Which bodies say something else than the path does. */
#include "fixture.h"

static const char proto[] = "syntax = \"proto2\";\n"
                            "package t;\n"
                            "import \"google/protobuf/timestamp.proto\";\n"
                            "import \"google/protobuf/wrappers.proto\";\n"
                            "enum Color { NONE = 0; RED = 1; BLUE = 2; }\n"
                            "message Inner { optional string name = 1; optional int32 n = 2;\n"
                            "  optional Inner inner = 3; }\n"
                            "message Req {\n"
                            "  optional string id = 1; optional int32 size = 2; optional Color color = 3;\n"
                            "  optional Inner inner = 4; optional google.protobuf.Timestamp at = 5;\n"
                            "  optional google.protobuf.StringValue word = 6; optional bytes data = 7;\n"
                            "  optional group Grp = 20 { optional string s = 1; optional int32 n = 2; }\n"
                            "  oneof pick { string left = 8; int32 right = 9; }\n"
                            "  optional bool flag = 10; repeated Inner list = 11; optional double d = 12;\n"
                            "}\n"
                            "service S { rpc M(Req) returns (Req); }\n";

struct collision {
    const char *rule, *body; /* of the rule */
    const char *path, *json;
    const char *fields; /* "a;b;" of the violations, in order; "": none */
};

static const struct collision cases[] = {
    {"POST /v1/{id}", "*", "/v1/x", "{}", ""},
    {"POST /v1/{id}", "*", "/v1/x", "{\"id\":\"x\"}", ""},
    {"POST /v1/{id}", "*", "/v1/x", "{\"id\":\"y\"}", "id;"},
    {"POST /v1/{id}", "*", "/v1/x", "{\"id\":\"\"}", "id;"},
    {"POST /v1/{id}", "*", "/v1/x", "{\"id\":null}", ""},
    {"POST /v1/{id}", "*", "/v1/a%2Fb", "{\"id\":\"a/b\"}", ""},
    {"POST /v1/{id}", "*", "/v1/x", "{\"size\":5,\"word\":\"x\",\"inner\":{\"name\":\"y\"}}", ""},
    {"POST /v1/{id=a/*}", "*", "/v1/a/b", "{\"id\":\"a/b\"}", ""},
    {"POST /v1/{id=a/*}", "*", "/v1/a/b", "{\"id\":\"b\"}", "id;"},
    {"POST /v1/{id}/{size}", "*", "/v1/x/5", "{\"id\":\"y\",\"size\":6}", "id;size;"},
    {"POST /v1/{id}/{size}", "*", "/v1/x/5", "{\"id\":\"x\",\"size\":6}", "size;"},
    /* values are compared, not their spellings */
    {"POST /v1/{size}", "*", "/v1/5", "{\"size\":5.0}", ""},
    {"POST /v1/{size}", "*", "/v1/5", "{\"size\":\"5\"}", ""},
    {"POST /v1/{size}", "*", "/v1/0", "{\"size\":0}", ""},
    {"POST /v1/{size}", "*", "/v1/0", "{\"size\":1}", "size;"},
    {"POST /v1/{size}", "*", "/v1/-1", "{\"size\":-1}", ""},
    {"POST /v1/{color}", "*", "/v1/red", "{\"color\":\"RED\"}", ""},
    {"POST /v1/{color}", "*", "/v1/1", "{\"color\":\"RED\"}", ""},
    {"POST /v1/{color}", "*", "/v1/red", "{\"color\":2}", "color;"},
    {"POST /v1/{flag}", "*", "/v1/true", "{\"flag\":true}", ""},
    {"POST /v1/{flag}", "*", "/v1/true", "{\"flag\":false}", "flag;"},
    {"POST /v1/{d}", "*", "/v1/1e2", "{\"d\":100}", ""},
    {"POST /v1/{data}", "*", "/v1/_-8", "{\"data\":\"/+8=\"}", ""},
    {"POST /v1/{at}", "*", "/v1/2020-01-02T03:04:05Z", "{\"at\":\"2020-01-02T04:04:05+01:00\"}", ""},
    {"POST /v1/{at}", "*", "/v1/1970-01-01T00:00:00Z", "{\"at\":\"1970-01-01T00:00:00Z\"}", ""},
    {"POST /v1/{at}", "*", "/v1/2020-01-02T03:04:05Z", "{\"at\":\"2020-01-02T03:04:06Z\"}", "at;"},
    {"POST /v1/{word}", "*", "/v1/x", "{\"word\":\"x\"}", ""},
    {"POST /v1/{word}", "*", "/v1/x", "{\"word\":\"\"}", "word;"},
    {"POST /v1/{left}", "*", "/v1/x", "{\"left\":\"y\"}", "left;"},
    /* nested */
    {"POST /v1/{inner.name}", "*", "/v1/x", "{\"inner\":{\"name\":\"x\",\"n\":1}}", ""},
    {"POST /v1/{inner.name}", "*", "/v1/x", "{\"inner\":{\"name\":\"y\"}}", "inner.name;"},
    {"POST /v1/{inner.name}", "*", "/v1/x", "{\"inner\":{\"n\":1,\"inner\":{\"name\":\"y\"}}}", ""},
    {"POST /v1/{inner.name}", "*", "/v1/x", "{\"inner\":{}}", ""},
    {"POST /v1/{inner.inner.n}", "*", "/v1/5", "{\"inner\":{\"n\":5,\"inner\":{\"n\":6}}}", "inner.inner.n;"},
    {"POST /v1/{inner.name}", "*", "/v1/x", "{\"list\":[{\"name\":\"y\"}]}", ""},
    /* a group is a message too */
    {"POST /v1/{grp.s}", "*", "/v1/x", "{\"grp\":{\"s\":\"x\",\"n\":1}}", ""},
    {"POST /v1/{grp.s}", "*", "/v1/x", "{\"grp\":{\"n\":1}}", ""},
    {"POST /v1/{grp.s}", "*", "/v1/x", "{\"grp\":{\"s\":\"y\"}}", "grp.s;"},
    /* the body of one field */
    {"POST /v1/{inner.name}", "inner", "/v1/x", "{\"name\":\"x\"}", ""},
    {"POST /v1/{inner.name}", "inner", "/v1/x", "{\"name\":\"y\"}", "inner.name;"},
    {"POST /v1/{id}", "inner", "/v1/x", "{\"name\":\"y\"}", ""},
};

struct fixture {
    struct ss_schema *schema;
    struct ss_codec *codec;
};

static void check_fields(const struct collision *c, const struct ss_status *st)
{
    char fields[128] = "";
    size_t n = 0;
    for (const struct ss_violation *v = st->violations; v; v = v->next)
        n += (size_t)snprintf(fields + n, sizeof fields - n, "%.*s;", SS_FMT(v->field));
    if (strcmp(fields, c->fields) != 0)
        fail_msg("%s %s: \"%s\" collide, not \"%s\"", c->path, c->json, fields, c->fields);
}

static void check(const struct fixture *f, const struct collision *c)
{
    static const struct ss_route_options options = {.reject_binding_body_field_collisions = true};
    const struct ss_method *method = ss_schema_method(f->schema, SS_LIT("t.S.M"));
    struct ss_rule rule = rule_of(method, c->rule);
    struct ss_arena a;
    struct ss_buf wire;
    struct ss_slice why = SS_LIT("");
    struct ss_route_table *t;
    struct ss_route_match m;
    struct ss_status st = {0};
    ss_arena_init(&a, 0);
    ss_buf_init(&wire, 1 << 16);
    rule.body = ss_slice_str(c->body);
    rule.options = &options;
    if (ss_route_table_build(&rule, 1, &a, &why, &t))
        fail_msg("%s: %.*s", c->rule, SS_FMT(why));
    assert_int_equal(ss_route_match(t, rule.http_method, ss_slice_str(c->path), &a, &m, &st), SS_OK);
    if (ss_json_to_wire(f->codec, f->schema, method->input, ss_route_body_field(m.route),
                        ss_slice_str(c->json), &options.in, &a, &wire, &st))
        fail_msg("%s: %.*s", c->json, SS_FMT(st.message));
    char *exact = malloc(wire.len ? wire.len : 1); /* an overread is seen */
    if (wire.len)
        memcpy(exact, wire.ptr, wire.len);
    enum ss_err err = ss_route_check_collisions(&m, ss_slice_of(exact, wire.len), &a, &st);
    assert_int_equal(err, c->fields[0] ? SS_ERR_INVALID : SS_OK);
    check_fields(c, &st);
    free(exact);
    ss_route_table_free(t);
    ss_buf_dispose(&wire);
    ss_arena_dispose(&a);
}

static void bodies_collide_with_paths_as_the_table_says(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(*state, &cases[i]);
}

static int setup(void **state)
{
    struct fixture *f = ss_xcalloc(1, sizeof *f);
    f->schema = compile_schema(proto);
    f->codec = ss_codec_new();
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    ss_codec_free(f->codec);
    ss_schema_free(f->schema);
    ss_free(f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_collide_with_paths_as_the_table_says),
    };
    return cmocka_run_group_tests_name("route collide", tests, setup, teardown);
}
