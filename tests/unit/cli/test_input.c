/* Bytes from a pipe, a file and a terminal that never says anything, given to a loop. */
#include "cli/input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "cli/fd.h"

struct reading {
    struct ss_loop *loop;
    struct ss_input *input;
    struct ss_buf got;
    unsigned blocks;
    bool ended, failed, ask;
    unsigned stop_after; /* blocks; 0: at the end */
};

static void on_bytes(void *ctx, struct ss_slice bytes, bool failed)
{
    struct reading *r = ctx;
    assert_false(r->ended);
    r->failed = failed;
    r->ended = bytes.len == 0;
    r->blocks++;
    assert_int_equal(ss_buf_append(&r->got, bytes.ptr, bytes.len), SS_OK);
    if (r->ended || r->blocks == r->stop_after)
        ss_loop_stop(r->loop);
    else if (r->ask)
        ss_input_next(r->input);
}

static const struct ss_log quiet = {.fd = 2, .level = SS_LOG_ERROR};

static void start(struct reading *r, int fd)
{
    r->loop = ss_loop_new(&quiet);
    ss_buf_init(&r->got, 1 << 24);
    r->input = ss_input_start(r->loop, fd, on_bytes, r);
    assert_non_null(r->input);
}

static void finish(struct reading *r)
{
    ss_input_stop(r->input);
    ss_loop_free(r->loop);
    ss_buf_dispose(&r->got);
}

static void a_file_comes_whole_and_then_its_end(void **state)
{
    static char text[200000];
    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 26);
    FILE *f = tmpfile();
    assert_non_null(f);
    assert_int_equal(ss_fd_write_all(fileno(f), ss_slice_of(text, sizeof text)), SS_OK);
    assert_int_equal(lseek(fileno(f), 0, SEEK_SET), 0);
    struct reading r = {.ask = true};
    start(&r, fileno(f));
    ss_loop_run(r.loop);
    assert_true(r.ended);
    assert_false(r.failed);
    assert_int_equal(r.got.len, sizeof text);
    assert_memory_equal(r.got.ptr, text, sizeof text);
    finish(&r);
    fclose(f);
}

static void nothing_is_read_that_was_not_asked_for(void **state)
{
    int fds[2];
    char left[16];
    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "one", 3), 3);
    struct reading r = {.ask = false, .stop_after = 1};
    start(&r, fds[0]);
    ss_loop_run(r.loop);
    assert_int_equal(write(fds[1], "two", 3), 3);
    usleep(20000); /* for a thread that would read too much */
    finish(&r);
    assert_int_equal(read(fds[0], left, sizeof left), 3);
    assert_memory_equal(left, "two", 3);
    close(fds[0]);
    close(fds[1]);
}

static void a_reader_of_silence_can_be_stopped(void **state)
{
    int fds[2];
    (void)state;
    assert_int_equal(pipe(fds), 0);
    struct reading r = {.ask = true};
    start(&r, fds[0]);
    finish(&r);
    assert_false(r.ended);
    close(fds[0]);
    close(fds[1]);
}

static void an_error_is_an_end_that_failed(void **state)
{
    int fds[2];
    (void)state;
    assert_int_equal(pipe(fds), 0);
    struct reading r = {.ask = true};
    start(&r, fds[1]); /* cannot be read */
    close(fds[0]);
    ss_loop_run(r.loop);
    assert_true(r.ended && r.failed);
    finish(&r);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_comes_whole_and_then_its_end),
        cmocka_unit_test(nothing_is_read_that_was_not_asked_for),
        cmocka_unit_test(a_reader_of_silence_can_be_stopped),
        cmocka_unit_test(an_error_is_an_end_that_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
