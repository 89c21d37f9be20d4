/* What the C clients of the benchmarks share. */
#ifndef SIDESPAN_BENCH_CLIENT_H
#define SIDESPAN_BENCH_CLIENT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static inline uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* A non-blocking connection to a port of 127.0.0.1; ends the process when there is none. */
static inline int connect_to(const char *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        perror(port);
        exit(1);
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* The bytes of a text of hexadecimal digits; returns how many. */
static inline size_t from_hex(const char *hex, uint8_t *to, size_t room)
{
    size_t n = 0;
    for (; n < room && hex[2 * n] && hex[2 * n + 1]; n++) {
        char two[3] = {hex[2 * n], hex[2 * n + 1], '\0'};
        to[n] = (uint8_t)strtoul(two, NULL, 16);
    }
    return n;
}

/* ---- ages ---- */

struct ages {
    uint32_t *ns;
    size_t n, room;
};

static inline void add_age(struct ages *a, uint64_t ns)
{
    if (a->n == a->room) {
        a->room = a->room ? 2 * a->room : 1 << 16;
        a->ns = realloc(a->ns, a->room * sizeof *a->ns);
        if (a->ns == NULL)
            exit(1);
    }
    a->ns[a->n++] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

static inline int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* As members of a JSON object, behind others. */
static inline void print_ages(struct ages *a)
{
    if (a->n == 0)
        return;
    qsort(a->ns, a->n, sizeof *a->ns, by_size);
    printf(", \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f", a->ns[a->n / 2] / 1e3,
           a->ns[a->n * 99 / 100] / 1e3, a->ns[a->n - 1] / 1e3);
}

/* ---- HTTP/2 ---- */

static inline nghttp2_nv nv(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value),
                        NGHTTP2_NV_FLAG_NONE};
}

/* The body of a request; source.ptr of its provider. */
struct bytes {
    const uint8_t *p;
    size_t n;
};

static inline ssize_t read_bytes(nghttp2_session *session, int32_t id, uint8_t *buf, size_t room,
                                 uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct bytes *b = source->ptr;
    size_t n = b->n < room ? b->n : room;
    (void)session;
    (void)id;
    (void)user;
    memcpy(buf, b->p, n);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

/* A POST whose whole body is b, which must outlive its sending. */
static inline int32_t post(nghttp2_session *session, const char *path, const char *type, struct bytes *b,
                           void *stream)
{
    nghttp2_nv head[] = {nv(":method", "POST"),         nv(":scheme", "http"), nv(":path", path),
                         nv(":authority", "localhost"), nv("te", "trailers"),  nv("content-type", type)};
    nghttp2_data_provider provider = {.source = {.ptr = b}, .read_callback = read_bytes};
    return nghttp2_submit_request(session, NULL, head, sizeof head / sizeof head[0], &provider, stream);
}

static inline ssize_t send_to(nghttp2_session *session, const uint8_t *p, size_t n, int flags, void *user)
{
    ssize_t sent = send(*(int *)user, p, n, MSG_NOSIGNAL);
    (void)session;
    (void)flags;
    return sent < 0 ? NGHTTP2_ERR_WOULDBLOCK : sent;
}

#endif
