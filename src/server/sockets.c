#include "server/sockets.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/listener.h"

struct ss_socket_file {
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    dev_t device;
    ino_t number;
};

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

/* One socket per worker: TCP gets its own each, a unix socket is shared. The error is in why; what was opened
 * before it is in fds. */
static enum ss_err open_each(const struct ss_listener_config *l, struct ss_address *at, unsigned n, int *fds,
                             struct ss_arena *a, struct ss_slice *why)
{
    bool is_unix = at->addr.ss_family == AF_UNIX;
    if (port_taken(at)) {
        struct ss_slice where = ss_address_print(at, a);
        *why = ss_arena_printf(a, "cannot listen on %.*s: %s", SS_FMT(where), strerrordesc_np(EADDRINUSE));
        return SS_ERR_CONFIG;
    }
    for (unsigned i = 0; i < n; i++) {
        enum ss_err err = SS_OK;
        if (i > 0 && is_unix)
            fds[i] = dup(fds[0]);
        else
            err = ss_listen_open_mode(at, l->mode, a, why, &fds[i]);
        if (err != SS_OK || fds[i] < 0) {
            if (err == SS_OK)
                *why = ss_slice_str(strerrordesc_np(errno)); /* of dup */
            return SS_ERR_CONFIG;
        }
        if (i == 0 && !is_unix) { /* port 0: all share the one it became */
            at->len = sizeof at->addr;
            getsockname(fds[0], (struct sockaddr *)&at->addr, &at->len);
        }
    }
    return SS_OK;
}

static void remember_file(struct ss_sockets *s, const struct ss_address *at)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&at->addr;
    struct stat st;
    if (at->addr.ss_family != AF_UNIX || un->sun_path[0] == '\0' || lstat(un->sun_path, &st) != 0)
        return;
    struct ss_socket_file *f = &s->files[s->n_files++];
    memcpy(f->path, un->sun_path, sizeof f->path);
    f->device = st.st_dev;
    f->number = st.st_ino;
}

static enum ss_err open_sockets(struct ss_sockets *s, const struct ss_listener_config *l, unsigned n,
                                int *fds, const struct ss_log *log)
{
    struct ss_arena a;
    struct ss_slice why = {0};
    struct ss_address at = l->address;
    ss_arena_init(&a, 0);
    enum ss_err err = open_each(l, &at, n, fds, &a, &why);
    if (err != SS_OK) {
        ss_log_write(log, SS_LOG_ERROR, "%.*s", SS_FMT(why));
    } else {
        struct ss_slice shown = ss_address_print(&at, &a);
        ss_log_write(log, SS_LOG_INFO, "listening on %.*s%s", SS_FMT(shown), l->tls ? " (TLS)" : "");
        remember_file(s, &at);
    }
    ss_arena_dispose(&a);
    return err;
}

static void close_all(struct ss_sockets *s, size_t n)
{
    ss_sockets_remove_files(s);
    for (size_t i = 0; i < n; i++)
        if (s->fds[i] >= 0)
            close(s->fds[i]);
    ss_sockets_dispose(s);
}

enum ss_err ss_sockets_open(struct ss_sockets *s, const struct ss_server_config *c, unsigned n_workers,
                            const struct ss_log *log)
{
    size_t n = c->n_listeners * n_workers;
    *s = (struct ss_sockets){.admin_fd = -1};
    s->fds = ss_xcalloc(n + 1, sizeof *s->fds);
    s->files = ss_xcalloc(c->n_listeners + 1, sizeof *s->files);
    for (size_t i = 0; i < n; i++)
        s->fds[i] = -1;
    enum ss_err err = SS_OK;
    for (size_t i = 0; i < c->n_listeners && err == SS_OK; i++)
        err = open_sockets(s, &c->listeners[i], n_workers, s->fds + i * n_workers, log);
    if (err == SS_OK && !c->admin_off)
        err = open_sockets(s, &c->admin, 1, &s->admin_fd, log);
    if (err != SS_OK)
        close_all(s, n);
    return err;
}

void ss_sockets_remove_files(struct ss_sockets *s)
{
    while (s->n_files > 0) {
        const struct ss_socket_file *f = &s->files[--s->n_files];
        struct stat st;
        if (lstat(f->path, &st) == 0 && st.st_dev == f->device && st.st_ino == f->number)
            unlink(f->path);
    }
}

void ss_sockets_dispose(struct ss_sockets *s)
{
    ss_free(s->fds);
    ss_free(s->files);
    *s = (struct ss_sockets){.admin_fd = -1};
}
