#include "downstream/support.h"

static void a_request_is_answered_and_the_connection_kept(void **state)
{
    struct site *s = talk(*state);
    say(s, "POST /a/b?q=1 HTTP/1.1\r\nHost: h:1\r\nContent-Length: 5\r\nX-Y: z\r\n\r\nhello");
    settle_site(s);
    assert_int_equal(s->n, 1);
    struct asked *a = s->asked[0];
    assert_string_equal(a->method, "POST");
    assert_string_equal(a->path, "/a/b");
    assert_string_equal(a->query, "q=1");
    assert_string_equal(a->host, "h:1");
    assert_string_equal(a->scheme, "http");
    assert_int_equal(a->content_length, 5);
    assert_non_null(memmem(a->headers.ptr, a->headers.len, "\nx-y: z\n", 8));
    assert_int_equal(heard(s, "HTTP/1.1 200 OK\r\n"), 1);
    assert_int_equal(heard(s, "ate: "), 1);
    assert_true(ends_with(s, "\r\n\r\nhello"));
    say(s, "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    settle_site(s);
    assert_int_equal(s->n, 2);
    assert_int_equal(heard(s, "HTTP/1.1 200 OK\r\n"), 2);
    assert_false(s->p.eof);
    site_free(s);
}

static void pipelined_requests_are_answered_in_order_one_at_a_time(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_NEVER;
    say(s,
        "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /3 "
        "HTTP/1.1\r\nHost: h\r\n\r\n");
    settle_site(s);
    assert_int_equal(s->n, 1); /* the next begins when this one is answered */
    answer_text(s->asked[0], "one.");
    settle_site(s);
    assert_int_equal(s->n, 2);
    assert_memory_equal(s->asked[1]->body.ptr, "abc", 3);
    answer_text(s->asked[1], "two.");
    settle_site(s);
    assert_int_equal(s->n, 3);
    answer_text(s->asked[2], "three.");
    settle_site(s);
    const char *p1 = memmem(s->p.raw.ptr, s->p.raw.len, "one.", 4);
    const char *p2 = memmem(s->p.raw.ptr, s->p.raw.len, "two.", 4);
    assert_true(p1 && p2 && p1 < p2);
    assert_true(ends_with(s, "three."));
    site_free(s);
}

/* A client that pipelines without end behind a running call is held back by TCP. */
static void what_is_pipelined_behind_a_running_call_is_bounded(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_NEVER;
    say(s, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
    char *junk = ss_xcalloc(1, 16 << 20);
    memset(junk, 'x', 16 << 20);
    peer_raw(&s->p, junk, 16 << 20);
    ss_free(junk);
    pump_for(s->loop, &s->p, 100);
    assert_false(s->p.eof);
    assert_true(s->p.tx.len - s->p.tx_done > 4 << 20); /* not taken */
    answer_text(s->asked[0], "x");
    assert_true(closes(s)); /* the rest is no request */
    assert_int_equal(s->refused, 1);
    assert_int_equal(s->n, 1);
    site_free(s);
}

static const char split_text[] = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"
                                 "POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nT: v\r\n\r\n"
                                 "GET /c HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

static void check_split(struct site *s)
{
    assert_true(closes(s));
    assert_int_equal(s->n, 3);
    assert_int_equal(s->asked[0]->body.len, 4);
    assert_memory_equal(s->asked[0]->body.ptr, "body", 4);
    assert_int_equal(s->asked[1]->content_length, -1);
    assert_int_equal(s->asked[1]->body.len, 4);
    assert_memory_equal(s->asked[1]->body.ptr, "abcd", 4);
    assert_string_equal(s->asked[2]->path, "/c");
    assert_int_equal(heard(s, "HTTP/1.1 200 OK"), 3);
    assert_int_equal(heard(s, "connection: close") + heard(s, "Connection: close"), 1);
}

static void requests_split_at_every_byte_are_the_same_requests(void **state)
{
    size_t n = sizeof split_text - 1;
    for (size_t k = 1; k < n; k++) {
        struct site *s = talk(*state);
        peer_raw(&s->p, split_text, k);
        pump_for(s->loop, &s->p, 3);
        peer_raw(&s->p, split_text + k, n - k);
        check_split(s);
        site_free(s);
    }
    struct site *s = talk(*state);
    s->p.step = 1;
    say(s, split_text);
    check_split(s);
    site_free(s);
}

static void a_preface_that_turns_out_to_be_http1_is_http1(void **state)
{
    struct site *s = talk(*state);
    s->p.step = 1;
    say(s, "PRI /x HTTP/1.1\r\nHost: h\r\n\r\n");
    for (int i = 0; i < 20 && s->n == 0; i++)
        settle_site(s);
    assert_int_equal(s->n, 1);
    assert_string_equal(s->asked[0]->method, "PRI");
    site_free(s);
}

static void a_client_that_waits_for_100_gets_it_before_its_answer(void **state)
{
    struct site *s = talk(*state);
    say(s, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    settle_site(s);
    assert_true(ends_with(s, "HTTP/1.1 100 Continue\r\n\r\n"));
    say(s, "ab");
    settle_site(s);
    assert_true(ends_with(s, "\r\n\r\nab"));
    assert_int_equal(heard(s, "100 Continue"), 1);
    site_free(s);
}

static void a_client_that_is_answered_instead_of_100_is_closed_on(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_AT_ONCE;
    say(s, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    assert_true(closes(s)); /* whether the body comes cannot be known */
    assert_int_equal(heard(s, "100 Continue"), 0);
    assert_true(ends_with(s, "early"));
    site_free(s);
}

static void a_small_body_behind_an_early_answer_is_dropped_and_the_connection_kept(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_AT_ONCE;
    say(s, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234");
    settle_site(s);
    assert_true(ends_with(s, "early"));
    say(s, "56789POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    settle_site(s);
    say(s, "0\r\n\r\nGET /c HTTP/1.1\r\nHost: h\r\n\r\n");
    settle_site(s);
    assert_int_equal(s->n, 3);
    assert_int_equal(heard(s, "early"), 3);
    assert_false(s->p.eof);
    site_free(s);
}

static void a_large_body_behind_an_early_answer_ends_the_connection_and_the_answer_arrives(void **state)
{
    for (int chunked = 0; chunked < 2; chunked++) {
        struct site *s = talk(*state);
        s->mode = ANSWER_AT_ONCE;
        say(s, chunked ? "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n"
                       : "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2097152\r\n\r\n");
        char *body = ss_xcalloc(1, 1 << 21);
        peer_raw(&s->p, body, 1 << 21);
        ss_free(body);
        assert_true(closes(s));
        assert_true(ends_with(s, "early"));
        site_free(s);
    }
}

static void malformed_requests_are_refused_and_the_connection_closed(void **state)
{
    static const struct {
        const char *text, *status;
    } bad[] = {
        {"GET / HTTP/1.1\r\n\r\n", " 400 "},
        {"GET / HTTP/2.5\r\nHost: h\r\n\r\n", " 505 "},
        {"nonsense\r\n\r\n", " 400 "},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", " 400 "},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", " 501 "},
        {"GET / HTTP/1.1\r\nHost: h\r\nExpect: magic\r\n\r\n", " 417 "},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct site *s = talk(*state);
        say(s, bad[i].text);
        assert_true(closes(s));
        assert_int_equal(s->refused, 1);
        assert_int_equal(s->n, 0);
        if (heard(s, bad[i].status) != 1)
            fail_msg("%s: %.*s", bad[i].text, (int)s->p.raw.len, s->p.raw.ptr);
        site_free(s);
    }
}

/* Closing on unread bytes would reset the connection, and the client would lose the answer. */
static void a_refusal_arrives_though_the_client_is_still_sending(void **state)
{
    struct site *s = talk(*state);
    s->p.deaf = true; /* sends first, reads later, as most clients do */
    say(s, "GET / HTTP/1.1\r\nHost: h\r\nX-Big: ");
    char *big = ss_xcalloc(1, 600 * 1000);
    memset(big, 'a', 600 * 1000);
    peer_raw(&s->p, big, 600 * 1000);
    ss_free(big);
    pump_for(s->loop, &s->p, 100);
    s->p.deaf = false;
    assert_true(closes(s));
    assert_false(s->p.was_reset);
    assert_int_equal(heard(s, "HTTP/1.1 431 "), 1);
    assert_int_equal(s->refused_err, SS_ERR_HEADERS_TOO_LARGE);
    site_free(s);
}

static void a_broken_chunk_ends_the_call_and_is_refused(void **state)
{
    struct site *s = talk(*state);
    say(s, "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nxyz\r\n");
    assert_true(closes(s));
    assert_int_equal(s->n, 1);
    assert_true(s->asked[0]->gone);
    assert_int_equal(s->refused, 1);
    assert_int_equal(heard(s, "HTTP/1.1 400 "), 1);
    site_free(s);
}

static void a_broken_chunk_behind_the_head_of_the_answer_cuts_it(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_NEVER;
    say(s, "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    settle_site(s);
    struct ss_client *c = s->asked[0]->client;
    c->ops->head(c, 200, NULL, 0, -1);
    c->ops->data(c, "part", 4);
    say(s, "xyz\r\n");
    assert_true(closes(s));
    assert_true(s->asked[0]->gone);
    assert_int_equal(heard(s, "\r\n0\r\n"), 0); /* not taken for whole */
    site_free(s);
}

static void http_1_0_closes_unless_asked_to_stay(void **state)
{
    struct site *s = talk(*state);
    say(s, "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    settle_site(s);
    assert_false(s->p.eof);
    say(s, "GET /2 HTTP/1.0\r\n\r\n");
    assert_true(closes(s));
    assert_int_equal(s->n, 2);
    assert_int_equal(heard(s, " 200 OK"), 2);
    site_free(s);
}

static void http_1_0_gets_a_stream_without_chunks(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_NEVER;
    say(s, "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    settle_site(s);
    struct ss_client *c = s->asked[0]->client;
    c->ops->head(c, 200, NULL, 0, -1);
    c->ops->data(c, "abc", 3);
    c->ops->data(c, "def", 3);
    c->ops->finish(c, NULL, 0);
    s->asked[0]->client = NULL;
    assert_true(closes(s)); /* the end of the connection is the end of the body */
    assert_true(ends_with(s, "\r\n\r\nabcdef"));
    assert_int_equal(heard(s, "chunked"), 0);
    site_free(s);
}

static void head_gets_the_head_only(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_AT_ONCE;
    say(s, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    settle_site(s);
    assert_int_equal(heard(s, "ontent-"), 2); /* type and length */
    assert_true(ends_with(s, "\r\n\r\n"));
    assert_int_equal(heard(s, "early"), 0);
    s->mode = ANSWER_NEVER;
    say(s, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    settle_site(s);
    struct ss_client *c = s->asked[1]->client;
    c->ops->head(c, 200, NULL, 0, -1);
    c->ops->data(c, "abc", 3);
    c->ops->finish(c, NULL, 0);
    s->asked[1]->client = NULL;
    settle_site(s);
    assert_true(ends_with(s, "\r\n\r\n"));
    assert_false(s->p.eof);
    site_free(s);
}

static void trailers_go_to_who_takes_them(void **state)
{
    static const struct ss_header t[] = {{.name = SS_LIT("grpc-status"), .value = SS_LIT("0")}};
    for (int te = 0; te < 2; te++) {
        struct site *s = talk(*state);
        s->mode = ANSWER_NEVER;
        say(s, te ? "GET / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: TE\r\n\r\n"
                  : "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        settle_site(s);
        assert_int_equal(s->asked[0]->trailers_ok, te);
        struct ss_client *c = s->asked[0]->client;
        c->ops->head(c, 200, NULL, 0, -1);
        c->ops->data(c, "abc", 3);
        c->ops->finish(c, t, 1);
        s->asked[0]->client = NULL;
        settle_site(s);
        assert_true(ends_with(s, te ? "\r\n0\r\ngrpc-status: 0\r\n\r\n" : "\r\n0\r\n\r\n"));
        site_free(s);
    }
}

static void bad_trailers_do_not_leave_the_client_waiting(void **state)
{
    static const struct ss_header t[] = {{.name = SS_LIT("x"), .value = SS_LIT("a\r\nb: c")}};
    struct site *s = talk(*state);
    s->mode = ANSWER_NEVER;
    say(s, "GET / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
    settle_site(s);
    struct ss_client *c = s->asked[0]->client;
    c->ops->head(c, 200, NULL, 0, -1);
    s->asked[0]->client = NULL;
    c->ops->finish(c, t, 1);
    assert_true(closes(s));
    assert_int_equal(heard(s, "b: c"), 0);
    site_free(s);
}

static void a_reset_answer_is_not_taken_for_whole(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_NEVER;
    say(s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    settle_site(s);
    struct ss_client *c = s->asked[0]->client;
    c->ops->head(c, 200, NULL, 0, -1);
    c->ops->data(c, "abc", 3);
    settle_site(s);
    s->asked[0]->client = NULL;
    c->ops->reset(c);
    assert_true(closes(s));
    assert_true(ends_with(s, "3\r\nabc\r\n"));
    site_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_request_is_answered_and_the_connection_kept),
        LOOP_TEST(pipelined_requests_are_answered_in_order_one_at_a_time),
        LOOP_TEST(what_is_pipelined_behind_a_running_call_is_bounded),
        LOOP_TEST(requests_split_at_every_byte_are_the_same_requests),
        LOOP_TEST(a_preface_that_turns_out_to_be_http1_is_http1),
        LOOP_TEST(a_client_that_waits_for_100_gets_it_before_its_answer),
        LOOP_TEST(a_client_that_is_answered_instead_of_100_is_closed_on),
        LOOP_TEST(a_small_body_behind_an_early_answer_is_dropped_and_the_connection_kept),
        LOOP_TEST(a_large_body_behind_an_early_answer_ends_the_connection_and_the_answer_arrives),
        LOOP_TEST(malformed_requests_are_refused_and_the_connection_closed),
        LOOP_TEST(a_refusal_arrives_though_the_client_is_still_sending),
        LOOP_TEST(a_broken_chunk_ends_the_call_and_is_refused),
        LOOP_TEST(a_broken_chunk_behind_the_head_of_the_answer_cuts_it),
        LOOP_TEST(http_1_0_closes_unless_asked_to_stay),
        LOOP_TEST(http_1_0_gets_a_stream_without_chunks),
        LOOP_TEST(head_gets_the_head_only),
        LOOP_TEST(trailers_go_to_who_takes_them),
        LOOP_TEST(bad_trailers_do_not_leave_the_client_waiting),
        LOOP_TEST(a_reset_answer_is_not_taken_for_whole),
    };
    return cmocka_run_group_tests_name("downstream http1", tests, NULL, NULL);
}
