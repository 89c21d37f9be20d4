/* Loops on threads of their own, that share a TLS context, a unix listener's socket and posts: for
 * ThreadSanitizer. */
#include "net/certs.h"

#include <pthread.h>
#include <stdatomic.h>

enum { WORKERS = 3, CALLS = 20, PING = 3000 };

struct shared {
    struct ss_address at;
    struct ss_tls *server_tls, *client_tls;
    int fd;           /* listening; each worker has a dup */
    atomic_int ready; /* workers whose loops run */
    struct worker *workers;
};

/* A server for all, and a client that calls one after the other. */
struct worker {
    struct shared *shared;
    pthread_t thread;
    struct ss_loop *loop;
    struct ss_listener *listener;
    struct peer *peers[WORKERS * CALLS]; /* accepted */
    unsigned n_peers;
    struct peer client;
    unsigned calls;
    unsigned done; /* workers that have said so */
    bool resolved;
};

static void on_server_read(struct peer *p, char *bytes, size_t n)
{
    ss_stream_send(p->stream, bytes, n);
}

static void on_server_closed(struct peer *p, enum ss_err why)
{
    (void)why;
    peer_close(p, SS_CLOSE_LINGER);
}

static void on_accept(void *ctx, struct ss_stream *s)
{
    struct worker *w = ctx;
    struct peer *p = ss_xcalloc(1, sizeof(*p));
    w->peers[w->n_peers++] = p;
    p->on_read = on_server_read;
    p->on_closed = on_server_closed;
    peer_attach(p, s);
    p->keep = false;
    ss_stream_resume(s);
}

static void call(struct worker *w);

static void on_done(void *arg)
{
    struct worker *w = arg;
    if (++w->done == WORKERS)
        ss_loop_stop(w->loop);
}

static void on_client_read(struct peer *p, char *bytes, size_t n)
{
    struct worker *w = p->extra;
    (void)bytes;
    (void)n;
    if (p->read < PING)
        return;
    p->keep = false;
    peer_close(p, SS_CLOSE_FLUSH);
    if (++w->calls < CALLS) {
        call(w);
        return;
    }
    for (int i = 0; i < WORKERS; i++)
        ss_loop_post(w->shared->workers[i].loop, on_done, &w->shared->workers[i]);
}

static void on_connected(void *ctx, struct ss_stream *s, enum ss_err err, const char *why)
{
    struct worker *w = ctx;
    char ping[PING] = "ping";
    if (s == NULL)
        fail_msg("%d %s", err, why);
    w->client = (struct peer){.on_read = on_client_read, .extra = w};
    peer_attach(&w->client, s);
    ss_stream_resume(s);
    ss_stream_send(s, ping, sizeof(ping));
}

static void call(struct worker *w)
{
    ss_connect_start(w->loop, &w->shared->at, w->shared->client_tls, SS_LIT("localhost"), 20000, on_connected,
                     w);
}

static void on_resolved(void *ctx, enum ss_err err, const char *why, const struct ss_address *addrs, size_t n)
{
    struct worker *w = ctx;
    (void)why;
    (void)addrs;
    w->resolved = err == SS_OK && n != 0;
    call(w);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    w->listener = ss_listener_new(w->loop, fcntl(w->shared->fd, F_DUPFD_CLOEXEC, 0), w->shared->server_tls, 0,
                                  on_accept, w);
    atomic_fetch_add(&w->shared->ready, 1);
    while (atomic_load(&w->shared->ready) < WORKERS)
        usleep(1000);
    ss_resolve_start(w->loop, SS_LIT("localhost"), 1, on_resolved, w);
    ss_loop_run(w->loop);
    for (unsigned i = 0; i < w->n_peers; i++) {
        peer_close(w->peers[i], SS_CLOSE_NOW);
        ss_free(w->peers[i]);
    }
    ss_listener_close(w->listener);
    return NULL;
}

static void run_all(struct shared *sh)
{
    struct ss_arena a;
    struct ss_slice why;
    ss_arena_init(&a, 0);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(ss_address_parse(SS_LIT("unix:@ss-net-test-threads"), &sh->at), SS_OK);
    assert_int_equal(ss_listen_open(&sh->at, &a, &why, &sh->fd), SS_OK);
    sh->workers = ss_xcalloc(WORKERS, sizeof(*sh->workers));
    for (int i = 0; i < WORKERS; i++) { /* made here, run there */
        sh->workers[i].shared = sh;
        sh->workers[i].loop = ss_loop_new(&harness_log);
        pthread_create(&sh->workers[i].thread, NULL, work, &sh->workers[i]);
    }
    for (int i = 0; i < WORKERS; i++)
        pthread_join(sh->workers[i].thread, NULL);
    unsigned accepted = 0;
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(sh->workers[i].calls, CALLS);
        assert_true(sh->workers[i].resolved);
        accepted += sh->workers[i].n_peers;
        ss_loop_free(sh->workers[i].loop);
    }
    assert_int_equal(accepted, WORKERS * CALLS);
    ss_free(sh->workers);
    close(sh->fd);
    ss_arena_dispose(&a);
}

static void workers_call_each_other_in_plain(void **state)
{
    struct shared sh = {0};
    (void)state;
    run_all(&sh);
}

static void workers_call_each_other_with_one_tls_context(void **state)
{
    struct ss_tls_config server = {.certificate = cert_path("server.crt"),
                                   .private_key = cert_path("server.key")};
    struct ss_tls_config client = {.ca = cert_path("ca.crt")};
    struct shared sh = {0};
    struct ss_arena a;
    struct ss_slice why;
    (void)state;
    ss_arena_init(&a, 0);
    assert_int_equal(ss_tls_server_new(&server, &a, &why, &sh.server_tls), SS_OK);
    assert_int_equal(ss_tls_client_new(&client, &a, &why, &sh.client_tls), SS_OK);
    run_all(&sh);
    ss_tls_unref(sh.server_tls);
    ss_tls_unref(sh.client_tls);
    ss_arena_dispose(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_call_each_other_in_plain),
        cmocka_unit_test(workers_call_each_other_with_one_tls_context),
    };
    return cmocka_run_group_tests_name("threads", tests, certs_make, certs_remove);
}
