/* Base64 against RFC 4648. */
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Decodes from and into blocks of exactly the sizes that the header promises to suffice. */
static enum ss_err decode(const char *text, size_t len, char *result, size_t *result_len)
{
    char *in = malloc(len ? len : 1), *out = malloc(ss_base64_decoded_max(len));
    memcpy(in, text, len);
    enum ss_err err = ss_base64_decode(out, result_len, ss_slice_of(in, len));
    if (err == SS_OK) {
        assert_true(*result_len <= ss_base64_decoded_max(len));
        memcpy(result, out, *result_len);
    }
    free(in);
    free(out);
    return err;
}

static void assert_decodes(const char *text, const char *bytes, size_t len)
{
    char out[64];
    size_t n = 99;
    if (decode(text, strlen(text), out, &n) != SS_OK)
        fail_msg("%s was refused", text);
    assert_int_equal(n, len);
    assert_memory_equal(out, bytes, len);
}

static void assert_refused(const char *text)
{
    char out[64];
    size_t n;
    if (decode(text, strlen(text), out, &n) != SS_ERR_INVALID)
        fail_msg("%s was accepted", text);
}

static const struct {
    const char *bytes, *padded, *bare;
} vectors[] = {
    /* RFC 4648 §10 */
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
};

static void the_rfcs_vectors_encode_and_decode_with_and_without_padding(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct ss_slice bytes = ss_slice_str(vectors[i].bytes);
        char out[16];
        size_t n = ss_base64_encode(out, bytes, true);
        assert_int_equal(n, ss_base64_encoded_len(bytes.len, true));
        assert_true(ss_slice_eq(ss_slice_of(out, n), ss_slice_str(vectors[i].padded)));
        n = ss_base64_encode(out, bytes, false);
        assert_int_equal(n, ss_base64_encoded_len(bytes.len, false));
        assert_true(ss_slice_eq(ss_slice_of(out, n), ss_slice_str(vectors[i].bare)));
        assert_decodes(vectors[i].padded, bytes.ptr, bytes.len);
        assert_decodes(vectors[i].bare, bytes.ptr, bytes.len);
    }
}

static void both_alphabets_are_read_even_mixed(void **state)
{
    (void)state;
    assert_decodes("+/+/", "\xfb\xff\xbf", 3);
    assert_decodes("-_-_", "\xfb\xff\xbf", 3);
    assert_decodes("+_-/", "\xfb\xff\xbf", 3);
}

static void left_over_bits_are_ignored(void **state)
{
    (void)state;
    assert_decodes("Zh==", "f", 1);
    assert_decodes("Zm9=", "fo", 2);
    assert_decodes("Zv", "f", 1);
}

static void wrong_padding_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"=",     "==",    "===",    "====",     "A",        "A===",    "Zg=",
                                      "Zm8==", "Zm9v=", "Zm9v==", "Zg==Zg==", "Zm=v",     "=Zm9",    "Zm9vY",
                                      "Z=g=",  "Zg===", "Zm8=Zg", "Zm9v====", "Zm9vZ===", "Zm9v=Z=="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_refused(bad[i]);
}

static void every_other_byte_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                    (c && strchr("+/-_", c));
        for (size_t place = 0; place < 7; place++) {
            char text[] = "QUJDREV", out[16];
            size_t n;
            text[place] = (char)c;
            assert_int_equal(decode(text, 7, out, &n), good ? SS_OK : SS_ERR_INVALID);
        }
    }
}

static void all_bytes_of_all_lengths_come_back(void **state)
{
    (void)state;
    unsigned char bytes[600];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 89 + i / 256);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        for (int pad = 0; pad < 2; pad++) {
            size_t want = ss_base64_encoded_len(len, pad), n;
            char *text = malloc(want ? want : 1), back[600];
            assert_int_equal(ss_base64_encode(text, ss_slice_of((char *)bytes, len), pad), want);
            assert_int_equal(decode(text, want, back, &n), SS_OK);
            assert_int_equal(n, len);
            assert_memory_equal(back, bytes, len);
            free(text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rfcs_vectors_encode_and_decode_with_and_without_padding),
        cmocka_unit_test(both_alphabets_are_read_even_mixed),
        cmocka_unit_test(left_over_bits_are_ignored),
        cmocka_unit_test(wrong_padding_is_refused),
        cmocka_unit_test(every_other_byte_is_refused_wherever_it_stands),
        cmocka_unit_test(all_bytes_of_all_lengths_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
