/* Sizes and depths that peers choose: lengths at the edges of their varints, nesting, caps. */
#include "transcode/support.h"
#include "wire/varint.h"

static struct ss_buf repeat(const char *head, const char *piece, size_t n, const char *tail)
{
    struct ss_buf b;
    ss_buf_init(&b, 1 << 28);
    assert_int_equal(ss_buf_append(&b, head, strlen(head)), SS_OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(ss_buf_append(&b, piece, strlen(piece)), SS_OK);
    assert_int_equal(ss_buf_append(&b, tail, strlen(tail)), SS_OK);
    return b;
}

/* {"child":{"child":{…"name":"xxx"}}}: every length on the way grows by the bytes of the one inside. */
static void lengths_are_right_at_the_edges_of_their_varints(void **state)
{
    (void)state;
    const size_t sizes[] = {0,   1,     100,   119,   120,   121,   122,   123,   124,   125,
                            126, 127,   128,   129,   130,   131,   132,   250,   255,   256,
                            300, 16370, 16375, 16378, 16380, 16381, 16383, 16384, 16390, 70000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct ss_buf json =
            repeat("{\"child\":{\"child\":{\"children\":[{\"name\":\"", "x", sizes[i], "\"},{\"id\":1}]}}}");
        assert_int_equal(to_wire_body("rich.Leaf", NULL, ss_buf_slice(&json)), SS_OK);
        char *wire = exact(ss_buf_slice(&fx->wire));
        assert_int_equal(to_json("rich.Leaf", ss_slice_of(wire, fx->wire.len)), SS_OK);
        ss_free(wire);
        if (sizes[i]) {
            assert_int_equal(fx->json.len, json.len);
            assert_memory_equal(fx->json.ptr, json.ptr, json.len);
        }
        ss_buf_dispose(&json);
    }
}

static void many_long_values_side_by_side_and_inside_each_other_keep_their_places(void **state)
{
    (void)state;
    char name[202];
    memset(name, 'n', 200);
    name[200] = 0;
    char piece[500];
    snprintf(piece, sizeof piece, "{\"name\":\"%s\",\"children\":[{\"id\":1},{\"name\":\"%s\"}]},", name,
             name);
    struct ss_buf json = repeat("{\"children\":[", piece, 200, "{\"id\":2}]}");
    assert_int_equal(to_wire_body("rich.Leaf", NULL, ss_buf_slice(&json)), SS_OK);
    char *wire = exact(ss_buf_slice(&fx->wire));
    assert_int_equal(to_json("rich.Leaf", ss_slice_of(wire, fx->wire.len)), SS_OK);
    ss_free(wire);
    assert_int_equal(fx->json.len, json.len);
    assert_memory_equal(fx->json.ptr, json.ptr, json.len);
    ss_buf_dispose(&json);
}

/* n objects deep */
static struct ss_buf nested(size_t n)
{
    struct ss_buf b = repeat("", "{\"child\":", n - 1, "{");
    for (size_t i = 0; i < n; i++)
        assert_int_equal(ss_buf_append(&b, "}", 1), SS_OK);
    return b;
}

static void a_hundred_nested_values_are_accepted_and_no_more(void **state)
{
    (void)state;
    struct ss_buf json = nested(100);
    assert_int_equal(to_wire_body("rich.Leaf", NULL, ss_buf_slice(&json)), SS_OK);
    struct ss_slice wire = ss_slice_of(exact(ss_buf_slice(&fx->wire)), fx->wire.len);
    assert_int_equal(to_json("rich.Leaf", wire), SS_OK);
    assert_memory_equal(fx->json.ptr, json.ptr, json.len);
    ss_buf_dispose(&json);
    json = nested(101);
    assert_int_equal(to_wire_body("rich.Leaf", NULL, ss_buf_slice(&json)), SS_ERR_INVALID);
    ss_buf_dispose(&json);
    /* the same on the wire: one more around it */
    struct ss_buf deep;
    ss_buf_init(&deep, 1 << 20);
    char head[16] = "\x1a";
    char *end = ss_varint_put(head + 1, wire.len);
    assert_int_equal(ss_buf_append(&deep, head, (size_t)(end - head)), SS_OK);
    assert_int_equal(ss_buf_append_slice(&deep, wire), SS_OK);
    assert_int_equal(to_json("rich.Leaf", ss_buf_slice(&deep)), SS_ERR_BAD_RESPONSE);
    ss_buf_dispose(&deep);
    char *p;
    memcpy(&p, &wire.ptr, sizeof p);
    ss_free(p);
}

static void whatever_nests_is_capped(void **state)
{
    (void)state;
    const char *heads[] = {"{\"value\":[", "{\"list\":[", "{\"structure\":{\"a\":[", "{\"unknown\":["};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        fx->in.ignore_unknown_fields = true;
        struct ss_buf json = repeat(heads[i], "[", 100000, "");
        assert_int_equal(to_wire_body("rich.All", NULL, ss_buf_slice(&json)), SS_ERR_INVALID);
        ss_buf_dispose(&json);
    }
    struct ss_buf any = repeat("", "{\"any\":{\"fInt32\":1,\"any\":", 60, "1");
    assert_int_equal(to_wire_body("rich.All", NULL, ss_buf_slice(&any)), SS_ERR_INVALID);
    ss_buf_dispose(&any);
    struct ss_buf groups = repeat("", "\x7b\x12\x80\x80\x80\x40", 10, "");
    assert_int_equal(to_json("rich2.Old", ss_buf_slice(&groups)), SS_ERR_BAD_RESPONSE);
    ss_buf_dispose(&groups);
    groups = repeat("", "\x7b", 300000, "");
    assert_int_equal(to_json("rich2.Old", ss_buf_slice(&groups)), SS_ERR_BAD_RESPONSE);
    assert_int_equal(to_json("rich.Leaf", ss_buf_slice(&groups)), SS_ERR_BAD_RESPONSE);
    ss_buf_dispose(&groups);
}

static void assert_why(const char *text)
{
    char *why = ss_xstrndup(fx->status.message.ptr, fx->status.message.len);
    assert_string_equal(why, text);
    ss_free(why);
}

static void what_is_too_deep_says_so(void **state)
{
    (void)state;
    struct ss_buf json = repeat("", "{\"child\":", 10000, "");
    assert_int_equal(to_wire_body("rich.Leaf", NULL, ss_buf_slice(&json)), SS_ERR_INVALID);
    assert_why("more than 100 nested objects and arrays; line 1, column 901");
    ss_buf_dispose(&json);
    json = repeat("{\"any\":", "{\"value\":", 10000, "");
    assert_int_equal(to_wire_body("rich.All", NULL, ss_buf_slice(&json)), SS_ERR_INVALID);
    assert_why("more than 100 nested objects and arrays; line 1, column 899");
    ss_buf_dispose(&json);
}

/* An Any in an Any and so on, 10 000 of them, from the inside out. */
static void anys_in_anys_on_the_wire_end_at_the_depth_that_is_allowed(void **state)
{
    (void)state;
    const char url[] = "\x0a\x15"
                       "a/google.protobuf.Any\x12";
    enum { LEVELS = 10000, HEAD = sizeof url - 1 + SS_VARINT_MAX };
    char *all = ss_xmalloc((size_t)LEVELS * HEAD), *p = all + (size_t)LEVELS * HEAD, *end = p;
    for (int i = 0; i < LEVELS; i++) {
        char len[SS_VARINT_MAX];
        size_t n = (size_t)(ss_varint_put(len, (size_t)(end - p)) - len);
        p -= n;
        memcpy(p, len, n);
        p -= sizeof url - 1;
        memcpy(p, url, sizeof url - 1);
    }
    assert_int_equal(to_json("google.protobuf.Any", ss_slice_of(p, (size_t)(end - p))), SS_ERR_BAD_RESPONSE);
    assert_non_null(strstr(fx->status.message.ptr, "more than 100 nested messages"));
    ss_free(all);
}

static void lengths_that_lie_are_refused_and_reserve_nothing(void **state)
{
    (void)state;
    const struct ss_slice bombs[] = {
        SS_LIT("\x4a\xff\xff\xff\xff\x07"),                             /* a string of 2 GiB */
        SS_LIT("\x52\xff\xff\xff\xff\x0f"),                             /* bytes, 4 GiB */
        SS_LIT("\xca\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),         /* packed, 2^63 - 1 */
        SS_LIT("\x8a\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),     /* a message, 2^64 - 1 */
        SS_LIT("\x9a\x03\xff\xff\xff\xff\x07\x0a\x01k"),                /* a map's entry */
        SS_LIT("\xba\x05\x0a\x0a\xff\xff\xff\xff\x07"),                 /* an Any's URL */
        SS_LIT("\xf2\x05\xff\xff\xff\xff\x07"),                         /* an unknown field */
        SS_LIT("\xaa\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), /* a varint of eleven bytes */
    };
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        ss_buf_dispose(&fx->json);
        ss_buf_init(&fx->json, 1 << 28);
        assert_int_equal(to_json("rich.All", bombs[i]), SS_ERR_BAD_RESPONSE);
        assert_non_null(strstr(fx->status.message.ptr, "is not a valid rich.All: "));
        assert_true(fx->json.cap <= 4096);
    }
}

static void the_cap_of_the_output_is_exact(void **state)
{
    (void)state;
    const char *json =
        "{\"fString\":\"0123456789\",\"rInt32\":[1,2,3],\"fLeaf\":{\"name\":\"abc\"},\"fBytes\":\"AAAA\"}";
    assert_int_equal(to_wire("rich.All", json), SS_OK);
    size_t need = fx->wire.len;
    char *wire = exact(ss_buf_slice(&fx->wire));
    for (size_t max = need > 8 ? need - 8 : 1; max < need; max++) {
        ss_buf_dispose(&fx->wire);
        ss_buf_init(&fx->wire, max);
        assert_int_equal(to_wire("rich.All", json), SS_ERR_BODY_TOO_LARGE);
        assert_int_equal(fx->status.err, SS_ERR_BODY_TOO_LARGE);
    }
    ss_buf_dispose(&fx->wire);
    ss_buf_init(&fx->wire, need + 3); /* base64 is judged by what it may give */
    assert_int_equal(to_wire("rich.All", json), SS_OK);
    assert_int_equal(to_json("rich.All", ss_slice_of(wire, need)), SS_OK);
    size_t len = fx->json.len;
    for (size_t max = 1; max < len; max++) {
        ss_buf_dispose(&fx->json);
        ss_buf_init(&fx->json, max + 1);
        fx->json.max = max;
        fx->status = (struct ss_status){.code = 0};
        enum ss_err err =
            ss_wire_to_json(fx->codec, fx->schema, type("rich.All"), NULL, ss_slice_of(wire, need), &fx->out,
                            &fx->arena, &fx->json, &fx->status);
        assert_int_equal(err, SS_ERR_ANSWER_TOO_LARGE);
        assert_int_equal(fx->json.len, 0);
    }
    ss_buf_dispose(&fx->json);
    ss_buf_init(&fx->json, 1 << 28);
    ss_free(wire);
}

/* Each of these took quadratic or exponential time in some implementation. test_bounds counts the work. */
static void what_others_take_long_for_comes_out_right(void **state)
{
    (void)state;
    struct ss_buf json = repeat("{\"mString\":{\"k\":\"\"", "", 0, "");
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(ss_buf_printf(&json, ",\"%u\":\"\"", i), SS_OK);
    assert_int_equal(ss_buf_append(&json, "}}", 2), SS_OK);
    assert_int_equal(to_wire_body("rich.All", NULL, ss_buf_slice(&json)), SS_OK);
    char *wire = exact(ss_buf_slice(&fx->wire));
    assert_int_equal(to_json("rich.All", ss_slice_of(wire, fx->wire.len)), SS_OK);
    assert_int_equal(fx->json.len, json.len);
    ss_free(wire);
    ss_buf_dispose(&json);

    /* Any in Any, types last: a tape for each level would be quadratic in depth times size */
    json = repeat("", "{\"any\":", 90, "{\"rInt32\":[1");
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(ss_buf_append(&json, ",1", 2), SS_OK);
    assert_int_equal(ss_buf_append(&json, "]", 1), SS_OK);
    for (unsigned i = 0; i < 90; i++)
        assert_int_equal(ss_buf_printf(&json, ",\"@type\":\"a/rich.All\"}"), SS_OK);
    assert_int_equal(ss_buf_append(&json, "}", 1), SS_OK);
    assert_int_equal(to_wire_body("rich.All", NULL, ss_buf_slice(&json)), SS_OK);
    ss_buf_dispose(&json);

    /* out of order on every level, the disorder last: a second try on each level would be exponential */
    struct ss_buf inner, outer;
    ss_buf_init(&inner, 1 << 20);
    ss_buf_init(&outer, 1 << 20);
    for (unsigned i = 0; i < 99; i++) {
        char head[16] = "\x1a";
        char *end = ss_varint_put(head + 1, inner.len);
        outer.len = 0;
        assert_int_equal(ss_buf_append(&outer, head, (size_t)(end - head)), SS_OK);
        assert_int_equal(ss_buf_append_slice(&outer, ss_buf_slice(&inner)), SS_OK);
        assert_int_equal(ss_buf_append(&outer, "\x08\x01\x1a", 4), SS_OK);
        struct ss_buf swap = inner;
        inner = outer;
        outer = swap;
    }
    assert_int_equal(to_json("rich.Leaf", ss_buf_slice(&inner)), SS_OK);
    ss_buf_dispose(&inner);
    ss_buf_dispose(&outer);

    /* a field that alternates with another: a run for each */
    struct ss_buf wire2 = repeat("", "\x22\x01\x20\x08\x01", 0, "");
    for (unsigned i = 0; i < 200000; i++)
        assert_int_equal(ss_buf_append(&wire2, "\x22\x00\x08\x01", 4), SS_OK);
    assert_int_equal(to_json("rich.Leaf", ss_buf_slice(&wire2)), SS_OK);
    ss_buf_dispose(&wire2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lengths_are_right_at_the_edges_of_their_varints, fixture_reset),
        cmocka_unit_test_setup(many_long_values_side_by_side_and_inside_each_other_keep_their_places,
                               fixture_reset),
        cmocka_unit_test_setup(a_hundred_nested_values_are_accepted_and_no_more, fixture_reset),
        cmocka_unit_test_setup(whatever_nests_is_capped, fixture_reset),
        cmocka_unit_test_setup(what_is_too_deep_says_so, fixture_reset),
        cmocka_unit_test_setup(anys_in_anys_on_the_wire_end_at_the_depth_that_is_allowed, fixture_reset),
        cmocka_unit_test_setup(lengths_that_lie_are_refused_and_reserve_nothing, fixture_reset),
        cmocka_unit_test_setup(the_cap_of_the_output_is_exact, fixture_reset),
        cmocka_unit_test_setup(what_others_take_long_for_comes_out_right, fixture_reset),
    };
    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
