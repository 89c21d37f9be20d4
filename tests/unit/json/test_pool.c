/* The memory that yajl works in. */
#include "json/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* AddressSanitizer would otherwise abort where malloc returns NULL. */
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void pieces_are_aligned_apart_and_keep_their_bytes_as_they_grow(void **state)
{
    (void)state;
    struct ss_json_pool p;
    ss_json_pool_init(&p);
    assert_int_equal(ss_json_pool_reset(&p, 4096), SS_OK);
    unsigned char *piece[3] = {NULL};
    /* past the block's end too: what does not fit is spilled */
    for (size_t size = 1; size < 5000; size = size * 2 + 1) {
        for (int i = 0; i < 3; i++) {
            piece[i] = p.functions.realloc(p.functions.ctx, piece[i], size);
            assert_int_equal((uintptr_t)piece[i] % 16, 0);
            memset(piece[i] + size / 2, 'a' + i, size - size / 2);
        }
    }
    for (int i = 0; i < 3; i++)
        for (size_t k = 0; k < 4095; k++)
            assert_int_equal(piece[i][k], 'a' + i);
    p.functions.free(p.functions.ctx, piece[0]);
    ss_json_pool_dispose(&p);
}

static void the_last_piece_grows_in_place(void **state)
{
    (void)state;
    struct ss_json_pool p;
    ss_json_pool_init(&p);
    assert_int_equal(ss_json_pool_reset(&p, 4096), SS_OK);
    p.functions.malloc(p.functions.ctx, 100);
    void *last = p.functions.malloc(p.functions.ctx, 10);
    assert_ptr_equal(p.functions.realloc(p.functions.ctx, last, 3000), last);
    assert_ptr_equal(p.functions.realloc(p.functions.ctx, last, 20), last);
    assert_int_equal(p.spill.held, 0);
    ss_json_pool_dispose(&p);
}

static void a_warm_pool_serves_from_the_same_block(void **state)
{
    (void)state;
    struct ss_json_pool p;
    ss_json_pool_init(&p);
    assert_int_equal(ss_json_pool_reset(&p, 4096), SS_OK);
    void *first = p.functions.malloc(p.functions.ctx, 4000);
    for (size_t size = 0; size <= 4096; size += 512) {
        assert_int_equal(ss_json_pool_reset(&p, size), SS_OK);
        assert_ptr_equal(p.functions.malloc(p.functions.ctx, 4000), first);
        ss_json_pool_trim(&p);
    }
    ss_json_pool_dispose(&p);
}

static void exceptional_sizes_are_given_back_and_impossible_ones_reported(void **state)
{
    (void)state;
    struct ss_json_pool p;
    ss_json_pool_init(&p);
    assert_int_equal(ss_json_pool_reset(&p, 100 << 20), SS_OK);
    ss_json_pool_trim(&p);
    assert_null(p.block);
    assert_int_equal(p.size, 0);
    assert_int_equal(ss_json_pool_reset(&p, SIZE_MAX / 4), SS_ERR_MEMORY);
    assert_int_equal(ss_json_pool_reset(&p, 64), SS_OK);
    assert_non_null(p.functions.malloc(p.functions.ctx, 1000));
    ss_json_pool_dispose(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_apart_and_keep_their_bytes_as_they_grow),
        cmocka_unit_test(the_last_piece_grows_in_place),
        cmocka_unit_test(a_warm_pool_serves_from_the_same_block),
        cmocka_unit_test(exceptional_sizes_are_given_back_and_impossible_ones_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
