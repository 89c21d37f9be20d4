/* A worker thread with one listener, and a route to a service that never answers. */
#include "server/worker.h"

#include <poll.h>
#include <time.h>

#include "net/harness.h"
#include "route/fixture.h"

struct rig {
    struct ss_server_config server;
    struct ss_listener_config listener;
    struct ss_snapshot *snapshot;
    struct ss_route_options options;
    struct ss_address service_at;
    int service; /* listens, and does not accept */
    int port;
    atomic_bool draining;
    atomic_uint stopped;
    struct ss_worker *worker;
};

static const struct ss_log silent = {.fd = 2, .level = SS_LOG_ERROR + 1};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void on_stopped(void *ctx)
{
    atomic_fetch_add(&((struct rig *)ctx)->stopped, 1);
}

static int listen_anywhere(struct sockaddr_in *at)
{
    socklen_t len = sizeof *at;
    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)at, len), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
    return fd;
}

static void make_snapshot(struct rig *r)
{
    struct ss_snapshot *s = r->snapshot = ss_snapshot_new();
    struct ss_slice why = {0};
    s->schema = compile_schema("syntax = \"proto3\"; package t; message M { string id = 1; }\n"
                               "service S { rpc Get(M) returns (M); }\n");
    struct ss_rule rule = rule_of(ss_schema_method(s->schema, SS_LIT("t.S.Get")), "GET /v1/{id}");
    r->options = (struct ss_route_options){.timeout_ms = -1, .idle_timeout_ms = -1};
    rule.options = &r->options;
    assert_int_equal(ss_route_table_build(&rule, 1, &s->arena, &why, &s->routes), SS_OK);
    s->n_clusters = 1;
    s->clusters = ss_arena_zalloc(&s->arena, sizeof *s->clusters);
    s->clusters[0].name = SS_LIT("svc");
    s->clusters[0].connect_timeout_ms = 20000;
    s->clusters[0].target = (struct ss_target){.kind = SS_TARGET_ADDRESSES,
                                               .addresses = &r->service_at,
                                               .n_addresses = 1,
                                               .authority = SS_LIT("svc:1")};
}

static struct rig *rig_new(void)
{
    struct rig *r = ss_xcalloc(1, sizeof *r);
    struct sockaddr_in at;
    signal(SIGPIPE, SIG_IGN);
    r->service = listen_anywhere(&at);
    memcpy(&r->service_at.addr, &at, sizeof at);
    r->service_at.len = sizeof at;
    make_snapshot(r);
    ss_server_config_init(&r->server);
    r->server.listeners = &r->listener;
    r->server.n_listeners = 1;
    int fd = listen_anywhere(&at);
    r->port = ntohs(at.sin_port);
    struct ss_worker_config config = {.server = &r->server,
                                      .snapshot = r->snapshot,
                                      .log = &silent,
                                      .draining = &r->draining,
                                      .fds = &fd,
                                      .admin_fd = -1,
                                      .on_stopped = on_stopped,
                                      .ctx = r};
    r->worker = ss_worker_start(&config);
    return r;
}

/* Joins the worker, which must have been told to drain. */
static void rig_free(struct rig *r)
{
    ss_worker_join(r->worker);
    assert_int_equal(atomic_load(&r->stopped), 1);
    ss_snapshot_unref(r->snapshot);
    ss_server_config_dispose(&r->server);
    close(r->service);
    ss_free(r);
}

static int rig_connect(const struct rig *r)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)r->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    close(fd);
    return -1;
}

/* What the server says until it closes, or for ms without a word. */
static size_t hear(int fd, char *to, size_t size, int ms)
{
    size_t n = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (n < size - 1 && poll(&p, 1, ms) == 1) {
        ssize_t got = recv(fd, to + n, size - 1 - n, 0);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    to[n] = '\0';
    return n;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static bool is_stopped_within(struct rig *r, unsigned ms)
{
    for (unsigned i = 0; i < ms && atomic_load(&r->stopped) == 0; i++)
        poll(NULL, 0, 1);
    return atomic_load(&r->stopped) != 0;
}

static void an_idle_worker_drains_within_a_moment(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    char text[2000];
    int fd = rig_connect(r);
    say(fd, "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n");
    hear(fd, text, sizeof text, 200);
    assert_non_null(strstr(text, "HTTP/1.1 404 "));
    ss_worker_drain(r->worker, 10000);
    assert_true(is_stopped_within(r, 5000)); /* the idle connection might have a request on its way */
    assert_int_equal(hear(fd, text, sizeof text, 500), 0);
    close(fd);
    assert_int_equal(rig_connect(r), -1);
    rig_free(r);
}

static void a_call_in_flight_is_waited_for_until_the_time_is_up(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    char text[2000];
    int fd = rig_connect(r);
    say(fd, "GET /v1/x HTTP/1.1\r\nHost: h\r\n\r\n");
    poll(NULL, 0, 30);
    uint64_t before = now_ms();
    ss_worker_drain(r->worker, 150);
    assert_false(is_stopped_within(r, 60));
    assert_int_equal(rig_connect(r), -1); /* nothing new meanwhile */
    assert_true(is_stopped_within(r, 2000));
    assert_in_range(now_ms() - before, 140, 1500);
    hear(fd, text, sizeof text, 500);
    assert_null(strstr(text, "200 OK"));
    close(fd);
    rig_free(r);
}

static void asked_twice_it_does_not_wait(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    int fd = rig_connect(r);
    say(fd, "GET /v1/x HTTP/1.1\r\nHost: h\r\n\r\n");
    poll(NULL, 0, 30);
    ss_worker_drain(r->worker, 20000);
    ss_worker_drain(r->worker, 20000);
    assert_true(is_stopped_within(r, 2000));
    close(fd);
    rig_free(r);
}

static void asked_again_when_it_has_stopped_it_does_not_mind(void **state)
{
    (void)state;
    struct rig *r = rig_new();
    ss_worker_drain(r->worker, 1000);
    assert_true(is_stopped_within(r, 2000));
    ss_worker_drain(r->worker, 1000);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_worker_drains_within_a_moment),
        cmocka_unit_test(a_call_in_flight_is_waited_for_until_the_time_is_up),
        cmocka_unit_test(asked_twice_it_does_not_wait),
        cmocka_unit_test(asked_again_when_it_has_stopped_it_does_not_mind),
    };
    return cmocka_run_group_tests_name("server worker", tests, NULL, NULL);
}
