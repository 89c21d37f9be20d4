/* Opening a listening socket. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/listener.h"
#include "net/sys.h"

/* A socket file that nobody listens on is what a killed process leaves behind. */
static void unlink_dead(const struct ss_address *at)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&at->addr;
    struct stat st;
    if (un->sun_path[0] == '\0' || lstat(un->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)&at->addr, at->len) != 0 && errno == ECONNREFUSED)
        unlink(un->sun_path);
    close(fd);
}

static bool set_mode(const struct ss_address *at, mode_t mode)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&at->addr;
    return at->addr.ss_family != AF_UNIX || un->sun_path[0] == '\0' || chmod(un->sun_path, mode) == 0;
}

static int open_at(const struct ss_address *at, int mode)
{
    int family = at->addr.ss_family, one = 1;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (family == AF_UNIX)
        unlink_dead(at);
    else if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
             setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) != 0)
        goto fail;
    if (family != AF_UNIX)
        ss_sys_limit_unsent(fd); /* accepted sockets inherit it */
    if (bind(fd, (const struct sockaddr *)&at->addr, at->len) != 0)
        goto fail;
    if (mode >= 0 && !set_mode(at, (mode_t)mode)) /* before anybody can connect */
        goto fail;
    if (listen(fd, SOMAXCONN) != 0)
        goto fail;
    return fd;
fail:;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

enum ss_err ss_listen_open_mode(const struct ss_address *at, int mode, struct ss_arena *a,
                                struct ss_slice *why, int *fd)
{
    *fd = open_at(at, mode);
    if (*fd >= 0)
        return SS_OK;
    const char *text = strerrordesc_np(errno);
    struct ss_slice where = ss_address_print(at, a);
    *why = ss_arena_printf(a, "cannot listen on %.*s: %s", SS_FMT(where), text);
    return SS_ERR_CONFIG;
}

enum ss_err ss_listen_open(const struct ss_address *at, struct ss_arena *a, struct ss_slice *why, int *fd)
{
    return ss_listen_open_mode(at, -1, a, why, fd);
}
