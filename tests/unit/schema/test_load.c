/* Loading what protoc writes for proto2 and proto3. */
#include "schema/support.h"

static void the_built_in_types_are_there_without_any_set(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum ss_wkt wkt;
        size_t n_fields;
    } table[] = {
        {"google.protobuf.Any", SS_WKT_ANY, 2},           {"google.protobuf.Timestamp", SS_WKT_TIMESTAMP, 2},
        {"google.protobuf.Duration", SS_WKT_DURATION, 2}, {"google.protobuf.FieldMask", SS_WKT_FIELD_MASK, 1},
        {"google.protobuf.Struct", SS_WKT_STRUCT, 1},     {"google.protobuf.Value", SS_WKT_VALUE, 6},
        {"google.protobuf.ListValue", SS_WKT_LIST_VALUE, 1}, {"google.protobuf.Empty", SS_WKT_EMPTY, 0},
        {"google.protobuf.DoubleValue", SS_WKT_WRAPPER, 1},  {"google.protobuf.FloatValue", SS_WKT_WRAPPER, 1},
        {"google.protobuf.Int64Value", SS_WKT_WRAPPER, 1},   {"google.protobuf.UInt64Value", SS_WKT_WRAPPER, 1},
        {"google.protobuf.Int32Value", SS_WKT_WRAPPER, 1},   {"google.protobuf.UInt32Value", SS_WKT_WRAPPER, 1},
        {"google.protobuf.BoolValue", SS_WKT_WRAPPER, 1},    {"google.protobuf.StringValue", SS_WKT_WRAPPER, 1},
        {"google.protobuf.BytesValue", SS_WKT_WRAPPER, 1},   {"google.api.HttpBody", SS_WKT_HTTP_BODY, 3},
        {"google.rpc.Status", SS_WKT_NONE, 3},               {"google.rpc.BadRequest", SS_WKT_NONE, 1},
        {"google.rpc.BadRequest.FieldViolation", SS_WKT_NONE, 4}, {"google.rpc.RetryInfo", SS_WKT_NONE, 1},
        {"google.protobuf.FileDescriptorProto", SS_WKT_NONE, 12}, {"google.protobuf.Api", SS_WKT_NONE, 7},
    };
    struct loaded l = load_sets(NULL, 0);
    assert_non_null(l.s);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct ss_message *m = message(&l, table[i].name);
        assert_int_equal(m->wkt, table[i].wkt);
        assert_int_equal(m->n_fields, table[i].n_fields);
        if (m->wkt == SS_WKT_WRAPPER)
            assert_slice(m->fields[0].json_name, "value");
    }
    assert_true(ss_schema_enum(l.s, S("google.protobuf.NullValue"))->null_value);
    assert_false(ss_schema_enum(l.s, S("google.rpc.Code"))->null_value);
    assert_null(ss_schema_message(l.s, S("google.api.HttpRule")));
    assert_null(ss_schema_message(l.s, S(".google.rpc.Status")));
    assert_null(ss_schema_message(l.s, S("")));
    assert_int_equal(ss_schema_service_count(l.s), 0);
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_types_are_there_without_any_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
