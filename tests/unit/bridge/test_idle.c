/* (reported 8) idle_timeout: only messages count, and each from when it was whole or taken. */
#include "bridge/idle.h"

#include "net/harness.h"

enum { LIMIT = 120, SLACK = 50 };

struct watched {
    struct ss_idle idle;
    struct ss_loop *loop;
    struct ss_arena arena;
    uint64_t began_ms, ended_ms; /* 0: not yet */
    uint64_t written, unsent;    /* of its downward half */
    unsigned looks;
};

static void on_timer(void *ctx)
{
    struct watched *w = ctx;
    w->looks++;
    ss_idle_took(&w->idle, w->loop, &w->idle.down, w->written, w->unsent);
    if (ss_idle_check(&w->idle, w->loop)) {
        w->ended_ms = ss_loop_now_ms(w->loop);
        ss_loop_stop(w->loop);
    }
}

static void begin(struct watched *w, struct ss_loop *l)
{
    *w = (struct watched){.loop = l, .began_ms = ss_loop_from_ms(l)};
    ss_arena_init(&w->arena, 0);
    ss_idle_begin(&w->idle, l, LIMIT, on_timer, w);
}

static void write_message(struct watched *w, uint64_t n)
{
    w->written += n;
    w->unsent += n;
    ss_idle_moved(&w->idle, w->loop);
    ss_idle_wrote(&w->idle, w->loop, &w->idle.down, w->written, w->unsent, &w->arena);
}

static void finish(struct watched *w)
{
    ss_idle_end(&w->idle, w->loop);
    ss_arena_dispose(&w->arena);
}

/* It ends LIMIT after from_ms, never earlier, and SLACK later at the most. */
static void assert_ends_after(struct watched *w, uint64_t from_ms)
{
    ss_loop_run(w->loop);
    assert_in_range(w->ended_ms, from_ms + LIMIT, from_ms + LIMIT + SLACK);
    finish(w);
}

static void a_stream_without_a_message_ends_when_it_is_due(void **state)
{
    struct watched w;
    begin(&w, *state);
    assert_ends_after(&w, w.began_ms);
    assert_int_equal(w.looks, 1);
}

static void a_message_puts_the_end_off_from_its_own_moment(void **state)
{
    struct watched w;
    begin(&w, *state);
    run_for(*state, 70);
    uint64_t at = ss_loop_now_ms(*state);
    write_message(&w, 100);
    assert_ends_after(&w, at);
}

/* Bytes that a reader takes of a message that is not whole yet do not count: not even those of the last
 * moment. */
static void pieces_of_a_message_do_not_count(void **state)
{
    struct watched w;
    begin(&w, *state);
    uint64_t at = ss_loop_now_ms(*state);
    write_message(&w, 100000);
    for (int i = 0; i < 6; i++) {
        run_for(*state, 15);
        w.unsent -= 10000;
    }
    assert_ends_after(&w, at);
}

static void a_message_that_waited_counts_when_the_last_of_it_is_taken(void **state)
{
    struct watched w;
    begin(&w, *state);
    write_message(&w, 100000);
    write_message(&w, 100000);
    run_for(*state, 70);
    uint64_t at = ss_loop_now_ms(*state);
    w.unsent = 99000; /* all of the first, and some of the second */
    assert_ends_after(&w, at);
}

static void a_reader_that_takes_message_after_message_is_not_idle(void **state)
{
    struct watched w;
    begin(&w, *state);
    for (int i = 0; i < 100; i++)
        write_message(&w, 1000);
    for (int i = 0; i < 8; i++) {
        run_for(*state, 40);
        assert_int_equal(w.ended_ms, 0);
        w.unsent -= 4000;
    }
    finish(&w);
}

/* However many messages wait, what is kept of them is a few, and their taking is still seen. */
static void many_messages_that_wait_are_kept_in_little(void **state)
{
    struct watched w;
    begin(&w, *state);
    for (int i = 0; i < 100000; i++)
        write_message(&w, 5);
    assert_in_range(w.idle.down.n, 1, 128);
    assert_true(w.arena.held <= 4096);
    run_for(*state, 70);
    uint64_t at = ss_loop_now_ms(*state);
    w.unsent = w.written / 2;
    assert_ends_after(&w, at);
    assert_int_not_equal(w.idle.down.n, 0);
}

static void small_messages_that_are_on_their_way_are_not_looked_at(void **state)
{
    struct watched w;
    begin(&w, *state);
    write_message(&w, 1000);
    run_for(*state, 60);
    assert_int_equal(w.looks, 0);
    finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_stream_without_a_message_ends_when_it_is_due),
        LOOP_TEST(a_message_puts_the_end_off_from_its_own_moment),
        LOOP_TEST(pieces_of_a_message_do_not_count),
        LOOP_TEST(a_message_that_waited_counts_when_the_last_of_it_is_taken),
        LOOP_TEST(a_reader_that_takes_message_after_message_is_not_idle),
        LOOP_TEST(many_messages_that_wait_are_kept_in_little),
        LOOP_TEST(small_messages_that_are_on_their_way_are_not_looked_at),
    };
    return cmocka_run_group_tests_name("bridge idle", tests, NULL, NULL);
}
