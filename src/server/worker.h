/* One worker thread: a loop, the listeners and connections on it, a bridge to the upstreams.
 *
 *   serving ──drain──▶ draining (no listeners; calls finish) ──nothing left, or time is up──▶ stopped */
#ifndef SS_SERVER_WORKER_H
#define SS_SERVER_WORKER_H

#include <stdatomic.h>

#include "server/server.h"

struct ss_worker;

struct ss_worker_config {
    const struct ss_server_config *server; /* borrowed */
    struct ss_snapshot *snapshot;          /* referenced */
    const struct ss_log *log;              /* borrowed */
    const atomic_bool *draining;           /* borrowed: for /readyz */
    const int *fds;                        /* one listening socket per listener; ownership is taken */
    struct ss_budget *budget;              /* borrowed: of all clients' connections. NULL: no limit */
    int admin_fd;                          /* -1: not on this worker; ownership is taken */
    void (*on_stopped)(void *ctx);         /* from the worker's thread, its last act */
    void *ctx;
};

/* Starts the thread. Never NULL. */
struct ss_worker *ss_worker_start(const struct ss_worker_config *config);
/* From any thread: connections end with their next answer, where HTTP/1.1 says so. */
void ss_worker_leave(struct ss_worker *w);
/* From any thread: stop accepting, finish calls, at most for timeout_ms; then the worker stops. */
void ss_worker_drain(struct ss_worker *w, uint64_t timeout_ms);
/* Waits for the thread's end and frees the worker. */
void ss_worker_join(struct ss_worker *w);

#endif
