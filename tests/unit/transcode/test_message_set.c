/* Message sets: extensions that are items on the wire and ordinary members in JSON. */
#include "support.h"

/* Holder{set: {item 1000: Text{s: "ab"}}, after: 5} */
#define HOLDER                                                                                               \
    "\x0a\x0b\x0b\x10\xe8\x07\x1a\x04\x0a\x02"                                                               \
    "ab\x0c\x10\x05"

static void an_extension_is_an_item_on_the_wire(void **state)
{
    (void)state;
    check_both("test.set.Holder", "{\"set\":{\"[test.set.Text.text]\":{\"s\":\"ab\"}},\"after\":5}",
               SS_LIT(HOLDER), NULL);
}

static void an_empty_item_is_there(void **state)
{
    (void)state;
    check_both("test.set.Set", "{\"[test.set.Text.text]\":{}}", SS_LIT("\x0b\x10\xe8\x07\x1a\x00\x0c"), NULL);
}

static void type_numbers_may_be_above_field_numbers(void **state)
{
    (void)state;
    check_both("test.set.Set", "{\"[test.set.Wide.wide]\":{}}",
               SS_LIT("\x0b\x10\xfe\xff\xff\xff\x07\x1a\x00\x0c"), NULL);
}

static void sets_nest(void **state)
{
    (void)state;
    check_both("test.set.Set",
               "{\"[test.set.Wide.wide]\":{\"inner\":{\"[test.set.Text.text]\":{\"n\":[1,2]}}}}",
               SS_LIT("\x0b\x10\xfe\xff\xff\xff\x07\x1a\x0d"
                      "\x0a\x0b\x0b\x10\xe8\x07\x1a\x04\x10\x01\x10\x02\x0c"
                      "\x0c"),
               NULL);
}

static void a_long_item_has_a_long_length(void **state)
{
    (void)state;
    char json[600], want[600];
    memset(want, 'x', sizeof want);
    int n = snprintf(json, sizeof json, "{\"[test.set.Text.text]\":{\"s\":\"%.*s\"}}", 300, want);
    assert_int_equal(to_wire("test.set.Set", json), SS_OK);
    assert_int_equal(fx->wire.len, 6 + 1 + 303 + 1);
    assert_memory_equal(fx->wire.ptr, "\x0b\x10\xe8\x07\x1a\xaf\x02\x0a\xac\x02xx", 12);
    assert_int_equal(fx->wire.ptr[fx->wire.len - 1], 0x0c);
    assert_int_equal(to_json("test.set.Set", ss_buf_slice(&fx->wire)), SS_OK);
    assert_int_equal(fx->json.len, n);
    assert_string_equal(fx->json.ptr, json);
}

static void check_json(struct ss_slice wire, const char *want)
{
    if (to_json("test.set.Set", wire))
        fail_msg("refused: %.*s", SS_FMT(fx->status.message));
    assert_string_equal(fx->json.ptr, want);
}

static void the_message_may_come_before_its_type(void **state)
{
    (void)state;
    check_json(SS_LIT("\x0b\x1a\x04\x0a\x02"
                      "ab\x10\xe8\x07\x0c"),
               "{\"[test.set.Text.text]\":{\"s\":\"ab\"}}");
}

static void items_of_one_type_merge(void **state)
{
    (void)state;
    check_json(SS_LIT("\x0b\x10\xe8\x07\x1a\x06\x0a\x02"
                      "ab\x10\x01\x0c"
                      "\x0b\x10\xfe\xff\xff\xff\x07\x1a\x00\x0c"
                      "\x0b\x10\xe8\x07\x1a\x05\x0a\x01"
                      "c\x10\x02\x0c"),
               "{\"[test.set.Text.text]\":{\"s\":\"c\",\"n\":[1,2]},\"[test.set.Wide.wide]\":{}}");
}

static void an_extension_may_also_be_an_ordinary_field(void **state)
{
    (void)state;
    check_json(SS_LIT("\xc2\x3e\x04\x0a\x02"
                      "ab"
                      "\x0b\x10\xe8\x07\x1a\x02\x10\x07\x0c"),
               "{\"[test.set.Text.text]\":{\"s\":\"ab\",\"n\":[7]}}");
}

static void what_is_no_known_item_is_left_out(void **state)
{
    (void)state;
    check_json(SS_LIT(""), "{}");
    check_json(SS_LIT("\x0b\x10\xe9\x07\x1a\x00\x0c"), "{}"); /* a type that nobody knows */
    check_json(SS_LIT("\x0b\x10\xe8\x07\x0c"), "{}");         /* no message */
    check_json(SS_LIT("\x0b\x1a\x00\x0c"), "{}");             /* no type */
    check_json(SS_LIT("\x0b\x0c"), "{}");                     /* nothing */
    check_json(SS_LIT("\x13\x10\xe8\x07\x1a\x00\x14"), "{}"); /* group 2 */
    check_json(SS_LIT("\x0b\x10\xe8\x07\x1a\x00\x20\x01\x0c\x10\x01"), "{\"[test.set.Text.text]\":{}}");
    check_json(SS_LIT("\x0b\x10\xe8\x07\x10\x01\x1a\x00\x0c"),
               "{\"[test.set.Text.text]\":{}}"); /* the first type */
}

static void items_cut_off_are_refused(void **state)
{
    (void)state;
    struct ss_slice whole = SS_LIT(HOLDER);
    for (size_t n = 1; n < whole.len; n++) {
        enum ss_err want = n == whole.len - 2 ? SS_OK : SS_ERR_BAD_RESPONSE;
        assert_int_equal(to_json("test.set.Holder", ss_slice_of(whole.ptr, n)), want);
    }
    whole = SS_LIT("\x0b\x10\xe8\x07\x1a\x04\x0a\x02"
                   "ab\x0c");
    for (size_t n = 1; n < whole.len; n++)
        assert_int_equal(to_json("test.set.Set", ss_slice_of(whole.ptr, n)), SS_ERR_BAD_RESPONSE);
    /* the end of another group; a message whose bytes are none */
    assert_int_equal(to_json("test.set.Set", SS_LIT("\x0b\x10\xe8\x07\x1a\x00\x14")), SS_ERR_BAD_RESPONSE);
    assert_int_equal(to_json("test.set.Set", SS_LIT("\x0b\x10\xe8\x07\x1a\x01\x0a\x0c")),
                     SS_ERR_BAD_RESPONSE);
}

static void items_are_not_made_from_text(void **state)
{
    (void)state;
    const struct ss_field *f = field("test.set.Set", "[test.set.Wide.moment]");
    struct ss_slice expected;
    check_both("test.set.Set", "{\"[test.set.Wide.moment]\":\"1970-01-01T00:00:01Z\"}",
               SS_LIT("\x0b\x10\xfd\xff\xff\xff\x07\x1a\x02\x08\x01\x0c"), NULL);
    assert_false(ss_field_takes_text(f));
    fx->wire.len = 0;
    assert_int_equal(
        ss_text_to_wire(f, SS_LIT("1970-01-01T00:00:01Z"), false, &fx->arena, &fx->wire, &expected),
        SS_ERR_INVALID);
    assert_int_equal(fx->wire.len, 0);
}

#define TEST(f) cmocka_unit_test_setup(f, fixture_reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_extension_is_an_item_on_the_wire),
        TEST(an_empty_item_is_there),
        TEST(type_numbers_may_be_above_field_numbers),
        TEST(sets_nest),
        TEST(a_long_item_has_a_long_length),
        TEST(the_message_may_come_before_its_type),
        TEST(items_of_one_type_merge),
        TEST(an_extension_may_also_be_an_ordinary_field),
        TEST(what_is_no_known_item_is_left_out),
        TEST(items_cut_off_are_refused),
        TEST(items_are_not_made_from_text),
    };
    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
