#include "http/stream_body.h"

#include "support.h"

static const enum ss_body_form FORMS[] = {SS_BODY_NDJSON, SS_BODY_ARRAY, SS_BODY_SSE, SS_BODY_OBJECT};
enum { N_FORMS = sizeof FORMS / sizeof FORMS[0] };

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
    assert_slice(ss_body_content_type(SS_BODY_OBJECT), "application/json");
}

static void messages_are_lines_elements_or_events(void **state)
{
    (void)state;
    static const char *const WANT[] = {"{\"a\":1}\n{}\n{\"b\":2}\n", "[{\"a\":1},{},{\"b\":2}]",
                                       "data: {\"a\":1}\n\ndata: {}\n\ndata: {\"b\":2}\n\n",
                                       "{\"items\":[{\"a\":1},{},{\"b\":2}]}"};
    for (size_t i = 0; i < N_FORMS; i++) {
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
    static const char *const WANT[] = {"", "[]", "", "{\"items\":[]}"};
    for (size_t i = 0; i < N_FORMS; i++) {
        struct fixture f = start(FORMS[i]);
        end(&f);
        finish(&f, WANT[i]);
    }
}

static void an_error_behind_messages_closes_the_stream(void **state)
{
    (void)state;
    static const char *const WANT[] = {"{}\n{\"error\":{\"code\":5}}\n", "[{},{\"error\":{\"code\":5}}]",
                                       "data: {}\n\nevent: error\ndata: {\"code\":5}\n\n",
                                       "{\"items\":[{}],\"error\":{\"code\":5}}"};
    for (size_t i = 0; i < N_FORMS; i++) {
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
    static const char *const WANT[] = {"{\"error\":{}}\n", "[{\"error\":{}}]", "event: error\ndata: {}\n\n",
                                       "{\"items\":[],\"error\":{}}"};
    for (size_t i = 0; i < N_FORMS; i++) {
        struct fixture f = start(FORMS[i]);
        error(&f, "{}");
        finish(&f, WANT[i]);
    }
}

static void pretty_json_stays_one_line_or_one_event(void **state)
{
    (void)state;
    static const char *const WANT[] = {"{  \"a\": 1}\n", "[{\n  \"a\": 1\r\n}]",
                                       "data: {\ndata:   \"a\": 1\ndata: }\n\n",
                                       "{\"items\":[{\n  \"a\": 1\r\n}]}"};
    for (size_t i = 0; i < N_FORMS; i++) {
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
    static const char *const WANT[] = {"", "[]", ":\n\n", "{\"items\":[]}"};
    for (size_t i = 0; i < N_FORMS; i++) {
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
    for (size_t i = 0; i < N_FORMS; i++) {
        for (size_t room = 1; room < 8; room++) {
            struct fixture f = {.body = {.form = FORMS[i]}};
            ss_buf_init(&f.out, room);
            assert_int_equal(ss_stream_body_message(&f.body, SS_LIT("{\n\"a\"\n:1}"), &f.out), SS_ERR_LIMIT);
            assert_int_equal(f.out.len, 0);
            assert_int_equal(ss_stream_body_error(&f.body, SS_LIT("{\"code\":1}"), &f.out), SS_ERR_LIMIT);
            assert_int_equal(f.out.len, 0);
            f.body.done = SS_LIT("[DONE]");
            enum ss_err at_end = ss_stream_body_end(&f.body, &f.out);
            assert_true(at_end == SS_OK || (at_end == SS_ERR_LIMIT && f.out.len == 0));
            f.out.len = 0;
            enum ss_err lines = ss_stream_body_event(&f.body, SS_LIT("e"), SS_LIT("1"), &f.out);
            assert_int_equal(lines, FORMS[i] == SS_BODY_SSE ? SS_ERR_LIMIT : SS_OK);
            assert_int_equal(f.out.len, 0);
            assert_false(f.body.any);
            ss_buf_dispose(&f.out);
        }
    }
}

static void events_have_names_and_ids(void **state)
{
    (void)state;
    struct fixture f = start(SS_BODY_SSE);
    assert_int_equal(ss_stream_body_event(&f.body, SS_LIT("token"), SS_LIT("7"), &f.out), SS_OK);
    around(&f, "{}");
    assert_int_equal(ss_stream_body_event(&f.body, SS_LIT(""), SS_LIT("8 a: \xc3\xa4"), &f.out), SS_OK);
    message(&f, "{\n}");
    assert_int_equal(ss_stream_body_event(&f.body, SS_LIT("x"), SS_LIT(""), &f.out), SS_OK);
    around(&f, "1");
    finish(&f, "event: token\nid: 7\ndata: {}\n\n"
               "id: 8 a: \xc3\xa4\ndata: {\ndata: }\n\n"
               "event: x\ndata: 1\n\n");
    for (size_t i = 0; i < N_FORMS; i++) {
        if (FORMS[i] == SS_BODY_SSE)
            continue;
        f = start(FORMS[i]);
        assert_int_equal(ss_stream_body_event(&f.body, SS_LIT("a"), SS_LIT("b"), &f.out), SS_OK);
        finish(&f, "");
    }
}

static void a_name_or_id_cannot_begin_another_line(void **state)
{
    (void)state;
    static const struct ss_slice BAD[] = {SS_LIT("a\ndata: x"), SS_LIT("a\r"),      SS_LIT("\n"),
                                          SS_LIT("a\0b"),       SS_LIT("\r\n\r\n"), SS_LIT("\0")};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct fixture f = start(SS_BODY_SSE);
        assert_int_equal(ss_stream_body_event(&f.body, BAD[i], SS_LIT("1"), &f.out), SS_OK);
        assert_int_equal(ss_stream_body_event(&f.body, SS_LIT("e"), BAD[i], &f.out), SS_OK);
        finish(&f, "id: 1\nevent: e\n");
    }
}

/* (reported 49) */
static void the_event_of_an_error_is_ours_alone(void **state)
{
    static const struct {
        const char *event, *line;
    } cases[] = {{"error", "event: error_\n"},      {"error_", "event: error__\n"},
                 {"error__", "event: error___\n"},  {"errors", "event: errors\n"},
                 {"error_x", "event: error_x\n"},   {"Error", "event: Error\n"},
                 {"an error", "event: an error\n"}, {"erro", "event: erro\n"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f = start(SS_BODY_SSE);
        assert_int_equal(ss_stream_body_event(&f.body, ss_slice_str(cases[i].event), SS_LIT(""), &f.out),
                         SS_OK);
        finish(&f, cases[i].line);
    }
}

static void a_good_event_stream_ends_with_done(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FORMS; i++) {
        struct fixture f = start(FORMS[i]), plain = start(FORMS[i]);
        f.body.done = SS_LIT("[DONE]");
        around(&f, "1");
        around(&plain, "1");
        end(&f);
        end(&plain);
        bool sse = FORMS[i] == SS_BODY_SSE;
        assert_slice(ss_slice_skip(ss_buf_slice(&f.out), plain.out.len), sse ? "data: [DONE]\n\n" : "");
        ss_buf_dispose(&f.out);
        ss_buf_dispose(&plain.out);
    }
    struct fixture f = start(SS_BODY_SSE);
    f.body.done = SS_LIT("[DONE]");
    error(&f, "{}");
    finish(&f, "event: error\ndata: {}\n\n");
}

static void lines_are_enveloped_as_grpc_gateway_does(void **state)
{
    (void)state;
    struct fixture f = start(SS_BODY_NDJSON);
    f.body.envelope = true;
    around(&f, "{\"a\":1}");
    message(&f, "{\n}");
    error(&f, "{\"code\":5}");
    finish(&f, "{\"result\":{\"a\":1}}\n{\"result\":{}}\n{\"error\":{\"code\":5}}\n");
}

static void an_object_says_that_it_was_cut(void **state)
{
    (void)state;
    struct fixture f = start(SS_BODY_OBJECT);
    around(&f, "1");
    around(&f, "2");
    f.body.truncated = true;
    end(&f);
    finish(&f, "{\"items\":[1,2],\"truncated\":true}");
    f = start(SS_BODY_OBJECT);
    f.body.truncated = true;
    end(&f);
    finish(&f, "{\"items\":[],\"truncated\":true}");
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
        cmocka_unit_test(events_have_names_and_ids),
        cmocka_unit_test(a_name_or_id_cannot_begin_another_line),
        cmocka_unit_test(the_event_of_an_error_is_ours_alone),
        cmocka_unit_test(a_good_event_stream_ends_with_done),
        cmocka_unit_test(lines_are_enveloped_as_grpc_gateway_does),
        cmocka_unit_test(an_object_says_that_it_was_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
