/* Editions, whose descriptors are written by hand: bookworm's protoc has none yet. */
#include "schema/support.h"

enum { PRESENCE = 1, ENUM_TYPE = 2, REPEATED = 3, UTF8 = 4, ENCODING = 5, JSON_FORMAT = 6 };
enum { LABEL_OPTIONAL = 1, LABEL_REQUIRED = 2, LABEL_REPEATED = 3 };

/* options holding features {which: value} as field `number`; an empty one when which is 0. */
static struct w options(uint32_t number, uint32_t which, unsigned value)
{
    struct w set = {.n = 0}, o = {.n = 0};
    if (which)
        w_int(&set, which, value);
    w_sub(&o, number, &set);
    return o;
}

static struct w field_of(const char *name, int number, int label, int type, const char *type_name,
                         uint32_t feature, unsigned value)
{
    struct w f = {.n = 0};
    w_str(&f, 1, name);
    w_int(&f, 3, (uint64_t)number);
    w_int(&f, 4, (uint64_t)label);
    w_int(&f, 5, (uint64_t)type);
    if (type_name)
        w_str(&f, 6, type_name);
    if (feature) {
        struct w o = options(21, feature, value);
        w_sub(&f, 8, &o);
    }
    return f;
}

static struct w enum_of(const char *name, const char *value, uint32_t feature, unsigned feature_value)
{
    struct w e = {.n = 0}, v = {.n = 0};
    w_str(&v, 1, value);
    w_int(&v, 2, 0);
    w_str(&e, 1, name);
    w_sub(&e, 2, &v);
    if (feature) {
        struct w o = options(7, feature, feature_value);
        w_sub(&e, 3, &o);
    }
    return e;
}

static struct w file_of(int edition, uint32_t feature, unsigned value)
{
    struct w f = {.n = 0};
    w_str(&f, 1, "e.proto");
    w_str(&f, 2, "e");
    w_str(&f, 12, "editions");
    w_int(&f, 14, (uint64_t)edition);
    if (feature) {
        struct w o = options(50, feature, value);
        w_sub(&f, 8, &o);
    }
    return f;
}

static void add_field(struct w *m, struct w f)
{
    w_sub(m, 2, &f);
}

/* message M with one field of each kind that features bear on; features of the message when given. */
static struct w message_of(const char *name, uint32_t feature, unsigned value)
{
    struct w m = {.n = 0};
    w_str(&m, 1, name);
    add_field(&m, field_of("number", 1, LABEL_OPTIONAL, SS_TYPE_INT32, NULL, 0, 0));
    add_field(&m, field_of("numbers", 2, LABEL_REPEATED, SS_TYPE_INT32, NULL, 0, 0));
    add_field(&m, field_of("text", 3, LABEL_OPTIONAL, SS_TYPE_STRING, NULL, 0, 0));
    add_field(&m, field_of("sub", 4, LABEL_OPTIONAL, SS_TYPE_MESSAGE, ".e.M", 0, 0));
    if (feature) {
        struct w o = options(12, feature, value);
        w_sub(&m, 7, &o);
    }
    return m;
}

static struct loaded load_one(struct w file, struct w m)
{
    w_sub(&file, 4, &m);
    return load_bytes(set_of(&file));
}

static void editions_have_presence_open_enums_packing_and_utf8_by_default(void **state)
{
    (void)state;
    for (int edition = 1000; edition <= 1001; edition++) {
        struct w file = file_of(edition, 0, 0), m = message_of("M", 0, 0), e = enum_of("E", "ZERO", 0, 0);
        w_sub(&file, 5, &e);
        struct loaded l = load_one(file, m);
        assert_true(field(&l, "e.M", "number")->presence);
        assert_false(field(&l, "e.M", "number")->required);
        assert_true(field(&l, "e.M", "numbers")->packed);
        assert_false(field(&l, "e.M", "numbers")->presence);
        assert_true(field(&l, "e.M", "text")->validate_utf8);
        assert_int_equal(field(&l, "e.M", "sub")->type, SS_TYPE_MESSAGE);
        assert_false(ss_schema_enum(l.s, S("e.E"))->closed);
        unload(&l);
    }
}

static void features_of_the_file_hold_in_all_of_it(void **state)
{
    (void)state;
    struct loaded l = load_one(file_of(1000, PRESENCE, 2), message_of("M", 0, 0));
    assert_false(field(&l, "e.M", "number")->presence);
    assert_true(field(&l, "e.M", "sub")->presence); /* a message always has it */
    unload(&l);

    l = load_one(file_of(1000, REPEATED, 2), message_of("M", 0, 0));
    assert_false(field(&l, "e.M", "numbers")->packed);
    assert_int_equal(field(&l, "e.M", "numbers")->tag[0], 2 << 3);
    unload(&l);

    l = load_one(file_of(1000, UTF8, 3), message_of("M", 0, 0));
    assert_false(field(&l, "e.M", "text")->validate_utf8);
    unload(&l);

    l = load_one(file_of(1000, ENCODING, 2), message_of("M", 0, 0));
    const struct ss_field *sub = field(&l, "e.M", "sub");
    assert_int_equal(sub->type, SS_TYPE_GROUP);
    assert_int_equal(sub->wire_type, 3);
    assert_int_equal(sub->tag[0], 4 << 3 | 3);
    assert_ptr_equal(sub->message, message(&l, "e.M"));
    unload(&l);

    struct w file = file_of(1000, ENUM_TYPE, 2), e = enum_of("E", "ZERO", 0, 0),
             open = enum_of("O", "NIL", ENUM_TYPE, 1);
    w_sub(&file, 5, &e);
    w_sub(&file, 5, &open);
    l = load_bytes(set_of(&file));
    assert_true(ss_schema_enum(l.s, S("e.E"))->closed);
    assert_false(ss_schema_enum(l.s, S("e.O"))->closed);
    unload(&l);
}

static void features_of_a_message_hold_in_what_is_nested_in_it_and_nowhere_else(void **state)
{
    (void)state;
    struct w m = message_of("M", PRESENCE, 2), inner = message_of("Inner", 0, 0),
             other = message_of("Other", 0, 0);
    w_sub(&m, 3, &inner);
    struct w file = file_of(1000, 0, 0);
    w_sub(&file, 4, &other);
    struct loaded l = load_one(file, m);
    assert_false(field(&l, "e.M", "number")->presence);
    assert_false(field(&l, "e.M.Inner", "number")->presence);
    assert_true(field(&l, "e.Other", "number")->presence);
    unload(&l);
}

static void a_field_has_the_last_word(void **state)
{
    (void)state;
    struct w m = message_of("M", PRESENCE, 2);
    add_field(&m, field_of("explicit", 10, LABEL_OPTIONAL, SS_TYPE_INT32, NULL, PRESENCE, 1));
    add_field(&m, field_of("must", 11, LABEL_OPTIONAL, SS_TYPE_INT32, NULL, PRESENCE, 3));
    add_field(&m, field_of("loose", 12, LABEL_REPEATED, SS_TYPE_SINT64, NULL, REPEATED, 2));
    add_field(&m, field_of("raw", 13, LABEL_OPTIONAL, SS_TYPE_STRING, NULL, UTF8, 3));
    add_field(&m, field_of("group", 14, LABEL_REPEATED, SS_TYPE_MESSAGE, ".e.M", ENCODING, 2));
    struct loaded l = load_one(file_of(1001, 0, 0), m);
    assert_true(field(&l, "e.M", "explicit")->presence);
    assert_true(field(&l, "e.M", "must")->required && field(&l, "e.M", "must")->presence);
    assert_int_equal(message(&l, "e.M")->n_required, 1);
    assert_false(field(&l, "e.M", "loose")->packed);
    assert_false(field(&l, "e.M", "raw")->validate_utf8);
    assert_int_equal(field(&l, "e.M", "group")->type, SS_TYPE_GROUP);
    assert_true(field(&l, "e.M", "group")->repeated && !field(&l, "e.M", "group")->packed);
    unload(&l);
}

static void an_oneof_passes_its_features_to_its_members(void **state)
{
    (void)state;
    struct w m = {.n = 0}, oneof = {.n = 0}, o = options(1, UTF8, 3);
    struct w f = field_of("s", 1, LABEL_OPTIONAL, SS_TYPE_STRING, NULL, 0, 0);
    w_int(&f, 9, 0);
    w_str(&oneof, 1, "choice");
    w_sub(&oneof, 2, &o);
    w_str(&m, 1, "M");
    w_sub(&m, 2, &f);
    w_sub(&m, 8, &oneof);
    struct loaded l = load_one(file_of(1000, PRESENCE, 2), m);
    assert_false(field(&l, "e.M", "s")->validate_utf8);
    assert_true(field(&l, "e.M", "s")->presence);
    assert_int_equal(field(&l, "e.M", "s")->oneof, 0);
    unload(&l);
}

static void map_entries_are_never_delimited(void **state)
{
    (void)state;
    struct w m = {.n = 0}, entry = {.n = 0}, o = {.n = 0};
    w_int(&o, 7, 1);
    w_str(&entry, 1, "MapEntry");
    add_field(&entry, field_of("key", 1, LABEL_OPTIONAL, SS_TYPE_STRING, NULL, 0, 0));
    add_field(&entry, field_of("value", 2, LABEL_OPTIONAL, SS_TYPE_MESSAGE, ".e.M", 0, 0));
    w_sub(&entry, 7, &o);
    w_str(&m, 1, "M");
    add_field(&m, field_of("map", 1, LABEL_REPEATED, SS_TYPE_MESSAGE, ".e.M.MapEntry", 0, 0));
    add_field(&m, field_of("sub", 2, LABEL_OPTIONAL, SS_TYPE_MESSAGE, ".e.M", 0, 0));
    w_sub(&m, 3, &entry);
    struct loaded l = load_one(file_of(1000, ENCODING, 2), m);
    assert_true(field(&l, "e.M", "map")->map);
    assert_int_equal(field(&l, "e.M", "map")->wire_type, 2);
    assert_int_equal(field(&l, "e.M.MapEntry", "value")->type, SS_TYPE_MESSAGE);
    assert_int_equal(field(&l, "e.M", "sub")->type, SS_TYPE_GROUP);
    unload(&l);
}

static void an_extension_has_the_features_of_where_it_stands(void **state)
{
    (void)state;
    struct w m = {.n = 0}, range = {.n = 0}, scope = {.n = 0}, o = options(12, REPEATED, 2);
    w_int(&range, 1, 100);
    w_int(&range, 2, 200);
    w_str(&m, 1, "M");
    w_sub(&m, 5, &range);
    struct w inside = field_of("inside", 100, LABEL_REPEATED, SS_TYPE_INT32, NULL, 0, 0);
    struct w outside = field_of("outside", 101, LABEL_REPEATED, SS_TYPE_INT32, NULL, 0, 0);
    w_str(&inside, 2, ".e.M");
    w_str(&outside, 2, ".e.M");
    w_str(&scope, 1, "Scope");
    w_sub(&scope, 6, &inside);
    w_sub(&scope, 7, &o);
    struct w file = file_of(1000, 0, 0);
    w_sub(&file, 4, &scope);
    w_sub(&file, 7, &outside);
    struct loaded l = load_one(file, m);
    assert_false(field(&l, "e.M", "[e.Scope.inside]")->packed);
    assert_true(field(&l, "e.M", "[e.outside]")->packed);
    unload(&l);
}

static void features_of_languages_and_of_the_future_are_passed_over(void **state)
{
    (void)state;
    struct w set = {.n = 0}, o = {.n = 0}, pb_cpp = {.n = 0};
    w_int(&pb_cpp, 1, 1);
    w_sub(&set, 1000, &pb_cpp);
    w_int(&set, 7, 2); /* enforce_naming_style, of edition 2024 */
    w_int(&set, REPEATED, 2);
    w_sub(&o, 50, &set);
    struct w file = file_of(1001, 0, 0);
    w_sub(&file, 8, &o);
    struct loaded l = load_one(file, message_of("M", 0, 0));
    assert_false(field(&l, "e.M", "numbers")->packed);
    unload(&l);
}

static void two_feature_sets_merge(void **state)
{
    (void)state;
    struct w file = file_of(1000, 0, 0), both = options(50, REPEATED, 2), second = options(50, UTF8, 3);
    memcpy(both.b + both.n, second.b, second.n);
    both.n += second.n;
    w_sub(&file, 8, &both);
    struct loaded l = load_one(file, message_of("M", 0, 0));
    assert_false(field(&l, "e.M", "numbers")->packed);
    assert_false(field(&l, "e.M", "text")->validate_utf8);
    unload(&l);
    w_sub(&file, 8, &second);
    assert_refused(set_of(&file), "options that come in two parts");
}

static void bad_editions_and_features_are_refused(void **state)
{
    (void)state;
    struct w file = file_of(999, 0, 0);
    assert_refused(set_of(&file), "test.pb: e.proto: edition 999 is not supported");
    file = file_of(1002, 0, 0);
    assert_refused(set_of(&file), "edition 1002 is not supported");
    file = (struct w){.n = 0};
    w_str(&file, 1, "e.proto");
    w_str(&file, 12, "editions");
    assert_refused(set_of(&file), "without an edition");
    file = (struct w){.n = 0};
    w_str(&file, 1, "e.proto");
    w_str(&file, 12, "proto4");
    assert_refused(set_of(&file), "unknown syntax \"proto4\"");
    static const unsigned out_of_range[][2] = {{PRESENCE, 0}, {PRESENCE, 4},   {ENUM_TYPE, 3},
                                               {REPEATED, 3}, {UTF8, 1},       {UTF8, 4},
                                               {ENCODING, 3}, {JSON_FORMAT, 3}};
    for (size_t i = 0; i < sizeof(out_of_range) / sizeof(out_of_range[0]); i++) {
        file = file_of(1000, out_of_range[i][0], out_of_range[i][1]);
        assert_refused(set_of(&file), "feature of the file has an unknown value");
    }
    file = file_of(1000, 0, 0);
    struct w m = message_of("M", 0, 0);
    add_field(&m, field_of("bad", 10, LABEL_OPTIONAL, SS_TYPE_INT32, NULL, PRESENCE, 9));
    w_sub(&file, 4, &m);
    assert_refused(set_of(&file), "test.pb: e.proto: e.M.bad: a feature has an unknown value");
    file = file_of(1000, 0, 0);
    m = message_of("M", 0, 0);
    add_field(&m, field_of("must", 10, LABEL_REQUIRED, SS_TYPE_INT32, NULL, 0, 0));
    w_sub(&file, 4, &m);
    assert_refused(set_of(&file), "e.M.must: only proto2 has required fields");
}

static void json_conflicts_are_refused_where_the_json_format_is_checked(void **state)
{
    (void)state;
    struct w m = message_of("M", 0, 0), file = file_of(1000, 0, 0);
    add_field(&m, field_of("foo_bar", 10, LABEL_OPTIONAL, SS_TYPE_INT32, NULL, 0, 0));
    add_field(&m, field_of("fooBar", 11, LABEL_OPTIONAL, SS_TYPE_INT32, NULL, 0, 0));
    struct w strict = file;
    w_sub(&strict, 4, &m);
    assert_refused(set_of(&strict), "e.M: foo_bar and fooBar have the same JSON name fooBar");
    struct loaded l = load_one(file_of(1000, JSON_FORMAT, 2), m);
    assert_slice(field(&l, "e.M", "fooBar")->name, "foo_bar");
    unload(&l);
    struct w allowed = {.n = 0};
    w_int(&allowed, 11, 1); /* deprecated_legacy_json_field_conflicts */
    w_sub(&m, 7, &allowed);
    l = load_one(file, m);
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(editions_have_presence_open_enums_packing_and_utf8_by_default),
        cmocka_unit_test(features_of_the_file_hold_in_all_of_it),
        cmocka_unit_test(features_of_a_message_hold_in_what_is_nested_in_it_and_nowhere_else),
        cmocka_unit_test(a_field_has_the_last_word),
        cmocka_unit_test(an_oneof_passes_its_features_to_its_members),
        cmocka_unit_test(map_entries_are_never_delimited),
        cmocka_unit_test(an_extension_has_the_features_of_where_it_stands),
        cmocka_unit_test(features_of_languages_and_of_the_future_are_passed_over),
        cmocka_unit_test(two_feature_sets_merge),
        cmocka_unit_test(bad_editions_and_features_are_refused),
        cmocka_unit_test(json_conflicts_are_refused_where_the_json_format_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
