#include "net/watch.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "net/loop_impl.h"
#include "net/stream_impl.h"

/* Edge-triggered, so what is left over after one batch is still ready and wakes h2o's loop again. */
static void on_ready(h2o_socket_t *sock, const char *err)
{
    (void)err;
    struct ss_loop *l = sock->data;
    ss_loop_enter(l);
    struct epoll_event events[64];
    int n = epoll_wait(l->watch.epoll, events, 64, 0);
    for (int i = 0; i < n; i++)
        ss_stream_departed(events[i].data.ptr, (events[i].events & (EPOLLERR | EPOLLHUP)) != 0);
}

void ss_watch_init(struct ss_watch *w, struct ss_loop *l)
{
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (w->epoll < 0)
        h2o_fatal("epoll_create1");
    w->sock = h2o_evloop_socket_create(l->ev, w->epoll, H2O_SOCKET_FLAG_DONT_READ);
    w->sock->data = l;
    h2o_socket_read_start(w->sock, on_ready);
}

void ss_watch_dispose(struct ss_watch *w)
{
    h2o_socket_close(w->sock);
    w->sock = NULL;
}

void ss_watch_set(struct ss_watch *w, struct ss_stream *s, int fd, enum ss_watch_for from,
                  enum ss_watch_for to)
{
    if (from == to)
        return;
    struct epoll_event ev = {.events = EPOLLET | (to == SS_WATCH_LEAVE ? EPOLLRDHUP : 0u), .data.ptr = s};
    int op = to == SS_WATCH_NONE ? EPOLL_CTL_DEL : from == SS_WATCH_NONE ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(w->epoll, op, fd, &ev) != 0)
        ss_log_write(s->loop->log, SS_LOG_ERROR, "epoll_ctl: %s", strerror(errno));
}
