#include "http/stream_body.h"

#include "support.h"

static const enum ss_body_form FORMS[] = {SS_BODY_NDJSON, SS_BODY_ARRAY, SS_BODY_SSE};

struct fixture {
    struct ss_stream_body body;
    struct ss_buf out;
};

static struct fixture start(enum ss_body_form form)
{
    struct fixture f = {.body = {.form = form}};
    ss_buf_init(&f.out, 4096);
    return f;
}

static void message(struct fixture *f, const char *json)
{
    size_t n = strlen(json);
    char *block = exact(json, n);
    assert_int_equal(ss_stream_body_message(&f->body, ss_slice_of(block, n), &f->out), SS_OK);
    exact_free(block, n);
}

/* The same through before and after. */
static void around(struct fixture *f, const char *json)
{
    assert_int_equal(ss_stream_body_before(&f->body, &f->out), SS_OK);
    assert_int_equal(ss_buf_append(&f->out, json, strlen(json)), SS_OK);
    assert_int_equal(ss_stream_body_after(&f->body, &f->out), SS_OK);
}

static void end(struct fixture *f)
{
    assert_int_equal(ss_stream_body_end(&f->body, &f->out), SS_OK);
}

static void error(struct fixture *f, const char *status)
{
    assert_int_equal(ss_stream_body_error(&f->body, ss_slice_str(status), &f->out), SS_OK);
}

static void finish(struct fixture *f, const char *want)
{
    assert_slice(ss_buf_slice(&f->out), want);
    ss_buf_dispose(&f->out);
}

static void each_form_has_its_content_type(void **state)
{
    (void)state;
    assert_slice(ss_body_content_type(SS_BODY_NDJSON), "application/x-ndjson");
    assert_slice(ss_body_content_type(SS_BODY_ARRAY), "application/json");
    assert_slice(ss_body_content_type(SS_BODY_SSE), "text/event-stream");
}

static void messages_are_lines_elements_or_events(void **state)
{
    (void)state;
    static const char *const WANT[] = {"{\"a\":1}\n{}\n{\"b\":2}\n", "[{\"a\":1},{},{\"b\":2}]",
                                       "data: {\"a\":1}\n\ndata: {}\n\ndata: {\"b\":2}\n\n"};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f = start(FORMS[i]);
        message(&f, "{\"a\":1}");
        around(&f, "{}");
        message(&f, "{\"b\":2}");
        end(&f);
        finish(&f, WANT[i]);
    }
}

static void an_empty_stream_is_well_formed(void **state)
{
    (void)state;
    static const char *const WANT[] = {"", "[]", ""};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f = start(FORMS[i]);
        end(&f);
        finish(&f, WANT[i]);
    }
}

static void an_error_behind_messages_closes_the_stream(void **state)
{
    (void)state;
    static const char *const WANT[] = {"{}\n{\"error\":{\"code\":5}}\n", "[{},{\"error\":{\"code\":5}}]",
                                       "data: {}\n\nevent: error\ndata: {\"code\":5}\n\n"};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f = start(FORMS[i]);
        around(&f, "{}");
        error(&f, "{\"code\":5}");
        assert_true(f.body.any);
        finish(&f, WANT[i]);
    }
}

static void an_error_alone_is_well_formed(void **state)
{
    (void)state;
    static const char *const WANT[] = {"{\"error\":{}}\n", "[{\"error\":{}}]", "event: error\ndata: {}\n\n"};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f = start(FORMS[i]);
        error(&f, "{}");
        finish(&f, WANT[i]);
    }
}

static void pretty_json_stays_one_line_or_one_event(void **state)
{
    (void)state;
    static const char *const WANT[] = {"{  \"a\": 1}\n", "[{\n  \"a\": 1\r\n}]",
                                       "data: {\ndata:   \"a\": 1\ndata: }\n\n"};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f = start(FORMS[i]);
        message(&f, "{\n  \"a\": 1\r\n}");
        end(&f);
        finish(&f, WANT[i]);
    }
    struct fixture f = start(SS_BODY_SSE);
    error(&f, "{\n\"a\":1\n}\n");
    finish(&f, "event: error\ndata: {\ndata: \"a\":1\ndata: }\n\n");
}

static void no_line_of_a_message_escapes_its_prefix(void **state)
{
    (void)state;
    struct fixture f = start(SS_BODY_SSE);
    message(&f, "1\revent: x\r\n\r\nid: 7\n\ndata: y\r");
    finish(&f, "data: 1\ndata: event: x\ndata: \ndata: id: 7\ndata: \ndata: data: y\n\n");
    f = start(SS_BODY_SSE);
    message(&f, "");
    finish(&f, "data: \n\n");
}

static void only_event_streams_have_a_heartbeat(void **state)
{
    (void)state;
    static const char *const WANT[] = {"", "[]", ":\n\n"};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f = start(FORMS[i]);
        assert_int_equal(ss_stream_body_heartbeat(&f.body, &f.out), SS_OK);
        assert_false(f.body.any);
        end(&f);
        finish(&f, WANT[i]);
    }
}

static void a_piece_that_does_not_fit_is_not_begun(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t room = 1; room < 8; room++) {
            struct fixture f = {.body = {.form = FORMS[i]}};
            ss_buf_init(&f.out, room);
            assert_int_equal(ss_stream_body_message(&f.body, SS_LIT("{\n\"a\"\n:1}"), &f.out), SS_ERR_LIMIT);
            assert_int_equal(f.out.len, 0);
            assert_int_equal(ss_stream_body_error(&f.body, SS_LIT("{\"code\":1}"), &f.out), SS_ERR_LIMIT);
            assert_int_equal(f.out.len, 0);
            assert_false(f.body.any);
            ss_buf_dispose(&f.out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_has_its_content_type),
        cmocka_unit_test(messages_are_lines_elements_or_events),
        cmocka_unit_test(an_empty_stream_is_well_formed),
        cmocka_unit_test(an_error_behind_messages_closes_the_stream),
        cmocka_unit_test(an_error_alone_is_well_formed),
        cmocka_unit_test(pretty_json_stays_one_line_or_one_event),
        cmocka_unit_test(no_line_of_a_message_escapes_its_prefix),
        cmocka_unit_test(only_event_streams_have_a_heartbeat),
        cmocka_unit_test(a_piece_that_does_not_fit_is_not_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
