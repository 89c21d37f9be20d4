#include "http/site.h"

#include "support.h"

static const struct ss_slice NAMES[] = {SS_LIT("app.example"), SS_LIT("*.wild.example"),
                                        SS_LIT("one.example:8443"), SS_LIT("[2001:db8::1]")};

static bool allowed(const struct ss_site *site, const char *host)
{
    char *exactly = exact(host, strlen(host));
    bool yes = ss_site_host_allowed(site, ss_slice_of(exactly, strlen(host)));
    exact_free(exactly, strlen(host));
    return yes;
}

static void assert_hosts(const struct ss_site *site, bool want, const char *const *hosts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (allowed(site, hosts[i]) != want)
            fail_msg("%s is %s", hosts[i], want ? "refused" : "allowed");
}

static void names_and_addresses_of_this_machine_are_local(void **state)
{
    static const char *const good[] = {
        "", /* no browser leaves it out */
        "localhost",
        "LocalHost",
        "localhost.",
        "localhost:8080",
        "localhost.:8080",
        "localhost:",
        "app.localhost",
        "a.b.LOCALHOST:1",
        "app.localhost.",
        "127.0.0.1",
        "127.0.0.1:8080",
        "127.255.3.9",
        "127.0.0.1.",
        "[::1]",
        "[::1]:8080",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]:80",
        "[::FFFF:7f00:1]",
        "[0:0::0:1]",
        "[::0001]",
        "[0:0:0:0:0:ffff:127.0.0.9]",
        "[::0:1]",
    };
    struct ss_site site = {.check_host = true};
    (void)state;
    assert_hosts(&site, true, good, sizeof good / sizeof good[0]);
}

static void other_hosts_are_not(void **state)
{
    static const char *const bad[] = {
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "notlocalhost",
        ".localhost:x",
        "localhost..",
        "127.0.0.1.evil.example",
        "127.1",
        "128.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "0x7f.0.0.1",
        "[::]",
        "[::2]",
        "[127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "::1",
        "[::1",
        "[::1]x",
        "localhost:80a",
        "localhost:1:2",
        "localhost@evil",
        "evil@localhost",
        "localhost/",
        "localhost, evil",
        "*",
        ".",
        ":",
        ":8080",
        "[]",
        "127.0.0.1:999999",
        "127.00.0.1",
        "127.0.0.0001",
        "127.0.0.256",
        "127.0.0",
        "[::1:]",
        "[:::1]",
        "[1::1]",
        "[::1::]",
        "[0:0:0:0:0:0:0:0:1]",
        "[0:0:0:0:0:0:1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1:1]",
        "[::00001]",
        "[0:0:0:0:0:0:0:1:]",
        "[::ffff:127.0.0]",
    };
    struct ss_site site = {.check_host = true};
    (void)state;
    assert_hosts(&site, false, bad, sizeof bad / sizeof bad[0]);
}

static void allowed_hosts_come_on_top(void **state)
{
    static const char *const good[] = {
        "app.example",         "APP.example:1",    "app.example.",    "a.wild.example",
        "a.b.wild.example:80", "one.example:8443", "[2001:DB8::1]:9", "localhost",
    };
    static const char *const bad[] = {
        "wild.example",     "awild.example",    "one.example",
        "one.example:8444", "app.example.evil", "x.app.example",
    };
    struct ss_site site = {.check_host = true, .allowed_hosts = NAMES, .n_allowed_hosts = 4};
    (void)state;
    assert_hosts(&site, true, good, sizeof good / sizeof good[0]);
    assert_hosts(&site, false, bad, sizeof bad / sizeof bad[0]);
}

static void any_host_is_allowed_where_all_are_or_none_is_checked(void **state)
{
    static const char *const any[] = {"evil.example", "[::1", "a@b", "x:y:z"};
    static const struct ss_slice star[] = {SS_LIT("*")};
    struct ss_site all = {.check_host = true, .allowed_hosts = star, .n_allowed_hosts = 1}, none = {0};
    (void)state;
    assert_hosts(&all, true, any, 4);
    assert_hosts(&none, true, any, 4);
}

static void an_origin_is_its_own_sites_only_by_name_and_port(void **state)
{
    static const struct {
        const char *origin, *host;
        bool own;
    } rows[] = {
        {"http://localhost:8080", "localhost:8080", true},
        {"http://LOCALHOST:8080", "localhost:8080", true},
        {"http://localhost", "localhost", true},
        {"http://localhost", "localhost:80", true},
        {"https://localhost", "localhost:443", true},
        {"https://localhost:8443", "localhost:8443", true},
        {"https://app.example", "app.example", true}, /* TLS ended at a proxy */
        {"http://[::1]:8080", "[::1]:8080", true},
        {"http://localhost:8080", "localhost:8081", false},
        {"http://localhost:8080", "localhost", false},
        {"http://localhost", "localhost:443", false},
        {"http://127.0.0.1:8080", "localhost:8080", false},
        {"http://evil.example", "localhost:8080", false},
        {"http://localhost:8080.evil.example", "localhost:8080", false},
        {"http://localhost:8080/", "localhost:8080", false},
        {"http://x@localhost:8080", "localhost:8080", false},
        {"null", "localhost:8080", false},
        {"", "localhost:8080", false},
        {"http://", "", false},
        {"file://", "localhost", false},
        {"chrome-extension://localhost:8080", "localhost:8080", false},
        {"http://localhost:8080", "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (ss_site_is_own(ss_slice_str(rows[i].origin), ss_slice_str(rows[i].host)) != rows[i].own)
            fail_msg("%s at %s", rows[i].origin, rows[i].host);
}

static void a_pattern_is_a_host_with_or_without_a_port(void **state)
{
    static const char *const good[] = {"*",      "a",     "app.example", "*.app.example", "app.example:80",
                                       "*.b:80", "[::1]", "10.0.0.1:1"};
    static const char *const bad[] = {"",   "a b", "http://a", "a/",   "*a", "a.*",
                                      "**", "*.",  "a:b",      "[::1", "a,b"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(ss_site_pattern_valid(ss_slice_str(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(ss_site_pattern_valid(ss_slice_str(bad[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_addresses_of_this_machine_are_local),
        cmocka_unit_test(other_hosts_are_not),
        cmocka_unit_test(allowed_hosts_come_on_top),
        cmocka_unit_test(any_host_is_allowed_where_all_are_or_none_is_checked),
        cmocka_unit_test(an_origin_is_its_own_sites_only_by_name_and_port),
        cmocka_unit_test(a_pattern_is_a_host_with_or_without_a_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
