/* System calls of sockets. send and recv come without glibc's wrappers: those are cancellation points, which
 * costs a process with threads two atomic operations a call, 2 % of a small request's CPU. No thread of
 * sidespan is ever cancelled. */
#ifndef SS_NET_SYS_H
#define SS_NET_SYS_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As send(fd, p, n, MSG_NOSIGNAL). */
static inline ssize_t ss_sys_send(int fd, const void *p, size_t n)
{
    return syscall(SYS_sendto, fd, p, n, MSG_NOSIGNAL, NULL, 0);
}

/* As recv(fd, p, n, 0). */
static inline ssize_t ss_sys_recv(int fd, void *p, size_t n)
{
    return syscall(SYS_recvfrom, fd, p, n, 0, NULL, NULL);
}

/* How much of what a peer does not take may wait in the kernel beyond what is on its way: without it
 * megabytes for each slow reader, which count as this process's memory in a container, and stand before
 * whatever else is to be said on the connection. */
static inline void ss_sys_limit_unsent(int fd)
{
    int bytes = 128 * 1024;
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes));
}

#endif
