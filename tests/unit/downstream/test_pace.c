/* How long clients are waited for: readers that take nothing, and bodies that pause. */
#include "downstream/support.h"

enum { ANSWER_BYTES = 24 << 20 };

static void answer_much(struct asked *a)
{
    char *bytes = ss_xcalloc(1, ANSWER_BYTES);
    answer(a, 200, bytes, ANSWER_BYTES, ANSWER_BYTES);
    ss_free(bytes);
}

struct reader {
    struct site *site;
    int fd;
    size_t step; /* bytes at a time */
    int turns;
};

/* Reads a step every tenth turn. */
static bool read_slowly(void *ctx)
{
    struct reader *r = ctx;
    static char bytes[64 * 1024];
    if (r->turns % 10 == 0 && r->step)
        (void)!recv(r->fd, bytes, r->step, MSG_DONTWAIT);
    return --r->turns == 0;
}

static int ask_much(struct site *s)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    int fd = site_connect(s);
    assert_int_equal(send(fd, request, sizeof request - 1, 0), sizeof request - 1);
    unsigned before = s->n;
    for (int i = 0; i < 200 && s->n == before; i++)
        settle_site(s);
    assert_int_equal(s->n, before + 1);
    answer_much(s->asked[before]);
    return fd;
}

static struct site *slow_site(struct ss_loop *l)
{
    struct site *s = site_new(l);
    s->mode = ANSWER_NEVER;
    s->front.limits.min_drain_bytes_per_s = 64 * 1024;
    s->front.limits.drain_grace_ms = 500;
    return s;
}

/* The front looks once a second: after three it has seen the client twice, a grace apart. */
static void pace_for(struct site *s, int fd, size_t step, int ms)
{
    struct reader r = {.site = s, .fd = fd, .step = step, .turns = ms};
    assert_true(run_until(s->loop, read_slowly, &r, 30000));
}

static void a_reader_that_takes_nothing_is_dropped_and_one_without_an_answer_is_not(void **state)
{
    struct site *s = slow_site(*state);
    int idle = site_connect(s), stuck = ask_much(s);
    assert_int_equal(s->front.n_conns, 2);
    pace_for(s, stuck, 0, 3500);
    assert_int_equal(s->front.n_conns, 1);
    close(stuck);
    close(idle);
    site_free(s);
}

static void a_reader_that_keeps_the_minimum_stays(void **state)
{
    struct site *s = slow_site(*state);
    int fd = ask_much(s);
    pace_for(s, fd, 64 * 1024, 3500); /* some megabytes a second, and megabytes wait all the while */
    assert_int_equal(s->front.n_conns, 1);
    close(fd);
    site_free(s);
}

static void without_a_minimum_nobody_is_dropped(void **state)
{
    struct site *s = slow_site(*state);
    s->front.limits.min_drain_bytes_per_s = 0;
    int fd = ask_much(s);
    pace_for(s, fd, 0, 3000);
    assert_int_equal(s->front.n_conns, 1);
    close(fd);
    site_free(s);
}

/* A patient handler looks after the time itself; one that is not leaves it to the limits. */
static void a_body_that_pauses_is_the_handlers_matter_if_it_says_so(void **state)
{
    struct site *s = talk(*state);
    s->front.limits.body_timeout_ms = 40;
    s->mode = ANSWER_NEVER;
    say(s, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\na");
    settle_site(s);
    assert_int_equal(s->n, 1);
    s->asked[0]->client->patient = true;
    say(s, "b");
    pump_for(s->loop, &s->p, 120);
    assert_false(s->asked[0]->gone);
    s->asked[0]->client->patient = false;
    say(s, "c");
    assert_true(closes(s));
    assert_true(s->asked[0]->gone);
    assert_int_equal(heard(s, "HTTP/1.1 408 "), 1);
    site_free(s);
}

/* What is left of a patient handler's request, once that is answered, is waited for no longer than of others.
 */
static void the_rest_of_a_body_that_was_answered_has_its_time_limit_again(void **state)
{
    struct site *s = talk(*state);
    s->front.limits.body_timeout_ms = 40;
    s->mode = ANSWER_NEVER;
    say(s, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\na");
    settle_site(s);
    assert_int_equal(s->n, 1);
    s->asked[0]->client->patient = true;
    say(s, "b");
    settle_site(s);
    answer_text(s->asked[0], "early");
    assert_true(closes(s));
    assert_int_equal(heard(s, "early"), 1);
    site_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_reader_that_takes_nothing_is_dropped_and_one_without_an_answer_is_not),
        LOOP_TEST(a_reader_that_keeps_the_minimum_stays),
        LOOP_TEST(without_a_minimum_nobody_is_dropped),
        LOOP_TEST(a_body_that_pauses_is_the_handlers_matter_if_it_says_so),
        LOOP_TEST(the_rest_of_a_body_that_was_answered_has_its_time_limit_again),
    };
    return cmocka_run_group_tests_name("downstream pace", tests, NULL, NULL);
}
