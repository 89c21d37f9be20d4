/* The edges of binding: depth, size, number and where the input ends. */
#include "fixture.h"

static const char proto[] =
    "syntax = \"proto3\";\n"
    "package t;\n"
    "import \"google/protobuf/timestamp.proto\";\n"
    "message Inner { string name = 1; int32 n = 2; Inner inner = 3; }\n"
    "message Req {\n"
    "  string id = 1; bool flag = 2; repeated string tags = 3; Inner inner = 4; repeated Inner inners = 5;\n"
    "  map<string, string> labels = 6; google.protobuf.Timestamp at = 7;\n"
    "}\n"
    "service S { rpc M(Req) returns (Req); }\n";

struct fixture {
    struct ss_schema *schema;
    struct ss_codec *codec;
};

/* A table of one rule and its match, for tests with queries made by hand. */
struct one {
    struct ss_rule rule;
    struct ss_route_table *table;
    struct ss_arena a;
    struct ss_buf out;
    struct ss_route_match match;
    struct ss_status st;
};

static void one_init(struct one *o, const struct fixture *f, const char *body, size_t out_max)
{
    struct ss_slice why;
    *o = (struct one){.rule = rule_of(ss_schema_method(f->schema, SS_LIT("t.S.M")), "POST /v1")};
    o->rule.body = ss_slice_str(body);
    ss_arena_init(&o->a, 0);
    ss_buf_init(&o->out, out_max);
    assert_int_equal(ss_route_table_build(&o->rule, 1, &o->a, &why, &o->table), SS_OK);
    assert_int_equal(ss_route_match(o->table, SS_LIT("POST"), SS_LIT("/v1"), &o->a, &o->match, &o->st),
                     SS_OK);
}

static void one_dispose(struct one *o)
{
    ss_route_table_free(o->table);
    ss_buf_dispose(&o->out);
    ss_arena_dispose(&o->a);
}

static void a_form_for_a_field_that_is_no_message_is_415(void **state)
{
    static const char *const bodies[] = {"id", "tags", "inners", "labels"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct one o;
        one_init(&o, *state, bodies[i], 1024);
        assert_int_equal(ss_route_bind_form(&o.match, SS_LIT("a=1"), &hash_key, &o.a, &o.out, &o.st),
                         SS_ERR_MEDIA_TYPE);
        one_dispose(&o);
    }
}

static void names_nest_no_deeper_than_32(void **state)
{
    struct one o;
    char query[32 * 6 + 16] = "";
    size_t n = 0;
    one_init(&o, *state, "", 1024);
    for (int i = 0; i < 31; i++, n += 6)
        memcpy(query + n, "inner.", 6);
    memcpy(query + n, "n=1", 3);
    assert_int_equal(ss_route_bind(&o.match, ss_slice_of(query, n + 3), &hash_key, &o.a, &o.out, &o.st),
                     SS_OK);
    memcpy(query + n, "inner.n=1", 9);
    assert_int_equal(ss_route_bind(&o.match, ss_slice_of(query, n + 9), &hash_key, &o.a, &o.out, &o.st),
                     SS_ERR_INVALID);
    assert_non_null(strstr(o.st.violations->description.ptr, "too deeply"));
    one_dispose(&o);
}

static void a_nested_value_of_any_length_has_the_right_lengths_around_it(void **state)
{
    const struct fixture *f = *state;
    for (size_t len = 120; len < 20000; len = len * 5 / 4 + 1) {
        struct one o;
        one_init(&o, f, "", 1 << 16);
        char *query = malloc(32 + len);
        memcpy(query, "inner.inner.name=", 17);
        memset(query + 17, 'x', len);
        assert_int_equal(
            ss_route_bind(&o.match, ss_slice_of(query, 17 + len), &hash_key, &o.a, &o.out, &o.st), SS_OK);
        struct ss_buf json;
        struct ss_json_out options = {0};
        ss_buf_init(&json, 1 << 16);
        assert_int_equal(ss_wire_to_json(f->codec, f->schema, o.rule.method->input, NULL,
                                         ss_buf_slice(&o.out), &options, &o.a, &json, &o.st),
                         SS_OK);
        assert_int_equal(json.len, strlen("{\"inner\":{\"inner\":{\"name\":\"\"}}}") + len);
        ss_buf_dispose(&json);
        free(query);
        one_dispose(&o);
    }
}

static void violations_are_counted_up_to_a_cap(void **state)
{
    struct one o;
    char query[3 * 100];
    for (size_t i = 0; i < sizeof query; i += 3)
        memcpy(query + i, "q=&", 3);
    one_init(&o, *state, "", 1024);
    assert_int_equal(
        ss_route_bind(&o.match, ss_slice_of(query, sizeof query), &hash_key, &o.a, &o.out, &o.st),
        SS_ERR_INVALID);
    size_t n = 0;
    for (const struct ss_violation *v = o.st.violations; v; v = v->next)
        n++;
    assert_int_equal(n, 32);
    one_dispose(&o);
}

static void many_map_keys_bind_and_a_late_duplicate_is_found(void **state)
{
    struct one o;
    struct ss_buf query;
    one_init(&o, *state, "", 1 << 20);
    ss_buf_init(&query, 1 << 20);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(ss_buf_printf(&query, "labels[k%d]=%d&", i, i), SS_OK);
    assert_int_equal(ss_route_bind(&o.match, ss_buf_slice(&query), &hash_key, &o.a, &o.out, &o.st), SS_OK);
    assert_true(o.out.len > 5000 * 8);
    assert_int_equal(ss_buf_printf(&query, "labels[k17]=1"), SS_OK);
    assert_int_equal(ss_route_bind(&o.match, ss_buf_slice(&query), &hash_key, &o.a, &o.out, &o.st),
                     SS_ERR_INVALID);
    assert_true(ss_slice_eq(o.st.violations->field, SS_LIT("labels[k17]")));
    assert_null(o.st.violations->next);
    ss_buf_dispose(&query);
    one_dispose(&o);
}

static void a_full_buffer_is_413_and_leaves_it_as_it_was(void **state)
{
    for (size_t max = 1; max < 20; max++) {
        struct one o;
        one_init(&o, *state, "", max);
        struct ss_slice query = SS_LIT("id=abc&inner.inner.name=defgh&labels[a]=b");
        assert_int_equal(ss_route_bind(&o.match, query, &hash_key, &o.a, &o.out, &o.st),
                         SS_ERR_BODY_TOO_LARGE);
        assert_int_equal(o.st.err, SS_ERR_BODY_TOO_LARGE);
        assert_int_equal(o.out.len, 0);
        one_dispose(&o);
    }
}

static void every_truncation_of_a_query_is_read_within_bounds(void **state)
{
    static const char whole[] = "&id=%41+b&inner.n=12&labels[a%5D]=b&at=1970-01-01T00:00:01Z&flag=true&$alt";
    for (size_t n = 0; n < sizeof whole; n++) {
        struct one o;
        one_init(&o, *state, "", 1024);
        char *exact = malloc(n ? n : 1);
        memcpy(exact, whole, n);
        enum ss_err err = ss_route_bind(&o.match, ss_slice_of(exact, n), &hash_key, &o.a, &o.out, &o.st);
        assert_true(err == SS_OK || err == SS_ERR_INVALID);
        struct ss_slice value;
        (void)ss_query_get(ss_slice_of(exact, n), SS_LIT("$alt"), &o.a, &value);
        free(exact);
        one_dispose(&o);
    }
}

static void a_system_parameter_is_found_by_its_decoded_name(void **state)
{
    (void)state;
    static const struct {
        const char *query, *value; /* NULL: absent */
    } table[] = {
        {"", NULL},         {"$alt=sse", "sse"},     {"a=1&%24alt=a+b%20c&$alt=2", "a b c"},
        {"$alt", ""},       {"$alt=", ""},           {"$altx=1&x$alt=2&alt=3", NULL},
        {"$alt=%zz", NULL}, {"%zz=1&$alt=ok", "ok"}, {"a=$alt", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct ss_arena a;
        ss_arena_init(&a, 0);
        struct ss_slice query = exact_copy(table[i].query), value = SS_LIT("?");
        bool found = ss_query_get(query, SS_LIT("$alt"), &a, &value);
        assert_int_equal(found, table[i].value != NULL);
        if (found)
            assert_true(ss_slice_eq(value, ss_slice_str(table[i].value)));
        free((void *)(uintptr_t)query.ptr);
        ss_arena_dispose(&a);
    }
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
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
    free(f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_for_a_field_that_is_no_message_is_415),
        cmocka_unit_test(names_nest_no_deeper_than_32),
        cmocka_unit_test(a_nested_value_of_any_length_has_the_right_lengths_around_it),
        cmocka_unit_test(violations_are_counted_up_to_a_cap),
        cmocka_unit_test(many_map_keys_bind_and_a_late_duplicate_is_found),
        cmocka_unit_test(a_full_buffer_is_413_and_leaves_it_as_it_was),
        cmocka_unit_test(every_truncation_of_a_query_is_read_within_bounds),
        cmocka_unit_test(a_system_parameter_is_found_by_its_decoded_name),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
