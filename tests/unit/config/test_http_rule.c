/* google.api.http annotations, as wire bytes. */
#include "config/http_rule.h"

#include "base/buf.h"
#include "config/support.h"

static struct ss_buf *new_buf(struct ss_buf *b)
{
    ss_buf_init(b, 65536);
    return b;
}

/* A field of wire type 2 with fewer than 128 bytes, or two length bytes. */
static void put(struct ss_buf *b, unsigned number, struct ss_slice bytes)
{
    char head[3] = {(char)(number << 3 | 2), (char)(bytes.len & 0x7f), (char)(bytes.len >> 7)};
    if (bytes.len > 127)
        head[1] = (char)(head[1] | 0x80);
    ss_buf_append(b, head, bytes.len > 127 ? 3 : 2);
    ss_buf_append_slice(b, bytes);
}

static void put_text(struct ss_buf *b, unsigned number, const char *text)
{
    put(b, number, ss_slice_str(text));
}

/* Reads it from a heap block that ends where it ends; writes "METHOD path body response_body;" for each
 * binding. */
static enum ss_err read_rule(struct ss_slice wire, char *text, size_t size, const char **why)
{
    struct ss_arena a;
    struct ss_binding *bindings;
    ss_arena_init(&a, 0);
    char *exact = ss_xmalloc(wire.len);
    if (wire.len)
        memcpy(exact, wire.ptr, wire.len);
    enum ss_err err = ss_http_rule_read(ss_slice_of(exact, wire.len), SS_LIT("origin"), &a, &bindings, why);
    ss_free(exact);
    size_t n = 0;
    text[0] = '\0';
    for (const struct ss_binding *b = bindings; err == SS_OK && b; b = b->next) {
        assert_true(ss_slice_eq(b->origin, SS_LIT("origin")));
        if (b->fault)
            n += (size_t)snprintf(text + n, size - n, "!%s;", b->fault);
        else
            n += (size_t)snprintf(text + n, size - n, "%.*s %.*s %.*s %.*s;", SS_FMT(b->http_method),
                                  SS_FMT(b->path), SS_FMT(b->body), SS_FMT(b->response_body));
    }
    ss_arena_dispose(&a);
    return err;
}

static void expect(struct ss_slice wire, const char *expected)
{
    char text[512];
    const char *why;
    assert_int_equal(read_rule(wire, text, sizeof text, &why), SS_OK);
    assert_string_equal(text, expected);
}

static void each_pattern_is_its_http_method(void **state)
{
    static const char *const methods[] = {"GET", "PUT", "POST", "DELETE", "PATCH"};
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct ss_buf b;
        char expected[64];
        put_text(new_buf(&b), i + 2, "/v1/x");
        snprintf(expected, sizeof expected, "%s /v1/x  ;", methods[i]);
        expect(ss_buf_slice(&b), expected);
        ss_buf_dispose(&b);
    }
}

static void build_large(struct ss_buf *rule)
{
    struct ss_buf custom, more, second;
    put_text(new_buf(&custom), 1, "REPORT");
    put_text(&custom, 2, "/v1/report");
    put(new_buf(&more), 8, ss_buf_slice(&custom));
    put_text(new_buf(&second), 2, "/v1/second");
    put_text(&second, 12, "title");
    put_text(new_buf(rule), 1, "ignored.Selector");
    put(rule, 11, ss_buf_slice(&more));
    put_text(rule, 4, "/v1/first");
    put_text(rule, 7, "*");
    put(rule, 11, ss_buf_slice(&second));
    ss_buf_append(rule, "\x98\x06\x01", 3); /* field 99, varint */
    ss_buf_dispose(&custom);
    ss_buf_dispose(&more);
    ss_buf_dispose(&second);
}

static void additional_bindings_come_behind_the_first_in_order(void **state)
{
    struct ss_buf rule;
    (void)state;
    build_large(&rule);
    expect(ss_buf_slice(&rule), "POST /v1/first * ;REPORT /v1/report  ;GET /v1/second  title;");
    ss_buf_dispose(&rule);
}

#define NO_PATTERN "!it has no pattern: get, put, post, delete, patch or custom;"

static void a_binding_without_a_pattern_says_so(void **state)
{
    (void)state;
    expect(SS_LIT(""), NO_PATTERN);
    expect(SS_LIT("\x3a\x01*"), NO_PATTERN);
}

static void a_kind_that_is_no_http_method_is_a_fault_of_its_binding_only(void **state)
{
    struct ss_buf custom, good, rule;
    (void)state;
    put_text(new_buf(&custom), 1, "a b");
    put_text(&custom, 2, "/v1/x");
    put_text(new_buf(&good), 2, "/v1/y");
    put(new_buf(&rule), 8, ss_buf_slice(&custom));
    put(&rule, 11, ss_buf_slice(&good));
    expect(ss_buf_slice(&rule), "!its custom kind is no HTTP method;GET /v1/y  ;");
    ss_buf_dispose(&custom);
    ss_buf_dispose(&good);
    ss_buf_dispose(&rule);
}

static void a_kind_is_an_http_method_in_upper_case(void **state)
{
    struct ss_buf custom, rule;
    (void)state;
    put_text(new_buf(&custom), 1, "head");
    put_text(&custom, 2, "/v1/x");
    put(new_buf(&rule), 8, ss_buf_slice(&custom));
    expect(ss_buf_slice(&rule), "HEAD /v1/x  ;");
    ss_buf_dispose(&custom);
    ss_buf_dispose(&rule);
}

static void the_last_pattern_of_the_oneof_counts(void **state)
{
    struct ss_buf b;
    (void)state;
    put_text(new_buf(&b), 2, "/a");
    put_text(&b, 4, "/b");
    expect(ss_buf_slice(&b), "POST /b  ;");
    ss_buf_dispose(&b);
}

static void additional_bindings_do_not_nest(void **state)
{
    struct ss_buf inner, middle, outer;
    (void)state;
    put_text(new_buf(&inner), 2, "/a");
    put(new_buf(&middle), 11, ss_buf_slice(&inner));
    put_text(&middle, 2, "/b");
    put(new_buf(&outer), 11, ss_buf_slice(&middle));
    put_text(&outer, 2, "/c");
    expect(ss_buf_slice(&outer), "GET /c  ;GET /b  ;"
                                 "!additional_bindings do not nest: what stands in them is not looked at;");
    ss_buf_dispose(&inner);
    ss_buf_dispose(&middle);
    ss_buf_dispose(&outer);
}

static void a_rule_cut_off_anywhere_is_read_within_its_bytes(void **state)
{
    struct ss_buf rule;
    char text[512];
    const char *why;
    size_t refused = 0;
    (void)state;
    build_large(&rule);
    for (size_t n = 0; n < rule.len; n++) {
        enum ss_err err = read_rule(ss_slice_of(rule.ptr, n), text, sizeof text, &why);
        assert_true(err == SS_OK || err == SS_ERR_CONFIG);
        if (err == SS_ERR_CONFIG)
            assert_string_equal(why, "the annotation is malformed");
        refused += err != SS_OK;
    }
    /* whole only at the field boundaries: nothing, and behind each of the six fields but the last, which is
     * all */
    assert_int_equal(refused, rule.len - 6);
    for (size_t i = 0; i < rule.len; i++)
        for (unsigned v = 0; v < 256; v += 5) {
            char saved = rule.ptr[i];
            rule.ptr[i] = (char)v;
            (void)read_rule(ss_buf_slice(&rule), text, sizeof text, &why);
            rule.ptr[i] = saved;
        }
    ss_buf_dispose(&rule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pattern_is_its_http_method),
        cmocka_unit_test(additional_bindings_come_behind_the_first_in_order),
        cmocka_unit_test(a_binding_without_a_pattern_says_so),
        cmocka_unit_test(a_kind_that_is_no_http_method_is_a_fault_of_its_binding_only),
        cmocka_unit_test(a_kind_is_an_http_method_in_upper_case),
        cmocka_unit_test(the_last_pattern_of_the_oneof_counts),
        cmocka_unit_test(additional_bindings_do_not_nest),
        cmocka_unit_test(a_rule_cut_off_anywhere_is_read_within_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
