#include "downstream/support.h"

static const char *const get_x[] = {":method", "GET",        ":scheme", "http", ":path",
                                    "/x?q=1",  ":authority", "h:1",     NULL};
static const char *const post_x[] = {":method", "POST",       ":scheme", "http", ":path",
                                     "/x",      ":authority", "h:1",     NULL};

static struct site *talk2(struct ss_loop *l)
{
    struct site *s = site_new(l);
    peer_init(&s->p, site_connect(s), false);
    return s;
}

static bool rec_closed(void *ctx)
{
    return ((struct rec *)ctx)->closed;
}

static bool finishes(struct site *s, struct rec *r)
{
    return pump_until(s->loop, &s->p, rec_closed, r);
}

static void a_request_is_split_into_its_parts_and_answered(void **state)
{
    struct site *s = talk2(*state);
    struct rec *r = peer_request(&s->p, get_x, false);
    assert_true(finishes(s, r));
    struct asked *a = s->asked[0];
    assert_string_equal(a->method, "GET");
    assert_string_equal(a->path, "/x");
    assert_string_equal(a->query, "q=1");
    assert_string_equal(a->host, "h:1");
    assert_int_equal(a->content_length, 0);
    assert_true(a->trailers_ok);
    assert_null(
        memmem(a->headers.ptr ? a->headers.ptr : "", a->headers.len, "\n:", 2)); /* no pseudo-headers */
    assert_true(rec_has(r, ":status: 200"));
    assert_non_null(memmem(r->head.ptr, r->head.len, "\ndate: ", 7));
    site_free(s);
}

static void cookies_in_pieces_are_joined(void **state)
{
    static const char *const headers[] = {":method",    "GET", ":scheme", "http", ":path", "/",
                                          ":authority", "h",   "cookie",  "a=1",  "x",     "y",
                                          "cookie",     "b=2", "cookie",  "c=3",  NULL};
    struct site *s = talk2(*state);
    assert_true(finishes(s, peer_request(&s->p, headers, false)));
    const struct ss_buf *h = &s->asked[0]->headers;
    assert_non_null(memmem(h->ptr, h->len, "\ncookie: a=1; b=2; c=3\n", 24 - 1));
    assert_non_null(memmem(h->ptr, h->len, "\nx: y\n", 6));
    site_free(s);
}

static void bodies_arrive_with_and_without_a_length(void **state)
{
    static const char *const with[] = {":method",    "POST", ":scheme",        "http", ":path", "/x",
                                       ":authority", "h",    "content-length", "5",    NULL};
    for (int length = 0; length < 2; length++) {
        struct site *s = talk2(*state);
        struct rec *r = peer_request(&s->p, length ? with : post_x, true);
        peer_more(r, "he", 2, false);
        settle_site(s);
        assert_int_equal(s->asked[0]->content_length, length ? 5 : -1);
        peer_more(r, "llo", 3, true);
        assert_true(finishes(s, r));
        assert_int_equal(r->data.len, 5);
        assert_memory_equal(r->data.ptr, "hello", 5);
        site_free(s);
    }
}

static void an_empty_body_that_ends_later_is_an_empty_body(void **state)
{
    struct site *s = talk2(*state);
    struct rec *r = peer_request(&s->p, post_x, true);
    settle_site(s);
    assert_int_equal(s->asked[0]->content_length, -1);
    assert_false(s->asked[0]->last);
    peer_more(r, "", 0, true);
    assert_true(finishes(s, r));
    assert_int_equal(s->asked[0]->body.len, 0);
    site_free(s);
}

static void a_body_that_does_not_fit_its_length_is_an_error_of_the_stream(void **state)
{
    static const char *const with[] = {":method",    "POST", ":scheme",        "http", ":path", "/x",
                                       ":authority", "h",    "content-length", "5",    NULL};
    struct site *s = talk2(*state);
    struct rec *r = peer_request(&s->p, with, true);
    peer_more(r, "hell", 4, true);
    assert_true(finishes(s, r));
    assert_int_equal(r->error, 1);
    assert_true(s->asked[0]->gone);
    assert_false(s->p.eof);
    site_free(s);
}

static void many_requests_run_side_by_side_and_end_in_any_order(void **state)
{
    struct site *s = talk2(*state);
    struct rec *r[8];
    s->mode = ANSWER_NEVER;
    for (int i = 0; i < 8; i++)
        r[i] = peer_request(&s->p, get_x, false);
    settle_site(s);
    assert_int_equal(s->n, 8);
    for (int i = 7; i >= 0; i -= 2)
        answer_text(s->asked[i], "odd");
    for (int i = 6; i >= 0; i -= 2)
        answer_text(s->asked[i], "even");
    for (int i = 0; i < 8; i++) {
        assert_true(finishes(s, r[i]));
        assert_int_equal(r[i]->data.len, i % 2 ? 3 : 4);
    }
    site_free(s);
}

static void a_header_list_over_the_limit_is_answered_431(void **state)
{
    struct site *s = site_new(*state);
    s->front.limits.max_header_bytes = 4096;
    peer_init(&s->p, site_connect(s), false);
    char *big = ss_xcalloc(1, 5001);
    memset(big, 'a', 5000);
    const char *const headers[] = {":method",    "GET", ":scheme", "http", ":path", "/",
                                   ":authority", "h",   "x-big",   big,    NULL};
    struct rec *r = peer_request(&s->p, headers, false);
    assert_true(finishes(s, r));
    assert_true(rec_has(r, ":status: 431"));
    assert_int_equal(s->n, 0);
    struct rec *next = peer_request(&s->p, get_x, false);
    assert_true(finishes(s, next));
    assert_true(rec_has(next, ":status: 200"));
    ss_free(big);
    site_free(s);
}

static void too_many_fields_are_answered_431(void **state)
{
    struct site *s = site_new(*state);
    s->front.limits.max_headers = 5;
    peer_init(&s->p, site_connect(s), false);
    static const char *const headers[] = {":method", "GET", ":scheme", "http", ":path", "/", ":authority",
                                          "h",       "a",   "1",       "b",    "2",     "c", "3",
                                          "d",       "4",   "e",       "5",    "f",     "6", NULL};
    struct rec *r = peer_request(&s->p, headers, false);
    assert_true(finishes(s, r));
    assert_true(rec_has(r, ":status: 431"));
    site_free(s);
}

static void a_path_that_is_none_is_refused(void **state)
{
    static const char *const headers[] = {":method", "GET",        ":scheme", "http", ":path",
                                          "x",       ":authority", "h",       NULL};
    struct site *s = talk2(*state);
    struct rec *r = peer_request(&s->p, headers, false);
    assert_true(finishes(s, r));
    assert_int_equal(s->n, 0);
    site_free(s);
}

static void a_client_that_cancels_its_stream_is_gone(void **state)
{
    for (int started = 0; started < 2; started++) {
        struct site *s = talk2(*state);
        s->mode = ANSWER_NEVER;
        struct rec *r = peer_request(&s->p, post_x, true);
        peer_more(r, "abc", 3, false);
        settle_site(s);
        if (started) {
            struct ss_client *c = s->asked[0]->client;
            c->ops->head(c, 200, NULL, 0, -1);
            c->ops->data(c, "part", 4);
            settle_site(s);
        }
        nghttp2_submit_rst_stream(s->p.session, 0, 1, 8);
        settle_site(s);
        assert_true(s->asked[0]->gone);
        assert_int_equal(s->front.n_conns, 1);
        site_free(s);
    }
}

static void a_lost_connection_is_gone_for_all_its_requests(void **state)
{
    struct site *s = talk2(*state);
    s->mode = ANSWER_NEVER;
    for (int i = 0; i < 3; i++)
        peer_request(&s->p, get_x, false);
    settle_site(s);
    peer_dispose(&s->p);
    settle_site(s);
    for (int i = 0; i < 3; i++)
        assert_true(s->asked[i]->gone);
    assert_int_equal(s->front.n_conns, 0);
    site_free(s);
}

static void an_answer_before_the_request_is_whole_stands(void **state)
{
    struct site *s = talk2(*state);
    s->mode = ANSWER_AT_ONCE;
    struct rec *r = peer_request(&s->p, post_x, true);
    char *bytes = ss_xcalloc(1, 1 << 20);
    peer_more(r, bytes, 1 << 20, true);
    ss_free(bytes);
    assert_true(finishes(s, r));
    assert_true(rec_has(r, ":status: 200"));
    assert_memory_equal(r->data.ptr, "early", 5);
    assert_int_equal(r->error, 0);
    s->mode = ANSWER_WHEN_WHOLE; /* the credit of what was not wanted came back */
    for (int i = 0; i < 8; i++) {
        struct rec *next = peer_request(&s->p, post_x, true);
        bytes = ss_xcalloc(1, 300000);
        peer_more(next, bytes, 300000, true);
        ss_free(bytes);
        assert_true(finishes(s, next));
        assert_int_equal(next->data.len, 300000);
    }
    site_free(s);
}

static void head_and_204_have_no_body(void **state)
{
    static const char *const head_x[] = {":method", "HEAD",       ":scheme", "http", ":path",
                                         "/x",      ":authority", "h",       NULL};
    struct site *s = talk2(*state);
    s->mode = ANSWER_NEVER;
    struct rec *r = peer_request(&s->p, head_x, false), *r2 = peer_request(&s->p, get_x, false);
    settle_site(s);
    answer_text(s->asked[0], "unseen");
    answer(s->asked[1], 204, "", 0, 0);
    assert_true(finishes(s, r) && finishes(s, r2));
    assert_true(rec_has(r, "content-length: 6"));
    assert_int_equal(r->data.len, 0);
    assert_int_equal(r2->data.len, 0);
    assert_null(memmem(r2->head.ptr, r2->head.len, "content-length", 14));
    site_free(s);
}

static void trailers_end_the_answer(void **state)
{
    static const struct ss_header t[] = {{.name = SS_LIT("grpc-status"), .value = SS_LIT("0")}};
    struct site *s = talk2(*state);
    s->mode = ANSWER_NEVER;
    struct rec *r = peer_request(&s->p, get_x, false);
    settle_site(s);
    struct ss_client *c = s->asked[0]->client;
    c->ops->head(c, 200, NULL, 0, -1);
    c->ops->data(c, "abc", 3);
    c->ops->finish(c, t, 1);
    s->asked[0]->client = NULL;
    assert_true(finishes(s, r));
    assert_int_equal(r->blocks, 2);
    assert_true(rec_has(r, "grpc-status: 0"));
    site_free(s);
}

static void a_reset_answer_is_an_error(void **state)
{
    struct site *s = talk2(*state);
    s->mode = ANSWER_NEVER;
    struct rec *r = peer_request(&s->p, get_x, false);
    settle_site(s);
    struct ss_client *c = s->asked[0]->client;
    c->ops->head(c, 200, NULL, 0, -1);
    c->ops->data(c, "abc", 3);
    settle_site(s);
    s->asked[0]->client = NULL;
    c->ops->reset(c);
    assert_true(finishes(s, r));
    assert_false(r->end);
    assert_int_not_equal(r->error, 0);
    site_free(s);
}

static void a_stream_that_is_not_read_waits_and_others_go_on(void **state)
{
    struct site *s = talk2(*state);
    s->mode = ANSWER_NEVER;
    s->p.hold = true;
    struct rec *r = peer_request(&s->p, get_x, false);
    settle_site(s);
    struct ss_client *c = s->asked[0]->client;
    static char block[200000];
    c->ops->head(c, 200, NULL, 0, -1);
    c->ops->data(c, block, 50000);
    c->ops->data(c, block, 50000);
    c->ops->want_writable(c);
    settle_site(s);
    assert_int_equal(s->asked[0]->writables, 0);
    assert_int_equal(c->ops->unsent(c), 100000 - 65535);
    s->p.hold = false;
    nghttp2_session_consume(s->p.session, r->id, r->data.len);
    settle_site(s);
    assert_int_equal(s->asked[0]->writables, 1);
    c->ops->finish(c, NULL, 0);
    s->asked[0]->client = NULL;
    assert_true(finishes(s, r));
    assert_int_equal(r->data.len, 100000);
    site_free(s);
}

static void draining_finishes_what_runs(void **state)
{
    struct site *s = talk2(*state);
    s->mode = ANSWER_NEVER;
    s->front.on_empty = site_empty;
    s->front.on_empty_ctx = s;
    struct rec *r = peer_request(&s->p, get_x, false);
    settle_site(s);
    ss_front_drain(&s->front);
    for (int i = 0; i < 100 && !s->p.goaway; i++) /* a busy machine may take its time */
        settle_site(s);
    assert_true(s->p.goaway);
    assert_int_equal(s->front.n_conns, 1);
    answer_text(s->asked[0], "done");
    assert_true(closes(s));
    assert_true(r->end);
    assert_memory_equal(r->data.ptr, "done", 4);
    assert_int_equal(s->empty, 1);
    site_free(s);
}

static void an_idle_connection_is_told_and_closed_and_a_busy_one_is_not(void **state)
{
    struct site *s = site_new(*state);
    s->front.limits.idle_timeout_ms = 50;
    s->mode = ANSWER_NEVER;
    peer_init(&s->p, site_connect(s), false);
    struct rec *r = peer_request(&s->p, get_x, false);
    pump_for(s->loop, &s->p, 120);
    assert_false(s->p.goaway);
    answer_text(s->asked[0], "x");
    assert_true(finishes(s, r));
    assert_true(closes(s));
    assert_true(s->p.goaway);
    site_free(s);
}

/* The preface of HTTP/2 on a cleartext port, in two pieces split anywhere, and byte by byte. */
static void the_preface_is_recognised_split_at_every_byte(void **state)
{
    struct h2_peer bytes;
    struct ss_buf b;
    const uint8_t *out;
    ssize_t n;
    ss_buf_init(&b, 4096);
    peer_init(&bytes, -1, false);
    peer_request(&bytes, get_x, false);
    while ((n = nghttp2_session_mem_send(bytes.session, &out)) > 0)
        ss_buf_append(&b, (const char *)out, (size_t)n);
    peer_dispose(&bytes);
    for (size_t k = 1; k <= 30; k++) {
        struct site *s = site_new(*state);
        peer_init_raw(&s->p, site_connect(s));
        if (k == 30)
            s->p.step = 1;
        peer_raw(&s->p, b.ptr, k);
        pump_for(s->loop, &s->p, 3);
        peer_raw(&s->p, b.ptr + k, b.len - k);
        for (int i = 0; i < 20 && s->n == 0; i++)
            settle_site(s);
        assert_int_equal(s->n, 1);
        assert_string_equal(s->asked[0]->path, "/x");
        assert_int_equal(s->refused, 0);
        site_free(s);
    }
    ss_buf_dispose(&b);
}

static void a_client_that_sends_half_a_preface_is_timed_out(void **state)
{
    struct site *s = site_new(*state);
    s->front.limits.header_timeout_ms = 40;
    peer_init_raw(&s->p, site_connect(s));
    say(s, "PRI * HT");
    assert_true(closes(s));
    assert_int_equal(s->front.n_conns, 0);
    site_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_request_is_split_into_its_parts_and_answered),
        LOOP_TEST(cookies_in_pieces_are_joined),
        LOOP_TEST(bodies_arrive_with_and_without_a_length),
        LOOP_TEST(an_empty_body_that_ends_later_is_an_empty_body),
        LOOP_TEST(a_body_that_does_not_fit_its_length_is_an_error_of_the_stream),
        LOOP_TEST(many_requests_run_side_by_side_and_end_in_any_order),
        LOOP_TEST(a_header_list_over_the_limit_is_answered_431),
        LOOP_TEST(too_many_fields_are_answered_431),
        LOOP_TEST(a_path_that_is_none_is_refused),
        LOOP_TEST(a_client_that_cancels_its_stream_is_gone),
        LOOP_TEST(a_lost_connection_is_gone_for_all_its_requests),
        LOOP_TEST(an_answer_before_the_request_is_whole_stands),
        LOOP_TEST(head_and_204_have_no_body),
        LOOP_TEST(trailers_end_the_answer),
        LOOP_TEST(a_reset_answer_is_an_error),
        LOOP_TEST(a_stream_that_is_not_read_waits_and_others_go_on),
        LOOP_TEST(draining_finishes_what_runs),
        LOOP_TEST(an_idle_connection_is_told_and_closed_and_a_busy_one_is_not),
        LOOP_TEST(the_preface_is_recognised_split_at_every_byte),
        LOOP_TEST(a_client_that_sends_half_a_preface_is_timed_out),
    };
    return cmocka_run_group_tests_name("downstream http2", tests, NULL, NULL);
}
