/* How an HTTP/1.1 connection ends: time limits, clients that leave or do not read, drain. */
#include "downstream/support.h"

static void a_slow_head_is_answered_408(void **state)
{
    struct site *s = talk(*state);
    s->front.limits.header_timeout_ms = 120;
    say(s, "GET / HTTP/1.1\r\nHo");
    uint64_t before = ss_loop_now_ms(s->loop);
    pump_for(s->loop, &s->p, 60);
    say(s, "st: h\r\n"); /* dripping on does not help */
    assert_true(closes(s));
    assert_in_range(ss_loop_now_ms(s->loop) - before, 119, 178);
    assert_int_equal(heard(s, "HTTP/1.1 408 "), 1);
    site_free(s);
}

static void a_slow_body_is_answered_408_and_the_call_is_over(void **state)
{
    struct site *s = talk(*state);
    s->front.limits.body_timeout_ms = 40;
    say(s, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
    assert_true(closes(s));
    assert_true(s->asked[0]->gone);
    assert_int_equal(heard(s, "HTTP/1.1 408 "), 1);
    site_free(s);
}

static void an_idle_connection_is_closed_without_a_word(void **state)
{
    struct site *s = site_new(*state);
    s->front.limits.idle_timeout_ms = 40;
    peer_init_raw(&s->p, site_connect(s));
    assert_true(closes(s));
    assert_int_equal(s->p.raw.len, 0);
    peer_dispose(&s->p);
    peer_init_raw(&s->p, site_connect(s)); /* also after a request */
    say(s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(closes(s));
    assert_int_equal(heard(s, "HTTP/1.1 200"), 1);
    assert_int_equal(heard(s, "HTTP/1.1"), 1);
    site_free(s);
}

static void a_long_call_is_not_idle(void **state)
{
    struct site *s = site_new(*state);
    s->front.limits.idle_timeout_ms = s->front.limits.body_timeout_ms = 30;
    s->mode = ANSWER_NEVER;
    peer_init_raw(&s->p, site_connect(s));
    say(s, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
    pump_for(s->loop, &s->p, 100);
    assert_false(s->asked[0]->gone);
    answer_text(s->asked[0], "done");
    settle_site(s);
    assert_true(ends_with(s, "done"));
    site_free(s);
}

static bool asked_is_gone(void *ctx)
{
    return ((struct asked *)ctx)->gone;
}

static void a_client_that_resets_is_gone_at_once(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_NEVER;
    say(s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    settle_site(s);
    reset(s->p.fd);
    s->p.fd = -1;
    assert_true(run_until(s->loop, asked_is_gone, s->asked[0], 1000));
    assert_int_equal(s->front.n_conns, 0);
    site_free(s);
}

/* Closed both ways it looks like a half close at first: the probe finds out. */
static void a_client_that_closes_is_gone_at_once(void **state)
{
    for (int streaming = 0; streaming < 2; streaming++) {
        struct site *s = talk(*state);
        s->mode = ANSWER_NEVER;
        say(s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        settle_site(s);
        struct ss_client *c = s->asked[0]->client;
        if (streaming) {
            c->ops->head(c, 200, NULL, 0, -1);
            c->ops->data(c, "abc", 3);
            settle_site(s);
        }
        close(s->p.fd);
        s->p.fd = -1;
        assert_true(run_until(s->loop, asked_is_gone, s->asked[0], 1000));
        site_free(s);
    }
}

static void a_client_that_is_done_with_sending_still_gets_its_answer(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_NEVER;
    say(s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    settle_site(s);
    shutdown(s->p.fd, SHUT_WR);
    settle_site(s);
    assert_false(s->asked[0]->gone);
    answer_text(s->asked[0], "late");
    assert_true(closes(s));
    assert_int_equal(heard(s, "HTTP/1.1 200 OK"), 1);
    assert_true(ends_with(s, "late"));
    site_free(s);
}

static void a_half_closed_client_reads_a_well_formed_stream(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_NEVER;
    say(s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    settle_site(s);
    struct ss_client *c = s->asked[0]->client;
    c->ops->head(c, 200, NULL, 0, -1);
    c->ops->data(c, "abc", 3);
    settle_site(s);
    shutdown(s->p.fd, SHUT_WR);
    settle_site(s);
    c->ops->data(c, "defg", 4);
    c->ops->finish(c, NULL, 0);
    s->asked[0]->client = NULL;
    assert_true(closes(s));
    assert_true(ends_with(s, "3\r\nabc\r\n04\r\ndefg\r\n0\r\n\r\n"));
    site_free(s);
}

static void requests_before_a_half_close_are_all_answered(void **state)
{
    struct site *s = talk(*state);
    say(s, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\nGET /3 HTTP");
    peer_pump(&s->p);
    shutdown(s->p.fd, SHUT_WR);
    assert_true(closes(s));
    assert_int_equal(s->n, 2);
    assert_int_equal(heard(s, "HTTP/1.1 200 OK"), 2);
    site_free(s);
}

static void a_client_that_leaves_in_the_middle_of_its_request_is_gone(void **state)
{
    struct site *s = talk(*state);
    say(s, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
    settle_site(s);
    shutdown(s->p.fd, SHUT_WR);
    assert_true(closes(s));
    assert_true(s->asked[0]->gone);
    site_free(s);
}

static void a_slow_reader_is_seen_and_writable_comes_when_it_has_read(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_NEVER;
    s->p.deaf = true;
    say(s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    settle_site(s);
    struct ss_client *c = s->asked[0]->client;
    static char block[1 << 20];
    c->ops->head(c, 200, NULL, 0, -1);
    for (int i = 0; i < 16; i++)
        c->ops->data(c, block, sizeof block);
    settle_site(s);
    assert_true(c->ops->unsent(c) > 1 << 20);
    c->ops->want_writable(c);
    settle_site(s);
    assert_int_equal(s->asked[0]->writables, 0);
    s->p.deaf = false;
    for (int i = 0; i < 50 && s->asked[0]->writables == 0; i++)
        settle_site(s);
    assert_int_equal(s->asked[0]->writables, 1);
    assert_int_equal(c->ops->unsent(c), 0);
    c->ops->finish(c, NULL, 0);
    s->asked[0]->client = NULL;
    assert_true(hears(s, "\r\n0\r\n\r\n"));
    site_free(s);
}

/* Requests whose answers are not read are not begun without end. */
static void a_client_that_does_not_read_its_answers_gets_no_more_of_them(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_NEVER;
    s->p.deaf = true;
    for (int i = 0; i < 60; i++)
        say(s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    static char block[1 << 20];
    unsigned answered = 0;
    for (int i = 0; i < 60; i++) {
        settle_site(s);
        if (s->n == answered)
            break;
        answer(s->asked[answered++], 200, block, sizeof block, sizeof block);
    }
    assert_true(answered < 20);
    s->p.deaf = false; /* and goes on when it does */
    for (int i = 0; i < 200 && answered < 60; i++) {
        settle_site(s);
        if (s->n > answered)
            answer(s->asked[answered++], 200, block, 1, 1);
    }
    assert_int_equal(answered, 60);
    settle_site(s);
    assert_int_equal(heard(s, "HTTP/1.1 200 OK"), 60);
    site_free(s);
}

static void draining_answers_what_is_on_its_way_and_closes_what_is_quiet(void **state)
{
    struct site *s = site_new(*state);
    s->mode = ANSWER_NEVER;
    s->front.on_empty = site_empty;
    s->front.on_empty_ctx = s;
    int idle = site_connect(s);
    peer_init_raw(&s->p, site_connect(s));
    say(s, "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    settle_site(s);
    ss_front_drain(&s->front);
    settle_site(s);
    assert_int_equal(s->front.n_conns, 2);
    int late = site_connect(s); /* accepted before, handed over only now */
    answer_text(s->asked[0], "one");
    settle_site(s);
    assert_int_equal(heard(s, "onnection: close"), 0); /* the second is here already */
    assert_int_equal(s->n, 2);
    answer_text(s->asked[1], "done");
    assert_true(closes(s));
    assert_true(ends_with(s, "done"));
    assert_int_equal(heard(s, "onnection: close"), 1);
    ss_front_drain(&s->front);
    settle_site(s);
    assert_int_equal(s->front.n_conns, 2);
    for (int i = 0; i < 1000 && s->empty == 0; i++) {
        ss_front_drain(&s->front);
        pump_for(s->loop, &s->p, 10);
    }
    char c;
    assert_int_equal(s->empty, 1);
    assert_int_equal(recv(idle, &c, 1, 0), 0);
    assert_int_equal(recv(late, &c, 1, 0), 0);
    close(idle);
    close(late);
    site_free(s);
}

static void aborting_tells_every_call(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_NEVER;
    say(s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    settle_site(s);
    ss_front_abort(&s->front);
    assert_true(s->asked[0]->gone);
    assert_true(closes(s));
    site_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_slow_head_is_answered_408),
        LOOP_TEST(a_slow_body_is_answered_408_and_the_call_is_over),
        LOOP_TEST(an_idle_connection_is_closed_without_a_word),
        LOOP_TEST(a_long_call_is_not_idle),
        LOOP_TEST(a_client_that_resets_is_gone_at_once),
        LOOP_TEST(a_client_that_closes_is_gone_at_once),
        LOOP_TEST(a_client_that_is_done_with_sending_still_gets_its_answer),
        LOOP_TEST(a_half_closed_client_reads_a_well_formed_stream),
        LOOP_TEST(requests_before_a_half_close_are_all_answered),
        LOOP_TEST(a_client_that_leaves_in_the_middle_of_its_request_is_gone),
        LOOP_TEST(a_slow_reader_is_seen_and_writable_comes_when_it_has_read),
        LOOP_TEST(a_client_that_does_not_read_its_answers_gets_no_more_of_them),
        LOOP_TEST(draining_answers_what_is_on_its_way_and_closes_what_is_quiet),
        LOOP_TEST(aborting_tells_every_call),
    };
    return cmocka_run_group_tests_name("downstream http1 life", tests, NULL, NULL);
}
