/* Whatever bytes a route document holds, it becomes a table or lines that each stand for one error. */
#include "config/rules.h"

#include "config/file.h"
#include "config/support.h"
#include "config/upstreams.h"
#include "config/yaml.h"

static const struct ss_source source = {.name = {"r.yaml", 6}, .dir = {"", 0}};

static const char document[] =
    "type: google.api.Service\nupstream: a\nauto_mapping: true\napis: [{name: legal.v1.Search}]\nhttp:\n  "
    "rules:\n"
    "  - selector: legal.v1.Documents.Watch\n    get: /v1/{name=a/*}:w\n    stream: {form: sse}\n"
    "    additional_bindings: [{custom: {kind: X, path: /y}, body: '*'}]\n    status_map: {OK: 201}\n"
    "    timeout: 1.5s\n"
    "    sse: {event: name, done: '[DONE]', heartbeat: 0}\n    object: {max_items: 1}\n    websocket: {ping: "
    "5s}\n    gzip: {min_bytes: "
    "2}\n"
    "    forward_headers: {allow: [a], deny: [B-c]}\n"
    "    cors: {allow_origins: ['https://*.b'], allow_methods: [GET], max_age: 5s}\n";

static void load(struct ss_snapshot *snapshot, struct ss_slice text)
{
    struct ss_arena a;
    struct ss_diag d;
    struct ss_route_keys defaults;
    static const struct ss_upstream_services upstreams[8];
    ss_arena_init(&a, 0);
    ss_diag_init(&d, &a);
    ss_route_keys_init(&defaults);
    struct ss_node *tree = ss_yaml_parse(text, &source, &d);
    if (tree) {
        struct ss_rules_input input = {
            .services = {.documents = ss_document_decode(&d, tree, &defaults), .upstreams = upstreams},
            .defaults = &defaults,
            .descriptors = tree,
        };
        ss_rules_build(&d, &input, snapshot);
        assert_true((snapshot->routes == NULL) == (d.n_errors != 0));
        if (snapshot->routes)
            ss_route_table_free(snapshot->routes);
        snapshot->routes = NULL;
    } else {
        assert_true(d.n_errors != 0);
    }
    for (const struct ss_config_error *e = d.errors; e; e = e->next)
        assert_null(memchr(e->text.ptr, '\n', e->text.len));
    ss_arena_dispose(&a);
}

static void a_document_changed_or_cut_off_anywhere_is_read_or_refused(void **state)
{
    static const char bytes[] = "\0\n:{[-\"*\xff";
    struct ss_arena a;
    struct ss_diag d;
    struct ss_slice why;
    struct ss_descriptor_set set = {.origin = SS_LIT("legal.pb")};
    struct ss_snapshot *snapshot = ss_snapshot_new();
    const char *reason;
    (void)state;
    ss_arena_init(&a, 0);
    ss_diag_init(&d, &a);
    assert_int_equal(ss_file_read(set.origin, 1 << 20, &a, &set.bytes, &reason), SS_OK);
    assert_int_equal(ss_schema_load(&set, 1, &a, &why, &snapshot->schema), SS_OK);
    ss_upstreams_decode(&d, ss_yaml_parse(SS_LIT("{a: {target: 'h:1', plaintext: true}}"), &source, &d),
                        snapshot);
    assert_int_equal(d.n_errors, 0);
    for (size_t i = 0; i < sizeof document - 1; i++) {
        load(snapshot, ss_slice_of(document, i));
        for (size_t b = 0; b < sizeof bytes - 1; b++) {
            char text[sizeof document];
            memcpy(text, document, sizeof document);
            text[i] = bytes[b];
            load(snapshot, ss_slice_of(text, sizeof document - 1));
        }
    }
    ss_snapshot_unref(snapshot);
    ss_arena_dispose(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_changed_or_cut_off_anywhere_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
