#include "server/server.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/listener.h"
#include "server/cpus.h"
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

/* ---- sockets ---- */

/* SO_REUSEPORT would let a second sidespan share the port in silence: a plain bind finds out whether it is
 * taken. */
static bool port_taken(const struct ss_address *at)
{
    if (at->addr.ss_family == AF_UNIX)
        return false;
    int one = 1, fd = socket(at->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    bool taken = bind(fd, (const struct sockaddr *)&at->addr, at->len) != 0 && errno == EADDRINUSE;
    close(fd);
    return taken;
}

/* One socket per worker: TCP gets its own each, a unix socket is shared. */
static enum ss_err open_sockets(const struct ss_listener_config *l, unsigned n, int *fds,
                                const struct ss_log *log)
{
    struct ss_arena a;
    struct ss_slice why = {0};
    struct ss_address at = l->address;
    ss_arena_init(&a, 0);
    enum ss_err err = SS_OK;
    for (unsigned i = 0; i < n; i++)
        fds[i] = -1;
    if (port_taken(&at)) {
        why = SS_LIT("address already in use");
        err = SS_ERR_CONFIG;
    }
    for (unsigned i = 0; i < n && err == SS_OK; i++) {
        if (i > 0 && at.addr.ss_family == AF_UNIX) {
            fds[i] = dup(fds[0]);
            err = fds[i] < 0 ? SS_ERR_IO : SS_OK;
            continue;
        }
        err = ss_listen_open(&at, &a, &why, &fds[i]);
        if (err == SS_OK && i == 0 &&
            at.addr.ss_family != AF_UNIX) { /* port 0: all share the one it became */
            at.len = sizeof at.addr;
            getsockname(fds[0], (struct sockaddr *)&at.addr, &at.len);
        }
    }
    if (err != SS_OK) {
        ss_log_write(log, SS_LOG_ERROR, "cannot listen on %.*s: %.*s", SS_FMT(l->text), SS_FMT(why));
        for (unsigned i = 0; i < n; i++)
            if (fds[i] >= 0)
                close(fds[i]);
    } else {
        struct ss_slice shown = ss_address_print(&at, &a);
        ss_log_write(log, SS_LOG_INFO, "listening on %.*s%s", SS_FMT(shown), l->tls ? " (TLS)" : "");
    }
    ss_arena_dispose(&a);
    return err;
}

static void close_all(int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
}

/* fds: n_listeners rows of n_workers. */
static enum ss_err open_all(struct server *s, int *fds, int *admin_fd)
{
    const struct ss_server_config *c = s->config;
    *admin_fd = -1;
    for (size_t i = 0; i < c->n_listeners; i++) {
        if (open_sockets(&c->listeners[i], s->n_workers, fds + i * s->n_workers, s->log) != SS_OK) {
            close_all(fds, i * s->n_workers);
            return SS_ERR_CONFIG;
        }
    }
    if (!c->admin_off && open_sockets(&c->admin, 1, admin_fd, s->log) != SS_OK) {
        close_all(fds, c->n_listeners * s->n_workers);
        return SS_ERR_CONFIG;
    }
    return SS_OK;
}

/* ---- workers ---- */

static void on_stopped(void *ctx)
{
    struct server *s = ctx;
    if (atomic_fetch_sub(&s->running, 1) == 1)
        pthread_kill(s->main_thread, SIGUSR1);
}

static void start_workers(struct server *s, struct ss_snapshot *snapshot, const int *fds, int admin_fd)
{
    size_t n_listeners = s->config->n_listeners;
    int *own = ss_xcalloc(n_listeners, sizeof *own);
    atomic_store(&s->running, s->n_workers);
    for (unsigned w = 0; w < s->n_workers; w++) {
        for (size_t i = 0; i < n_listeners; i++)
            own[i] = fds[i * s->n_workers + w];
        struct ss_worker_config config = {.server = s->config,
                                          .snapshot = snapshot,
                                          .log = s->log,
                                          .draining = &s->draining,
                                          .fds = own,
                                          .admin_fd = w == 0 ? admin_fd : -1,
                                          .on_stopped = on_stopped,
                                          .ctx = s};
        s->workers[w] = ss_worker_start(&config);
    }
    ss_free(own);
}

static void drain_workers(struct server *s, uint64_t timeout_ms)
{
    for (unsigned w = 0; w < s->n_workers; w++)
        ss_worker_drain(s->workers[w], timeout_ms);
}

/* ---- signals ---- */

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, set, NULL);
}

/* Waits ms at most; 0: no signal came. */
static int wait_signal(const sigset_t *set, uint64_t ms)
{
    struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    int sig = sigtimedwait(set, NULL, &t);
    return sig > 0 ? sig : 0;
}

static void serve_until_stopped(struct server *s, const sigset_t *set)
{
    bool asked = false;
    while (true) {
        int sig = 0;
        if (sigwait(set, &sig) != 0)
            continue;
        if (sig == SIGUSR1 && atomic_load(&s->running) == 0)
            return;
        if (sig == SIGHUP)
            ss_log_write(s->log, SS_LOG_WARN,
                         "SIGHUP: configuration is read at start only; restart to change it");
        if (sig != SIGTERM && sig != SIGINT)
            continue;
        if (!asked) {
            ss_log_write(s->log, SS_LOG_INFO, "draining");
            atomic_store(&s->draining, true);
            for (unsigned w = 0; w < s->n_workers; w++)
                ss_worker_leave(s->workers[w]);
            if (s->config->drain_delay_ms)
                wait_signal(set, s->config->drain_delay_ms);
        }
        drain_workers(s, s->config->drain_timeout_ms);
        asked = true;
    }
}

enum ss_err ss_server_run(const struct ss_server_config *config, struct ss_snapshot *snapshot,
                          const struct ss_log *log)
{
    struct server s = {.config = config, .log = log, .main_thread = pthread_self()};
    sigset_t signals;
    int admin_fd = -1;
    s.n_workers = config->workers ? config->workers : ss_cpus();
    int *fds = ss_xcalloc(config->n_listeners * s.n_workers, sizeof *fds);
    enum ss_err err = open_all(&s, fds, &admin_fd);
    if (err == SS_OK) {
        block_signals(&signals);
        s.workers = ss_xcalloc(s.n_workers, sizeof(struct ss_worker *));
        start_workers(&s, snapshot, fds, admin_fd);
        serve_until_stopped(&s, &signals);
        for (unsigned w = 0; w < s.n_workers; w++)
            ss_worker_join(s.workers[w]);
        ss_free(s.workers);
        ss_log_write(log, SS_LOG_INFO, "stopped");
    }
    ss_free(fds);
    return err;
}
