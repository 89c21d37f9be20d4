#include "h2/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION };
enum { END_STREAM = 1, PADDED = 8, FAR = 1000000 };

static bool passes(struct ss_h2_guard *g, uint8_t type, uint8_t flags, uint32_t length, uint64_t now_ms)
{
    return ss_h2_guard_frame(g, type, flags, length, now_ms) == NULL;
}

/* How many frames are let through in a row at one moment; FAR: no end in sight. */
static unsigned count(struct ss_h2_guard *g, uint8_t type, uint8_t flags, uint32_t length, uint64_t now_ms)
{
    unsigned n = 0;
    while (n < FAR && passes(g, type, flags, length, now_ms))
        n++;
    return n;
}

static void a_burst_of_control_frames_passes_and_a_flood_does_not(void **state)
{
    (void)state;
    const uint8_t types[] = {PING, SETTINGS, PRIORITY, 0xee};
    for (unsigned i = 0; i < 4; i++) {
        struct ss_h2_guard g;
        ss_h2_guard_init(&g, false, 5000);
        assert_in_range(count(&g, types[i], 0, 8, 5000), 100, 5000);
        assert_false(passes(&g, types[i], 0, 8, 5000));
    }
}

static void control_frames_of_all_kinds_share_one_budget(void **state)
{
    (void)state;
    struct ss_h2_guard g;
    ss_h2_guard_init(&g, false, 0);
    count(&g, PING, 0, 8, 0);
    assert_false(passes(&g, SETTINGS, 0, 0, 0));
    assert_true(passes(&g, DATA, 0, 10, 0));
    assert_true(passes(&g, HEADERS, 0, 10, 0));
}

static void time_earns_the_control_budget_back_up_to_the_burst(void **state)
{
    (void)state;
    struct ss_h2_guard g;
    ss_h2_guard_init(&g, false, 1000);
    unsigned burst = count(&g, PING, 0, 8, 1000);
    assert_int_equal(count(&g, PING, 0, 8, 1999), 0);
    unsigned second = count(&g, PING, 0, 8, 2000);
    assert_in_range(second, 1, burst - 1);
    assert_int_equal(count(&g, PING, 0, 8, 4500), 2 * second);
    assert_int_equal(count(&g, PING, 0, 8, 5000), second); /* the half second before was not lost */
    assert_int_equal(count(&g, PING, 0, 8, 10000000), burst);
    assert_int_equal(count(&g, PING, 0, 8, UINT64_MAX / 2), burst);
}

static void a_steady_rate_below_the_refill_passes_for_ever(void **state)
{
    (void)state;
    struct ss_h2_guard g;
    ss_h2_guard_init(&g, false, 0);
    for (uint64_t now = 0; now < 600000; now += 20)
        assert_true(passes(&g, PING, 0, 8, now));
}

static void empty_data_frames_in_a_row_are_counted_and_bytes_reset_the_count(void **state)
{
    (void)state;
    struct ss_h2_guard g;
    ss_h2_guard_init(&g, false, 0);
    unsigned most = count(&g, DATA, 0, 0, 0);
    assert_in_range(most, 10, 1000);
    ss_h2_guard_init(&g, false, 0);
    for (int i = 0; i < 50; i++) {
        for (unsigned k = 0; k < most; k++)
            assert_true(passes(&g, DATA, 0, 0, 0));
        assert_true(passes(&g, DATA, 0, 1, 0));
    }
}

static void an_empty_data_frame_that_ends_its_stream_is_no_flood(void **state)
{
    (void)state;
    struct ss_h2_guard g;
    ss_h2_guard_init(&g, false, 0);
    assert_int_equal(count(&g, DATA, END_STREAM, 0, 0), FAR);
}

static void window_updates_end_unless_data_or_streams_earn_them(void **state)
{
    (void)state;
    struct ss_h2_guard g;
    ss_h2_guard_init(&g, false, 0);
    unsigned most = count(&g, WINDOW_UPDATE, 0, 4, 0);
    assert_in_range(most, 1000, FAR - 1);
    assert_int_equal(count(&g, WINDOW_UPDATE, 0, 4, 100000000), 0); /* time earns nothing */
    ss_h2_guard_init(&g, false, 0);
    for (unsigned i = 0; i < 3 * most; i++) {
        assert_true(passes(&g, WINDOW_UPDATE, 0, 4, 0));
        assert_true(passes(&g, WINDOW_UPDATE, 0, 4, 0));
        ss_h2_guard_data_sent(&g);
    }
    ss_h2_guard_opened(&g);
    assert_int_equal(count(&g, WINDOW_UPDATE, 0, 4, 0), most);
}

/* The probes by which gRPC measures a connection: one for each DATA frame of ours, at most. */
static void data_that_we_send_earns_pings(void **state)
{
    (void)state;
    for (unsigned role = 0; role < 2; role++) {
        struct ss_h2_guard g;
        ss_h2_guard_init(&g, role == 1, 0);
        for (unsigned i = 0; i < 100000; i++) {
            ss_h2_guard_data_sent(&g);
            assert_true(passes(&g, PING, 0, 8, 0));
        }
        ss_h2_guard_data_sent(&g);
        assert_in_range(count(&g, PING, 0, 8, 0), 100, 5000); /* no more than the burst is saved up */
    }
}

/* The blocks that follow one HEADERS frame are limited by nghttp2; large metadata comes with every call. */
static void continuations_of_honest_blocks_cost_nothing(void **state)
{
    (void)state;
    struct ss_h2_guard g;
    ss_h2_guard_init(&g, true, 0);
    assert_int_equal(count(&g, CONTINUATION, 0, 100, 0), FAR);
}

static void padding_is_no_payload(void **state)
{
    (void)state;
    struct ss_h2_guard g;
    ss_h2_guard_init(&g, false, 0);
    assert_in_range(count(&g, DATA, PADDED, 100, 0), 10, 1000);
    ss_h2_guard_init(&g, false, 0);
    for (unsigned i = 0; i < 5000; i++) {
        assert_true(passes(&g, DATA, PADDED, 100, 0));
        ss_h2_guard_payload(&g);
    }
}

static void headers_and_resets_are_earned_by_the_calls_that_we_open(void **state)
{
    (void)state;
    const uint8_t types[] = {HEADERS, RST_STREAM};
    for (unsigned k = 0; k < 2; k++) {
        struct ss_h2_guard g;
        ss_h2_guard_init(&g, true, 0);
        assert_in_range(count(&g, types[k], 0, 10, 0), 100, 5000);
        assert_false(
            passes(&g, types[1 - k], 0, 10, 100000000)); /* of one budget, which time does not fill */
        for (unsigned call = 0; call < 10000;
             call++) { /* head, trailers, and a reset: each call may have them */
            ss_h2_guard_opened(&g);
            assert_true(passes(&g, HEADERS, 0, 10, 0) && passes(&g, HEADERS, 0, 10, 0));
            assert_true(passes(&g, RST_STREAM, 0, 4, 0));
        }
        for (unsigned call = 0; call < 1000000; call++)
            ss_h2_guard_opened(&g);
        assert_in_range(count(&g, types[k], 0, 10, 0), 1000, FAR - 1); /* what is saved up has an end */
    }
}

static void headers_of_a_client_are_earned_by_the_streams_that_it_opens(void **state)
{
    (void)state;
    struct ss_h2_guard g;
    ss_h2_guard_init(&g, false, 0);
    assert_in_range(count(&g, HEADERS, 0, 10, 0), 100, 5000);
    for (unsigned i = 0; i < 10000; i++) {
        ss_h2_guard_opened(&g);
        assert_true(passes(&g, HEADERS, 0, 10, 0) && passes(&g, HEADERS, 0, 10, 0));
    }
    assert_false(passes(&g, HEADERS, 0, 10, 0));
    assert_int_equal(count(&g, RST_STREAM, 0, 4, 0), FAR); /* nghttp2's own limit */
}

static void an_answer_has_a_few_interim_ones_at_most(void **state)
{
    (void)state;
    unsigned n = 1;
    while (n < FAR && ss_h2_guard_answer(n) == NULL)
        n++;
    assert_in_range(n, 5, 20);
}

static void resets_that_a_peer_makes_us_send_are_limited(void **state)
{
    (void)state;
    struct ss_h2_guard g;
    unsigned n = 0;
    ss_h2_guard_init(&g, false, 0);
    while (n < FAR && ss_h2_guard_reset(&g, 0))
        n++;
    assert_in_range(n, 100, 5000);
    assert_false(ss_h2_guard_reset(&g, 999));
    assert_true(ss_h2_guard_reset(&g, 1000));
    assert_true(passes(&g, PING, 0, 8, 0)); /* a budget of their own */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_of_control_frames_passes_and_a_flood_does_not),
        cmocka_unit_test(control_frames_of_all_kinds_share_one_budget),
        cmocka_unit_test(time_earns_the_control_budget_back_up_to_the_burst),
        cmocka_unit_test(a_steady_rate_below_the_refill_passes_for_ever),
        cmocka_unit_test(empty_data_frames_in_a_row_are_counted_and_bytes_reset_the_count),
        cmocka_unit_test(an_empty_data_frame_that_ends_its_stream_is_no_flood),
        cmocka_unit_test(window_updates_end_unless_data_or_streams_earn_them),
        cmocka_unit_test(data_that_we_send_earns_pings),
        cmocka_unit_test(continuations_of_honest_blocks_cost_nothing),
        cmocka_unit_test(padding_is_no_payload),
        cmocka_unit_test(headers_and_resets_are_earned_by_the_calls_that_we_open),
        cmocka_unit_test(headers_of_a_client_are_earned_by_the_streams_that_it_opens),
        cmocka_unit_test(an_answer_has_a_few_interim_ones_at_most),
        cmocka_unit_test(resets_that_a_peer_makes_us_send_are_limited),
    };
    return cmocka_run_group_tests_name("h2 guard", tests, NULL, NULL);
}
