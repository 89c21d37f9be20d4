#include "server/descriptors.h"

#include <dirent.h>
#include <limits.h>
#include <sys/resource.h>

enum {
    PER_WORKER = 8,    /* its loop */
    PER_UPSTREAM = 4,  /* of a worker: connections, and one in the making */
    FOR_PROCESS = 48,  /* names being resolved, the admin listener's connections, files being read */
    OPEN_AT_LEAST = 16 /* where /proc does not say how many are open */
};

void ss_descriptors_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit); /* if it fails there are as many as there were */
}

static size_t count_open(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t n = 0;
    if (dir == NULL)
        return OPEN_AT_LEAST;
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n; /* "." and "..", and dir itself: close enough */
}

unsigned ss_descriptors_for_clients(unsigned n_workers, size_t n_upstreams)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return UINT_MAX;
    size_t open = count_open(), kept = n_workers * (PER_WORKER + PER_UPSTREAM * n_upstreams) + FOR_PROCESS;
    size_t left = limit.rlim_cur > open ? (size_t)limit.rlim_cur - open : 1;
    size_t clients = left > 2 * kept ? left - kept : left - left / 2;
    return clients < UINT_MAX ? (unsigned)clients : UINT_MAX;
}
