#include "net/harness.h"

static void assert_prints(const char *text, const char *want)
{
    struct ss_address at;
    struct ss_arena a;
    ss_arena_init(&a, 0);
    char *exact = ss_xmalloc(strlen(text)); /* so that ASan sees an overread */
    memcpy(exact, text, strlen(text));
    enum ss_err err = ss_address_parse(ss_slice_of(exact, strlen(text)), &at);
    ss_free(exact);
    if (want == NULL) {
        assert_int_equal(err, SS_ERR_INVALID);
    } else {
        assert_int_equal(err, SS_OK);
        struct ss_slice printed = ss_address_print(&at, &a);
        assert_int_equal(printed.len, strlen(want));
        assert_memory_equal(printed.ptr, want, printed.len);
        struct ss_address again;
        assert_int_equal(ss_address_parse(printed, &again), SS_OK);
        assert_true(ss_address_eq(&at, &again));
    }
    ss_arena_dispose(&a);
}

static void addresses_are_read_and_printed(void **state)
{
    (void)state;
    assert_prints("127.0.0.1:8080", "127.0.0.1:8080");
    assert_prints("0.0.0.0:0", "0.0.0.0:0");
    assert_prints("255.255.255.255:65535", "255.255.255.255:65535");
    assert_prints("[::1]:8080", "[::1]:8080");
    assert_prints("[2001:DB8:0:0:0:0:0:1]:443", "[2001:db8::1]:443");
    assert_prints("[fe80::1%lo]:443", "[fe80::1%lo]:443");
    assert_prints("unix:/run/x.sock", "unix:/run/x.sock");
    assert_prints("unix:x", "unix:x");
    assert_prints("unix:@abstract", "unix:@abstract");
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        ":",
        ":80",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:+1",
        "127.0.0.1: 1",
        "127.0.0.1:000080",
        "127.0.0.1:8o",
        "127.1:80",
        "127.0.0.256:80",
        "127.0.0.01:80",
        "localhost:80",
        "::1:80",
        "[::1]",
        "[::1]80",
        "[::1:80",
        "::1]:80",
        "[]:80",
        "[127.0.0.1]:80",
        "[::1%]:80",
        "[::1%nosuchif0]:80",
        "[::g]:80",
        "unix:",
        "unix:@",
        "127.0.0.1:80 ",
        " 127.0.0.1:80",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_prints(bad[i], NULL);
    char path[128];
    struct ss_address at;
    memset(path, 'p', sizeof(path));
    memcpy(path, "unix:/", 6);
    assert_int_equal(ss_address_parse(ss_slice_of(path, 5 + 107), &at),
                     SS_OK); /* sun_path has 108 with the NUL */
    assert_int_equal(ss_address_parse(ss_slice_of(path, 5 + 108), &at), SS_ERR_INVALID);
    assert_int_equal(ss_address_parse(ss_slice_of("unix:/a\0b", 9), &at), SS_ERR_INVALID);
}

static void addresses_are_compared_by_all_that_matters(void **state)
{
    (void)state;
    static const char *const all[] = {"127.0.0.1:80", "127.0.0.1:81", "127.0.0.2:80", "[::1]:80",
                                      "[::2]:80",     "[::1]:81",     "[::1%lo]:80",  "unix:/a",
                                      "unix:/ab",     "unix:@a",      "unix:@/a"};
    enum { N = sizeof(all) / sizeof(all[0]) };
    struct ss_address at[N];
    for (int i = 0; i < N; i++)
        assert_int_equal(ss_address_parse(ss_slice_str(all[i]), &at[i]), SS_OK);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            assert_int_equal(ss_address_eq(&at[i], &at[j]), i == j);
}

/* ---- names ---- */

struct answer {
    bool came;
    enum ss_err err;
    char why[100];
    size_t n;
    bool loopback; /* all of them, with the port */
    uint16_t port;
};

static void on_answer(void *ctx, enum ss_err err, const char *why, const struct ss_address *addrs, size_t n)
{
    struct answer *a = ctx;
    assert_false(a->came);
    a->came = true;
    a->err = err;
    a->n = n;
    a->loopback = n != 0;
    snprintf(a->why, sizeof(a->why), "%s", why);
    for (size_t i = 0; i < n; i++) {
        struct ss_address v4, v6;
        char text[32];
        snprintf(text, sizeof(text), "127.0.0.1:%u", a->port);
        ss_address_parse(ss_slice_str(text), &v4);
        snprintf(text, sizeof(text), "[::1]:%u", a->port);
        ss_address_parse(ss_slice_str(text), &v6);
        a->loopback = a->loopback && (ss_address_eq(&addrs[i], &v4) || ss_address_eq(&addrs[i], &v6));
    }
}

static void numeric_hosts_and_localhost_resolve_in_a_later_turn(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "::1", "[::1]", "localhost"};
    for (int i = 0; i < 4; i++) {
        struct answer a = {.port = (uint16_t)(50051 + i)};
        ss_resolve_start(*state, ss_slice_str(hosts[i]), a.port, on_answer, &a);
        assert_false(a.came);
        assert_true(run_until(*state, is_set, &a.came, 5000));
        assert_int_equal(a.err, SS_OK);
        assert_true(a.loopback);
    }
}

static void a_name_that_does_not_exist_says_why(void **state)
{
    struct answer a = {0};
    ss_resolve_start(*state, SS_LIT("no-such-host.invalid"), 1, on_answer, &a);
    assert_true(run_until(*state, is_set, &a.came, 30000));
    assert_int_equal(a.err, SS_ERR_UNAVAILABLE);
    assert_int_equal(a.n, 0);
    assert_true(strlen(a.why) > 0);
}

static void on_answer_fail(void *ctx, enum ss_err err, const char *why, const struct ss_address *addrs,
                           size_t n)
{
    (void)ctx;
    (void)err;
    (void)why;
    (void)addrs;
    (void)n;
    fail();
}

static void a_cancelled_resolve_is_silent(void **state)
{
    ss_resolve_cancel(ss_resolve_start(*state, SS_LIT("127.0.0.1"), 1, on_answer_fail, NULL));
    ss_resolve_cancel(ss_resolve_start(*state, SS_LIT("localhost"), 1, on_answer_fail, NULL));
    struct answer a = {.port = 1}; /* comes after it, so it has been answered when this has */
    ss_resolve_start(*state, SS_LIT("localhost"), 1, on_answer, &a);
    assert_true(run_until(*state, is_set, &a.came, 5000));
    run_for(*state, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_printed),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(addresses_are_compared_by_all_that_matters),
        LOOP_TEST(numeric_hosts_and_localhost_resolve_in_a_later_turn),
        LOOP_TEST(a_name_that_does_not_exist_says_why),
        LOOP_TEST(a_cancelled_resolve_is_silent),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
