/* One value from a path or query. */
#include "transcode/support.h"

static void check(const char *message, const char *name, const char *text, struct ss_slice want)
{
    struct ss_slice expected = {NULL, 0};
    char *copy = exact(ss_slice_str(text));
    fx->wire.len = 0;
    enum ss_err err = ss_text_to_wire(field(message, name), ss_slice_of(copy, strlen(text)), false,
                                      &fx->arena, &fx->wire, &expected);
    ss_free(copy);
    if (err)
        fail_msg("%s: %.*s", text, SS_FMT(expected));
    if (!ss_slice_eq(ss_buf_slice(&fx->wire), want)) {
        for (size_t i = 0; i < fx->wire.len; i++)
            fprintf(stderr, "\\x%02x", (unsigned char)fx->wire.ptr[i]);
        fail_msg(" is the wire of %s", text);
    }
}

static void check_refused_text(const char *name, const char *text, const char *want)
{
    struct ss_slice expected = {NULL, 0};
    char *copy = exact(ss_slice_str(text));
    fx->wire.len = 0;
    enum ss_err err = ss_text_to_wire(field("rich.All", name), ss_slice_of(copy, strlen(text)), false,
                                      &fx->arena, &fx->wire, &expected);
    ss_free(copy);
    assert_int_equal(err, SS_ERR_INVALID);
    assert_int_equal(fx->wire.len, 0);
    assert_int_equal(expected.len, strlen(want));
    assert_memory_equal(expected.ptr, want, expected.len);
}

static void scalars_are_written_with_their_tag_even_when_zero(void **state)
{
    (void)state;
    check("rich.All", "f_int32", "-1", SS_LIT("\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    check("rich.All", "f_int32", "0", SS_LIT("\x28\x00"));
    check("rich.All", "f_sint32", "-1", SS_LIT("\x78\x01"));
    check("rich.All", "f_uint64", "18446744073709551615",
          SS_LIT("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    check("rich.All", "f_bool", "true", SS_LIT("\x40\x01"));
    check("rich.All", "f_bool", "false", SS_LIT("\x40\x00"));
    check("rich.All", "f_double", "1", SS_LIT("\x09\x00\x00\x00\x00\x00\x00\xf0\x3f"));
    check("rich.All", "f_float", "-Infinity", SS_LIT("\x15\x00\x00\x80\xff"));
    check("rich.All", "f_fixed32", "1", SS_LIT("\x3d\x01\x00\x00\x00"));
    check("rich.All", "f_string", "", SS_LIT("\x4a\x00"));
    check("rich.All", "f_string", "a b",
          SS_LIT("\x4a\x03"
                 "a b"));
    check("rich.All", "far", "7", SS_LIT("\xf8\xff\xff\xff\x0f\x07"));
}

static void bytes_come_in_both_alphabets(void **state)
{
    (void)state;
    check("rich.All", "f_bytes", "-_-_", SS_LIT("\x52\x03\xfb\xff\xbf"));
    check("rich.All", "f_bytes", "+/+/", SS_LIT("\x52\x03\xfb\xff\xbf"));
    check("rich.All", "f_bytes", "", SS_LIT("\x52\x00"));
    char text[402];
    memset(text, 'A', 400);
    text[400] = 0;
    struct ss_slice expected;
    fx->wire.len = 0;
    assert_int_equal(ss_text_to_wire(field("rich.All", "f_bytes"), ss_slice_str(text), false, &fx->arena,
                                     &fx->wire, &expected),
                     SS_OK);
    assert_int_equal(fx->wire.len, 303);
    assert_memory_equal(fx->wire.ptr, "\x52\xac\x02\x00\x00", 5);
}

static void enums_come_by_name_in_any_case_and_by_number(void **state)
{
    (void)state;
    check("rich.All", "f_color", "red", SS_LIT("\x60\x01"));
    check("rich.All", "f_color", "GREEN", SS_LIT("\x60\x02"));
    check("rich.All", "f_color", "2", SS_LIT("\x60\x02"));
    check("rich.All", "f_color", "77", SS_LIT("\x60\x4d"));
    check_refused_text("f_color", "pink", "expected one of COLOR_UNSPECIFIED, RED, GREEN, BLUE");
}

static void an_element_of_a_repeated_field_is_one_occurrence(void **state)
{
    (void)state;
    check("rich.All", "r_int32", "300", SS_LIT("\xca\x01\x02\xac\x02"));
    check("rich.All", "r_unpacked", "5", SS_LIT("\xb0\x02\x05"));
    check("rich.All", "r_string", "x", SS_LIT("\xea\x01\x01x"));
    check("rich2.Old", "tight", "5", SS_LIT("\x62\x01\x05"));
}

static void some_messages_are_written_as_text(void **state)
{
    (void)state;
    check("rich.All", "timestamp", "1970-01-01T00:00:01Z", SS_LIT("\x8a\x05\x02\x08\x01"));
    check("rich.All", "duration", "0s", SS_LIT("\x92\x05\x00"));
    check("rich.All", "mask", "a.bC,d_e",
          SS_LIT("\x9a\x05\x0c\x0a\x05"
                 "a.b_c\x0a\x03"
                 "d_e"));
    check("rich.All", "w_string", "x", SS_LIT("\x92\x06\x03\x0a\x01x"));
    check("rich.All", "w_bool", "false", SS_LIT("\x8a\x06\x02\x08\x00"));
    check("rich.All", "r_timestamp", "1970-01-01T00:00:00Z", SS_LIT("\xaa\x06\x00"));
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    check_refused_text("f_int32", "x", "expected an integer between -2147483648 and 2147483647");
    check_refused_text("f_int32", "", "expected an integer between -2147483648 and 2147483647");
    check_refused_text("f_bool", "1", "expected true or false");
    check_refused_text("f_bytes", "A", "expected a string of base64");
    check_refused_text("w_int32", "1.5", "expected an integer between -2147483648 and 2147483647");
    check_refused_text("timestamp", "now",
                       "expected a timestamp of the years 0001 to 9999 such as \"2024-01-31T09:30:00Z\"");
    check_refused_text("f_leaf", "x", "expected no text: the field is a message or a map");
    check_refused_text("m_string", "x", "expected no text: the field is a message or a map");
}

static void messages_and_maps_take_no_text(void **state)
{
    (void)state;
    const char *takes[] = {"f_int32", "r_string", "timestamp", "duration",
                           "mask",    "w_bytes",  "null",      "r_wrapper"};
    const char * not [] = {"f_leaf", "m_string", "structure", "value", "list", "any", "empty", "self"};
    for (size_t i = 0; i < sizeof takes / sizeof *takes; i++)
        assert_true(ss_field_takes_text(field("rich.All", takes[i])));
    for (size_t i = 0; i < sizeof not / sizeof *not ; i++)
        assert_false(ss_field_takes_text(field("rich.All", not [i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(scalars_are_written_with_their_tag_even_when_zero, fixture_reset),
        cmocka_unit_test_setup(bytes_come_in_both_alphabets, fixture_reset),
        cmocka_unit_test_setup(enums_come_by_name_in_any_case_and_by_number, fixture_reset),
        cmocka_unit_test_setup(an_element_of_a_repeated_field_is_one_occurrence, fixture_reset),
        cmocka_unit_test_setup(some_messages_are_written_as_text, fixture_reset),
        cmocka_unit_test_setup(what_is_wrong_is_said, fixture_reset),
        cmocka_unit_test_setup(messages_and_maps_take_no_text, fixture_reset),
    };
    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
