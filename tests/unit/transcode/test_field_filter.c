/* $fields: which paths are taken, what they leave of an answer, and what a client is told of the others. */
#include "transcode/support.h"

#include "transcode/field_filter.h"

static enum ss_err compile(const struct ss_message *m, const char *text)
{
    char *copy = exact(ss_slice_str(text));
    fx->status = (struct ss_status){.code = 0};
    enum ss_err err =
        ss_field_filter_new(m, ss_slice_of(copy, strlen(text)), &fx->arena, &fx->out.fields, &fx->status);
    ss_free(copy); /* nothing of the text is kept */
    return err;
}

/* json, through the wire and back under that mask, is want. */
static void check_body(const char *message, const struct ss_field *body, const char *json, const char *mask,
                       const char *want)
{
    fx->out.fields = NULL;
    if (to_wire(message, json))
        fail_msg("%s: %.*s", json, SS_FMT(fx->status.message));
    struct ss_slice wire = ss_slice_of(exact(ss_buf_slice(&fx->wire)), fx->wire.len);
    if (compile(ss_field_filter_root(type(message), body), mask))
        fail_msg("%s: %.*s", mask, SS_FMT(fx->status.message));
    if (to_json_field(message, body, wire))
        fail_msg("%s: %.*s", mask, SS_FMT(fx->status.message));
    if (strcmp(fx->json.ptr, want) != 0)
        fail_msg("%s of %s is %s, not %s", mask, json, fx->json.ptr, want);
    char *p;
    memcpy(&p, &wire.ptr, sizeof p);
    ss_free(p);
}

static void check(const char *message, const char *json, const char *mask, const char *want)
{
    check_body(message, NULL, json, mask, want);
}

#define LEAF                                                                                                 \
    "{\"id\":1,\"name\":\"a\",\"child\":{\"id\":2,\"name\":\"b\",\"child\":{\"id\":3}},"                     \
    "\"children\":[{\"id\":4,\"name\":\"c\"},{\"name\":\"d\"},{\"id\":5}]}"

static void the_named_fields_stay_and_no_others(void **state)
{
    (void)state;
    check("rich.Leaf", LEAF, "id", "{\"id\":1}");
    check("rich.Leaf", LEAF, "name,id", "{\"id\":1,\"name\":\"a\"}");
    check("rich.Leaf", LEAF, " name , id ,", "{\"id\":1,\"name\":\"a\"}");
    check("rich.Leaf", LEAF, "child", "{\"child\":{\"id\":2,\"name\":\"b\",\"child\":{\"id\":3}}}");
    check("rich.Leaf", LEAF, "child.id", "{\"child\":{\"id\":2}}");
    check("rich.Leaf", LEAF, "child.child.id,name", "{\"name\":\"a\",\"child\":{\"child\":{\"id\":3}}}");
    check("rich.Leaf", LEAF, "child.id,child", "{\"child\":{\"id\":2,\"name\":\"b\",\"child\":{\"id\":3}}}");
    check("rich.Leaf", LEAF, "child,child.id", "{\"child\":{\"id\":2,\"name\":\"b\",\"child\":{\"id\":3}}}");
}

static void nothing_and_a_star_are_everything(void **state)
{
    (void)state;
    check("rich.Leaf", LEAF, "", LEAF);
    check("rich.Leaf", LEAF, "  ", LEAF);
    check("rich.Leaf", LEAF, "*", LEAF);
    check("rich.Leaf", LEAF, "id,*", LEAF);
    assert_null(fx->out.fields);
    check("rich.Leaf", LEAF, "child.*", "{\"child\":{\"id\":2,\"name\":\"b\",\"child\":{\"id\":3}}}");
    check("rich.All", "{\"rInt32\":[1],\"fInt32\":2}", "rInt32.*", "{\"rInt32\":[1]}");
}

static void elements_and_map_values_are_trimmed_each(void **state)
{
    (void)state;
    check("rich.Leaf", LEAF, "children.id", "{\"children\":[{\"id\":4},{},{\"id\":5}]}");
    check("rich.Leaf", LEAF, "children.*.name", "{\"children\":[{\"name\":\"c\"},{\"name\":\"d\"},{}]}");
    check("rich.Leaf", LEAF, "children.*",
          "{\"children\":[{\"id\":4,\"name\":\"c\"},{\"name\":\"d\"},{\"id\":5}]}");
    check("rich.All", "{\"mLeaf\":{\"x\":{\"id\":1,\"name\":\"n\"},\"y\":{\"name\":\"m\"}},\"fInt32\":1}",
          "m_leaf.id", "{\"mLeaf\":{\"x\":{\"id\":1},\"y\":{}}}");
    check("rich.All", "{\"mString\":{\"x\":\"y\"},\"fInt32\":1}", "mString", "{\"mString\":{\"x\":\"y\"}}");
}

static void an_empty_message_stays_an_empty_object(void **state)
{
    (void)state;
    check("rich.Leaf", "{\"child\":{}}", "child.id", "{\"child\":{}}");
    check("rich.Leaf", "{\"child\":{\"name\":\"x\"}}", "child.id", "{\"child\":{}}");
    check("rich.Leaf", "{\"name\":\"x\"}", "child.id", "{}");
    check("rich.Leaf", "{}", "child.id", "{}");
}

static void either_spelling_is_taken_and_the_output_keeps_its_own(void **state)
{
    (void)state;
    check("rich.All", "{\"fInt32\":1,\"fBool\":true}", "f_int32", "{\"fInt32\":1}");
    check("rich.All", "{\"fInt32\":1,\"fBool\":true}", "fInt32", "{\"fInt32\":1}");
    fx->out.preserve_proto_field_names = true;
    check("rich.All", "{\"fInt32\":1,\"fBool\":true}", "fInt32", "{\"f_int32\":1}");
}

static void defaults_come_only_where_they_are_asked_for(void **state)
{
    (void)state;
    fx->out.emit_defaults = true;
    check("rich.Leaf", "{\"id\":1,\"child\":{}}", "name,child.children,children",
          "{\"name\":\"\",\"child\":{\"children\":[]},\"children\":[]}");
    check("rich.Leaf", "{\"child\":{}}", "child", "{\"child\":{\"id\":0,\"name\":\"\",\"children\":[]}}");
}

static void types_with_a_json_form_of_their_own_come_whole(void **state)
{
    (void)state;
    const char *json = "{\"timestamp\":\"1970-01-01T00:00:01Z\",\"structure\":{\"a\":{\"b\":[1]}},"
                       "\"any\":{\"@type\":\"a/rich.Leaf\",\"id\":1,\"child\":{\"id\":2}},\"wInt32\":7}";
    check("rich.All", json, "structure", "{\"structure\":{\"a\":{\"b\":[1]}}}");
    check("rich.All", json, "any", "{\"any\":{\"@type\":\"a/rich.Leaf\",\"id\":1,\"child\":{\"id\":2}}}");
    check("rich.All", json, "wInt32,timestamp", "{\"timestamp\":\"1970-01-01T00:00:01Z\",\"wInt32\":7}");
}

static void a_response_body_is_what_the_mask_is_over(void **state)
{
    (void)state;
    const struct ss_field *f = field("rich.Leaf", "children");
    check_body("rich.Leaf", f, LEAF, "id", "[{\"id\":4},{},{\"id\":5}]");
    check_body("rich.Leaf", field("rich.Leaf", "child"), LEAF, "child.id", "{\"child\":{\"id\":3}}");
    f = field("rich.All", "m_leaf");
    check_body("rich.All", f, "{\"mLeaf\":{\"x\":{\"id\":1,\"name\":\"n\"}}}", "name",
               "{\"x\":{\"name\":\"n\"}}");
    assert_null(ss_field_filter_root(type("rich.Leaf"), field("rich.Leaf", "id")));
    assert_null(ss_field_filter_root(type("rich.All"), field("rich.All", "m_string")));
}

static void fields_out_of_order_and_in_pieces_are_trimmed_alike(void **state)
{
    (void)state;
    /* name, id, child {id 2}, children {id 4}, child {name b}, children {} */
    struct ss_slice wire = SS_LIT("\x12\x01"
                                  "a\x08\x01\x1a\x02\x08\x02\x22\x02\x08\x04\x1a\x03\x12\x01"
                                  "b\x22\x00");
    assert_int_equal(compile(type("rich.Leaf"), "child.name,children.id,name"), SS_OK);
    for (int again = 0; again < 2; again++) { /* the second time the order is expected */
        assert_int_equal(to_json("rich.Leaf", wire), SS_OK);
        assert_string_equal(fx->json.ptr,
                            "{\"name\":\"a\",\"child\":{\"name\":\"b\"},\"children\":[{\"id\":4},{}]}");
    }
    fx->out.fields = NULL;
    assert_int_equal(to_json("rich.Leaf", wire), SS_OK);
    assert_string_equal(fx->json.ptr, "{\"id\":1,\"name\":\"a\",\"child\":{\"id\":2,\"name\":\"b\"},"
                                      "\"children\":[{\"id\":4},{}]}");
}

static void what_is_left_out_must_be_well_formed_all_the_same(void **state)
{
    (void)state;
    assert_int_equal(compile(type("rich.Leaf"), "id"), SS_OK);
    assert_int_equal(to_json("rich.Leaf", SS_LIT("\x08\x01\x12\x05"
                                                 "a")),
                     SS_ERR_BAD_RESPONSE);
}

static void check_refused_path(const char *message, const char *mask, const char *description)
{
    fx->out.fields = NULL;
    assert_int_equal(compile(message ? type(message) : NULL, mask), SS_ERR_INVALID);
    assert_null(fx->out.fields);
    assert_int_equal(fx->status.code, SS_CODE_INVALID_ARGUMENT);
    assert_string_equal(fx->status.violations->field.ptr, "$fields");
    assert_string_equal(fx->status.violations->description.ptr, description);
}

static void a_path_that_names_no_field_is_refused_with_the_nearest(void **state)
{
    (void)state;
    check_refused_path("rich.Leaf", "id,child.nmae",
                       "\"child.nmae\" names no field: rich.Leaf has no \"nmae\"; did you mean \"name\"?");
    check_refused_path("rich.Leaf", "somethingElse",
                       "\"somethingElse\" names no field: rich.Leaf has no \"somethingElse\"");
    check_refused_path("rich.Leaf", "child.", "\"child.\" names no field: rich.Leaf has no \"\"");
    check_refused_path("rich.Leaf", "id,,name", "\"\" names no field: rich.Leaf has no \"\"");
    check_refused_path("rich.Leaf", ".id", "\".id\" names no field: rich.Leaf has no \"\"");
    check_refused_path("rich.Leaf", "id.x",
                       "\"id.x\" names no field: there is nothing to choose from at \"x\"");
    check_refused_path("rich.Leaf", "id.*",
                       "\"id.*\" names no field: there is nothing to choose from at \"*\"");
    check_refused_path("rich.Leaf", "*.id", "\"*.id\" names no field: rich.Leaf has no \"*\"");
    check_refused_path("rich.Leaf", "child.*.id", "\"child.*.id\" names no field: rich.Leaf has no \"*\"");
    check_refused_path("rich.All", "structure.a",
                       "\"structure.a\" names no field: there is nothing to choose from at \"a\"");
    check_refused_path("rich.All", "mString.x",
                       "\"mString.x\" names no field: there is nothing to choose from at \"x\"");
    check_refused_path("google.protobuf.Struct", "fields",
                       "\"fields\" names no field: there is nothing to choose from at \"fields\"");
    check_refused_path(NULL, "a", "\"a\" names no field: there is nothing to choose from at \"a\"");
}

static void a_mask_as_long_as_a_url_allows_costs_little(void **state)
{
    (void)state;
    struct ss_buf text;
    ss_buf_init(&text, 1 << 20);
    assert_int_equal(ss_buf_append(&text, "id", 2), SS_OK);
    while (text.len < 64 * 1024)
        assert_int_equal(ss_buf_append(&text, ",child.child.children.id", 24), SS_OK);
    size_t held = fx->arena.held;
    assert_int_equal(
        ss_field_filter_new(type("rich.Leaf"), ss_buf_slice(&text), &fx->arena, &fx->out.fields, &fx->status),
        SS_OK);
    assert_true(fx->arena.held - held <= 16 * 1024); /* the paths are equal: five nodes */
    text.len = 0;
    assert_int_equal(ss_buf_append(&text, "child", 5), SS_OK);
    while (text.len < 64 * 1024)
        assert_int_equal(ss_buf_append(&text, ".child", 6), SS_OK);
    assert_int_equal(
        ss_field_filter_new(type("rich.Leaf"), ss_buf_slice(&text), &fx->arena, &fx->out.fields, &fx->status),
        SS_ERR_INVALID); /* no answer is that deep */
    ss_buf_dispose(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_named_fields_stay_and_no_others, fixture_reset),
        cmocka_unit_test_setup(nothing_and_a_star_are_everything, fixture_reset),
        cmocka_unit_test_setup(elements_and_map_values_are_trimmed_each, fixture_reset),
        cmocka_unit_test_setup(an_empty_message_stays_an_empty_object, fixture_reset),
        cmocka_unit_test_setup(either_spelling_is_taken_and_the_output_keeps_its_own, fixture_reset),
        cmocka_unit_test_setup(defaults_come_only_where_they_are_asked_for, fixture_reset),
        cmocka_unit_test_setup(types_with_a_json_form_of_their_own_come_whole, fixture_reset),
        cmocka_unit_test_setup(a_response_body_is_what_the_mask_is_over, fixture_reset),
        cmocka_unit_test_setup(fields_out_of_order_and_in_pieces_are_trimmed_alike, fixture_reset),
        cmocka_unit_test_setup(what_is_left_out_must_be_well_formed_all_the_same, fixture_reset),
        cmocka_unit_test_setup(a_path_that_names_no_field_is_refused_with_the_nearest, fixture_reset),
        cmocka_unit_test_setup(a_mask_as_long_as_a_url_allows_costs_little, fixture_reset),
    };
    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
