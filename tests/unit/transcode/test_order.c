/* Wire to JSON where the wire is not what a tidy writer makes: order, repetition, merging, unknown fields. */
#include "transcode/support.h"

static void check(const char *message, struct ss_slice wire, const char *want)
{
    if (to_json(message, wire))
        fail_msg("refused: %.*s", SS_FMT(fx->status.message));
    assert_string_equal(fx->json.ptr, want);
}

static void check_bad(const char *message, struct ss_slice wire, const char *want)
{
    if (to_json(message, wire) != SS_ERR_BAD_RESPONSE)
        fail_msg("accepted: %s", fx->json.ptr);
    assert_int_equal(fx->status.code, SS_CODE_INTERNAL);
    assert_string_equal(fx->status.message.ptr, want);
}

static void members_come_in_order_of_declaration(void **state)
{
    (void)state;
    const char *want = "{\"last\":\"z\",\"first\":1,\"leaf\":{\"id\":2},\"numbers\":[3,4]}";
    check("rich.Shuffled", SS_LIT("\x08\x01\x1a\x02\x03\x04\x2a\x02\x08\x02\x4a\x01z"), want);
    check("rich.Shuffled", SS_LIT("\x4a\x01z\x08\x01\x2a\x02\x08\x02\x1a\x02\x03\x04"), want);
    check("rich.Shuffled", SS_LIT("\x1a\x01\x03\x4a\x01z\x18\x04\x08\x01\x2a\x02\x08\x02"), want);
}

static void the_last_scalar_wins(void **state)
{
    (void)state;
    check("rich.Leaf", SS_LIT("\x08\x01\x08\x02"), "{\"id\":2}");
    check("rich.Leaf", SS_LIT("\x08\x01\x12\x01z\x08\x00"), "{\"name\":\"z\"}");
    /* wUint64, wInt32, wUint64 again: empty, so it changes nothing */
    check("rich.All", SS_LIT("\xf2\x05\x02\x08\x07\xfa\x05\x02\x08\x07\xf2\x05\x00"),
          "{\"wUint64\":\"7\",\"wInt32\":7}");
}

static void message_fields_merge(void **state)
{
    (void)state;
    check("rich.Leaf", SS_LIT("\x1a\x02\x08\x01\x1a\x03\x12\x01z"), "{\"child\":{\"id\":1,\"name\":\"z\"}}");
    check("rich.Leaf", SS_LIT("\x1a\x02\x08\x01\x08\x05\x1a\x05\x1a\x03\x12\x01y\x1a\x04\x1a\x02\x08\x09"),
          "{\"id\":5,\"child\":{\"id\":1,\"child\":{\"id\":9,\"name\":\"y\"}}}");
    /* Timestamp, Struct, ListValue and Value merge like any message. */
    check("rich.All", SS_LIT("\x8a\x05\x02\x08\x01\x8a\x05\x06\x10\x80\xca\xb5\xee\x01"),
          "{\"timestamp\":\"1970-01-01T00:00:01.500Z\"}");
    check("rich.All",
          SS_LIT("\xa2\x05\x09\x0a\x07\x0a\x01"
                 "a\x12\x02\x20\x01\xa2\x05\x09\x0a\x07\x0a\x01"
                 "b\x12\x02\x20\x00"),
          "{\"structure\":{\"a\":true,\"b\":false}}");
    check("rich.All", SS_LIT("\xb2\x05\x04\x0a\x02\x20\x01\xb2\x05\x04\x0a\x02\x20\x00"),
          "{\"list\":[true,false]}");
    check("rich.All", SS_LIT("\xaa\x05\x06\x32\x04\x0a\x02\x20\x01\xaa\x05\x06\x32\x04\x0a\x02\x20\x00"),
          "{\"value\":[true,false]}");
}

static void the_last_member_of_a_oneof_wins_and_the_others_are_forgotten(void **state)
{
    (void)state;
    check("rich.All", SS_LIT("\xb8\x04\x01\xc2\x04\x01z"), "{\"cString\":\"z\"}");
    check("rich.All", SS_LIT("\xc2\x04\x01z\xb8\x04\x01"), "{\"cInt32\":1}");
    check("rich.All", SS_LIT("\xca\x04\x02\x08\x01\xb8\x04\x01\xca\x04\x03\x12\x01z"),
          "{\"cLeaf\":{\"name\":\"z\"}}");
    check("rich.All", SS_LIT("\xca\x04\x02\x08\x01\xca\x04\x03\x12\x01z"),
          "{\"cLeaf\":{\"id\":1,\"name\":\"z\"}}");
    /* in google.protobuf.Value too: a number, then a string */
    check("rich.All", SS_LIT("\xaa\x05\x0c\x11\x00\x00\x00\x00\x00\x00\xf0\x3f\x1a\x01z"),
          "{\"value\":\"z\"}");
    check("rich.All", SS_LIT("\xaa\x05\x00"), "{\"value\":null}");
}

static void repeated_fields_come_packed_unpacked_and_in_pieces(void **state)
{
    (void)state;
    check("rich.All", SS_LIT("\xca\x01\x02\x01\x02\xc8\x01\x03\xca\x01\x01\x04"), "{\"rInt32\":[1,2,3,4]}");
    check("rich.All", SS_LIT("\xc8\x01\x01\x28\x07\xc8\x01\x02"), "{\"fInt32\":7,\"rInt32\":[1,2]}");
    check("rich.All", SS_LIT("\xb2\x02\x02\x01\x02\xb0\x02\x03"), "{\"rUnpacked\":[1,2,3]}");
    check("rich.All", SS_LIT("\xca\x01\x00"), "{}");
    fx->out.emit_defaults = true;
    check("rich.Shuffled", SS_LIT("\x1a\x00"), "{\"last\":\"\",\"first\":0,\"numbers\":[]}");
    check("rich.Leaf", SS_LIT("\x22\x00\x08\x01\x22\x00"),
          "{\"id\":1,\"name\":\"\",\"children\":[{\"id\":0,\"name\":\"\",\"children\":[]},{\"id\":0,\"name\":"
          "\"\","
          "\"children\":[]}]}");
}

static void the_last_entry_of_a_map_key_wins(void **state)
{
    (void)state;
    check("rich.All",
          SS_LIT("\xa2\x03\x04\x08\x01\x10\x01\xa2\x03\x04\x08\x02\x10\x02\xa2\x03\x04\x08\x01\x10\x03"),
          "{\"mInt32\":{\"2\":2,\"1\":3}}");
    /* the same key in a longer varint */
    check("rich.All", SS_LIT("\xa2\x03\x04\x08\x01\x10\x01\xa2\x03\x05\x08\x81\x00\x10\x02"),
          "{\"mInt32\":{\"1\":2}}");
    check("rich.All",
          SS_LIT("\x9a\x03\x06\x0a\x01k\x12\x01"
                 "a\x9a\x03\x06\x0a\x01k\x12\x01"
                 "b"),
          "{\"mString\":{\"k\":\"b\"}}");
    check("rich.All",
          SS_LIT("\x9a\x03\x06\x0a\x01k\x12\x01"
                 "a\x28\x01\x9a\x03\x06\x0a\x01k\x12\x01"
                 "b"),
          "{\"fInt32\":1,\"mString\":{\"k\":\"b\"}}");
}

static void an_entry_has_defaults_for_what_it_lacks_and_the_last_of_what_comes_twice(void **state)
{
    (void)state;
    check("rich.All", SS_LIT("\xa2\x03\x00"), "{\"mInt32\":{\"0\":0}}");
    check("rich.All", SS_LIT("\x9a\x03\x00"), "{\"mString\":{\"\":\"\"}}");
    check("rich.All", SS_LIT("\xf2\x03\x00"), "{\"mBool\":{\"false\":false}}");
    check("rich.All", SS_LIT("\x92\x04\x00"), "{\"mLeaf\":{\"\":{}}}");
    check("rich.All", SS_LIT("\x9a\x04\x00"), "{\"mValue\":{\"\":null}}");
    check("rich.All", SS_LIT("\xa2\x03\x08\x10\x05\x08\x01\x08\x02\x10\x06"), "{\"mInt32\":{\"2\":6}}");
    check("rich.All", SS_LIT("\x92\x04\x0c\x0a\x01k\x12\x02\x08\x01\x12\x03\x12\x01z"),
          "{\"mLeaf\":{\"k\":{\"id\":1,\"name\":\"z\"}}}");
}

static void unknown_fields_and_other_wire_types_are_passed_over(void **state)
{
    (void)state;
    check("rich.Leaf", SS_LIT("\x78\x05\x08\x01\xfb\x01\x08\x01\x13\x14\xfc\x01\x7a\x01x"), "{\"id\":1}");
    check("rich.Leaf", SS_LIT("\x0d\x01\x00\x00\x00\x08\x02\x10\x01"), "{\"id\":2}");
}

static void closed_enums_know_no_other_numbers(void **state)
{
    (void)state;
    check("rich2.Old", SS_LIT("\x20\x01"), "{\"closed\":\"ONE\"}");
    check("rich2.Old", SS_LIT("\x20\x07"), "{}");
    check("rich2.Old", SS_LIT("\x20\x02\x20\x07"), "{\"closed\":\"TWO\"}");
    check("rich2.Old", SS_LIT("\x48\x01\x48\x07\x48\x02\x52\x03\x02\x09\x01"),
          "{\"many\":[\"ONE\",\"TWO\"],\"manyPacked\":[\"TWO\",\"ONE\"]}");
    check("rich2.Old", SS_LIT("\x48\x07"), "{}");
    check("rich2.Old", SS_LIT("\x6a\x05\x0a\x01k\x10\x01\x6a\x05\x0a\x01x\x10\x07"),
          "{\"byName\":{\"k\":\"UNO\"}}");
    check("rich2.Old", SS_LIT("\x92\x01\x01z\x88\x01\x07"), "{\"pickText\":\"z\"}");
    check("rich.All", SS_LIT("\x60\x07"), "{\"fColor\":7}");
    check("rich.All", SS_LIT("\x60\xfd\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "{\"fColor\":\"BLUE\"}");
}

static void groups_are_messages(void **state)
{
    (void)state;
    check_bad("rich2.Old", SS_LIT("\x7b\x08\x03"),
              "the service's answer is not a valid rich2.Old: section: malformed bytes");
    check_both("rich2.Old", "{\"section\":{\"line\":3}}", SS_LIT("\x7b\x08\x03\x7c"), NULL);
    check_both("rich2.Old", "{\"item\":[{\"name\":\"a\"},{}]}",
               SS_LIT("\x83\x01\x0a\x01"
                      "a\x84\x01\x83\x01\x84\x01"),
               NULL);
    check("rich2.Old", SS_LIT("\x7b\x08\x03\x7c\x08\x05\x7b\x12\x02\x08\x01\x7c"),
          "{\"number\":5,\"section\":{\"line\":3,\"old\":{\"number\":1}}}");
}

static void extensions_have_their_full_names(void **state)
{
    (void)state;
    check_both("rich2.Old",
               "{\"[rich2.level]\":5,\"[rich2.Note.note]\":{\"text\":\"x\"},\"[rich2.tags]\":[\"ONE\"]}",
               SS_LIT("\xa0\x06\x05\xaa\x06\x03\x0a\x01x\xb0\x06\x01"),
               "{\"[rich2.Note.note]\":{\"text\":\"x\"},\"[rich2.level]\":5,\"[rich2.tags]\":[\"ONE\"]}");
    fx->out.emit_defaults = true; /* does not conjure up extensions */
    check("rich2.Note", SS_LIT(""), "{}");
}

static void zeros_without_presence_are_absent_and_with_it_there(void **state)
{
    (void)state;
    check("rich.All", SS_LIT("\x28\x00\x4a\x00\x40\x00"), "{}");
    check("rich.All", SS_LIT("\xc8\x02\x00\xd2\x02\x00"), "{\"oInt32\":0,\"oString\":\"\"}");
    check("rich2.Old", SS_LIT("\x08\x00"), "{\"number\":0}");
}

static void bad_values_are_refused_and_named(void **state)
{
    (void)state;
    check_bad(
        "rich.Leaf", SS_LIT("\x1a\x06\x22\x04\x12\x02\xc0\x80"),
        "the service's answer is not a valid rich.Leaf: child.children.name: a string that is not UTF-8");
    check_bad("rich.All", SS_LIT("\x8a\x05\x06\x10\xff\xff\xff\xff\x0f"),
              "the service's answer is not a valid rich.All: timestamp: a timestamp out of range");
    check_bad("rich.All", SS_LIT("\x8a\x05\x06\x10\x80\x94\xeb\xdc\x03"),
              "the service's answer is not a valid rich.All: timestamp: a timestamp out of range");
    check_bad("rich.All", SS_LIT("\x92\x05\x0d\x08\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
              "the service's answer is not a valid rich.All: duration: a duration out of range");
    check_bad("rich.All",
              SS_LIT("\x9a\x05\x08\x0a\x06"
                     "fooBar"),
              "the service's answer is not a valid rich.All: mask: a field mask path that JSON cannot spell");
    check_bad("rich.All",
              SS_LIT("\x9a\x05\x07\x0a\x05"
                     "a_1_b"),
              "the service's answer is not a valid rich.All: mask: a field mask path that JSON cannot spell");
    check_bad("rich.All",
              SS_LIT("\x9a\x05\x06\x0a\x04"
                     "a__b"),
              "the service's answer is not a valid rich.All: mask: a field mask path that JSON cannot spell");
    check_bad("rich.All", SS_LIT("\xaa\x05\x09\x11\x00\x00\x00\x00\x00\x00\xf0\x7f"),
              "the service's answer is not a valid rich.All: value: a google.protobuf.Value of NaN or "
              "Infinity, which "
              "JSON cannot hold");
    check_bad("rich.All",
              SS_LIT("\xba\x05\x05\x0a\x03"
                     "a/b"),
              "the service's answer is not a valid rich.All: any: an Any of a type that is not in the "
              "descriptors: a/b");
    check_bad(
        "rich.All", SS_LIT("\xba\x05\x03\x12\x01x"),
        "the service's answer is not a valid rich.All: any: an Any of a type that is not in the descriptors");
}

static void strings_of_proto2_are_mended_not_refused(void **state)
{
    (void)state;
    check("rich2.Old",
          SS_LIT("\x12\x03"
                 "a\xff"
                 "b"),
          "{\"text\":\"a\xef\xbf\xbd"
          "b\"}");
}

static void a_message_in_pieces_among_others_loses_what_a_oneof_took_from_it(void **state)
{
    (void)state;
    /* cLeaf {id 1}, rLeaf, cLeaf {id 9}, rLeaf, cLeaf {name x}, cInt32, cLeaf {name a}, rLeaf, cLeaf {id 2}
     */
    const struct ss_slice wire = SS_LIT("\xca\x04\x02\x08\x01\xaa\x02\x00\xca\x04\x02\x08\x09\xaa\x02\x00"
                                        "\xca\x04\x03\x12\x01x\xb8\x04\x05\xca\x04\x03\x12\x01"
                                        "a\xaa\x02\x02\x08\x03\xca\x04\x02\x08\x02");
    assert_int_equal(to_json("rich.All", wire), SS_OK);
    assert_string_equal(fx->json.ptr, "{\"rLeaf\":[{},{},{\"id\":3}],\"cLeaf\":{\"id\":2,\"name\":\"a\"}}");
    /* and when the other member is the last, it is alone */
    assert_int_equal(to_json("rich.All", SS_LIT("\xca\x04\x02\x08\x01\xaa\x02\x00\xca\x04\x02\x08\x09"
                                                "\xb8\x04\x05")),
                     SS_OK);
    assert_string_equal(fx->json.ptr, "{\"rLeaf\":[{}],\"cInt32\":5}");
}

static void elements_of_fields_in_turn_come_in_their_order(void **state)
{
    (void)state;
    assert_int_equal(
        to_json("rich.Turns", SS_LIT("\x08\x01\x10\x02\x0a\x02\x03\x04\x0a\x00\x12\x01\x05\x08\x06")), SS_OK);
    assert_string_equal(fx->json.ptr, "{\"a\":[1,3,4,6],\"b\":[2,5]}");
    /* in a message in pieces, which ends where its parent goes on with the same tags */
    assert_int_equal(
        to_json("rich.Leaf", SS_LIT("\x1a\x06\x22\x00\x1a\x00\x22\x00\x22\x02\x08\x07\x1a\x04\x22\x02"
                                    "\x08\x08\x22\x02\x08\x09")),
        SS_OK);
    assert_string_equal(fx->json.ptr, "{\"child\":{\"child\":{},\"children\":[{},{},{\"id\":8}]},"
                                      "\"children\":[{\"id\":7},{\"id\":9}]}");
}

/* Every cut of a message is refused or is a message of the fields before the cut. */
static void every_cut_of_a_message_is_read_without_a_byte_too_many(void **state)
{
    (void)state;
    const char *json = "{\"fDouble\":1.5,\"fString\":\"abc\",\"fLeaf\":{\"id\":1,\"child\":{\"name\":\"x\"}},"
                       "\"rInt32\":[1,2,300],"
                       "\"mLeaf\":{\"k\":{\"id\":3}},\"mString\":{\"a\":\"b\"},\"timestamp\":\"2024-01-31T00:"
                       "00:00.5Z\",\"mask\":\"a,bC\","
                       "\"structure\":{\"a\":[1,null,{\"b\":\"c\"}]},\"any\":{\"@type\":\"a/"
                       "rich.Leaf\",\"id\":1},\"wString\":\"w\"}";
    assert_int_equal(to_wire("rich.All", json), SS_OK);
    char *wire = exact(ss_buf_slice(&fx->wire));
    size_t len = fx->wire.len;
    for (size_t cut = 0; cut < len; cut++) {
        fx->out.emit_defaults = cut % 2;
        enum ss_err err = to_json("rich.All", ss_slice_of(wire, cut));
        assert_true(err == SS_OK || err == SS_ERR_BAD_RESPONSE);
        char *twice = ss_xmalloc(2 * cut + 1); /* and out of order */
        memcpy(twice, wire, cut);
        memcpy(twice + cut, wire, cut);
        err = to_json("rich.All", ss_slice_of(twice, 2 * cut));
        assert_true(err == SS_OK || err == SS_ERR_BAD_RESPONSE);
        ss_free(twice);
    }
    assert_int_equal(to_json("rich.All", ss_slice_of(wire, len)), SS_OK);
    ss_free(wire);
}

static void one_field_of_a_message_is_printed_alone(void **state)
{
    (void)state;
    struct ss_slice wire = SS_LIT("\x08\x07\x22\x02\x08\x01\x12\x01z\x22\x00");
    assert_int_equal(to_json_field("rich.Leaf", field("rich.Leaf", "id"), wire), SS_OK);
    assert_string_equal(fx->json.ptr, "7");
    assert_int_equal(to_json_field("rich.Leaf", field("rich.Leaf", "children"), wire), SS_OK);
    assert_string_equal(fx->json.ptr, "[{\"id\":1},{}]");
    assert_int_equal(to_json_field("rich.Leaf", field("rich.Leaf", "child"), wire), SS_OK);
    assert_string_equal(fx->json.ptr, "null");
    const char *absent[][3] = {
        {"rich.All", "r_int32", "[]"},
        {"rich.All", "m_string", "{}"},
        {"rich.All", "f_string", "\"\""},
        {"rich.All", "f_int64", "\"0\""},
        {"rich.All", "f_color", "\"COLOR_UNSPECIFIED\""},
        {"rich2.Old", "number", "-7"},
        {"rich2.Old", "text", "\"a \\\"quoted\\\" text\""},
        {"rich2.Old", "data", "\"Af8KIno=\""},
        {"rich2.Old", "closed", "\"TWO\""},
        {"rich2.Old", "plain", "\"ONE\""},
        {"rich2.Old", "real", "\"-Infinity\""},
        {"rich2.Old", "small", "1.5"},
        {"rich2.Old", "flag", "true"},
        {"rich2.Old", "big", "\"18446744073709551615\""},
    };
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        assert_int_equal(to_json_field(absent[i][0], field(absent[i][0], absent[i][1]), SS_LIT("")), SS_OK);
        assert_string_equal(fx->json.ptr, absent[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(members_come_in_order_of_declaration, fixture_reset),
        cmocka_unit_test_setup(the_last_scalar_wins, fixture_reset),
        cmocka_unit_test_setup(message_fields_merge, fixture_reset),
        cmocka_unit_test_setup(the_last_member_of_a_oneof_wins_and_the_others_are_forgotten, fixture_reset),
        cmocka_unit_test_setup(repeated_fields_come_packed_unpacked_and_in_pieces, fixture_reset),
        cmocka_unit_test_setup(the_last_entry_of_a_map_key_wins, fixture_reset),
        cmocka_unit_test_setup(an_entry_has_defaults_for_what_it_lacks_and_the_last_of_what_comes_twice,
                               fixture_reset),
        cmocka_unit_test_setup(unknown_fields_and_other_wire_types_are_passed_over, fixture_reset),
        cmocka_unit_test_setup(closed_enums_know_no_other_numbers, fixture_reset),
        cmocka_unit_test_setup(groups_are_messages, fixture_reset),
        cmocka_unit_test_setup(extensions_have_their_full_names, fixture_reset),
        cmocka_unit_test_setup(zeros_without_presence_are_absent_and_with_it_there, fixture_reset),
        cmocka_unit_test_setup(bad_values_are_refused_and_named, fixture_reset),
        cmocka_unit_test_setup(strings_of_proto2_are_mended_not_refused, fixture_reset),
        cmocka_unit_test_setup(a_message_in_pieces_among_others_loses_what_a_oneof_took_from_it,
                               fixture_reset),
        cmocka_unit_test_setup(elements_of_fields_in_turn_come_in_their_order, fixture_reset),
        cmocka_unit_test_setup(every_cut_of_a_message_is_read_without_a_byte_too_many, fixture_reset),
        cmocka_unit_test_setup(one_field_of_a_message_is_printed_alone, fixture_reset),
    };
    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
