/* What the options change. */
#include "transcode/support.h"

static void check_in(const char *message, const char *json, struct ss_slice wire)
{
    if (to_wire(message, json))
        fail_msg("%s is refused: %.*s", json, SS_FMT(fx->status.message));
    if (!ss_slice_eq(ss_buf_slice(&fx->wire), wire)) {
        for (size_t i = 0; i < fx->wire.len; i++)
            fprintf(stderr, "\\x%02x", (unsigned char)fx->wire.ptr[i]);
        fail_msg(" is the wire of %s", json);
    }
}

static void check_out(const char *message, struct ss_slice wire, const char *want)
{
    if (to_json(message, wire))
        fail_msg("refused: %.*s", SS_FMT(fx->status.message));
    assert_string_equal(fx->json.ptr, want);
}

static void unknown_fields_are_skipped_whole_when_asked(void **state)
{
    (void)state;
    fx->in.ignore_unknown_fields = true;
    check_in(
        "rich.Leaf",
        "{\"x\":{\"id\":[1,{\"id\":2}]},\"y\":[[{}],[]],\"z\":null,\"w\":1,\"v\":\"s\",\"u\":true,\"id\":3}",
        SS_LIT("\x08\x03"));
    check_in("rich.All", "{\"fLeaf\":{\"x\":[{}],\"id\":1},\"rLeaf\":[{\"x\":{}}]}",
             SS_LIT("\x8a\x01\x02\x08\x01\xaa\x02\x00"));
    check_in("rich.All", "{\"empty\":{\"a\":1}}", SS_LIT("\xc2\x05\x00"));
    check_in("rich.All",
             "{\"any\":{\"x\":[1],\"@type\":\"a/"
             "google.protobuf.Duration\",\"y\":{\"z\":1},\"value\":\"1s\",\"w\":0}}",
             SS_LIT("\xba\x05\x20\x0a\x1a"
                    "a/google.protobuf.Duration\x12\x02\x08\x01"));
    assert_int_equal(to_wire("rich.Leaf", "{\"x\":{\"id\":[1,}}"), SS_ERR_INVALID);
}

static void unknown_enum_names_are_left_out_when_unknown_things_are_ignored(void **state)
{
    (void)state;
    fx->in.ignore_unknown_fields = true;
    check_in("rich.All", "{\"fColor\":\"PINK\",\"fInt32\":1}", SS_LIT("\x28\x01"));
    check_in("rich.All", "{\"rColor\":[\"PINK\",\"RED\",\"MAUVE\",\"GREEN\"]}",
             SS_LIT("\x82\x02\x02\x01\x02"));
    check_in("rich.All", "{\"rColor\":[\"PINK\"]}", SS_LIT(""));
    check_in("rich.All", "{\"mColor\":{\"a\":\"PINK\"}}", SS_LIT(""));
    check_in("rich.All", "{\"mColor\":{\"a\":\"PINK\",\"b\":\"RED\",\"c\":\"MAUVE\"}}",
             SS_LIT("\x8a\x04\x05\x0a\x01"
                    "b\x10\x01"));
    check_in("rich.All", "{\"cColor\":\"PINK\",\"cInt32\":1}", SS_LIT("\xb8\x04\x01"));
    check_in("rich2.Old", "{\"closed\":7,\"many\":[\"ONE\",9,\"TWO\"],\"manyPacked\":[9]}",
             SS_LIT("\x48\x01\x48\x02"));
    /* a wrong type is still wrong, and a duplicate a duplicate */
    assert_int_equal(to_wire("rich.All", "{\"fColor\":true}"), SS_ERR_INVALID);
    assert_int_equal(to_wire("rich.All", "{\"mColor\":{\"b\":\"RED\",\"a\":\"PINK\",\"b\":\"RED\"}}"),
                     SS_ERR_INVALID);
}

static void a_lenient_reader_takes_what_is_meant(void **state)
{
    (void)state;
    const char *strict[] = {"{\"fString\":5}", "{\"fBool\":\"true\"}", "{\"fBool\":True}",
                            "{\"fColor\":\"red\"}"};
    for (size_t i = 0; i < sizeof strict / sizeof *strict; i++)
        assert_int_equal(to_wire("rich.All", strict[i]), SS_ERR_INVALID);
    fx->in.lenient = true;
    check_in("rich.All", "{\"fString\":5.10}",
             SS_LIT("\x4a\x04"
                    "5.10"));
    check_in("rich.All", "{\"fInt32\":\"5\"}", SS_LIT("\x28\x05"));
    check_in("rich.All", "{\"fBool\":\"true\"}", SS_LIT("\x40\x01"));
    check_in("rich.All", "{\"fBool\":True}", SS_LIT("\x40\x01"));
    check_in("rich.All", "{\"oBool\":\"false\"}", SS_LIT("\xe0\x02\x00"));
    check_in("rich.All", "{\"fColor\":\"red\"}", SS_LIT("\x60\x01"));
    check_in("rich.All", "{\"rColor\":[\"gReEn\",\"2\"]}", SS_LIT("\x82\x02\x02\x02\x02"));
    check_in("rich.All", "{\"wString\":7}",
             SS_LIT("\x92\x06\x03\x0a\x01"
                    "7"));
    assert_int_equal(to_wire("rich.All", "{\"fBool\":1}"), SS_ERR_INVALID);
    assert_int_equal(to_wire("rich.All", "{\"fString\":true}"), SS_ERR_INVALID);
}

static void names_and_numbers_print_as_asked(void **state)
{
    (void)state;
    struct ss_slice wire = SS_LIT("\x18\x01\x60\x02\xda\x03\x04\x08\x01\x10\x02\xba\x04\x01"
                                  "x");
    wire = SS_LIT("\x18\x01\x60\x02\xaa\x03\x04\x08\x01\x10\x02");
    check_out("rich.All", wire, "{\"fInt64\":\"1\",\"fColor\":\"GREEN\",\"mInt64\":{\"1\":\"2\"}}");
    fx->out.preserve_proto_field_names = true;
    check_out("rich.All", wire, "{\"f_int64\":\"1\",\"f_color\":\"GREEN\",\"m_int64\":{\"1\":\"2\"}}");
    fx->out.enums_as_ints = true;
    check_out("rich.All", wire, "{\"f_int64\":\"1\",\"f_color\":2,\"m_int64\":{\"1\":\"2\"}}");
    fx->out.int64_as_number = true;
    check_out("rich.All", wire, "{\"f_int64\":1,\"f_color\":2,\"m_int64\":{\"1\":2}}");
}

static void pretty_print_indents_by_two(void **state)
{
    (void)state;
    fx->out.pretty = true;
    struct ss_slice wire =
        SS_LIT("\x8a\x01\x06\x08\x01\x22\x00\x22\x00\xca\x01\x02\x01\x02\x9a\x03\x06\x0a\x01k\x12\x01v");
    check_out("rich.All", wire,
              "{\n"
              "  \"fLeaf\": {\n"
              "    \"id\": 1,\n"
              "    \"children\": [\n"
              "      {},\n"
              "      {}\n"
              "    ]\n"
              "  },\n"
              "  \"rInt32\": [\n"
              "    1,\n"
              "    2\n"
              "  ],\n"
              "  \"mString\": {\n"
              "    \"k\": \"v\"\n"
              "  }\n"
              "}");
    check_out("rich.All",
              SS_LIT("\xba\x05\x0f\x0a\x0b"
                     "a/rich.Leaf\x12\x00\xa2\x05\x09\x0a\x07\x0a\x01"
                     "a\x12\x02\x20\x01\xa2\x05\x00"),
              "{\n"
              "  \"structure\": {\n"
              "    \"a\": true\n"
              "  },\n"
              "  \"any\": {\n"
              "    \"@type\": \"a/rich.Leaf\"\n"
              "  }\n"
              "}");
    check_out("rich.All", SS_LIT(""), "{}");
    fx->out.emit_defaults = true;
    check_out("rich.Leaf", SS_LIT("\x1a\x00"),
              "{\n"
              "  \"id\": 0,\n"
              "  \"name\": \"\",\n"
              "  \"child\": {\n"
              "    \"id\": 0,\n"
              "    \"name\": \"\",\n"
              "    \"children\": []\n"
              "  },\n"
              "  \"children\": []\n"
              "}");
}

static void a_body_may_be_any_field(void **state)
{
    (void)state;
    const struct {
        const char *field, *json;
        struct ss_slice wire;
    } cases[] = {
        {"f_int32", "7", SS_LIT("\x28\x07")},
        {"f_int32", "0", SS_LIT("")},
        {"f_int32", "null", SS_LIT("")},
        {"f_string", "\"x\"", SS_LIT("\x4a\x01x")},
        {"f_leaf", "{\"id\":1}", SS_LIT("\x8a\x01\x02\x08\x01")},
        {"f_leaf", "{}", SS_LIT("\x8a\x01\x00")},
        {"r_int32", "[1,2]", SS_LIT("\xca\x01\x02\x01\x02")},
        {"r_int32", "[]", SS_LIT("")},
        {"r_leaf", "[{},{\"id\":1}]", SS_LIT("\xaa\x02\x00\xaa\x02\x02\x08\x01")},
        {"m_string", "{\"a\":\"b\"}",
         SS_LIT("\x9a\x03\x06\x0a\x01"
                "a\x12\x01"
                "b")},
        {"value", "null", SS_LIT("\xaa\x05\x02\x08\x00")},
        {"value", "[]", SS_LIT("\xaa\x05\x02\x32\x00")},
        {"timestamp", "\"1970-01-01T00:00:01Z\"", SS_LIT("\x8a\x05\x02\x08\x01")},
        {"w_int32", "3", SS_LIT("\xfa\x05\x02\x08\x03")},
        {"structure", "{}", SS_LIT("\xa2\x05\x00")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct ss_field *f = field("rich.All", cases[i].field);
        assert_int_equal(to_wire_body("rich.All", f, ss_slice_str(cases[i].json)), SS_OK);
        assert_int_equal(fx->wire.len, cases[i].wire.len);
        if (fx->wire.len)
            assert_memory_equal(fx->wire.ptr, cases[i].wire.ptr, fx->wire.len);
    }
}

static void well_known_types_stand_as_whole_messages(void **state)
{
    (void)state;
    check_both("google.protobuf.Timestamp", "\"1970-01-01T00:00:01Z\"", SS_LIT("\x08\x01"), NULL);
    check_both(
        "google.protobuf.Duration", "\"-1.500s\"",
        SS_LIT("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x80\xb6\xca\x91\xfe\xff\xff\xff\xff\x01"),
        NULL);
    check_both("google.protobuf.Value", "null", SS_LIT("\x08\x00"), NULL);
    check_both("google.protobuf.Value", "[1]", SS_LIT("\x32\x0b\x0a\x09\x11\x00\x00\x00\x00\x00\x00\xf0\x3f"),
               NULL);
    check_both("google.protobuf.Struct", "{}", SS_LIT(""), NULL);
    check_both("google.protobuf.ListValue", "[null]", SS_LIT("\x0a\x02\x08\x00"), NULL);
    check_both("google.protobuf.StringValue", "\"x\"", SS_LIT("\x0a\x01x"), NULL);
    check_both("google.protobuf.Int64Value", "\"5\"", SS_LIT("\x08\x05"), NULL);
    check_both("google.protobuf.Empty", "{}", SS_LIT(""), NULL);
    check_both("google.protobuf.FieldMask", "\"a.bC\"",
               SS_LIT("\x0a\x05"
                      "a.b_c"),
               NULL);
    check_both("google.protobuf.Any", "{\"@type\":\"a/rich.Leaf\",\"id\":1}",
               SS_LIT("\x0a\x0b"
                      "a/rich.Leaf\x12\x02\x08\x01"),
               NULL);
    check_both("google.api.HttpBody", "{\"contentType\":\"a/b\",\"data\":\"AA==\"}",
               SS_LIT("\x0a\x03"
                      "a/b\x12\x01\x00"),
               NULL);
}

static void bytes_are_appended_behind_what_is_there(void **state)
{
    (void)state;
    fx->wire.len = 0;
    assert_int_equal(ss_buf_append(&fx->wire, "before", 6), SS_OK);
    struct ss_slice text = SS_LIT("{\"mString\":{\"a\":\"b\",\"c\":\"d\"}}");
    assert_int_equal(ss_json_to_wire(fx->codec, fx->schema, type("rich.All"), NULL, text, &fx->in, &fx->arena,
                                     &fx->wire, &fx->status),
                     SS_OK);
    assert_wire("before\x9a\x03\x06\x0a\x01"
                "a\x12\x01"
                "b\x9a\x03\x06\x0a\x01"
                "c\x12\x01"
                "d");
    text = SS_LIT("{\"mString\":{\"a\":\"b\",\"c\":5}}");
    assert_int_equal(ss_json_to_wire(fx->codec, fx->schema, type("rich.All"), NULL, text, &fx->in, &fx->arena,
                                     &fx->wire, &fx->status),
                     SS_ERR_INVALID);
    assert_int_equal(fx->wire.len, 6 + 18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(unknown_fields_are_skipped_whole_when_asked, fixture_reset),
        cmocka_unit_test_setup(unknown_enum_names_are_left_out_when_unknown_things_are_ignored,
                               fixture_reset),
        cmocka_unit_test_setup(a_lenient_reader_takes_what_is_meant, fixture_reset),
        cmocka_unit_test_setup(names_and_numbers_print_as_asked, fixture_reset),
        cmocka_unit_test_setup(pretty_print_indents_by_two, fixture_reset),
        cmocka_unit_test_setup(a_body_may_be_any_field, fixture_reset),
        cmocka_unit_test_setup(well_known_types_stand_as_whole_messages, fixture_reset),
        cmocka_unit_test_setup(bytes_are_appended_behind_what_is_there, fixture_reset),
    };
    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
