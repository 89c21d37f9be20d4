/* Several sets and files: order, imports, files of one name, and ours beside the user's. */
#include "schema/support.h"

static struct w file_of(const char *name, const char *package)
{
    struct w f = {.n = 0};
    w_str(&f, 1, name);
    w_str(&f, 2, package);
    w_str(&f, 12, "proto3");
    return f;
}

static struct w message_of(const char *name)
{
    struct w m = {.n = 0};
    w_str(&m, 1, name);
    return m;
}

static void add_message(struct w *file, const char *name)
{
    struct w m = message_of(name);
    w_sub(file, 4, &m);
}

/* A message whose field f has the type given. */
static void add_user(struct w *file, const char *name, const char *type_name)
{
    struct w m = message_of(name), f = message_of("f");
    w_int(&f, 3, 1);
    w_int(&f, 5, SS_TYPE_MESSAGE);
    w_str(&f, 6, type_name);
    w_sub(&m, 2, &f);
    w_sub(file, 4, &m);
}

static struct ss_descriptor_set set_from(struct w *buffer, const char *origin, const struct w *a,
                                         const struct w *b)
{
    buffer->n = 0;
    w_sub(buffer, 1, a);
    if (b)
        w_sub(buffer, 1, b);
    return (struct ss_descriptor_set){.bytes = ss_slice_of((const char *)buffer->b, buffer->n),
                                      .origin = ss_slice_str(origin)};
}

static struct loaded load_two(const struct w *a, const struct w *b)
{
    struct w x, y;
    struct ss_descriptor_set sets[2] = {set_from(&x, "one.pb", a, NULL), set_from(&y, "two.pb", b, NULL)};
    return load_sets(sets, 2);
}

static void files_come_in_any_order_and_from_any_set(void **state)
{
    (void)state;
    struct w a = file_of("a.proto", "a"), b = file_of("b.proto", "b"), x;
    w_str(&a, 3, "b.proto");
    add_user(&a, "A", ".b.B");
    add_message(&b, "B");
    for (int i = 0; i < 2; i++) {
        struct loaded l = i ? load_two(&a, &b) : load_two(&b, &a);
        assert_ptr_equal(field(&l, "a.A", "f")->message, message(&l, "b.B"));
        unload(&l);
    }
    struct ss_descriptor_set one = set_from(&x, "one.pb", &a, &b);
    struct loaded l = load_sets(&one, 1);
    assert_non_null(l.s);
    unload(&l);
}

/* (reported 13) */
static void files_of_one_name_are_told_apart_by_content(void **state)
{
    (void)state;
    struct w a = file_of("a.proto", "a"), other = file_of("a.proto", "b"), user = file_of("u.proto", "u"), x,
             y;
    add_message(&a, "First");
    add_message(&other, "Second");
    w_str(&user, 3, "a.proto");
    add_user(&user, "U", ".b.Second");
    struct loaded l = load_two(&a, &other);
    assert_non_null(ss_schema_message(l.s, S("a.First")));
    assert_non_null(ss_schema_message(l.s, S("b.Second")));
    unload(&l);
    struct ss_descriptor_set sets[2] = {set_from(&x, "one.pb", &a, NULL),
                                        set_from(&y, "two.pb", &other, &user)};
    l = load_sets(sets, 2);
    assert_ptr_equal(field(&l, "u.U", "f")->message, message(&l, "b.Second"));
    unload(&l);
    l = load_two(&a, &a);
    assert_non_null(ss_schema_message(l.s, S("a.First")));
    unload(&l);
}

/* (reported 13) Comments, and a JSON name that would be derived anyway, do not count. */
static void equal_types_of_two_files_are_one(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct w a = file_of("a.proto", "p"), b = file_of(i ? "a.proto" : "vendor/a.proto", "p");
        struct w m = message_of("M"), n = message_of("M"), f = message_of("some_field"), g = f,
                 info = {.n = 0}, e = message_of("E"), v = message_of("ZERO");
        w_int(&f, 3, 1);
        w_int(&f, 5, SS_TYPE_STRING);
        w_str(&f, 10, "someField");
        w_int(&g, 5, SS_TYPE_STRING);
        w_int(&g, 4, 1);
        w_int(&g, 3, 1);
        w_sub(&m, 2, &f);
        w_sub(&n, 2, &g);
        w_sub(&a, 4, &m);
        w_sub(&b, 4, &n);
        w_int(&v, 2, 0);
        w_sub(&e, 2, &v);
        w_sub(&a, 5, &e);
        w_sub(&b, 5, &e);
        add_message(&b, "More");
        w_sub(&b, 9, &info);
        struct loaded l = load_two(&a, &b);
        if (l.s == NULL)
            fail_msg("%.*s", SS_FMT(l.why));
        assert_int_equal(message(&l, "p.M")->n_fields, 1);
        assert_non_null(message(&l, "p.More"));
        unload(&l);
    }
}

/* (reported 13) */
static void types_of_one_name_that_differ_are_refused_and_both_files_named(void **state)
{
    (void)state;
    struct w a = file_of("a.proto", "p"), b = file_of("vendor/a.proto", "p"), c = file_of("c.proto", "p"), x;
    add_message(&a, "M");
    add_user(&b, "M", ".p.M");
    struct loaded l = load_two(&a, &b);
    assert_why(&l, "two.pb: vendor/a.proto: p.M: differs from the one of the same name in one.pb: a.proto");
    unload(&l);
    struct w s = message_of("M");
    w_sub(&c, 6, &s);
    l = load_two(&a, &c);
    assert_why(&l, "two.pb: c.proto: p.M: defined twice, first in a.proto");
    unload(&l);
    add_message(&a, "M");
    struct ss_descriptor_set one = set_from(&x, "one.pb", &a, NULL);
    l = load_sets(&one, 1);
    assert_why(&l, "one.pb: a.proto: p.M: defined twice, first in a.proto");
    unload(&l);
}

static struct w service_of(const char *name, const char *method, const char *type)
{
    struct w s = message_of(name), m = message_of(method);
    w_str(&m, 2, type);
    w_str(&m, 3, type);
    w_sub(&s, 2, &m);
    return s;
}

/* (reported 13) A service is one of the types. (reported 12) It is given when one of its files is. */
static void equal_services_of_two_files_are_one_and_given_by_either(void **state)
{
    (void)state;
    struct w a = file_of("a.proto", "p"), b = file_of("dir/a.proto", "p"), root = file_of("r.proto", "r"), x,
             y;
    struct w s = service_of("S", "Get", ".p.M"), t = service_of("S", "Gets", ".p.M");
    add_message(&a, "M");
    add_message(&b, "M");
    struct w other = b;
    w_sub(&a, 6, &s);
    w_sub(&b, 6, &s);
    w_sub(&other, 6, &t);
    w_str(&root, 3, "a.proto");
    struct ss_descriptor_set sets[2] = {set_from(&x, "one.pb", &a, &root), set_from(&y, "two.pb", &b, NULL)};
    struct loaded l = load_sets(sets, 1);
    assert_false(ss_schema_service(l.s, S("p.S"))->given);
    unload(&l);
    l = load_sets(sets, 2);
    assert_int_equal(ss_schema_service_count(l.s), 1);
    assert_true(ss_schema_service(l.s, S("p.S"))->given);
    unload(&l);
    l = load_two(&a, &other);
    assert_why(&l, "two.pb: dir/a.proto: p.S: differs from the one of the same name in one.pb: a.proto");
    unload(&l);
}

/* (reported 13) They are of no request: two versions of validate.proto do not stop anything. */
static void options_that_differ_count_as_they_come_first(void **state)
{
    (void)state;
    struct w a = file_of("validate.proto", "v"), b = a;
    struct w e = message_of("rules");
    w_str(&e, 2, ".google.protobuf.FieldOptions");
    w_int(&e, 3, 1071);
    w_int(&e, 4, 1);
    w_int(&e, 5, SS_TYPE_MESSAGE);
    w_str(&e, 6, ".v.Rules");
    for (int i = 0; i < 2; i++) {
        struct w *f = i ? &b : &a;
        w_str(f, 3, "google/protobuf/descriptor.proto");
        w_sub(f, 7, &e);
    }
    add_message(&a, "Rules");
    add_user(&b, "Rules", ".v.Rules");
    struct loaded l = load_two(&a, &b);
    if (l.s == NULL)
        fail_msg("%.*s", SS_FMT(l.why));
    assert_int_equal(message(&l, "v.Rules")->n_fields, 0);
    unload(&l);
}

static void a_missing_import_is_refused_unless_weak(void **state)
{
    (void)state;
    struct w a = file_of("a.proto", "a");
    w_str(&a, 3, "google/protobuf/any.proto");
    w_str(&a, 3, "nope.proto");
    assert_refused(set_of(&a), "test.pb: a.proto: imports nope.proto, which is missing");
    struct w wrong = a;
    w_int(&wrong, 11, 0);
    assert_refused(set_of(&wrong), "imports nope.proto, which is missing");
    struct w out = a;
    w_int(&out, 11, 2);
    assert_refused(set_of(&out), "weak dependency 2 is out of range");
    w_int(&a, 11, 1);
    struct loaded l = load_bytes(set_of(&a));
    unload(&l);
}

static void imports_in_a_circle_are_refused(void **state)
{
    (void)state;
    struct w self = file_of("self.proto", "a");
    w_str(&self, 3, "self.proto");
    assert_refused(set_of(&self), "self.proto: imports self.proto, which imports it in turn");
    struct w a = file_of("a.proto", "a"), b = file_of("b.proto", "b");
    w_str(&a, 3, "b.proto");
    w_str(&b, 3, "a.proto");
    struct loaded l = load_two(&a, &b);
    assert_why(&l, "two.pb: b.proto: imports a.proto, which imports it in turn");
    unload(&l);
}

static void a_diamond_of_imports_is_no_circle(void **state)
{
    (void)state;
    struct w a = file_of("a.proto", "a"), b = file_of("b.proto", "b"), c = file_of("c.proto", "c"), x, y;
    w_str(&a, 3, "b.proto");
    w_str(&a, 3, "c.proto");
    w_str(&b, 3, "c.proto");
    w_str(&b, 3, "c.proto");
    struct ss_descriptor_set sets[2] = {set_from(&x, "1", &a, &b), set_from(&y, "2", &c, NULL)};
    struct loaded l = load_sets(sets, 2);
    assert_non_null(l.s);
    unload(&l);
}

static void our_copy_of_a_well_known_type_wins(void **state)
{
    (void)state;
    struct w fake = file_of("google/protobuf/timestamp.proto", "google.protobuf");
    add_user(&fake, "Timestamp", ".google.protobuf.Timestamp");
    struct loaded l = load_bytes(set_of(&fake));
    assert_non_null(ss_message_field(message(&l, "google.protobuf.Timestamp"), S("seconds")));
    assert_null(ss_message_field(message(&l, "google.protobuf.Timestamp"), S("f")));
    unload(&l);
}

static void a_well_known_type_in_another_file_is_refused(void **state)
{
    (void)state;
    struct w fake = file_of("my/timestamp.proto", "google.protobuf");
    add_message(&fake, "Timestamp");
    struct loaded l = try_load(set_of(&fake));
    assert_why(
        &l,
        "google.protobuf.Timestamp: differs from the one of the same name in test.pb: my/timestamp.proto");
    unload(&l);
}

static void the_users_descriptor_proto_wins_for_it_may_be_newer(void **state)
{
    (void)state;
    struct w newer = file_of("google/protobuf/descriptor.proto", "google.protobuf");
    add_message(&newer, "FeatureSet");
    struct loaded l = load_bytes(set_of(&newer));
    assert_non_null(ss_schema_message(l.s, S("google.protobuf.FeatureSet")));
    assert_null(ss_schema_message(l.s, S("google.protobuf.FileOptions")));
    unload(&l);
}

static void the_http_annotation_is_there_when_a_file_imports_it(void **state)
{
    (void)state;
    struct w a = file_of("a.proto", "a"), http = file_of("b.proto", "b");
    w_str(&a, 3, "google/api/annotations.proto");
    struct loaded l = load_bytes(set_of(&a));
    assert_non_null(ss_message_field(message(&l, "google.protobuf.MethodOptions"), S("[google.api.http]")));
    assert_non_null(ss_schema_message(l.s, S("google.api.HttpRule")));
    unload(&l);
    w_str(&http, 3, "google/api/http.proto");
    l = load_bytes(set_of(&http));
    assert_non_null(ss_schema_message(l.s, S("google.api.HttpRule")));
    assert_null(ss_message_field(message(&l, "google.protobuf.MethodOptions"), S("[google.api.http]")));
    unload(&l);
}

static void copies_of_the_http_annotation_elsewhere_do_not_clash_with_ours(void **state)
{
    (void)state;
    struct w third = file_of("third_party/google/api/http.proto", "google.api");
    add_message(&third, "HttpRule");
    struct loaded l = load_bytes(set_of(&third));
    assert_non_null(ss_schema_message(l.s, S("google.api.HttpRule")));
    unload(&l);
}

static void every_proto_file_of_ours_loads(void **state)
{
    (void)state;
    struct loaded l = load_source(
        "syntax = 'proto3'; import public 'google/api/annotations.proto';\n"
        "import public 'google/api/httpbody.proto'; import public 'google/rpc/error_details.proto';\n"
        "import public 'google/rpc/code.proto'; import public 'google/rpc/status.proto';\n"
        "import public 'grpc/health/v1/health.proto'; import public 'grpc/reflection/v1/reflection.proto';\n"
        "import public 'grpc/reflection/v1alpha/reflection.proto';");
    assert_true(ss_schema_method(l.s, S("grpc.health.v1.Health.Watch"))->server_streaming);
    assert_non_null(ss_schema_service(l.s, S("grpc.reflection.v1.ServerReflection")));
    assert_non_null(ss_schema_service(l.s, S("grpc.reflection.v1alpha.ServerReflection")));
    assert_int_equal(field(&l, "google.api.HttpRule", "additional_bindings")->number, 11);
    assert_int_equal(field(&l, "google.protobuf.MethodOptions", "[google.api.http]")->number, 72295728);
    unload(&l);
}

static void an_origin_or_file_name_of_any_bytes_gives_one_line(void **state)
{
    (void)state;
    struct w a = file_of("a\n\xff\x1b.proto", "a"), x;
    w_str(&a, 3, "no\npe.proto");
    struct ss_descriptor_set set = set_from(&x, "o\nne.pb", &a, NULL);
    struct loaded l = load_sets(&set, 1);
    assert_null(l.s);
    for (size_t i = 0; i < l.why.len; i++)
        assert_true((unsigned char)l.why.ptr[i] >= 0x20 && (unsigned char)l.why.ptr[i] < 0x7f);
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_come_in_any_order_and_from_any_set),
        cmocka_unit_test(files_of_one_name_are_told_apart_by_content),
        cmocka_unit_test(equal_types_of_two_files_are_one),
        cmocka_unit_test(equal_services_of_two_files_are_one_and_given_by_either),
        cmocka_unit_test(options_that_differ_count_as_they_come_first),
        cmocka_unit_test(types_of_one_name_that_differ_are_refused_and_both_files_named),
        cmocka_unit_test(a_missing_import_is_refused_unless_weak),
        cmocka_unit_test(imports_in_a_circle_are_refused),
        cmocka_unit_test(a_diamond_of_imports_is_no_circle),
        cmocka_unit_test(our_copy_of_a_well_known_type_wins),
        cmocka_unit_test(a_well_known_type_in_another_file_is_refused),
        cmocka_unit_test(the_users_descriptor_proto_wins_for_it_may_be_newer),
        cmocka_unit_test(the_http_annotation_is_there_when_a_file_imports_it),
        cmocka_unit_test(copies_of_the_http_annotation_elsewhere_do_not_clash_with_ours),
        cmocka_unit_test(every_proto_file_of_ours_loads),
        cmocka_unit_test(an_origin_or_file_name_of_any_bytes_gives_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
