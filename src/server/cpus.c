#include "server/cpus.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* quota / period in CPUs, rounded up; 0: no quota. */
static unsigned quota_cpus(long long quota, long long period)
{
    return quota > 0 && period > 0 ? (unsigned)((quota + period - 1) / period) : 0;
}

/* The first line of a file; empty when there is none. */
static void read_line(const char *path, char *line, int size)
{
    FILE *f = fopen(path, "re");
    line[0] = '\0';
    if (f == NULL)
        return;
    if (fgets(line, size, f) == NULL)
        line[0] = '\0';
    fclose(f);
}

static unsigned read_cgroup2(void)
{
    char line[64], *period;
    read_line("/sys/fs/cgroup/cpu.max", line, sizeof line);
    long long quota = strtoll(line, &period, 10); /* 0 of "max" */
    return quota_cpus(quota, strtoll(period, NULL, 10));
}

static long long read_number(const char *path)
{
    char line[64];
    read_line(path, line, sizeof line);
    return strtoll(line, NULL, 10);
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
