#include "bridge/support.h"

static void a_get_becomes_a_call_and_its_answer_json(void **state)
{
    static const char *const headers[] = {"x-request-id", "my-id", "x-custom", "c", NULL};
    struct world *w = world_new(*state);
    struct fake f;
    w->server.on_message = reply_abc;
    ask(w, &f, "GET", "/v1/doc7?n=5", headers, 0);
    assert_false(f.finished);
    assert_true(answered(w, &f));
    assert_int_equal(f.status, 200);
    assert_body(&f, "{\"text\":\"abc\",\"n\":\"0\"}");
    assert_says(&f.headers, "\ncontent-type: application/json\n");
    assert_says(&f.headers, "\nx-request-id: my-id\n");
    struct rec *r = seen(w);
    assert_true(rec_has(r, ":path: /t.Svc/Get"));
    assert_true(rec_has(r, "x-request-id: my-id"));
    assert_true(rec_has(r, "x-custom: c"));
    assert_true(rec_has(r, "x-forwarded-for: 127.0.0.1"));
    assert_int_equal(r->data.len, 5 + 6 + 2);
    assert_true(says(&r->data, "\x0a\x04"
                               "doc7"));
    assert_int_equal(w->idle, 1);
    forget(&f);
    world_free(w);
}

static void a_request_id_is_made_where_none_was_given(void **state)
{
    static const char *const bad[] = {"x-request-id", "with\x01control", NULL};
    struct world *w = world_new(*state);
    char first[64] = "";
    w->server.on_message = reply_abc;
    for (int i = 0; i < 3; i++) {
        struct fake f;
        ask(w, &f, "GET", "/v1/a", i == 2 ? bad : NULL, 0);
        assert_true(answered(w, &f));
        const char *id = memmem(f.headers.ptr, f.headers.len, "x-request-id: ", 14);
        assert_non_null(id);
        id += 14;
        size_t n = strspn(id, "0123456789abcdef");
        assert_in_range(n, 16, 32);
        assert_int_equal(id[n], '\n');
        assert_memory_not_equal(id, first, n);
        memcpy(first, id, n);
        assert_true(says(&seen(w)->head, first));
        forget(&f);
    }
    world_free(w);
}

static void a_body_in_pieces_is_one_message(void **state)
{
    static const char json[] = "{\"id\":\"x\",\"text\":\"hello\"}";
    static const char *const headers[] = {"content-type", "application/json", NULL};
    for (size_t k = 0; k < sizeof json; k += 4) {
        struct world *w = world_new(*state);
        struct fake f;
        w->server.on_message = reply_abc;
        ask(w, &f, "POST", "/v1/items", headers, -1);
        give(w, &f, json, k, false);
        give(w, &f, json + k, sizeof json - 1 - k, false);
        give(w, &f, NULL, 0, true);
        assert_true(answered(w, &f));
        assert_int_equal(f.status, 200);
        assert_int_equal(f.consumed, sizeof json - 1);
        assert_true(says(&seen(w)->data, "hello"));
        forget(&f);
        world_free(w);
    }
}

static void what_is_wrong_with_a_request_is_said_at_once(void **state)
{
    static const struct {
        const char *method, *target, *json;
        int status;
        const char *code, *header;
    } cases[] = {
        {"GET", "/nowhere/at/all", NULL, 404, "\"code\":5", ""},
        {"DELETE", "/v1/items", NULL, 405, "\"code\":12", "\nallow: "},
        {"GET", "/v1/a?bogus=1", NULL, 400, "bogus", ""},
        {"GET", "/v1/a?n=x", NULL, 400, "\"code\":3", ""},
        {"GET", "/v1/%zz", NULL, 400, "\"code\":3", ""},
        {"POST", "/v1/items", "{\"id\":", 400, "\"code\":3", ""},
        {"POST", "/v1/items", "{\"id\":1}", 400, "id", ""},
        {"POST", "/v1/items", "{\"nope\":1}", 400, "nope", ""},
        {"POST", "/v1/items", "[]", 400, "\"code\":3", ""},
    };
    struct world *w = world_new(*state);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake f;
        if (cases[i].json)
            ask_json(w, &f, cases[i].target, cases[i].json);
        else
            ask(w, &f, cases[i].method, cases[i].target, NULL, 0);
        assert_true(f.finished);
        if (f.status != cases[i].status)
            fail_msg("%s %s: %d", cases[i].method, cases[i].target, f.status);
        assert_says(&f.body, cases[i].code);
        assert_says(&f.headers, cases[i].header);
        assert_says(&f.headers, "\ncontent-type: application/json\n");
        assert_says(&f.headers, "\nx-request-id: ");
        forget(&f);
    }
    serve_for(w->loop, &w->server, 5);
    assert_int_equal(w->server.n, 0); /* the service was not bothered */
    world_free(w);
}

static void options_answers_allow_and_head_runs_get(void **state)
{
    struct world *w = world_new(*state);
    struct fake f;
    w->server.on_message = reply_abc;
    ask(w, &f, "OPTIONS", "/v1/items", NULL, 0);
    assert_true(f.finished);
    assert_int_equal(f.status / 100, 2);
    assert_says(&f.headers, "\nallow: ");
    assert_says(&f.headers, "POST");
    assert_int_equal(f.body.len, 0);
    forget(&f);
    ask(w, &f, "HEAD", "/v1/a", NULL, 0);
    assert_true(answered(w, &f));
    assert_int_equal(f.status, 200);
    forget(&f);
    world_free(w);
}

static void a_body_over_the_limit_is_413_announced_or_not(void **state)
{
    static const char *const headers[] = {"content-type", "application/json", NULL};
    char big[600];
    memset(big, ' ', sizeof big);
    struct world *w = world_new(*state); /* 1,000 bytes */
    struct fake f;
    ask(w, &f, "POST", "/v1/items", headers, 1001);
    assert_true(f.finished);
    assert_int_equal(f.status, 413);
    assert_says(&f.body, "\"code\":8");
    forget(&f);
    ask(w, &f, "POST", "/v1/items", headers, -1);
    give(w, &f, big, sizeof big, false);
    assert_false(f.finished);
    give(w, &f, big, sizeof big, false);
    assert_true(f.finished);
    assert_int_equal(f.status, 413);
    forget(&f);
    ask(w, &f, "POST", "/v1/items", headers, -1); /* in one piece */
    char *huge = ss_xcalloc(1, 5000);
    give(w, &f, huge, 5000, true);
    ss_free(huge);
    assert_int_equal(f.status, 413);
    forget(&f);
    w->options.max_request_bytes = 300; /* the route's limit wins */
    ask(w, &f, "POST", "/v1/items", headers, 301);
    assert_int_equal(f.status, 413);
    forget(&f);
    world_free(w);
}

static void a_media_type_that_is_not_json_is_415(void **state)
{
    static const char *const headers[] = {"content-type", "text/csv", NULL};
    struct world *w = world_new(*state);
    struct fake f;
    ask(w, &f, "POST", "/v1/items", headers, 5);
    assert_true(f.finished);
    assert_int_equal(f.status, 415);
    forget(&f);
    world_free(w);
}

static const char *const *error_trailers;

static void reply_error(struct rec *r)
{
    peer_respond(r, grpc_head, true);
    grpc_end(r, error_trailers);
}

static void errors_of_the_service_become_http_errors(void **state)
{
    static const char *const not_found[] = {"grpc-status", "5", "grpc-message", "no document", NULL};
    static const char *const unauthenticated[] = {"grpc-status", "16", NULL};
    static const char *const unavailable[] = {"grpc-status", "14", NULL};
    struct world *w = world_new(*state);
    struct fake f;
    w->options.status_map[14] = 422;
    w->server.on_message = reply_error;
    error_trailers = not_found;
    ask(w, &f, "GET", "/v1/a", NULL, 0);
    assert_true(answered(w, &f));
    assert_int_equal(f.status, 404);
    assert_says(&f.body, "\"message\":\"no document\"");
    forget(&f);
    error_trailers = unauthenticated;
    ask(w, &f, "GET", "/v1/a", NULL, 0);
    assert_true(answered(w, &f));
    assert_int_equal(f.status, 401);
    assert_says(&f.headers, "\nwww-authenticate: ");
    forget(&f);
    error_trailers = unavailable;
    ask(w, &f, "GET", "/v1/a", NULL, 0);
    assert_true(answered(w, &f));
    assert_int_equal(f.status, 422);
    forget(&f);
    world_free(w);
}

static void reply_twice(struct rec *r)
{
    peer_respond(r, grpc_head, true);
    grpc_message(r, res_abc, RES_ABC);
    grpc_message(r, res_abc, RES_ABC);
    grpc_end(r, grpc_ok);
}

static void reply_nothing(struct rec *r)
{
    peer_respond(r, grpc_head, true);
    grpc_end(r, grpc_ok);
}

static void reply_garbage(struct rec *r)
{
    grpc_reply(r, "\xff\xff\xff", 3);
}

static char too_much[120000];

static void reply_too_much(struct rec *r)
{
    grpc_reply(r, too_much, sizeof too_much);
}

static void a_service_that_breaks_the_contract_is_an_error_of_its_own(void **state)
{
    void (*const scripts[])(struct rec *) = {reply_twice, reply_nothing, reply_garbage, reply_too_much};
    static const char *const codes[] = {"\"code\":13", "\"code\":13", "\"code\":13", "\"code\":8"};
    struct world *w = world_new(*state);
    for (size_t i = 0; i < 4; i++) {
        struct fake f;
        w->server.on_message = scripts[i];
        if (w->server.n)
            w->server.conns[0].on_message = scripts[i];
        ask(w, &f, "GET", "/v1/a", NULL, 0);
        assert_true(answered(w, &f));
        assert_true(f.status >= 400);
        assert_says(&f.body, codes[i]);
        forget(&f);
    }
    world_free(w);
}

static void a_service_that_is_down_is_503(void **state)
{
    struct world *w = world_new(*state);
    struct fake f;
    server_unlisten(&w->server);
    ask(w, &f, "GET", "/v1/a", NULL, 0);
    assert_true(answered(w, &f));
    assert_int_equal(f.status, 503);
    assert_says(&f.body, "\"code\":14");
    assert_false(says(&f.body, "127.0.0.1")); /* no internal address */
    forget(&f);
    world_free(w);
}

static void a_timeout_in_the_head_is_kept(void **state)
{
    static const char *const grpc[] = {"grpc-timeout", "40m", NULL};
    static const char *const plain[] = {"x-request-timeout", "0.04", NULL};
    struct world *w = world_new(*state);
    for (int i = 0; i < 2; i++) {
        struct fake f;
        uint64_t before = ss_loop_now_ms(w->loop);
        ask(w, &f, "GET", "/v1/a", i ? plain : grpc, 0);
        assert_true(answered(w, &f));
        assert_int_equal(f.status, 504);
        assert_says(&f.body, "\"code\":4");
        assert_in_range(ss_loop_now_ms(w->loop) - before, 35, 150);
        assert_true(says(&seen(w)->head, "\ngrpc-timeout: "));
        forget(&f);
    }
    world_free(w);
}

static void a_timeout_of_zero_or_nonsense_never_calls(void **state)
{
    static const char *const zero[] = {"x-request-timeout", "0", NULL};
    static const char *const bad[] = {"grpc-timeout", "soon", NULL};
    struct world *w = world_new(*state);
    struct fake f;
    ask(w, &f, "GET", "/v1/a", zero, 0);
    assert_true(f.finished);
    assert_int_equal(f.status, 504);
    forget(&f);
    ask(w, &f, "GET", "/v1/a", bad, 0);
    assert_true(f.finished);
    assert_int_equal(f.status, 400);
    forget(&f);
    serve_for(w->loop, &w->server, 5);
    assert_int_equal(w->server.n, 0);
    world_free(w);
}

static void a_client_that_leaves_cancels_the_call_at_any_moment(void **state)
{
    static const char *const headers[] = {"content-type", "application/json", NULL};
    for (int when = 0; when < 4; when++) {
        struct world *w = world_new(*state);
        struct fake f;
        if (when == 0) { /* in mid-body */
            ask(w, &f, "POST", "/v1/items", headers, -1);
            give(w, &f, "{\"id\"", 5, false);
        } else {
            ask(w, &f, "GET", "/v1/a", NULL, 0);
        }
        if (when >= 2) /* 1: still dialing */
            serve_for(w->loop, &w->server, 20);
        if (when == 3) { /* between head and message */
            peer_respond(seen(w), grpc_head, true);
            grpc_message(seen(w), res_abc, RES_ABC);
            serve_for(w->loop, &w->server, 10);
        }
        leave(w, &f);
        assert_int_equal(w->bridge.n_calls, 0);
        serve_for(w->loop, &w->server, 20);
        assert_int_equal(f.status, 0);
        assert_false(f.finished || f.was_reset);
        if (when >= 2)
            assert_int_equal(seen(w)->error, NGHTTP2_CANCEL);
        assert_int_equal(w->idle, 1);
        forget(&f);
        world_free(w);
    }
}

static void a_request_that_never_was_one_is_answered_too(void **state)
{
    struct world *w = world_new(*state);
    struct fake f = {.c = {.ops = &fake_ops}};
    ss_buf_init(&f.headers, 1 << 20);
    ss_buf_init(&f.body, 1 << 20);
    ss_buf_init(&f.trailers, 1 << 20);
    w->handler.ops->refuse(w->handler.ctx, &f.c, SS_ERR_HEADERS_TOO_LARGE, "request header too large");
    assert_true(f.finished);
    assert_int_equal(f.status, 431);
    assert_says(&f.body, "request header too large");
    assert_says(&f.headers, "\nx-request-id: ");
    forget(&f);
    world_free(w);
}

static void a_bridge_that_goes_breaks_off_what_runs(void **state)
{
    struct world *w = world_new(*state);
    struct fake f, g;
    ask(w, &f, "GET", "/v1/a", NULL, 0);
    ask(w, &g, "GET", "/v1/b", NULL, 0);
    serve_for(w->loop, &w->server, 20);
    world_free(w);
    assert_true(f.was_reset && g.was_reset);
    forget(&f);
    forget(&g);
}

/* Calls are used again: many one after the other, more at once than are kept. */
static void calls_are_recycled_without_mixing(void **state)
{
    struct world *w = world_new(*state);
    static struct fake f[300];
    w->server.settings[0] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100};
    w->server.mute = true; /* all wait */
    for (int i = 0; i < 300; i++)
        ask(w, &f[i], "GET", "/v1/a", NULL, 0);
    assert_int_equal(w->bridge.n_calls, 300);
    for (int i = 0; i < 300; i += 2)
        leave(w, &f[i]);
    serve_for(w->loop, &w->server, 5);
    assert_int_equal(w->bridge.n_calls, 150);
    for (int i = 1; i < 300; i += 2)
        leave(w, &f[i]);
    serve_for(w->loop, &w->server, 5);
    assert_int_equal(w->bridge.n_calls, 0);
    for (int i = 0; i < 300; i++)
        forget(&f[i]);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_get_becomes_a_call_and_its_answer_json),
        LOOP_TEST(a_request_id_is_made_where_none_was_given),
        LOOP_TEST(a_body_in_pieces_is_one_message),
        LOOP_TEST(what_is_wrong_with_a_request_is_said_at_once),
        LOOP_TEST(options_answers_allow_and_head_runs_get),
        LOOP_TEST(a_body_over_the_limit_is_413_announced_or_not),
        LOOP_TEST(a_media_type_that_is_not_json_is_415),
        LOOP_TEST(errors_of_the_service_become_http_errors),
        LOOP_TEST(a_service_that_breaks_the_contract_is_an_error_of_its_own),
        LOOP_TEST(a_service_that_is_down_is_503),
        LOOP_TEST(a_timeout_in_the_head_is_kept),
        LOOP_TEST(a_timeout_of_zero_or_nonsense_never_calls),
        LOOP_TEST(a_client_that_leaves_cancels_the_call_at_any_moment),
        LOOP_TEST(a_request_that_never_was_one_is_answered_too),
        LOOP_TEST(a_bridge_that_goes_breaks_off_what_runs),
        LOOP_TEST(calls_are_recycled_without_mixing),
    };
    return cmocka_run_group_tests_name("bridge unary", tests, NULL, NULL);
}
