/* google.rpc.Status as a client sees it, in JSON and as grpc-status-details-bin. */
#include "transcode/support.h"

static void check(const struct ss_status *st, const char *want)
{
    fx->json.len = 0;
    assert_int_equal(
        ss_status_to_json(fx->codec, fx->schema, st, &(struct ss_json_out){.emit_defaults = true}, &fx->json),
        SS_OK);
    assert_int_equal(ss_buf_append(&fx->json, "", 1), SS_OK);
    assert_string_equal(fx->json.ptr, want);
}

static void code_message_and_no_details(void **state)
{
    (void)state;
    check(&(struct ss_status){.code = 5, .message = SS_LIT("no document \"legal/42\"")},
          "{\"code\":5,\"message\":\"no document \\\"legal/42\\\"\",\"details\":[]}");
    check(&(struct ss_status){.code = 4711}, "{\"code\":4711,\"message\":\"\",\"details\":[]}");
    check(&(struct ss_status){.code = 2,
                              .message = SS_LIT("a\xff\xfe"
                                                "b")},
          "{\"code\":2,\"message\":\"a\xef\xbf\xbd\xef\xbf\xbd"
          "b\",\"details\":[]}");
}

static void details_of_known_types_are_decoded_and_others_are_base64(void **state)
{
    (void)state;
    struct ss_slice details =
        SS_LIT("\x08\x05\x12\x07ignored"
               "\x1a\x11\x0a\x0b"
               "a/rich.Leaf\x12\x02\x08\x07"
               "\x1a\x0c\x0a\x05"
               "a/b.C\x12\x03\x01\x02\x03"
               "\x1a\x11\x0a\x0b"
               "a/rich.Leaf\x12\x02\x1a\x07"
               "\x1a\x2e\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x02\x0a\x00");
    check(&(struct ss_status){.code = 5, .message = SS_LIT("x"), .details = details},
          "{\"code\":5,\"message\":\"x\",\"details\":["
          "{\"@type\":\"a/rich.Leaf\",\"id\":7,\"name\":\"\",\"children\":[]},"
          "{\"@type\":\"a/b.C\",\"value\":\"AQID\"},"
          "{\"@type\":\"a/rich.Leaf\",\"value\":\"Ggc=\"},"
          "{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"0s\"}]}");
}

static void violations_are_a_bad_request(void **state)
{
    (void)state;
    struct ss_violation second = {.field = SS_LIT("b"), .description = SS_LIT("d2")};
    struct ss_violation first = {&second, SS_LIT("a[0].\"x\""), SS_LIT("d1")};
    struct ss_status st = {.code = 3, .message = SS_LIT("m"), .violations = &first};
    check(
        &st,
        "{\"code\":3,\"message\":\"m\",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\","
        "\"fieldViolations\":[{\"field\":\"a[0].\\\"x\\\"\",\"description\":\"d1\"},"
        "{\"field\":\"b\",\"description\":\"d2\"}]}]}");
}

static void the_wire_form_says_the_same(void **state)
{
    (void)state;
    struct ss_violation second = {.field = SS_LIT("b"), .description = SS_LIT("d2")};
    struct ss_violation first = {&second, SS_LIT("a"), SS_LIT("d1")};
    struct ss_status st = {.code = 3,
                           .message = SS_LIT("m"),
                           .violations = &first,
                           .details = SS_LIT("\x08\x03\x1a\x0d\x0a\x0b"
                                             "a/rich.Leaf")};
    fx->wire.len = 0;
    assert_int_equal(ss_status_to_wire(&st, &fx->wire), SS_OK);
    fx->out.emit_defaults = true;
    char *copy = exact(ss_buf_slice(&fx->wire));
    assert_int_equal(to_json("google.rpc.Status", ss_slice_of(copy, fx->wire.len)), SS_OK);
    ss_free(copy);
    assert_string_equal(fx->json.ptr,
                        "{\"code\":3,\"message\":\"m\",\"details\":["
                        "{\"@type\":\"a/rich.Leaf\",\"id\":0,\"name\":\"\",\"children\":[]},"
                        "{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":["
                        "{\"field\":\"a\",\"description\":\"d1\",\"reason\":\"\"},{\"field\":\"b\","
                        "\"description\":\"d2\",\"reason\":\"\"}]}]}");
}

static void details_that_are_cut_off_lose_the_rest_and_no_more(void **state)
{
    (void)state;
    struct ss_slice whole = SS_LIT("\x1a\x0d\x0a\x0b"
                                   "a/rich.Leaf\x1a\x0d\x0a\x0b"
                                   "a/rich.Leaf");
    for (size_t cut = 0; cut <= whole.len; cut++) {
        char *copy = exact(ss_slice_of(whole.ptr, cut));
        struct ss_status st = {.code = 1, .details = ss_slice_of(copy, cut)};
        fx->json.len = fx->wire.len = 0;
        assert_int_equal(ss_status_to_json(fx->codec, fx->schema, &st,
                                           &(struct ss_json_out){.emit_defaults = true}, &fx->json),
                         SS_OK);
        assert_int_equal(ss_status_to_wire(&st, &fx->wire), SS_OK);
        assert_int_equal(fx->wire.len, 2 + cut / 15 * 15);
        ss_free(copy);
    }
}

static void the_caps_of_both_buffers_are_kept(void **state)
{
    (void)state;
    struct ss_status st = {.code = 3, .message = SS_LIT("a message of some length")};
    struct ss_buf small;
    for (size_t max = 1; max < 30; max++) {
        ss_buf_init(&small, max);
        assert_int_equal(ss_status_to_json(fx->codec, fx->schema, &st,
                                           &(struct ss_json_out){.emit_defaults = true}, &small),
                         SS_ERR_LIMIT);
        assert_int_equal(small.len, 0);
        if (max < 28)
            assert_int_equal(ss_status_to_wire(&st, &small), SS_ERR_LIMIT);
        assert_int_equal(small.len, 0);
        ss_buf_dispose(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(code_message_and_no_details, fixture_reset),
        cmocka_unit_test_setup(details_of_known_types_are_decoded_and_others_are_base64, fixture_reset),
        cmocka_unit_test_setup(violations_are_a_bad_request, fixture_reset),
        cmocka_unit_test_setup(the_wire_form_says_the_same, fixture_reset),
        cmocka_unit_test_setup(details_that_are_cut_off_lose_the_rest_and_no_more, fixture_reset),
        cmocka_unit_test_setup(the_caps_of_both_buffers_are_kept, fixture_reset),
    };
    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
