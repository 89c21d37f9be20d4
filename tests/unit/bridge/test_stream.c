#include "bridge/support.h"

/* The forms, what asks for each, and what they make of two messages and an error. */
static const struct {
    const char *accept, *type;
    const char *two, *none, *error_start, *error_end;
} forms[] = {
    {"application/x-ndjson", "application/x-ndjson",
     "{\"text\":\"abc\",\"n\":\"0\"}\n{\"text\":\"abc\",\"n\":\"0\"}\n", "", "{\"error\":{", "}}\n"},
    {"application/json", "application/json",
     "[{\"text\":\"abc\",\"n\":\"0\"},{\"text\":\"abc\",\"n\":\"0\"}]", "[]", ",{\"error\":{", "}}]"},
    {"text/event-stream", "text/event-stream",
     "data: {\"text\":\"abc\",\"n\":\"0\"}\n\ndata: {\"text\":\"abc\",\"n\":\"0\"}\n\n", "",
     "event: error\ndata: {", "}\n\n"},
};
enum { N_FORMS = 3 };

static void ask_list(struct world *w, struct fake *f, int form, bool te)
{
    const char *headers[] = {"accept", forms[form].accept, te ? "te" : NULL, "trailers", NULL};
    ask(w, f, "GET", "/v1/list/a", headers, 0);
}

static void reply_two(struct rec *r)
{
    peer_respond(r, grpc_head, true);
    grpc_message(r, res_abc, RES_ABC);
    grpc_message(r, res_abc, RES_ABC);
    grpc_end(r, grpc_ok);
}

static void reply_none(struct rec *r)
{
    peer_respond(r, grpc_head, true);
    grpc_end(r, grpc_ok);
}

static void each_form_is_well_formed_also_when_empty(void **state)
{
    for (int i = 0; i < 2 * N_FORMS; i++) {
        struct world *w = world_new(*state);
        struct fake f;
        w->server.on_message = i % 2 ? reply_none : reply_two;
        ask_list(w, &f, i / 2, false);
        assert_true(answered(w, &f));
        assert_int_equal(f.status, 200);
        assert_body(&f, i % 2 ? forms[i / 2].none : forms[i / 2].two);
        assert_says(&f.headers, forms[i / 2].type);
        assert_int_equal(f.content_length, -1);
        assert_int_equal(f.trailers.len, 0);
        forget(&f);
        world_free(w);
    }
}

static void each_message_leaves_as_it_arrives(void **state)
{
    struct world *w = world_new(*state);
    struct fake f;
    ask_list(w, &f, 0, false);
    serve_for(w->loop, &w->server, 20);
    assert_int_equal(f.status, 0);
    peer_respond(seen(w), grpc_head, true);
    grpc_message(seen(w), res_abc, RES_ABC);
    serve_for(w->loop, &w->server, 10);
    assert_int_equal(f.status, 200);
    assert_body(&f, "{\"text\":\"abc\",\"n\":\"0\"}\n");
    assert_false(f.finished);
    grpc_end(seen(w), grpc_ok);
    assert_true(answered(w, &f));
    forget(&f);
    world_free(w);
}

static const char *const denied[] = {"grpc-status", "7", "grpc-message", "not yours", NULL};

static void reply_denied(struct rec *r)
{
    peer_respond(r, grpc_head, true);
    grpc_end(r, denied);
}

static void an_error_before_the_first_message_is_an_ordinary_error(void **state)
{
    for (int i = 0; i < N_FORMS; i++) {
        struct world *w = world_new(*state);
        struct fake f;
        w->server.on_message = reply_denied;
        ask_list(w, &f, i, false);
        assert_true(answered(w, &f));
        assert_int_equal(f.status, 403);
        assert_says(&f.headers, "\ncontent-type: application/json\n");
        assert_says(&f.body, "\"message\":\"not yours\"");
        forget(&f);
        world_free(w);
    }
}

static void reply_one_then_denied(struct rec *r)
{
    peer_respond(r, grpc_head, true);
    grpc_message(r, res_abc, RES_ABC);
    grpc_end(r, denied);
}

static void an_error_behind_a_message_ends_the_stream_in_its_form(void **state)
{
    for (int i = 0; i < 2 * N_FORMS; i++) {
        bool te = i % 2;
        struct world *w = world_new(*state);
        struct fake f;
        w->server.on_message = reply_one_then_denied;
        ask_list(w, &f, i / 2, te);
        assert_true(answered(w, &f));
        assert_int_equal(f.status, 200);
        assert_says(&f.body, forms[i / 2].error_start);
        assert_says(&f.body, "\"code\":7");
        size_t n = strlen(forms[i / 2].error_end);
        assert_memory_equal(f.body.ptr + f.body.len - n, forms[i / 2].error_end, n);
        if (te) {
            assert_says(&f.trailers, "\ngrpc-status: 7\n");
            assert_says(&f.trailers, "\ngrpc-message: not yours\n");
        } else {
            assert_int_equal(f.trailers.len, 0);
        }
        forget(&f);
        world_free(w);
    }
}

static void reply_one_then_garbage(struct rec *r)
{
    peer_respond(r, grpc_head, true);
    grpc_message(r, res_abc, RES_ABC);
    grpc_message(r, "\x0a\x7f", 2);
    grpc_end(r, grpc_ok);
}

static void a_message_that_cannot_be_read_ends_the_stream_with_an_error(void **state)
{
    for (int i = 0; i < N_FORMS; i++) {
        struct world *w = world_new(*state);
        struct fake f;
        w->server.on_message = reply_one_then_garbage;
        ask_list(w, &f, i, false);
        assert_true(answered(w, &f));
        assert_says(&f.body, forms[i].error_start);
        assert_says(&f.body, "\"code\":13");
        forget(&f);
        world_free(w);
    }
}

static void a_connection_lost_in_mid_stream_is_an_error_of_the_stream(void **state)
{
    struct world *w = world_new(*state);
    struct fake f;
    ask_list(w, &f, 1, false);
    serve_for(w->loop, &w->server, 20);
    peer_respond(seen(w), grpc_head, true);
    grpc_message(seen(w), res_abc, RES_ABC);
    serve_for(w->loop, &w->server, 10);
    peer_dispose(&w->server.conns[0]);
    assert_true(answered(w, &f));
    assert_says(&f.body, "\"code\":14");
    assert_int_equal(f.body.ptr[f.body.len - 1], ']');
    forget(&f);
    world_free(w);
}

static void a_client_that_leaves_in_mid_stream_cancels_it(void **state)
{
    struct world *w = world_new(*state);
    struct fake f;
    ask_list(w, &f, 0, false);
    serve_for(w->loop, &w->server, 20);
    peer_respond(seen(w), grpc_head, true);
    grpc_message(seen(w), res_abc, RES_ABC);
    serve_for(w->loop, &w->server, 10);
    leave(w, &f);
    size_t before = f.body.len;
    grpc_message(seen(w), res_abc, RES_ABC);
    serve_for(w->loop, &w->server, 20);
    assert_int_equal(seen(w)->error, NGHTTP2_CANCEL);
    assert_int_equal(f.body.len, before);
    assert_false(f.finished);
    forget(&f);
    world_free(w);
}

static char text_50k[50000];

/* 3 MB in messages of 50 kB. */
static void reply_much(struct rec *r)
{
    char head[4] = {0x0a, (char)(0x80 | (sizeof text_50k & 0x7f)),
                    (char)(0x80 | (sizeof text_50k >> 7 & 0x7f)), (char)(sizeof text_50k >> 14)};
    peer_respond(r, grpc_head, true);
    memset(text_50k, 'a', sizeof text_50k);
    for (int i = 0; i < 60; i++) {
        char prefix[SS_GRPC_PREFIX];
        ss_grpc_prefix(prefix, false, 4 + sizeof text_50k);
        peer_more(r, prefix, sizeof prefix, false);
        peer_more(r, head, 4, false);
        peer_more(r, text_50k, sizeof text_50k, false);
    }
    grpc_end(r, grpc_ok);
}

static void a_slow_client_slows_the_service_and_holds_little(void **state)
{
    struct world *w = world_new(*state);
    struct fake f;
    w->server.on_message = reply_much;
    ask_list(w, &f, 0, false);
    f.unsent = 1 << 20; /* it reads nothing */
    serve_for(w->loop, &w->server, 150);
    assert_true(f.wants_writable);
    assert_true(f.body.len > 0 && f.body.len < 500 * 1000);
    size_t before = f.body.len;
    w->handler.ops->writable(f.c.call); /* it has read, and stops again */
    serve_for(w->loop, &w->server, 100);
    assert_true(f.body.len > before && f.body.len < 2 * 500 * 1000);
    f.unsent = 0;
    w->handler.ops->writable(f.c.call);
    assert_true(answered(w, &f));
    assert_true(f.body.len > 60 * sizeof text_50k);
    forget(&f);
    world_free(w);
}

/* An empty message is 5 bytes upstream and 20 as JSON. */
static void reply_empty_messages(struct rec *r)
{
    peer_respond(r, grpc_head, true);
    for (int i = 0; i < 300 * 1000; i++) {
        char prefix[SS_GRPC_PREFIX] = {0};
        ss_buf_append(&r->out, prefix, sizeof prefix);
    }
    grpc_end(r, grpc_ok);
}

static void a_slow_client_is_not_flooded_with_empty_messages(void **state)
{
    struct world *w = world_new(*state);
    struct fake f;
    w->server.on_message = reply_empty_messages;
    ask_list(w, &f, 0, false);
    f.unsent = 1 << 20;
    serve_for(w->loop, &w->server, 300);
    assert_in_range(f.body.len, 1, 3 << 20); /* a window's worth, of 7 MB */
    leave(w, &f);
    forget(&f);
    world_free(w);
}

static void a_stream_that_is_idle_for_too_long_ends(void **state)
{
    struct world *w = world_new(*state);
    struct fake f;
    w->options.idle_timeout_ms = 400;
    ask_list(w, &f, 0, false);
    serve_for(w->loop, &w->server, 20);
    peer_respond(seen(w), grpc_head, true);
    for (int i = 0; i < 8; i++) { /* longer than the limit, but never silent for so long */
        serve_for(w->loop, &w->server, 60);
        grpc_message(seen(w), res_abc, RES_ABC);
    }
    serve_for(w->loop, &w->server, 10);
    assert_false(f.finished);
    assert_true(answered(w, &f));
    assert_says(&f.body, "\"code\":4");
    forget(&f);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(each_form_is_well_formed_also_when_empty),
        LOOP_TEST(each_message_leaves_as_it_arrives),
        LOOP_TEST(an_error_before_the_first_message_is_an_ordinary_error),
        LOOP_TEST(an_error_behind_a_message_ends_the_stream_in_its_form),
        LOOP_TEST(a_message_that_cannot_be_read_ends_the_stream_with_an_error),
        LOOP_TEST(a_connection_lost_in_mid_stream_is_an_error_of_the_stream),
        LOOP_TEST(a_client_that_leaves_in_mid_stream_cancels_it),
        LOOP_TEST(a_slow_client_slows_the_service_and_holds_little),
        LOOP_TEST(a_slow_client_is_not_flooded_with_empty_messages),
        LOOP_TEST(a_stream_that_is_idle_for_too_long_ends),
    };
    return cmocka_run_group_tests_name("bridge stream", tests, NULL, NULL);
}
