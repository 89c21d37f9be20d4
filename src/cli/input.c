/*             ┌────────── next ──────────┐
 *             ▼                          │
 *   thread: poll ─▶ read ─▶ post ─▶ wait for go        stop: written to the pipe that poll watches too
 *                             │
 *   loop:                 deliver(fn)
 */
#include "cli/input.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "base/mem.h"

struct ss_input {
    struct ss_loop *loop;
    ss_input_fn *fn;
    void *ctx;
    int fd;
    int control[2]; /* a byte 'n' asks for the next block, closing the end that writes stops the thread */
    pthread_t thread;
    ssize_t n; /* of the block; 0 at the end, -1 on an error */
    char block[65536];
};

static void deliver(void *arg)
{
    struct ss_input *in = arg;
    in->fn(in->ctx, ss_slice_of(in->block, in->n > 0 ? (size_t)in->n : 0), in->n < 0);
}

/* False: stopped. */
static bool wait_for_bytes(const struct ss_input *in)
{
    struct pollfd fds[] = {{.fd = in->fd, .events = POLLIN}, {.fd = in->control[0], .events = POLLIN}};
    while (poll(fds, 2, -1) < 0)
        if (errno != EINTR)
            return true; /* read will say what is wrong */
    return fds[1].revents == 0;
}

/* False: stopped. */
static bool wait_for_next(const struct ss_input *in)
{
    char c;
    ssize_t n;
    do
        n = read(in->control[0], &c, 1);
    while (n < 0 && errno == EINTR);
    return n == 1;
}

static void *run(void *arg)
{
    struct ss_input *in = arg;
    while (wait_for_bytes(in)) {
        do
            in->n = read(in->fd, in->block, sizeof in->block);
        while (in->n < 0 && errno == EINTR);
        bool over = in->n <= 0;
        ss_loop_post(in->loop, deliver, in);
        if (over || !wait_for_next(in))
            break;
    }
    return NULL;
}

struct ss_input *ss_input_start(struct ss_loop *l, int fd, ss_input_fn *fn, void *ctx)
{
    struct ss_input *in = ss_xcalloc(1, sizeof *in);
    *in = (struct ss_input){.loop = l, .fn = fn, .ctx = ctx, .fd = fd};
    if (pipe(in->control) == 0) {
        if (pthread_create(&in->thread, NULL, run, in) == 0)
            return in;
        close(in->control[0]);
        close(in->control[1]);
    }
    ss_free(in);
    return NULL;
}

void ss_input_next(struct ss_input *in)
{
    while (write(in->control[1], "n", 1) < 0 && errno == EINTR) {
    }
}

void ss_input_stop(struct ss_input *in)
{
    if (in == NULL)
        return;
    close(in->control[1]);
    pthread_join(in->thread, NULL);
    close(in->control[0]);
    ss_free(in);
}
