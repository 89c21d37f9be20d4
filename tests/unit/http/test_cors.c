#include "http/cors.h"

#include "support.h"

static const struct ss_slice SITES[] = {SS_LIT("https://a.example"), SS_LIT("https://*.b.example"),
                                        SS_LIT("http://localhost:*")};
static const struct ss_slice ANY[] = {SS_LIT("*")};

static struct ss_cors_config config_of(const struct ss_slice *origins, size_t n)
{
    return (struct ss_cors_config){.allow_origins = origins, .n_allow_origins = n, .max_age_s = -1};
}

/* The headers as lines, and " preflight" in front when it is one. */
static void assert_decision(const struct ss_cors_config *config, const char *method, const char *origin,
                            const char *request_method, const char *request_headers, const char *want)
{
    struct ss_arena a;
    ss_arena_init(&a, 0);
    char *o = exact(origin, strlen(origin)), *m = exact(request_method, strlen(request_method)),
         *h = exact(request_headers, strlen(request_headers));
    struct ss_cors_request request = {.method = ss_slice_str(method),
                                      .origin = ss_slice_of(o, strlen(origin)),
                                      .request_method = ss_slice_of(m, strlen(request_method)),
                                      .request_headers = ss_slice_of(h, strlen(request_headers))};
    struct ss_header headers[SS_CORS_HEADERS];
    size_t n = 99;
    bool preflight = ss_cors_decide(config, &request, &a, headers, &n);
    exact_free(o, strlen(origin)); /* what is decided outlives the request */
    exact_free(m, strlen(request_method));
    exact_free(h, strlen(request_headers));
    struct ss_slice got = ss_arena_printf(&a, "%s", preflight ? "preflight\n" : "");
    for (size_t i = 0; i < n; i++)
        got = ss_arena_printf(&a, "%.*s%.*s: %.*s\n", SS_FMT(got), SS_FMT(headers[i].name),
                              SS_FMT(headers[i].value));
    assert_slice(got, want);
    ss_arena_dispose(&a);
}

static void assert_allowed(const char *origin, bool allowed)
{
    struct ss_cors_config config = config_of(SITES, 3);
    char want[200];
    snprintf(want, sizeof want, "access-control-allow-origin: %s\nvary: Origin\n", origin);
    assert_decision(&config, "GET", origin, "", "", allowed ? want : "vary: Origin\n");
}

static void an_allowed_origin_is_named(void **state)
{
    (void)state;
    assert_allowed("https://a.example", true);
    assert_allowed("HTTPS://A.example", true);
}

static void another_origin_gets_nothing(void **state)
{
    (void)state;
    assert_allowed("https://a.example.evil", false);
    assert_allowed("https://a.example:8443", false);
    assert_allowed("http://a.example", false);
    assert_allowed("https://xa.example", false);
    assert_allowed("https://a.exampl", false);
    assert_allowed("null", false);
    assert_allowed("*", false);
}

static void a_pattern_stands_for_labels_of_a_host(void **state)
{
    (void)state;
    assert_allowed("https://x.b.example", true);
    assert_allowed("https://x-1.y.b.example", true);
    assert_allowed("https://b.example", false);
    assert_allowed("https://.b.example", false);
    assert_allowed("https://xb.example", false);
    assert_allowed("http://x.b.example", false);
    assert_allowed("https://x.b.example:1", false);
    assert_allowed("https://evil.example/.b.example", false);
    assert_allowed("https://evil.example?.b.example", false);
    assert_allowed("https://evil.example:1.b.example", false);
    assert_allowed("https://u@x.b.example", false);
    assert_allowed("https://x..b.example", false);
}

static void a_pattern_stands_for_a_port(void **state)
{
    (void)state;
    assert_allowed("http://localhost:3000", true);
    assert_allowed("http://localhost", false);
    assert_allowed("http://localhost:", false);
    assert_allowed("http://localhost:80@evil.example", false);
    assert_allowed("http://localhost:80/x", false);
}

static void answers_vary_by_origin_also_without_one(void **state)
{
    (void)state;
    struct ss_cors_config config = config_of(SITES, 3);
    assert_decision(&config, "GET", "", "", "", "vary: Origin\n");
    config = config_of(ANY, 1);
    assert_decision(&config, "GET", "", "", "", "");
    config = config_of(NULL, 0);
    assert_decision(&config, "GET", "https://a.example", "", "", "");
    assert_decision(&config, "OPTIONS", "https://a.example", "PUT", "", "");
}

static void any_origin_is_a_star_without_credentials(void **state)
{
    (void)state;
    struct ss_cors_config config = config_of(ANY, 1);
    config.allow_credentials = true;
    assert_decision(&config, "POST", "https://x.example", "", "", "access-control-allow-origin: *\n");
    assert_decision(&config, "POST", "null", "", "", "access-control-allow-origin: *\n");
    static const struct ss_slice BOTH[] = {SS_LIT("*"), SS_LIT("https://a.example")};
    config.allow_origins = BOTH;
    config.n_allow_origins = 2;
    assert_decision(&config, "POST", "https://x.example", "", "",
                    "access-control-allow-origin: *\nvary: Origin\n");
    assert_decision(&config, "POST", "https://a.example", "", "",
                    "access-control-allow-origin: https://a.example\n"
                    "access-control-allow-credentials: true\nvary: Origin\n");
}

static void an_answer_exposes_its_headers(void **state)
{
    (void)state;
    struct ss_cors_config config = config_of(SITES, 3);
    config.expose_headers = SS_LIT("grpc-status, x-request-id");
    config.allow_methods = SS_LIT("GET, PUT");
    config.allow_headers = SS_LIT("authorization");
    config.max_age_s = 600;
    assert_decision(&config, "GET", "https://a.example", "", "",
                    "access-control-allow-origin: https://a.example\n"
                    "access-control-expose-headers: grpc-status, x-request-id\nvary: Origin\n");
    /* OPTIONS without a method to ask for is an ordinary request, as is a GET with one. */
    assert_decision(&config, "OPTIONS", "https://a.example", "", "x",
                    "access-control-allow-origin: https://a.example\n"
                    "access-control-expose-headers: grpc-status, x-request-id\nvary: Origin\n");
    assert_decision(&config, "GET", "https://a.example", "PUT", "",
                    "access-control-allow-origin: https://a.example\n"
                    "access-control-expose-headers: grpc-status, x-request-id\nvary: Origin\n");
}

static void a_preflight_is_told_what_is_configured(void **state)
{
    (void)state;
    struct ss_cors_config config = config_of(SITES, 3);
    config.expose_headers = SS_LIT("grpc-status");
    config.allow_methods = SS_LIT("GET, PUT");
    config.allow_headers = SS_LIT("authorization");
    config.allow_credentials = true;
    config.max_age_s = 600;
    assert_decision(&config, "OPTIONS", "https://a.example", "DELETE", "x-a",
                    "preflight\naccess-control-allow-origin: https://a.example\n"
                    "access-control-allow-credentials: true\n"
                    "access-control-allow-methods: GET, PUT\naccess-control-allow-headers: authorization\n"
                    "access-control-max-age: 600\nvary: Origin\n");
    assert_decision(&config, "OPTIONS", "https://evil.example", "PUT", "x-a", "preflight\nvary: Origin\n");
    config = config_of(ANY, 1);
    config.max_age_s = 0;
    assert_decision(&config, "OPTIONS", "https://a.example", "PUT", "",
                    "preflight\naccess-control-allow-origin: *\naccess-control-max-age: 0\n");
}

static void a_star_allows_what_the_preflight_asks_for(void **state)
{
    (void)state;
    struct ss_cors_config config = config_of(ANY, 1);
    config.allow_methods = SS_LIT("*");
    config.allow_headers = SS_LIT("*");
    assert_decision(&config, "OPTIONS", "https://a.example", "PATCH", "authorization,x-a",
                    "preflight\naccess-control-allow-origin: *\naccess-control-allow-methods: PATCH\n"
                    "access-control-allow-headers: authorization,x-a\n"
                    "vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\n");
    config.allow_methods = SS_LIT("GET");
    assert_decision(&config, "OPTIONS", "https://a.example", "PATCH", "",
                    "preflight\naccess-control-allow-origin: *\naccess-control-allow-methods: GET\n"
                    "vary: Origin, Access-Control-Request-Headers\n");
    config.allow_methods = SS_LIT("*");
    config.allow_headers = SS_LIT("");
    assert_decision(&config, "OPTIONS", "https://a.example", "P(", "x-a",
                    "preflight\naccess-control-allow-origin: *\n"
                    "vary: Origin, Access-Control-Request-Method\n");
}

static void configured_origins_are_checked(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"*",
                                       "null",
                                       "https://a.example",
                                       "https://a.example:8443",
                                       "https://*.a.example",
                                       "https://*.a.example:8443",
                                       "http://localhost:*",
                                       "http://127.0.0.1:8080",
                                       "http://[::1]:3000",
                                       "http://[::1]",
                                       "chrome-extension://abcdef",
                                       "http://my_host"};
    static const char *const BAD[] = {"",
                                      "a.example",
                                      "https://",
                                      "https://a.example/",
                                      "https://a.example/x",
                                      "https://*",
                                      "https://*a.example",
                                      "https://a.*.example",
                                      "https://*.*.example",
                                      "https://*.a.example:*",
                                      "*://a.example",
                                      "https://a.example:",
                                      "https://a.example:port",
                                      "https://a.example:123456",
                                      "https://u@a.example",
                                      "https://a..example",
                                      "https://a.example.",
                                      "https://a.example, https://b.example",
                                      "**",
                                      "http://[]",
                                      "http://[::1",
                                      "http://[::1]x"};
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++)
        if (!ss_cors_origin_valid(ss_slice_str(GOOD[i])))
            fail_msg("%s is good", GOOD[i]);
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        size_t n = strlen(BAD[i]);
        char *block = exact(BAD[i], n);
        if (ss_cors_origin_valid(ss_slice_of(block, n)))
            fail_msg("%s is bad", BAD[i]);
        exact_free(block, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allowed_origin_is_named),
        cmocka_unit_test(another_origin_gets_nothing),
        cmocka_unit_test(a_pattern_stands_for_labels_of_a_host),
        cmocka_unit_test(a_pattern_stands_for_a_port),
        cmocka_unit_test(answers_vary_by_origin_also_without_one),
        cmocka_unit_test(any_origin_is_a_star_without_credentials),
        cmocka_unit_test(an_answer_exposes_its_headers),
        cmocka_unit_test(a_preflight_is_told_what_is_configured),
        cmocka_unit_test(a_star_allows_what_the_preflight_asks_for),
        cmocka_unit_test(configured_origins_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
