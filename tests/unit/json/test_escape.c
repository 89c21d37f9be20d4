/* Escapes hidden from yajl and decoded afterwards. Strings are put together from pieces whose meaning is
 * known, in blocks of exactly their size, so that reading or writing beyond an end is seen. */
#include "json/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct piece {
    struct ss_slice text, meaning;
};

#define PIECE(text, meaning)                                                                                 \
    {                                                                                                        \
        SS_LIT(text), SS_LIT(meaning)                                                                        \
    }

static const struct piece pieces[] = {
    PIECE("a", "a"),
    PIECE("seven b", "seven b"),
    PIECE("sixteen letters!", "sixteen letters!"),
    PIECE("caf\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x98\x80"),
    PIECE("\\n", "\n"),
    PIECE("\\\"", "\""),
    PIECE("\\\\", "\\"),
    PIECE("\\/", "/"),
    PIECE("\\b\\f\\r\\t", "\b\f\r\t"),
    PIECE("\\u0000", "\0"),
    PIECE("\\u0041", "A"),
    PIECE("\\u00e9", "\xc3\xa9"),
    PIECE("\\u6F22", "\xe6\xbc\xa2"),
    PIECE("\\uffff", "\xef\xbf\xbf"),
    PIECE("\\ud83d\\ude00", "\xf0\x9f\x98\x80"),
    PIECE("\\uDBFF\\uDFFF", "\xf4\x8f\xbf\xbf"),
};
enum { N_PIECES = sizeof pieces / sizeof *pieces };

static void assert_decodes(struct ss_slice text, struct ss_slice meaning)
{
    struct ss_buf hidden;
    ss_buf_init(&hidden, text.len + 1);
    char *exact = malloc(text.len);
    assert_non_null(exact);
    memcpy(exact, text.ptr, text.len);
    assert_int_equal(ss_json_hide_escapes(&hidden, ss_slice_of(exact, text.len)), SS_OK);
    assert_int_equal(hidden.len, text.len);
    assert_null(memchr(hidden.ptr, '\\', text.len));
    assert_null(memchr(hidden.ptr, '"', text.len));
    memcpy(exact, hidden.ptr, text.len);
    size_t n = 0;
    assert_true(ss_json_decode_escapes(exact, text.len, &n));
    assert_int_equal(n, meaning.len);
    assert_memory_equal(exact, meaning.ptr, n);
    free(exact);
    ss_buf_dispose(&hidden);
}

static void any_row_of_pieces_means_what_its_pieces_mean(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252u;
    for (unsigned round = 0; round < 20000; round++) {
        char text[256], meaning[256];
        size_t n = 0, m = 0;
        for (unsigned k = round % 8 + 1; k > 0; k--) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            const struct piece *p = &pieces[random % N_PIECES];
            memcpy(text + n, p->text.ptr, p->text.len);
            memcpy(meaning + m, p->meaning.ptr, p->meaning.len);
            n += p->text.len;
            m += p->meaning.len;
        }
        assert_decodes(ss_slice_of(text, n), ss_slice_of(meaning, m));
    }
}

static bool decodes(struct ss_slice text)
{
    struct ss_buf hidden;
    ss_buf_init(&hidden, text.len + 1);
    assert_int_equal(ss_json_hide_escapes(&hidden, text), SS_OK);
    char *exact = malloc(text.len);
    assert_non_null(exact);
    memcpy(exact, hidden.ptr, text.len);
    size_t n;
    bool ok = ss_json_decode_escapes(exact, text.len, &n);
    free(exact);
    ss_buf_dispose(&hidden);
    return ok;
}

static void every_other_escape_is_refused(void **state)
{
    (void)state;
    for (int c = 0; c < 0x80; c++) {
        const char text[] = {'x', '\\', (char)c, 'y'};
        assert_int_equal(decodes(ss_slice_of(text, sizeof text)),
                         c != 0 && c != 'u' && strchr("\"\\/bfnrt", c));
    }
    static const char *const wrong[] = {
        "\\",      "ab\\",     "\\u",     "\\u1",           "\\u123",     "\\u123g",       "\\u 123",
        "\\ud800", "\\ud800x", "\\udc00", "\\ud800\\u0041", "\\ud800\\n", "\\ud83d\\ude0", "\\\xc3\xa9"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (decodes(ss_slice_str(wrong[i])))
            fail_msg("%s was taken", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_row_of_pieces_means_what_its_pieces_mean),
        cmocka_unit_test(every_other_escape_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
