/* Bad configurations, and every line that they are answered with. */
#include "config/config.h"

#include "config/support.h"

struct bad {
    const char *config; /* c.yaml */
    const char *route;  /* r.yaml; NULL: there is none */
    const char *errors;
};

static void check(const struct bad *b)
{
    struct ss_arena a;
    struct ss_config config;
    struct ss_config_error *errors = NULL;
    ss_arena_init(&a, 0);
    write_text("c.yaml", b->config);
    if (b->route)
        write_text("r.yaml", b->route);
    enum ss_err err = ss_config_load("c.yaml", &a, &config, &errors);
    if (err == SS_OK)
        fail_msg("accepted: %s", b->config);
    assert_int_equal(err, SS_ERR_CONFIG);
    char *text = join_errors(errors);
    if (strcmp(text, b->errors) != 0)
        fail_msg("of\n%s%sexpected\n%sfound\n%s", b->config, b->route ? b->route : "", b->errors, text);
    ss_free(text);
    ss_arena_dispose(&a);
}

static void check_all(const struct bad *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check(&list[i]);
}

#define CHECK_ALL(list) check_all(list, sizeof(list) / sizeof((list)[0]))
#define UP "upstreams: {u: {target: 'h:1', plaintext: true}}\n"
#define BASE "descriptors: [legal.pb]\n" UP
#define WITH_ROUTE BASE "routes: [r.yaml]\n"
#define DOC "type: google.api.Service\nhttp:\n  rules:\n"

static void unknown_keys_name_the_nearest_or_all(void **state)
{
    static const struct bad list[] = {
        {BASE "listners: []\n", NULL, "c.yaml:3:1: unknown key \"listners\"; did you mean \"listeners\"?\n"},
        {BASE "zzz: 1\n", NULL,
         "c.yaml:3:1: unknown key \"zzz\"; valid keys are listeners, admin, descriptors, routes, upstreams, "
         "defaults, auto_mapping, "
         "workers, drain_delay, drain_timeout, limits, log, access_log\n"},
        {BASE "listeners:\n- adress: 127.0.0.1:1\n", NULL,
         "c.yaml:4:3: unknown key \"adress\"; did you mean \"address\"?\n"},
        {BASE "limits: {max_heders: 5}\n", NULL,
         "c.yaml:3:10: unknown key \"max_heders\"; did you mean \"max_headers\"?\n"},
        {BASE "log: {colour: red}\n", NULL,
         "c.yaml:3:7: unknown key \"colour\"; valid keys are format, level\n"},
        {"descriptors: [legal.pb]\nupstreams:\n  u: {target: 'h:1', plaintxt: true, plaintext: true}\n", NULL,
         "c.yaml:3:22: unknown key \"plaintxt\"; did you mean \"plaintext\"?\n"},
    };
    (void)state;
    CHECK_ALL(list);
}

static void missing_and_empty_keys_are_named(void **state)
{
    static const struct bad list[] = {
        {"", NULL,
         "c.yaml:1:1: missing key \"upstreams\"\n"
         "c.yaml:1:1: missing key \"descriptors\": reading the schema by reflection is not supported yet\n"},
        {"descriptors: []\nupstreams: {}\nlisteners: []\n", NULL,
         "c.yaml:3:12: no listener: leave the key out for 127.0.0.1:8080\n"
         "c.yaml:2:12: no upstream\n"
         "c.yaml:1:14: no descriptor\n"},
        {"descriptors: [legal.pb]\nupstreams: {u: {}}\n", NULL, "c.yaml:2:16: missing key \"target\"\n"},
        {BASE "listeners: [{}]\n", NULL, "c.yaml:3:13: missing key \"address\"\n"},
        {BASE, NULL,
         "c.yaml:1:1: no route: no rule, no google.api.http annotation that can be served, and no "
         "auto_mapping "
         "(\"auto_mapping: true\" at the top of the configuration gives each method a POST "
         "/package.Service/Method)\n"},
    };
    (void)state;
    CHECK_ALL(list);
}

static void wrong_types_name_what_was_expected(void **state)
{
    static const struct bad list[] = {
        {"- a\n", NULL, "c.yaml:1:1: expected a mapping, found a list\n"},
        {BASE "listeners: 8080\n", NULL, "c.yaml:3:12: expected a list, found 8080\n"},
        {BASE "listeners: [127.0.0.1:80]\n", NULL,
         "c.yaml:3:13: expected a mapping, found \"127.0.0.1:80\"\n"},
        {BASE "listeners: [{address: 80}]\n", NULL, "c.yaml:3:23: expected a string (in quotes), found 80\n"},
        {BASE "listeners: [{address: }]\n", NULL, "c.yaml:3:23: expected a string, found nothing\n"},
        {BASE "listeners: [{address: [a]}]\n", NULL, "c.yaml:3:23: expected a string, found a list\n"},
        {BASE "workers: '2'\n", NULL, "c.yaml:3:10: expected a whole number, found \"2\"\n"},
        {BASE "workers: 2.5\n", NULL, "c.yaml:3:10: expected a whole number, found 2.5\n"},
        {BASE "workers: 1025\n", NULL, "c.yaml:3:10: 1025 is too large: the most is 1024\n"},
        {BASE "drain_delay: 5\n", NULL,
         "c.yaml:3:14: expected a duration such as 10s, 0.4s, 400ms or 5m, found 5\n"},
        {BASE "limits: {max_header_bytes: 64k, max_headers: 0, idle_timeout: 0, max_request_bytes: 0}\n",
         NULL,
         "c.yaml:3:28: expected a size such as 4MiB, 64KiB or 65536, found \"64k\"\n"
         "c.yaml:3:46: 0 is too small: the least is 1\n"
         "c.yaml:3:63: 0 is too small: the least is 1ms\n"
         "c.yaml:3:85: 0 is too small: the least is 1 bytes\n"},
        {BASE "log: {level: INFO, format: yes}\n", NULL,
         "c.yaml:3:14: expected debug, info, warn or error, found \"INFO\"\n"
         "c.yaml:3:28: expected text or json, found \"yes\"\n"},
        {BASE "admin: on\n", NULL, "c.yaml:3:8: expected a mapping or off, found \"on\"\n"},
        {"descriptors: [1, [a], {include: x}]\n" UP, NULL,
         "c.yaml:1:15: expected a string (in quotes), found 1\n"
         "c.yaml:1:18: expected a string, found a list\n"
         "c.yaml:1:33: expected a list, found \"x\"\n"
         "c.yaml:1:23: missing key \"proto\"\n"},
        {BASE
         "defaults: {timeout: soon, lenient: yes, status_map: {5: 4040, NOTFOUND: 1}, stream: {form: xml}}\n",
         NULL,
         "c.yaml:3:21: expected a duration such as 10s, 0.4s, 400ms or 5m, found \"soon\"\n"
         "c.yaml:3:36: expected true or false, found \"yes\"\n"
         "c.yaml:3:57: expected an HTTP status from 200 to 599, found 4040\n"
         "c.yaml:3:63: no gRPC code \"NOTFOUND\"; did you mean \"NOT_FOUND\"?\n"
         "c.yaml:3:73: expected an HTTP status from 200 to 599, found 1\n"
         "c.yaml:3:92: expected ndjson, sse, array or object, found \"xml\"\n"},
    };
    (void)state;
    CHECK_ALL(list);
}

static void yaml_that_could_surprise_is_refused_and_the_rest_still_read(void **state)
{
    static const struct bad list[] = {
        {BASE "workers: 1\nworkers: 2\nlog: {x: 1}\n", NULL,
         "c.yaml:4:1: duplicate key \"workers\": it was first given at line 3\n"
         "c.yaml:5:7: unknown key \"x\"; valid keys are format, level\n"},
        {BASE "log: &l {level: info}\nadmin: *l\n", NULL,
         "c.yaml:3:6: anchors are not supported\n"
         "c.yaml:4:8: aliases are not supported: write the value out\n"},
        {BASE "---\n" BASE, NULL, "c.yaml:3:1: a second document: a file holds one\n"},
        {BASE "  x: [\n", NULL,
         "c.yaml:3:3: not YAML: did not find expected key, while parsing a block mapping that began at line "
         "1\n"},
    };
    (void)state;
    CHECK_ALL(list);
}

static void addresses_are_numeric_and_used_once(void **state)
{
    static const struct bad list[] = {
        {BASE "listeners: [{address: 'localhost:80'}]\n", NULL,
         "c.yaml:3:23: expected an address such as 127.0.0.1:8080, [::1]:8080 or unix:/path, found "
         "\"localhost:80\"\n"},
        {BASE "listeners:\n- address: 127.0.0.1:8080\n- address: 127.0.0.1:8080\nadmin: {address: "
              "127.0.0.1:8080}\n",
         NULL,
         "c.yaml:5:12: 127.0.0.1:8080 is listened on already\n"
         "c.yaml:6:18: 127.0.0.1:8080 is listened on already\n"},
    };
    (void)state;
    CHECK_ALL(list);
}

static void upstreams_are_tls_or_plaintext_and_what_is_to_come_says_so(void **state)
{
    static const struct bad list[] = {
        {"descriptors: [legal.pb]\nupstreams:\n  u: {target: 'h:1', plaintext: true, tls: {}}\n", NULL,
         "c.yaml:3:22: \"plaintext: true\" and \"tls\" exclude each other\n"},
        {"descriptors: [legal.pb]\nupstreams:\n  u:\n    target: h:1\n    tls: {ca: no/ca.crt, certificate: "
         "legal.pb}\n",
         NULL,
         "c.yaml:5:39: \"certificate\" needs \"private_key\" beside it\n"
         "c.yaml:5:15: no/ca.crt: No such file or directory\n"},
        {"descriptors: [legal.pb]\nupstreams:\n  u:\n    target: h:1\n    plaintext: true\n    reflection: "
         "true\n"
         "    service_config: {methodConfig: []}\n    dns_refresh: 10s\n    circuit_breaker: {max_requests: "
         "1}\n",
         NULL,
         "c.yaml:6:5: \"reflection\" is not supported yet\n"
         "c.yaml:7:5: \"service_config\" is not supported yet\n"
         "c.yaml:8:5: \"dns_refresh\" is not supported yet\n"
         "c.yaml:9:5: \"circuit_breaker\" is not supported yet\n"},
        {BASE "listeners: [{address: '127.0.0.1:1', tls: {certificate: no.crt}}]\n", NULL,
         "c.yaml:3:43: missing key \"private_key\"\n"
         "c.yaml:3:57: no.crt: No such file or directory\n"},
    };
    (void)state;
    CHECK_ALL(list);
}

static void files_that_are_not_there_are_named_where_they_are_asked_for(void **state)
{
    static const struct bad list[] = {
        {"descriptors: [legal.pb, no.pb, no.proto]\nroutes: [no.yaml, no/]\n" UP, NULL,
         "c.yaml:1:25: no.pb: No such file or directory\n"
         "c.yaml:1:32: no.proto: No such file or directory\n"
         "c.yaml:2:10: no.yaml: No such file or directory\n"
         "c.yaml:2:19: no/: No such file or directory\n"},
        {"descriptors: [empty]\nroutes: [empty]\n" UP, NULL,
         "c.yaml:1:15: empty: it is a folder\n"
         "c.yaml:2:10: empty: no *.yaml, *.yml or *.json in it\n"},
    };
    (void)state;
    assert_int_equal(mkdir("empty", 0700), 0);
    CHECK_ALL(list);
}

static void a_document_is_a_google_api_service(void **state)
{
    static const struct bad list[] = {
        {WITH_ROUTE, "apiVersion: v1\ntype: Opaque\n",
         "r.yaml:2:7: expected google.api.Service, found \"Opaque\"\n"},
        {WITH_ROUTE, "config_version: 2\nhttp: {}\nupstreem: u\nauto_mapping: 1\n",
         "r.yaml:1:17: expected 3, found 2\n"
         "r.yaml:3:1: unknown key \"upstreem\"; did you mean \"upstream\"?\n"
         "r.yaml:4:15: expected true or false, found 1\n"
         "r.yaml:1:1: missing key \"type\"\n"},
        {WITH_ROUTE, "type: google.api.Service\nupstream: v\napis: [{name: legal.v1.Document}]\n",
         "r.yaml:2:11: no upstream \"v\"; did you mean \"u\"?\n"
         "r.yaml:3:15: no service \"legal.v1.Document\" in the descriptors; did you mean "
         "\"legal.v1.Documents\"?\n"},
    };
    (void)state;
    CHECK_ALL(list);
}

static void a_rule_has_one_selector_and_one_pattern(void **state)
{
    static const struct bad list[] = {
        {WITH_ROUTE, DOC "  - get: /x\n", "r.yaml:4:5: missing key \"selector\"\n"},
        {WITH_ROUTE, DOC "  - selector: legal.v1.Documents.Git\n    get: /x\n",
         "r.yaml:4:15: no method \"legal.v1.Documents.Git\" in the descriptors; did you mean "
         "\"legal.v1.Documents.Get\"?\n"},
        {WITH_ROUTE, DOC "  - selector: legal.v1.Documents.Get\n",
         "r.yaml:4:5: no pattern: expected one of get, put, post, delete, patch, custom\n"},
        {WITH_ROUTE, DOC "  - selector: legal.v1.Documents.Get\n    get: /x\n    post: /y\n",
         "r.yaml:6:5: a second pattern beside \"get\": use additional_bindings\n"},
        {WITH_ROUTE, DOC "  - selector: legal.v1.Documents.Get\n    custom: {kind: 'a b', path: /x}\n",
         "r.yaml:5:20: expected an HTTP method or \"*\", found \"a b\"\n"},
        {WITH_ROUTE, DOC "  - selector: legal.v1.Documents.Get\n    custom: {kind: HEAD}\n",
         "r.yaml:5:13: missing key \"path\"\n"},
        {WITH_ROUTE,
         DOC "  - selector: legal.v1.Documents.Get\n    get: /x\n    additional_bindings:\n"
             "    - {get: /y, additional_bindings: []}\n    - {get: /z, selector: a.b}\n    - {get: /a, "
             "timeuot: 1s}\n",
         "r.yaml:7:17: additional_bindings do not nest\n"
         "r.yaml:8:17: the selector stands beside additional_bindings, not in them\n"
         "r.yaml:9:17: unknown key \"timeuot\"; did you mean \"timeout\"?\n"},
    };
    (void)state;
    CHECK_ALL(list);
}

static void options_that_mean_nothing_are_refused(void **state)
{
    static const struct bad list[] = {
        {WITH_ROUTE, DOC "  - selector: legal.v1.Documents.Get\n    get: /x\n    stream: sse\n",
         "r.yaml:6:13: \"legal.v1.Documents.Get\" is not server-streaming: \"stream\" means nothing here\n"},
        {WITH_ROUTE,
         DOC
         "  - selector: legal.v1.Documents.Get\n    get: /x\n    sse: {done: x}\n    object: {max_items: 1}\n"
         "    envelope: true\n    websocket: {ping: 1s}\n",
         "r.yaml:6:10: \"legal.v1.Documents.Get\" is not server-streaming: \"sse\" means nothing here\n"
         "r.yaml:7:13: \"legal.v1.Documents.Get\" is not server-streaming: \"object\" means nothing here\n"
         "r.yaml:8:15: \"legal.v1.Documents.Get\" is not server-streaming: \"envelope\" means nothing "
         "here\n"
         "r.yaml:9:16: \"legal.v1.Documents.Get\" is not streaming: \"websocket\" means nothing here\n"},
    };
    (void)state;
    CHECK_ALL(list);
}

static void every_rule_that_the_table_refuses_is_shown(void **state)
{
    struct ss_arena a;
    struct ss_config config;
    struct ss_config_error *errors = NULL;
    static const char *const starts[] = {"r.yaml:5:5: ", "r.yaml:9:5: ", "r.yaml:13:5: "};
    (void)state;
    ss_arena_init(&a, 0);
    write_text("c.yaml", WITH_ROUTE);
    write_text("r.yaml", DOC "  - selector: legal.v1.Documents.Get\n    get: /v1/{nam}\n"
                             "  - selector: legal.v1.Documents.Get\n    get: /v1/{name}\n"
                             "  - selector: legal.v1.Documents.Create\n    get: /v1/{title}\n"
                             "  - selector: legal.v1.Search.Find\n    put: /v1/ok\n"
                             "  - selector: legal.v1.Documents.Watch\n    put: /v1/{{\n");
    assert_int_equal(ss_config_load("c.yaml", &a, &config, &errors), SS_ERR_CONFIG);
    for (size_t i = 0; i < 3; i++, errors = errors->next) {
        assert_non_null(errors);
        if (!ss_slice_starts(errors->text, ss_slice_str(starts[i])))
            fail_msg("expected a line that begins with \"%s\", found \"%.*s\"", starts[i],
                     SS_FMT(errors->text));
    }
    assert_null(errors);
    ss_arena_dispose(&a);
}

static void with_several_upstreams_each_rule_needs_one(void **state)
{
#define TWO                                                                                                  \
    "descriptors: [legal.pb]\nupstreams: {a: {target: 'h:1', plaintext: true}, b: {target: 'h:2', "          \
    "plaintext: true}}\nroutes: [r.yaml]\n"
    static const struct bad list[] = {
        {TWO, DOC "  - selector: legal.v1.Documents.Get\n    get: /x\n",
         "r.yaml:4:15: which upstream serves \"legal.v1.Documents.Get\"? Give this document an \"upstream\", "
         "or name "
         "the service under the \"apis\" of one that has it\n"},
        {TWO, "type: google.api.Service\napis: [{name: legal.v1.Search}]\n",
         "r.yaml:2:15: which upstream serves \"legal.v1.Search\"? Give this document an \"upstream\"\n"},
        {TWO, "type: google.api.Service\nupstream: a\nauto_mapping: true\n",
         "r.yaml:3:15: \"auto_mapping\" of which services? Name them under \"apis\"\n"},
    };
    (void)state;
    CHECK_ALL(list);
}

static void two_documents_cannot_give_a_service_two_upstreams(void **state)
{
    static const struct bad b = {
        "descriptors: [legal.pb]\nupstreams: {a: {target: 'h:1', plaintext: true}, b: {target: 'h:2', "
        "plaintext: true}}\n"
        "routes: [r.yaml, s.yaml]\n",
        "type: google.api.Service\nupstream: a\napis: [{name: legal.v1.Search}]\nauto_mapping: true\n",
        "s.yaml:3:15: \"legal.v1.Search\" has another upstream by r.yaml:3:15\n"};
    (void)state;
    write_text("s.yaml", "type: google.api.Service\nupstream: b\napis: [{name: legal.v1.Search}]\n");
    check(&b);
}

static void what_protoc_says_is_passed_on_line_by_line(void **state)
{
    static const struct bad list[] = {
        {"descriptors: [bad.proto]\n" UP, NULL,
         "c.yaml:1:15: protoc: bad.proto:2:16: \"Nope\" is not defined.\n"
         "c.yaml:1:15: protoc: bad.proto:3:16: \"Neither\" is not defined.\n"},
    };
    (void)state;
    write_text("bad.proto",
               "syntax = \"proto3\";\nmessage A {    Nope n = 1; }\nmessage B {    Neither n = 1; }\n");
    CHECK_ALL(list);
}

static void without_protoc_the_other_way_is_named(void **state)
{
    static const struct bad b = {"descriptors:\n- legal.proto\n" UP, NULL,
                                 "c.yaml:2:3: legal.proto: protoc is not installed (Debian: "
                                 "protobuf-compiler); or name a FileDescriptorSet made "
                                 "by protoc --include_imports --descriptor_set_out=FILE.pb\n"};
    (void)state;
    char *path = getenv("PATH");
    assert_non_null(path);
    char *saved = ss_xstrndup(path, strlen(path));
    setenv("PATH", "", 1);
    check(&b);
    setenv("PATH", saved, 1);
    ss_free(saved);
}

static void what_is_no_descriptor_set_is_shown_at_its_entry(void **state)
{
    struct ss_arena a;
    struct ss_config config;
    struct ss_config_error *errors = NULL;
    (void)state;
    ss_arena_init(&a, 0);
    write_text("garbage.pb", "this is no descriptor set");
    write_text("c.yaml", "descriptors:\n- legal.pb\n- garbage.pb\n" UP);
    assert_int_equal(ss_config_load("c.yaml", &a, &config, &errors), SS_ERR_CONFIG);
    assert_non_null(errors);
    assert_true(ss_slice_starts(errors->text, SS_LIT("c.yaml:3:3: ")));
    assert_non_null(memmem(errors->text.ptr, errors->text.len, "garbage.pb", 10));
    assert_null(errors->next);
    ss_arena_dispose(&a);
}

static void a_file_that_is_not_there_has_no_line(void **state)
{
    struct ss_arena a;
    struct ss_config config;
    struct ss_config_error *errors = NULL;
    (void)state;
    ss_arena_init(&a, 0);
    assert_int_equal(ss_config_load("none.yaml", &a, &config, &errors), SS_ERR_CONFIG);
    char *text = join_errors(errors);
    assert_string_equal(text, "none.yaml: No such file or directory\n");
    ss_free(text);
    ss_arena_dispose(&a);
}

static void a_line_stays_one_line_whatever_is_in_it(void **state)
{
    static const struct bad list[] = {
        {BASE "\"a\\nb\\e\": 1\n", NULL,
         "c.yaml:3:1: unknown key \"a?b?\"; valid keys are listeners, admin, descriptors, routes, upstreams, "
         "defaults, auto_mapping, "
         "workers, drain_delay, drain_timeout, limits, log, access_log\n"},
    };
    (void)state;
    CHECK_ALL(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_keys_name_the_nearest_or_all),
        cmocka_unit_test(missing_and_empty_keys_are_named),
        cmocka_unit_test(wrong_types_name_what_was_expected),
        cmocka_unit_test(yaml_that_could_surprise_is_refused_and_the_rest_still_read),
        cmocka_unit_test(addresses_are_numeric_and_used_once),
        cmocka_unit_test(upstreams_are_tls_or_plaintext_and_what_is_to_come_says_so),
        cmocka_unit_test(files_that_are_not_there_are_named_where_they_are_asked_for),
        cmocka_unit_test(a_document_is_a_google_api_service),
        cmocka_unit_test(a_rule_has_one_selector_and_one_pattern),
        cmocka_unit_test(options_that_mean_nothing_are_refused),
        cmocka_unit_test(every_rule_that_the_table_refuses_is_shown),
        cmocka_unit_test(with_several_upstreams_each_rule_needs_one),
        cmocka_unit_test(two_documents_cannot_give_a_service_two_upstreams),
        cmocka_unit_test(what_protoc_says_is_passed_on_line_by_line),
        cmocka_unit_test(without_protoc_the_other_way_is_named),
        cmocka_unit_test(what_is_no_descriptor_set_is_shown_at_its_entry),
        cmocka_unit_test(a_file_that_is_not_there_has_no_line),
        cmocka_unit_test(a_line_stays_one_line_whatever_is_in_it),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
