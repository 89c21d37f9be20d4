/* Whatever is paused, resumed, sent and filled in whatever order: what arrives is a prefix of what was sent,
 * and all of it when the sender closes in peace. */
#include "net/tls_world.h"

static char pattern_at(uint64_t i)
{
    return (char)(i * 2654435761u >> 13);
}

struct end {
    struct peer peer;
    unsigned *seed;
    uint64_t sent, seen;
    struct end *other;
    bool pauses;
};

static void chaos_send(struct end *e, size_t n)
{
    char bytes[4096];
    for (size_t i = 0; i < n; i++)
        bytes[i] = pattern_at(e->sent++);
    ss_stream_send(e->peer.stream, bytes, n);
}

static void chaos_fill(struct peer *p, size_t room)
{
    struct end *e = p->extra;
    size_t n = (size_t)rand_r(e->seed) % 4096;
    if (rand_r(e->seed) % 3 == 0 && ss_stream_pending(p->stream) < 200000)
        chaos_send(e, n < room ? n : room);
}

static void chaos_read(struct peer *p, char *bytes, size_t n)
{
    struct end *e = p->extra;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(bytes[i], pattern_at(e->seen++));
    if (e->pauses && rand_r(e->seed) % 3 == 0)
        ss_stream_pause(p->stream);
    if (e->pauses && rand_r(e->seed) % 5 == 0)
        ss_stream_resume(p->stream);
}

static void chaos_step(struct end *e)
{
    switch (rand_r(e->seed) % 4) {
    case 0:
        ss_stream_resume(e->peer.stream);
        break;
    case 1:
        ss_stream_pause(e->peer.stream);
        break;
    case 2:
        ss_stream_want_flush(e->peer.stream);
        break;
    case 3:
        for (int i = rand_r(e->seed) % 60; i > 0 && ss_stream_pending(e->peer.stream) < 200000; i--)
            chaos_send(e, (size_t)rand_r(e->seed) % 4096);
        break;
    }
}

static bool chaos_over(void *ctx)
{
    struct end *e = ctx;
    ss_stream_resume(e->peer.stream);
    return e->peer.finished != 0 && e->seen == e->other->sent;
}

static void chaos_attach(struct end *e, struct end *other, struct ss_stream *s, unsigned *seed)
{
    *e = (struct end){.seed = seed, .other = other, .pauses = true};
    e->peer = (struct peer){.on_read = chaos_read, .on_fill = chaos_fill, .extra = e};
    peer_attach(&e->peer, s);
    e->peer.keep = false;
}

static void chaos_run(struct ss_loop *l, struct ss_stream *one, struct ss_stream *two, unsigned seed)
{
    struct end ends[2];
    chaos_attach(&ends[0], &ends[1], one, &seed);
    chaos_attach(&ends[1], &ends[0], two, &seed);
    for (int step = 0; step < 80; step++) {
        chaos_step(&ends[0]);
        chaos_step(&ends[1]);
        run_for(l, (unsigned)rand_r(&seed) % 2);
    }
    peer_close(&ends[0].peer, SS_CLOSE_LINGER);
    ends[1].pauses = false;
    assert_true(run_until(l, chaos_over, &ends[1], 5000));
    assert_true(ends[0].seen <= ends[1].sent);
    peer_close(&ends[1].peer, SS_CLOSE_NOW);
}

static void plain_connections_lose_nothing(void **state)
{
    for (unsigned run = 0; run < 12; run++) {
        int fds[2];
        if (run % 2)
            unix_pair(fds);
        else
            tcp_pair(fds);
        struct ss_stream *one = ss_stream_open(*state, fds[0]), *two = ss_stream_open(*state, fds[1]);
        chaos_run(*state, one, two, run);
    }
}

static void tls_connections_lose_nothing(void **state)
{
    (void)state;
    for (unsigned run = 0; run < 12; run++) {
        struct world w;
        begin_connected(&w);
        struct ss_stream *one = w.client.stream, *two = w.server.stream;
        w.client.stream = w.server.stream = NULL;
        chaos_run(w.loop, run % 2 ? one : two, run % 2 ? two : one, run);
        end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(plain_connections_lose_nothing),
        cmocka_unit_test(tls_connections_lose_nothing),
    };
    return cmocka_run_group_tests_name("stream_chaos", tests, certs_make, certs_remove);
}
