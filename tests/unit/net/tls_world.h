/* Two ends of one TLS connection on a loop, and the openssl command as an end that does what ours never do.
 */
#ifndef SS_TESTS_NET_TLS_WORLD_H
#define SS_TESTS_NET_TLS_WORLD_H

#include "net/certs.h"

#include <arpa/inet.h>
#include <sys/wait.h>

struct world {
    struct ss_loop *loop;
    struct ss_listener *listener;
    struct ss_tls *server_tls, *client_tls;
    struct ss_address at;
    /* the server's end */
    bool accepted;
    struct peer server;
    /* the client's end */
    bool came;
    enum ss_err err;
    char why[200];
    struct peer client;
};

static const struct ss_log quiet = {.fd = -1, .level = SS_LOG_ERROR};

static inline struct ss_tls *make(bool server, const char *crt, const char *key, const char *ca,
                                  const char *name, bool insecure)
{
    struct ss_tls_config c = {.insecure_skip_verify = insecure, .server_name = ss_slice_str(name)};
    struct ss_arena a;
    struct ss_slice why;
    struct ss_tls *t = NULL;
    ss_arena_init(&a, 0);
    if (crt != NULL)
        c.certificate = cert_path(crt);
    if (key != NULL)
        c.private_key = cert_path(key);
    if (ca != NULL)
        c.ca = cert_path(ca);
    assert_int_equal((server ? ss_tls_server_new : ss_tls_client_new)(&c, &a, &why, &t), SS_OK);
    ss_arena_dispose(&a);
    return t;
}

static inline void on_accept(void *ctx, struct ss_stream *s)
{
    struct world *w = ctx;
    assert_false(w->accepted);
    w->accepted = true;
    peer_attach(&w->server, s);
    ss_stream_resume(s);
}

static inline void on_connected(void *ctx, struct ss_stream *s, enum ss_err err, const char *why)
{
    struct world *w = ctx;
    assert_false(w->came);
    w->came = true;
    w->err = err;
    snprintf(w->why, sizeof(w->why), "%s", why);
    if (s != NULL) {
        peer_attach(&w->client, s);
        ss_stream_resume(s);
    }
}

static inline void open_listener(struct world *w)
{
    struct ss_arena a;
    struct ss_slice why;
    int fd;
    ss_arena_init(&a, 0);
    ss_address_parse(SS_LIT("127.0.0.1:0"), &w->at);
    assert_int_equal(ss_listen_open(&w->at, &a, &why, &fd), SS_OK);
    w->at.len = sizeof(w->at.addr);
    getsockname(fd, (struct sockaddr *)&w->at.addr, &w->at.len);
    w->listener = ss_listener_new(w->loop, fd, w->server_tls, 0, on_accept, w);
    ss_arena_dispose(&a);
}

/* Takes ownership of the contexts. */
static inline void begin(struct world *w, struct ss_tls *server_tls, struct ss_tls *client_tls)
{
    memset(w, 0, sizeof(*w));
    signal(SIGPIPE, SIG_IGN);
    w->loop = ss_loop_new(&quiet);
    w->server_tls = server_tls;
    w->client_tls = client_tls;
    open_listener(w);
}

static inline void dial(struct world *w, const char *name)
{
    ss_connect_start(w->loop, &w->at, w->client_tls, ss_slice_str(name), 5000, on_connected, w);
    assert_false(w->came);
    assert_true(run_until(w->loop, is_set, &w->came, 6000));
}

static inline void end(struct world *w)
{
    ss_listener_close(w->listener);
    peer_close(&w->server, SS_CLOSE_NOW);
    peer_close(&w->client, SS_CLOSE_NOW);
    ss_tls_unref(w->server_tls);
    ss_tls_unref(w->client_tls);
    ss_loop_free(w->loop);
}

static inline void begin_good(struct world *w)
{
    begin(w, make(true, "server.crt", "server.key", NULL, "", false),
          make(false, NULL, NULL, "ca.crt", "", false));
}

/* A connection made, both ends attached. */
static inline void begin_connected(struct world *w)
{
    begin_good(w);
    dial(w, "localhost");
    assert_string_equal(w->why, "");
    assert_true(run_until(w->loop, is_set, &w->accepted, 1000));
}

/* Runs `openssl <args>` with the port of at; its standard input stays open until it is waited for. */
static inline pid_t openssl(const char *args, unsigned port, int *in)
{
    int fds[2];
    char command[512];
    snprintf(command, sizeof(command), "cd %s && exec openssl %s:%u >openssl.log 2>&1", certs_dir, args,
             port);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[0], 0);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(fds[0]);
    *in = fds[1];
    return pid;
}

static inline void reap(pid_t pid, int in)
{
    close(in);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

static inline unsigned port_of(const struct ss_address *at)
{
    return ntohs(((const struct sockaddr_in *)&at->addr)->sin_port);
}

#endif
