/* The log's queue before readers who read, read late, do not read, and files that are full. */
#include "base/log_queue.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 4, LINES = 3000, MANY = 100000 };

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct text {
    char *ptr;
    size_t len;
};

/* All that comes from fd until its end. */
static struct text read_all(int fd)
{
    struct text t = {NULL, 0};
    size_t cap = 0;
    ssize_t n;
    do {
        if (cap - t.len < 65536)
            t.ptr = realloc(t.ptr, (cap = cap * 2 + 131072) + 1);
        n = read(fd, t.ptr + t.len, cap - t.len);
        t.len += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    t.ptr[t.len] = '\0';
    return t;
}

static void *reader(void *arg)
{
    struct text *t = calloc(1, sizeof *t);
    *t = read_all(*(int *)arg);
    return t;
}

/* "THREAD NUMBER xxxx": the thread says how long it is. */
static void put_number(struct ss_log_queue *q, int thread, int i, bool prompt)
{
    char line[400];
    int n = snprintf(line, sizeof line, "%d %d ", thread, i);
    size_t len = (size_t)n + (size_t)(i * 7 % 200);
    memset(line + n, 'x', sizeof line - (size_t)n);
    line[len] = '\n';
    ss_log_queue_put(q, line, len + 1, prompt);
}

/* Reads what put_number wrote: every line whole, every thread's in order. Returns how many there are; adds to
 * dropped what the lines about dropped ones say. */
static size_t check_lines(struct text t, size_t *dropped)
{
    int last[THREADS] = {-1, -1, -1, -1};
    size_t count = 0;
    for (char *p = t.ptr, *end; p < t.ptr + t.len; p = end + 1) {
        end = strchr(p, '\n');
        assert_non_null(end);
        int thread, i, at;
        size_t n;
        if (end == p)
            continue; /* after a line that was torn */
        *end = '\0';
        if (strstr(p, "log line")) {
            assert_int_equal(sscanf(strstr(p, " warn ") + 6, "%zu log line", &n), 1);
            *dropped += n;
            continue;
        }
        assert_int_equal(sscanf(p, "%d %d %n", &thread, &i, &at), 2);
        assert_true(thread < THREADS && i > last[thread]);
        assert_int_equal(strspn(p + at, "x"), i * 7 % 200);
        assert_int_equal(end - p, at + i * 7 % 200);
        last[thread] = i;
        count++;
    }
    return count;
}

struct producer {
    struct ss_log_queue *q;
    int thread;
};

static void *produce(void *arg)
{
    struct producer *p = arg;
    for (int i = 0; i < LINES; i++) {
        put_number(p->q, p->thread, i, i % 50 == 0);
        if (i % 100 == 0) /* at a pace that the reader keeps up with */
            usleep(5000);
    }
    return NULL;
}

static void lines_of_many_threads_arrive_whole_and_in_order(void **state)
{
    (void)state;
    int fds[2];
    pthread_t threads[THREADS], reading;
    struct producer producers[THREADS];
    assert_int_equal(pipe(fds), 0);
    pthread_create(&reading, NULL, reader, &fds[0]);
    struct ss_log_queue *q = ss_log_queue_start(fds[1], false);
    assert_non_null(q);
    for (int i = 0; i < THREADS; i++) {
        producers[i] = (struct producer){q, i};
        pthread_create(&threads[i], NULL, produce, &producers[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ss_log_queue_stop(q);
    close(fds[1]);
    struct text *t;
    size_t dropped = 0;
    pthread_join(reading, (void **)&t);
    assert_int_equal(check_lines(*t, &dropped), THREADS * LINES);
    assert_int_equal(dropped, 0);
    free(t->ptr);
    free(t);
    close(fds[0]);
}

/* kind: 0 a pipe, 1 a socket, 2 a pipe that somebody has made non-blocking. */
static void fill(int kind, bool read_on)
{
    int fds[2];
    assert_int_equal(kind == 1 ? socketpair(AF_UNIX, SOCK_STREAM, 0, fds) : pipe(fds), 0);
    if (kind == 2)
        fcntl(fds[1], F_SETFL, O_NONBLOCK);
    struct ss_log_queue *q = ss_log_queue_start(fds[1], false);
    for (int i = 0; i < MANY; i++)
        put_number(q, 0, i, i == 0);
    pthread_t reading;
    if (read_on)
        pthread_create(&reading, NULL, reader, &fds[0]);
    uint64_t begin = now_ms();
    ss_log_queue_stop(q);
    assert_true(now_ms() - begin < 3000); /* 0.5 s, on a machine that does other things too */
    struct text *t = NULL, rest;
    size_t dropped = 0;
    close(fds[1]);
    if (read_on) {
        pthread_join(reading, (void **)&t);
        rest = *t;
    } else {
        fcntl(fds[0], F_SETFL, O_NONBLOCK); /* the thread has its writing end still, if it is blocked there */
        rest = read_all(fds[0]);
    }
    size_t count = check_lines(rest, &dropped);
    assert_true(count > 100 && count < MANY);
    if (read_on)
        assert_int_equal(count + dropped, MANY);
    free(rest.ptr);
    free(t);
    close(fds[0]);
}

static void lines_beyond_a_slow_reader_are_counted_and_told(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++)
        fill(kind, true);
}

static void a_reader_that_does_not_read_holds_up_nobody_and_sees_no_half_line(void **state)
{
    (void)state;
    fill(0, false);
    fill(2, false);
}

static void a_reader_that_is_gone_is_no_trouble(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    close(fds[0]);
    struct ss_log_queue *q = ss_log_queue_start(fds[1], true);
    for (int i = 0; i < 20; i++) {
        put_number(q, 0, i, true);
        usleep(1000);
    }
    ss_log_queue_stop(q);
    close(fds[1]);
}

static void what_a_full_file_does_not_take_is_told_when_it_takes_lines_again(void **state)
{
    (void)state;
    char path[] = "/tmp/ss_log_XXXXXX";
    int fd = mkstemp(path);
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){10000, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    struct ss_log_queue *q = ss_log_queue_start(fd, false);
    for (int i = 0; i < 1000; i++)
        put_number(q, 0, i, i % 100 == 0);
    usleep(300000);
    setrlimit(RLIMIT_FSIZE, &before);
    put_number(q, 0, 1000, true);
    ss_log_queue_stop(q);
    lseek(fd, 0, SEEK_SET);
    struct text t = read_all(fd);
    char *torn = t.ptr + 10000, *begin = torn;
    assert_int_equal(*torn, '\n'); /* the one line that the limit cut is ended, and is not among the rest */
    while (begin > t.ptr && begin[-1] != '\n')
        begin--;
    memset(begin, '\n', (size_t)(torn - begin));
    size_t dropped = 0, count = check_lines(t, &dropped);
    assert_true(dropped > 800);
    assert_int_equal(count + dropped, 1001);
    free(t.ptr);
    close(fd);
    unlink(path);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_many_threads_arrive_whole_and_in_order),
        cmocka_unit_test(lines_beyond_a_slow_reader_are_counted_and_told),
        cmocka_unit_test(a_reader_that_does_not_read_holds_up_nobody_and_sees_no_half_line),
        cmocka_unit_test(a_reader_that_is_gone_is_no_trouble),
        cmocka_unit_test(what_a_full_file_does_not_take_is_told_when_it_takes_lines_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
