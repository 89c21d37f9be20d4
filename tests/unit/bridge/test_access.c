/* What the access log says of a call's times (reported 10). */
#include <sys/mman.h>

#include "bridge/support.h"

enum { WORK_MS = 60 };

/* Stands for an answer that takes long to make: in the turn that it came in, which reads its clock once. */
static void slow_head(struct ss_client *c, int status, const struct ss_header *headers, size_t n,
                      int64_t content_length)
{
    usleep(WORK_MS * 1000);
    fake_head(c, status, headers, n, content_length);
}

static double number_after(const char *line, const char *name)
{
    const char *p = strstr(line, name);
    assert_non_null(p);
    return strtod(p + strlen(name), NULL);
}

static void times_are_the_clocks_and_not_the_turns(void **state)
{
    struct world *w = world_new(*state);
    struct ss_client_ops ops = fake_ops;
    struct ss_log log = {.fd = memfd_create("log", 0), .level = SS_LOG_INFO};
    struct fake f;
    char line[2000] = "";
    ss_access_init(&w->bridge, SS_ACCESS_LOG_JSON, &log);
    ops.head = slow_head;
    w->server.on_message = reply_abc;
    uint64_t begin = ss_loop_now_ns(w->loop); /* the turn's */
    ask(w, &f, "GET", "/v1/a", NULL, 0);
    f.c.ops = &ops;
    assert_true(answered(w, &f));
    double whole = (double)(ss_clock_ns() - begin) / 1e6;
    assert_true(pread(log.fd, line, sizeof line - 1, 0) > 0);
    double total = number_after(line, "\"total_ms\":"), upstream = number_after(line, "\"upstream_ms\":");
    assert_true(total >= WORK_MS && total <= whole);
    assert_true(upstream > 0 && upstream + WORK_MS <= total);
    close(log.fd);
    forget(&f);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {LOOP_TEST(times_are_the_clocks_and_not_the_turns)};
    return cmocka_run_group_tests_name("bridge access", tests, NULL, NULL);
}
