#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_is_appended_is_there_in_order(void **state)
{
    (void)state;
    struct ss_buf b;
    ss_buf_init(&b, 1 << 20);
    assert_null(b.ptr);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(ss_buf_append(&b, "abc", 3), SS_OK);
        assert_int_equal(ss_buf_append_slice(&b, SS_LIT("de")), SS_OK);
    }
    assert_int_equal(b.len, 25000);
    for (size_t i = 0; i < b.len; i++)
        assert_int_equal(b.ptr[i], "abcde"[i % 5]);
    assert_int_equal(ss_buf_append(&b, NULL, 0), SS_OK);
    assert_int_equal(ss_buf_slice(&b).len, 25000);
    ss_buf_dispose(&b);
    assert_int_equal(b.len, 0);
    assert_int_equal(ss_buf_append(&b, "again", 5), SS_OK);
    ss_buf_dispose(&b);
}

static void the_cap_can_be_reached_but_not_passed(void **state)
{
    (void)state;
    static const char block[300];
    static const size_t caps[] = {1, 10, 255, 256, 257, 300};
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        struct ss_buf b;
        ss_buf_init(&b, caps[i]);
        assert_int_equal(ss_buf_append(&b, block, caps[i]), SS_OK);
        assert_int_equal(ss_buf_append(&b, block, 1), SS_ERR_LIMIT);
        assert_int_equal(ss_buf_reserve(&b, SIZE_MAX), SS_ERR_LIMIT);
        assert_int_equal(b.len, caps[i]);
        assert_true(b.cap <= caps[i]);
        ss_buf_dispose(&b);
        assert_int_equal(ss_buf_append(&b, block, caps[i] + 1), SS_ERR_LIMIT);
        ss_buf_dispose(&b);
    }
}

static void reserve_makes_room_without_using_it(void **state)
{
    (void)state;
    struct ss_buf b;
    ss_buf_init(&b, 1 << 20);
    ss_buf_append(&b, "x", 1);
    assert_int_equal(ss_buf_reserve(&b, 10000), SS_OK);
    assert_int_equal(b.len, 1);
    assert_true(b.cap - b.len >= 10000);
    memset(b.ptr + b.len, 'y', 10000);
    assert_int_equal(b.ptr[0], 'x');
    ss_buf_dispose(&b);
}

static void clear_keeps_small_memory_and_gives_large_back(void **state)
{
    (void)state;
    struct ss_buf b;
    ss_buf_init(&b, 1 << 20);
    ss_buf_reserve(&b, 5000);
    b.len = 5000;
    char *before = b.ptr;
    ss_buf_clear(&b, b.cap);
    assert_int_equal(b.len, 0);
    assert_ptr_equal(b.ptr, before);
    ss_buf_clear(&b, b.cap - 1);
    assert_null(b.ptr);
    assert_int_equal(b.max, 1 << 20);
    ss_buf_dispose(&b);
}

static void drop_moves_the_rest_to_the_front(void **state)
{
    (void)state;
    struct ss_buf b;
    ss_buf_init(&b, 100);
    ss_buf_drop(&b, 0);
    ss_buf_append(&b, "abcdef", 6);
    ss_buf_drop(&b, 2);
    assert_true(ss_slice_eq(ss_buf_slice(&b), SS_LIT("cdef")));
    ss_buf_drop(&b, 0);
    ss_buf_drop(&b, 4);
    assert_int_equal(b.len, 0);
    ss_buf_dispose(&b);
}

static void printf_appends_and_heeds_the_cap(void **state)
{
    (void)state;
    struct ss_buf b;
    ss_buf_init(&b, 400);
    assert_int_equal(ss_buf_printf(&b, "%s=%d;", "a", 1), SS_OK);
    assert_int_equal(ss_buf_printf(&b, "%300d", 2), SS_OK);
    assert_int_equal(b.len, 304);
    assert_memory_equal(b.ptr, "a=1;  ", 6);
    assert_int_equal(ss_buf_printf(&b, "%300d", 2), SS_ERR_LIMIT);
    assert_int_equal(b.len, 304);
    ss_buf_dispose(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_appended_is_there_in_order),
        cmocka_unit_test(the_cap_can_be_reached_but_not_passed),
        cmocka_unit_test(reserve_makes_room_without_using_it),
        cmocka_unit_test(clear_keeps_small_memory_and_gives_large_back),
        cmocka_unit_test(drop_moves_the_rest_to_the_front),
        cmocka_unit_test(printf_appends_and_heeds_the_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
