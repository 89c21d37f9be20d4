#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* after the above */
#include <cmocka.h>

#include "bridge/head.h"

/* What stands in the id line of a message with that field; "" when there is none. */
static void expect_id(struct ss_field f, const char *wire, size_t n, const char *id)
{
    struct ss_route_options options = {.sse = {.id = &f}};
    struct ss_call call = {.options = &options, .stream = {.form = SS_BODY_SSE}};
    struct ss_buf out;
    char want[64];
    ss_buf_init(&out, 1000);
    f.number = 1;
    ss_call_print_event(&call, ss_slice_of(wire, n), &out);
    snprintf(want, sizeof want, id[0] ? "id: %s\n" : "%s", id);
    assert_int_equal(out.len, strlen(want));
    if (out.len)
        assert_memory_equal(out.ptr, want, out.len);
    ss_buf_dispose(&out);
}

#define EXPECT(field_type, field_wire, wire, id)                                                             \
    expect_id((struct ss_field){.type = (field_type), .wire_type = (field_wire)}, wire, sizeof(wire) - 1, id)

static void every_kind_of_number_is_printed_as_its_value(void **state)
{
    (void)state;
    EXPECT(SS_TYPE_INT32, 0, "\x08\x05", "5");
    EXPECT(SS_TYPE_INT32, 0, "\x08\xfb\xff\xff\xff\xff\xff\xff\xff\xff\x01", "-5");
    EXPECT(SS_TYPE_INT64, 0, "\x08\xfb\xff\xff\xff\xff\xff\xff\xff\xff\x01", "-5");
    EXPECT(SS_TYPE_UINT32, 0, "\x08\xff\xff\xff\xff\x0f", "4294967295");
    EXPECT(SS_TYPE_UINT64, 0, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "18446744073709551615");
    EXPECT(SS_TYPE_SINT32, 0, "\x08\x05", "-3");
    EXPECT(SS_TYPE_SINT64, 0, "\x08\x06", "3");
    EXPECT(SS_TYPE_FIXED32, 5, "\x0d\xff\xff\xff\xff", "4294967295");
    EXPECT(SS_TYPE_SFIXED32, 5, "\x0d\xff\xff\xff\xff", "-1");
    EXPECT(SS_TYPE_FIXED64, 1, "\x09\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615");
    EXPECT(SS_TYPE_SFIXED64, 1, "\x09\xff\xff\xff\xff\xff\xff\xff\xff", "-1");
    EXPECT(SS_TYPE_STRING, 2, "\x0a\x02on", "on");
}

static void the_last_value_wins_and_others_are_skipped(void **state)
{
    (void)state;
    EXPECT(SS_TYPE_INT32, 0, "\x08\x05\x12\x01x\x08\x07", "7");
    EXPECT(SS_TYPE_STRING, 2, "\x0a\x01z\x08\x05\x0a\x01y", "y");
}

static void zero_without_presence_is_a_value(void **state)
{
    (void)state;
    EXPECT(SS_TYPE_INT32, 0, "", "0");
    EXPECT(SS_TYPE_FIXED64, 1, "", "0");
    EXPECT(SS_TYPE_STRING, 2, "", "");
    expect_id((struct ss_field){.type = SS_TYPE_INT32, .presence = true}, "", 0, "");
    expect_id((struct ss_field){.type = SS_TYPE_INT32, .presence = true}, "\x08\0", 2, "0");
}

static void what_is_cut_off_names_nothing_wrong(void **state)
{
    (void)state;
    EXPECT(SS_TYPE_FIXED32, 5, "\x0d\xff\xff", "0");
    EXPECT(SS_TYPE_STRING, 2, "\x0a\x05on", "");
    EXPECT(SS_TYPE_INT32, 0, "\x08\xff", "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_number_is_printed_as_its_value),
        cmocka_unit_test(the_last_value_wins_and_others_are_skipped),
        cmocka_unit_test(zero_without_presence_is_a_value),
        cmocka_unit_test(what_is_cut_off_names_nothing_wrong),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
