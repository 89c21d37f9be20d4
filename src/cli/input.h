/* Bytes of a descriptor that may block (a terminal, a pipe, a file: none that an event loop can wait for in
 * general), given to a loop as they come. A thread reads; one block at a time is on its way, so whoever is
 * slow to ask for the next one slows the reading down. */
#ifndef SS_CLI_INPUT_H
#define SS_CLI_INPUT_H

#include "base/slice.h"
#include "net/loop.h"

struct ss_input;

/* On the loop's thread. Empty bytes: the end, or an error (failed); nothing comes behind it. The next block
 * comes after ss_input_next only, and until then bytes stay valid. */
typedef void ss_input_fn(void *ctx, struct ss_slice bytes, bool failed);

/* fd is borrowed. NULL when a thread cannot be had. */
struct ss_input *ss_input_start(struct ss_loop *l, int fd, ss_input_fn *fn, void *ctx);
void ss_input_next(struct ss_input *in);
/* Ends the thread, also one that waits for a terminal. To be called when the loop does not run any more. NULL
 * is harmless. */
void ss_input_stop(struct ss_input *in);

#endif
