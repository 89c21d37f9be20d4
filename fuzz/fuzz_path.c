/* Matching and binding of any "METHOD PATH?QUERY" against a table that has every kind of template and field.
 */
#include <stdint.h>
#include <stdlib.h>

#include "route/route.h"
#include "wire/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ss_hash_key hash_key = {{1, 2}};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void put(struct ss_buf *out, uint32_t number, struct ss_slice bytes)
{
    require(ss_wire_put_bytes(out, number, bytes) == SS_OK);
}

static void put_number(struct ss_buf *out, uint32_t number, uint64_t v)
{
    require(ss_wire_put_uint(out, number, v) == SS_OK);
}

/* Appends what inner holds as field number of out, and empties inner. */
static void put_message(struct ss_buf *out, uint32_t number, struct ss_buf *inner)
{
    put(out, number, ss_buf_slice(inner));
    inner->len = 0;
}

/* A FieldDescriptorProto into message (descriptor.proto: name 1, type_name 6, number 3, label 4, type 5). */
static void field(struct ss_buf *message, const char *name, uint64_t number, uint64_t type, bool repeated,
                  const char *type_name, bool oneof)
{
    struct ss_buf f;
    ss_buf_init(&f, 1024);
    put(&f, 1, ss_slice_str(name));
    put_number(&f, 3, number);
    put_number(&f, 4, repeated ? 3 : 1);
    put_number(&f, 5, type);
    if (type_name)
        put(&f, 6, ss_slice_str(type_name));
    if (oneof)
        put_number(&f, 9, 0);
    put_message(message, 2, &f);
    ss_buf_dispose(&f);
}

/* message M: a field of each kind that binding treats apart. */
static void describe_message(struct ss_buf *file)
{
    struct ss_buf m, inner, options;
    ss_buf_init(&m, 4096);
    ss_buf_init(&inner, 1024);
    ss_buf_init(&options, 64);
    put(&m, 1, SS_LIT("M"));
    field(&m, "id", 1, SS_TYPE_STRING, false, NULL, false);
    field(&m, "n", 2, SS_TYPE_INT32, false, NULL, false);
    field(&m, "tags", 3, SS_TYPE_STRING, true, NULL, false);
    field(&m, "labels", 4, SS_TYPE_MESSAGE, true, ".f.M.LabelsEntry", false);
    field(&m, "in", 5, SS_TYPE_MESSAGE, false, ".f.M", false);
    field(&m, "a", 6, SS_TYPE_STRING, false, NULL, true);
    field(&m, "b", 7, SS_TYPE_BOOL, false, NULL, true);
    field(&m, "at", 8, SS_TYPE_MESSAGE, false, ".google.protobuf.Timestamp", false);
    field(&m, "mask", 9, SS_TYPE_MESSAGE, false, ".google.protobuf.FieldMask", false);
    field(&m, "data", 10, SS_TYPE_BYTES, false, NULL, false);
    field(&m, "d", 11, SS_TYPE_DOUBLE, true, NULL, false);
    put(&inner, 1, SS_LIT("LabelsEntry"));
    field(&inner, "key", 1, SS_TYPE_UINT64, false, NULL, false);
    field(&inner, "value", 2, SS_TYPE_STRING, false, NULL, false);
    put_number(&options, 7, 1); /* MessageOptions.map_entry */
    put_message(&inner, 7, &options);
    put_message(&m, 3, &inner);
    put(&inner, 1, SS_LIT("o"));
    put_message(&m, 8, &inner);
    put_message(file, 4, &m);
    ss_buf_dispose(&m);
    ss_buf_dispose(&inner);
    ss_buf_dispose(&options);
}

static struct ss_schema *make_schema(void)
{
    struct ss_buf set, file, service, method;
    struct ss_arena a;
    struct ss_schema *schema = NULL;
    struct ss_slice why;
    ss_buf_init(&set, 1 << 16);
    ss_buf_init(&file, 1 << 16);
    ss_buf_init(&service, 1024);
    ss_buf_init(&method, 1024);
    ss_arena_init(&a, 0);
    put(&file, 1, SS_LIT("f.proto"));
    put(&file, 2, SS_LIT("f"));
    put(&file, 3, SS_LIT("google/protobuf/timestamp.proto"));
    put(&file, 3, SS_LIT("google/protobuf/field_mask.proto"));
    describe_message(&file);
    put(&service, 1, SS_LIT("S"));
    put(&method, 1, SS_LIT("C"));
    put(&method, 2, SS_LIT(".f.M"));
    put(&method, 3, SS_LIT(".f.M"));
    put_message(&service, 2, &method);
    put_message(&file, 6, &service);
    put(&file, 12, SS_LIT("proto3"));
    put_message(&set, 1, &file);
    struct ss_descriptor_set one = {.bytes = ss_buf_slice(&set), .origin = SS_LIT("f.pb")};
    require(ss_schema_load(&one, 1, &a, &why, &schema) == SS_OK);
    ss_arena_dispose(&a);
    ss_buf_dispose(&set);
    ss_buf_dispose(&file);
    ss_buf_dispose(&service);
    ss_buf_dispose(&method);
    return schema;
}

static struct ss_route_table *make_table(const struct ss_schema *schema)
{
    static const struct ss_route_options slash = {.ignore_trailing_slash = true,
                                                  .ignore_unknown_query_parameters = true};
    static const char *const templates[][3] = {
        {"GET", "/v1/x/y", ""},
        {"GET", "/v1/{id}", ""},
        {"POST", "/v1/{id}:go", "*"},
        {"GET", "/v1/{id=**}", ""},
        {"GET", "/v1/x/{in.n}", ""},
        {"GET", "/v1/{id}/y", ""},
        {"PATCH", "/v1/{in.id=x/*}", "in"},
        {"GET", "/w/{id=a/**/b}/c", ""},
        {"GET", "/w/**/{a=d}:v", "tags"},
        {"*", "/t/{at}/{data}", ""},
    };
    enum { N = sizeof templates / sizeof *templates };
    struct ss_rule rules[N];
    struct ss_arena a;
    struct ss_slice why;
    struct ss_route_table *t = NULL;
    for (size_t i = 0; i < N; i++)
        rules[i] = (struct ss_rule){.http_method = ss_slice_str(templates[i][0]),
                                    .path = ss_slice_str(templates[i][1]),
                                    .body = ss_slice_str(templates[i][2]),
                                    .method = ss_schema_method(schema, SS_LIT("f.S.C")),
                                    .options = i % 3 == 0 ? &slash : NULL};
    ss_arena_init(&a, 0);
    require(ss_route_table_build(rules, N, &a, &why, &t) == SS_OK);
    ss_arena_dispose(&a);
    return t;
}

static void match_and_bind(const struct ss_route_table *t, struct ss_slice method, struct ss_slice path,
                           struct ss_slice query)
{
    struct ss_arena a;
    struct ss_buf out;
    struct ss_route_match m;
    struct ss_status st = {0};
    struct ss_slice value;
    ss_arena_init(&a, 1 << 20);
    ss_buf_init(&out, 1 << 16);
    enum ss_err err = ss_route_match(t, method, path, &a, &m, &st);
    require(err == st.err);
    require((err == SS_ERR_METHOD) == (m.allow.len > 0));
    if (err == SS_OK) {
        err = ss_route_bind(&m, query, &hash_key, &a, &out, &st);
        require(err == st.err && (err == SS_OK || out.len == 0));
        st = (struct ss_status){0};
        out.len = 0;
        err = ss_route_bind_form(&m, query, &hash_key, &a, &out, &st);
        require(err == st.err && (err == SS_OK || out.len == 0));
    }
    (void)ss_query_get(query, SS_LIT("$alt"), &a, &value);
    ss_buf_dispose(&out);
    ss_arena_dispose(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ss_schema *schema;
    static struct ss_route_table *table;
    if (schema == NULL) {
        schema = make_schema();
        table = make_table(schema);
    }
    struct ss_slice line = ss_slice_of((const char *)data, size), method = line, path = {0}, query = {0};
    const char *space = size ? memchr(line.ptr, ' ', size) : NULL;
    if (space) {
        method.len = (size_t)(space - line.ptr);
        path = ss_slice_skip(line, method.len + 1);
    }
    const char *mark = path.len ? memchr(path.ptr, '?', path.len) : NULL;
    if (mark) {
        size_t n = (size_t)(mark - path.ptr);
        query = ss_slice_skip(path, n + 1);
        path.len = n;
    }
    match_and_bind(table, method, path, query);
    return 0;
}
