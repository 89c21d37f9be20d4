#include "upstream/support.h"

/* What the scripted service answers: a head, bytes, trailers; or a reset. */
struct script {
    const char *const *head;
    const char *bytes;
    size_t n;
    const char *const *trailers;
    uint32_t reset; /* instead of an end */
    bool head_only; /* END_STREAM on the head */
};

static const struct script *script_of(struct rec *r)
{
    return ((struct grpc_server *)r->peer->extra)->extra;
}

static void play(struct rec *r)
{
    const struct script *s = script_of(r);
    if (s->head)
        peer_respond(r, s->head, !s->head_only);
    if (s->n)
        peer_more(r, s->bytes, s->n, false);
    if (s->reset)
        nghttp2_submit_rst_stream(r->peer->session, 0, r->id, s->reset);
    else if (!s->head_only)
        grpc_end(r, s->trailers);
}

/* One call against a script; to be disposed of. */
static void run_script(struct world *w, struct caller *c, const struct script *s)
{
    w->server.on_message = play;
    w->server.extra = (void *)(uintptr_t)s;
    for (unsigned i = 0; i < w->server.n; i++)
        w->server.conns[i].on_message = play;
    call_unary(c, w);
    assert_true(ended(w, c));
}

static void the_request_is_what_grpc_over_http2_asks_for(void **state)
{
    struct world *w = world_new(*state);
    struct caller c;
    static const struct ss_header metadata[] = {{.name = SS_LIT("x-custom"), .value = SS_LIT("v")}};
    struct ss_upcall_request r = plain_request;
    r.metadata = metadata;
    r.n_metadata = 1;
    r.timeout_ms = 5000;
    world_connect(w);
    caller_init(&c);
    call_with(&c, w, &r);
    assert_true(ended(w, &c));
    const struct rec *seen = &w->server.conns[0].streams[0];
    static const char *const lines[] = {
        ":method: POST",     ":scheme: http", ":path: /pkg.Svc/Method",
        ":authority: svc:1", "te: trailers",  "content-type: application/grpc",
        "x-custom: v"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (!rec_has(seen, lines[i]))
            fail_msg("no %s in %.*s", lines[i], (int)seen->head.len, seen->head.ptr);
    assert_non_null(memmem(seen->head.ptr, seen->head.len, "\ngrpc-timeout: ", 15));
    assert_true(memmem(seen->head.ptr, seen->head.len, "\ngrpc-timeout: ", 15) <
                memmem(seen->head.ptr, seen->head.len, "\nx-custom: ", 11)); /* before custom metadata */
    assert_memory_equal(seen->data.ptr, "\0\0\0\0\4ping", 9);
    assert_true(seen->end);
    caller_dispose(&c);
    world_free(w);
}

static void statuses_come_from_the_service_or_from_the_tables(void **state)
{
    static const char *const not_grpc[] = {":status", "200", "content-type", "text/html", NULL};
    static const char *const h301[] = {":status", "301", "content-type", "text/html", NULL};
    static const char
        *const h400[] = {":status", "400", NULL},
               *const h401[] = {":status", "401", NULL}, *const h403[] = {":status", "403", NULL},
               *const h404[] = {":status", "404", NULL}, *const h429[] = {":status", "429", NULL},
               *const h502[] = {":status", "502", NULL}, *const h503[] = {":status", "503", NULL},
               *const h504[] = {":status", "504", NULL}, *const h500[] = {":status", "500", NULL};
    static const char *const only5[] = {":status", "200", "content-type", "application/grpc", "grpc-status",
                                        "5",       NULL};
    static const char *const early0[] = {":status", "200", "content-type", "application/grpc", "grpc-status",
                                         "0",       NULL};
    static const char *const h503_7[] = {":status", "503", "grpc-status", "7", NULL};
    static const char *const t16[] = {"grpc-status", "16", NULL}, *const t99[] = {"grpc-status", "99", NULL},
                             *const tbad[] = {"grpc-status", "x", NULL},
                             *const tneg[] = {"grpc-status", "-1", NULL}, *const none[] = {"x", "y", NULL},
                             *const t0[] = {"grpc-status", "0", NULL};
    static const struct {
        struct script s;
        int code;
    } cases[] = {
        {{.head = grpc_head, .trailers = t16}, 16},
        {{.head = grpc_head, .trailers = t99}, 99},
        {{.head = grpc_head, .trailers = tbad}, SS_CODE_UNKNOWN},
        {{.head = grpc_head, .trailers = tneg}, SS_CODE_UNKNOWN},
        {{.head = grpc_head, .trailers = none}, SS_CODE_UNKNOWN},
        {{.head = grpc_head, .trailers = NULL}, SS_CODE_UNKNOWN},
        /* (reported 7) a grpc-status in a head that does not end the stream is none */
        {{.head = early0, .bytes = "\0\0\0\0\2ab", .n = 7}, SS_CODE_INTERNAL},
        {{.head = early0, .bytes = ""}, SS_CODE_INTERNAL},
        {{.head = early0, .trailers = none}, SS_CODE_INTERNAL},
        {{.head = early0, .bytes = "\0\0\0\0\2ab", .n = 7, .trailers = t16}, 16},
        {{.head = early0, .bytes = "\0\0\0\0\2ab", .n = 7, .trailers = t0}, SS_CODE_OK},
        {{.head = only5, .head_only = true}, 5},
        {{.head = h503_7, .head_only = true}, 7}, /* grpc-status always wins */
        {{.head = not_grpc, .bytes = "<html>", .n = 6}, SS_CODE_UNKNOWN},
        {{.head = h301, .bytes = "<html>", .n = 6}, SS_CODE_UNKNOWN},
        {{.head = h400, .head_only = true}, SS_CODE_INTERNAL},
        {{.head = h401, .head_only = true}, SS_CODE_UNAUTHENTICATED},
        {{.head = h403, .bytes = "no", .n = 2}, SS_CODE_PERMISSION_DENIED},
        {{.head = h404, .head_only = true}, SS_CODE_UNIMPLEMENTED},
        {{.head = h429, .head_only = true}, SS_CODE_UNAVAILABLE},
        {{.head = h502, .head_only = true}, SS_CODE_UNAVAILABLE},
        {{.head = h503, .bytes = "later", .n = 5}, SS_CODE_UNAVAILABLE},
        {{.head = h504, .head_only = true}, SS_CODE_UNAVAILABLE},
        {{.head = h500, .head_only = true}, SS_CODE_UNKNOWN},
        {{.reset = 0x1}, SS_CODE_INTERNAL},
        {{.reset = 0x2}, SS_CODE_INTERNAL},
        {{.reset = 0x3}, SS_CODE_INTERNAL},
        {{.reset = 0x7}, SS_CODE_UNAVAILABLE},
        {{.reset = 0x8}, SS_CODE_CANCELLED},
        {{.reset = 0xb}, SS_CODE_RESOURCE_EXHAUSTED},
        {{.reset = 0xc}, SS_CODE_PERMISSION_DENIED},
        {{.head = grpc_head, .bytes = "\0\0\0\0\2ab", .n = 7, .reset = 0x2}, SS_CODE_INTERNAL},
        {{.head = grpc_head, .bytes = "\0\0\0\0\2a", .n = 6, .trailers = t0}, SS_CODE_INTERNAL}, /* cut */
        {{.head = grpc_head, .bytes = "\0\0\0", .n = 3, .trailers = t0}, SS_CODE_INTERNAL},
        {{.head = grpc_head, .bytes = "\1\0\0\0\1a", .n = 6, .trailers = t0}, SS_CODE_INTERNAL}, /* flag */
        {{.head = grpc_head, .bytes = "\2\0\0\0\1a", .n = 6, .trailers = t0}, SS_CODE_INTERNAL},
        {{.head = grpc_head, .bytes = "\0\0\x10\0\1", .n = 5, .trailers = t0}, SS_CODE_RESOURCE_EXHAUSTED},
        {{.head = grpc_head, .trailers = t0}, SS_CODE_OK},
    };
    struct world *w = world_new(*state);
    world_connect(w);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct caller c;
        run_script(w, &c, &cases[i].s);
        if (c.st.code != cases[i].code)
            fail_msg("case %zu: code %d instead of %d: %.*s", i, c.st.code, cases[i].code,
                     SS_FMT(c.st.message));
        if (c.st.code != SS_CODE_OK &&
            !(cases[i].s.trailers || cases[i].s.head == only5 || cases[i].s.head == h503_7))
            assert_true(c.st.message.len > 0);
        /* a reset overtakes the head */
        bool head = cases[i].s.head == grpc_head || cases[i].s.head == early0;
        assert_int_equal(c.heads, head && !cases[i].s.reset);
        caller_dispose(&c);
    }
    assert_int_equal(w->server.n, 1);
    world_free(w);
}

static void metadata_comes_with_the_head_and_with_the_end(void **state)
{
    static const char *const head[] = {
        ":status", "200", "content-type", "application/grpc", "x-one", "1", "x-two", "2", NULL};
    static const char *const trailers[] = {"grpc-status", "0", "x-three", "3", NULL};
    static const struct script s = {.head = head, .bytes = "\0\0\0\0\2ab", .n = 7, .trailers = trailers};
    struct world *w = world_new(*state);
    struct caller c;
    world_connect(w);
    run_script(w, &c, &s);
    assert_int_equal(c.n_head, 2);
    assert_memory_equal(c.head[1].name.ptr, "x-two", 5);
    assert_int_equal(c.n_trailers, 1);
    assert_memory_equal(c.trailers[0].value.ptr, "3", 1);
    caller_dispose(&c);
    world_free(w);
}

static void trailers_only_is_an_end_without_head(void **state)
{
    static const char *const only[] = {":status",
                                       "200",
                                       "content-type",
                                       "application/grpc",
                                       "grpc-status",
                                       "5",
                                       "grpc-message",
                                       "no%20document%C3%A9",
                                       "x-why",
                                       "gone",
                                       NULL};
    static const struct script s = {.head = only, .head_only = true};
    struct world *w = world_new(*state);
    struct caller c;
    world_connect(w);
    run_script(w, &c, &s);
    assert_int_equal(c.heads, 0);
    assert_int_equal(c.st.code, 5);
    assert_int_equal(c.st.err, SS_OK);
    assert_message(&c.st, "no document\xc3\xa9");
    assert_int_equal(c.n_trailers, 1);
    caller_dispose(&c);
    world_free(w);
}

static void badly_encoded_messages_and_details_lose_nothing_else(void **state)
{
    static const char *const bad[] = {
        "grpc-status", "3", "grpc-message", "100%: %zz%4", "grpc-status-details-bin", "!!!", NULL};
    static const char *const padded[] = {"grpc-status", "3", "grpc-status-details-bin", "CAM=", NULL};
    static const char *const bare[] = {"grpc-status", "3", "grpc-status-details-bin", "CAM", NULL};
    static const struct script s[] = {{.head = grpc_head, .trailers = bad},
                                      {.head = grpc_head, .trailers = padded},
                                      {.head = grpc_head, .trailers = bare}};
    struct world *w = world_new(*state);
    struct caller c;
    world_connect(w);
    run_script(w, &c, &s[0]);
    assert_int_equal(c.st.code, 3);
    assert_message(&c.st, "100%: %zz%4");
    assert_int_equal(c.st.details.len, 0);
    caller_dispose(&c);
    for (int i = 1; i < 3; i++) {
        run_script(w, &c, &s[i]);
        assert_int_equal(c.st.details.len, 2);
        assert_memory_equal(c.st.details.ptr, "\x08\x03", 2);
        caller_dispose(&c);
    }
    world_free(w);
}

static void early_hints_and_echo(struct rec *r)
{
    static const char *const early[] = {":status", "103", "link", "x", NULL};
    nghttp2_nv nv[8];
    nghttp2_submit_headers(r->peer->session, NGHTTP2_FLAG_NONE, r->id, NULL, nv, peer_nvs(early, nv), NULL);
    grpc_echo(r);
}

static void an_interim_answer_is_no_answer(void **state)
{
    struct world *w = world_new(*state);
    struct caller c;
    w->server.on_message = early_hints_and_echo;
    world_connect(w);
    call_unary(&c, w);
    assert_true(ended(w, &c));
    assert_int_equal(c.st.code, SS_CODE_OK);
    assert_int_equal(c.heads, 1);
    assert_int_equal(c.n_head, 0);
    caller_dispose(&c);
    world_free(w);
}

static void messages_split_at_every_byte_are_the_same_messages(void **state)
{
    struct world *w = world_new(*state);
    static const char bytes[] = "\0\0\0\0\3abc\0\0\0\0\0\0\0\0\0\2de";
    enum { N = sizeof bytes - 1 };
    w->server.on_message = NULL;
    world_connect(w);
    for (size_t k = 0; k <= N; k++) {
        struct caller c;
        call_unary(&c, w);
        serve_for(w->loop, &w->server, k ? 2 : 20);
        struct rec *r = &w->server.conns[0].streams[k];
        assert_true(r->end);
        peer_respond(r, grpc_head, true);
        peer_more(r, bytes, k, false);
        serve_for(w->loop, &w->server, 3);
        peer_more(r, bytes + k, N - k, false);
        grpc_end(r, grpc_ok);
        assert_true(ended(w, &c));
        assert_int_equal(c.st.code, SS_CODE_OK);
        assert_int_equal(c.messages, 3);
        assert_int_equal(c.data.len, 5);
        assert_memory_equal(c.data.ptr, "abcde", 5);
        caller_dispose(&c);
    }
    world_free(w);
}

static void a_message_larger_than_the_window_arrives(void **state)
{
    enum { BIG = 900 * 1024 };
    struct world *w = world_new(*state);
    struct caller c;
    char *bytes = ss_xcalloc(1, BIG);
    for (size_t i = 0; i < BIG; i++)
        bytes[i] = (char)(i % 251);
    world_connect(w);
    caller_init(&c);
    caller_open(&c, w, &plain_request);
    caller_send(&c, bytes, BIG, true);
    assert_true(ended(w, &c));
    assert_int_equal(c.st.code, SS_CODE_OK);
    assert_int_equal(c.data.len, BIG);
    assert_memory_equal(c.data.ptr, bytes, BIG);
    caller_dispose(&c);
    ss_free(bytes);
    world_free(w);
}

static void a_deadline_ends_a_call_that_waits_and_one_that_is_open(void **state)
{
    for (int open = 0; open < 2; open++) {
        struct world *w = world_new(*state);
        struct caller c;
        struct ss_upcall_request r = plain_request;
        r.timeout_ms = 40;
        w->server.mute = !open;
        w->server.on_message = NULL;
        world_connect(w);
        caller_init(&c);
        uint64_t before = ss_loop_now_ms(w->loop);
        call_with(&c, w, &r);
        assert_true(ended(w, &c));
        assert_in_range(ss_loop_now_ms(w->loop) - before, 39, 120);
        assert_int_equal(c.st.code, SS_CODE_DEADLINE_EXCEEDED);
        serve_for(w->loop, &w->server, 10);
        if (open)
            assert_int_equal(w->server.conns[0].streams[0].error, SS_H2_CANCEL);
        caller_dispose(&c);
        world_free(w);
    }
}

static void stream_three(struct rec *r)
{
    peer_respond(r, grpc_head, true);
    for (int i = 0; i < 3; i++)
        grpc_message(r, "abc", 3);
    grpc_end(r, grpc_ok);
}

static void a_call_may_be_cancelled_inside_each_event(void **state)
{
    for (unsigned when = 1; when <= 3; when++) {
        struct world *w = world_new(*state);
        struct caller c;
        w->server.on_message = stream_three;
        world_connect(w);
        caller_init(&c);
        c.cancel_in = when;
        call_with(&c, w, &plain_request);
        serve_for(w->loop, &w->server, 30);
        assert_int_equal(c.heads, 1);
        assert_int_equal(c.messages, when == 1 ? 0 : when == 2 ? 1 : 3);
        assert_int_equal(c.ends, when == 3);
        struct caller next; /* the connection is as good as before */
        w->server.conns[0].on_message = grpc_echo;
        call_unary(&next, w);
        assert_true(ended(w, &next));
        assert_int_equal(next.st.code, SS_CODE_OK);
        caller_dispose(&next);
        caller_dispose(&c);
        world_free(w);
    }
}

static void a_call_cancelled_at_once_is_never_seen(void **state)
{
    struct world *w = world_new(*state);
    struct caller first, c;
    world_connect(w);
    call_unary(&first, w);
    assert_true(ended(w, &first));
    call_unary(&c, w);
    assert_int_equal(c.up.state, SS_UPCALL_OPEN);
    ss_upcall_cancel(&c.up);
    serve_for(w->loop, &w->server, 20);
    assert_int_equal(w->server.conns[0].n, 1);
    assert_int_equal(c.ends, 0);
    caller_dispose(&first);
    caller_dispose(&c);
    world_free(w);
}

/* Sends messages without end: as many as the windows let pass. */
static char flood_bytes[400 * 1000];

static void flood_of_messages(struct rec *r)
{
    peer_respond(r, grpc_head, true);
    for (int i = 0; i < 30; i++)
        grpc_message(r, flood_bytes, 100 * 1000);
}

static void flood_of_nothing(struct rec *r)
{
    peer_respond(r, grpc_head, true);
    for (int i = 0; i < 400 * 1000; i++) {
        char prefix[SS_GRPC_PREFIX] = {0};
        ss_buf_append(&r->out, prefix, sizeof prefix);
    }
    peer_more(r, "", 0, false);
}

static void an_owner_that_never_consumes_stops_the_service(void **state)
{
    struct world *w = world_new(*state);
    struct caller c;
    w->server.on_message = flood_of_messages;
    world_connect(w);
    caller_init(&c);
    c.hold = true;
    call_with(&c, w, &plain_request);
    serve_for(w->loop, &w->server, 100);
    assert_true(c.messages > 0);
    assert_true(c.data.len <= 256 * 1024 + 100 * 1000);
    size_t before = c.data.len; /* and it goes on as the owner does */
    size_t owed = c.owed;
    c.owed = 0;
    ss_upcall_consume(&c.up, owed);
    serve_for(w->loop, &w->server, 100);
    assert_true(c.data.len > before + 100 * 1000);
    c.hold = false;
    ss_upcall_consume(&c.up, c.owed);
    serve_for(w->loop, &w->server, 300);
    assert_int_equal(c.messages, 30);
    caller_dispose(&c);
    world_free(w);
}

static void empty_messages_cost_credit_too(void **state)
{
    struct world *w = world_new(*state);
    struct caller c;
    w->server.on_message = flood_of_nothing;
    world_connect(w);
    caller_init(&c);
    c.hold = true;
    call_with(&c, w, &plain_request);
    serve_for(w->loop, &w->server, 150);
    assert_in_range(c.messages, 1, 256 * 1024 / 5 + 1);
    c.hold = false;
    ss_upcall_consume(&c.up, 0);
    for (int i = 0; i < 40 && c.messages < 400 * 1000; i++)
        serve_for(w->loop, &w->server, 50);
    assert_int_equal(c.messages, 400 * 1000);
    caller_dispose(&c);
    world_free(w);
}

static void the_owner_hears_when_little_of_its_request_waits(void **state)
{
    struct world *w = world_new(*state);
    struct caller c;
    struct ss_upcall_request r = plain_request;
    r.unary = false;
    w->server.on_message = NULL;
    world_connect(w);
    caller_init(&c);
    caller_open(&c, w, &r);
    caller_send(&c, flood_bytes, sizeof flood_bytes, false);
    assert_true(ss_upcall_unsent(&c.up) >= sizeof flood_bytes);
    ss_upcall_want_writable(&c.up);
    serve_for(w->loop, &w->server, 60);
    assert_int_equal(c.writables, 1);
    assert_true(ss_upcall_unsent(&c.up) < 16384);
    caller_send(&c, "end", 3, true);
    serve_for(w->loop, &w->server, 60);
    struct rec *seen = &w->server.conns[0].streams[0];
    assert_true(seen->end);
    assert_int_equal(seen->data.len, sizeof flood_bytes + 3 + 10);
    caller_dispose(&c);
    world_free(w);
}

static void an_answer_before_the_request_is_whole_ends_the_call(void **state)
{
    struct world *w = world_new(*state);
    struct caller c;
    struct ss_upcall_request r = plain_request;
    r.unary = false;
    world_connect(w);
    caller_init(&c);
    caller_open(&c, w, &r);
    caller_send(&c, "a", 1, false);
    serve_for(w->loop, &w->server, 30);
    struct rec *seen = &w->server.conns[0].streams[0];
    static const char *const denied[] = {"grpc-status", "7", NULL};
    peer_respond(seen, grpc_head, true);
    grpc_end(seen, denied);
    assert_true(ended(w, &c));
    assert_int_equal(c.st.code, 7);
    serve_for(w->loop, &w->server, 20);
    assert_true(seen->closed);
    assert_int_equal(seen->error, SS_H2_NO_ERROR);
    caller_send(&c, "late", 4, true); /* goes nowhere */
    caller_dispose(&c);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(the_request_is_what_grpc_over_http2_asks_for),
        LOOP_TEST(statuses_come_from_the_service_or_from_the_tables),
        LOOP_TEST(metadata_comes_with_the_head_and_with_the_end),
        LOOP_TEST(trailers_only_is_an_end_without_head),
        LOOP_TEST(badly_encoded_messages_and_details_lose_nothing_else),
        LOOP_TEST(an_interim_answer_is_no_answer),
        LOOP_TEST(messages_split_at_every_byte_are_the_same_messages),
        LOOP_TEST(a_message_larger_than_the_window_arrives),
        LOOP_TEST(a_deadline_ends_a_call_that_waits_and_one_that_is_open),
        LOOP_TEST(a_call_may_be_cancelled_inside_each_event),
        LOOP_TEST(a_call_cancelled_at_once_is_never_seen),
        LOOP_TEST(an_owner_that_never_consumes_stops_the_service),
        LOOP_TEST(empty_messages_cost_credit_too),
        LOOP_TEST(the_owner_hears_when_little_of_its_request_waits),
        LOOP_TEST(an_answer_before_the_request_is_whole_ends_the_call),
    };
    return cmocka_run_group_tests_name("upstream call", tests, NULL, NULL);
}
