#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/address.h"
#include "upstream/cluster_config.h"

/* text on a heap block of exactly its size. */
static enum ss_err parse(const char *text, struct ss_arena *a, struct ss_target *t, struct ss_slice *why)
{
    size_t n = strlen(text);
    char *exact = malloc(n ? n : 1);
    memcpy(exact, text, n);
    enum ss_err err = ss_target_parse(ss_slice_of(exact, n), a, t, why);
    free(exact); /* results live in the arena */
    return err;
}

static void assert_slice(struct ss_slice s, const char *text)
{
    assert_int_equal(s.len, strlen(text));
    assert_memory_equal(s.ptr, text, s.len);
}

static void names_are_hosts_with_ports(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *authority;
        uint16_t port;
    } good[] = {
        {"documents:50051", "documents", "documents:50051", 50051},
        {"dns:///documents:50051", "documents", "documents:50051", 50051},
        {"dns:documents:50051", "documents", "documents:50051", 50051},
        {"documents", "documents", "documents", 443},
        {"dns:///a.b.example", "a.b.example", "a.b.example", 443},
        {"127.0.0.1:80", "127.0.0.1", "127.0.0.1:80", 80},
        {"[::1]:50051", "::1", "[::1]:50051", 50051},
        {"dns:///[::1]:1", "::1", "[::1]:1", 1},
        {"[fe80::1]", "fe80::1", "[fe80::1]", 443},
        {"h:65535", "h", "h:65535", 65535},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct ss_arena a;
        struct ss_target t;
        struct ss_slice why = {0};
        ss_arena_init(&a, 0);
        assert_int_equal(parse(good[i].text, &a, &t, &why), SS_OK);
        assert_int_equal(t.kind, SS_TARGET_DNS);
        assert_slice(t.host, good[i].host);
        assert_slice(t.authority, good[i].authority);
        assert_int_equal(t.port, good[i].port);
        ss_arena_dispose(&a);
    }
}

static void lists_are_addresses_of_one_family(void **state)
{
    (void)state;
    struct ss_arena a;
    struct ss_target t;
    struct ss_slice why = {0};
    ss_arena_init(&a, 0);
    assert_int_equal(parse("ipv4:10.0.0.1:50051,10.0.0.2:50052", &a, &t, &why), SS_OK);
    assert_int_equal(t.kind, SS_TARGET_ADDRESSES);
    assert_int_equal(t.n_addresses, 2);
    assert_int_equal(t.addresses[1].addr.ss_family, AF_INET);
    struct sockaddr_in v4;
    memcpy(&v4, &t.addresses[1].addr, sizeof v4);
    assert_int_equal(ntohs(v4.sin_port), 50052);
    assert_slice(t.authority, "10.0.0.1:50051");
    assert_int_equal(parse("ipv6:[::1]:1,[::2]:2,[::3]:3", &a, &t, &why), SS_OK);
    assert_int_equal(t.n_addresses, 3);
    assert_int_equal(t.addresses[2].addr.ss_family, AF_INET6);
    ss_arena_dispose(&a);
}

static void unix_paths_are_sockets(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } good[] = {{"unix:/run/x.sock", "unix:/run/x.sock"},
                {"unix:///run/x.sock", "unix:/run/x.sock"},
                {"unix:rel.sock", "unix:rel.sock"},
                {"unix-abstract:name", "unix:@name"}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct ss_arena a;
        struct ss_target t;
        struct ss_slice why = {0};
        ss_arena_init(&a, 0);
        assert_int_equal(parse(good[i].text, &a, &t, &why), SS_OK);
        assert_int_equal(t.kind, SS_TARGET_ADDRESSES);
        assert_int_equal(t.n_addresses, 1);
        assert_slice(ss_address_print(&t.addresses[0], &a), good[i].shown);
        assert_slice(t.authority, "localhost");
        ss_arena_dispose(&a);
    }
}

static void what_is_no_target_is_refused_with_one_line(void **state)
{
    (void)state;
    static char long_path[200] = "unix:/";
    memset(long_path + 6, 'a', 150);
    const char *const bad[] = {"",
                               ":",
                               ":50051",
                               "host:",
                               "host:0",
                               "host:65536",
                               "host:123456",
                               "host:5x",
                               "host:-1",
                               "host: 1",
                               "::1",
                               "::1:50051",
                               "[::1",
                               "[::1]50051",
                               "[::1]:",
                               "[]:1",
                               "a:b:1",
                               "ho st:1",
                               "user@host:1",
                               "http://host:1",
                               "dns://8.8.8.8/host:1",
                               "dns://",
                               "dns:///",
                               "dns:",
                               "ipv4:",
                               "ipv4:host:1",
                               "ipv4:1.2.3.4",
                               "ipv4:1.2.3.4:1,",
                               "ipv4:[::1]:1",
                               "ipv4:unix:/x",
                               "ipv6:1.2.3.4:1",
                               "ipv6:::1:1",
                               "unix:",
                               "unix-abstract:",
                               long_path};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ss_arena a;
        struct ss_target t;
        struct ss_slice why = {0};
        ss_arena_init(&a, 0);
        if (parse(bad[i], &a, &t, &why) != SS_ERR_CONFIG)
            fail_msg("accepted: \"%s\"", bad[i]);
        assert_true(why.len > 0);
        assert_null(memchr(why.ptr, '\n', why.len));
        ss_arena_dispose(&a);
    }
}

static void the_number_of_addresses_is_capped(void **state)
{
    (void)state;
    for (int n = 64; n <= 65; n++) {
        char text[2000] = "ipv4:";
        size_t len = 5;
        for (int i = 0; i < n; i++)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s10.0.0.%d:1", i ? "," : "", i);
        struct ss_arena a;
        struct ss_target t;
        struct ss_slice why = {0};
        ss_arena_init(&a, 0);
        assert_int_equal(parse(text, &a, &t, &why), n <= 64 ? SS_OK : SS_ERR_CONFIG);
        ss_arena_dispose(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_hosts_with_ports),
        cmocka_unit_test(lists_are_addresses_of_one_family),
        cmocka_unit_test(unix_paths_are_sockets),
        cmocka_unit_test(what_is_no_target_is_refused_with_one_line),
        cmocka_unit_test(the_number_of_addresses_is_capped),
    };
    return cmocka_run_group_tests_name("upstream target", tests, NULL, NULL);
}
