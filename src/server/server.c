#include "server/server.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "net/budget.h"
#include "net/loop.h"
#include "server/cpus.h"
#include "server/descriptors.h"
#include "server/signals.h"
#include "server/sockets.h"
#include "server/worker.h"

/* The main thread waits for signals; SIGUSR1 is how the last worker tells it that all have stopped. */
struct server {
    const struct ss_server_config *config;
    const struct ss_log *log;
    struct ss_worker **workers;
    unsigned n_workers;
    atomic_uint running;
    atomic_bool draining;
    pthread_t main_thread;
    struct ss_sockets sockets;
    struct ss_budget budget;
    sigset_t told; /* signals of which the log says that they are ignored */
};

void ss_server_config_init(struct ss_server_config *c)
{
    *c = (struct ss_server_config){.drain_timeout_ms = 30000, .access_log = SS_ACCESS_LOG_AS_LOG};
    ss_arena_init(&c->arena, 0);
    ss_limits_init(&c->limits);
}

void ss_server_config_dispose(struct ss_server_config *c)
{
    for (size_t i = 0; i < c->n_listeners; i++)
        if (c->listeners[i].tls)
            ss_tls_unref(c->listeners[i].tls);
    if (c->admin.tls)
        ss_tls_unref(c->admin.tls);
    ss_arena_dispose(&c->arena);
    *c = (struct ss_server_config){0};
}

/* ---- workers ---- */

static void on_stopped(void *ctx)
{
    struct server *s = ctx;
    if (atomic_fetch_sub(&s->running, 1) == 1)
        pthread_kill(s->main_thread, SIGUSR1);
}

static void start_workers(struct server *s, struct ss_snapshot *snapshot)
{
    size_t n_listeners = s->config->n_listeners;
    int *own = ss_xcalloc(n_listeners, sizeof *own);
    atomic_store(&s->running, s->n_workers);
    for (unsigned w = 0; w < s->n_workers; w++) {
        for (size_t i = 0; i < n_listeners; i++)
            own[i] = s->sockets.fds[i * s->n_workers + w];
        struct ss_worker_config config = {.server = s->config,
                                          .snapshot = snapshot,
                                          .log = s->log,
                                          .draining = &s->draining,
                                          .budget = &s->budget,
                                          .fds = own,
                                          .admin_fd = w == 0 ? s->sockets.admin_fd : -1,
                                          .on_stopped = on_stopped,
                                          .ctx = s};
        s->workers[w] = ss_worker_start(&config);
    }
    ss_free(own);
}

/* ---- signals ---- */

static void begin_to_leave(struct server *s)
{
    ss_log_write(s->log, SS_LOG_INFO, "draining");
    atomic_store(&s->draining, true);
    for (unsigned w = 0; w < s->n_workers; w++)
        ss_worker_leave(s->workers[w]);
}

/* Asked again they do not wait for their calls. */
static void drain_workers(struct server *s)
{
    ss_sockets_remove_files(&s->sockets);
    for (unsigned w = 0; w < s->n_workers; w++)
        ss_worker_drain(s->workers[w], s->config->drain_timeout_ms);
}

/* Once for each signal: nobody fills the log so. */
static void say_ignored(struct server *s, int number)
{
    char name[32];
    if (sigismember(&s->told, number))
        return;
    sigaddset(&s->told, number);
    ss_signal_name(number, name, sizeof name);
    ss_log_write(s->log, SS_LOG_WARN, "%s is ignored: SIGTERM, SIGINT and SIGQUIT end sidespan", name);
}

/*   serving ──end──▶ leaving (drain_delay) ──over, or end──▶ draining ──end──▶ at once */
static void serve_until_stopped(struct server *s, const sigset_t *set)
{
    enum { SERVING, LEAVING, DRAINING } state = SERVING;
    uint64_t delay_ms = s->config->drain_delay_ms, leave_at = 0;
    while (true) {
        int number = 0;
        uint64_t now = ss_clock_ns() / 1000000, end = leave_at + delay_ms;
        uint64_t wait = state != LEAVING ? UINT64_MAX : end > now ? end - now : 0;
        enum ss_signal signal = ss_signals_wait(set, wait, &number);
        if (signal == SS_SIGNAL_WAKE && atomic_load(&s->running) == 0)
            return;
        if (signal == SS_SIGNAL_RELOAD)
            ss_log_write(s->log, SS_LOG_WARN,
                         "SIGHUP: configuration is read at start only; restart to change it");
        if (signal == SS_SIGNAL_WAKE || signal == SS_SIGNAL_OTHER)
            say_ignored(s, number);
        if (signal != SS_SIGNAL_END && signal != SS_SIGNAL_NONE)
            continue;
        if (state == SERVING)
            begin_to_leave(s);
        if (state == SERVING && delay_ms) {
            state = LEAVING;
            leave_at = ss_clock_ns() / 1000000;
        } else {
            state = DRAINING;
            drain_workers(s);
        }
    }
}

enum ss_err ss_server_run(const struct ss_server_config *config, struct ss_snapshot *snapshot,
                          const struct ss_log *log)
{
    struct server s = {.config = config, .log = log, .main_thread = pthread_self()};
    sigset_t signals;
    s.n_workers = config->workers ? config->workers : ss_cpus();
    sigemptyset(&s.told);
    ss_signals_block(&signals);
    ss_descriptors_raise();
    enum ss_err err = ss_sockets_open(&s.sockets, config, s.n_workers, log);
    if (err != SS_OK)
        return err;
    s.budget.max = ss_descriptors_for_clients(s.n_workers, snapshot->n_clusters);
    s.workers = ss_xcalloc(s.n_workers, sizeof(struct ss_worker *));
    start_workers(&s, snapshot);
    serve_until_stopped(&s, &signals);
    for (unsigned w = 0; w < s.n_workers; w++)
        ss_worker_join(s.workers[w]);
    ss_free(s.workers);
    ss_sockets_dispose(&s.sockets);
    ss_log_write(log, SS_LOG_INFO, "stopped");
    return SS_OK;
}
