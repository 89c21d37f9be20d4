/* How many CPUs this process may use. */
#ifndef SS_SERVER_CPUS_H
#define SS_SERVER_CPUS_H

/* The CPU quota of the cgroup (v2, or v1) rounded up, at most the CPUs of the affinity mask; at least 1. */
unsigned ss_cpus(void);

#endif
