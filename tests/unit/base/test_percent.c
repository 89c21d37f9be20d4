/* Percent-encoding: strict for requests, loose for grpc-message. Inputs end at the end of their heap block.
 */
#include "base/percent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum mode { PLAIN, FORM, KEEP };

struct decode_case {
    enum mode mode;
    struct ss_slice in;
    enum ss_err err;
    struct ss_slice out;
};

static enum ss_err run(enum mode mode, struct ss_slice in, struct ss_arena *a, struct ss_slice *out)
{
    if (mode == KEEP)
        return ss_percent_decode_keep_reserved(in, a, out);
    return ss_percent_decode(in, mode == FORM, a, out);
}

#define GOOD(mode, in, out)                                                                                  \
    {                                                                                                        \
        mode, SS_LIT(in), SS_OK, SS_LIT(out)                                                                 \
    }
#define BAD(mode, in)                                                                                        \
    {                                                                                                        \
        mode, SS_LIT(in), SS_ERR_INVALID,                                                                    \
        {                                                                                                    \
            NULL, 0                                                                                          \
        }                                                                                                    \
    }

static const struct decode_case cases[] = {
    GOOD(PLAIN, "", ""),
    GOOD(PLAIN, "plain", "plain"),
    GOOD(PLAIN, "a%20b", "a b"),
    GOOD(PLAIN, "%2f%2F", "//"),
    GOOD(PLAIN, "%25zz", "%zz"),
    GOOD(PLAIN, "%2541", "%41"),
    GOOD(PLAIN, "a+b", "a+b"),
    GOOD(PLAIN, "%C3%a9", "\xc3\xa9"),
    GOOD(PLAIN, "\xc3\xa9", "\xc3\xa9"),
    GOOD(PLAIN, "\xc3%A9", "\xc3\xa9"),
    GOOD(FORM, "a+b%2B", "a b+"),
    GOOD(FORM, "+", " "),
    GOOD(KEEP, "a%2Fb%2fc", "a%2Fb%2fc"),
    GOOD(KEEP, "%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D",
         "%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D"),
    GOOD(KEEP, "%2541", "%2541"),
    GOOD(KEEP, "%41%20%7E%22", "A ~\""),
    GOOD(KEEP, "%E2%82%AC", "\xe2\x82\xac"),
    GOOD(KEEP, "a+b", "a+b"),
    BAD(PLAIN, "%"),
    BAD(PLAIN, "a%2"),
    BAD(PLAIN, "%g0"),
    BAD(PLAIN, "%0g"),
    BAD(PLAIN, "% 1"),
    BAD(PLAIN, "%00"),
    BAD(PLAIN, "a\0b"),
    BAD(PLAIN, "%ff"),
    BAD(PLAIN, "\xff"),
    BAD(PLAIN, "%C0%AF"),
    BAD(PLAIN, "%ED%A0%80"),
    BAD(PLAIN, "%C3"),
    BAD(FORM, "%+1"),
    BAD(FORM, "a+%00"),
    BAD(KEEP, "%2"),
    BAD(KEEP, "%00"),
    BAD(KEEP, "%C3%2F"),
};

static void strict_decoding_follows_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ss_arena a;
        ss_arena_init(&a, 0);
        struct ss_slice in = cases[i].in, out;
        char *exact = malloc(in.len ? in.len : 1);
        memcpy(exact, in.ptr, in.len);
        enum ss_err err = run(cases[i].mode, ss_slice_of(exact, in.len), &a, &out);
        if (err != cases[i].err || (err == SS_OK && !ss_slice_eq(out, cases[i].out)))
            fail_msg("case %zu (%.*s): error %d, result %.*s", i, SS_FMT(in), (int)err,
                     err ? 0 : (int)out.len, out.ptr);
        free(exact);
        ss_arena_dispose(&a);
    }
}

static void text_without_escapes_is_returned_as_it_is(void **state)
{
    (void)state;
    struct ss_arena a;
    ss_arena_init(&a, 0);
    struct ss_slice in = SS_LIT("abc-_.~"), out;
    assert_int_equal(ss_percent_decode(in, false, &a, &out), SS_OK);
    assert_ptr_equal(out.ptr, in.ptr);
    assert_int_equal(ss_percent_decode(in, true, &a, &out), SS_OK);
    assert_ptr_equal(out.ptr, in.ptr);
    assert_ptr_equal(ss_percent_decode_loose(in, &a).ptr, in.ptr);
    assert_ptr_equal(ss_percent_encode_message(in, &a).ptr, in.ptr);
    assert_int_equal(a.held, 0);
    ss_arena_dispose(&a);
}

static void a_capped_arena_is_reported(void **state)
{
    (void)state;
    struct ss_arena a;
    ss_arena_init(&a, 64);
    struct ss_slice out;
    assert_int_equal(ss_percent_decode(SS_LIT("%41"), false, &a, &out), SS_ERR_LIMIT);
    ss_arena_dispose(&a);
}

static void every_truncation_of_an_escape_is_read_within_bounds(void **state)
{
    (void)state;
    struct ss_slice whole = SS_LIT("a%20b%C3%A9%2Fx%");
    for (size_t n = 0; n <= whole.len; n++) {
        struct ss_arena a;
        ss_arena_init(&a, 0);
        char *exact = malloc(n ? n : 1);
        memcpy(exact, whole.ptr, n);
        struct ss_slice in = ss_slice_of(exact, n), out;
        bool cut = (n >= 2 && n < 4) || (n >= 6 && n < 11) || (n >= 12 && n < 14) || n == 16;
        for (int mode = PLAIN; mode <= KEEP; mode++)
            assert_int_equal(run((enum mode)mode, in, &a, &out), cut ? SS_ERR_INVALID : SS_OK);
        (void)ss_percent_decode_loose(in, &a);
        free(exact);
        ss_arena_dispose(&a);
    }
}

static void loose_decoding_keeps_what_is_malformed(void **state)
{
    (void)state;
    static const struct ss_slice table[][2] = {
        {SS_LIT(""), SS_LIT("")},           {SS_LIT("a%20b"), SS_LIT("a b")},
        {SS_LIT("100%"), SS_LIT("100%")},   {SS_LIT("%4"), SS_LIT("%4")},
        {SS_LIT("%zz%41"), SS_LIT("%zzA")}, {SS_LIT("%%41"), SS_LIT("%A")},
        {SS_LIT("%ff"), SS_LIT("\xff")},    {SS_LIT("a+b%E2%82%ac"), SS_LIT("a+b\xe2\x82\xac")},
    };
    struct ss_arena a;
    ss_arena_init(&a, 0);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_true(ss_slice_eq(ss_percent_decode_loose(table[i][0], &a), table[i][1]));
    ss_arena_dispose(&a);
}

static void messages_are_encoded_but_for_printable_ascii(void **state)
{
    (void)state;
    static const struct ss_slice table[][2] = {
        {SS_LIT(""), SS_LIT("")},
        {SS_LIT("no document legal/42 ~"), SS_LIT("no document legal/42 ~")},
        {SS_LIT("100%"), SS_LIT("100%25")},
        {SS_LIT("a\r\nb\0\x1f\x7f"), SS_LIT("a%0D%0Ab%00%1F%7F")},
        {SS_LIT("\xe2\x82\xac"), SS_LIT("%E2%82%AC")},
    };
    struct ss_arena a;
    ss_arena_init(&a, 0);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_true(ss_slice_eq(ss_percent_encode_message(table[i][0], &a), table[i][1]));
    ss_arena_dispose(&a);
}

static void every_byte_survives_encoding_and_loose_decoding(void **state)
{
    (void)state;
    char all[256];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)i;
    struct ss_arena a;
    ss_arena_init(&a, 0);
    struct ss_slice text = ss_slice_of(all, sizeof all);
    assert_true(ss_slice_eq(ss_percent_decode_loose(ss_percent_encode_message(text, &a), &a), text));
    ss_arena_dispose(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strict_decoding_follows_the_table),
        cmocka_unit_test(text_without_escapes_is_returned_as_it_is),
        cmocka_unit_test(a_capped_arena_is_reported),
        cmocka_unit_test(every_truncation_of_an_escape_is_read_within_bounds),
        cmocka_unit_test(loose_decoding_keeps_what_is_malformed),
        cmocka_unit_test(messages_are_encoded_but_for_printable_ascii),
        cmocka_unit_test(every_byte_survives_encoding_and_loose_decoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
