/* The template grammar of google/api/http.proto: what parses, into what, and where what does not parse goes
 * wrong. */
#include "route/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

/* A template as text again, in one canonical form: each segment; "{path=first+count}" with '!' for multi. */
static void describe(const struct ss_template *t, struct ss_buf *out)
{
    static const char *const wild[] = {NULL, "*", "**"};
    for (size_t i = 0; i < t->n_segments; i++) {
        const struct ss_template_segment *s = &t->segments[i];
        if (s->kind == SS_SEGMENT_LITERAL)
            assert_int_equal(ss_buf_printf(out, "/%.*s", SS_FMT(s->text)), SS_OK);
        else
            assert_int_equal(ss_buf_printf(out, "/%s", wild[s->kind]), SS_OK);
    }
    if (t->verb.len)
        assert_int_equal(ss_buf_printf(out, ":%.*s", SS_FMT(t->verb)), SS_OK);
    for (size_t i = 0; i < t->n_variables; i++) {
        const struct ss_template_variable *v = &t->variables[i];
        assert_int_equal(ss_buf_printf(out, " {%.*s=%zu+%zu%s}", SS_FMT(v->field_path), v->first, v->count,
                                       v->multi ? "!" : ""),
                         SS_OK);
    }
}

struct parsed {
    enum ss_err err;
    struct ss_template_error error;
    char text[512];
};

/* Parses a copy that ends at the end of its heap block. */
static struct parsed parse(struct ss_slice text)
{
    struct parsed result = {.err = SS_OK};
    struct ss_arena a;
    struct ss_template t;
    struct ss_buf out;
    ss_arena_init(&a, 0);
    ss_buf_init(&out, sizeof result.text - 1);
    char *exact = malloc(text.len ? text.len : 1);
    if (text.len)
        memcpy(exact, text.ptr, text.len);
    result.err = ss_template_parse(ss_slice_of(exact, text.len), &a, &t, &result.error);
    if (result.err == SS_OK) {
        describe(&t, &out);
        if (out.len)
            memcpy(result.text, out.ptr, out.len);
    }
    ss_buf_dispose(&out);
    free(exact);
    ss_arena_dispose(&a);
    return result;
}

static const struct {
    const char *template, *means;
} good[] = {
    {"/", ""},
    {"/v1", "/v1"},
    {"/v1/documents:parse", "/v1/documents:parse"},
    {"/*", "/*"},
    {"/**", "/**"},
    {"/**:go", "/**:go"},
    {"/v1/{id}", "/v1/* {id=1+1}"},
    {"/v1/{id=*}", "/v1/* {id=1+1}"},
    {"/v1/{a.b_c.D9=*}", "/v1/* {a.b_c.D9=1+1}"},
    {"/v1/{_x}", "/v1/* {_x=1+1}"},
    {"/v1/{name=documents/*}", "/v1/documents/* {name=1+2!}"},
    {"/v1/{name=documents/*}:cancel", "/v1/documents/*:cancel {name=1+2!}"},
    {"/v1/{name=**}", "/v1/** {name=1+1!}"},
    {"/v1/{name=a}", "/v1/a {name=1+1}"},
    {"/v1/{name=a/**/b/c}/d", "/v1/a/**/b/c/d {name=1+4!}"},
    {"/v1/{a=x/*}/y/{b=z/**}", "/v1/x/*/y/z/** {a=1+2!} {b=4+2!}"},
    {"/{a}/{b}/{c}:v", "/*/*/*:v {a=0+1} {b=1+1} {c=2+1}"},
    {"/v1/**/{x=tail}", "/v1/**/tail {x=2+1}"},
    {"/v1/*/x", "/v1/*/x"},
    {"/v1/*:verb", "/v1/*:verb"},
    /* literals come into normal form */
    {"/%41%7e%2f%3a", "/A~%2F%3A"},
    {"/%C3%A9t%c3%a9", "/%C3%A9t%C3%A9"},
    {"/\xc3\xa9", "/%C3%A9"},
    {"/a:%76", "/a:v"},
    {"/-._~!$&'()+,;=@", "/-._~!$&'()+,;=@"},
    /* a ':' that a '/' follows is no verb's */
    {"/urn:x/{id}", "/urn:x/* {id=1+1}"},
    {"/:a/b", "/:a/b"},
    {"/{x=a:b/*}:v", "/a:b/*:v {x=0+2!}"},
};

static void a_good_template_means_what_the_grammar_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct parsed p = parse(ss_slice_str(good[i].template));
        if (p.err)
            fail_msg("%s: column %zu: %s", good[i].template, p.error.column, p.error.what);
        assert_string_equal(p.text, good[i].means);
    }
}

static const struct {
    const char *template;
    size_t column;
    const char *what; /* a part of the message */
} bad[] = {
    {"", 1, "begins with '/'"},
    {"v1", 1, "begins with '/'"},
    {"//a", 2, "segment is missing"},
    {"/a/", 4, "segment is missing"},
    {"/a//b", 4, "segment is missing"},
    {"/:v", 2, "segment is missing"},
    {"/a/:v", 4, "segment is missing"},
    {"/a:", 4, "missing"},
    {"/a:b:c", 5, "verb"},
    {"/a:b*", 5, "'*'"},
    {"/a:{x}", 4, "variable"},
    {"/{x}:a/b", 7, "expected"},
    {"/a*", 3, "'*'"},
    {"/*a", 2, "'*'"},
    {"/***", 2, "'*'"},
    {"/*{x}", 2, "'*'"},
    {"/a{x}", 3, "variable"},
    {"/{x}a", 5, "expected"},
    {"/{x}{y}", 5, "expected"},
    {"/{}", 3, "field name"},
    {"/{=*}", 3, "field name"},
    {"/{1x}", 3, "field name"},
    {"/{a..b}", 5, "field name"},
    {"/{a.}", 5, "field name"},
    {"/{.a}", 3, "field name"},
    {"/{a-b}", 4, "'}'"},
    {"/{a", 4, "'}'"},
    {"/{a=*", 6, "'}'"},
    {"/{a=}", 5, "missing"},
    {"/{a=/b}", 5, "missing"},
    {"/{a=b/}", 7, "missing"},
    {"/{a={b}}", 5, "variable cannot hold"},
    {"/{a=x/{b}}", 7, "variable cannot hold"},
    {"/{a=*:v}", 6, "'}'"},
    {"/{a=x:v}", 6, "begins the verb"},
    {"/a}", 3, "expected"},
    {"/**/*", 5, "\"**\""},
    {"/**/**", 5, "\"**\""},
    {"/**/{x}", 5, "\"**\""},
    {"/{x=**}/{y=a/*}", 14, "\"**\""},
    {"/a?b", 3, "character"},
    {"/a#b", 3, "character"},
    {"/a b", 3, "character"},
    {"/[a]", 2, "character"},
    {"/a\x01", 3, "character"},
    {"/a\"", 3, "character"},
    {"/%", 2, "escape"},
    {"/%4", 2, "escape"},
    {"/%zz", 2, "escape"},
    {"/a/%00", 4, "escape"},
    {"/%ff", 2, "escape"},
    {"/a\xff", 3, "UTF-8"},
};

static void a_bad_template_is_refused_at_its_column(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct parsed p = parse(ss_slice_str(bad[i].template));
        if (p.err != SS_ERR_CONFIG)
            fail_msg("%s is accepted as %s", bad[i].template, p.text);
        if (p.error.column != bad[i].column || !strstr(p.error.what, bad[i].what))
            fail_msg("%s: column %zu: %s", bad[i].template, p.error.column, p.error.what);
    }
}

static void every_truncation_is_read_within_bounds_and_named_within_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good + sizeof bad / sizeof *bad; i++) {
        size_t n_good = sizeof good / sizeof *good;
        struct ss_slice whole = ss_slice_str(i < n_good ? good[i].template : bad[i - n_good].template);
        for (size_t n = 0; n <= whole.len; n++) {
            struct parsed p = parse(ss_slice_of(whole.ptr, n));
            if (p.err)
                assert_in_range(p.error.column, 1, n + 1);
        }
    }
}

static void segments_are_counted_up_to_the_cap(void **state)
{
    (void)state;
    char text[4 * SS_TEMPLATE_MAX_SEGMENTS];
    size_t n = 0;
    for (int i = 0; i < SS_TEMPLATE_MAX_SEGMENTS; i++) {
        text[n++] = '/';
        text[n++] = 'a';
    }
    struct ss_arena a;
    struct ss_template t;
    struct ss_template_error error;
    ss_arena_init(&a, 0);
    assert_int_equal(ss_template_parse(ss_slice_of(text, n), &a, &t, &error), SS_OK);
    assert_int_equal(t.n_segments, SS_TEMPLATE_MAX_SEGMENTS);
    text[n++] = '/';
    text[n++] = '*';
    assert_int_equal(ss_template_parse(ss_slice_of(text, n), &a, &t, &error), SS_ERR_CONFIG);
    assert_int_equal(error.column, n);
    ss_arena_dispose(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_template_means_what_the_grammar_says),
        cmocka_unit_test(a_bad_template_is_refused_at_its_column),
        cmocka_unit_test(every_truncation_is_read_within_bounds_and_named_within_them),
        cmocka_unit_test(segments_are_counted_up_to_the_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
