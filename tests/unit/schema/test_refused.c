/* What is wrong in a descriptor is refused and named. Each case breaks one thing in a file that is right
 * otherwise. */
#include "schema/support.h"

enum { OPTIONAL = 1, REQUIRED = 2, REPEATED = 3 };

static struct w proto2_file(void)
{
    struct w f = {.n = 0};
    w_str(&f, 1, "x.proto");
    w_str(&f, 2, "p");
    return f;
}

static struct w proto3_file(void)
{
    struct w f = proto2_file();
    w_str(&f, 12, "proto3");
    return f;
}

static struct w named(const char *name)
{
    struct w m = {.n = 0};
    w_str(&m, 1, name);
    return m;
}

static struct w field_of(const char *name, uint64_t number, int label, int type, const char *type_name)
{
    struct w f = named(name);
    w_int(&f, 3, number);
    if (label)
        w_int(&f, 4, (uint64_t)label);
    if (type)
        w_int(&f, 5, (uint64_t)type);
    if (type_name)
        w_str(&f, 6, type_name);
    return f;
}

static struct w enum_of(const char *name, const char *value, int64_t number)
{
    struct w e = named(name), v = named(value);
    w_int(&v, 2, (uint64_t)number);
    w_sub(&e, 2, &v);
    return e;
}

/* Loads the file with message M that has the one field f, and expects the text. */
static void refuse_field_in(struct w file, struct w f, const char *part)
{
    struct w m = named("M");
    w_sub(&m, 2, &f);
    w_sub(&file, 4, &m);
    assert_refused(set_of(&file), part);
}

static void refuse_field(struct w f, const char *part)
{
    refuse_field_in(proto3_file(), f, part);
}

static void field_numbers_out_of_range(void **state)
{
    (void)state;
    refuse_field(field_of("f", 0, OPTIONAL, SS_TYPE_INT32, NULL),
                 "test.pb: x.proto: p.M.f: field number 0 is not in 1..536870911");
    refuse_field(field_of("f", (uint64_t)-1, OPTIONAL, SS_TYPE_INT32, NULL), "field number -1 is not in");
    refuse_field(field_of("f", 536870912, OPTIONAL, SS_TYPE_INT32, NULL), "field number 536870912 is not in");
    refuse_field(field_of("f", 19000, OPTIONAL, SS_TYPE_INT32, NULL), "19000 is reserved");
    refuse_field(field_of("f", 19999, OPTIONAL, SS_TYPE_INT32, NULL), "19999 is reserved");
}

static void a_number_used_twice(void **state)
{
    (void)state;
    struct w file = proto3_file(), m = named("M"), a = field_of("a", 5, OPTIONAL, SS_TYPE_INT32, NULL),
             b = field_of("b", 5, OPTIONAL, SS_TYPE_INT32, NULL);
    w_sub(&m, 2, &a);
    w_sub(&m, 2, &b);
    w_sub(&file, 4, &m);
    assert_refused(set_of(&file), "p.M: a and b have the same field number 5");
}

static void labels_and_types_that_are_none(void **state)
{
    (void)state;
    refuse_field(field_of("f", 1, 4, SS_TYPE_INT32, NULL), "p.M.f: label 4 is unknown");
    refuse_field(field_of("f", 1, OPTIONAL, 19, NULL), "p.M.f: type 19 is unknown");
    refuse_field(field_of("f", 1, OPTIONAL, 0, NULL), "type 0 is unknown");
    refuse_field(field_of("f", 1, OPTIONAL, SS_TYPE_MESSAGE, NULL), "its type has no name");
    refuse_field(field_of("f", 1, OPTIONAL, SS_TYPE_INT32, ".p.M"), "a scalar has a type name");
    refuse_field(field_of("f", 1, REQUIRED, SS_TYPE_INT32, NULL), "only proto2 has required fields");
}

static void types_that_are_not_defined_or_of_the_other_kind(void **state)
{
    (void)state;
    refuse_field(field_of("f", 1, OPTIONAL, SS_TYPE_MESSAGE, ".p.Nope"),
                 "p.M.f: its type .p.Nope is not defined");
    refuse_field(field_of("f", 1, OPTIONAL, SS_TYPE_MESSAGE, "."), "is not defined");
    refuse_field(field_of("f", 1, OPTIONAL, SS_TYPE_MESSAGE, ".p"), "is not defined");
    refuse_field(field_of("f", 1, OPTIONAL, SS_TYPE_MESSAGE, ".p.M."), "is not defined");
    refuse_field(field_of("f", 1, OPTIONAL, SS_TYPE_MESSAGE, ".p..M"), "is not defined");
    refuse_field(field_of("f", 1, OPTIONAL, SS_TYPE_MESSAGE, ".p.M.f"), "is not defined");
    refuse_field(field_of("f", 1, OPTIONAL, SS_TYPE_ENUM, ".p.M"), "its type .p.M is a message");
    struct w file = proto3_file(), e = enum_of("E", "ZERO", 0);
    w_sub(&file, 5, &e);
    refuse_field_in(file, field_of("f", 1, OPTIONAL, SS_TYPE_MESSAGE, ".p.E"), "its type .p.E is an enum");
    refuse_field_in(file, field_of("f", 1, OPTIONAL, SS_TYPE_MESSAGE, ".p.ZERO"), "is not defined");
}

static void names_that_are_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "1a", "a b", "a.b", "a-b", "caf\xc3\xa9", "a\nb", "\xff"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct w file = proto3_file(), m = named(bad[i]);
        w_sub(&file, 4, &m);
        assert_refused(set_of(&file), "is not a name");
        refuse_field(field_of(bad[i], 1, OPTIONAL, SS_TYPE_INT32, NULL), "is not a name");
    }
    static const char *const bad_packages[] = {".", "a.", ".a", "a..b", "a b", "1.2"};
    for (size_t i = 0; i < sizeof(bad_packages) / sizeof(bad_packages[0]); i++) {
        struct w file = named("x.proto");
        w_str(&file, 2, bad_packages[i]);
        assert_refused(set_of(&file), "x.proto: the package's name is not valid");
    }
    struct w nameless = {.n = 0};
    w_str(&nameless, 2, "p");
    assert_refused(set_of(&nameless), "has no name");
}

static void names_defined_twice(void **state)
{
    (void)state;
    struct w m = named("Same"), e = enum_of("E", "Same", 0), s = named("Same");
    struct w file = proto3_file();
    w_sub(&file, 4, &m);
    struct w with_message = file, with_enum = file, with_service = file;
    w_sub(&with_message, 4, &m);
    assert_refused(set_of(&with_message), "x.proto: p.Same: defined twice, first in x.proto");
    w_sub(&with_enum, 5, &e); /* an enum's values are its siblings */
    assert_refused(set_of(&with_enum), "p.Same: defined twice");
    w_sub(&with_service, 6, &s);
    assert_refused(set_of(&with_service), "p.Same: defined twice");
    file = proto3_file();
    m = named("p");
    struct w outer = named("y.proto"), set = {.n = 0};
    w_sub(&outer, 4, &m); /* message p beside package p */
    w_sub(&set, 1, &file);
    w_sub(&set, 1, &outer);
    assert_refused(bytes_of(set.b, set.n), "y.proto: p: defined twice, first in x.proto");
}

static void json_names_that_clash_or_look_like_extensions(void **state)
{
    (void)state;
    struct w file = proto3_file(), m = named("M"), a = field_of("foo_bar", 1, OPTIONAL, SS_TYPE_INT32, NULL),
             b = field_of("other", 2, OPTIONAL, SS_TYPE_INT32, NULL);
    w_str(&b, 10, "fooBar");
    w_sub(&m, 2, &a);
    w_sub(&m, 2, &b);
    w_sub(&file, 4, &m);
    assert_refused(set_of(&file), "p.M: foo_bar and other have the same JSON name fooBar");
    struct w f = field_of("f", 1, OPTIONAL, SS_TYPE_INT32, NULL), g = f;
    w_str(&f, 10, "[x]");
    refuse_field(f, "json_name is in brackets");
    w_str(&g, 10, "\xc3(");
    refuse_field(g, "json_name is not UTF-8");
}

static void oneofs_that_do_not_fit(void **state)
{
    (void)state;
    struct w f = field_of("f", 1, OPTIONAL, SS_TYPE_INT32, NULL), far = f, negative = f, repeated, alone = f;
    w_int(&far, 9, 1);
    w_int(&negative, 9, (uint64_t)-1);
    repeated = field_of("f", 1, REPEATED, SS_TYPE_INT32, NULL);
    w_int(&repeated, 9, 0);
    w_int(&alone, 17, 1);
    struct w fields[] = {far, negative, repeated, alone, f};
    static const char *const texts[] = {
        "p.M: oneof_index 1 of f is out of range", "oneof_index -1 of f is out of range",
        "p.M.f: a member of a oneof cannot be repeated", "p.M: f is proto3_optional but in no oneof",
        "p.M: oneof o has 0 members"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct w file = proto3_file(), m = named("M"), o = named("o");
        w_sub(&m, 2, &fields[i]);
        w_sub(&m, 8, &o);
        w_sub(&file, 4, &m);
        assert_refused(set_of(&file), texts[i]);
    }
    struct w file = proto3_file(), m = named("M"), o = named("_f"),
             g = field_of("g", 2, OPTIONAL, SS_TYPE_INT32, NULL);
    w_int(&alone, 9, 0);
    w_int(&g, 9, 0);
    w_sub(&m, 2, &alone);
    w_sub(&m, 2, &g);
    w_sub(&m, 8, &o);
    w_sub(&file, 4, &m);
    assert_refused(set_of(&file), "p.M: oneof _f has 2 members");
}

/* message M { repeated MEntry f = 1; }, MEntry as given */
static void refuse_entry(struct w key, struct w value, const char *part)
{
    struct w file = proto3_file(), m = named("M"), entry = named("FEntry"), o = {.n = 0},
             f = field_of("f", 1, REPEATED, SS_TYPE_MESSAGE, ".p.M.FEntry");
    w_int(&o, 7, 1);
    w_sub(&entry, 2, &key);
    w_sub(&entry, 2, &value);
    w_sub(&entry, 7, &o);
    w_sub(&m, 2, &f);
    w_sub(&m, 3, &entry);
    w_sub(&file, 4, &m);
    if (part) {
        assert_refused(set_of(&file), part);
        return;
    }
    struct loaded l = load_bytes(set_of(&file));
    assert_true(field(&l, "p.M", "f")->map);
    unload(&l);
}

static void map_entries_that_are_no_key_and_value(void **state)
{
    (void)state;
    const char *text = "p.M.FEntry: not the key and value that a map entry is";
    struct w key = field_of("key", 1, OPTIONAL, SS_TYPE_STRING, NULL),
             value = field_of("value", 2, OPTIONAL, SS_TYPE_INT32, NULL);
    refuse_entry(key, value, NULL);
    refuse_entry(value, key, text);
    refuse_entry(field_of("key", 1, OPTIONAL, SS_TYPE_DOUBLE, NULL), value, text);
    refuse_entry(field_of("key", 1, OPTIONAL, SS_TYPE_BYTES, NULL), value, text);
    refuse_entry(field_of("key", 1, OPTIONAL, SS_TYPE_MESSAGE, ".p.M"), value, text);
    refuse_entry(field_of("key", 1, REPEATED, SS_TYPE_STRING, NULL), value, text);
    refuse_entry(field_of("key", 3, OPTIONAL, SS_TYPE_STRING, NULL), value, text);
    refuse_entry(field_of("id", 1, OPTIONAL, SS_TYPE_STRING, NULL), value, text);
    refuse_entry(key, field_of("value", 2, REPEATED, SS_TYPE_INT32, NULL), text);
    refuse_entry(key, field_of("value", 2, OPTIONAL, SS_TYPE_GROUP, ".p.M"), text);
    struct w three = field_of("value", 2, OPTIONAL, SS_TYPE_INT32, NULL);
    struct w file = proto3_file(), m = named("M"), entry = named("FEntry"), o = {.n = 0},
             other = named("Other"), f = field_of("f", 1, REPEATED, SS_TYPE_MESSAGE, ".p.M.FEntry"),
             single = field_of("f", 1, OPTIONAL, SS_TYPE_MESSAGE, ".p.M.FEntry");
    w_int(&o, 7, 1);
    w_sub(&entry, 2, &key);
    w_sub(&entry, 2, &three);
    w_sub(&entry, 7, &o);
    struct w only_key = named("FEntry");
    w_sub(&only_key, 2, &key);
    w_sub(&only_key, 7, &o);
    struct w m_single = m, m_short = m;
    w_sub(&m, 3, &entry);
    w_sub(&other, 2, &f);
    struct w foreign = file;
    w_sub(&foreign, 4, &m);
    w_sub(&foreign, 4, &other);
    assert_refused(set_of(&foreign), "p.Other.f: its type is the entry of another map");
    w_sub(&m_single, 3, &entry);
    w_sub(&m_single, 2, &single);
    struct w not_repeated = file;
    w_sub(&not_repeated, 4, &m_single);
    assert_refused(set_of(&not_repeated), "p.M.f: its type is the entry of another map");
    w_sub(&m_short, 3, &only_key);
    w_sub(&m_short, 2, &f);
    w_sub(&file, 4, &m_short);
    assert_refused(set_of(&file), text);
}

static void enums_that_cannot_be(void **state)
{
    (void)state;
    struct w file = proto3_file(), empty = named("E"), one = enum_of("E", "ONE", 1),
             twice = enum_of("E", "A", 0), b = named("B"), numberless = named("E");
    w_int(&b, 2, 0);
    w_sub(&twice, 2, &b);
    struct w c = named("C");
    w_sub(&numberless, 2, &c);
    struct w enums[] = {empty, one, twice, numberless};
    static const char *const texts[] = {"p.E: an enum needs a value",
                                        "p.E: the first value of an open enum must be zero",
                                        "p.E: A and B have the same number 0", "p.E: C has no number"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct w f = file;
        w_sub(&f, 5, &enums[i]);
        assert_refused(set_of(&f), texts[i]);
    }
}

static struct w range_of(int64_t start, int64_t end)
{
    struct w r = {.n = 0};
    w_int(&r, 1, (uint64_t)start);
    w_int(&r, 2, (uint64_t)end);
    return r;
}

static void extensions_and_ranges_that_do_not_fit(void **state)
{
    (void)state;
    static const int64_t bad[][2] = {{0, 5},         {-3, 5},        {5, 5},        {7, 5},
                                     {1, 536870913}, {1, INT32_MAX}, {5, INT32_MIN}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct w file = proto2_file(), m = named("M"), r = range_of(bad[i][0], bad[i][1]);
        w_sub(&m, 5, &r);
        w_sub(&file, 4, &m);
        assert_refused(set_of(&file), "p.M: extension range");
    }
    struct w file = proto2_file(), m = named("M"), r = range_of(100, 200), s = range_of(199, 300),
             inside = field_of("f", 150, OPTIONAL, SS_TYPE_INT32, NULL);
    w_sub(&m, 5, &s);
    w_sub(&m, 5, &r);
    struct w overlapping = file;
    w_sub(&overlapping, 4, &m);
    assert_refused(set_of(&overlapping), "p.M: extension ranges overlap at 199");
    m = named("M");
    w_sub(&m, 5, &r);
    struct w own = m, own_file = file;
    w_sub(&own, 2, &inside);
    w_sub(&own_file, 4, &own);
    assert_refused(set_of(&own_file), "p.M.f: field number 150 is in an extension range");
    w_sub(&file, 4, &m);
    struct w outside = field_of("x", 200, OPTIONAL, SS_TYPE_INT32, NULL), nothing = outside, must, member,
             twice, x, y;
    w_str(&outside, 2, ".p.M");
    w_str(&nothing, 2, ".p.Nope");
    must = field_of("x", 100, REQUIRED, SS_TYPE_INT32, NULL);
    w_str(&must, 2, ".p.M");
    member = field_of("x", 100, OPTIONAL, SS_TYPE_INT32, NULL);
    w_str(&member, 2, "M");
    x = y = member;
    w_int(&member, 9, 0);
    struct w no_extendee = field_of("x", 100, OPTIONAL, SS_TYPE_INT32, NULL);
    struct w extensions[] = {outside, nothing, no_extendee, must, member};
    static const char *const texts[] = {
        "p.x: .p.M has no extension range with 200", "p.x: extends .p.Nope, which is not",
        "p.x: extends , which is not a message", "p.x: an extension cannot be required",
        "p.x: an extension cannot be in a oneof"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct w f = file;
        w_sub(&f, 7, &extensions[i]);
        assert_refused(set_of(&f), texts[i]);
    }
    y = field_of("y", 100, REPEATED, SS_TYPE_STRING, NULL);
    w_str(&y, 2, "p.M");
    twice = file;
    w_sub(&twice, 7, &x);
    w_sub(&twice, 7, &y);
    assert_refused(set_of(&twice), "p.M: [p.x] and [p.y] have the same field number 100");
}

static void message_sets_with_anything_but_messages(void **state)
{
    (void)state;
    struct w o = {.n = 0}, file = proto2_file(), m = named("M"), own = m, r = range_of(4, 536870912),
             f = field_of("f", 1, OPTIONAL, SS_TYPE_INT32, NULL),
             x = field_of("x", 4, OPTIONAL, SS_TYPE_INT32, NULL);
    w_int(&o, 1, 1);
    w_sub(&own, 2, &f);
    w_sub(&own, 7, &o);
    struct w own_file = file;
    w_sub(&own_file, 4, &own);
    assert_refused(set_of(&own_file), "p.M: a message set cannot have fields of its own");
    w_sub(&m, 5, &r);
    w_sub(&m, 7, &o);
    w_str(&x, 2, ".p.M");
    w_sub(&file, 4, &m);
    w_sub(&file, 7, &x);
    assert_refused(set_of(&file), "p.x: an extension of a message set must be one message");
}

static void defaults_that_do_not_parse(void **state)
{
    (void)state;
    static const struct {
        int type;
        const char *text;
        bool good;
    } table[] = {
        {SS_TYPE_INT32, "-2147483648", true},
        {SS_TYPE_INT32, "2147483648", false},
        {SS_TYPE_INT32, "x", false},
        {SS_TYPE_INT32, "", false},
        {SS_TYPE_UINT32, "4294967295", true},
        {SS_TYPE_UINT32, "-1", false},
        {SS_TYPE_UINT32, "4294967296", false},
        {SS_TYPE_INT64, "9223372036854775808", false},
        {SS_TYPE_UINT64, "18446744073709551615", true},
        {SS_TYPE_BOOL, "true", true},
        {SS_TYPE_BOOL, "1", false},
        {SS_TYPE_DOUBLE, "-inf", true},
        {SS_TYPE_FLOAT, "nan", true},
        {SS_TYPE_DOUBLE, "1e3x", false},
        {SS_TYPE_STRING, "", true},
        {SS_TYPE_BYTES, "\\377", true},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct w file = proto2_file(), m = named("M"), f = field_of("f", 1, OPTIONAL, table[i].type, NULL);
        w_str(&f, 7, table[i].text);
        w_sub(&m, 2, &f);
        w_sub(&file, 4, &m);
        if (!table[i].good) {
            assert_refused(set_of(&file), "p.M.f: its default value is not valid");
            continue;
        }
        struct loaded l = load_bytes(set_of(&file));
        assert_slice(field(&l, "p.M", "f")->default_text, table[i].text);
        unload(&l);
    }
    struct w f = field_of("f", 1, OPTIONAL, SS_TYPE_INT32, NULL),
             repeated = field_of("f", 1, REPEATED, SS_TYPE_INT32, NULL), file = proto2_file(),
             e = enum_of("E", "A", 0);
    w_str(&f, 7, "1");
    w_str(&repeated, 7, "1");
    refuse_field(f, "its default value is not valid"); /* proto3 has none */
    refuse_field_in(proto2_file(), repeated, "its default value is not valid");
    w_sub(&file, 5, &e);
    f = field_of("f", 1, OPTIONAL, SS_TYPE_ENUM, ".p.E");
    w_str(&f, 7, "B");
    refuse_field_in(file, f, "its default value is not valid");
}

static void methods_whose_types_are_no_messages(void **state)
{
    (void)state;
    struct w e = enum_of("E", "ZERO", 0), m = named("M");
    static const char *const types[][2] = {
        {".p.Nope", ".p.M"}, {".p.M", ".p.E"}, {".p.M", ".p.S"}, {"", ".p.M"}};
    static const char *const texts[] = {
        "p.S.Do: its input type .p.Nope is not a message", "p.S.Do: its output type .p.E is not a message",
        "its output type .p.S is not a message", "its input type  is not a message"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct w file = proto3_file(), s = named("S"), method = named("Do");
        w_str(&method, 2, types[i][0]);
        w_str(&method, 3, types[i][1]);
        w_sub(&s, 2, &method);
        w_sub(&file, 4, &m);
        w_sub(&file, 5, &e);
        w_sub(&file, 6, &s);
        assert_refused(set_of(&file), texts[i]);
    }
}

static void relative_type_names_resolve_from_the_inside_out(void **state)
{
    (void)state;
    struct w file = proto3_file(), m = named("M"), inner = named("M"), outer = named("Out"),
             a = field_of("a", 1, OPTIONAL, 0, "M"), b = field_of("b", 2, OPTIONAL, SS_TYPE_MESSAGE, "p.M"),
             c = field_of("c", 3, OPTIONAL, 0, ".p.M"),
             d = field_of("d", 4, OPTIONAL, 0, "google.protobuf.Any"),
             M_field = field_of("M2", 5, OPTIONAL, 0, "M.M");
    w_sub(&m, 3, &inner);
    w_sub(&outer, 3, &inner);
    w_sub(&outer, 2, &a);
    w_sub(&outer, 2, &b);
    w_sub(&outer, 2, &c);
    w_sub(&outer, 2, &d);
    w_sub(&file, 4, &m);
    struct w bad = file, bad_outer = outer;
    w_sub(&file, 4, &outer);
    struct loaded l = load_bytes(set_of(&file));
    assert_ptr_equal(field(&l, "p.Out", "a")->message, message(&l, "p.Out.M"));
    assert_ptr_equal(field(&l, "p.Out", "b")->message, message(&l, "p.M"));
    assert_ptr_equal(field(&l, "p.Out", "c")->message, message(&l, "p.M"));
    assert_int_equal(field(&l, "p.Out", "d")->message->wkt, SS_WKT_ANY);
    unload(&l);
    w_sub(&bad_outer, 2, &M_field); /* the inner M is found first, and has no M of its own */
    w_sub(&bad, 4, &bad_outer);
    assert_refused(set_of(&bad), "p.Out.M2: its type M.M is not defined");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(field_numbers_out_of_range),
        cmocka_unit_test(a_number_used_twice),
        cmocka_unit_test(labels_and_types_that_are_none),
        cmocka_unit_test(types_that_are_not_defined_or_of_the_other_kind),
        cmocka_unit_test(names_that_are_none),
        cmocka_unit_test(names_defined_twice),
        cmocka_unit_test(json_names_that_clash_or_look_like_extensions),
        cmocka_unit_test(oneofs_that_do_not_fit),
        cmocka_unit_test(map_entries_that_are_no_key_and_value),
        cmocka_unit_test(enums_that_cannot_be),
        cmocka_unit_test(extensions_and_ranges_that_do_not_fit),
        cmocka_unit_test(message_sets_with_anything_but_messages),
        cmocka_unit_test(defaults_that_do_not_parse),
        cmocka_unit_test(methods_whose_types_are_no_messages),
        cmocka_unit_test(relative_type_names_resolve_from_the_inside_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
