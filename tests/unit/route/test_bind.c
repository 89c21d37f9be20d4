/* What path variables and query parameters become: the wire bytes are read back as JSON. */
#include "fixture.h"

static const char proto[] =
    "syntax = \"proto3\";\n"
    "package t;\n"
    "import \"google/protobuf/timestamp.proto\";\n"
    "import \"google/protobuf/duration.proto\";\n"
    "import \"google/protobuf/field_mask.proto\";\n"
    "import \"google/protobuf/struct.proto\";\n"
    "import \"google/protobuf/wrappers.proto\";\n"
    "enum Color { NONE = 0; RED = 1; BLUE = 2; }\n"
    "message Inner {\n"
    "  string name = 1; int32 n = 2; Inner inner = 3; repeated int32 nums = 5; map<string, int32> m = 6;\n"
    "}\n"
    "message Req {\n"
    "  string id = 1; int32 page_size = 2; bool flag = 3; Color color = 4; repeated string tags = 5;\n"
    "  repeated int32 nums = 6; Inner inner = 7; repeated Inner inners = 8; map<string, string> labels = 9;\n"
    "  map<int32, Color> colors = 10; map<string, Inner> nested = 11;\n"
    "  map<string, google.protobuf.Timestamp> times = 12;\n"
    "  oneof pick { string left = 13; int32 right = 14; Inner deep = 15; }\n"
    "  google.protobuf.Timestamp at = 16; google.protobuf.Duration ttl = 17; google.protobuf.FieldMask mask "
    "= 18;\n"
    "  google.protobuf.StringValue word = 19; google.protobuf.Struct any = 20; bytes data = 21; double d = "
    "22;\n"
    "  int64 big = 23; repeated google.protobuf.Timestamp ats = 24; repeated Color palette = 25;\n"
    "  google.protobuf.Int32Value count = 26;\n"
    "}\n"
    "service S { rpc M(Req) returns (Req); }\n";

/* Names that JSON allows and a parameter's syntax does not know; names of one field that are another's. */
static const char odd[] =
    "syntax = \"proto3\";\n"
    "package o;\n"
    "message Odd {\n"
    "  string field = 1 [json_name = \"search[field]\"]; string ab = 2 [json_name = \"p.q\"];\n"
    "  Odd deep = 3 [json_name = \"d.e\"]; map<string, string> labels = 4 [json_name = \"m[x].y\"];\n"
    "  string dot = 5 [json_name = \".\"]; repeated int32 n = 6 [json_name = \"n[]\"];\n"
    "  Odd a = 7; string b = 8; string foo = 9 [json_name = \"bar\"];\n"
    "  string bar = 10 [json_name = \"baz\"]; string open = 11 [json_name = \"x[y\"];\n"
    "}\n"
    "service S { rpc M(Odd) returns (Odd); }\n";

static const char proto2[] = "syntax = \"proto2\";\n"
                             "package p2;\n"
                             "message Old {\n"
                             "  optional group Grp = 1 { optional string s = 2; optional Old old = 3; }\n"
                             "  extensions 100 to 200;\n"
                             "}\n"
                             "extend Old { optional int32 extra = 100; optional Old more = 101; }\n"
                             "service S { rpc M(Old) returns (Old); }\n";

struct fixture {
    struct ss_schema *schema, *old, *odd;
    struct ss_codec *codec;
};

struct bind_case {
    const char *rule, *body; /* of the rule */
    const char *path, *query;
    const char
        *expect; /* JSON; or "FIELD: TEXT" a violation, in order, each with ";" behind, TEXT a part of it */
    struct ss_route_options options;
    const char *json; /* the request's body, in front of what is bound; NULL: none */
};

#define BIND(RULE, BODY, PATH, QUERY, EXPECT, ...)                                                           \
    {                                                                                                        \
        .rule = RULE, .body = BODY, .path = PATH, .query = QUERY, .expect = EXPECT, __VA_ARGS__              \
    }

static struct ss_slice ignored[] = {SS_LIT("key"), SS_LIT("inner.name"), SS_LIT("a b")};

static const struct bind_case cases[] = {
    /* path variables */
    BIND("GET /v1/{id}", "", "/v1/a%2Fb", "", "{\"id\":\"a/b\"}"),
    BIND("GET /v1/{inner.inner.name}", "", "/v1/x", "", "{\"inner\":{\"inner\":{\"name\":\"x\"}}}"),
    BIND("GET /v1/{id}/{inner.n}/{inner.name}", "", "/v1/x/7/y", "",
         "{\"id\":\"x\",\"inner\":{\"name\":\"y\",\"n\":7}}"),
    BIND("GET /v1/{id=a/*}/{color}", "", "/v1/a/b/blue", "", "{\"id\":\"a/b\",\"color\":\"BLUE\"}"),
    BIND("GET /v1/{at}", "", "/v1/2020-01-02T03:04:05Z", "", "{\"at\":\"2020-01-02T03:04:05Z\"}"),
    BIND("GET /v1/{word}", "", "/v1/w", "", "{\"word\":\"w\"}"),
    BIND("GET /v1/{left}", "", "/v1/w", "", "{\"left\":\"w\"}"),
    BIND("GET /v1/{page_size}", "", "/v1/x", "", "page_size: in the path: expected an integer;"),
    BIND("GET /v1/{inner.n}/{page_size}", "", "/v1/x/99999999999", "",
         "inner.n: expected;page_size: expected;"),

    /* names and values of parameters */
    BIND("GET /v1", "", "/v1", "", "{}"),
    BIND("GET /v1", "", "/v1", "page_size=5", "{\"pageSize\":5}"),
    BIND("GET /v1", "", "/v1", "pageSize=5", "{\"pageSize\":5}"),
    BIND("GET /v1", "", "/v1", "id=a+b%2Bc%26", "{\"id\":\"a b+c&\"}"),
    BIND("GET /v1", "", "/v1", "id=a=b", "{\"id\":\"a=b\"}"),
    BIND("GET /v1", "", "/v1", "i%64=x", "{\"id\":\"x\"}"),
    BIND("GET /v1", "", "/v1", "&&id=x&", "{\"id\":\"x\"}"),
    BIND("GET /v1", "", "/v1", "word", "{\"word\":\"\"}"),
    BIND("GET /v1", "", "/v1", "word=", "{\"word\":\"\"}"),
    BIND("GET /v1", "", "/v1", "tags&tags=", "{\"tags\":[\"\",\"\"]}"),
    BIND("GET /v1", "", "/v1", "flag=true", "{\"flag\":true}"),
    BIND("GET /v1", "", "/v1", "color=red", "{\"color\":\"RED\"}"),
    BIND("GET /v1", "", "/v1", "color=2", "{\"color\":\"BLUE\"}"),
    BIND("GET /v1", "", "/v1", "d=1.5&big=-9007199254740993", "{\"d\":1.5,\"big\":\"-9007199254740993\"}"),
    BIND("GET /v1", "", "/v1", "data=_-8", "{\"data\":\"/+8=\"}"),
    BIND("GET /v1", "", "/v1", "ttl=1.5s", "{\"ttl\":\"1.500s\"}"),
    BIND("GET /v1", "", "/v1", "mask=page_size,inner.n", "{\"mask\":\"pageSize,inner.n\"}"),
    BIND("GET /v1", "", "/v1", "count=3", "{\"count\":3}"),
    BIND("GET /v1", "", "/v1", "inner.name=x&inner.n=3", "{\"inner\":{\"name\":\"x\",\"n\":3}}"),
    BIND("GET /v1", "", "/v1", "inner.inner.inner.n=3", "{\"inner\":{\"inner\":{\"inner\":{\"n\":3}}}}"),
    BIND("GET /v1", "", "/v1", "at.seconds=0&at.nanos=1", "{\"at\":\"1970-01-01T00:00:00.000000001Z\"}"),

    /* repeated fields and maps */
    BIND("GET /v1", "", "/v1", "tags=a&nums=1&tags=b&nums=2", "{\"tags\":[\"a\",\"b\"],\"nums\":[1,2]}"),
    BIND("GET /v1", "", "/v1", "palette=RED&palette=2", "{\"palette\":[\"RED\",\"BLUE\"]}"),
    BIND("GET /v1", "", "/v1", "ats=1970-01-01T00:00:01Z&ats=1970-01-01T00:00:02Z",
         "{\"ats\":[\"1970-01-01T00:00:01Z\",\"1970-01-01T00:00:02Z\"]}"),
    BIND("GET /v1", "", "/v1", "inner.nums=1&inner.nums=2", "{\"inner\":{\"nums\":[1,2]}}"),
    BIND("GET /v1", "", "/v1", "labels[a]=1&labels[b%20c]=2", "{\"labels\":{\"a\":\"1\",\"b c\":\"2\"}}"),
    BIND("GET /v1", "", "/v1", "labels%5Ba%5D=1", "{\"labels\":{\"a\":\"1\"}}"),
    BIND("GET /v1", "", "/v1", "labels[a.b]=1", "{\"labels\":{\"a.b\":\"1\"}}"),
    BIND("GET /v1", "", "/v1", "labels[a]b]=1", "{\"labels\":{\"a]b\":\"1\"}}"),
    BIND("GET /v1", "", "/v1", "labels[]=1", "{\"labels\":{\"\":\"1\"}}"),
    BIND("GET /v1", "", "/v1", "colors[5]=blue", "{\"colors\":{\"5\":\"BLUE\"}}"),
    BIND("GET /v1", "", "/v1", "times[t]=1970-01-01T00:00:01Z",
         "{\"times\":{\"t\":\"1970-01-01T00:00:01Z\"}}"),
    BIND("GET /v1", "", "/v1", "inner.m[k]=4&inner.m[l]=5", "{\"inner\":{\"m\":{\"k\":4,\"l\":5}}}"),
    BIND("GET /v1", "", "/v1", "labels=x", "labels: is a map;"),
    BIND("GET /v1", "", "/v1", "labels[a=x", "labels[a: in brackets;"),
    BIND("GET /v1", "", "/v1", "labels[a].b=x", "labels[a].b: nothing behind it;"),
    BIND("GET /v1", "", "/v1", "labels.a=x", "labels.a: is repeated;"),
    BIND("GET /v1", "", "/v1", "nested[a]=x", "nested[a]: map of messages;"),
    BIND("GET /v1", "", "/v1", "colors[x]=RED", "colors[x]: in the key: expected;"),
    BIND("GET /v1", "", "/v1", "colors[1]=mauve", "colors[1]: RED;"),
    BIND("GET /v1", "", "/v1", "labels[a]=1&labels[a]=2", "labels[a]: more than once;"),
    BIND("GET /v1", "", "/v1", "inners.n=1", "inners.n: is repeated;"),
    BIND("GET /v1", "", "/v1", "id[x]=1", "id[x]: not a map;"),

    /* what names no field, or nothing that text can set */
    BIND("GET /v1", "", "/v1", "page_sise=5",
         "page_sise: names no field of t.Req; did you mean \"pageSize\"?;"),
    BIND("GET /v1", "", "/v1", "inner.nme=5",
         "inner.nme: no field of t.Inner; did you mean \"inner.name\"?;"),
    BIND("GET /v1", "", "/v1", "id.x=5", "id.x: not a message;"),
    BIND("GET /v1", "", "/v1", "inner.=5", "inner.: no field;"),
    BIND("GET /v1", "", "/v1", ".id=5", ".id: no field;"),
    BIND("GET /v1", "", "/v1", "=5", ": no field;"),
    BIND("GET /v1", "", "/v1", "=", ": no field;"),
    BIND("GET /v1", "", "/v1", "inner={}", "inner: is a message;"),
    BIND("GET /v1", "", "/v1", "any=x", "any: is a message;"),
    BIND("GET /v1", "", "/v1", "inners=x", "inners: is a message;"),
    BIND("GET /v1", "", "/v1", "color=mauve", "color: RED;"),
    BIND("GET /v1", "", "/v1", "flag", "flag: in the query: expected;"),
    BIND("GET /v1", "", "/v1", "id=%", "id: malformed percent escape;"),
    BIND("GET /v1", "", "/v1", "id=%00", "id: %00;"),
    BIND("GET /v1", "", "/v1", "id=%ff", "id: bad UTF-8;"),
    BIND("GET /v1", "", "/v1", "%zz=1", "%zz: malformed percent escape;"),
    BIND("GET /v1", "", "/v1", "$alt=%", "$alt: malformed percent escape;"),
    BIND("GET /v1", "", "/v1", "page_size=x&zzz=1&nums=1&nums=y&id=1",
         "page_size: expected;zzz: no field;nums: expected;"),
    BIND("GET /v1/{page_size}", "", "/v1/x", "zzz=1", "zzz: no field;page_size: in the path: expected;"),

    /* system parameters and what is to be ignored */
    BIND("GET /v1", "", "/v1", "$alt=sse&%24fields=x&id=1", "{\"id\":\"1\"}"),
    BIND("GET /v1", "", "/v1", "zzz=1&id.x=1&id[k]=2&=3&id=1", "{\"id\":\"1\"}",
         .options = {.ignore_unknown_query_parameters = true}),
    BIND("GET /v1", "", "/v1", "inner=1", "inner: is a message;",
         .options = {.ignore_unknown_query_parameters = true}),
    BIND("GET /v1", "", "/v1", "flag=x", "flag: expected;",
         .options = {.ignore_unknown_query_parameters = true}),
    BIND("POST /v1", "*", "/v1", "id=x", "id: request body;",
         .options = {.ignore_unknown_query_parameters = true}),
    BIND("GET /v1", "", "/v1", "key=1&inner.name=2&a+b=3&id=1", "{\"id\":\"1\"}",
         .options = {.ignored_query_parameters = ignored, .n_ignored_query_parameters = 3}),
    BIND("GET /v1", "", "/v1", "keys=1", "keys: no field;",
         .options = {.ignored_query_parameters = ignored, .n_ignored_query_parameters = 3}),

    /* who owns a field */
    BIND("GET /v1/{id}", "", "/v1/a", "page_size=2", "{\"id\":\"a\",\"pageSize\":2}"),
    BIND("GET /v1/{id}", "", "/v1/a", "id=b", "id: set by the path;"),
    BIND("GET /v1/{inner.name}", "", "/v1/a", "inner.n=2", "{\"inner\":{\"name\":\"a\",\"n\":2}}"),
    BIND("GET /v1/{inner.name}", "", "/v1/a", "inner.name=2", "inner.name: set by the path;"),
    BIND("GET /v1/{at.seconds}", "", "/v1/5", "at=1970-01-01T00:00:01Z", "at: set by the path;"),
    BIND("GET /v1/{at}", "", "/v1/1970-01-01T00:00:01Z", "at.nanos=5", "at.nanos: set by the path;"),
    BIND("POST /v1", "*", "/v1", "zzz=x", "zzz: no field;"),
    BIND("POST /v1", "*", "/v1", "$alt=json", "{}"),
    BIND("POST /v1", "inner", "/v1", "id=x", "{\"id\":\"x\"}"),
    BIND("POST /v1", "inner", "/v1", "inner.n=1", "inner.n: request body;"),
    BIND("POST /v1", "tags", "/v1", "tags=1", "tags: request body;"),
    BIND("POST /v1", "left", "/v1", "right=1", "right: oneof;"),
    BIND("GET /v1", "", "/v1", "id=a&id=b", "id: more than once;"),
    BIND("GET /v1", "", "/v1", "page_size=1&pageSize=2", "pageSize: more than once;"),
    BIND("GET /v1", "", "/v1", "inner.n=1&inner.n=2", "inner.n: more than once;"),
    BIND("GET /v1", "", "/v1", "at.nanos=5&at=1970-01-01T00:00:01Z", "at: more than once;"),
    BIND("GET /v1", "", "/v1", "at=1970-01-01T00:00:01Z&at.nanos=5", "at.nanos: more than once;"),
    BIND("GET /v1", "", "/v1", "left=a&right=1", "right: \"left\" of the same oneof \"pick\";"),
    BIND("GET /v1", "", "/v1", "deep.n=1&left=a", "left: \"deep\" of the same oneof \"pick\";"),
    BIND("GET /v1", "", "/v1", "deep.n=1&deep.name=a", "{\"deep\":{\"name\":\"a\",\"n\":1}}"),
    BIND("GET /v1/{left}", "", "/v1/a", "right=1", "right: \"left\" of the same oneof;"),
    BIND("GET /v1/{left}", "", "/v1/a", "deep.n=1", "deep.n: \"left\" of the same oneof;"),

    /* the path wins over the body, wholly */
    BIND("POST /v1/{id}", "*", "/v1/a", "", "{\"id\":\"a\",\"flag\":true}",
         .json = "{\"id\":\"b\",\"flag\":true}"),
    BIND("POST /v1/{page_size}/{word}", "*", "/v1/0/w", "", "{\"word\":\"w\"}",
         .json = "{\"pageSize\":9,\"word\":\"v\"}"),
    BIND("POST /v1/{count}", "*", "/v1/0", "", "{\"count\":0}", .json = "{\"count\":5}"),
    BIND("POST /v1/{at}", "*", "/v1/1970-01-01T00:00:02Z", "", "{\"at\":\"1970-01-01T00:00:02Z\"}",
         .json = "{\"at\":\"1970-01-01T00:00:01.5Z\"}"),
    BIND("POST /v1/{left}", "*", "/v1/a", "", "{\"left\":\"a\"}", .json = "{\"right\":5}"),
    BIND("PATCH /v1/{inner.name=d/*}", "inner", "/v1/d/1", "id=x",
         "{\"id\":\"x\",\"inner\":{\"name\":\"d/1\",\"n\":5}}", .json = "{\"name\":\"y\",\"n\":5}"),
};

static const struct bind_case old_cases[] = {
    BIND("GET /v1", "", "/v1", "grp.s=x", "{\"grp\":{\"s\":\"x\"}}"),
    BIND("GET /v1", "", "/v1", "grp.old.grp.s=x&[p2.extra]=5",
         "{\"grp\":{\"old\":{\"grp\":{\"s\":\"x\"}}},\"[p2.extra]\":5}"),
    BIND("GET /v1", "", "/v1", "[p2.more].grp.old.[p2.extra]=5",
         "{\"[p2.more]\":{\"grp\":{\"old\":{\"[p2.extra]\":5}}}}"),
    BIND("GET /v1/{grp.s}", "", "/v1/x", "grp.s=x", "grp.s: set by the path;"),
    BIND("GET /v1", "", "/v1", "[p2.none]=5", "[p2.none]: no field;"),
    BIND("GET /v1", "", "/v1", "[p2.extra=5", "[p2.extra: no field;"),
    BIND("GET /v1", "", "/v1", "[p2.extra]x=5", "[p2.extra]x: no field;"),
};

static const struct bind_case form_cases[] = {
    BIND("POST /v1/{page_size}", "*", "/v1/3", "id=a+b&tags=1&tags=2&inner.n=4",
         "{\"id\":\"a b\",\"tags\":[\"1\",\"2\"],\"inner\":{\"n\":4}}"),
    BIND("POST /v1/{id}", "*", "/v1/x", "id=y", "{\"id\":\"y\"}"),
    BIND("POST /v1", "inner", "/v1", "n=4&m[k]=1&inner.n=5",
         "{\"inner\":{\"n\":4,\"inner\":{\"n\":5},\"m\":{\"k\":1}}}"),
    BIND("POST /v1", "*", "/v1", "$alt=1", "$alt: no field;"),
    BIND("POST /v1", "*", "/v1", "zzz=1", "zzz: no field;"),
    BIND("POST /v1", "*", "/v1", "zzz=1&id=2", "{\"id\":\"2\"}",
         .options = {.in = {.ignore_unknown_fields = true}}),
    BIND("POST /v1", "*", "/v1", "id=1&id=2", "id: more than once;"),
    BIND("POST /v1", "*", "/v1", "left=1&right=2", "right: oneof;"),
};

/* "FIELD: TEXT;" for each violation must be what expect says, in its order. */
static void check_violations(const struct bind_case *c, const struct ss_status *st)
{
    const char *expect = c->expect;
    assert_int_equal(st->err, SS_ERR_INVALID);
    assert_int_equal(st->code, SS_CODE_INVALID_ARGUMENT);
    for (const struct ss_violation *v = st->violations; v; v = v->next) {
        const char *colon = strstr(expect, ": "), *end = strchr(expect, ';');
        if (!colon || !end)
            fail_msg("%s?%s: also %.*s: %.*s", c->path, c->query, SS_FMT(v->field), SS_FMT(v->description));
        while (end[1] == ' ') /* a ';' within the text */
            end = strchr(end + 1, ';');
        struct ss_slice field = ss_slice_of(expect, (size_t)(colon - expect));
        if (!ss_slice_eq(v->field, field) ||
            !memmem(v->description.ptr, v->description.len, colon + 2, (size_t)(end - colon - 2)))
            fail_msg("%s?%s: %.*s: %.*s, not %s", c->path, c->query, SS_FMT(v->field), SS_FMT(v->description),
                     expect);
        expect = end + 1;
    }
    if (*expect)
        fail_msg("%s?%s: no violation %s", c->path, c->query, expect);
}

static void check_json(const struct fixture *f, const struct ss_method *m, const struct bind_case *c,
                       struct ss_slice wire)
{
    struct ss_arena a;
    struct ss_buf json;
    struct ss_status st = {0};
    struct ss_json_out options = {0};
    ss_arena_init(&a, 0);
    ss_buf_init(&json, 1 << 16);
    const struct ss_schema *schema =
        c >= old_cases && c < old_cases + sizeof old_cases / sizeof *old_cases ? f->old : f->schema;
    if (ss_wire_to_json(f->codec, schema, m->input, NULL, wire, &options, &a, &json, &st))
        fail_msg("%s?%s: %.*s", c->path, c->query, SS_FMT(st.message));
    if (!ss_slice_eq(ss_buf_slice(&json), ss_slice_str(c->expect)))
        fail_msg("%s?%s gives %.*s, not %s", c->path, c->query, SS_FMT(ss_buf_slice(&json)), c->expect);
    ss_buf_dispose(&json);
    ss_arena_dispose(&a);
}

typedef enum ss_err bind_fn(const struct ss_route_match *m, struct ss_slice query,
                            const struct ss_hash_key *key, struct ss_arena *a, struct ss_buf *out,
                            struct ss_status *st);

static void put_body(const struct fixture *f, const struct ss_method *m, const struct bind_case *c,
                     const struct ss_route *r, struct ss_arena *a, struct ss_buf *out)
{
    struct ss_status st = {0};
    if (ss_json_to_wire(f->codec, f->schema, m->input, ss_route_body_field(r), ss_slice_str(c->json),
                        &c->options.in, a, out, &st))
        fail_msg("%s: %.*s", c->json, SS_FMT(st.message));
}

static void check(const struct fixture *f, const struct ss_method *m, const struct bind_case *c,
                  bind_fn *bind)
{
    struct ss_rule rule = rule_of(m, c->rule);
    rule.body = ss_slice_str(c->body);
    rule.options = &c->options;
    struct ss_arena a;
    struct ss_buf out;
    struct ss_slice why = SS_LIT("");
    struct ss_route_table *t;
    struct ss_route_match match;
    struct ss_status st = {0};
    ss_arena_init(&a, 0);
    ss_buf_init(&out, 1 << 16);
    if (ss_route_table_build(&rule, 1, &a, &why, &t))
        fail_msg("%s: %.*s", c->rule, SS_FMT(why));
    assert_int_equal(ss_route_match(t, rule.http_method, ss_slice_str(c->path), &a, &match, &st), SS_OK);
    if (c->json)
        put_body(f, m, c, match.route, &a, &out);
    size_t before = out.len;
    struct ss_slice query = exact_copy(c->query);
    enum ss_err err = bind(&match, query, &hash_key, &a, &out, &st);
    if (err != (c->expect[0] == '{' ? SS_OK : SS_ERR_INVALID))
        fail_msg("%s?%s: error %d: %.*s", c->path, c->query, (int)err, SS_FMT(st.message));
    if (err) {
        assert_int_equal(out.len, before);
        check_violations(c, &st);
    } else {
        assert_null(st.violations);
        check_json(f, m, c, ss_buf_slice(&out));
    }
    free((void *)(uintptr_t)query.ptr);
    ss_route_table_free(t);
    ss_buf_dispose(&out);
    ss_arena_dispose(&a);
}

static void parameters_and_variables_bind_as_the_table_says(void **state)
{
    const struct fixture *f = *state;
    const struct ss_method *m = ss_schema_method(f->schema, SS_LIT("t.S.M"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(f, m, &cases[i], ss_route_bind);
}

static void groups_and_extensions_bind_by_name(void **state)
{
    const struct fixture *f = *state;
    const struct ss_method *m = ss_schema_method(f->old, SS_LIT("p2.S.M"));
    for (size_t i = 0; i < sizeof old_cases / sizeof *old_cases; i++)
        check(f, m, &old_cases[i], ss_route_bind);
}

/* (reported 24, 32) */
static const struct bind_case odd_cases[] = {
    BIND("GET /v1", "", "/v1", "search[field]=x", "{\"search[field]\":\"x\"}"),
    BIND("GET /v1", "", "/v1", "search%5Bfield%5D=x&field=y", "field: given more than once;"),
    BIND("GET /v1", "", "/v1", "p.q=x", "{\"p.q\":\"x\"}"),
    BIND("GET /v1", "", "/v1", "d.e.p.q=x&d.e.d.e.search[field]=y",
         "{\"d.e\":{\"p.q\":\"x\",\"d.e\":{\"search[field]\":\"y\"}}}"),
    BIND("GET /v1", "", "/v1", "deep.p.q=x&a.p.q=y", "{\"d.e\":{\"p.q\":\"x\"},\"a\":{\"p.q\":\"y\"}}"),
    BIND("GET /v1", "", "/v1", "m[x].y[k]=v&labels[l]=w", "{\"m[x].y\":{\"k\":\"v\",\"l\":\"w\"}}"),
    BIND("GET /v1", "", "/v1", ".=x", "{\".\":\"x\"}"),
    BIND("GET /v1", "", "/v1", "a..=x", "{\"a\":{\".\":\"x\"}}"),
    BIND("GET /v1", "", "/v1", "n[]=1&n[]=2&n=3", "{\"n[]\":[1,2,3]}"),
    BIND("GET /v1", "", "/v1", "x[y=1", "{\"x[y\":\"1\"}"),
    BIND("GET /v1", "", "/v1", "a.b=x", "{\"a\":{\"b\":\"x\"}}"),
    BIND("GET /v1", "", "/v1", "search[fields]=x", "search[fields]: names no field;"),
    BIND("GET /v1", "", "/v1", "p.q.r=x", "p.q.r: names no field;"),
    BIND("GET /v1", "", "/v1", "d.e[x]=x", "d.e[x]: names no field;"),
    /* the proto name before the JSON name of another, which a path and a query both have */
    BIND("GET /v1/{bar}", "", "/v1/x", "", "{\"baz\":\"x\"}"),
    BIND("GET /v1/{a.bar}", "", "/v1/x", "", "{\"a\":{\"baz\":\"x\"}}"),
    BIND("GET /v1/{foo}", "", "/v1/x", "bar=y", "{\"bar\":\"x\",\"baz\":\"y\"}"),
    BIND("GET /v1/{baz}", "", "/v1/x", "", "{\"baz\":\"x\"}"),
    BIND("GET /v1", "", "/v1", "bar=x&foo=y", "{\"bar\":\"y\",\"baz\":\"x\"}"),
};

static void names_as_json_may_have_them_bind_too(void **state)
{
    const struct fixture *f = *state;
    const struct ss_method *m = ss_schema_method(f->odd, SS_LIT("o.S.M"));
    for (size_t i = 0; i < sizeof odd_cases / sizeof *odd_cases; i++)
        check(f, m, &odd_cases[i], ss_route_bind);
    static const struct bind_case form =
        BIND("POST /v1", "*", "/v1", "search[field]=x&p.q=y&d.e.b=z",
             "{\"search[field]\":\"x\",\"p.q\":\"y\",\"d.e\":{\"b\":\"z\"}}");
    check(f, m, &form, ss_route_bind_form);
}

static void a_form_fills_the_body(void **state)
{
    const struct fixture *f = *state;
    const struct ss_method *m = ss_schema_method(f->schema, SS_LIT("t.S.M"));
    for (size_t i = 0; i < sizeof form_cases / sizeof *form_cases; i++)
        check(f, m, &form_cases[i], ss_route_bind_form);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->schema = compile_schema(proto);
    f->old = compile_schema(proto2);
    f->odd = compile_schema(odd);
    f->codec = ss_codec_new();
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    ss_codec_free(f->codec);
    ss_schema_free(f->schema);
    ss_schema_free(f->old);
    ss_schema_free(f->odd);
    free(f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_and_variables_bind_as_the_table_says),
        cmocka_unit_test(groups_and_extensions_bind_by_name),
        cmocka_unit_test(names_as_json_may_have_them_bind_too),
        cmocka_unit_test(a_form_fills_the_body),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
