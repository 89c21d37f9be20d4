/* Descriptors: how many there are, and how many of them clients may take. */
#ifndef SS_SERVER_DESCRIPTORS_H
#define SS_SERVER_DESCRIPTORS_H

#include <stddef.h>

/* Raises the soft limit to the hard one. */
void ss_descriptors_raise(void);
/* How many more descriptors connections of clients may take: what is free now, less what n_workers need for
 * themselves and for n_upstreams, and the process for names and the admin listener. At least one, and at
 * least half of what is free: with a limit as low as that everybody gets little. */
unsigned ss_descriptors_for_clients(unsigned n_workers, size_t n_upstreams);

#endif
