#include "server/cpus.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void it_is_at_least_one_and_at_most_the_affinity(void **state)
{
    (void)state;
    cpu_set_t set;
    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    assert_in_range(ss_cpus(), 1, CPU_COUNT(&set));
}

static void it_follows_the_affinity_mask(void **state)
{
    (void)state;
    cpu_set_t before, one;
    size_t cpu = 0;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    while (!CPU_ISSET(cpu, &before))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(ss_cpus(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_at_least_one_and_at_most_the_affinity),
        cmocka_unit_test(it_follows_the_affinity_mask),
    };
    return cmocka_run_group_tests_name("server cpus", tests, NULL, NULL);
}
