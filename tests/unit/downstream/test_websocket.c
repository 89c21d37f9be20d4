#include "downstream/support.h"

#define HELLO                                                                                                \
    "GET /chat?q=1 HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                     \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

/* RFC 6455 §1.3 has the key's answer. */
static const char accepted[] = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n"
                               "connection: Upgrade\r\n"
                               "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/* A frame of less than 126 bytes, masked with zeroes. */
static void put(struct ss_buf *b, unsigned first, const char *text, size_t n)
{
    char head[6] = {(char)first, (char)(0x80 | n)};
    assert_true(n < 126);
    ss_buf_append(b, head, sizeof head);
    ss_buf_append(b, text, n);
}

static void say_frame(struct site *s, unsigned first, const char *text)
{
    struct ss_buf b;
    ss_buf_init(&b, 1000);
    put(&b, first, text, strlen(text));
    peer_raw(&s->p, b.ptr, b.len);
    ss_buf_dispose(&b);
}

static void assert_got(const struct asked *a, const char *messages)
{
    assert_int_equal(a->messages.len, strlen(messages));
    assert_memory_equal(a->messages.ptr ? a->messages.ptr : "", messages, strlen(messages));
}

static struct site *socket_open(struct ss_loop *l)
{
    struct site *s = talk(l);
    s->mode = ANSWER_SOCKET;
    say(s, HELLO "\r\n");
    assert_true(hears(s, accepted));
    assert_int_equal(s->p.raw.len, sizeof accepted - 1);
    ss_buf_clear(&s->p.raw, SIZE_MAX);
    return s;
}

static void close_call(struct asked *a, int code, const char *why)
{
    struct ss_client *c = a->client;
    a->client = NULL;
    c->ops->close(c, code, ss_slice_of(why, strlen(why)));
}

static void assert_heard_close(struct site *s, unsigned code, const char *why)
{
    char want[130] = {(char)0x88, (char)(2 + strlen(why)), (char)(code >> 8), (char)code};
    memcpy(want + 4, why, strlen(why));
    for (int i = 0; i < 200 && s->p.raw.len < 4 + strlen(why); i++)
        settle_site(s);
    assert_int_equal(s->p.raw.len, 4 + strlen(why));
    assert_memory_equal(s->p.raw.ptr, want, s->p.raw.len);
}

/* The client answers our close, or sends its own: the connection ends at once. */
static void assert_ends_with_the_clients_close(struct site *s)
{
    assert_false(s->p.eof);
    say_frame(s, 0x88, "");
    assert_true(closes(s));
}

static void messages_go_both_ways_and_the_end_is_a_close(void **state)
{
    struct site *s = socket_open(*state);
    struct asked *a = s->asked[0];
    assert_string_equal(a->method, "GET");
    assert_string_equal(a->path, "/chat");
    assert_string_equal(a->query, "q=1");
    assert_int_equal(a->content_length, 0);
    say_frame(s, 0x81, "text");
    say_frame(s, 0x82, "bytes");
    say_frame(s, 0x01, "in ");
    say_frame(s, 0x80, "two");
    settle_site(s);
    assert_got(a, "t:text\nb:bytes\nt:in two\n");
    a->client->ops->message(a->client, SS_LIT("{}"), false);
    a->client->ops->message(a->client, SS_LIT("\1"), true);
    assert_true(hears(s, "\x81\x02{}\x82\x01\x01"));
    ss_buf_clear(&s->p.raw, SIZE_MAX);
    assert_false(a->last);
    say_frame(s, 0x81, "");
    settle_site(s);
    assert_true(a->last);
    assert_int_equal(a->body.len, 0);
    close_call(a, 0, "");
    assert_heard_close(s, 1000, "");
    assert_ends_with_the_clients_close(s);
    assert_int_equal(s->p.raw.len, 4);
    site_free(s);
}

static void what_the_client_says_behind_our_close_is_not_heard(void **state)
{
    struct site *s = socket_open(*state);
    close_call(s->asked[0], 0, "");
    assert_heard_close(s, 1000, "");
    say_frame(s, 0x81, "late");
    say_frame(s, 0x81, "");
    say_frame(s, 0x89, "ping");
    settle_site(s);
    assert_got(s->asked[0], "");
    assert_ends_with_the_clients_close(s);
    assert_int_equal(s->p.raw.len, 4);
    site_free(s);
}

static void a_client_that_does_not_answer_our_close_is_hung_up_on(void **state)
{
    struct site *s = socket_open(*state);
    close_call(s->asked[0], 0, "");
    assert_heard_close(s, 1000, "");
    pump_for(s->loop, &s->p, 1000);
    assert_false(s->p.eof);
    pump_for(s->loop, &s->p, 2000);
    assert_true(closes(s));
    site_free(s);
}

static void a_quiet_client_is_pinged_and_then_gone(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_SOCKET;
    s->ping_ms = 50;
    say(s, HELLO "\r\n");
    assert_true(hears(s, accepted));
    for (int i = 0; i < 3; i++) {
        ss_buf_clear(&s->p.raw, SIZE_MAX);
        for (int k = 0; k < 500 && s->p.raw.len == 0; k++)
            settle_site(s);
        pump_for(s->loop, &s->p, 20);
        assert_int_equal(s->p.raw.len, 2);
        assert_memory_equal(s->p.raw.ptr, "\x89", 2);
        say_frame(s, 0x8a, "");
        settle_site(s);
    }
    assert_false(s->asked[0]->gone);
    pump_for(s->loop, &s->p, 200);
    assert_true(closes(s));
    assert_true(s->asked[0]->gone);
    site_free(s);
}

static void a_shut_down_closes_with_1001(void **state)
{
    struct site *s = socket_open(*state);
    ss_front_drain(&s->front);
    settle_site(s);
    assert_int_equal(s->p.raw.len, 0);
    ss_front_shut_down(&s->front);
    assert_heard_close(s, 1001, "shutting down");
    assert_false(s->asked[0]->gone);
    assert_ends_with_the_clients_close(s);
    site_free(s);
    s = socket_open(*state);
    close_call(s->asked[0], 0, "");
    ss_front_shut_down(&s->front); /* no use in waiting any more */
    assert_true(closes(s));
    site_free(s);
}

static void a_failure_is_closed_with_its_code_and_message(void **state)
{
    struct site *s = socket_open(*state);
    close_call(s->asked[0], 5, "no such thing");
    assert_heard_close(s, 4005, "no such thing");
    assert_ends_with_the_clients_close(s);
    site_free(s);
    s = socket_open(*state);
    close_call(s->asked[0], 12345, "odd");
    assert_heard_close(s, 4002, "odd");
    assert_ends_with_the_clients_close(s);
    site_free(s);
}

static void bytes_split_anywhere_are_the_same_messages(void **state)
{
    struct ss_buf b;
    ss_buf_init(&b, 4000);
    ss_buf_append_slice(&b, SS_LIT(HELLO "\r\n"));
    size_t hello = b.len;
    put(&b, 0x01, "a", 1);
    put(&b, 0x89, "ping", 4);
    put(&b, 0x80, "b", 1);
    put(&b, 0x82, "c", 1);
    put(&b, 0x81, "", 0);
    for (size_t k = hello - 5; k <= b.len; k++) {
        struct site *s = talk(*state);
        s->mode = ANSWER_SOCKET;
        peer_raw(&s->p, b.ptr, k);
        settle_site(s);
        peer_raw(&s->p, b.ptr + k, b.len - k);
        for (int i = 0; i < 100 && !(s->n && s->asked[0]->last); i++)
            settle_site(s);
        assert_int_equal(s->n, 1);
        assert_true(s->asked[0]->last);
        assert_got(s->asked[0], "t:ab\nb:c\n");
        assert_true(hears(s, "\x8a\x04ping"));
        close_call(s->asked[0], 0, "");
        assert_ends_with_the_clients_close(s);
        site_free(s);
    }
    ss_buf_dispose(&b);
}

static void what_the_client_breaks_is_told_and_the_call_is_gone(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        unsigned code;
    } cases[] = {
        {"\x81\x01x", 3, 1002},                 /* unmasked */
        {"\xc1\x81\0\0\0\0x", 7, 1002},         /* a reserved bit */
        {"\x81\x81\0\0\0\0\xff", 7, 1007},      /* not UTF-8 */
        {"\x81\xfe\x03\xe9\0\0\0\0x", 9, 1009}, /* 1001 bytes */
        {"\x88\x82\0\0\0\0\x03\xe9", 8, 1001},  /* its own close, echoed */
        {"\x01\xfe\x03\xe8\0\0\0\0x", 9, 0},    /* 1000 bytes: allowed */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct site *s = socket_open(*state);
        peer_raw(&s->p, cases[i].bytes, cases[i].n);
        if (cases[i].code == 0) {
            settle_site(s);
            assert_false(s->asked[0]->gone);
            close_call(s->asked[0], 0, "");
            shutdown(s->p.fd, SHUT_WR);
            assert_true(closes(s));
        } else {
            assert_true(closes(s));
            assert_true(s->asked[0]->gone);
            assert_true(s->p.raw.len >= 4 && s->p.raw.ptr[0] == (char)0x88);
            assert_int_equal((uint8_t)s->p.raw.ptr[2] << 8 | (uint8_t)s->p.raw.ptr[3], cases[i].code);
        }
        assert_got(s->asked[0], "");
        site_free(s);
    }
}

static void a_client_that_leaves_is_gone_at_once(void **state)
{
    struct site *s = socket_open(*state);
    shutdown(s->p.fd, SHUT_WR);
    assert_true(closes(s));
    assert_true(s->asked[0]->gone);
    site_free(s);
}

static void a_handler_that_is_busy_stops_the_client(void **state)
{
    struct site *s = socket_open(*state);
    struct asked *a = s->asked[0];
    struct ss_buf b;
    a->hold = true;
    ss_buf_init(&b, 64 << 20);
    while (b.len < 16 << 20)
        put(&b, 0x81, "0123456789012345678901234567890123456789012345678901234567890123456789", 70);
    peer_raw(&s->p, b.ptr, b.len);
    pump_for(s->loop, &s->p, 100);
    size_t came = a->messages.len;
    assert_true(came < 1 << 20); /* the rest waits in the kernel, and with the client */
    pump_for(s->loop, &s->p, 50);
    assert_int_equal(a->messages.len, came);
    a->hold = false;
    a->client->ops->consume(a->client, came / 73 * (70 + SS_MESSAGE_COST));
    for (int i = 0; i < 2000 && a->messages.len < b.len / 76 * 73; i++)
        pump_for(s->loop, &s->p, 5);
    assert_int_equal(a->messages.len, b.len / 76 * 73);
    close_call(a, 0, "");
    assert_ends_with_the_clients_close(s);
    ss_buf_dispose(&b);
    site_free(s);
}

static void a_client_that_does_not_read_is_felt_by_the_handler(void **state)
{
    struct site *s = socket_open(*state);
    struct asked *a = s->asked[0];
    static char big[100000];
    memset(big, 'x', sizeof big);
    s->p.deaf = true;
    for (int i = 0; i < 100 && a->client->ops->unsent(a->client) < 200000; i++) {
        a->client->ops->message(a->client, ss_slice_of(big, sizeof big), true);
        settle_site(s);
    }
    assert_true(a->client->ops->unsent(a->client) >= 200000);
    a->client->ops->want_writable(a->client);
    settle_site(s);
    assert_int_equal(a->writables, 0);
    s->p.deaf = false;
    for (int i = 0; i < 200 && a->writables == 0; i++)
        settle_site(s);
    assert_int_equal(a->writables, 1);
    assert_int_equal(a->client->ops->unsent(a->client), 0);
    close_call(a, 0, "");
    assert_ends_with_the_clients_close(s);
    site_free(s);
}

static void a_bad_hello_is_refused_and_the_connection_kept(void **state)
{
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 426},
        {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 426},
        {"Sec-WebSocket-Version: 13\r\n", 400},
        {"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n", 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct site *s = talk(*state);
        char status[16];
        say(s, "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
        say(s, cases[i].headers);
        say(s, "\r\n");
        settle_site(s);
        snprintf(status, sizeof status, "HTTP/1.1 %d", cases[i].status);
        assert_int_equal(heard(s, status), 1);
        assert_int_equal(heard(s, "sec-websocket-version: 13\r\n"), cases[i].status == 426);
        assert_int_equal(s->refused, 1);
        say(s, "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
        settle_site(s);
        assert_int_equal(heard(s, "HTTP/1.1 200"), 1);
        site_free(s);
    }
}

static void a_handler_may_answer_otherwise(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_AT_ONCE;
    say(s, HELLO "\r\n");
    settle_site(s);
    assert_int_equal(heard(s, "HTTP/1.1 200 OK\r\n"), 1);
    assert_int_equal(heard(s, "101"), 0);
    assert_true(ends_with(s, "\r\n\r\nearly"));
    say(s, HELLO "\r\n");
    settle_site(s);
    assert_int_equal(heard(s, "HTTP/1.1 200 OK\r\n"), 2);
    site_free(s);
}

static void only_a_get_without_a_body_over_1_1_is_a_websocket(void **state)
{
    static const char *const requests[] = {
        "POST / HTTP/1.1\r\nContent-Length: 0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
        "GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
        "GET / HTTP/1.1\r\nUpgrade: websocket\r\n",
        "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct site *s = talk(*state);
        say(s, requests[i]);
        say(s, "Host: h\r\n\r\n");
        settle_site(s);
        assert_int_equal(s->n, 1);
        assert_false(s->asked[0]->websocket);
        site_free(s);
    }
}

static void the_bearer_subprotocol_is_a_token(void **state)
{
    struct site *s = talk(*state);
    s->mode = ANSWER_SOCKET;
    say(s, HELLO "Sec-WebSocket-Protocol: bearer, t0k.en\r\n\r\n");
    settle_site(s);
    assert_string_equal(s->asked[0]->bearer, "t0k.en");
    assert_int_equal(heard(s, "sec-websocket-protocol: bearer\r\n"), 1);
    struct ss_client *c = s->asked[0]->client;
    s->asked[0]->client = NULL;
    c->ops->reset(c);
    assert_true(closes(s));
    site_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(messages_go_both_ways_and_the_end_is_a_close),
        LOOP_TEST(what_the_client_says_behind_our_close_is_not_heard),
        LOOP_TEST(a_client_that_does_not_answer_our_close_is_hung_up_on),
        LOOP_TEST(a_quiet_client_is_pinged_and_then_gone),
        LOOP_TEST(a_shut_down_closes_with_1001),
        LOOP_TEST(a_failure_is_closed_with_its_code_and_message),
        LOOP_TEST(bytes_split_anywhere_are_the_same_messages),
        LOOP_TEST(what_the_client_breaks_is_told_and_the_call_is_gone),
        LOOP_TEST(a_client_that_leaves_is_gone_at_once),
        LOOP_TEST(a_handler_that_is_busy_stops_the_client),
        LOOP_TEST(a_client_that_does_not_read_is_felt_by_the_handler),
        LOOP_TEST(a_bad_hello_is_refused_and_the_connection_kept),
        LOOP_TEST(a_handler_may_answer_otherwise),
        LOOP_TEST(only_a_get_without_a_body_over_1_1_is_a_websocket),
        LOOP_TEST(the_bearer_subprotocol_is_a_token),
    };
    return cmocka_run_group_tests_name("downstream websocket", tests, NULL, NULL);
}
