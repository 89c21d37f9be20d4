/* `sidespan routes`. */
#include "config/route_list.h"

#include "config/support.h"

static void routes_are_printed_in_columns(void **state)
{
    struct ss_arena a;
    struct ss_config config;
    struct ss_config_error *errors = NULL;
    char *text = NULL;
    size_t len = 0;
    (void)state;
    write_text(
        "c.yaml",
        "descriptors: [legal.pb]\nupstreams: {u: {target: 'h:1', plaintext: true}}\nroutes: [r.yaml]\n");
    write_text("r.yaml", "type: google.api.Service\nhttp:\n  rules:\n"
                         "  - {selector: legal.v1.Documents.Get, get: '/v1/{name=documents/*}'}\n"
                         "  - {selector: legal.v1.Documents.Watch, delete: /w}\n"
                         "  - {selector: legal.v1.Documents.Import, post: /i, body: '*'}\n");
    ss_arena_init(&a, 0);
    assert_int_equal(ss_config_load("c.yaml", &a, &config, &errors), SS_OK);
    FILE *out = open_memstream(&text, &len);
    ss_route_list_print(config.snapshot->routes, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "HTTP    PATH                    METHOD                     KIND\n"
                              "GET     /v1/{name=documents/*}  legal.v1.Documents.Get     unary\n"
                              "DELETE  /w                      legal.v1.Documents.Watch   server stream\n"
                              "POST    /i                      legal.v1.Documents.Import  client stream\n");
    free(text);
    ss_config_dispose(&config);
    ss_arena_dispose(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_are_printed_in_columns),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
