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
        {"google.protobuf.Any", SS_WKT_ANY, 2},
        {"google.protobuf.Timestamp", SS_WKT_TIMESTAMP, 2},
        {"google.protobuf.Duration", SS_WKT_DURATION, 2},
        {"google.protobuf.FieldMask", SS_WKT_FIELD_MASK, 1},
        {"google.protobuf.Struct", SS_WKT_STRUCT, 1},
        {"google.protobuf.Value", SS_WKT_VALUE, 6},
        {"google.protobuf.ListValue", SS_WKT_LIST_VALUE, 1},
        {"google.protobuf.Empty", SS_WKT_EMPTY, 0},
        {"google.protobuf.DoubleValue", SS_WKT_WRAPPER, 1},
        {"google.protobuf.FloatValue", SS_WKT_WRAPPER, 1},
        {"google.protobuf.Int64Value", SS_WKT_WRAPPER, 1},
        {"google.protobuf.UInt64Value", SS_WKT_WRAPPER, 1},
        {"google.protobuf.Int32Value", SS_WKT_WRAPPER, 1},
        {"google.protobuf.UInt32Value", SS_WKT_WRAPPER, 1},
        {"google.protobuf.BoolValue", SS_WKT_WRAPPER, 1},
        {"google.protobuf.StringValue", SS_WKT_WRAPPER, 1},
        {"google.protobuf.BytesValue", SS_WKT_WRAPPER, 1},
        {"google.api.HttpBody", SS_WKT_HTTP_BODY, 3},
        {"google.rpc.Status", SS_WKT_NONE, 3},
        {"google.rpc.BadRequest", SS_WKT_NONE, 1},
        {"google.rpc.BadRequest.FieldViolation", SS_WKT_NONE, 4},
        {"google.rpc.RetryInfo", SS_WKT_NONE, 1},
        {"google.protobuf.FileDescriptorProto", SS_WKT_NONE, 12},
        {"google.protobuf.Api", SS_WKT_NONE, 7},
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

static const char proto3_source[] =
    "syntax = 'proto3'; package t.v1;\n"
    "import 'google/protobuf/timestamp.proto';\n"
    "message Scalars {\n"
    "  double d = 1; float f = 2; int64 i64 = 3; uint64 u64 = 4; int32 i32 = 5; fixed64 f64 = 6; fixed32 f32 "
    "= 7;\n"
    "  bool b = 8; string s = 9; bytes by = 12; uint32 u32 = 13; sfixed32 sf32 = 15; sfixed64 sf64 = 16;\n"
    "  sint32 s32 = 17; sint64 s64 = 18; Color color = 19; Scalars sub = 20; google.protobuf.Timestamp at = "
    "21;\n"
    "}\n"
    "enum Color { COLOR_UNSPECIFIED = 0; Red = 1; blue = -2; FAR = 2000000000; }\n"
    "message Shapes {\n"
    "  repeated int32 packed_numbers = 1; repeated int32 loose = 2 [packed = false]; repeated string words = "
    "3;\n"
    "  repeated Shapes shapes = 4; map<string, Shapes> by_name = 5; map<int32, Color> colors = 6;\n"
    "  optional int32 maybe = 7; int32 plain = 2047; int32 far = 536870911;\n"
    "  oneof choice { string text = 10; Shapes shape = 11; }\n"
    "  optional string later = 12;\n"
    "  oneof other { bool yes = 13; }\n"
    "}\n"
    "message Empty {}\n";

static void every_scalar_has_its_type_wire_type_and_tag(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum ss_type type;
        uint8_t wire_type, tag_len, tag[2];
    } table[] = {
        {"d", SS_TYPE_DOUBLE, 1, 1, {0x09}},         {"f", SS_TYPE_FLOAT, 5, 1, {0x15}},
        {"i64", SS_TYPE_INT64, 0, 1, {0x18}},        {"u64", SS_TYPE_UINT64, 0, 1, {0x20}},
        {"i32", SS_TYPE_INT32, 0, 1, {0x28}},        {"f64", SS_TYPE_FIXED64, 1, 1, {0x31}},
        {"f32", SS_TYPE_FIXED32, 5, 1, {0x3d}},      {"b", SS_TYPE_BOOL, 0, 1, {0x40}},
        {"s", SS_TYPE_STRING, 2, 1, {0x4a}},         {"by", SS_TYPE_BYTES, 2, 1, {0x62}},
        {"u32", SS_TYPE_UINT32, 0, 1, {0x68}},       {"sf32", SS_TYPE_SFIXED32, 5, 1, {0x7d}},
        {"sf64", SS_TYPE_SFIXED64, 1, 2, {0x81, 1}}, {"s32", SS_TYPE_SINT32, 0, 2, {0x88, 1}},
        {"s64", SS_TYPE_SINT64, 0, 2, {0x90, 1}},    {"color", SS_TYPE_ENUM, 0, 2, {0x98, 1}},
        {"sub", SS_TYPE_MESSAGE, 2, 2, {0xa2, 1}},   {"at", SS_TYPE_MESSAGE, 2, 2, {0xaa, 1}},
    };
    struct loaded l = load_source(proto3_source);
    const struct ss_message *m = message(&l, "t.v1.Scalars");
    assert_int_equal(m->n_fields, 18);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct ss_field *f = field(&l, "t.v1.Scalars", table[i].name);
        assert_int_equal(f->type, table[i].type);
        assert_int_equal(f->wire_type, table[i].wire_type);
        assert_int_equal(f->tag_len, table[i].tag_len);
        assert_memory_equal(f->tag, table[i].tag, table[i].tag_len);
        assert_int_equal(f->index, i);
        assert_ptr_equal(&m->fields[i], f);
        assert_ptr_equal(f->parent, m);
        assert_int_equal(f->oneof, -1);
        assert_false(f->repeated || f->map || f->packed || f->required || f->extension);
        assert_int_equal(f->presence, f->message != NULL);
        assert_int_equal(f->validate_utf8, f->type == SS_TYPE_STRING);
        assert_int_equal(f->default_text.len, 0);
    }
    assert_ptr_equal(field(&l, "t.v1.Scalars", "sub")->message, m);
    assert_int_equal(field(&l, "t.v1.Scalars", "at")->message->wkt, SS_WKT_TIMESTAMP);
    assert_ptr_equal(field(&l, "t.v1.Scalars", "color")->enumeration, ss_schema_enum(l.s, S("t.v1.Color")));
    unload(&l);
}

static void repeated_fields_are_packed_unless_told_otherwise(void **state)
{
    (void)state;
    struct loaded l = load_source(proto3_source);
    const struct ss_field *packed = field(&l, "t.v1.Shapes", "packedNumbers");
    assert_true(packed->repeated && packed->packed && !packed->presence);
    assert_int_equal(packed->wire_type, 0);
    assert_int_equal(packed->tag[0], 0x0a);
    const struct ss_field *loose = field(&l, "t.v1.Shapes", "loose");
    assert_true(loose->repeated && !loose->packed);
    assert_int_equal(loose->tag[0], 0x10);
    const struct ss_field *words = field(&l, "t.v1.Shapes", "words");
    assert_true(words->repeated && !words->packed && words->validate_utf8);
    assert_false(field(&l, "t.v1.Shapes", "shapes")->packed);
    assert_false(field(&l, "t.v1.Shapes", "shapes")->presence);
    unload(&l);
}

static void a_map_is_a_repeated_field_of_entries(void **state)
{
    (void)state;
    struct loaded l = load_source(proto3_source);
    const struct ss_field *f = field(&l, "t.v1.Shapes", "by_name");
    assert_true(f->map && f->repeated && !f->packed && !f->presence);
    assert_int_equal(f->type, SS_TYPE_MESSAGE);
    assert_true(f->message->map_entry);
    assert_int_equal(f->message->n_fields, 2);
    assert_slice(f->message->full_name, "t.v1.Shapes.ByNameEntry");
    assert_slice(f->message->fields[0].name, "key");
    assert_int_equal(f->message->fields[0].type, SS_TYPE_STRING);
    assert_int_equal(f->message->fields[1].number, 2);
    assert_ptr_equal(f->message->fields[1].message, message(&l, "t.v1.Shapes"));
    assert_int_equal(field(&l, "t.v1.Shapes", "colors")->message->fields[1].type, SS_TYPE_ENUM);
    assert_false(message(&l, "t.v1.Shapes")->map_entry);
    unload(&l);
}

static void oneofs_are_numbered_without_the_synthetic_ones(void **state)
{
    (void)state;
    struct loaded l = load_source(proto3_source);
    const struct ss_message *m = message(&l, "t.v1.Shapes");
    assert_int_equal(m->n_oneofs, 2);
    assert_slice(m->oneofs[0].name, "choice");
    assert_slice(m->oneofs[1].name, "other");
    assert_int_equal(field(&l, "t.v1.Shapes", "text")->oneof, 0);
    assert_int_equal(field(&l, "t.v1.Shapes", "shape")->oneof, 0);
    assert_int_equal(field(&l, "t.v1.Shapes", "yes")->oneof, 1);
    assert_int_equal(field(&l, "t.v1.Shapes", "maybe")->oneof, -1);
    assert_int_equal(field(&l, "t.v1.Shapes", "later")->oneof, -1);
    assert_true(field(&l, "t.v1.Shapes", "text")->presence);
    assert_true(field(&l, "t.v1.Shapes", "maybe")->presence);
    assert_true(field(&l, "t.v1.Shapes", "later")->presence);
    assert_false(field(&l, "t.v1.Shapes", "plain")->presence);
    unload(&l);
}

static void fields_are_found_by_number_near_and_far(void **state)
{
    (void)state;
    struct loaded l = load_source(proto3_source);
    const struct ss_message *m = message(&l, "t.v1.Shapes");
    uint32_t before = 0;
    for (size_t i = 0; i < m->n_fields; i++) {
        assert_true(m->by_number[i]->number > before);
        before = m->by_number[i]->number;
        assert_ptr_equal(ss_message_field_by_number(m, m->fields[i].number), &m->fields[i]);
    }
    static const uint32_t absent[] = {0, 8, 9, 14, 100, 2046, 2048, 536870910, 536870912, UINT32_MAX};
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        assert_null(ss_message_field_by_number(m, absent[i]));
    const struct ss_field *far = field(&l, "t.v1.Shapes", "far");
    static const uint8_t far_tag[] = {0xf8, 0xff, 0xff, 0xff, 0x0f};
    assert_int_equal(far->tag_len, 5);
    assert_memory_equal(far->tag, far_tag, 5);
    assert_null(ss_message_field_by_number(message(&l, "t.v1.Empty"), 1));
    assert_null(ss_message_field(message(&l, "t.v1.Empty"), S("a")));
    unload(&l);
}

static void both_spellings_of_a_field_find_it_and_its_keys_are_quoted(void **state)
{
    (void)state;
    struct loaded l =
        load_source("syntax = 'proto3';\n"
                    "message M { int32 foo_bar_1a = 1; int32 __x = 2; int32 Upper_case_ = 3;\n"
                    "  int32 own = 4 [json_name = 'q\"\\\\\\n\xc3\xa9']; int32 a = 5 [json_name = 'b'];\n"
                    "  int32 b = 6 [json_name = 'c']; }");
    const struct ss_field *f = field(&l, "M", "foo_bar_1a");
    assert_slice(f->name, "foo_bar_1a");
    assert_slice(f->json_name, "fooBar1a");
    assert_slice(f->json_key, "\"fooBar1a\":");
    assert_slice(f->proto_key, "\"foo_bar_1a\":");
    assert_ptr_equal(field(&l, "M", "fooBar1a"), f);
    assert_slice(field(&l, "M", "__x")->json_name, "X");
    assert_slice(field(&l, "M", "Upper_case_")->json_name, "UpperCase");
    f = field(&l, "M", "own");
    assert_slice(f->json_name, "q\"\\\n\xc3\xa9");
    assert_slice(f->json_key, "\"q\\\"\\\\\\u000a\xc3\xa9\":");
    assert_ptr_equal(field(&l, "M", "q\"\\\n\xc3\xa9"), f);
    /* a JSON name wins over another field's proto name */
    assert_slice(field(&l, "M", "b")->name, "a");
    assert_slice(field(&l, "M", "c")->name, "b");
    const struct ss_message *m = message(&l, "M");
    assert_null(ss_message_field(m, S("foobar1a")));
    assert_null(ss_message_field(m, S("foo_bar_1")));
    assert_null(ss_message_field(m, S("")));
    assert_null(ss_message_field(m, ss_slice_of(NULL, 0)));
    unload(&l);
}

static void the_nearest_field_is_the_one_that_was_meant(void **state)
{
    (void)state;
    struct loaded l =
        load_source("syntax = 'proto3'; message M { int32 document_id = 1; string title = 2; int32 id = 3;\n"
                    "  string confidentiality_level = 4; }");
    static const struct {
        const char *typed, *meant;
    } table[] = {
        {"documentID", "document_id"},
        {"document_di", "document_id"},
        {"documentIds", "document_id"},
        {"DOCUMENT_ID", "document_id"},
        {"titel", "title"},
        {"Title", "title"},
        {"tile", "title"},
        {"idd", "id"},
        {"i", NULL},
        {"x", NULL},
        {"zzzzzz", NULL},
        {"", NULL},
        {"confidentalty_lvl", "confidentiality_level"},
        {"0123456789012345678901234567890123456789012345678901234567890123456789", NULL},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct ss_field *f = ss_message_nearest_field(message(&l, "M"), S(table[i].typed));
        if (table[i].meant == NULL) {
            assert_null(f);
            continue;
        }
        if (f == NULL)
            fail_msg("nothing near %s", table[i].typed);
        assert_slice(f->name, table[i].meant);
    }
    unload(&l);
}

static void enum_values_are_found_by_name_case_and_number(void **state)
{
    (void)state;
    struct loaded l = load_source(proto3_source);
    const struct ss_enum *e = ss_schema_enum(l.s, S("t.v1.Color"));
    assert_non_null(e);
    assert_false(e->closed);
    assert_int_equal(e->n_values, 4);
    assert_slice(e->values[1].name, "Red");
    assert_slice(e->values[1].json, "\"Red\"");
    assert_int_equal(e->values[2].number, -2);
    for (size_t i = 0; i < e->n_values; i++) {
        assert_ptr_equal(ss_enum_by_name(e, e->values[i].name), &e->values[i]);
        assert_ptr_equal(ss_enum_by_number(e, e->values[i].number), &e->values[i]);
    }
    assert_null(ss_enum_by_name(e, S("RED")));
    assert_null(ss_enum_by_name(e, S("")));
    assert_ptr_equal(ss_enum_by_name_ci(e, S("rEd")), &e->values[1]);
    assert_ptr_equal(ss_enum_by_name_ci(e, S("BLUE")), &e->values[2]);
    assert_null(ss_enum_by_name_ci(e, S("re")));
    static const int32_t absent[] = {2, -1, -3, 1999999999, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        assert_null(ss_enum_by_number(e, absent[i]));
    unload(&l);
}

static void of_aliases_the_first_declared_has_the_number(void **state)
{
    (void)state;
    struct loaded l =
        load_source("syntax = 'proto3'; enum E { option allow_alias = true; A = 0; B = 1; C = 1; b = 1; }");
    const struct ss_enum *e = ss_schema_enum(l.s, S("E"));
    assert_slice(ss_enum_by_number(e, 1)->name, "B");
    assert_int_equal(ss_enum_by_name(e, S("C"))->number, 1);
    assert_int_equal(ss_enum_by_name(e, S("b")) - e->values, 3);
    assert_slice(ss_enum_by_name_ci(e, S("b"))->name, "B");
    unload(&l);
}

static void proto2_has_presence_closed_enums_and_defaults(void **state)
{
    (void)state;
    struct loaded l =
        load_source("syntax = 'proto2'; package t;\n"
                    "enum E { X = 3; Y = 0; }\n"
                    "message M { required int32 r = 1; optional string s = 2 [default = 'a\"b'];\n"
                    "  repeated int32 loose = 3; repeated int32 packed = 4 [packed = true];\n"
                    "  optional E e = 5; optional E f = 6 [default = Y]; required E g = 7;\n"
                    "  optional double inf = 8 [default = -inf]; optional bytes by = 9 [default = '\\001'];\n"
                    "  optional group Part = 10 { optional int32 x = 1; } optional int32 i = 11; }");
    const struct ss_message *m = message(&l, "t.M");
    assert_int_equal(m->n_required, 2);
    assert_true(field(&l, "t.M", "r")->required && field(&l, "t.M", "r")->presence);
    assert_true(field(&l, "t.M", "i")->presence);
    assert_false(field(&l, "t.M", "s")->validate_utf8);
    assert_slice(field(&l, "t.M", "s")->default_text, "a\"b");
    assert_false(field(&l, "t.M", "loose")->packed);
    assert_true(field(&l, "t.M", "packed")->packed);
    assert_true(ss_schema_enum(l.s, S("t.E"))->closed);
    assert_slice(field(&l, "t.M", "e")->default_text, "X");
    assert_slice(field(&l, "t.M", "f")->default_text, "Y");
    assert_slice(field(&l, "t.M", "inf")->default_text, "-inf");
    assert_slice(field(&l, "t.M", "by")->default_text, "\\001");
    assert_int_equal(field(&l, "t.M", "i")->default_text.len, 0);
    const struct ss_field *group = field(&l, "t.M", "part");
    assert_int_equal(group->type, SS_TYPE_GROUP);
    assert_int_equal(group->wire_type, 3);
    assert_int_equal(group->tag[0], 10 << 3 | 3);
    assert_slice(group->message->full_name, "t.M.Part");
    unload(&l);
}

static void extensions_stand_behind_the_fields_of_what_they_extend(void **state)
{
    (void)state;
    struct loaded l =
        load_source("syntax = 'proto2'; package t;\n"
                    "message M { optional int32 own = 1; extensions 100 to 200, 1000 to max; }\n"
                    "extend M { optional int32 top = 100; repeated int32 many = 1000 [packed = true]; }\n"
                    "message N { extend M { optional N nested = 200; } }\n"
                    "message Set { option message_set_wire_format = true; extensions 4 to max; }\n"
                    "message Item { extend Set { optional Item item = 2147483646; } }");
    const struct ss_message *m = message(&l, "t.M");
    assert_int_equal(m->n_fields, 4);
    assert_false(m->fields[0].extension);
    const struct ss_field *top = field(&l, "t.M", "[t.top]"), *nested = field(&l, "t.M", "[t.N.nested]");
    assert_true(top->extension && nested->extension);
    assert_true(top >= m->fields + 1 && nested >= m->fields + 1);
    assert_int_equal(top->index, top - m->fields);
    assert_ptr_equal(top->parent, m);
    assert_slice(top->name, "[t.top]");
    assert_slice(top->json_name, "[t.top]");
    assert_slice(top->json_key, "\"[t.top]\":");
    assert_slice(top->proto_key, "\"[t.top]\":");
    assert_true(top->presence);
    assert_true(field(&l, "t.M", "[t.many]")->packed);
    assert_ptr_equal(nested->message, message(&l, "t.N"));
    assert_ptr_equal(ss_message_field_by_number(m, 200), nested);
    assert_null(ss_message_field(m, S("top")));
    assert_null(ss_message_field(m, S("t.top")));
    assert_int_equal(message(&l, "t.N")->n_fields, 0);
    assert_true(message(&l, "t.Set")->message_set);
    assert_int_equal(field(&l, "t.Set", "[t.Item.item]")->number, 2147483646);
    assert_false(m->message_set);
    unload(&l);
}

static void methods_have_their_names_path_types_and_http_rule(void **state)
{
    (void)state;
    struct loaded l =
        load_source("syntax = 'proto3'; package a.b; import 'google/api/annotations.proto';\n"
                    "import 'google/protobuf/empty.proto'; message Req { string id = 1; }\n"
                    "service Svc { rpc Get(Req) returns (google.protobuf.Empty) { option (google.api.http) = "
                    "{ get: '/v1/{id}' }; }\n"
                    "  rpc Watch(Req) returns (stream Req) { option deprecated = true; }\n"
                    "  rpc Send(stream Req) returns (Req); rpc Chat(stream Req) returns (stream Req); }\n"
                    "service Bare {}");
    const struct ss_service *s = ss_schema_service(l.s, S("a.b.Svc"));
    assert_non_null(s);
    assert_int_equal(ss_schema_service_count(l.s), 2);
    assert_ptr_equal(ss_schema_service_at(l.s, 0), s);
    assert_int_equal(s->n_methods, 4);
    const struct ss_method *get = ss_schema_method(l.s, S("a.b.Svc.Get"));
    assert_ptr_equal(get, &s->methods[0]);
    assert_slice(get->name, "Get");
    assert_slice(get->full_name, "a.b.Svc.Get");
    assert_slice(get->path, "/a.b.Svc/Get");
    assert_ptr_equal(get->service, s);
    assert_ptr_equal(get->input, message(&l, "a.b.Req"));
    assert_int_equal(get->output->wkt, SS_WKT_EMPTY);
    assert_false(get->client_streaming || get->server_streaming || get->deprecated);
    assert_slice(get->http_rule, "\x12\x08/v1/{id}"); /* HttpRule.get = 2 */
    const struct ss_method *watch = ss_schema_method(l.s, S("a.b.Svc.Watch"));
    assert_true(watch->server_streaming && !watch->client_streaming && watch->deprecated);
    assert_int_equal(watch->http_rule.len, 0);
    const struct ss_method *send = ss_schema_method(l.s, S("a.b.Svc.Send"));
    assert_true(send->client_streaming && !send->server_streaming);
    const struct ss_method *chat = ss_schema_method(l.s, S("a.b.Svc.Chat"));
    assert_true(chat->client_streaming && chat->server_streaming);
    assert_null(ss_schema_method(l.s, S("a.b.Svc.Nope")));
    assert_null(ss_schema_method(l.s, S("/a.b.Svc/Get")));
    assert_int_equal(ss_schema_service(l.s, S("a.b.Bare"))->n_methods, 0);
    unload(&l);
}

static void messages_are_indexed_densely(void **state)
{
    (void)state;
    struct loaded l = load_source(proto3_source);
    size_t n = ss_schema_message_count(l.s);
    assert_true(n > 20);
    for (size_t i = 0; i < n; i++) {
        const struct ss_message *m = ss_schema_message_at(l.s, i);
        assert_int_equal(m->index, i);
        assert_ptr_equal(ss_schema_message(l.s, m->full_name), m);
    }
    unload(&l);
}

static void a_file_without_a_package_works(void **state)
{
    (void)state;
    struct loaded l = load_source("syntax = 'proto3'; message M { message N { M m = 1; } N n = 1; }\n"
                                  "service S { rpc R(M) returns (M.N); }");
    assert_ptr_equal(field(&l, "M.N", "m")->message, message(&l, "M"));
    assert_slice(ss_schema_method(l.s, S("S.R"))->path, "/S/R");
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_types_are_there_without_any_set),
        cmocka_unit_test(every_scalar_has_its_type_wire_type_and_tag),
        cmocka_unit_test(repeated_fields_are_packed_unless_told_otherwise),
        cmocka_unit_test(a_map_is_a_repeated_field_of_entries),
        cmocka_unit_test(oneofs_are_numbered_without_the_synthetic_ones),
        cmocka_unit_test(fields_are_found_by_number_near_and_far),
        cmocka_unit_test(both_spellings_of_a_field_find_it_and_its_keys_are_quoted),
        cmocka_unit_test(the_nearest_field_is_the_one_that_was_meant),
        cmocka_unit_test(enum_values_are_found_by_name_case_and_number),
        cmocka_unit_test(of_aliases_the_first_declared_has_the_number),
        cmocka_unit_test(proto2_has_presence_closed_enums_and_defaults),
        cmocka_unit_test(extensions_stand_behind_the_fields_of_what_they_extend),
        cmocka_unit_test(methods_have_their_names_path_types_and_http_rule),
        cmocka_unit_test(messages_are_indexed_densely),
        cmocka_unit_test(a_file_without_a_package_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
