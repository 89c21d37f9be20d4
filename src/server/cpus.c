#include "server/cpus.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

/* quota / period in CPUs, rounded up; 0: no quota. */
static unsigned quota_cpus(long long quota, long long period)
{
    return quota > 0 && period > 0 ? (unsigned)((quota + period - 1) / period) : 0;
}

static unsigned read_cgroup2(void)
{
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
    long long quota = 0, period = 0;
    if (f == NULL)
        return 0;
    if (fscanf(f, "%lld %lld", &quota, &period) != 2)
        quota = 0; /* "max" */
    fclose(f);
    return quota_cpus(quota, period);
}

static long long read_number(const char *path)
{
    FILE *f = fopen(path, "re");
    long long v = 0;
    if (f == NULL)
        return 0;
    if (fscanf(f, "%lld", &v) != 1)
        v = 0;
    fclose(f);
    return v;
}

unsigned ss_cpus(void)
{
    cpu_set_t set;
    unsigned cpus = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        cpus = (unsigned)CPU_COUNT(&set);
    unsigned quota = read_cgroup2();
    if (quota == 0)
        quota = quota_cpus(read_number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
                           read_number("/sys/fs/cgroup/cpu/cpu.cfs_period_us"));
    if (quota && quota < cpus)
        cpus = quota;
    return cpus ? cpus : 1;
}
