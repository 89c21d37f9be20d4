/* Which route a request takes, and what its variables hold: google/api/http.proto, with backtracking. */
#include "fixture.h"

static const char proto[] = "syntax = \"proto3\";\n"
                            "package t;\n"
                            "message Req { string a = 1; string b = 2; string c = 3; }\n"
                            "service S { rpc M(Req) returns (Req); }\n";

enum { MAX_RULES = 16, MAX_REQUESTS = 24 };

/* A request, and "TEMPLATE [value][value]", "404", "405 ALLOW" or "400". */
struct request {
    const char *line, *expect;
};

struct scenario {
    const char *name;
    const char *rules[MAX_RULES];
    struct request requests[MAX_REQUESTS];
    struct ss_route_options options;
};

static const struct scenario scenarios[] = {
    {.name = "the most specific template wins segment by segment",
     .rules = {"GET /v1/x/y", "GET /v1/x/{a}", "GET /v1/{a}/y", "GET /v1/{a}/{b}", "GET /v1/{a=**}",
               "GET /{a=**}"},
     .requests = {{"GET /v1/x/y", "/v1/x/y"},
                  {"GET /v1/x/z", "/v1/x/{a} [z]"},
                  {"GET /v1/w/y", "/v1/{a}/y [w]"},
                  {"GET /v1/w/z", "/v1/{a}/{b} [w][z]"},
                  {"GET /v1/w", "/v1/{a=**} [w]"},
                  {"GET /v1/x/y/z", "/v1/{a=**} [x/y/z]"},
                  {"GET /v1", "/v1/{a=**} []"},
                  {"GET /v2/x", "/{a=**} [v2/x]"},
                  {"GET /", "/{a=**} []"}}},
    {.name = "a literal that leads nowhere is given up for what is less specific",
     .rules = {"GET /a/b/c/d", "GET /a/{a}/c/e", "GET /{a}/b/c/f", "GET /a/{a=**}", "GET /{a}/b/c/{b}:v"},
     .requests = {{"GET /a/b/c/d", "/a/b/c/d"},
                  {"GET /a/b/c/e", "/a/{a}/c/e [b]"},
                  {"GET /a/b/c/f", "/a/{a=**} [b/c/f]"},
                  {"GET /x/b/c/f", "/{a}/b/c/f [x]"},
                  {"GET /a/b/c/g", "/a/{a=**} [b/c/g]"},
                  {"GET /a/b/c/g:v", "/{a}/b/c/{b}:v [a][g]"},
                  {"GET /x/b/c/g", "404"}}},
    {.name = "literals behind \"**\" are matched from the end and the longest wins",
     .rules = {"GET /f/{a=**}", "GET /f/{a=**}/z", "GET /f/{a=**}/y/z", "GET /g/{a=x/**/y}/z",
               "GET /h/**/{a=t}"},
     .requests = {{"GET /f", "/f/{a=**} []"},
                  {"GET /f/z", "/f/{a=**}/z []"},
                  {"GET /f/y/z", "/f/{a=**}/y/z []"},
                  {"GET /f/z/z", "/f/{a=**}/z [z]"},
                  {"GET /f/1/2/y/z", "/f/{a=**}/y/z [1/2]"},
                  {"GET /f/1/2/x/z", "/f/{a=**}/z [1/2/x]"},
                  {"GET /f/z/1", "/f/{a=**} [z/1]"},
                  {"GET /g/x/y/z", "/g/{a=x/**/y}/z [x/y]"},
                  {"GET /g/x/1/2/y/z", "/g/{a=x/**/y}/z [x/1/2/y]"},
                  {"GET /g/x/z", "404"},
                  {"GET /g/x/y", "404"},
                  {"GET /h/t", "/h/**/{a=t} [t]"},
                  {"GET /h/1/t", "/h/**/{a=t} [t]"},
                  {"GET /h", "404"}}},
    {.name = "variables of several segments hold what their patterns matched",
     .rules = {"GET /v1/{a=p/*}/d/{b=q/*/r}", "GET /w/{a=p}/{b}"},
     .requests = {{"GET /v1/p/1/d/q/2/r", "/v1/{a=p/*}/d/{b=q/*/r} [p/1][q/2/r]"},
                  {"GET /v1/p/1/d/q/2", "404"},
                  {"GET /w/p/1", "/w/{a=p}/{b} [p][1]"},
                  {"GET /w/q/1", "404"}}},
    {.name = "an empty segment is nothing that * matches, and a trailing slash counts",
     .rules = {"GET /v1/{a}", "GET /v1/{a}/x/{b}", "GET /w/{a=**}", "GET /w2/**/x"},
     .requests = {{"GET /v1/", "404"},
                  {"GET /v1//", "404"},
                  {"GET /v1/a/", "404"},
                  {"GET /v1//x/b", "404"},
                  {"GET /v1/a/x/", "404"},
                  {"GET //v1/a", "404"},
                  {"GET /w/a/", "404"},
                  {"GET /w/", "404"},
                  {"GET /w/a//b", "/w/{a=**} [a//b]"},
                  {"GET /w2//x", "/w2/**/x"},
                  {"GET v1/a", "404"},
                  {"GET *", "404"},
                  {"GET ", "404"},
                  {"GET /", "404"}}},
    {.name = "ignore_trailing_slash forgives one slash",
     .rules = {"GET /v1/{a}", "GET /w", "GET /x/{a=**}", "GET /y/{a}:v"},
     .options = {.ignore_trailing_slash = true},
     .requests = {{"GET /v1/a/", "/v1/{a} [a]"},
                  {"GET /v1/a", "/v1/{a} [a]"},
                  {"GET /v1/a//", "404"},
                  {"GET /v1/", "404"},
                  {"GET /w/", "/w"},
                  {"GET /x/", "/x/{a=**} []"},
                  {"GET /x/a/", "/x/{a=**} [a]"},
                  {"GET /y/a:v/", "/y/{a}:v [a]"},
                  {"POST /w/", "405 GET, HEAD, OPTIONS"}}},
    {.name = "a verb is one where a template with it matches the path, else a part of the segment",
     .rules = {"GET /person/{a}", "POST /person/{a}:jump", "GET /team/{a}", "GET /docs:parse",
               "GET /x/{a=**}:go", "GET /x/{a}/y", "GET /deep/{a=**}"},
     .requests = {{"POST /person/jason:jump", "/person/{a}:jump [jason]"},
                  {"GET /person/jason:other", "/person/{a} [jason:other]"},
                  {"GET /person/jason:jump", "405 OPTIONS, POST"},
                  {"GET /team/jason:jump", "/team/{a} [jason:jump]"},
                  {"GET /person/jason%3Ajump", "/person/{a} [jason:jump]"},
                  {"POST /person/a:b:jump", "/person/{a}:jump [a:b]"},
                  {"GET /person/a:b:c", "/person/{a} [a:b:c]"},
                  {"GET /person/a:jump:c", "/person/{a} [a:jump:c]"},
                  {"GET /person/a:", "/person/{a} [a:]"},
                  {"GET /person/:jump", "/person/{a} [:jump]"},
                  {"POST /person/a:%6Aump", "/person/{a}:jump [a]"},
                  {"GET /docs:parse", "/docs:parse"},
                  {"GET /docs%3Aparse", "404"},
                  {"GET /docs", "404"},
                  {"GET /x/1/2:go", "/x/{a=**}:go [1/2]"},
                  {"GET /x:go", "/x/{a=**}:go []"},
                  {"GET /x/1/2", "404"},
                  {"GET /x/1:go/y", "/x/{a}/y [1:go]"},
                  {"GET /:other", "404"},
                  {"GET /deep/a:b/c:d", "/deep/{a=**} [a:b/c:d]"}}},
    {.name = "a verb may stand behind no segment at all, or behind no verb's literal",
     .rules = {"GET /{a=**}:go", "GET /v1/{a=**}", "GET /v1/*/x:stop"},
     .requests = {{"GET /:go", "/{a=**}:go []"},
                  {"GET /v1/a:go", "/{a=**}:go [v1/a]"},
                  {"GET /v1/:go", "/v1/{a=**} [:go]"},
                  {"GET /v1/a:stop", "/v1/{a=**} [a:stop]"},
                  {"GET /v1/a/x:stop", "/v1/*/x:stop"},
                  {"GET /v1//x:stop", "/v1/{a=**} [/x:stop]"}}},
    {.name = "405 only if no rule of that method matches the path",
     .rules = {"GET /v1/foo", "POST /v1/{a}", "DELETE /v1/{a=**}", "PUT /v1/{a}/x", "PROPFIND /w", "HEAD /w"},
     .requests = {{"GET /v1/foo", "/v1/foo"},
                  {"POST /v1/foo", "/v1/{a} [foo]"},
                  {"DELETE /v1/foo", "/v1/{a=**} [foo]"},
                  {"PUT /v1/foo", "405 DELETE, GET, HEAD, OPTIONS, POST"},
                  {"PATCH /v1/bar", "405 DELETE, OPTIONS, POST"},
                  {"GET /v1/a/x", "405 DELETE, OPTIONS, PUT"},
                  {"OPTIONS /v1/foo", "405 DELETE, GET, HEAD, OPTIONS, POST"},
                  {"OPTIONS /nowhere", "404"},
                  {"HEAD /v1/foo", "/v1/foo"},
                  {"HEAD /v1/bar", "405 DELETE, OPTIONS, POST"},
                  {"PROPFIND /w", "/w"},
                  {"GET /w", "405 HEAD, OPTIONS, PROPFIND"},
                  {"get /v1/foo", "405 DELETE, GET, HEAD, OPTIONS, POST"}}},
    {.name = "the method * takes what no other rule of the template names",
     .rules = {"* /v1/{a}", "GET /v1/{b}", "GET /v1/x", "OPTIONS /o", "HEAD /v1/{c}"},
     .requests = {{"GET /v1/1", "/v1/{b} [1]"},
                  {"HEAD /v1/1", "/v1/{c} [1]"},
                  {"POST /v1/1", "/v1/{a} [1]"},
                  {"OPTIONS /v1/1", "/v1/{a} [1]"},
                  {"HEAD /v1/x", "/v1/x"},
                  {"POST /v1/x", "/v1/{a} [x]"},
                  {"OPTIONS /o", "/o"},
                  {"GET /o", "405 OPTIONS"}}},
    {.name = "a variable of one segment is decoded whole and one of several keeps reserved escapes",
     .rules = {"GET /one/{a}", "GET /lit/{a=x}", "GET /many/{a=**}", "GET /two/{a=p/*}",
               "GET /both/{a}/{b=**}"},
     .requests = {{"GET /one/a%2Fb%20c%25", "/one/{a} [a/b c%]"},
                  {"GET /one/a+b", "/one/{a} [a+b]"},
                  {"GET /one/%C3%A9", "/one/{a} [\xc3\xa9]"},
                  {"GET /one/\xc3\xa9", "/one/{a} [\xc3\xa9]"},
                  {"GET /many/a%2Fb/c%20d%3a%25%41", "/many/{a=**} [a%2Fb/c d%3a%25A]"},
                  {"GET /two/p/a%2fb%7E", "/two/{a=p/*} [p/a%2fb~]"},
                  {"GET /both/%2F/%2F", "/both/{a}/{b=**} [/][%2F]"},
                  {"GET /lit/%78", "/lit/{a=x} [x]"},
                  {"GET /one/%2E%2E", "/one/{a} [..]"}}},
    {.name = "fully_decode_reserved_expansion decodes those too",
     .rules = {"GET /many/{a=**}"},
     .options = {.fully_decode_reserved_expansion = true},
     .requests = {{"GET /many/a%2Fb/c%3A%25", "/many/{a=**} [a/b/c:%]"}}},
    {.name = "literals compare after decoding unreserved characters",
     .rules = {"GET /a~b/%2F/\xc3\xa9", "GET /s%20t/{a}:v%31"},
     .requests = {{"GET /a~b/%2f/%C3%A9", "/a~b/%2F/\xc3\xa9"},
                  {"GET /%61%7e%62/%2F/\xc3\xa9", "/a~b/%2F/\xc3\xa9"},
                  {"GET /a~b///\xc3\xa9", "404"},
                  {"GET /A~b/%2F/\xc3\xa9", "404"},
                  {"GET /s%20t/1:v1", "/s%20t/{a}:v%31 [1]"},
                  {"GET /%73%20t/1:%761", "/s%20t/{a}:v%31 [1]"}}},
    {.name = "what is malformed is refused before any route is looked for",
     .rules = {"GET /v1/{a}", "GET /w/*"},
     .requests = {{"GET /v1/%", "400"},
                  {"GET /v1/%4", "400"},
                  {"GET /v1/%zz", "400"},
                  {"GET /v1/%00", "400"},
                  {"GET /v1/%ff", "400"},
                  {"GET /v1/\xff", "400"},
                  {"GET /w/%C0%AF", "400"},
                  {"GET /nowhere/%", "400"},
                  {"GET /w/%C3/%A9", "400"}}},
};

/* What the match says, in the words of struct request. */
static void describe(enum ss_err err, const struct ss_route_match *m, struct ss_buf *out)
{
    ss_buf_clear(out, 4096);
    if (err == SS_ERR_NO_ROUTE)
        ss_buf_printf(out, "404");
    else if (err == SS_ERR_INVALID)
        ss_buf_printf(out, "400");
    else if (err == SS_ERR_METHOD)
        ss_buf_printf(out, "405 %.*s", SS_FMT(m->allow));
    else if (err)
        ss_buf_printf(out, "error %d", (int)err);
    else
        ss_buf_printf(out, "%.*s%s", SS_FMT(ss_route_rule(m->route)->path), m->n_values ? " " : "");
    for (size_t i = 0; !err && i < m->n_values; i++)
        ss_buf_printf(out, "[%.*s]", SS_FMT(m->values[i]));
}

static void check_request(const struct scenario *s, const struct ss_route_table *t, const struct request *r)
{
    struct ss_arena a;
    struct ss_buf out;
    struct ss_route_match m;
    struct ss_status st = {0};
    ss_arena_init(&a, 0);
    ss_buf_init(&out, 1 << 16);
    const char *space = strchr(r->line, ' ');
    struct ss_slice path = exact_copy(space + 1);
    enum ss_err err = ss_route_match(t, ss_slice_of(r->line, (size_t)(space - r->line)), path, &a, &m, &st);
    describe(err, &m, &out);
    if (!ss_slice_eq(ss_buf_slice(&out), ss_slice_str(r->expect)))
        fail_msg("%s: %s gives %.*s, not %s", s->name, r->line, SS_FMT(ss_buf_slice(&out)), r->expect);
    assert_int_equal(st.err, err);
    if (err)
        assert_true(st.message.len > 0);
    free((void *)(uintptr_t)path.ptr);
    ss_buf_dispose(&out);
    ss_arena_dispose(&a);
}

static struct ss_route_table *build(const struct ss_method *method, const struct scenario *s)
{
    struct ss_rule rules[MAX_RULES];
    size_t n = 0;
    for (; n < MAX_RULES && s->rules[n]; n++) {
        rules[n] = rule_of(method, s->rules[n]);
        rules[n].options = &s->options;
    }
    struct ss_arena a;
    struct ss_slice why = SS_LIT("");
    struct ss_route_table *t = NULL;
    ss_arena_init(&a, 0);
    if (ss_route_table_build(rules, n, &a, &why, &t))
        fail_msg("%s: %.*s", s->name, SS_FMT(why));
    assert_int_equal(ss_route_table_count(t), n);
    ss_arena_dispose(&a);
    return t;
}

static void requests_take_the_routes_of_the_table(void **state)
{
    const struct ss_method *method = ss_schema_method(*state, SS_LIT("t.S.M"));
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const struct scenario *s = &scenarios[i];
        struct ss_route_table *t = build(method, s);
        for (size_t j = 0; j < MAX_REQUESTS && s->requests[j].line; j++)
            check_request(s, t, &s->requests[j]);
        ss_route_table_free(t);
    }
}

static void a_path_is_read_within_its_bounds_however_it_ends(void **state)
{
    const struct ss_method *method = ss_schema_method(*state, SS_LIT("t.S.M"));
    static const struct scenario s = {.name = "bounds",
                                      .rules = {"GET /v1/{a}/%C3%A9/{b=x/**}:go", "GET /{c=**}"}};
    static const char whole[] = "/v1/%C3%A9:/%C3%A9/x/y%2F//z:go";
    struct ss_route_table *t = build(method, &s);
    for (size_t n = 0; n < sizeof whole; n++) {
        struct ss_arena a;
        struct ss_route_match m;
        struct ss_status st = {0};
        char *exact = malloc(n ? n : 1);
        memcpy(exact, whole, n);
        ss_arena_init(&a, 0);
        enum ss_err err = ss_route_match(t, SS_LIT("GET"), ss_slice_of(exact, n), &a, &m, &st);
        assert_true(err == SS_OK || err == SS_ERR_INVALID || err == SS_ERR_NO_ROUTE);
        bool cut_escape = n == 5 || n == 6 || n == 7 || n == 8 || n == 9; /* within "%C3%A9" */
        if (n < 12)
            assert_int_equal(err == SS_ERR_INVALID, cut_escape);
        ss_arena_dispose(&a);
        free(exact);
    }
    ss_route_table_free(t);
}

static void a_match_allocates_nothing_but_values(void **state)
{
    const struct ss_method *method = ss_schema_method(*state, SS_LIT("t.S.M"));
    static const struct scenario s = {.name = "alloc", .rules = {"GET /v1/x", "GET /v1/{a}/{b=**}"}};
    struct ss_route_table *t = build(method, &s);
    struct ss_arena a;
    struct ss_route_match m;
    struct ss_status st = {0};
    ss_arena_init(&a, 0);
    assert_int_equal(ss_route_match(t, SS_LIT("GET"), SS_LIT("/v1/x"), &a, &m, &st), SS_OK);
    assert_int_equal(a.held, 0);
    struct ss_slice path = SS_LIT("/v1/abc/d/e");
    assert_int_equal(ss_route_match(t, SS_LIT("GET"), path, &a, &m, &st), SS_OK);
    assert_ptr_equal(m.values[0].ptr, path.ptr + 4);
    assert_ptr_equal(m.values[1].ptr, path.ptr + 8);
    assert_ptr_equal(a.cur, (char *)m.values + 2 * sizeof *m.values);
    ss_arena_dispose(&a);
    ss_route_table_free(t);
}

static void a_capped_arena_is_an_error_and_not_a_crash(void **state)
{
    const struct ss_method *method = ss_schema_method(*state, SS_LIT("t.S.M"));
    static const struct scenario s = {.name = "cap", .rules = {"GET /{a=**}"}};
    struct ss_route_table *t = build(method, &s);
    static char path[1 << 14];
    memset(path, 'a', sizeof path);
    memcpy(path, "/%20", 4);
    struct ss_arena a;
    struct ss_route_match m;
    struct ss_status st = {0};
    ss_arena_init(&a, 8192);
    enum ss_err err = ss_route_match(t, SS_LIT("GET"), ss_slice_of(path, sizeof path), &a, &m, &st);
    assert_int_equal(err, SS_ERR_HEADERS_TOO_LARGE);
    assert_int_equal(st.err, err);
    ss_arena_dispose(&a);
    ss_route_table_free(t);
}

static void a_path_of_more_than_256_segments_is_too_long(void **state)
{
    const struct ss_method *method = ss_schema_method(*state, SS_LIT("t.S.M"));
    static const struct scenario s = {.name = "cap", .rules = {"GET /{a=**}"}};
    struct ss_route_table *t = build(method, &s);
    static char path[2 * 257];
    for (size_t i = 0; i < sizeof path; i += 2) {
        path[i] = '/';
        path[i + 1] = 'a';
    }
    struct ss_arena a;
    struct ss_route_match m;
    struct ss_status st = {0};
    ss_arena_init(&a, 0);
    assert_int_equal(ss_route_match(t, SS_LIT("GET"), ss_slice_of(path, 2 * 256), &a, &m, &st), SS_OK);
    assert_int_equal(m.values[0].len, 2 * 256 - 1);
    assert_int_equal(ss_route_match(t, SS_LIT("GET"), ss_slice_of(path, 2 * 257), &a, &m, &st),
                     SS_ERR_TARGET_TOO_LONG);
    assert_int_equal(ss_route_match_stream(t, ss_slice_of(path, 2 * 257), &a, &m, &st),
                     SS_ERR_TARGET_TOO_LONG);
    assert_int_equal(st.err, SS_ERR_TARGET_TOO_LONG);
    ss_arena_dispose(&a);
    ss_route_table_free(t);
}

static void each_of_ten_thousand_routes_is_found(void **state)
{
    enum { N = 10000 };
    const struct ss_method *method = ss_schema_method(*state, SS_LIT("t.S.M"));
    struct ss_rule *rules = calloc(N, sizeof *rules);
    struct ss_arena text, a;
    ss_arena_init(&text, 0);
    for (int i = 0; i < N; i++)
        rules[i] =
            rule_of(method, ss_arena_printf(&text, "GET /v1/r%d/{a}/s%d:v%d", i % 100, i / 100, i).ptr);
    struct ss_route_table *t = NULL;
    struct ss_slice why = SS_LIT("");
    assert_int_equal(ss_route_table_build(rules, N, &text, &why, &t), SS_OK);
    for (int i = 0; i < N; i++) {
        ss_arena_init(&a, 0);
        struct ss_route_match m;
        struct ss_status st = {0};
        struct ss_slice path = ss_arena_printf(&a, "/v1/r%d/%d/s%d:v%d", i % 100, i, i / 100, i);
        assert_int_equal(ss_route_match(t, SS_LIT("GET"), path, &a, &m, &st), SS_OK);
        assert_ptr_equal(ss_route_rule(m.route), ss_route_table_at(t, (size_t)i));
        ss_arena_dispose(&a);
    }
    ss_route_table_free(t);
    ss_arena_dispose(&text);
    free(rules);
}

static int setup(void **state)
{
    *state = compile_schema(proto);
    return *state == NULL;
}

static int teardown(void **state)
{
    ss_schema_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_take_the_routes_of_the_table),
        cmocka_unit_test(a_path_is_read_within_its_bounds_however_it_ends),
        cmocka_unit_test(a_match_allocates_nothing_but_values),
        cmocka_unit_test(a_capped_arena_is_an_error_and_not_a_crash),
        cmocka_unit_test(a_path_of_more_than_256_segments_is_too_long),
        cmocka_unit_test(each_of_ten_thousand_routes_is_found),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
