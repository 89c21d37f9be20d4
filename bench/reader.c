/* The clients of make bench-streams: STREAMS streams of bench.v1.Token at once; every token's number is
 * checked, and how old it is when it is read. One thread, epoll.
 *
 *   reader KIND PORT STREAMS TOKENS BODY SECONDS    TOKENS: of each stream; "reading" when all have begun, a
 * JSON line at the end
 *
 *   json      HTTP/1.1, a connection a stream, BODY is JSON, the tokens come as NDJSON
 *   carried   HTTP/1.1, a connection a stream, BODY is a gRPC message in hexadecimal, and gRPC frames come:
 * what a proxy carries that does not transcode grpc      HTTP/2, one connection: a plain gRPC client */
#include "client.h"

#include <errno.h>

enum { READ_SIZE = 256 * 1024, TOKEN_MAX = 512, EVENTS = 256, PREFIX = 5, BODY_MAX = 128 };

struct reader;

/* One stream of tokens. Over HTTP/1.1 it is a connection. */
struct stream {
    int fd;
    uint32_t number; /* of its last token */
    bool done, head_read, in_size;
    size_t chunk;         /* bytes left of this one */
    size_t len;           /* of part */
    char part[TOKEN_MAX]; /* of a line, or of a gRPC frame */
    void (*take)(struct reader *r, struct stream *s, const char *p, size_t n, uint64_t now);
};

struct reader {
    int fd; /* of HTTP/2; first */
    nghttp2_session *session;
    struct stream *streams;
    size_t n_streams;
    uint32_t tokens; /* of each */
    uint64_t seen, wrong, first_done_ns;
    size_t begun, done, broken;
    struct ages ages;
};

static void take_token(struct reader *r, struct stream *s, uint64_t number, uint64_t made_ns, uint64_t now)
{
    r->begun += s->number == 0;
    r->wrong += number != s->number + 1;
    s->number = (uint32_t)number;
    r->seen++;
    add_age(&r->ages, now - made_ns);
}

static void end_stream(struct reader *r, struct stream *s)
{
    if (s->done)
        return;
    s->done = true;
    r->done++;
    r->broken += s->number < r->tokens;
}

/* ---- tokens as JSON lines ---- */

static uint64_t number_behind(const char *line, const char *name)
{
    const char *p = strstr(line, name);
    return p ? strtoull(p + strlen(name), NULL, 10) : 0;
}

/* Head, chunk sizes and blank lines begin with anything but a brace. */
static void take_lines(struct reader *r, struct stream *s, const char *p, size_t n, uint64_t now)
{
    while (n) {
        const char *end = memchr(p, '\n', n);
        size_t part = end ? (size_t)(end - p) : n, room = TOKEN_MAX - 1 - s->len;
        memcpy(s->part + s->len, p, part < room ? part : room);
        s->len += part < room ? part : room;
        if (end == NULL)
            return;
        s->part[s->len] = '\0';
        s->len = 0;
        if (s->part[0] == '{')
            take_token(r, s, number_behind(s->part, "\"number\":"), number_behind(s->part, "\"madeNs\":\""),
                       now);
        p += part + 1;
        n -= part + 1;
    }
}

/* ---- tokens as gRPC frames ---- */

/* A whole frame: number is field 1, a varint, and made_ns field 2, eight bytes; tokens.c writes them in this
 * order. */
static void take_frame(struct reader *r, struct stream *s, uint64_t now)
{
    const char *p = s->part + PREFIX + 1;
    uint64_t number = 0, made = 0;
    for (int shift = 0;; shift += 7) {
        number |= (uint64_t)(*p & 0x7f) << shift;
        if (!(*p++ & 0x80))
            break;
    }
    memcpy(&made, p + 1, sizeof made);
    take_token(r, s, number, made, now);
}

static void take_frames(struct reader *r, struct stream *s, const char *p, size_t n, uint64_t now)
{
    while (n) {
        size_t want = PREFIX;
        if (s->len >= PREFIX) {
            uint32_t len;
            memcpy(&len, s->part + 1, sizeof len);
            want += ntohl(len);
        }
        if (want > TOKEN_MAX) {
            r->wrong++;
            return;
        }
        size_t part = want - s->len < n ? want - s->len : n;
        memcpy(s->part + s->len, p, part);
        s->len += part;
        p += part;
        n -= part;
        if (s->len == want && want > PREFIX) {
            take_frame(r, s, now);
            s->len = 0;
        }
    }
}

/* Frames in the chunks of HTTP/1.1. */
static void take_chunks(struct reader *r, struct stream *s, const char *p, size_t n, uint64_t now)
{
    while (n) {
        if (s->chunk && !s->in_size) {
            size_t part = s->chunk < n ? s->chunk : n;
            take_frames(r, s, p, part, now);
            s->chunk -= part;
            p += part;
            n -= part;
            continue;
        }
        char c = *p++;
        n--;
        if (!s->head_read) { /* ends with a blank line: CR LF CR LF */
            static const char end[] = "\r\n\r\n";
            s->len = c == end[s->len] ? s->len + 1 : c == '\r';
            if (s->len == 4) {
                s->head_read = true;
                s->len = 0;
            }
        } else if (c == '\n') {
            s->in_size = false;
        } else if (c != '\r') {
            s->in_size = true;
            s->chunk = 16 * s->chunk + (size_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }
    }
}

/* ---- over HTTP/1.1 ---- */

static void begin_http1(struct stream *s, const char *port, const char *path, const char *type,
                        const void *body, size_t n)
{
    char request[1024];
    int head = snprintf(request, sizeof request,
                        "POST %s HTTP/1.1\r\nHost: localhost\r\nTE: trailers\r\nContent-Type: "
                        "%s\r\nContent-Length: %zu\r\n\r\n",
                        path, type, n);
    memcpy(request + head, body, n);
    s->fd = connect_to(port);
    if (send(s->fd, request, (size_t)head + n, MSG_NOSIGNAL) != head + (ssize_t)n) {
        perror("reader");
        exit(1);
    }
}

static void serve_http1(struct reader *r, struct stream *s)
{
    static char buf[READ_SIZE];
    ssize_t n = recv(s->fd, buf, sizeof buf, 0);
    if (n > 0)
        s->take(r, s, buf, (size_t)n, now_ns());
    bool over = n == 0 || (n < 0 && errno != EAGAIN);
    if (s->done || (s->number < r->tokens && !over))
        return;
    end_stream(r, s);
    close(s->fd);
}

/* ---- over HTTP/2 ---- */

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t n,
                   void *user)
{
    (void)flags;
    take_frames(user, nghttp2_session_get_stream_user_data(session, id), (const char *)p, n, now_ns());
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error, void *user)
{
    (void)error;
    end_stream(user, nghttp2_session_get_stream_user_data(session, id));
    return 0;
}

static void begin_http2(struct reader *r, const char *port, struct bytes *body)
{
    nghttp2_session_callbacks *cb;
    nghttp2_option *option;
    nghttp2_session_callbacks_new(&cb);
    nghttp2_option_new(&option);
    nghttp2_option_set_peer_max_concurrent_streams(option, 2000);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
    nghttp2_session_callbacks_set_send_callback(cb, send_to);
    r->fd = connect_to(port);
    nghttp2_session_client_new2(&r->session, cb, r, option);
    nghttp2_session_callbacks_del(cb);
    nghttp2_option_del(option);
    nghttp2_settings_entry settings = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20};
    nghttp2_submit_settings(r->session, NGHTTP2_FLAG_NONE, &settings, 1);
    nghttp2_session_set_local_window_size(r->session, NGHTTP2_FLAG_NONE, 0, 1 << 24);
    for (size_t i = 0; i < r->n_streams; i++)
        post(r->session, "/bench.v1.Tokens/Stream", "application/grpc", body, &r->streams[i]);
    nghttp2_session_send(r->session);
}

static void serve_http2(struct reader *r)
{
    static uint8_t buf[READ_SIZE];
    ssize_t n = recv(r->fd, buf, sizeof buf, 0);
    if (n > 0 && nghttp2_session_mem_recv(r->session, buf, (size_t)n) >= 0 &&
        nghttp2_session_send(r->session) == 0)
        return;
    if (n < 0 && errno == EAGAIN)
        return;
    for (size_t i = 0; i < r->n_streams; i++)
        end_stream(r, &r->streams[i]);
}

/* ---- all of it ---- */

static void begin(struct reader *r, const char *kind, const char *port, const char *text, int ep)
{
    static uint8_t frame[PREFIX + BODY_MAX];
    static struct bytes body = {.p = frame};
    bool json = strcmp(kind, "json") == 0;
    if (!json) {
        size_t n = from_hex(text, frame + PREFIX, BODY_MAX);
        frame[4] = (uint8_t)n;
        body.n = PREFIX + n;
    }
    if (strcmp(kind, "grpc") == 0) {
        begin_http2(r, port, &body);
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL};
        epoll_ctl(ep, EPOLL_CTL_ADD, r->fd, &ev);
        return;
    }
    for (size_t i = 0; i < r->n_streams; i++) {
        struct stream *s = &r->streams[i];
        s->take = json ? take_lines : take_chunks;
        if (json)
            begin_http1(s, port, "/tokens", "application/json", text, strlen(text));
        else
            begin_http1(s, port, "/bench.v1.Tokens/Stream", "application/grpc", frame, body.n);
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = s};
        epoll_ctl(ep, EPOLL_CTL_ADD, s->fd, &ev);
    }
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: reader json|carried|grpc PORT STREAMS TOKENS BODY SECONDS\n");
        return 2;
    }
    struct reader r = {.n_streams = strtoul(argv[3], NULL, 10),
                       .tokens = (uint32_t)strtoul(argv[4], NULL, 10)};
    struct epoll_event events[EVENTS];
    int ep = epoll_create1(EPOLL_CLOEXEC);
    bool told = false;
    r.streams = calloc(r.n_streams, sizeof *r.streams);
    if (r.streams == NULL)
        return 1;
    uint64_t start = now_ns(), until = start + strtoull(argv[6], NULL, 10) * 1000000000;
    begin(&r, argv[1], argv[2], argv[5], ep);
    while (r.done < r.n_streams && now_ns() < until) {
        int n = epoll_wait(ep, events, EVENTS, 100);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr)
                serve_http1(&r, events[i].data.ptr);
            else
                serve_http2(&r);
        }
        if (!told && r.begun == r.n_streams) {
            told = true;
            r.ages.n = 0; /* the beginning is another matter */
            puts("reading");
            fflush(stdout);
        }
    }
    printf("{\"seconds\": %.3f, \"tokens\": %llu, \"wrong\": %llu, \"broken\": %zu",
           (double)(now_ns() - start) / 1e9, (unsigned long long)r.seen, (unsigned long long)r.wrong,
           r.broken + (r.n_streams - r.done));
    print_ages(&r.ages);
    printf("}\n");
    return 0;
}
