/* What `sidespan explain` prints, and what a method's name stands for. */
#include "cli/explain.h"

#include "cli/call.h"
#include "cli/fd.h"
#include "cli/pick.h"
#include "cli/type_name.h"
#include "config/support.h"

static const char test_proto[] =
    "syntax = \"proto3\";\n"
    "package t;\n"
    "import \"google/protobuf/field_mask.proto\";\n"
    "enum Kind { KIND_UNSPECIFIED = 0; BIG = 1; }\n"
    "message Doc { string name = 1; string title = 2; Doc parent = 3; }\n"
    "message Req { Doc doc = 1; google.protobuf.FieldMask update_mask = 2; repeated int64 ids = 3;\n"
    "              map<string, Doc> docs = 4; Kind kind = 5; bytes raw = 6; }\n"
    "service A { rpc Update(Req) returns (Doc); rpc Other(Req) returns (Doc); }\n"
    "service B { rpc Lone(Req) returns (Doc); }\n";

static const char c_yaml[] = "descriptors: [t.pb]\nroutes: [r.yaml]\n"
                             "upstreams: {one: {target: 'h:1', plaintext: true}, two: {target: 'h:2'}}\n";
static const char r_yaml[] = "type: google.api.Service\nupstream: two\nhttp:\n  rules:\n"
                             "  - selector: t.A.Update\n    patch: '/v1/{doc.name=docs/*}'\n    body: doc\n"
                             "    status_map: {INVALID_ARGUMENT: 422}\n"
                             "    reject_binding_body_field_collisions: true\n";

struct world {
    struct ss_arena arena;
    struct ss_config config;
};

static void *folder;

static int set_up(void **state)
{
    static struct world w;
    struct ss_config_error *errors = NULL;
    enter_folder(&folder);
    write_text("t.proto", test_proto);
    write_text("c.yaml", c_yaml);
    write_text("r.yaml", r_yaml);
    assert_int_equal(system("protoc --include_imports --descriptor_set_out=t.pb t.proto"), 0);
    ss_arena_init(&w.arena, 0);
    if (ss_config_load("c.yaml", &w.arena, &w.config, &errors) != SS_OK)
        fail_msg("%s", join_errors(errors));
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    ss_config_dispose(&w->config);
    ss_arena_dispose(&w->arena);
    return leave_folder(&folder);
}

/* input: what stands on stdin. */
static void expect(struct world *w, const char *method, const char *target, const char *body,
                   const char *input, int code, const char *expected)
{
    FILE *in = tmpfile(), *out = tmpfile();
    struct ss_buf text;
    assert_true(in && out);
    assert_int_equal(ss_fd_write_all(fileno(in), ss_slice_str(input)), SS_OK);
    assert_int_equal(lseek(fileno(in), 0, SEEK_SET), 0);
    const struct ss_cli_explain e = {.snapshot = w->config.snapshot,
                                     .http_method = method,
                                     .target = target,
                                     .body = body,
                                     .in = fileno(in),
                                     .out = fileno(out),
                                     .err = 2};
    int found = ss_cli_explain_run(&e);
    ss_buf_init(&text, 1 << 20);
    assert_int_equal(lseek(fileno(out), 0, SEEK_SET), 0);
    assert_int_equal(ss_fd_read_all(fileno(out), &text), SS_OK);
    if (found != code || !ss_slice_eq(ss_buf_slice(&text), ss_slice_str(expected)))
        fail_msg("%s %s: expected %d and\n%s\nfound %d and\n%.*s", method, target, code, expected, found,
                 (int)text.len, text.ptr);
    ss_buf_dispose(&text);
    fclose(in);
    fclose(out);
}

#define MATCHED                                                                                              \
    "rule      PATCH /v1/{doc.name=docs/*}\nat        r.yaml:6:5\nselector  t.A.Update (unary)\n"            \
    "upstream  two (h:2, TLS)\npath      doc.name -> doc.name (string) = \"docs/7\"\n"
#define BODY "body      doc -> doc (t.Doc)\nresponse  t.Doc\n"

static void an_update_mask_is_made_up_as_for_a_request(void **state)
{
    expect(*state, "patch", "/v1/docs/7", "{\"title\":\"x\",\"parent\":{\"title\":\"y\"}}", "", 0,
           MATCHED BODY
           "request   {\"doc\":{\"name\":\"docs/7\",\"title\":\"x\",\"parent\":{\"title\":\"y\"}},"
           "\"update_mask\":\"title,parent.title\"}\n");
    expect(*state, "PATCH", "/v1/docs/7?updateMask=parent", "{\"title\":\"x\"}", "", 0,
           MATCHED "query     updateMask -> update_mask (google.protobuf.FieldMask) = \"parent\"\n" BODY
                   "request   {\"doc\":{\"name\":\"docs/7\",\"title\":\"x\"},\"update_mask\":\"parent\"}\n");
}

static void a_dash_is_the_body_from_stdin(void **state)
{
    expect(*state, "PATCH", "/v1/docs/7?ids=1", "-", "{\"title\":\"x\"}", 0,
           MATCHED "query     ids -> ids (repeated int64) = \"1\"\n" BODY
                   "request   {\"doc\":{\"name\":\"docs/7\",\"title\":\"x\"},\"update_mask\":\"title\","
                   "\"ids\":[\"1\"]}\n");
}

static void a_refusal_has_the_status_that_the_route_gives_it(void **state)
{
    expect(*state, "PATCH", "/v1/docs/7?kind=SMALL", "{}", "", SS_EXIT_FAILED,
           MATCHED
           "query     kind -> kind (t.Kind) = \"SMALL\"\n" BODY
           "refused   422 INVALID_ARGUMENT: kind: in the query: expected one of KIND_UNSPECIFIED, BIG\n"
           "          kind: in the query: expected one of KIND_UNSPECIFIED, BIG\n");
}

static void a_body_that_contradicts_the_path_is_refused_where_the_route_says_so(void **state)
{
    struct world *w = *state;
    expect(w, "PATCH", "/v1/docs/7", "{\"name\":\"docs/7\"}", "", 0,
           MATCHED BODY "request   {\"doc\":{\"name\":\"docs/7\"},\"update_mask\":\"name\"}\n");
    FILE *out = tmpfile();
    const struct ss_cli_explain e = {.snapshot = w->config.snapshot,
                                     .http_method = "PATCH",
                                     .target = "/v1/docs/7",
                                     .body = "{\"name\":\"docs/8\"}",
                                     .in = 0,
                                     .out = fileno(out),
                                     .err = 2};
    assert_int_equal(ss_cli_explain_run(&e), SS_EXIT_FAILED);
    fclose(out);
}

static void what_was_asked_for_cannot_forge_a_line(void **state)
{
    expect(*state, "PATCH", "/v1/docs/7?raw%0Arequest=%0A", "{}", "", SS_EXIT_FAILED,
           MATCHED "query     raw?request = \"\\n\": names no field of t.Req\n" BODY
                   "refused   422 INVALID_ARGUMENT: raw?request: names no field of t.Req\n"
                   "          raw?request: names no field of t.Req\n");
}

static void a_method_is_served_by_the_upstream_of_its_rule_or_its_service(void **state)
{
    struct world *w = *state;
    struct ss_arena a;
    struct ss_pick pick;
    struct ss_slice why;
    static const char *const names[] = {"t.A.Update", "t.A/Update", "/t.A/Update", "t.A.Other"};
    ss_arena_init(&a, 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(ss_pick_method(w->config.snapshot, ss_slice_str(names[i]), &a, &pick, &why), SS_OK);
        assert_true(ss_slice_eq(pick.cluster->name, SS_LIT("two")));
        assert_int_equal(pick.options != NULL, i < 3);
    }
    assert_int_equal(ss_pick_method(w->config.snapshot, SS_LIT("t.B.Lone"), &a, &pick, &why), SS_ERR_CONFIG);
    assert_non_null(strstr(why.ptr, "which upstream serves \"t.B.Lone\"?"));
    assert_int_equal(ss_pick_method(w->config.snapshot, SS_LIT("t.A.Updat"), &a, &pick, &why), SS_ERR_CONFIG);
    assert_non_null(strstr(why.ptr, "did you mean \"t.A.Update\"?"));
    assert_int_equal(ss_pick_method(w->config.snapshot, SS_LIT(""), &a, &pick, &why), SS_ERR_CONFIG);
    assert_int_equal(ss_pick_method(w->config.snapshot, SS_LIT("/"), &a, &pick, &why), SS_ERR_CONFIG);
    ss_arena_dispose(&a);
}

static void types_are_named_as_a_proto_file_names_them(void **state)
{
    struct world *w = *state;
    struct ss_arena a;
    static const char *const expected[] = {
        "t.Doc", "google.protobuf.FieldMask", "repeated int64", "map<string, t.Doc>", "t.Kind", "bytes"};
    const struct ss_message *m = ss_schema_message(w->config.snapshot->schema, SS_LIT("t.Req"));
    ss_arena_init(&a, 0);
    for (size_t i = 0; i < 6; i++) {
        struct ss_slice found = ss_type_name(&m->fields[i], &a);
        if (!ss_slice_eq(found, ss_slice_str(expected[i])))
            fail_msg("expected %s, found %.*s", expected[i], SS_FMT(found));
    }
    ss_arena_dispose(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_mask_is_made_up_as_for_a_request),
        cmocka_unit_test(a_dash_is_the_body_from_stdin),
        cmocka_unit_test(a_refusal_has_the_status_that_the_route_gives_it),
        cmocka_unit_test(a_body_that_contradicts_the_path_is_refused_where_the_route_says_so),
        cmocka_unit_test(what_was_asked_for_cannot_forge_a_line),
        cmocka_unit_test(a_method_is_served_by_the_upstream_of_its_rule_or_its_service),
        cmocka_unit_test(types_are_named_as_a_proto_file_names_them),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
