/* (reported 19) */
#include "route/system.h"

#include "fixture.h"

static const char proto[] =
    "syntax = \"proto3\"; package t;\n"
    "message Req { string alt = 1; string pretty = 2 [json_name = \"prettyPrint\"]; }\n"
    "message Other { string name = 1; }\n"
    "service S { rpc M(Req) returns (Other); rpc N(Other) returns (Other); }\n";

static void a_field_goes_before_a_system_parameter_without_its_dollar(void **state)
{
    struct ss_schema *schema = compile_schema(proto);
    struct ss_slice ignored[] = {SS_LIT("$alt"), SS_LIT("fields")};
    struct ss_route_options none = {0},
                            some = {.ignored_query_parameters = ignored, .n_ignored_query_parameters = 2};
    const struct ss_method *m = ss_schema_method(schema, SS_LIT("t.S.M")),
                           *n = ss_schema_method(schema, SS_LIT("t.S.N"));
    const struct {
        const struct ss_method *method;
        const struct ss_route_options *options;
        const char *name;
        enum ss_system system;
    } cases[] = {
        {m, &none, "alt", SS_SYSTEM_NONE},
        {m, &none, "$alt", SS_SYSTEM_ALT},
        {m, &none, "prettyPrint", SS_SYSTEM_NONE},
        {m, &none, "$prettyPrint", SS_SYSTEM_PRETTY_PRINT},
        {m, &none, "fields", SS_SYSTEM_FIELDS},
        {n, &none, "alt", SS_SYSTEM_ALT},
        {n, &none, "prettyPrint", SS_SYSTEM_PRETTY_PRINT},
        {n, &none, "name", SS_SYSTEM_NONE},
        {n, &none, "$name", SS_SYSTEM_UNKNOWN},
        {n, &none, "$.xgafv", SS_SYSTEM_IGNORED},
        {n, &none, ".xgafv", SS_SYSTEM_NONE},
        {n, &none, "$callback", SS_SYSTEM_CALLBACK},
        {n, &none, "callback", SS_SYSTEM_NONE},
        {n, &none, "$", SS_SYSTEM_UNKNOWN},
        {n, &none, "", SS_SYSTEM_NONE},
        {n, &some, "$alt", SS_SYSTEM_IGNORED},
        {n, &some, "alt", SS_SYSTEM_ALT},
        {n, &some, "fields", SS_SYSTEM_NONE},
        {n, &some, "$fields", SS_SYSTEM_FIELDS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ss_rule rule = {.method = cases[i].method, .options = cases[i].options};
        if (ss_system_of(&rule, ss_slice_str(cases[i].name)) != cases[i].system)
            fail_msg("case %zu: %s", i, cases[i].name);
    }
    ss_schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_goes_before_a_system_parameter_without_its_dollar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
