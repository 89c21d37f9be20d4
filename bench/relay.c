/* The least that make bench-streams could see: a relay that copies one connection's bytes to another and
 * back, with the same three system calls for each token as any proxy needs: epoll_wait, recv, send.
 *
 *   relay PORT TARGET_PORT      one connection at a time, on 127.0.0.1 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

static struct sockaddr_in address(const char *port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

/* false: one of the two is over. */
static bool copy(int from, int to)
{
    static char buf[READ_SIZE];
    ssize_t n = recv(from, buf, sizeof buf, 0);
    return n > 0 && send(to, buf, (size_t)n, MSG_NOSIGNAL) == n;
}

static void relay(int a, int b)
{
    int ep = epoll_create1(EPOLL_CLOEXEC), one = 1;
    struct epoll_event ev;
    setsockopt(a, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(b, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ev = (struct epoll_event){.events = EPOLLIN, .data.fd = a};
    epoll_ctl(ep, EPOLL_CTL_ADD, a, &ev);
    ev.data.fd = b;
    epoll_ctl(ep, EPOLL_CTL_ADD, b, &ev);
    do
        epoll_wait(ep, &ev, 1, -1);
    while (copy(ev.data.fd, ev.data.fd == a ? b : a));
    close(ep);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: relay PORT TARGET_PORT\n");
        return 2;
    }
    struct sockaddr_in at = address(argv[1]), target = address(argv[2]);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 16) != 0) {
        perror("relay");
        return 1;
    }
    while (true) {
        int a = accept4(listener, NULL, NULL, SOCK_CLOEXEC),
            b = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (a >= 0 && connect(b, (struct sockaddr *)&target, sizeof target) == 0)
            relay(a, b);
        close(a);
        close(b);
    }
}
