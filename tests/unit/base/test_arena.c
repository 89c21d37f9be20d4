#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void every_allocation_is_aligned_and_apart_from_the_others(void **state)
{
    (void)state;
    enum { N = 300 };
    struct ss_arena a;
    unsigned char *piece[N];
    ss_arena_init(&a, 0);
    for (size_t i = 0; i < N; i++) {
        size_t size = i * 37 % 3000;
        piece[i] = ss_arena_alloc(&a, size);
        assert_int_equal((uintptr_t)piece[i] % 16, 0);
        memset(piece[i], (int)(i & 0xff), size);
    }
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < i * 37 % 3000; k++)
            assert_int_equal(piece[i][k], i & 0xff);
    ss_arena_dispose(&a);
}

static void zalloc_gives_zeros_also_from_used_memory(void **state)
{
    (void)state;
    struct ss_arena a;
    ss_arena_init(&a, 0);
    memset(ss_arena_alloc(&a, 1000), 0xff, 1000);
    ss_arena_reset(&a);
    char *p = ss_arena_zalloc(&a, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(p[i], 0);
    ss_arena_dispose(&a);
}

static void reset_keeps_no_more_than_one_ordinary_chunk_and_uses_it_again(void **state)
{
    (void)state;
    struct ss_arena a;
    ss_arena_init(&a, 0);
    ss_arena_alloc(&a, 100000);
    for (int i = 0; i < 100; i++)
        ss_arena_alloc(&a, 1000);
    ss_arena_reset(&a);
    size_t kept = a.held;
    assert_true(kept > 0 && kept <= 4096);
    void *first = ss_arena_alloc(&a, 64);
    assert_int_equal(a.held, kept);
    ss_arena_reset(&a);
    assert_ptr_equal(ss_arena_alloc(&a, 64), first);
    ss_arena_dispose(&a);
    assert_int_equal(a.held, 0);
}

static void the_cap_ends_try_but_not_alloc(void **state)
{
    (void)state;
    struct ss_arena a;
    ss_arena_init(&a, 10000);
    size_t given = 0;
    while (ss_arena_try(&a, 100))
        given += 100;
    assert_true(given >= 4000 && given <= 10000);
    assert_true(a.held <= 10000);
    assert_null(ss_arena_try(&a, 20000));
    assert_null(ss_arena_try(&a, SIZE_MAX));
    assert_null(ss_arena_try(&a, SIZE_MAX / 2));
    assert_non_null(ss_arena_alloc(&a, 20000));
    ss_arena_dispose(&a);
    ss_arena_init(&a, 10000);
    assert_non_null(ss_arena_try(&a, 9000));
    ss_arena_dispose(&a);
}

static void a_large_allocation_leaves_the_free_part_of_the_chunk_in_use(void **state)
{
    (void)state;
    struct ss_arena a;
    ss_arena_init(&a, 0);
    char *before = ss_arena_alloc(&a, 16);
    ss_arena_alloc(&a, 100000);
    assert_ptr_equal(ss_arena_alloc(&a, 16), before + 16);
    ss_arena_dispose(&a);
}

static void copies_and_prints_end_in_a_nul_that_is_not_counted(void **state)
{
    (void)state;
    struct ss_arena a;
    ss_arena_init(&a, 0);
    struct ss_slice s = ss_arena_copy(&a, ss_slice_of("a\0b", 3));
    assert_int_equal(s.len, 3);
    assert_memory_equal(s.ptr, "a\0b", 4);
    s = ss_arena_copy(&a, ss_slice_of(NULL, 0));
    assert_int_equal(s.len, 0);
    assert_string_equal(s.ptr, "");
    s = ss_arena_printf(&a, "%s-%d", "x", 42);
    assert_int_equal(s.len, 4);
    assert_string_equal(s.ptr, "x-42");
    s = ss_arena_printf(&a, "%5000d", 1);
    assert_int_equal(s.len, 5000);
    assert_int_equal(strlen(s.ptr), 5000);
    ss_arena_dispose(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_is_aligned_and_apart_from_the_others),
        cmocka_unit_test(zalloc_gives_zeros_also_from_used_memory),
        cmocka_unit_test(reset_keeps_no_more_than_one_ordinary_chunk_and_uses_it_again),
        cmocka_unit_test(the_cap_ends_try_but_not_alloc),
        cmocka_unit_test(a_large_allocation_leaves_the_free_part_of_the_chunk_in_use),
        cmocka_unit_test(copies_and_prints_end_in_a_nul_that_is_not_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
