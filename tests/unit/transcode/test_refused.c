/* What a client is told when its JSON is wrong: path, what was expected, what was there, line and column. */
#include "transcode/support.h"

static void numbers_out_of_range_say_the_range(void **state)
{
    (void)state;
    check_refused(
        "rich.All", "{\"fInt32\": 2147483648}", "fInt32",
        "expected an integer between -2147483648 and 2147483647, got 2147483648; line 1, column 12");
    check_refused("rich.All", "{\n  \"fUint32\":\n   \"abc\"}", "fUint32",
                  "expected an integer between 0 and 4294967295, got \"abc\"; line 3, column 4");
    check_refused("rich.All", "{\"fFloat\":3.502823e+38}", "fFloat",
                  "expected a number in the range of a float, \"NaN\", \"Infinity\" or \"-Infinity\", got "
                  "3.502823e+38; line 1, column 11");
}

static void a_path_leads_to_the_trouble(void **state)
{
    (void)state;
    check_refused("rich.All", "{\"rLeaf\":[{},{\"children\":[{\"id\":1},{\"id\":true}]}]}",
                  "rLeaf[1].children[1].id",
                  "expected an integer between -2147483648 and 2147483647, got true; line 1, column 42");
    check_refused("rich.All", "{\"mLeaf\":{\"a\":{},\"k\":{\"id\":[]}}}", "mLeaf[\"k\"].id",
                  "expected an integer between -2147483648 and 2147483647, got an array; line 1, column 28");
    check_refused("rich.All", "{\"f_leaf\":{\"name\":1}}", "f_leaf.name",
                  "expected a string, got 1; line 1, column 19");
    check_refused("rich.All", "{\"structure\":{\"a\":{\"b\":1,\"b\":2}}}", "structure.a.b",
                  "this key is there twice; line 1, column 26");
    check_refused("rich.All", "{\"rInt32\":[1,2,null]}", "rInt32[2]",
                  "expected an integer between -2147483648 and 2147483647, got null; line 1, column 16");
    check_refused("rich.All", "[]", "", "expected an object, got an array; line 1, column 1");
}

static void a_path_leads_into_an_any_whose_type_comes_last(void **state)
{
    (void)state;
    check_refused(
        "rich.All",
        "{\"any\":{\"children\":[{},{\"id\":\"x\"}],\n\"@type\":\"type.googleapis.com/rich.Leaf\"}}",
        "any.children[1].id",
        "expected an integer between -2147483648 and 2147483647, got \"x\"; line 1, column 30");
    check_refused("rich.All",
                  "{\"rAny\":[{},{\"value\":{\"id\":1,\"idd\":2,\"@type\":\"type.googleapis.com/rich.Leaf\"},"
                  "\"@type\":\"type.googleapis.com/google.protobuf.Any\"}]}",
                  "rAny[1].value.idd", "unknown field; did you mean \"id\"?; line 1, column 30");
}

static void an_any_says_what_is_wrong_with_its_type(void **state)
{
    (void)state;
    check_refused(
        "rich.All", "{\"any\":{\"@type\":\"type.googleapis.com/rich.Nope\"}}", "any.@type",
        "expected the URL of a known message type, got \"type.googleapis.com/rich.Nope\"; line 1, column 17");
    check_refused("rich.All", "{\"any\":{\"id\":1}}", "any",
                  "expected a member \"@type\"; line 1, column 15");
    check_refused(
        "rich.All", "{\"any\":{\"@type\":\"\",\"value\":\"\"}}", "any.@type",
        "expected a type URL such as \"type.googleapis.com/pkg.Message\", got \"\"; line 1, column 17");
    check_refused(
        "rich.All", "{\"any\":{\"id\":1,\"@type\":7}}", "any.@type",
        "expected a type URL such as \"type.googleapis.com/pkg.Message\", got 7; line 1, column 16");
    check_refused(
        "rich.All", "{\"any\":{\"@type\":\"a/google.protobuf.Duration\"}}", "any",
        "expected a member \"value\" beside \"@type\", for google.protobuf.Duration has a JSON form of its "
        "own; line 1, column 45");
    check_refused("rich.All", "{\"any\":{\"@type\":\"a/rich.Leaf\",\"@type\":\"a/rich.Leaf\"}}", "any.@type",
                  "this key is there twice; line 1, column 31");
    check_refused("rich.All", "{\"any\":{\"id\":1,\"@type\":\"a/rich.Leaf\",\"@type\":\"a/rich.Leaf\"}}",
                  "any.@type", "this key is there twice; line 1, column 38");
}

static void unknown_fields_are_named_with_the_nearest_that_exists(void **state)
{
    (void)state;
    check_refused("rich.Leaf", "{\"nmae\": 1}", "nmae",
                  "unknown field; did you mean \"name\"?; line 1, column 2");
    check_refused("rich.Leaf", "{\"completelyDifferent\": 1}", "completelyDifferent",
                  "unknown field of rich.Leaf; line 1, column 2");
}

static void unknown_enum_names_are_told_the_names(void **state)
{
    (void)state;
    check_refused("rich.All", "{\"fColor\":\"red\"}", "fColor",
                  "expected one of COLOR_UNSPECIFIED, RED, GREEN, BLUE, got \"red\"; line 1, column 11");
    check_refused("rich2.Old", "{\"closed\":3}", "closed",
                  "expected one of ONE, TWO, got 3; line 1, column 11");
}

static void a_field_is_there_once_under_either_name(void **state)
{
    (void)state;
    check_refused("rich.All", "{\"fInt32\":1,\"fInt32\":1}", "fInt32",
                  "this field is there twice; line 1, column 13");
    check_refused("rich.All", "{\"fInt32\":1,\"f_int32\":1}", "f_int32",
                  "this field is there twice; line 1, column 13");
    check_refused("rich.All", "{\"fInt32\":null,\"f_int32\":1}", "f_int32",
                  "this field is there twice; line 1, column 16");
    check_refused("rich.All", "{\"far\":1,\"far\":1}", "far", "this field is there twice; line 1, column 10");
    check_refused("rich.All", "{\"mInt32\":{\"1\":1,\"2\":2,\"1\":1}}", "mInt32[\"1\"]",
                  "this key is there twice; line 1, column 24");
    check_refused("rich.All", "{\"mBool\":{\"true\":true,\"true\":true}}", "mBool[\"true\"]",
                  "this key is there twice; line 1, column 23");
}

static void a_oneof_has_one_member(void **state)
{
    (void)state;
    check_refused("rich.All", "{\"cInt32\":1,\"cString\":\"\"}", "cString",
                  "another member of the oneof choice is set already: only one may be; line 1, column 23");
    check_refused("rich.All", "{\"cLeaf\":{},\"cNull\":null}", "cNull",
                  "another member of the oneof choice is set already: only one may be; line 1, column 21");
    check_refused("rich.All", "{\"cInt32\":1,\"cLeaf\":{}}", "cLeaf",
                  "another member of the oneof choice is set already: only one may be; line 1, column 21");
    assert_int_equal(to_wire("rich.All", "{\"cInt32\":1,\"cString\":null,\"cLeaf\":null}"), SS_OK);
}

static void no_more_than_64_bytes_of_the_client_s_text_come_back(void **state)
{
    (void)state;
    char json[600] = "{\"fInt32\":\"";
    for (int i = 0; i < 100; i++)
        memcpy(json + 11 + 3 * i, "\xe6\xbc\xa2", 3);
    memcpy(json + 311, "\"}", 3);
    assert_int_equal(to_wire("rich.All", json), SS_ERR_INVALID);
    char want[400] = "expected an integer between -2147483648 and 2147483647, got \"";
    size_t n = strlen(want);
    for (int i = 0; i < 21; i++, n += 3)
        memcpy(want + n, "\xe6\xbc\xa2", 3);
    memcpy(want + n, "...\"; line 1, column 11", 24);
    assert_string_equal(fx->status.violations->description.ptr, want);
}

static void null_is_no_element_and_no_map_value(void **state)
{
    (void)state;
    const char *refused[] = {"{\"rLeaf\":[null]}",
                             "{\"mString\":{\"a\":null}}",
                             "{\"rWrapper\":[null]}",
                             "{\"rList\":[null]}",
                             "{\"mLeaf\":{\"a\":null}}",
                             "{\"rTimestamp\":[null]}",
                             "{\"mTimestamp\":{\"a\":null}}",
                             "null"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(to_wire("rich.All", refused[i]), SS_ERR_INVALID);
    check_both("rich.All", "{\"rNull\":[null,null]}", SS_LIT("\xda\x06\x02\x00\x00"), NULL);
}

/* RequiredJson and RecommendedJson failures of the official conformance suite, and kin. */
static void what_the_mapping_forbids_is_refused(void **state)
{
    (void)state;
    const char *refused[] = {
        "{\"fInt32\":0.5}",
        "{\"fInt32\":\"\"}",
        "{\"fInt32\":\" 1\"}",
        "{\"fInt32\":\"1 \"}",
        "{\"fInt32\":\"+1\"}",
        "{\"fInt32\":\"01\"}",
        "{\"fInt32\":\"0x1\"}",
        "{\"fInt32\":true}",
        "{\"fUint32\":-1}",
        "{\"fInt64\":\"9223372036854775808\"}",
        "{\"fUint64\":18446744073709551616}",
        "{\"fFloat\":\"nan\"}",
        "{\"fFloat\":\"inf\"}",
        "{\"fDouble\":1e400}",
        "{\"fDouble\":\"1e400\"}",
        "{\"fDouble\":true}",
        "{\"fBool\":1}",
        "{\"fBool\":\"true\"}",
        "{\"fString\":1}",
        "{\"fString\":\"\\ud800\"}",
        "{\"fString\":\"\xc0\x80\"}",
        "{\"fBytes\":\"A\"}",
        "{\"fBytes\":\"AQ!=\"}",
        "{\"fBytes\":1}",
        "{\"fColor\":true}",
        "{\"rInt32\":1}",
        "{\"rInt32\":{}}",
        "{\"rInt32\":[1,]}",
        "{\"fLeaf\":[]}",
        "{\"mString\":[]}",
        "{\"mBool\":{\"True\":true}}",
        "{\"mBool\":{\"1\":true}}",
        "{\"mUint32\":{\"-1\":1}}",
        "{\"timestamp\":\"0000-01-01T00:00:00Z\"}",
        "{\"timestamp\":\"1970-01-01T00:00:00\"}",
        "{\"timestamp\":\"1970-01-01t00:00:00Z\"}",
        "{\"timestamp\":\"1970-01-01T00:00:00z\"}",
        "{\"timestamp\":\"1970-01-01 00:00:00Z\"}",
        "{\"timestamp\":\"1970-02-30T00:00:00Z\"}",
        "{\"timestamp\":\"1900-02-29T00:00:00Z\"}",
        "{\"timestamp\":\"1970-01-01T24:00:00Z\"}",
        "{\"timestamp\":\"1970-01-01T00:00:60Z\"}",
        "{\"timestamp\":\"1970-01-01T00:00:00.Z\"}",
        "{\"timestamp\":\"1970-01-01T00:00:00.1234567890Z\"}",
        "{\"timestamp\":\"9999-12-31T23:59:59-00:01\"}",
        "{\"timestamp\":\"0001-01-01T00:00:00+00:01\"}",
        "{\"timestamp\":\"1970-01-01T00:00:00+24:00\"}",
        "{\"timestamp\":\"1970-13-01T00:00:00Z\"}",
        "{\"timestamp\":\"1970-00-01T00:00:00Z\"}",
        "{\"timestamp\":1}",
        "{\"duration\":\"1\"}",
        "{\"duration\":\"1S\"}",
        "{\"duration\":\".5s\"}",
        "{\"duration\":\"1.s\"}",
        "{\"duration\":\"1.0000000001s\"}",
        "{\"duration\":\"315576000001s\"}",
        "{\"duration\":\"-315576000001s\"}",
        "{\"duration\":\"99999999999999999999s\"}",
        "{\"duration\":\"--1s\"}",
        "{\"mask\":\"a_b\"}",
        "{\"mask\":[]}",
        "{\"structure\":[]}",
        "{\"list\":{}}",
        "{\"value\":1e400}",
        "{\"empty\":[]}",
        "{\"empty\":{\"a\":1}}",
        "{\"wBool\":{\"value\":true}}",
        "{\"wString\":1}",
        "{'fInt32':1}",
        "{\"fInt32\":1,}",
        "{\"fInt32\":1}x",
        "{\"fInt32\":NaN}",
        "",
        "{",
        "{\"fInt32\"}",
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (to_wire("rich.All", refused[i]) != SS_ERR_INVALID)
            fail_msg("%s is not refused", refused[i]);
        assert_non_null(fx->status.violations);
        assert_int_equal(fx->status.code, SS_CODE_INVALID_ARGUMENT);
    }
}

static const struct {
    const char *json, *path, *description;
} kinds[] = {
    {"{\"fInt64\":\"9223372036854775808\"}", "fInt64",
     "expected an integer of 64 bits, as a string or a number, got \"9223372036854775808\"; line 1, column "
     "11"},
    {"{\"fUint64\":-1}", "fUint64",
     "expected an unsigned integer of 64 bits, as a string or a number, got -1; line 1, column 12"},
    {"{\"fInt32\":1.5}", "fInt32",
     "expected an integer between -2147483648 and 2147483647, got 1.5; line 1, column 11"},
    {"{\"fInt32\":\"\"}", "fInt32",
     "expected an integer between -2147483648 and 2147483647, got \"\"; line 1, column 11"},
    {"{\"fDouble\":\"abc\"}", "fDouble",
     "expected a number in the range of a double, \"NaN\", \"Infinity\" or \"-Infinity\", got \"abc\"; line "
     "1, column 12"},
    {"{\"fDouble\":1e400}", "fDouble",
     "expected a number in the range of a double, \"NaN\", \"Infinity\" or \"-Infinity\", got 1e400; line 1, "
     "column 12"},
    {"{\"fBool\":\"true\"}", "fBool", "expected true or false, got \"true\"; line 1, column 10"},
    {"{\"fString\":true}", "fString", "expected a string, got true; line 1, column 12"},
    {"{\"fBytes\":\"A*\"}", "fBytes", "expected a string of base64, got \"A*\"; line 1, column 11"},
    {"{\"fBytes\":1}", "fBytes", "expected a string of base64, got 1; line 1, column 11"},
    {"{\"fColor\":true}", "fColor",
     "expected one of COLOR_UNSPECIFIED, RED, GREEN, BLUE, got true; line 1, column 11"},
    {"{\"rColor\":[\"RED\",\"PINK\"]}", "rColor[1]",
     "expected one of COLOR_UNSPECIFIED, RED, GREEN, BLUE, got \"PINK\"; line 1, column 18"},
    {"{\"fLeaf\":[]}", "fLeaf", "expected an object, got an array; line 1, column 10"},
    {"{\"fLeaf\":\"x\"}", "fLeaf", "expected an object, got \"x\"; line 1, column 10"},
    {"{\"rLeaf\":{}}", "rLeaf", "expected an array, got an object; line 1, column 10"},
    {"{\"rInt32\":1}", "rInt32", "expected an array, got 1; line 1, column 11"},
    {"{\"mString\":[]}", "mString", "expected an object, got an array; line 1, column 12"},
    {"{\"mBool\":{\"yes\":true}}", "mBool[\"yes\"]",
     "expected the key \"true\" or \"false\", got \"yes\"; line 1, column 11"},
    {"{\"mInt32\":{\"x\":1}}", "mInt32[\"x\"]",
     "expected an integer between -2147483648 and 2147483647, got \"x\"; line 1, column 12"},
    {"{\"mUint64\":{\"-1\":1}}", "mUint64[\"-1\"]",
     "expected an unsigned integer of 64 bits, as a string or a number, got \"-1\"; line 1, column 13"},
    {"{\"mColor\":{\"k\":\"PINK\"}}", "mColor[\"k\"]",
     "expected one of COLOR_UNSPECIFIED, RED, GREEN, BLUE, got \"PINK\"; line 1, column 16"},
    {"{\"timestamp\":\"yesterday\"}", "timestamp",
     "expected a timestamp of the years 0001 to 9999 such as \"2024-01-31T09:30:00Z\", got \"yesterday\"; "
     "line 1, column 14"},
    {"{\"timestamp\":5}", "timestamp",
     "expected a timestamp of the years 0001 to 9999 such as \"2024-01-31T09:30:00Z\", got 5; line 1, column "
     "14"},
    {"{\"duration\":\"5\"}", "duration",
     "expected a duration in seconds such as \"3.5s\", got \"5\"; line 1, column 13"},
    {"{\"mask\":\"a_b\"}", "mask",
     "expected a field mask such as \"user.displayName,photo\", got \"a_b\"; line 1, column 9"},
    {"{\"structure\":[]}", "structure", "expected an object, got an array; line 1, column 14"},
    {"{\"list\":{}}", "list", "expected an array, got an object; line 1, column 9"},
    {"{\"value\":1e400}", "value",
     "expected a finite number, a string, true, false, null, an object or an array, got 1e400; line 1, "
     "column 10"},
    {"{\"empty\":[]}", "empty", "expected an object, got an array; line 1, column 10"},
    {"{\"wInt32\":\"x\"}", "wInt32",
     "expected an integer between -2147483648 and 2147483647, got \"x\"; line 1, column 11"},
    {"{\"wBool\":{}}", "wBool", "expected true or false, got an object; line 1, column 10"},
    {"{\"cInt32\":1,\"cString\":\"x\"}", "cString",
     "another member of the oneof choice is set already: only one may be; line 1, column 23"},
    {"{\"fInt32\":1,\"f_int32\":2}", "f_int32", "this field is there twice; line 1, column 13"},
    {"{\"mString\":{\"a\":\"\",\"a\":\"\"}}", "mString[\"a\"]", "this key is there twice; line 1, column 20"},
    {"{\"any\":7}", "any", "expected an object, got 7; line 1, column 8"},
    {"{\"fString\":\"\\ud800\"}", "", "unpaired surrogate \\ud800; line 1, column 13"},
    {"{\"fString\":\"a\xff\"}", "", "invalid UTF-8; line 1, column 14"},
    {"{\"fInt32\":01}", "", "invalid number: leading zero; line 1, column 11"},
    {"{\"fInt32\":1} x", "", "text after the end of the document; line 1, column 14"},
};

static void every_kind_of_value_says_what_it_wants(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        check_refused("rich.All", kinds[i].json, kinds[i].path, kinds[i].description);
}

static void bad_json_is_a_violation_of_the_body_as_a_whole(void **state)
{
    (void)state;
    assert_int_equal(to_wire("rich.All", "{\"fInt32\":1,\n}"), SS_ERR_INVALID);
    assert_int_equal(fx->status.violations->field.len, 0);
    assert_non_null(strstr(fx->status.violations->description.ptr, "; line 1, column 12"));
}

static void the_body_field_is_the_beginning_of_the_path(void **state)
{
    (void)state;
    const struct ss_field *f = field("rich.All", "r_leaf");
    assert_int_equal(to_wire_body("rich.All", f, SS_LIT("[{},{\"id\":\"x\"}]")), SS_ERR_INVALID);
    assert_string_equal(fx->status.violations->field.ptr, "rLeaf[1].id");
    f = field("rich.All", "f_int32");
    assert_int_equal(to_wire_body("rich.All", f, SS_LIT("[]")), SS_ERR_INVALID);
    assert_string_equal(fx->status.violations->field.ptr, "fInt32");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(numbers_out_of_range_say_the_range, fixture_reset),
        cmocka_unit_test_setup(a_path_leads_to_the_trouble, fixture_reset),
        cmocka_unit_test_setup(a_path_leads_into_an_any_whose_type_comes_last, fixture_reset),
        cmocka_unit_test_setup(an_any_says_what_is_wrong_with_its_type, fixture_reset),
        cmocka_unit_test_setup(unknown_fields_are_named_with_the_nearest_that_exists, fixture_reset),
        cmocka_unit_test_setup(unknown_enum_names_are_told_the_names, fixture_reset),
        cmocka_unit_test_setup(a_field_is_there_once_under_either_name, fixture_reset),
        cmocka_unit_test_setup(a_oneof_has_one_member, fixture_reset),
        cmocka_unit_test_setup(no_more_than_64_bytes_of_the_client_s_text_come_back, fixture_reset),
        cmocka_unit_test_setup(null_is_no_element_and_no_map_value, fixture_reset),
        cmocka_unit_test_setup(what_the_mapping_forbids_is_refused, fixture_reset),
        cmocka_unit_test_setup(every_kind_of_value_says_what_it_wants, fixture_reset),
        cmocka_unit_test_setup(bad_json_is_a_violation_of_the_body_as_a_whole, fixture_reset),
        cmocka_unit_test_setup(the_body_field_is_the_beginning_of_the_path, fixture_reset),
    };
    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
