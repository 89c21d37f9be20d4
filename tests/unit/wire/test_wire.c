/* Varints, tags, readers and writers against the encoding guide's own examples and every truncation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "wire/reader.h"
#include "wire/writer.h"

static const struct {
    uint64_t v;
    struct ss_slice bytes;
} VARINTS[] = {
    {0, {"\x00", 1}},
    {1, {"\x01", 1}},
    {127, {"\x7f", 1}},
    {128, {"\x80\x01", 2}},
    {150, {"\x96\x01", 2}},
    {300, {"\xac\x02", 2}},
    {16383, {"\xff\x7f", 2}},
    {16384, {"\x80\x80\x01", 3}},
    {UINT32_MAX, {"\xff\xff\xff\xff\x0f", 5}},
    {UINT64_C(1) << 63, {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10}},
    {UINT64_MAX, {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10}},
};

/* A copy that ends where its heap block ends, so that a read past it is seen. */
static char *exact(struct ss_slice s)
{
    char *p = ss_xmalloc(s.len ? s.len : 1);
    if (s.len)
        memcpy(p, s.ptr, s.len);
    return p;
}

static void varints_encode_and_decode_as_the_guide_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof VARINTS / sizeof *VARINTS; i++) {
        char out[SS_VARINT_MAX];
        size_t n = (size_t)(ss_varint_put(out, VARINTS[i].v) - out);
        assert_int_equal(n, VARINTS[i].bytes.len);
        assert_int_equal(ss_varint_len(VARINTS[i].v), n);
        assert_memory_equal(out, VARINTS[i].bytes.ptr, n);
        for (size_t cut = 0; cut <= n; cut++) {
            char *p = exact(ss_slice_of(VARINTS[i].bytes.ptr, cut));
            uint64_t v = 42;
            const char *end = ss_varint_get(p, p + cut, &v);
            if (cut < n) {
                assert_null(end);
            } else {
                assert_ptr_equal(end, p + cut);
                assert_true(v == VARINTS[i].v);
            }
            ss_free(p);
        }
    }
}

static void varint_len_is_right_at_every_power_of_two(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        char out[SS_VARINT_MAX];
        uint64_t v = UINT64_C(1) << bit;
        assert_int_equal(ss_varint_len(v), ss_varint_put(out, v) - out);
        assert_int_equal(ss_varint_len(v - 1), ss_varint_put(out, v - 1) - out);
    }
}

static void a_varint_of_eleven_bytes_is_malformed(void **state)
{
    (void)state;
    const char *bytes = "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01";
    uint64_t v;
    assert_null(ss_varint_get(bytes, bytes + 11, &v));
}

static void bits_above_the_64th_are_dropped(void **state)
{
    (void)state;
    const char *bytes = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f";
    uint64_t v;
    assert_ptr_equal(ss_varint_get(bytes, bytes + 10, &v), bytes + 10);
    assert_true(v == UINT64_MAX);
}

static void zigzag_maps_small_magnitudes_to_small_numbers(void **state)
{
    (void)state;
    assert_true(ss_zigzag_encode(0) == 0);
    assert_true(ss_zigzag_encode(-1) == 1);
    assert_true(ss_zigzag_encode(1) == 2);
    assert_true(ss_zigzag_encode(0x7fffffff) == 0xfffffffe);
    assert_true(ss_zigzag_encode(INT64_MIN) == UINT64_MAX);
    for (int64_t v = -300; v < 300; v++)
        assert_true(ss_zigzag_decode(ss_zigzag_encode(v)) == v);
    assert_true(ss_zigzag_decode(ss_zigzag_encode(INT64_MIN)) == INT64_MIN);
    assert_true(ss_zigzag_decode(ss_zigzag_encode(INT64_MAX)) == INT64_MAX);
}

static void fixed_values_are_little_endian(void **state)
{
    (void)state;
    char out[8];
    ss_fixed32_put(out, 0x01020304);
    assert_memory_equal(out, "\x04\x03\x02\x01", 4);
    assert_int_equal(ss_fixed32_get(out), 0x01020304);
    ss_fixed64_put(out, UINT64_C(0x0102030405060708));
    assert_memory_equal(out, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
    assert_true(ss_fixed64_get(out) == UINT64_C(0x0102030405060708));
}

static bool tag_ok(struct ss_slice s, uint32_t *tag)
{
    char *p = exact(s);
    const char *end = ss_wire_get_tag(p, p + s.len, tag);
    bool whole = end == p + s.len;
    ss_free(p);
    return whole;
}

static void tags_have_a_number_and_at_most_five_bytes(void **state)
{
    (void)state;
    uint32_t tag;
    assert_true(tag_ok(SS_LIT("\x08"), &tag));
    assert_int_equal(tag, ss_tag(1, SS_WIRE_VARINT));
    assert_true(tag_ok(SS_LIT("\x82\x01"), &tag));
    assert_int_equal(tag, ss_tag(16, SS_WIRE_BYTES));
    assert_true(tag_ok(SS_LIT("\xfd\xff\xff\xff\x0f"), &tag));
    assert_int_equal(tag, ss_tag(SS_FIELD_MAX, SS_WIRE_FIXED32));
    assert_true(tag_ok(SS_LIT("\x88\x00"), &tag)); /* longer than it need be is allowed */
    assert_int_equal(tag, 8);
    assert_false(tag_ok(SS_LIT(""), &tag));
    assert_false(tag_ok(SS_LIT("\x00"), &tag));
    assert_false(tag_ok(SS_LIT("\x07"), &tag));
    assert_false(tag_ok(SS_LIT("\x80\x00"), &tag));
    assert_false(tag_ok(SS_LIT("\x80"), &tag));
    assert_false(tag_ok(SS_LIT("\xff\xff\xff\xff\x1f"), &tag));
    assert_false(tag_ok(SS_LIT("\x88\x80\x80\x80\x80\x00"), &tag));
}

/* A whole field with its tag, skipped: true only when all of it is one well-formed field. */
static bool skip_ok(struct ss_slice s, unsigned depth)
{
    char *p = exact(s);
    uint32_t tag;
    const char *at = ss_wire_get_tag(p, p + s.len, &tag);
    at = at ? ss_wire_skip(at, p + s.len, tag, depth) : NULL;
    bool whole = at == p + s.len;
    ss_free(p);
    return whole;
}

static void every_wire_type_is_skipped_and_no_cut_of_it(void **state)
{
    (void)state;
    const struct ss_slice fields[] = {
        SS_LIT("\x08\x96\x01"),
        SS_LIT("\x09\x01\x02\x03\x04\x05\x06\x07\x08"),
        SS_LIT("\x12\x03"
               "abc"),
        SS_LIT("\x15\x01\x02\x03\x04"),
        SS_LIT("\x0b\x10\x01\x13\x18\x02\x14\x0c"),
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        assert_true(skip_ok(fields[i], SS_WIRE_MAX_DEPTH));
        for (size_t cut = 0; cut < fields[i].len; cut++)
            assert_false(skip_ok(ss_slice_of(fields[i].ptr, cut), SS_WIRE_MAX_DEPTH));
    }
}

static void malformed_values_are_not_skipped(void **state)
{
    (void)state;
    assert_false(skip_ok(SS_LIT("\x0c"), 100));     /* an end without a start */
    assert_false(skip_ok(SS_LIT("\x0b\x14"), 100)); /* the end of another group */
    assert_false(skip_ok(SS_LIT("\x0e\x01"), 100)); /* wire type 6 */
    assert_false(skip_ok(SS_LIT("\x0f\x01"), 100)); /* wire type 7 */
    assert_false(
        skip_ok(SS_LIT("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 100)); /* a length of 2^64-1 */
}

static void groups_nest_to_the_depth_given_and_not_deeper(void **state)
{
    (void)state;
    assert_true(skip_ok(SS_LIT("\x0b\x0b\x0c\x0c"), 2));
    assert_false(skip_ok(SS_LIT("\x0b\x0b\x0c\x0c"), 1));
    assert_false(skip_ok(SS_LIT("\x0b\x0c"), 0));
    size_t n = 200000;
    char *deep = ss_xmalloc(n);
    memset(deep, 0x0b, n);
    assert_false(skip_ok(ss_slice_of(deep, n), SS_WIRE_MAX_DEPTH));
    ss_free(deep);
}

static void a_group_body_is_what_is_between_its_tags(void **state)
{
    (void)state;
    struct ss_slice body;
    const char *in = "\x10\x05\x0c";
    assert_ptr_equal(ss_wire_get_group(in, in + 3, 1, 100, &body), in + 3);
    assert_ptr_equal(body.ptr, in);
    assert_int_equal(body.len, 2);
}

static void the_writer_writes_what_the_guide_shows(void **state)
{
    (void)state;
    struct ss_buf b;
    ss_buf_init(&b, 1000);
    assert_int_equal(ss_wire_put_uint(&b, 1, 150), SS_OK);
    assert_int_equal(ss_wire_put_bytes(&b, 2, SS_LIT("testing")), SS_OK);
    assert_int_equal(ss_wire_put_bytes(&b, 100, SS_LIT("")), SS_OK);
    struct ss_slice want = SS_LIT("\x08\x96\x01\x12\x07testing\xa2\x06\x00");
    assert_int_equal(b.len, want.len);
    assert_memory_equal(b.ptr, want.ptr, want.len);
    assert_int_equal(ss_wire_bytes_size(2, 7), 9);
    assert_int_equal(ss_wire_bytes_size(100, 0), 3);
    assert_int_equal(ss_wire_bytes_size(1, 128), 131);
    ss_buf_dispose(&b);
}

static void the_writer_stops_at_the_cap(void **state)
{
    (void)state;
    struct ss_buf b;
    ss_buf_init(&b, 8);
    assert_int_equal(ss_wire_put_bytes(&b, 1, SS_LIT("123456")), SS_OK);
    assert_int_equal(ss_wire_put_uint(&b, 1, 1), SS_ERR_LIMIT);
    assert_int_equal(b.len, 8);
    ss_buf_dispose(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(varints_encode_and_decode_as_the_guide_says),
        cmocka_unit_test(varint_len_is_right_at_every_power_of_two),
        cmocka_unit_test(a_varint_of_eleven_bytes_is_malformed),
        cmocka_unit_test(bits_above_the_64th_are_dropped),
        cmocka_unit_test(zigzag_maps_small_magnitudes_to_small_numbers),
        cmocka_unit_test(fixed_values_are_little_endian),
        cmocka_unit_test(tags_have_a_number_and_at_most_five_bytes),
        cmocka_unit_test(every_wire_type_is_skipped_and_no_cut_of_it),
        cmocka_unit_test(malformed_values_are_not_skipped),
        cmocka_unit_test(groups_nest_to_the_depth_given_and_not_deeper),
        cmocka_unit_test(a_group_body_is_what_is_between_its_tags),
        cmocka_unit_test(the_writer_writes_what_the_guide_shows),
        cmocka_unit_test(the_writer_stops_at_the_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
