/* UTF-8 against RFC 3629, by way of a reference that decodes and looks at the code point. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* RFC 3629 §3, word for word: decode, then refuse what is overlong, a surrogate or too high. */
static size_t reference_sequence(const unsigned char *p, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80             ? 1
               : (p[0] & 0xe0) == 0xc0 ? 2
               : (p[0] & 0xf0) == 0xe0 ? 3
               : (p[0] & 0xf8) == 0xf0 ? 4
                                       : 0;
    if (n < 2 || n > left)
        return n == 1;
    uint32_t code = p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
        code = code << 6 | (p[i] & 0x3f);
    }
    return code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? 0 : n;
}

static size_t reference(const unsigned char *p, size_t len)
{
    size_t i = 0, n = 1;
    while (n && i < len)
        i += n = reference_sequence(p + i, len - i);
    return i;
}

static size_t put(unsigned char *p, uint32_t code)
{
    if (code < 0x80) {
        p[0] = (unsigned char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; code >>= 6)
        p[i] = (unsigned char)(0x80 | (code & 0x3f));
    p[0] = (unsigned char)((0xf00u >> n & 0xff) | code);
    return n;
}

static void every_code_point_but_surrogates_is_valid(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        unsigned char text[8];
        size_t n = put(text, code);
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        assert_int_equal(ss_utf8_valid_len(ss_slice_of((char *)text, n)), surrogate ? 0 : n);
    }
}

static void every_border_of_every_byte_is_where_the_rfc_has_it(void **state)
{
    (void)state;
    static const unsigned char border[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                           0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
                                           0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
    enum { N = sizeof border, LEN = 80 };
    static const size_t places[] = {0, 30, 61, 62, 63, 64, LEN - 4};
    for (size_t place = 0; place < sizeof places / sizeof places[0]; place++) {
        unsigned char *text = malloc(LEN);
        memset(text, 'a', LEN);
        for (unsigned i = 0; i < N * N * N * N; i++) {
            unsigned char *p = text + places[place];
            p[0] = border[i % N];
            p[1] = border[i / N % N];
            p[2] = border[i / N / N % N];
            p[3] = border[i / N / N / N];
            size_t got = ss_utf8_valid_len(ss_slice_of((char *)text, LEN));
            if (got != reference(text, LEN))
                fail_msg("%02x %02x %02x %02x at %zu: %zu", p[0], p[1], p[2], p[3], places[place], got);
        }
        free(text);
    }
}

static void random_text_with_one_byte_changed_is_judged_as_the_reference_does(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    static const uint32_t limits[] = {0x80, 0x800, 0x10000, 0x110000};
    for (int round = 0; round < 30000; round++) {
        unsigned char text[300];
        size_t len = 0, want = (size_t)(round % 290);
        while (len < want) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            uint32_t code = (uint32_t)(seed >> 33) % limits[seed >> 20 & 3];
            len += put(text + len, code >= 0xd800 && code <= 0xdfff ? 'x' : code);
        }
        if (len && round % 3) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            text[(seed >> 33) % len] = (unsigned char)(seed >> 20);
        }
        unsigned char *exact = malloc(len ? len : 1);
        memcpy(exact, text, len);
        assert_int_equal(ss_utf8_valid_len(ss_slice_of((char *)exact, len)), reference(exact, len));
        free(exact);
    }
}

static void a_sequence_cut_off_by_the_end_is_not_valid_and_nothing_behind_it_is_read(void **state)
{
    (void)state;
    for (size_t ascii = 0; ascii < 140; ascii++) {
        for (size_t cut = 1; cut < 4; cut++) {
            char *text = malloc(ascii + cut);
            memset(text, 'x', ascii);
            memcpy(text + ascii, "\xf0\x9f\x98\x80", cut);
            assert_int_equal(ss_utf8_valid_len(ss_slice_of(text, ascii + cut)), ascii);
            free(text);
        }
    }
}

static void nothing_is_valid(void **state)
{
    (void)state;
    assert_int_equal(ss_utf8_valid_len(ss_slice_of(NULL, 0)), 0);
    assert_true(ss_utf8_valid(ss_slice_of(NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_but_surrogates_is_valid),
        cmocka_unit_test(every_border_of_every_byte_is_where_the_rfc_has_it),
        cmocka_unit_test(random_text_with_one_byte_changed_is_judged_as_the_reference_does),
        cmocka_unit_test(a_sequence_cut_off_by_the_end_is_not_valid_and_nothing_behind_it_is_read),
        cmocka_unit_test(nothing_is_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
