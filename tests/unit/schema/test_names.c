/* Spelling, quoting and nearness of names. */
#include "schema/support.h"

#include "schema/names.h"

static void the_json_spelling_is_what_protoc_derives(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"foo_bar", "fooBar"},  {"foo", "foo"},
        {"_foo", "Foo"},        {"foo_", "foo"},
        {"foo__bar", "fooBar"}, {"FOO_BAR", "FOOBAR"},
        {"foo_1a", "foo1a"},    {"foo1_a", "foo1A"},
        {"fooBar", "fooBar"},   {"_", ""},
        {"Foo_bar", "FooBar"},  {"a_b_c", "aBC"},
    };
    struct ss_arena a;
    ss_arena_init(&a, 0);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_slice(ss_name_to_json(S(table[i][0]), &a), table[i][1]);
    ss_arena_dispose(&a);
}

static void quoting_escapes_what_json_must(void **state)
{
    (void)state;
    struct ss_arena a;
    ss_arena_init(&a, 0);
    assert_slice(ss_name_quote(S("name"), false, &a), "\"name\"");
    assert_slice(ss_name_quote(S("name"), true, &a), "\"name\":");
    assert_slice(ss_name_quote(S(""), true, &a), "\"\":");
    assert_slice(ss_name_quote(S("a\"b\\c/d\x1f\t\x7f\xc3\xa9"), false, &a),
                 "\"a\\\"b\\\\c/d\\u001f\\u0009\x7f\xc3\xa9\"");
    ss_arena_dispose(&a);
}

static void a_full_arena_gives_no_name(void **state)
{
    (void)state;
    struct ss_arena a;
    ss_arena_init(&a, 16);
    assert_null(ss_name_to_json(S("foo"), &a).ptr);
    assert_null(ss_name_quote(S("foo"), true, &a).ptr);
    ss_arena_dispose(&a);
}

static void identifiers_are_letters_digits_and_underscores(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "_", "A9_", "z_0"}, *const bad[] = {"",    "9",        "a-",
                                                                                "a.b", "\xc3\xa9", "a "};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(ss_name_is_identifier(S(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(ss_name_is_identifier(S(bad[i])));
    assert_false(ss_name_is_identifier(ss_slice_of("a\0b", 3)));
}

static void distance_counts_edits_and_swaps_and_no_case(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        unsigned distance;
    } table[] = {
        {"", "", 0},           {"a", "", 1},     {"abc", "abc", 0},        {"ABC", "abc", 0},
        {"abc", "acb", 1},     {"abc", "ab", 1}, {"abc", "xabc", 1},       {"abc", "axc", 1},
        {"abcd", "badc", 2},   {"ca", "abc", 3}, {"kitten", "sitting", 3}, {"abc", "xyz", 3},
        {"title", "titel", 1},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct ss_slice a = S(table[i].a), b = S(table[i].b);
        for (unsigned max = 0; max < 8; max++) {
            unsigned there = ss_name_distance(a, b, max), back = ss_name_distance(b, a, max);
            if (table[i].distance <= max) {
                assert_int_equal(there, table[i].distance);
                assert_int_equal(back, table[i].distance);
            } else
                assert_true(there > max && back > max);
        }
    }
    char longest[65];
    memset(longest, 'a', sizeof(longest));
    assert_int_equal(ss_name_distance(ss_slice_of(longest, 64), ss_slice_of(longest, 64), 3), 0);
    assert_int_equal(ss_name_distance(ss_slice_of(longest, 65), ss_slice_of(longest, 64), 3), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_json_spelling_is_what_protoc_derives),
        cmocka_unit_test(quoting_escapes_what_json_must),
        cmocka_unit_test(a_full_arena_gives_no_name),
        cmocka_unit_test(identifiers_are_letters_digits_and_underscores),
        cmocka_unit_test(distance_counts_edits_and_swaps_and_no_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
