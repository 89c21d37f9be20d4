/* `tls:` of listeners and upstreams, with keys made for the occasion. */
#include "config/config.h"

#include "config/support.h"

#define ROUTES "descriptors: [legal.pb]\nroutes: [r.yaml]\n"

static int enter_with_keys(void **state)
{
    enter_folder(state);
    write_text("r.yaml", "type: google.api.Service\nauto_mapping: true\n");
    for (int i = 0; i < 2; i++) {
        char command[512];
        snprintf(command, sizeof command,
                 "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
                 "/CN=localhost "
                 "-keyout %c.key -out %c.crt 2>/dev/null",
                 'a' + i, 'a' + i);
        assert_int_equal(system(command), 0);
    }
    return 0;
}

static enum ss_err load(const char *text, struct ss_config *config, char **errors)
{
    struct ss_arena a;
    struct ss_config_error *list = NULL;
    ss_arena_init(&a, 0);
    write_text("c.yaml", text);
    enum ss_err err = ss_config_load("c.yaml", &a, config, &list);
    *errors = join_errors(list);
    ss_arena_dispose(&a);
    return err;
}

static void certificates_are_loaded_at_once(void **state)
{
    struct ss_config config;
    char *errors;
    (void)state;
    enum ss_err err =
        load(ROUTES "listeners:\n- address: 127.0.0.1:1\n  tls: {certificate: a.crt, private_key: a.key, "
                    "client_ca: b.crt}\n"
                    "upstreams: {u: {target: 'h:1', tls: {ca: a.crt, certificate: b.crt, private_key: "
                    "b.key, server_name: other}}}\n",
             &config, &errors);
    assert_string_equal(errors, "");
    assert_int_equal(err, SS_OK);
    assert_non_null(config.server.listeners[0].tls);
    assert_non_null(config.snapshot->clusters[0].tls);
    assert_true(ss_slice_eq(config.snapshot->clusters[0].server_name, SS_LIT("other")));
    ss_free(errors);
    ss_config_dispose(&config);
}

/* One error, at that place, that names that file. */
static void expect_one(const char *text, const char *place, const char *file)
{
    struct ss_config config;
    char *errors;
    assert_int_equal(load(text, &config, &errors), SS_ERR_CONFIG);
    if (strncmp(errors, place, strlen(place)) != 0 || strstr(errors, file) == NULL ||
        strchr(errors, '\n') != errors + strlen(errors) - 1)
        fail_msg("expected one error at %s that names %s, found\n%s", place, file, errors);
    ss_free(errors);
}

static void what_is_wrong_with_a_file_is_said_at_its_key(void **state)
{
    (void)state;
#define UP "upstreams: {u: {target: 'h:1', plaintext: true}}\n"
    expect_one(ROUTES UP
               "listeners:\n- address: 127.0.0.1:1\n  tls:\n    certificate: a.crt\n    private_key: b.key\n",
               "c.yaml:8:18: ", "b.key");
    expect_one(
        ROUTES UP
        "listeners:\n- address: 127.0.0.1:1\n  tls:\n    certificate: c.yaml\n    private_key: a.key\n",
        "c.yaml:7:18: ", "c.yaml");
    expect_one(ROUTES "upstreams:\n  u:\n    target: h:1\n    tls: {ca: legal.proto}\n",
               "c.yaml:6:15: ", "legal.proto");
}

static void a_bad_configuration_leaks_no_context(void **state)
{
    (void)state; /* LeakSanitizer is who fails this */
    expect_one(ROUTES
               "x: 1\nlisteners: [{address: '127.0.0.1:1', tls: {certificate: a.crt, private_key: a.key}}]\n"
               "upstreams: {u: {target: 'h:1', tls: {ca: a.crt}}}\n",
               "c.yaml:3:1: unknown key \"x\"", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_loaded_at_once),
        cmocka_unit_test(what_is_wrong_with_a_file_is_said_at_its_key),
        cmocka_unit_test(a_bad_configuration_leaks_no_context),
    };
    return cmocka_run_group_tests(tests, enter_with_keys, leave_folder);
}
