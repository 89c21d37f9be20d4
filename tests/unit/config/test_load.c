/* Good configurations, and what becomes of them. */
#include "config/config.h"

#include "base/buf.h"
#include "config/support.h"

struct loaded {
    struct ss_arena arena;
    struct ss_config config;
};

static void accepted(enum ss_err err, struct ss_config_error *errors)
{
    char *text = join_errors(errors);
    if (err != SS_OK)
        fail_msg("%s", text);
    assert_string_equal(text, "");
    ss_free(text);
}

/* r: r.yaml; NULL: there is none. Everything must be found in the configuration when the load's arena is
 * gone. */
static void load(struct loaded *l, const char *c, const char *r)
{
    struct ss_config_error *errors = NULL;
    ss_arena_init(&l->arena, 0);
    write_text("c.yaml", c);
    if (r)
        write_text("r.yaml", r);
    accepted(ss_config_load("c.yaml", &l->arena, &l->config, &errors), errors);
    l->config.notes = NULL;
    ss_arena_dispose(&l->arena);
}

/* One line a route: "METHOD path gRPC-method body response_body cluster". */
static void expect_routes(const struct ss_config *c, const char *expected)
{
    struct ss_buf out;
    ss_buf_init(&out, 65536);
    for (size_t i = 0; i < ss_route_table_count(c->snapshot->routes); i++) {
        const struct ss_rule *r = ss_route_table_at(c->snapshot->routes, i);
        ss_buf_printf(&out, "%.*s %.*s %.*s [%.*s] [%.*s] %.*s\n", SS_FMT(r->http_method), SS_FMT(r->path),
                      SS_FMT(r->method->full_name), SS_FMT(r->body), SS_FMT(r->response_body),
                      SS_FMT(c->snapshot->clusters[r->cluster].name));
    }
    ss_buf_append(&out, "", 1);
    assert_string_equal(out.ptr, expected);
    ss_buf_dispose(&out);
}

static void expect_limits(const struct ss_limits *l, const struct ss_limits *expected)
{
    assert_int_equal(l->max_connections, expected->max_connections);
    assert_int_equal(l->max_concurrent_streams, expected->max_concurrent_streams);
    assert_int_equal(l->max_header_bytes, expected->max_header_bytes);
    assert_int_equal(l->max_headers, expected->max_headers);
    assert_int_equal(l->max_request_bytes, expected->max_request_bytes);
    assert_int_equal(l->max_message_bytes, expected->max_message_bytes);
    assert_int_equal(l->max_json_bytes, expected->max_json_bytes);
    assert_int_equal(l->header_timeout_ms, expected->header_timeout_ms);
    assert_int_equal(l->body_timeout_ms, expected->body_timeout_ms);
    assert_int_equal(l->idle_timeout_ms, expected->idle_timeout_ms);
    assert_int_equal(l->min_drain_bytes_per_s, expected->min_drain_bytes_per_s);
    assert_int_equal(l->drain_grace_ms, expected->drain_grace_ms);
}

static const struct ss_route_options *options_of(const struct ss_config *c, const char *path)
{
    for (size_t i = 0; i < ss_route_table_count(c->snapshot->routes); i++)
        if (ss_slice_eq(ss_route_table_at(c->snapshot->routes, i)->path, ss_slice_str(path)))
            return ss_route_table_at(c->snapshot->routes, i)->options;
    fail_msg("no route %s", path);
    return NULL;
}

#define BASE "descriptors: [legal.pb]\nupstreams: {u: {target: 'h:1', plaintext: true}}\nroutes: [r.yaml]\n"
#define AUTO "type: google.api.Service\nauto_mapping: true\n"
#define DOC "type: google.api.Service\nhttp:\n  rules:\n"

static void what_is_left_out_has_its_default(void **state)
{
    struct loaded l;
    struct ss_limits limits;
    (void)state;
    load(&l, BASE, AUTO);
    const struct ss_server_config *s = &l.config.server;
    assert_int_equal(s->n_listeners, 1);
    assert_true(ss_slice_eq(s->listeners[0].text, SS_LIT("127.0.0.1:8080")));
    assert_null(s->listeners[0].tls);
    assert_false(s->admin_off);
    assert_true(ss_slice_eq(s->admin.text, SS_LIT("127.0.0.1:9901")));
    assert_int_equal(s->workers, 0);
    assert_int_equal(s->drain_delay_ms, 0);
    assert_int_equal(s->drain_timeout_ms, 30000);
    ss_limits_init(&limits);
    expect_limits(&s->limits, &limits);
    assert_int_equal(l.config.log.level, SS_LOG_INFO);
    assert_false(l.config.log.json);

    const struct ss_route_options *o = ss_route_table_at(l.config.snapshot->routes, 0)->options;
    assert_int_equal(o->timeout_ms, -1);
    assert_int_equal(o->idle_timeout_ms, -1);
    assert_int_equal(o->stream, SS_STREAM_UNSET);
    assert_true(o->out.emit_defaults);
    assert_false(o->out.int64_as_number);
    assert_int_equal(o->max_request_bytes, 0);

    const struct ss_cluster_config *u = &l.config.snapshot->clusters[0];
    assert_true(ss_slice_eq(u->name, SS_LIT("u")));
    assert_int_equal(u->connect_timeout_ms, 20000);
    assert_false(u->required);
    assert_null(u->tls);
    ss_config_dispose(&l.config);
}

static void every_key_of_the_process_arrives(void **state)
{
    struct loaded l;
    (void)state;
    load(&l,
         BASE
         "listeners: [{address: '127.0.0.1:0'}, {address: '127.0.0.1:0'}, {address: 'unix:/tmp/x.sock'}]\n"
         "admin: {address: '[::1]:9902'}\nworkers: 3\ndrain_delay: 2s\ndrain_timeout: 1m\n"
         "limits: {max_connections: 7, max_concurrent_streams: 8, max_header_bytes: 1KiB, max_headers: 9,\n"
         "  max_request_bytes: 1MiB, max_message_bytes: 2MiB, max_json_bytes: 3MiB, header_timeout: 3s, "
         "body_timeout: 4s,\n"
         "  idle_timeout: 5s, min_drain_bytes_per_s: 6KiB, drain_grace: 7s}\nlog: {format: json, level: "
         "warn}\n",
         AUTO);
    const struct ss_server_config *s = &l.config.server;
    assert_int_equal(s->n_listeners, 3);
    assert_true(ss_slice_eq(s->listeners[2].text, SS_LIT("unix:/tmp/x.sock")));
    assert_int_equal(s->listeners[2].address.addr.ss_family, AF_UNIX);
    assert_true(ss_slice_eq(s->admin.text, SS_LIT("[::1]:9902")));
    assert_int_equal(s->admin.address.addr.ss_family, AF_INET6);
    assert_int_equal(s->workers, 3);
    assert_int_equal(s->drain_delay_ms, 2000);
    assert_int_equal(s->drain_timeout_ms, 60000);
    const struct ss_limits expected = {7,       8,    1024, 9,    1 << 20, 2 << 20,
                                       3 << 20, 3000, 4000, 5000, 6144,    7000};
    expect_limits(&s->limits, &expected);
    assert_int_equal(l.config.log.level, SS_LOG_WARN);
    assert_true(l.config.log.json);
    ss_config_dispose(&l.config);
}

static void admin_can_be_off(void **state)
{
    static const char *const forms[] = {BASE "admin: off\n", BASE "admin: false\n"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct loaded l;
        load(&l, forms[i], AUTO);
        assert_true(l.config.server.admin_off);
        ss_config_dispose(&l.config);
    }
}

static void json_is_yaml_too(void **state)
{
    struct loaded l;
    (void)state;
    load(&l,
         "{\"descriptors\": [\"legal.pb\"], \"routes\": [\"r.yaml\"], \"workers\": 1,\n"
         " \"upstreams\": {\"u\": {\"target\": \"h:1\", \"plaintext\": true, \"reflection\": false,\n"
         "  \"service_config\": {}, \"required\": true, \"connect_timeout\": \"1.5s\"}}}",
         AUTO);
    assert_int_equal(l.config.server.workers, 1);
    assert_true(l.config.snapshot->clusters[0].required);
    assert_int_equal(l.config.snapshot->clusters[0].connect_timeout_ms, 1500);
    ss_config_dispose(&l.config);
}

static void an_upstream_is_tls_unless_plaintext(void **state)
{
    static const struct {
        const char *upstream, *server_name;
    } cases[] = {
        {"{target: 'dns:///docs.example:443'}", "docs.example"},
        {"{target: 'docs.example:50051', tls: }", "docs.example"},
        {"{target: 'docs.example', tls: {}, plaintext: false}", "docs.example"},
        {"{target: '127.0.0.1:1', tls: {insecure_skip_verify: true}}", "127.0.0.1"},
        {"{target: 'ipv6:[::1]:1', tls: {server_name: other.example}}", "other.example"},
        {"{target: 'ipv4:127.0.0.1:1,127.0.0.2:1'}", "127.0.0.1"},
        {"{target: 'ipv6:[::1]:1'}", "::1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct loaded l;
        char text[256];
        snprintf(text, sizeof text, "descriptors: [legal.pb]\nupstreams: {u: %s}\nroutes: [r.yaml]\n",
                 cases[i].upstream);
        load(&l, text, AUTO);
        const struct ss_cluster_config *u = &l.config.snapshot->clusters[0];
        assert_non_null(u->tls);
        if (!ss_slice_eq(u->server_name, ss_slice_str(cases[i].server_name)))
            fail_msg("%s: \"%.*s\"", cases[i].upstream, SS_FMT(u->server_name));
        ss_config_dispose(&l.config);
    }
}

static void rules_and_their_additional_bindings_become_routes(void **state)
{
    struct loaded l;
    (void)state;
    load(&l, BASE,
         "type: google.api.Service\nconfig_version: 3\nname: x\ntitle: X\nauthentication: {rules: "
         "[]}\nhttp:\n  rules:\n"
         "  - selector: legal.v1.Documents.Get\n    get: /v1/{name=documents/*}\n    response_body: title\n"
         "    additional_bindings:\n    - {post: '/v1/documents:get', body: '*'}\n"
         "    - {custom: {kind: head, path: /v1/probe}}\n    - custom: {kind: '*', path: /v1/any}\n"
         "  - {selector: legal.v1.Documents.Create, put: /v1/p, body: '*'}\n"
         "  - {selector: legal.v1.Search.Find, delete: /v1/d}\n"
         "  - {selector: legal.v1.Documents.Watch, patch: /v1/pa, body: name}\n");
    expect_routes(&l.config, "GET /v1/{name=documents/*} legal.v1.Documents.Get [] [title] u\n"
                             "POST /v1/documents:get legal.v1.Documents.Get [*] [] u\n"
                             "HEAD /v1/probe legal.v1.Documents.Get [] [] u\n"
                             "* /v1/any legal.v1.Documents.Get [] [] u\n"
                             "PUT /v1/p legal.v1.Documents.Create [*] [] u\n"
                             "DELETE /v1/d legal.v1.Search.Find [] [] u\n"
                             "PATCH /v1/pa legal.v1.Documents.Watch [name] [] u\n");
    assert_true(ss_slice_eq(ss_route_table_at(l.config.snapshot->routes, 1)->origin, SS_LIT("r.yaml:12:8")));
    ss_config_dispose(&l.config);
}

static void options_of_a_rule_cover_its_bindings_and_inherit_the_defaults(void **state)
{
    struct loaded l;
    (void)state;
    load(&l,
         BASE "defaults: {timeout: 5s, json: {emit_defaults: false, enums_as_ints: true}, lenient: true,\n"
              "  ignored_query_parameters: [key], status_map: {UNAVAILABLE: 422, 4: 408}}\n",
         DOC
         "  - selector: legal.v1.Documents.Watch\n    get: /v1/a\n    additional_bindings: [{get: /v1/b}, "
         "{post: '/v1/x/{name}', body: '*'}]\n"
         "    timeout: 0\n    idle_timeout: 1m\n    stream: {form: array}\n"
         "    json: {emit_defaults: true, preserve_proto_field_names: true, int64_as_number: true}\n"
         "    ignore_unknown_fields: true\n    ignore_unknown_query_parameters: true\n"
         "    ignored_query_parameters: [a, b]\n    ignore_trailing_slash: true\n"
         "    reject_binding_body_field_collisions: true\n    max_request_bytes: 1KiB\n    "
         "max_message_bytes: 2\n    max_json_bytes: 1KiB\n"
         "    status_map: {unavailable: 424}\n"
         "  - {selector: legal.v1.Documents.Get, get: /v1/c}\n");
    const struct ss_route_options *o = options_of(&l.config, "/v1/b");
    assert_ptr_equal(o, options_of(&l.config, "/v1/a"));
    assert_int_equal(o->timeout_ms, 0);
    assert_int_equal(o->idle_timeout_ms, 60000);
    assert_int_equal(o->stream, SS_STREAM_ARRAY);
    assert_true(o->out.emit_defaults && o->out.preserve_proto_field_names && o->out.enums_as_ints &&
                o->out.int64_as_number);
    assert_true(o->in.ignore_unknown_fields && o->in.lenient);
    assert_true(o->ignore_unknown_query_parameters && o->ignore_trailing_slash);
    assert_true(o->reject_binding_body_field_collisions);
    assert_false(o->fully_decode_reserved_expansion);
    assert_int_equal(o->n_ignored_query_parameters, 2);
    assert_true(ss_slice_eq(o->ignored_query_parameters[1], SS_LIT("b")));
    assert_int_equal(o->max_request_bytes, 1024);
    assert_int_equal(o->max_message_bytes, 2);
    assert_int_equal(o->max_json_bytes, 1024);
    assert_int_equal(o->status_map[14], 424);
    assert_int_equal(o->status_map[4], 408);

    o = options_of(&l.config, "/v1/c");
    assert_int_equal(o->timeout_ms, 5000);
    assert_int_equal(o->idle_timeout_ms, -1);
    assert_true(!o->out.emit_defaults && o->out.enums_as_ints && o->in.lenient);
    assert_int_equal(o->n_ignored_query_parameters, 1);
    assert_true(ss_slice_eq(o->ignored_query_parameters[0], SS_LIT("key")));
    assert_int_equal(o->status_map[14], 422);
    ss_config_dispose(&l.config);
}

static void fully_decode_reserved_expansion_is_said_once_for_a_document(void **state)
{
    struct loaded l;
    (void)state;
    load(&l, BASE,
         "type: google.api.Service\nhttp:\n  rules: [{selector: legal.v1.Documents.Get, get: "
         "'/v1/{name=**}'}]\n"
         "  fully_decode_reserved_expansion: true\n");
    assert_true(options_of(&l.config, "/v1/{name=**}")->fully_decode_reserved_expansion);
    ss_config_dispose(&l.config);
}

static void auto_mapping_gives_a_path_to_methods_that_have_none(void **state)
{
    struct loaded l;
    (void)state;
    load(&l, BASE, AUTO "http: {rules: [{selector: legal.v1.Documents.Get, get: /v1/get}]}\n");
    expect_routes(&l.config, "GET /v1/get legal.v1.Documents.Get [] [] u\n"
                             "POST /legal.v1.Documents/Create legal.v1.Documents.Create [*] [] u\n"
                             "POST /legal.v1.Documents/Watch legal.v1.Documents.Watch [*] [] u\n"
                             "POST /legal.v1.Documents/Import legal.v1.Documents.Import [*] [] u\n"
                             "POST /legal.v1.Search/Find legal.v1.Search.Find [*] [] u\n");
    ss_config_dispose(&l.config);
}

static void apis_give_their_services_the_documents_upstream(void **state)
{
    struct loaded l;
    (void)state;
    write_text(
        "s.yaml",
        "type: google.api.Service\nupstream: b\nauto_mapping: true\napis: [{name: legal.v1.Search}]\n");
    load(&l,
         "descriptors: [legal.pb]\nroutes: [r.yaml, s.yaml]\n"
         "upstreams: {a: {target: 'h:1', plaintext: true}, b: {target: 'h:2', plaintext: true}}\n",
         "type: google.api.Service\nupstream: a\nhttp:\n  rules:\n  - {selector: legal.v1.Documents.Get, "
         "get: /v1/a}\n");
    expect_routes(&l.config, "GET /v1/a legal.v1.Documents.Get [] [] a\n"
                             "POST /legal.v1.Search/Find legal.v1.Search.Find [*] [] b\n");
    ss_config_dispose(&l.config);
}

static const char annotations_proto[] =
    "syntax = \"proto3\";\npackage google.api;\nimport \"google/protobuf/descriptor.proto\";\n"
    "message CustomHttpPattern { string kind = 1; string path = 2; }\n"
    "message HttpRule {\n"
    "  string selector = 1;\n"
    "  oneof pattern { string get = 2; string put = 3; string post = 4; string delete = 5; string patch = "
    "6;\n"
    "                  CustomHttpPattern custom = 8; }\n"
    "  string body = 7; repeated HttpRule additional_bindings = 11; string response_body = 12;\n"
    "}\n"
    "extend google.protobuf.MethodOptions { HttpRule http = 72295728; }\n";

static const char annotated_proto[] =
    "syntax = \"proto3\";\npackage a;\nimport \"google/api/annotations.proto\";\n"
    "message M { string name = 1; }\n"
    "service S {\n"
    "  rpc One(M) returns (M) { option (google.api.http) = { get: \"/v1/{name}\"\n"
    "    additional_bindings { post: \"/v1/one\" body: \"*\" } }; }\n"
    "  rpc Two(M) returns (M) { option (google.api.http) = { put: \"/v1/two\" body: \"*\" }; }\n"
    "  rpc Three(M) returns (M);\n"
    "}\n";

static void write_annotated(void)
{
    assert_int_equal(mkdir("include", 0700), 0);
    assert_int_equal(mkdir("include/google", 0700), 0);
    assert_int_equal(mkdir("include/google/api", 0700), 0);
    assert_int_equal(mkdir("protos", 0700), 0);
    write_text("include/google/api/annotations.proto", annotations_proto);
    write_text("protos/a.proto", annotated_proto);
}

static void annotations_are_used_unless_a_rule_replaces_them_wholly(void **state)
{
    struct loaded l;
    (void)state;
    write_annotated();
    load(&l,
         "descriptors: [{proto: protos/a.proto, include: [include]}]\n"
         "upstreams: {u: {target: 'h:1', plaintext: true}}\ndefaults: {timeout: 7s}\n",
         NULL);
    expect_routes(
        &l.config,
        "GET /v1/{name} a.S.One [] [] u\nPOST /v1/one a.S.One [*] [] u\nPUT /v1/two a.S.Two [*] [] u\n");
    assert_int_equal(options_of(&l.config, "/v1/two")->timeout_ms, 7000);
    ss_config_dispose(&l.config);
    load(&l,
         "descriptors: [{proto: protos/a.proto, include: [include]}]\nroutes: [r.yaml]\n"
         "upstreams: {u: {target: 'h:1', plaintext: true}}\n",
         AUTO "http: {rules: [{selector: a.S.One, patch: /v2/one}]}\n");
    expect_routes(
        &l.config,
        "PATCH /v2/one a.S.One [] [] u\nPUT /v1/two a.S.Two [*] [] u\nPOST /a.S/Three a.S.Three [*] [] u\n");
    ss_config_dispose(&l.config);
}

static void a_folder_of_routes_is_read_in_order_of_names(void **state)
{
    struct loaded l;
    (void)state;
    assert_int_equal(mkdir("d", 0700), 0);
    assert_int_equal(mkdir("d/sub.yaml", 0700), 0);
    write_text("d/b.yaml", DOC "  - {selector: legal.v1.Documents.Create, get: /b}\n");
    write_text("d/c.json", "{\"type\": \"google.api.Service\", \"http\": {\"rules\": [{\"selector\": "
                           "\"legal.v1.Search.Find\", \"get\": \"/c\"}]}}");
    write_text("d/a.yml", DOC "  - {selector: legal.v1.Documents.Get, get: /a}\n");
    write_text("d/.hidden.yaml", "x");
    write_text("d/README.md", "x");
    load(&l, "descriptors: [legal.pb]\nupstreams: {u: {target: 'h:1', plaintext: true}}\nroutes: [d]\n",
         NULL);
    expect_routes(&l.config,
                  "GET /a legal.v1.Documents.Get [] [] u\nGET /b legal.v1.Documents.Create [] [] u\n"
                  "GET /c legal.v1.Search.Find [] [] u\n");
    ss_config_dispose(&l.config);
}

static void relative_paths_are_relative_to_the_file_that_names_them(void **state)
{
    struct ss_arena a;
    struct ss_config config;
    struct ss_config_error *errors = NULL;
    (void)state;
    assert_int_equal(mkdir("conf", 0700), 0);
    write_text("conf/r.yaml", AUTO);
    write_text("conf/c.yaml", "descriptors: [../legal.pb]\nupstreams: {u: {target: 'h:1', plaintext: true}}\n"
                              "routes: [r.yaml]\n");
    ss_arena_init(&a, 0);
    accepted(ss_config_load("conf/c.yaml", &a, &config, &errors), errors);
    ss_config_dispose(&config);
    ss_arena_dispose(&a);
}

static void what_is_ignored_is_noted(void **state)
{
    struct ss_arena a;
    struct ss_config config;
    struct ss_config_error *errors = NULL;
    (void)state;
    ss_arena_init(&a, 0);
    write_text("c.yaml", BASE);
    write_text("r.yaml", AUTO "usage: {}\napis: [{name: legal.v1.Search, version: v1}]\n");
    accepted(ss_config_load("c.yaml", &a, &config, &errors), errors);
    char *notes = join_errors(config.notes);
    assert_string_equal(notes, "r.yaml:3:1: \"usage\" is ignored\nr.yaml:4:32: \"version\" is ignored\n");
    ss_free(notes);
    ss_config_dispose(&config);
    ss_arena_dispose(&a);
}

static void one_upstream_needs_no_file(void **state)
{
    struct ss_arena a;
    struct ss_config config;
    struct ss_config_error *errors = NULL;
    const char *proto = "legal.proto", *descriptor = "legal.pb";
    struct ss_config_quick q = {
        .upstream = "h:1", .plaintext = true, .protos = &proto, .n_protos = 1, .listen = "127.0.0.1:1"};
    (void)state;
    ss_arena_init(&a, 0);
    accepted(ss_config_quick(&q, &a, &config, &errors), errors);
    assert_int_equal(ss_route_table_count(config.snapshot->routes), 5);
    assert_int_equal(config.snapshot->n_clusters, 1);
    assert_null(config.snapshot->clusters[0].tls);
    assert_true(ss_slice_eq(config.server.listeners[0].text, SS_LIT("127.0.0.1:1")));
    assert_true(ss_slice_eq(config.server.admin.text, SS_LIT("127.0.0.1:9901")));
    ss_config_dispose(&config);
    q = (struct ss_config_quick){
        .upstream = "h:1", .descriptors = &descriptor, .n_descriptors = 1, .admin = "off"};
    accepted(ss_config_quick(&q, &a, &config, &errors), errors);
    assert_non_null(config.snapshot->clusters[0].tls);
    assert_true(config.server.admin_off);
    ss_config_dispose(&config);
    ss_arena_dispose(&a);
}

static void errors_without_a_file_name_the_flag(void **state)
{
    const char *missing = "no.pb";
    const struct {
        struct ss_config_quick q;
        const char *errors;
    } cases[] = {
        {{.upstream = "h:1"},
         "--upstream: give --descriptor or --proto too: reading the schema by the service's reflection is "
         "not "
         "supported yet\n"},
        {{.upstream = "h:1", .descriptors = &missing, .n_descriptors = 1, .listen = "x", .admin = "y"},
         "--listen: expected an address such as 127.0.0.1:8080, [::1]:8080 or unix:/path, found \"x\"\n"
         "--admin: expected an address such as 127.0.0.1:8080, [::1]:8080 or unix:/path, found \"y\"\n"
         "--descriptor: no.pb: No such file or directory\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ss_arena a;
        struct ss_config config;
        struct ss_config_error *errors = NULL;
        ss_arena_init(&a, 0);
        assert_int_equal(ss_config_quick(&cases[i].q, &a, &config, &errors), SS_ERR_CONFIG);
        char *text = join_errors(errors);
        assert_string_equal(text, cases[i].errors);
        ss_free(text);
        ss_arena_dispose(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_out_has_its_default),
        cmocka_unit_test(every_key_of_the_process_arrives),
        cmocka_unit_test(admin_can_be_off),
        cmocka_unit_test(json_is_yaml_too),
        cmocka_unit_test(an_upstream_is_tls_unless_plaintext),
        cmocka_unit_test(rules_and_their_additional_bindings_become_routes),
        cmocka_unit_test(options_of_a_rule_cover_its_bindings_and_inherit_the_defaults),
        cmocka_unit_test(fully_decode_reserved_expansion_is_said_once_for_a_document),
        cmocka_unit_test(auto_mapping_gives_a_path_to_methods_that_have_none),
        cmocka_unit_test(apis_give_their_services_the_documents_upstream),
        cmocka_unit_test(annotations_are_used_unless_a_rule_replaces_them_wholly),
        cmocka_unit_test(a_folder_of_routes_is_read_in_order_of_names),
        cmocka_unit_test(relative_paths_are_relative_to_the_file_that_names_them),
        cmocka_unit_test(what_is_ignored_is_noted),
        cmocka_unit_test(one_upstream_needs_no_file),
        cmocka_unit_test(errors_without_a_file_name_the_flag),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
