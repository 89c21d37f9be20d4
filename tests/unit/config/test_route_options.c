/* Options of routes and listeners that have keys of their own: headers, CORS, streams, compression; and the
 * spellings of protobuf's keys. */
#include "config/config.h"

#include "config/support.h"
#include "http/cors.h"

struct loaded {
    struct ss_arena arena;
    struct ss_config config;
    char *errors; /* "" when it was accepted */
};

static const char events_proto[] = "syntax = \"proto3\";\n"
                                   "package ev;\n"
                                   "enum Kind { KIND_UNSPECIFIED = 0; TOKEN = 1; }\n"
                                   "message Event { Kind kind = 1; int64 seq = 2; string note = 3; bool last "
                                   "= 4; repeated string tags = 5;\n"
                                   "                bytes raw = 6; Event inner = 7; double score = 8; }\n"
                                   "message Other { string text = 1; }\n"
                                   "service S {\n"
                                   "  rpc Watch(Event) returns (stream Event);\n"
                                   "  rpc Text(Event) returns (stream Other);\n"
                                   "  rpc Get(Event) returns (Event);\n"
                                   "}\n";

static int enter(void **state)
{
    enter_folder(state);
    write_text("events.proto", events_proto);
    assert_int_equal(system("protoc --descriptor_set_out=events.pb events.proto"), 0);
    return 0;
}

#define BASE "descriptors: [events.pb]\nupstreams: {u: {target: 'h:1', plaintext: true}}\nroutes: [r.yaml]\n"
#define DOC "type: google.api.Service\nhttp:\n  rules:\n"
#define WATCH DOC "  - selector: ev.S.Watch\n    get: /watch\n"
#define GET DOC "  - selector: ev.S.Get\n    get: /get\n"

/* What is found must live without the load's arena. Disposed of by done. */
static void load(struct loaded *l, const char *c, const char *r)
{
    struct ss_config_error *errors = NULL;
    *l = (struct loaded){0};
    ss_arena_init(&l->arena, 0);
    write_text("c.yaml", c);
    write_text("r.yaml", r);
    (void)ss_config_load("c.yaml", &l->arena, &l->config, &errors);
    l->errors = join_errors(errors);
    l->config.notes = NULL;
    ss_arena_dispose(&l->arena);
}

static void done(struct loaded *l)
{
    if (l->errors[0] == '\0')
        ss_config_dispose(&l->config);
    ss_free(l->errors);
}

static const struct ss_route_options *options_of(const struct loaded *l, const char *path)
{
    assert_string_equal(l->errors, "");
    const struct ss_route_table *t = l->config.snapshot->routes;
    for (size_t i = 0; i < ss_route_table_count(t); i++)
        if (ss_slice_eq(ss_route_table_at(t, i)->path, ss_slice_str(path)))
            return ss_route_table_at(t, i)->options;
    fail_msg("no route %s", path);
    return NULL;
}

static void expect_bad(const char *c, const char *r, const char *errors)
{
    struct loaded l;
    load(&l, c, r);
    if (strcmp(l.errors, errors) != 0)
        fail_msg("of\n%s%sexpected\n%sfound\n%s", c, r, errors, l.errors);
    done(&l);
}

static void expect_text(struct ss_slice found, const char *expected)
{
    if (!ss_slice_eq(found, ss_slice_str(expected)))
        fail_msg("expected \"%s\", found \"%.*s\"", expected, SS_FMT(found));
}

static void nothing_is_set_that_is_not_written(void **state)
{
    struct loaded l;
    (void)state;
    load(&l, BASE, WATCH);
    const struct ss_route_options *o = options_of(&l, "/watch");
    assert_false(o->has_allow_headers || o->n_allow_headers || o->n_deny_headers);
    assert_null(o->cors);
    assert_null(o->sse.event);
    assert_null(o->sse.id);
    assert_int_equal(o->sse.done.len, 0);
    assert_int_equal(o->sse.heartbeat_ms, -1);
    assert_int_equal(o->websocket.ping_ms, -1);
    assert_true(o->object.max_items == 0 && o->object.max_bytes == 0 && o->object.max_time_ms == 0);
    assert_true(!o->gzip.off && o->gzip.min_bytes == 0 && !o->gzip.streams);
    assert_false(o->envelope);
    assert_null(l.config.server.listeners[0].cors);
    assert_int_equal(l.config.server.access_log, SS_ACCESS_LOG_AS_LOG);
    done(&l);
}

static void every_option_of_a_stream_arrives(void **state)
{
    struct loaded l;
    (void)state;
    load(&l, BASE,
         WATCH "    stream: object\n    sse: {event: kind, id: seq, done: \"[DONE]\", heartbeat: 5s}\n"
               "    object: {max_items: 7, max_bytes: 2KiB, max_time: 3s}\n    envelope: true\n"
               "    gzip: {min_bytes: 10, streams: true}\n    websocket: {ping: 2s}\n"
               "  - {selector: ev.S.Text, get: /text, sse: {heartbeat: 0}, gzip: off}\n");
    const struct ss_route_options *o = options_of(&l, "/watch");
    assert_int_equal(o->stream, SS_STREAM_OBJECT);
    expect_text(o->sse.event->name, "kind");
    expect_text(o->sse.id->name, "seq");
    expect_text(o->sse.done, "[DONE]");
    assert_int_equal(o->sse.heartbeat_ms, 5000);
    assert_int_equal(o->websocket.ping_ms, 2000);
    assert_int_equal(o->object.max_items, 7);
    assert_int_equal(o->object.max_bytes, 2048);
    assert_int_equal(o->object.max_time_ms, 3000);
    assert_true(o->envelope);
    assert_true(!o->gzip.off && o->gzip.min_bytes == 10 && o->gzip.streams);
    o = options_of(&l, "/text");
    assert_int_equal(o->sse.heartbeat_ms, 0);
    assert_true(o->gzip.off);
    done(&l);
}

static void an_event_field_of_the_defaults_holds_for_messages_that_have_it(void **state)
{
    struct loaded l;
    (void)state;
    load(&l, BASE "defaults: {sse: {event: note, id: text, done: end}}\n",
         "type: google.api.Service\nauto_mapping: true\nhttp:\n  rules:\n"
         "  - {selector: ev.S.Text, get: /text, sse: {done: over}}\n");
    const struct ss_route_options *o = options_of(&l, "/ev.S/Watch");
    expect_text(o->sse.event->name, "note");
    assert_null(o->sse.id);
    expect_text(o->sse.done, "end");
    o = options_of(&l, "/text");
    assert_null(o->sse.event);
    expect_text(o->sse.id->name, "text");
    expect_text(o->sse.done, "over");
    o = options_of(&l, "/ev.S/Get");
    assert_null(o->sse.event);
    done(&l);
}

static void an_event_field_must_be_there_and_of_one_line(void **state)
{
    (void)state;
    expect_bad(BASE, WATCH "    sse: {event: kindd, id: zzzzzzz}\n",
               "r.yaml:6:18: ev.Event has no field \"kindd\"; did you mean \"kind\"?\n"
               "r.yaml:6:29: ev.Event has no field \"zzzzzzz\"\n");
    static const char *const wrong[] = {"last", "tags", "raw", "inner", "score"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char r[256], e[256];
        snprintf(r, sizeof r, WATCH "    sse: {id: %s}\n", wrong[i]);
        snprintf(e, sizeof e,
                 "r.yaml:6:15: \"%s\" of ev.Event is no string, integer or enum, or is repeated\n", wrong[i]);
        expect_bad(BASE, r, e);
    }
    expect_bad(BASE, WATCH "    sse: {done: [DONE], heartbeat: often, evnt: x}\n",
               "r.yaml:6:17: expected a string, found a list\n"
               "r.yaml:6:36: expected a duration such as 10s, 0.4s, 400ms or 5m, found \"often\"\n"
               "r.yaml:6:43: unknown key \"evnt\"; did you mean \"event\"?\n");
    expect_bad(BASE, WATCH "    sse: {done: \"a\\nb\"}\n",
               "r.yaml:6:17: expected one line, found control characters\n");
}

static void caps_and_compression_have_ranges(void **state)
{
    (void)state;
    expect_bad(BASE,
               WATCH "    object: {max_items: 0, max_bytes: 1PB, max_time: 48h, max_item: 1}\n"
                     "    gzip: {min_bytes: 0}\n",
               "r.yaml:6:25: 0 is too small: the least is 1\n"
               "r.yaml:6:39: expected a size such as 4MiB, 64KiB or 65536, found \"1PB\"\n"
               "r.yaml:6:54: 48h is too large: the most is 86400000ms\n"
               "r.yaml:6:59: unknown key \"max_item\"; did you mean \"max_items\"?\n"
               "r.yaml:7:23: 0 is too small: the least is 1 bytes\n");
    expect_bad(BASE, WATCH "    gzip: fast\n", "r.yaml:6:11: expected a mapping or off, found \"fast\"\n");
}

static void header_lists_are_lower_case_and_merge_with_the_defaults(void **state)
{
    struct loaded l;
    (void)state;
    load(&l, BASE "defaults: {forward_headers: {deny: [Cookie, x-secret]}}\n",
         GET "    forward_headers: {allow: [Authorization, X-Tenant]}\n"
             "  - {selector: ev.S.Watch, get: /watch, forward_headers: {allow: []}}\n"
             "  - {selector: ev.S.Text, get: /text}\n");
    const struct ss_route_options *o = options_of(&l, "/get");
    assert_true(o->has_allow_headers);
    assert_int_equal(o->n_allow_headers, 2);
    expect_text(o->allow_headers[0], "authorization");
    expect_text(o->allow_headers[1], "x-tenant");
    assert_int_equal(o->n_deny_headers, 2);
    expect_text(o->deny_headers[0], "cookie");
    o = options_of(&l, "/watch");
    assert_true(o->has_allow_headers && o->n_allow_headers == 0 && o->n_deny_headers == 2);
    o = options_of(&l, "/text");
    assert_true(!o->has_allow_headers && o->n_deny_headers == 2);
    done(&l);
    expect_bad(BASE, GET "    forward_headers: {allow: [a b, '', 7, \"é\"], dny: []}\n",
               "r.yaml:6:31: expected the name of a header, found \"a b\"\n"
               "r.yaml:6:36: expected the name of a header, found \"\"\n"
               "r.yaml:6:40: expected a string (in quotes), found 7\n"
               "r.yaml:6:43: expected the name of a header, found \"é\"\n"
               "r.yaml:6:49: unknown key \"dny\"; did you mean \"deny\"?\n");
}

static void cors_of_listeners_and_routes_arrives(void **state)
{
    struct loaded l;
    (void)state;
    load(&l,
         BASE "listeners: [{address: '127.0.0.1:0', cors: {allow_origins: ['*'], expose_headers: [x-a, "
              "X-B]}}]\n",
         GET "    cors: {allow_origins: ['https://a.example', 'https://*.b.example'], allow_methods: [GET, "
             "POST],\n"
             "           allow_headers: [authorization], allow_credentials: true, max_age: 10m}\n"
             "  - {selector: ev.S.Watch, get: /watch, cors: off}\n"
             "  - {selector: ev.S.Text, get: /text}\n");
    const struct ss_cors_config *c = options_of(&l, "/get")->cors;
    assert_int_equal(c->n_allow_origins, 2);
    expect_text(c->allow_origins[1], "https://*.b.example");
    expect_text(c->allow_methods, "GET, POST");
    expect_text(c->allow_headers, "authorization");
    assert_int_equal(c->expose_headers.len, 0);
    assert_true(c->allow_credentials);
    assert_int_equal(c->max_age_s, 600);
    assert_int_equal(options_of(&l, "/watch")->cors->n_allow_origins, 0);
    assert_null(options_of(&l, "/text")->cors);
    c = l.config.server.listeners[0].cors;
    expect_text(c->allow_origins[0], "*");
    expect_text(c->allow_methods, "*");
    expect_text(c->allow_headers, "*");
    expect_text(c->expose_headers, "x-a, X-B");
    assert_int_equal(c->max_age_s, -1);
    done(&l);
}

static void cors_of_a_rule_inherits_from_the_defaults(void **state)
{
    struct loaded l;
    (void)state;
    load(&l, BASE "defaults: {cors: {allow_origins: ['https://a.example'], max_age: 5s}}\n",
         GET "    cors: {allow_methods: [GET]}\n");
    const struct ss_cors_config *c = options_of(&l, "/get")->cors;
    expect_text(c->allow_origins[0], "https://a.example");
    expect_text(c->allow_methods, "GET");
    assert_int_equal(c->max_age_s, 5);
    done(&l);
}

static void bad_cors_is_refused(void **state)
{
    (void)state;
    expect_bad(BASE, GET "    cors: {allow_methods: [G T, '*']}\n",
               "r.yaml:6:28: expected an HTTP method or \"*\", found \"G T\"\n"
               "r.yaml:6:33: \"*\" stands for all: leave the others out\n"
               "r.yaml:6:11: missing key \"allow_origins\"\n");
    expect_bad(BASE,
               GET "    cors: {allow_origins: ['https://a.example/path'], allow_origin: x, max_age: 1}\n",
               "r.yaml:6:28: expected an origin such as https://app.example, https://*.example or \"*\", "
               "found \"https://a.example/path\"\n"
               "r.yaml:6:55: unknown key \"allow_origin\"; did you mean \"allow_origins\"?\n"
               "r.yaml:6:81: expected a duration such as 10s, 0.4s, 400ms or 5m, found 1\n");
    expect_bad(BASE, GET "    cors: {allow_origins: ['*'], allow_credentials: true}\n",
               "r.yaml:6:53: credentials go to origins that are named, and \"*\" names none\n");
    expect_bad(BASE, GET "    cors: true\n", "r.yaml:6:11: expected a mapping or off, found true\n");
}

static void the_access_log_is_text_json_or_off(void **state)
{
    struct loaded l;
    (void)state;
    load(&l, BASE "access_log: off\n", GET);
    assert_string_equal(l.errors, "");
    assert_int_equal(l.config.server.access_log, SS_ACCESS_LOG_OFF);
    done(&l);
    load(&l, BASE "access_log: json\n", GET);
    assert_string_equal(l.errors, "");
    assert_int_equal(l.config.server.access_log, SS_ACCESS_LOG_JSON);
    done(&l);
    expect_bad(BASE "access_log: on\n", GET, "c.yaml:4:13: expected off, text or json, found \"on\"\n");
}

static void keys_of_protobuf_may_be_in_camel_case(void **state)
{
    struct loaded l;
    (void)state;
    load(&l, BASE,
         "type: google.api.Service\nconfigVersion: 3\nproducerProjectId: x\nhttp:\n"
         "  fullyDecodeReservedExpansion: true\n  rules:\n"
         "  - selector: ev.S.Get\n    get: /get\n    responseBody: note\n"
         "    additionalBindings: [{post: /post, body: '*', responseBody: seq}]\n");
    assert_true(options_of(&l, "/get")->fully_decode_reserved_expansion);
    expect_text(ss_route_table_at(l.config.snapshot->routes, 0)->response_body, "note");
    expect_text(ss_route_table_at(l.config.snapshot->routes, 1)->response_body, "seq");
    done(&l);
}

static void keys_in_two_spellings_or_of_ours_in_camel_case_are_refused(void **state)
{
    (void)state;
    expect_bad(BASE, GET "    responseBody: note\n    response_body: seq\n    idleTimeout: 1s\n",
               "r.yaml:7:5: \"response_body\" is here already, in its other spelling\n"
               "r.yaml:8:5: unknown key \"idleTimeout\"; did you mean \"idle_timeout\"?\n");
    expect_bad(BASE, "type: google.api.Service\nautoMapping: true\n",
               "r.yaml:2:1: unknown key \"autoMapping\"; did you mean \"auto_mapping\"?\n");
}

static void an_option_in_a_binding_is_its_own_and_the_others_are_the_rules(void **state)
{
    struct loaded l;
    (void)state;
    load(&l, BASE,
         "type: google.api.Service\nhttp:\n  fully_decode_reserved_expansion: true\n  rules:\n"
         "  - selector: ev.S.Watch\n    additional_bindings:\n"
         "    - {get: /object, stream: object, object: {max_items: 3}}\n"
         "    - {get: /sse, sse: {event: kind}}\n    - {get: /plain}\n"
         "    get: /watch\n    stream: sse\n    timeout: 7s\n    sse: {id: seq}\n");
    const struct ss_route_options *o = options_of(&l, "/object");
    assert_int_equal(o->stream, SS_STREAM_OBJECT);
    assert_int_equal(o->object.max_items, 3);
    assert_int_equal(o->timeout_ms, 7000);
    assert_true(o->fully_decode_reserved_expansion);
    o = options_of(&l, "/sse");
    assert_int_equal(o->stream, SS_STREAM_SSE);
    assert_true(o->sse.event && o->sse.id);
    o = options_of(&l, "/plain");
    assert_int_equal(o->stream, SS_STREAM_SSE);
    assert_true(o->sse.id && o->sse.event == NULL);
    assert_int_equal(options_of(&l, "/watch")->object.max_items, 0);
    done(&l);
    expect_bad(BASE, GET "    additional_bindings: [{get: /b, native: off}]\n",
               "r.yaml:6:37: native gRPC has no path: this stands beside the rule\n");
    expect_bad(BASE, GET "    additional_bindings: [{get: /b, stream: sse}]\n",
               "r.yaml:6:45: \"ev.S.Get\" is not server-streaming: \"stream\" means nothing here\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_set_that_is_not_written),
        cmocka_unit_test(every_option_of_a_stream_arrives),
        cmocka_unit_test(an_event_field_of_the_defaults_holds_for_messages_that_have_it),
        cmocka_unit_test(an_event_field_must_be_there_and_of_one_line),
        cmocka_unit_test(caps_and_compression_have_ranges),
        cmocka_unit_test(header_lists_are_lower_case_and_merge_with_the_defaults),
        cmocka_unit_test(cors_of_listeners_and_routes_arrives),
        cmocka_unit_test(cors_of_a_rule_inherits_from_the_defaults),
        cmocka_unit_test(bad_cors_is_refused),
        cmocka_unit_test(the_access_log_is_text_json_or_off),
        cmocka_unit_test(keys_of_protobuf_may_be_in_camel_case),
        cmocka_unit_test(an_option_in_a_binding_is_its_own_and_the_others_are_the_rules),
        cmocka_unit_test(keys_in_two_spellings_or_of_ours_in_camel_case_are_refused),
    };
    return cmocka_run_group_tests(tests, enter, leave_folder);
}
