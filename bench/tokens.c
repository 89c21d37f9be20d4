/* The service of make bench-streams: bench.v1.Tokens on nghttp2 and epoll, one thread, plaintext. Messages
 * are made when they are due, and only when the peer's windows have room: what it makes is what it is asked
 * to take. Bytes made are counted in a file that the benchmark reads.
 *
 *   tokens PORT COUNTER_FILE      listens on 127.0.0.1, ends on SIGTERM */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
    READ_SIZE = 64 * 1024,
    REQUEST_MAX = 64,
    EVENTS = 64,
    HEAD_MAX = 32,
    LOOK_MIN_NS = 50 * 1000,
    LOOK_MAX_NS = 100 * 1000 * 1000
};

struct conn {
    int fd;
    nghttp2_session *session;
    const uint8_t *out; /* nghttp2's, until it is all sent */
    size_t out_len;
};

struct stream {
    struct conn *conn;
    int32_t id;
    struct stream *next, **link;
    uint8_t request[REQUEST_MAX];
    size_t request_len;
    uint32_t count, interval_us, burst, size, made;
    uint64_t due_ns; /* of the next burst */
    uint32_t left;   /* of this one */
    bool waiting;
    char *message;
    size_t len, sent;
};

static struct stream *streams;
static uint64_t *bytes_made;
static uint8_t read_buf[READ_SIZE];

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static nghttp2_nv nv(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value),
                        NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

static size_t put_varint(char *p, uint64_t v)
{
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        p[n++] = (char)(v | 0x80);
    p[n++] = (char)v;
    return n;
}

/* The next message, behind its gRPC prefix. */
static void make(struct stream *s)
{
    char *p = s->message, *start = p + 5;
    uint64_t now = now_ns();
    p = start;
    *p++ = 1 << 3;
    p += put_varint(p, ++s->made);
    *p++ = 2 << 3 | 1;
    memcpy(p, &now, 8);
    p += 8;
    *p++ = 3 << 3 | 2;
    p += put_varint(p, s->size);
    memset(p, 't', s->size);
    p += s->size;
    uint32_t len = htonl((uint32_t)(p - start));
    s->message[0] = 0;
    memcpy(s->message + 1, &len, 4);
    s->len = (size_t)(p - s->message);
    s->sent = 0;
    s->left--;
    *bytes_made += s->len;
}

static bool due(struct stream *s)
{
    if (s->interval_us == 0)
        s->left = 1;
    uint64_t now = s->left ? 0 : now_ns();
    if (s->left == 0 && now >= s->due_ns) {
        s->left = s->burst;
        s->due_ns += (uint64_t)s->interval_us * 1000;
    }
    return s->left > 0;
}

static ssize_t on_read(nghttp2_session *session, int32_t id, uint8_t *buf, size_t room, uint32_t *flags,
                       nghttp2_data_source *source, void *user)
{
    (void)user;
    struct stream *s = source->ptr;
    size_t n = 0;
    while (n < room) {
        if (s->sent == s->len) {
            if (s->made == s->count || !due(s))
                break;
            make(s);
        }
        size_t part = s->len - s->sent < room - n ? s->len - s->sent : room - n;
        memcpy(buf + n, s->message + s->sent, part);
        s->sent += part;
        n += part;
    }
    if (s->made == s->count && s->sent == s->len) {
        nghttp2_nv trailer = nv("grpc-status", "0");
        *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        nghttp2_submit_trailer(session, id, &trailer, 1);
    } else if (n == 0) {
        s->waiting = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    return (ssize_t)n;
}

static int on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct stream *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    s->conn = user;
    s->id = frame->hd.stream_id;
    s->next = streams;
    s->link = &streams;
    if (streams)
        streams->link = &s->next;
    streams = s;
    return nghttp2_session_set_stream_user_data(session, s->id, s);
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t len,
                   void *user)
{
    (void)flags;
    (void)user;
    struct stream *s = nghttp2_session_get_stream_user_data(session, id);
    if (s == NULL || s->request_len + len > REQUEST_MAX)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    memcpy(s->request + s->request_len, data, len);
    s->request_len += len;
    return 0;
}

static void read_request(struct stream *s)
{
    uint32_t fields[5] = {0};
    for (size_t i = 5; i + 1 < s->request_len;) {
        uint32_t number = s->request[i++] >> 3, v = 0;
        for (int shift = 0; i < s->request_len; shift += 7) {
            v |= (uint32_t)(s->request[i] & 0x7f) << shift;
            if (!(s->request[i++] & 0x80))
                break;
        }
        if (number < 5)
            fields[number] = v;
    }
    s->count = fields[1];
    s->interval_us = fields[2];
    s->burst = fields[3] ? fields[3] : 1;
    s->size = fields[4];
    s->due_ns = now_ns();
    s->message = malloc(HEAD_MAX + s->size);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    (void)user;
    if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        return 0;
    struct stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (s == NULL || s->message)
        return 0;
    read_request(s);
    nghttp2_nv head[] = {nv(":status", "200"), nv("content-type", "application/grpc")};
    nghttp2_data_provider provider = {.source = {.ptr = s}, .read_callback = on_read};
    return nghttp2_submit_response(session, s->id, head, 2, &provider) ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error, void *user)
{
    (void)error;
    (void)user;
    struct stream *s = nghttp2_session_get_stream_user_data(session, id);
    if (s == NULL)
        return 0;
    *s->link = s->next;
    if (s->next)
        s->next->link = s->link;
    free(s->message);
    free(s);
    return 0;
}

static bool flush(struct conn *c)
{
    while (true) {
        if (c->out_len == 0) {
            ssize_t n = nghttp2_session_mem_send(c->session, &c->out);
            if (n < 0)
                return false;
            if (n == 0)
                return nghttp2_session_want_read(c->session) || nghttp2_session_want_write(c->session);
            c->out_len = (size_t)n;
        }
        ssize_t sent = send(c->fd, c->out, c->out_len, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN;
        c->out += sent;
        c->out_len -= (size_t)sent;
    }
}

static bool serve(struct conn *c)
{
    ssize_t n = recv(c->fd, read_buf, sizeof read_buf, 0);
    if (n > 0 && nghttp2_session_mem_recv(c->session, read_buf, (size_t)n) < 0)
        return false;
    if (n == 0 || (n < 0 && errno != EAGAIN))
        return false;
    return flush(c);
}

static void drop(struct conn *c)
{
    nghttp2_session_del(c->session);
    close(c->fd);
    /* The streams of a connection that is not closed by us have gone with its session. */
    for (struct stream *s = streams, *next; s; s = next) {
        next = s->next;
        if (s->conn == c) {
            *s->link = next;
            if (next)
                next->link = s->link;
            free(s->message);
            free(s);
        }
    }
    free(c);
}

static void accept_one(int listener, int ep)
{
    int one = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    struct conn *c = calloc(1, sizeof *c);
    nghttp2_session_callbacks *cb;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->fd = fd;
    nghttp2_session_callbacks_new(&cb);
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
    nghttp2_session_server_new(&c->session, cb, c);
    nghttp2_session_callbacks_del(cb);
    nghttp2_settings_entry settings = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 2000};
    nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, &settings, 1);
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
    if (!flush(c))
        drop(c);
}

/* Wakes the streams whose next burst is due. */
static void wake(void)
{
    struct conn *last = NULL;
    uint64_t now = now_ns();
    for (struct stream *s = streams; s; s = s->next) {
        if (!s->waiting || now < s->due_ns)
            continue;
        s->waiting = false;
        nghttp2_session_resume_data(s->conn->session, s->id);
        if (last && last != s->conn)
            flush(last); /* what fails here fails again when it is read */
        last = s->conn;
    }
    if (last)
        flush(last);
}

/* Nanoseconds until wake is due again: looked up behind it, since what was woken waits for its next burst by
 * then. */
static uint64_t until_due(void)
{
    uint64_t now = now_ns(), next = now + LOOK_MAX_NS;
    for (struct stream *s = streams; s; s = s->next)
        if (s->waiting && s->due_ns < next)
            next = s->due_ns;
    return next > now + LOOK_MIN_NS ? next - now : LOOK_MIN_NS;
}

static int listen_on(const char *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 1024) != 0) {
        perror("tokens");
        exit(1);
    }
    return listener;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: tokens PORT COUNTER_FILE\n");
        return 2;
    }
    int file = open(argv[2], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, sizeof *bytes_made) != 0) {
        perror(argv[2]);
        return 1;
    }
    bytes_made = mmap(NULL, sizeof *bytes_made, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (bytes_made == MAP_FAILED)
        return 1;
    int listener = listen_on(argv[1]), ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev);
    while (true) {
        wake();
        struct timespec look = {.tv_nsec = (long)until_due()};
        int n = epoll_pwait2(ep, events, EVENTS, &look, NULL);
        for (int i = 0; i < n; i++) {
            struct conn *c = events[i].data.ptr;
            if (c == NULL)
                accept_one(listener, ep);
            else if (!serve(c))
                drop(c);
        }
    }
}
