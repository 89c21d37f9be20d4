/* A fast HTTP/2 service for the benchmarks: answers each request with the request's body. A gRPC request gets
 * gRPC's content type and trailers, any other plain HTTP: the same service stands behind sidespan and behind
 * proxies that only carry. One thread, epoll, nghttp2; plaintext, or TLS with ALPN h2.
 *
 *   echo PORT [CERTIFICATE KEY]      listens on 127.0.0.1, ends on SIGTERM */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024, OUT_SIZE = 1 << 20, BODY_MAX = 64 * 1024, EVENTS = 64 };

struct body {
    size_t len, sent;
    bool grpc;
    char bytes[];
};

struct conn {
    int fd;
    SSL *ssl;
    nghttp2_session *session;
    char *out;
    size_t out_len;
};

static char read_buf[READ_SIZE];

static nghttp2_nv nv(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value),
                        NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

static ssize_t on_send(nghttp2_session *s, const uint8_t *data, size_t len, int flags, void *user)
{
    struct conn *c = user;
    (void)s;
    (void)flags;
    if (c->out_len + len > OUT_SIZE)
        return NGHTTP2_ERR_WOULDBLOCK;
    memcpy(c->out + c->out_len, data, len);
    c->out_len += len;
    return (ssize_t)len;
}

static int on_begin(nghttp2_session *s, const nghttp2_frame *frame, void *user)
{
    (void)user;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct body *b = malloc(sizeof *b + BODY_MAX);
    if (b == NULL)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    b->len = b->sent = 0;
    b->grpc = false;
    return nghttp2_session_set_stream_user_data(s, frame->hd.stream_id, b);
}

static int on_header(nghttp2_session *s, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                     const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
    (void)flags;
    (void)user;
    struct body *b = nghttp2_session_get_stream_user_data(s, frame->hd.stream_id);
    if (b && name_len == 12 && memcmp(name, "content-type", 12) == 0)
        b->grpc = value_len >= 16 && memcmp(value, "application/grpc", 16) == 0;
    return 0;
}

static int on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *user)
{
    (void)flags;
    (void)user;
    struct body *b = nghttp2_session_get_stream_user_data(s, id);
    if (b == NULL || b->len + len > BODY_MAX)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    memcpy(b->bytes + b->len, data, len);
    b->len += len;
    return 0;
}

static ssize_t on_read(nghttp2_session *s, int32_t id, uint8_t *buf, size_t room, uint32_t *flags,
                       nghttp2_data_source *source, void *user)
{
    (void)user;
    struct body *b = source->ptr;
    size_t n = b->len - b->sent < room ? b->len - b->sent : room;
    memcpy(buf, b->bytes + b->sent, n);
    b->sent += n;
    if (b->sent < b->len)
        return (ssize_t)n;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (b->grpc) {
        nghttp2_nv trailer = nv("grpc-status", "0");
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        nghttp2_submit_trailer(s, id, &trailer, 1);
    }
    return (ssize_t)n;
}

static int on_frame(nghttp2_session *s, const nghttp2_frame *frame, void *user)
{
    (void)user;
    if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) ||
        (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS))
        return 0;
    struct body *b = nghttp2_session_get_stream_user_data(s, frame->hd.stream_id);
    if (b == NULL)
        return 0;
    nghttp2_nv head[] = {nv(":status", "200"),
                         nv("content-type", b->grpc ? "application/grpc" : "application/json")};
    nghttp2_data_provider provider = {.source = {.ptr = b}, .read_callback = on_read};
    return nghttp2_submit_response(s, frame->hd.stream_id, head, 2, &provider) ? NGHTTP2_ERR_CALLBACK_FAILURE
                                                                               : 0;
}

static int on_close(nghttp2_session *s, int32_t id, uint32_t error, void *user)
{
    (void)error;
    (void)user;
    free(nghttp2_session_get_stream_user_data(s, id));
    return 0;
}

static nghttp2_session *new_session(struct conn *c)
{
    nghttp2_session *s = NULL;
    nghttp2_session_callbacks *cb;
    nghttp2_session_callbacks_new(&cb);
    nghttp2_session_callbacks_set_send_callback(cb, on_send);
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin);
    nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
    nghttp2_session_server_new(&s, cb, c);
    nghttp2_session_callbacks_del(cb);
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000},
                                         {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20}};
    nghttp2_submit_settings(s, NGHTTP2_FLAG_NONE, settings, 2);
    nghttp2_session_set_local_window_size(s, NGHTTP2_FLAG_NONE, 0, 16 << 20);
    return s;
}

static void drop(struct conn *c)
{
    nghttp2_session_del(c->session);
    if (c->ssl)
        SSL_free(c->ssl);
    close(c->fd);
    free(c->out);
    free(c);
}

/* Level-triggered reading only: a blocked write is finished at once by polling the descriptor, which loopback
 * allows. */
static bool flush(struct conn *c)
{
    size_t off = 0;
    if (nghttp2_session_send(c->session) != 0)
        return false;
    while (off < c->out_len) {
        size_t n = c->out_len - off;
        ssize_t sent =
            c->ssl ? SSL_write(c->ssl, c->out + off, (int)n) : send(c->fd, c->out + off, n, MSG_NOSIGNAL);
        if (sent > 0) {
            off += (size_t)sent;
            continue;
        }
        if (c->ssl ? SSL_get_error(c->ssl, (int)sent) != SSL_ERROR_WANT_WRITE : errno != EAGAIN)
            return false;
        usleep(50);
    }
    c->out_len = 0;
    return nghttp2_session_want_read(c->session) || nghttp2_session_want_write(c->session);
}

static bool serve(struct conn *c)
{
    ssize_t n;
    do {
        n = c->ssl ? SSL_read(c->ssl, read_buf, sizeof read_buf) : recv(c->fd, read_buf, sizeof read_buf, 0);
        if (n > 0 && nghttp2_session_mem_recv(c->session, (const uint8_t *)read_buf, (size_t)n) < 0)
            return false;
    } while (n > 0 && c->ssl && SSL_pending(c->ssl));
    if (n <= 0) {
        bool again = c->ssl ? SSL_get_error(c->ssl, (int)n) == SSL_ERROR_WANT_READ : n < 0 && errno == EAGAIN;
        if (!again)
            return false;
    }
    return flush(c);
}

static int select_h2(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                     unsigned in_len, void *arg)
{
    (void)ssl;
    (void)arg;
    unsigned char *chosen = NULL;
    if (nghttp2_select_next_protocol(&chosen, out_len, in, in_len) != 1)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static void accept_one(int listener, int ep, SSL_CTX *tls)
{
    int one = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct conn *c = calloc(1, sizeof *c);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->fd = fd;
    c->out = malloc(OUT_SIZE);
    if (tls) {
        c->ssl = SSL_new(tls);
        SSL_set_fd(c->ssl, fd);
        if (SSL_accept(c->ssl) != 1) {
            SSL_free(c->ssl);
            close(fd);
            free(c->out);
            free(c);
            return;
        }
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    c->session = new_session(c);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
    if (!flush(c))
        drop(c);
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: echo PORT [CERTIFICATE KEY]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    SSL_CTX *tls = NULL;
    if (argc == 4) {
        tls = SSL_CTX_new(TLS_server_method());
        if (SSL_CTX_use_certificate_chain_file(tls, argv[2]) != 1 ||
            SSL_CTX_use_PrivateKey_file(tls, argv[3], SSL_FILETYPE_PEM) != 1) {
            ERR_print_errors_fp(stderr);
            return 1;
        }
        SSL_CTX_set_alpn_select_cb(tls, select_h2, NULL);
    }
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ep = epoll_create1(EPOLL_CLOEXEC);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 1024) != 0) {
        perror("echo");
        return 1;
    }
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev);
    while (true) {
        int n = epoll_wait(ep, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            struct conn *c = events[i].data.ptr;
            if (c == NULL)
                accept_one(listener, ep, tls);
            else if (!serve(c))
                drop(c);
        }
    }
}
