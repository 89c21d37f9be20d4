#include "upstream/dial.h"

#include "upstream/support.h"

struct dialed {
    struct ss_stream *s;
    unsigned done;
    char why[256];
};

static void on_done(void *ctx, struct ss_stream *s, const char *why)
{
    struct dialed *d = ctx;
    d->done++;
    d->s = s;
    snprintf(d->why, sizeof d->why, "%s", why);
}

static bool is_done(void *ctx)
{
    return ((struct dialed *)ctx)->done != 0;
}

/* A port on which nobody listens. */
static struct ss_address closed_port(void)
{
    struct grpc_server s = {.fd = -1};
    server_listen(&s);
    server_unlisten(&s);
    return s.at;
}

static void a_service_that_listens_is_reached(void **state)
{
    struct world *w = world_new(*state);
    struct dialed d = {0};
    ss_dial_start(w->loop, &w->config, on_done, &d);
    assert_int_equal(d.done, 0);
    assert_true(run_until(w->loop, is_done, &d, 2000));
    assert_non_null(d.s);
    ss_stream_close(d.s, SS_CLOSE_NOW);
    world_free(w);
}

static void an_address_that_refuses_is_passed_over(void **state)
{
    struct world *w = world_new(*state);
    struct dialed d = {0};
    w->addresses[0] = closed_port();
    w->addresses[1] = w->server.at;
    w->config.target.n_addresses = 2;
    ss_dial_start(w->loop, &w->config, on_done, &d);
    assert_true(run_until(w->loop, is_done, &d, 2000));
    assert_non_null(d.s);
    ss_stream_close(d.s, SS_CLOSE_NOW);
    world_free(w);
}

static void when_all_addresses_fail_the_last_reason_is_told(void **state)
{
    struct world *w = world_new(*state);
    struct dialed d = {0};
    w->addresses[0] = w->addresses[1] = closed_port();
    w->config.target.n_addresses = 2;
    ss_dial_start(w->loop, &w->config, on_done, &d);
    assert_true(run_until(w->loop, is_done, &d, 2000));
    assert_null(d.s);
    assert_string_equal(d.why, "connection refused");
    world_free(w);
}

/* A listener whose queue is full: the kernel neither accepts nor refuses. */
static void an_address_that_does_not_answer_costs_half_of_the_time(void **state)
{
    struct world *w = world_new(*state);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int full = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fill[8];
    bind(full, (struct sockaddr *)&at, len);
    listen(full, 0);
    getsockname(full, (struct sockaddr *)&at, &len);
    for (int i = 0; i < 8; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect(fill[i], (struct sockaddr *)&at, len);
    }
    memcpy(&w->addresses[0].addr, &at, sizeof at);
    w->addresses[0].len = sizeof at;
    w->addresses[1] = w->server.at;
    w->config.target.n_addresses = 2;
    w->config.connect_timeout_ms = 200;
    struct dialed d = {0};
    uint64_t before = ss_loop_now_ms(w->loop);
    ss_dial_start(w->loop, &w->config, on_done, &d);
    assert_true(run_until(w->loop, is_done, &d, 2000));
    assert_non_null(d.s);
    assert_in_range(ss_loop_now_ms(w->loop) - before, 95, 199);
    ss_stream_close(d.s, SS_CLOSE_NOW);

    w->config.target.n_addresses = 1; /* alone, it takes all of it */
    d = (struct dialed){0};
    before = ss_loop_now_ms(w->loop);
    ss_dial_start(w->loop, &w->config, on_done, &d);
    assert_true(run_until(w->loop, is_done, &d, 2000));
    assert_null(d.s);
    assert_in_range(ss_loop_now_ms(w->loop) - before, 195, 600);
    for (int i = 0; i < 8; i++)
        close(fill[i]);
    close(full);
    world_free(w);
}

static void a_name_is_resolved_and_one_that_is_none_says_so(void **state)
{
    struct world *w = world_new(*state);
    struct sockaddr_in at;
    memcpy(&at, &w->server.at.addr, sizeof at);
    w->config.target = (struct ss_target){.kind = SS_TARGET_DNS,
                                          .host = SS_LIT("127.0.0.1"),
                                          .port = ntohs(at.sin_port),
                                          .authority = SS_LIT("x")};
    struct dialed d = {0};
    ss_dial_start(w->loop, &w->config, on_done, &d);
    assert_true(run_until(w->loop, is_done, &d, 2000));
    assert_non_null(d.s);
    ss_stream_close(d.s, SS_CLOSE_NOW);
    d = (struct dialed){0};
    w->config.target.host = SS_LIT("no such name");
    ss_dial_start(w->loop, &w->config, on_done, &d);
    assert_true(run_until(w->loop, is_done, &d, 5000));
    assert_null(d.s);
    assert_non_null(strstr(d.why, "cannot resolve no such name"));
    world_free(w);
}

static void no_address_at_all_is_an_error_of_a_later_turn(void **state)
{
    struct world *w = world_new(*state);
    struct dialed d = {0};
    w->config.target.n_addresses = 0;
    ss_dial_start(w->loop, &w->config, on_done, &d);
    assert_int_equal(d.done, 0);
    assert_true(run_until(w->loop, is_done, &d, 2000));
    assert_null(d.s);
    assert_string_equal(d.why, "no address");
    world_free(w);
}

static void cancelled_at_any_moment_it_never_says_done(void **state)
{
    struct world *w = world_new(*state);
    w->addresses[1] = w->server.at;
    w->addresses[0] = closed_port();
    w->config.target.n_addresses = 2;
    for (unsigned ms = 0; ms < 4; ms++) {
        struct dialed d = {0};
        struct ss_dial *dial = ss_dial_start(w->loop, &w->config, on_done, &d);
        if (ms)
            run_until(w->loop, NULL, NULL, ms - 1);
        if (d.done) {
            if (d.s)
                ss_stream_close(d.s, SS_CLOSE_NOW);
            continue;
        }
        ss_dial_cancel(dial);
        run_for(w->loop, 5);
        assert_int_equal(d.done, 0);
    }
    world_free(w);
}

static void cancelled_while_resolving_it_never_says_done(void **state)
{
    struct world *w = world_new(*state);
    w->config.target = (struct ss_target){
        .kind = SS_TARGET_DNS, .host = SS_LIT("127.0.0.1"), .port = 1, .authority = SS_LIT("x")};
    struct dialed d = {0};
    struct ss_dial *dial = ss_dial_start(w->loop, &w->config, on_done, &d);
    ss_dial_cancel(dial);
    run_for(w->loop, 5);
    assert_int_equal(d.done, 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_service_that_listens_is_reached),
        LOOP_TEST(an_address_that_refuses_is_passed_over),
        LOOP_TEST(when_all_addresses_fail_the_last_reason_is_told),
        LOOP_TEST(an_address_that_does_not_answer_costs_half_of_the_time),
        LOOP_TEST(a_name_is_resolved_and_one_that_is_none_says_so),
        LOOP_TEST(no_address_at_all_is_an_error_of_a_later_turn),
        LOOP_TEST(cancelled_at_any_moment_it_never_says_done),
        LOOP_TEST(cancelled_while_resolving_it_never_says_done),
    };
    return cmocka_run_group_tests_name("upstream dial", tests, NULL, NULL);
}
