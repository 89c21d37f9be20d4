/* JSON strings out: RFC 8259 §7, whatever their length and wherever in them something is to be escaped. */
#include "json/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/recorder.h"

static void assert_writes(struct ss_slice s, struct ss_slice want)
{
    struct ss_buf out;
    struct ss_slice in = exact(s);
    ss_buf_init(&out, want.len + 1); /* not a byte more is asked for */
    ss_buf_append(&out, "x", 1);
    enum ss_err err = ss_json_write_string(&out, in);
    if (err != SS_OK || !ss_slice_eq(ss_slice_skip(ss_buf_slice(&out), 1), want))
        fail_msg("%.*s came out as %.*s", SS_FMT(s), SS_FMT(ss_buf_slice(&out)));
    ss_buf_dispose(&out);
    free((void *)(uintptr_t)in.ptr);
}

static void strings_are_quoted_and_escaped_as_shortly_as_json_can(void **state)
{
    (void)state;
    assert_writes(ss_slice_of(NULL, 0), SS_LIT("\"\""));
    assert_writes(SS_LIT("a"), SS_LIT("\"a\""));
    assert_writes(SS_LIT("\"\\/\b\f\n\r\t"), SS_LIT("\"\\\"\\\\/\\b\\f\\n\\r\\t\""));
    assert_writes(ss_slice_of("\0\x01\x0b\x1f", 4), SS_LIT("\"\\u0000\\u0001\\u000b\\u001f\""));
    assert_writes(SS_LIT("\x7f<>&'\xe2\x80\xa8\xe2\x80\xa9"), SS_LIT("\"\x7f<>&'\xe2\x80\xa8\xe2\x80\xa9\""));
    assert_writes(SS_LIT("\xc3\xa9\n\xf0\x9f\x98\x80\""), SS_LIT("\"\xc3\xa9\\n\xf0\x9f\x98\x80\\\"\""));
}

/* RFC 8259 §7, a byte at a time. */
static size_t reference(char *out, const char *s, size_t len)
{
    size_t n = 0;
    out[n++] = '"';
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        const char *letter = c ? strchr("\"\"\\\\b\bf\fn\nr\rt\t", c) : NULL;
        if (c == '"' || c == '\\' || (c < 0x20 && letter)) {
            out[n++] = '\\';
            out[n++] = c < 0x20 ? letter[-1] : (char)c;
        } else if (c < 0x20) {
            n += (size_t)snprintf(out + n, 7, "\\u%04x", c);
        } else {
            out[n++] = (char)c;
        }
    }
    out[n++] = '"';
    return n;
}

static void every_ascii_byte_at_every_place_of_every_length_comes_out_right(void **state)
{
    (void)state;
    enum { MAX = 70 };
    char text[MAX], want[MAX * 6 + 2];
    for (size_t len = 1; len <= MAX; len += len < 20 ? 1 : 7) {
        for (size_t place = 0; place < len; place++) {
            for (int c = 0; c < 0x80; c++) {
                memset(text, 'k', len);
                text[place] = (char)c;
                text[len / 2] = (char)(place & 1 ? '"' : text[len / 2]);
                assert_writes(ss_slice_of(text, len), ss_slice_of(want, reference(want, text, len)));
            }
        }
    }
}

static void escapes_and_other_scripts_mix(void **state)
{
    (void)state;
    static const char *const pieces[] = {"\n",
                                         "\"",
                                         "\\",
                                         "\x01",
                                         "a",
                                         "abcdefghijklmnopqrstuvwxyz",
                                         "\xc3\xa9",
                                         "\xe6\xbc\xa2\xe5\xad\x97",
                                         "\xf0\x9f\x98\x80",
                                         " "};
    uint64_t seed = 7;
    for (int round = 0; round < 3000; round++) {
        char text[600], want[3602];
        size_t n = 0;
        for (int k = round % 20; k > 0; k--) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            const char *piece = pieces[(seed >> 33) % (sizeof pieces / sizeof pieces[0])];
            memcpy(text + n, piece, strlen(piece));
            n += strlen(piece);
        }
        assert_writes(ss_slice_of(text, n), ss_slice_of(want, reference(want, text, n)));
    }
}

static void what_is_not_utf8_is_refused_and_nothing_is_written(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x80",     "\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xe6\xbc", "\xc3"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (size_t before = 0; before < 100; before++) {
            char text[110];
            struct ss_buf out;
            size_t n = strlen(bad[i]);
            memset(text, before % 3 ? 'x' : '\n', before);
            memcpy(text + before, bad[i], n);
            struct ss_slice in = exact(ss_slice_of(text, before + n));
            ss_buf_init(&out, 10000);
            ss_buf_append(&out, "kept", 4);
            assert_int_equal(ss_json_write_string(&out, in), SS_ERR_INVALID);
            assert_true(ss_slice_eq(ss_buf_slice(&out), SS_LIT("kept")));
            ss_buf_dispose(&out);
            free((void *)(uintptr_t)in.ptr);
        }
    }
}

static void the_buffers_cap_is_reported_and_nothing_is_left_half_written(void **state)
{
    (void)state;
    static const char *const texts[] = {"plain text", "line\nline\nline\n", "\x01\x02\x03",
                                        "\xc3\xa9\xc3\xa9\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char want[100];
        struct ss_slice in = ss_slice_str(texts[i]);
        size_t whole = reference(want, in.ptr, in.len);
        for (size_t cap = 1; cap <= whole; cap++) {
            struct ss_buf out;
            ss_buf_init(&out, cap);
            enum ss_err err = ss_json_write_string(&out, in);
            assert_int_equal(err, cap < whole ? SS_ERR_LIMIT : SS_OK);
            assert_int_equal(out.len, cap < whole ? 0 : whole);
            ss_buf_dispose(&out);
        }
    }
}

static void base64_is_quoted_and_padded(void **state)
{
    (void)state;
    struct ss_buf out;
    ss_buf_init(&out, 26);
    assert_int_equal(ss_json_write_base64(&out, ss_slice_of(NULL, 0)), SS_OK);
    assert_int_equal(ss_json_write_base64(&out, SS_LIT("f")), SS_OK);
    assert_int_equal(ss_json_write_base64(&out, SS_LIT("\xfb\xff\xbf")), SS_OK);
    assert_int_equal(ss_json_write_base64(&out, SS_LIT("fooba")), SS_OK);
    assert_true(ss_slice_eq(ss_buf_slice(&out), SS_LIT("\"\"\"Zg==\"\"+/+/\"\"Zm9vYmE=\"")));
    assert_int_equal(ss_json_write_base64(&out, SS_LIT("f")), SS_ERR_LIMIT);
    assert_int_equal(out.len, 24);
    ss_buf_dispose(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_quoted_and_escaped_as_shortly_as_json_can),
        cmocka_unit_test(every_ascii_byte_at_every_place_of_every_length_comes_out_right),
        cmocka_unit_test(escapes_and_other_scripts_mix),
        cmocka_unit_test(what_is_not_utf8_is_refused_and_nothing_is_written),
        cmocka_unit_test(the_buffers_cap_is_reported_and_nothing_is_left_half_written),
        cmocka_unit_test(base64_is_quoted_and_padded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
