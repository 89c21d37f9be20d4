/* The command line and the environment. */
#include "config/cli.h"

#include "config/support.h"

struct env {
    const char *pairs[8]; /* name, value, … NULL */
};

static const char *get(void *ctx, const char *name)
{
    const struct env *env = ctx;
    for (size_t i = 0; i < 8 && env->pairs[i]; i += 2)
        if (strcmp(env->pairs[i], name) == 0)
            return env->pairs[i + 1];
    return NULL;
}

struct parsed {
    struct ss_arena arena;
    struct ss_cli cli;
    struct ss_slice why;
    enum ss_err err;
    char *argv[16];
    char words[512];
};

/* line: words divided by single spaces. Disposed of by done. */
static void parse(struct parsed *p, const char *line, struct env env)
{
    int argc = 0;
    ss_arena_init(&p->arena, 0);
    snprintf(p->words, sizeof p->words, "%s", line);
    for (char *w = p->words; w; argc++) {
        p->argv[argc] = w;
        w = strchr(w, ' ');
        if (w)
            *w++ = '\0';
    }
    p->err = ss_cli_parse(argc, p->argv, get, &env, &p->arena, &p->cli, &p->why);
}

static void done(struct parsed *p)
{
    ss_arena_dispose(&p->arena);
}

static const struct env none = {{NULL}};

static void expect_usage(const char *line, struct env env, const char *expected)
{
    struct parsed p;
    parse(&p, line, env);
    if (p.err != SS_ERR_INVALID)
        fail_msg("\"%s\" was accepted", line);
    if (!ss_slice_eq(p.why, ss_slice_str(expected)))
        fail_msg("\"%s\": expected \"%s\", found \"%.*s\"", line, expected, SS_FMT(p.why));
    done(&p);
}

static void a_flag_takes_its_value_behind_a_space_or_an_equals_sign(void **state)
{
    struct parsed p;
    (void)state;
    parse(&p, "sidespan serve --config a.yaml --workers=2", none);
    assert_int_equal(p.err, SS_OK);
    assert_int_equal(p.cli.command, SS_COMMAND_SERVE);
    assert_string_equal(p.cli.config, "a.yaml");
    assert_int_equal(p.cli.workers, 2);
    assert_int_equal(p.cli.log_json, -1);
    assert_int_equal(p.cli.log_level, -1);
    assert_int_equal(p.cli.access_log, -1);
    done(&p);
    parse(&p, "sidespan serve --config a.yaml --access-log off", none);
    assert_int_equal(p.err, SS_OK);
    assert_int_equal(p.cli.access_log, SS_ACCESS_LOG_OFF);
    done(&p);
    parse(&p, "sidespan check --config=a=b.yaml", none);
    assert_int_equal(p.err, SS_OK);
    assert_int_equal(p.cli.command, SS_COMMAND_CHECK);
    assert_string_equal(p.cli.config, "a=b.yaml");
    done(&p);
}

static void serve_runs_without_a_file(void **state)
{
    struct parsed p;
    (void)state;
    parse(&p,
          "sidespan serve --upstream h:1 --plaintext --proto x.proto --listen 127.0.0.1:1 --admin off "
          "--include i --proto=y.proto --include j",
          none);
    assert_int_equal(p.err, SS_OK);
    assert_null(p.cli.config);
    assert_string_equal(p.cli.quick.upstream, "h:1");
    assert_true(p.cli.quick.plaintext);
    assert_int_equal(p.cli.quick.n_protos, 2);
    assert_string_equal(p.cli.quick.protos[0], "x.proto");
    assert_string_equal(p.cli.quick.protos[1], "y.proto");
    assert_int_equal(p.cli.quick.n_includes, 2);
    assert_string_equal(p.cli.quick.includes[1], "j");
    assert_int_equal(p.cli.quick.n_descriptors, 0);
    assert_string_equal(p.cli.quick.listen, "127.0.0.1:1");
    assert_string_equal(p.cli.quick.admin, "off");
    done(&p);
}

static void the_environment_stands_in_for_flags_and_flags_win(void **state)
{
    struct parsed p;
    (void)state;
    parse(&p, "sidespan serve",
          (struct env){
              {"SIDESPAN_CONFIG", "e.yaml", "SIDESPAN_LOG_FORMAT", "json", "SIDESPAN_LOG_LEVEL", "warn"}});
    assert_int_equal(p.err, SS_OK);
    assert_string_equal(p.cli.config, "e.yaml");
    assert_int_equal(p.cli.log_json, 1);
    assert_int_equal(p.cli.log_level, SS_LOG_WARN);
    done(&p);
    parse(
        &p, "sidespan serve --config f.yaml --log-format text",
        (struct env){{"SIDESPAN_CONFIG", "e.yaml", "SIDESPAN_LOG_FORMAT", "json", "SIDESPAN_WORKERS", "3"}});
    assert_int_equal(p.err, SS_OK);
    assert_string_equal(p.cli.config, "f.yaml");
    assert_int_equal(p.cli.log_json, 0);
    assert_int_equal(p.cli.workers, 3);
    done(&p);
    parse(&p, "sidespan serve --descriptor x.pb",
          (struct env){{"SIDESPAN_UPSTREAM", "h:1", "SIDESPAN_PLAINTEXT", "1", "SIDESPAN_LISTEN", ""}});
    assert_int_equal(p.err, SS_OK);
    assert_string_equal(p.cli.quick.upstream, "h:1");
    assert_true(p.cli.quick.plaintext);
    assert_null(p.cli.quick.listen);
    done(&p);
}

static void a_variable_of_paths_holds_several(void **state)
{
    struct parsed p;
    (void)state;
    parse(&p, "sidespan check --upstream h:1 --strict",
          (struct env){{"SIDESPAN_PROTO", "a.proto:b/c.proto", "SIDESPAN_INCLUDE",
                        "x::y:", "SIDESPAN_DESCRIPTOR", "d.pb"}});
    assert_int_equal(p.err, SS_OK);
    assert_int_equal(p.cli.quick.n_protos, 2);
    assert_string_equal(p.cli.quick.protos[0], "a.proto");
    assert_string_equal(p.cli.quick.protos[1], "b/c.proto");
    assert_int_equal(p.cli.quick.n_includes, 2);
    assert_string_equal(p.cli.quick.includes[0], "x");
    assert_string_equal(p.cli.quick.includes[1], "y");
    assert_int_equal(p.cli.quick.n_descriptors, 1);
    assert_string_equal(p.cli.quick.descriptors[0], "d.pb");
    assert_true(p.cli.strict);
    done(&p);
    parse(&p, "sidespan check --upstream h:1 --proto c.proto",
          (struct env){{"SIDESPAN_PROTO", "a.proto:b.proto"}});
    assert_int_equal(p.cli.quick.n_protos, 1);
    assert_string_equal(p.cli.quick.protos[0], "c.proto");
    assert_false(p.cli.strict);
    done(&p);
}

static void a_flag_rules_out_what_the_environment_says_of_the_other_way(void **state)
{
    struct parsed p;
    (void)state;
    parse(&p, "sidespan serve --upstream h:1 --descriptor x.pb", (struct env){{"SIDESPAN_CONFIG", "e.yaml"}});
    assert_int_equal(p.err, SS_OK);
    assert_null(p.cli.config);
    done(&p);
    parse(&p, "sidespan serve --config f.yaml",
          (struct env){{"SIDESPAN_UPSTREAM", "h:1", "SIDESPAN_LISTEN", "127.0.0.1:1"}});
    assert_int_equal(p.err, SS_OK);
    assert_null(p.cli.quick.upstream);
    assert_null(p.cli.quick.listen);
    done(&p);
}

static void bad_usage_comes_with_a_hint(void **state)
{
    (void)state;
    expect_usage(
        "sidespan", none,
        "no command: expected serve, check, routes, call, explain, version or help\nTry: sidespan help");
    expect_usage("sidespan sevre", none,
                 "unknown command \"sevre\"; did you mean serve?\nTry: sidespan help");
    expect_usage("sidespan openapi --config x", none, "unknown command \"openapi\"\nTry: sidespan help");
    expect_usage("sidespan --config x", none,
                 "expected a command before --config: serve, check, routes, call, explain, version or "
                 "help\nTry: sidespan help");
    expect_usage("sidespan serve --cofnig x", none,
                 "unknown flag --cofnig; did you mean --config?\nTry: sidespan help serve");
    expect_usage("sidespan check --config x --listen y", none,
                 "unknown flag --listen\nTry: sidespan help check");
    expect_usage("sidespan serve x.yaml", none, "unexpected argument \"x.yaml\"\nTry: sidespan help serve");
    expect_usage("sidespan serve --config", none, "--config needs a value\nTry: sidespan help serve");
    expect_usage("sidespan serve --config=", none, "--config needs a value\nTry: sidespan help serve");
    expect_usage("sidespan serve --config a --config b", none,
                 "--config is given twice\nTry: sidespan help serve");
    expect_usage("sidespan check", none,
                 "check needs --config FILE or --upstream HOST:PORT\nTry: sidespan help check");
    expect_usage("sidespan version --config x", none, "unknown flag --config\nTry: sidespan help version");
    expect_usage("sidespan help srve", none,
                 "unknown command \"srve\"; did you mean serve?\nTry: sidespan help");
}

static void what_excludes_each_other_is_named(void **state)
{
    (void)state;
    expect_usage("sidespan serve --config a --upstream b", none,
                 "--config and --upstream exclude each other\nTry: sidespan help serve");
    expect_usage("sidespan serve", (struct env){{"SIDESPAN_CONFIG", "a", "SIDESPAN_UPSTREAM", "b"}},
                 "SIDESPAN_CONFIG and SIDESPAN_UPSTREAM exclude each other\nTry: sidespan help serve");
    expect_usage(
        "sidespan serve --config a --listen b", none,
        "--listen goes with --upstream only: with --config, the file says it\nTry: sidespan help serve");
    expect_usage("sidespan serve", (struct env){{"SIDESPAN_CONFIG", "a", "SIDESPAN_ADMIN", "b"}},
                 "SIDESPAN_ADMIN goes with --upstream only: with --config, the file says it\nTry: sidespan "
                 "help serve");
    expect_usage("sidespan serve --upstream h:1 --descriptor a --include b", none,
                 "--include goes with --proto only\nTry: sidespan help serve");
}

static void bad_values_are_named_with_their_flag_or_variable(void **state)
{
    (void)state;
    expect_usage("sidespan serve --config a --log-format xml", none,
                 "--log-format: expected text or json, found \"xml\"\nTry: sidespan help serve");
    expect_usage("sidespan serve --config a --log-level all", none,
                 "--log-level: expected debug, info, warn or error, found \"all\"\nTry: sidespan help serve");
    expect_usage(
        "sidespan serve --config a", (struct env){{"SIDESPAN_WORKERS", "many"}},
        "SIDESPAN_WORKERS: expected a number from 0 to 1024, found \"many\"\nTry: sidespan help serve");
    expect_usage("sidespan serve --config a --workers 1025", none,
                 "--workers: expected a number from 0 to 1024, found \"1025\"\nTry: sidespan help serve");
    expect_usage("sidespan serve --upstream a --plaintext=maybe", none,
                 "--plaintext: expected true or false, found \"maybe\"\nTry: sidespan help serve");
}

static void help_is_there_for_every_command(void **state)
{
    static const char *const lines[] = {"sidespan help serve", "sidespan serve --help",
                                        "sidespan serve --config x -h"};
    struct parsed p;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        parse(&p, lines[i], none);
        assert_int_equal(p.err, SS_OK);
        assert_int_equal(p.cli.command, SS_COMMAND_HELP);
        assert_string_equal(p.cli.topic, "serve");
        done(&p);
    }
    parse(&p, "sidespan --help", none);
    assert_int_equal(p.err, SS_OK);
    assert_int_equal(p.cli.command, SS_COMMAND_HELP);
    assert_null(p.cli.topic);
    done(&p);
    static const char *const topics[] = {"serve", "check", "routes", "call", "explain", "version", "help"};
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        assert_non_null(strstr(ss_cli_help(topics[i]), "sidespan"));
    assert_non_null(strstr(ss_cli_help("serve"), "SIDESPAN_WORKERS"));
    assert_null(ss_cli_help("openapi"));
}

static void the_version_has_a_command_and_a_flag(void **state)
{
    struct parsed p;
    (void)state;
    parse(&p, "sidespan version", none);
    assert_int_equal(p.err, SS_OK);
    assert_int_equal(p.cli.command, SS_COMMAND_VERSION);
    done(&p);
    parse(&p, "sidespan --version", none);
    assert_int_equal(p.err, SS_OK);
    assert_int_equal(p.cli.command, SS_COMMAND_VERSION);
    done(&p);
}

static void call_and_explain_take_words(void **state)
{
    struct parsed p;
    (void)state;
    parse(&p, "sidespan call --config c.yaml -H a:b a.S.M --timeout 1.5s -H X-Y:z: {}", none);
    assert_int_equal(p.err, SS_OK);
    assert_int_equal(p.cli.command, SS_COMMAND_CALL);
    assert_string_equal(p.cli.words[0], "a.S.M");
    assert_string_equal(p.cli.words[1], "{}");
    assert_int_equal(p.cli.n_headers, 2);
    assert_string_equal(p.cli.headers[0], "a:b");
    assert_string_equal(p.cli.headers[1], "X-Y:z:");
    assert_int_equal(p.cli.timeout_ms, 1500);
    done(&p);
    parse(&p, "sidespan call --upstream h:1 --proto p.proto a.S.M -", none);
    assert_int_equal(p.err, SS_OK);
    assert_string_equal(p.cli.words[1], "-");
    assert_int_equal(p.cli.timeout_ms, -1);
    done(&p);
    parse(&p, "sidespan explain --config c.yaml GET -- /v1/x -5", none);
    assert_int_equal(p.err, SS_OK);
    assert_int_equal(p.cli.command, SS_COMMAND_EXPLAIN);
    assert_string_equal(p.cli.words[0], "GET");
    assert_string_equal(p.cli.words[1], "/v1/x");
    assert_string_equal(p.cli.words[2], "-5");
    done(&p);
    parse(&p, "sidespan explain --config c.yaml GET /v1/x", none);
    assert_int_equal(p.err, SS_OK);
    assert_null(p.cli.words[2]);
    done(&p);
}

static void words_and_headers_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    expect_usage(
        "sidespan call --config c", none,
        "call needs a method, as in package.Service.Method, and perhaps JSON\nTry: sidespan help call");
    expect_usage("sidespan explain --config c GET", none,
                 "explain needs an HTTP method, a path and perhaps a body\nTry: sidespan help explain");
    expect_usage("sidespan call --config c a b c", none,
                 "unexpected argument \"c\"\nTry: sidespan help call");
    expect_usage("sidespan serve --config c x", none, "unexpected argument \"x\"\nTry: sidespan help serve");
    expect_usage("sidespan call --config c a -H b", none,
                 "-H: expected name:value, found \"b\"\nTry: sidespan help call");
    expect_usage("sidespan call --config c a -H", none, "-H needs a value\nTry: sidespan help call");
    expect_usage("sidespan serve --config c -H a:b", none, "unknown flag -H\nTry: sidespan help serve");
    expect_usage(
        "sidespan call --config c a --timeout soon", none,
        "--timeout: expected a duration such as 5s or 400ms, found \"soon\"\nTry: sidespan help call");
    expect_usage("sidespan call a", none,
                 "call needs --config FILE or --upstream HOST:PORT\nTry: sidespan help call");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_and_explain_take_words),
        cmocka_unit_test(words_and_headers_that_do_not_fit_are_refused),
        cmocka_unit_test(a_flag_takes_its_value_behind_a_space_or_an_equals_sign),
        cmocka_unit_test(serve_runs_without_a_file),
        cmocka_unit_test(the_environment_stands_in_for_flags_and_flags_win),
        cmocka_unit_test(a_variable_of_paths_holds_several),
        cmocka_unit_test(a_flag_rules_out_what_the_environment_says_of_the_other_way),
        cmocka_unit_test(bad_usage_comes_with_a_hint),
        cmocka_unit_test(what_excludes_each_other_is_named),
        cmocka_unit_test(bad_values_are_named_with_their_flag_or_variable),
        cmocka_unit_test(help_is_there_for_every_command),
        cmocka_unit_test(the_version_has_a_command_and_a_flag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
