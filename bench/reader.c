/* The clients of make bench-streams: CONNECTIONS requests of BODY over HTTP/1.1 at once, each a stream of
 * bench.v1.Token as NDJSON; every token's number is checked, and how old it is when it is read. One thread,
 * epoll.
 *
 *   reader PORT CONNECTIONS TOKENS BODY SECONDS    TOKENS: of each stream; "reading" when all have begun, a
 * JSON line at the end */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024, LINE_MAX_ = 512, EVENTS = 256, SAMPLES = 4 << 20 };

struct conn {
    int fd;
    uint32_t number; /* of its last token */
    size_t len;
    bool done;
    char line[LINE_MAX_];
};

struct totals {
    uint64_t tokens, wrong;
    size_t begun, done, broken;
    uint32_t *age_ns;
    size_t n_ages;
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t number_behind(const char *line, const char *name)
{
    const char *p = strstr(line, name);
    return p ? strtoull(p + strlen(name), NULL, 10) : 0;
}

/* Head, chunk sizes and blank lines begin with anything but a brace. */
static void take_line(struct conn *c, struct totals *t, uint64_t now)
{
    c->line[c->len] = '\0';
    c->len = 0;
    if (c->line[0] != '{')
        return;
    uint64_t number = number_behind(c->line, "\"number\":");
    uint64_t age = now - number_behind(c->line, "\"madeNs\":\"");
    t->begun += c->number == 0;
    t->wrong += number != c->number + 1;
    c->number = (uint32_t)number;
    t->tokens++;
    if (t->n_ages < SAMPLES)
        t->age_ns[t->n_ages++] = age < UINT32_MAX ? (uint32_t)age : UINT32_MAX;
}

static void take(struct conn *c, struct totals *t, const char *p, size_t n, uint64_t now)
{
    while (n) {
        const char *end = memchr(p, '\n', n);
        size_t part = end ? (size_t)(end - p) : n;
        size_t room = LINE_MAX_ - 1 - c->len;
        memcpy(c->line + c->len, p, part < room ? part : room);
        c->len += part < room ? part : room;
        if (end == NULL)
            return;
        take_line(c, t, now);
        p += part + 1;
        n -= part + 1;
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void begin(struct conn *c, uint16_t port, const char *body, int ep)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char request[1024];
    int n = snprintf(request, sizeof request,
                     "POST /tokens HTTP/1.1\r\nHost: bench\r\nContent-Type: "
                     "application/json\r\nContent-Length: %zu\r\n\r\n%s",
                     strlen(body), body);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(c->fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        send(c->fd, request, (size_t)n, MSG_NOSIGNAL) != n) {
        perror("reader");
        exit(1);
    }
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev);
}

static void serve(struct conn *c, struct totals *t, uint32_t tokens)
{
    static char buf[READ_SIZE];
    ssize_t n = recv(c->fd, buf, sizeof buf, 0);
    if (n > 0)
        take(c, t, buf, (size_t)n, now_ns());
    bool over = n == 0 || (n < 0 && errno != EAGAIN);
    if (c->done || (c->number < tokens && !over))
        return;
    c->done = true;
    t->done++;
    t->broken += c->number < tokens;
    close(c->fd);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: reader PORT CONNECTIONS TOKENS BODY SECONDS\n");
        return 2;
    }
    size_t n_conns = strtoul(argv[2], NULL, 10);
    uint32_t tokens = (uint32_t)strtoul(argv[3], NULL, 10);
    struct conn *conns = calloc(n_conns, sizeof *conns);
    struct totals t = {.age_ns = malloc(SAMPLES * sizeof *t.age_ns)};
    struct epoll_event events[EVENTS];
    int ep = epoll_create1(EPOLL_CLOEXEC);
    bool told = false;
    if (conns == NULL || t.age_ns == NULL)
        return 1;
    uint64_t start = now_ns(), until = start + strtoull(argv[5], NULL, 10) * 1000000000;
    for (size_t i = 0; i < n_conns; i++)
        begin(&conns[i], (uint16_t)strtoul(argv[1], NULL, 10), argv[4], ep);
    while (t.done < n_conns && now_ns() < until) {
        int n = epoll_wait(ep, events, EVENTS, 100);
        for (int i = 0; i < n; i++)
            serve(events[i].data.ptr, &t, tokens);
        if (!told && t.begun == n_conns) {
            told = true;
            t.n_ages = 0; /* the beginning is another matter */
            puts("reading");
            fflush(stdout);
        }
    }
    qsort(t.age_ns, t.n_ages, sizeof *t.age_ns, by_size);
    printf("{\"seconds\": %.3f, \"tokens\": %llu, \"wrong\": %llu, \"broken\": %zu",
           (double)(now_ns() - start) / 1e9, (unsigned long long)t.tokens, (unsigned long long)t.wrong,
           t.broken + (n_conns - t.done));
    if (t.n_ages)
        printf(", \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f", t.age_ns[t.n_ages / 2] / 1e3,
               t.age_ns[t.n_ages * 99 / 100] / 1e3, t.age_ns[t.n_ages - 1] / 1e3);
    printf("}\n");
    return 0;
}
