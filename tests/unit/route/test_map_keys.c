/* (reported 4) The keys of a form's maps are a client's choice: none that it can choose make the table slow.
 * Probes are counted, not time, which is why this looks into the table: the source stands here in place of
 * its object. */
#include "route/claims.c" /* NOLINT(bugprone-suspicious-include) */

#include "route/fixture.h"

enum { KEYS = 1 << 16, LETTERS = 64, BLOCK = 4, LOW = (1 << 18) - 1 };

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Blocks of four letters after which FNV-1a has the low bits that it began with: strings of such blocks all
 * collide in a table of up to 2^18 slots. Four are wanted. */
static void find_blocks(char blocks[4][BLOCK])
{
    size_t found = 0;
    for (uint32_t i = 0; i < LETTERS * LETTERS * LETTERS * LETTERS && found < 4; i++) {
        char block[BLOCK];
        uint32_t rest = i;
        for (size_t k = 0; k < BLOCK; k++, rest /= LETTERS)
            block[k] = letters[rest % LETTERS];
        if ((ss_hash(ss_slice_of(block, BLOCK)) & LOW) == (ss_hash(SS_LIT("")) & LOW))
            memcpy(blocks[found++], block, BLOCK);
    }
    assert_int_equal(found, 4);
}

/* Eight blocks of the four: 4^8 keys. */
static struct ss_slice key_at(uint32_t i, char blocks[4][BLOCK], char key[8 * BLOCK])
{
    for (size_t k = 0; k < 8; k++, i /= 4)
        memcpy(key + k * BLOCK, blocks[i % 4], BLOCK);
    return ss_slice_of(key, 8 * BLOCK);
}

/* How far from where they belong all keys lie: what looking each of them up once costs beside one probe each.
 */
static size_t displacement(const struct ss_map_keys *set)
{
    size_t sum = 0;
    for (size_t i = 0; i < set->cap; i++)
        if (set->slots[i].claim)
            sum += (i - set->slots[i].hash) & (set->cap - 1);
    return sum;
}

static void keys_that_collide_under_a_known_hash_cost_no_more_than_others(void **state)
{
    char blocks[4][BLOCK], key[8 * BLOCK];
    struct ss_claim claim = {0};
    struct ss_map_keys set = {.hash_key = &hash_key};
    struct ss_arena a;
    bool added;
    (void)state;
    ss_arena_init(&a, 0);
    find_blocks(blocks);
    for (uint32_t i = 0; i < KEYS; i++) {
        struct ss_slice k = key_at(i, blocks, key);
        assert_int_equal(ss_hash(k) & LOW, ss_hash(SS_LIT("")) & LOW);
        assert_int_equal(ss_map_keys_add(&set, &claim, k, &a, &added), SS_OK);
        assert_true(added);
    }
    assert_int_equal(set.n, KEYS);
    assert_true(displacement(&set) < 2 * KEYS); /* under FNV-1a: KEYS * KEYS / 2 */
    for (uint32_t i = 0; i < KEYS; i += 1000) {
        assert_int_equal(ss_map_keys_add(&set, &claim, key_at(i, blocks, key), &a, &added), SS_OK);
        assert_false(added);
    }
    ss_arena_dispose(&a);
}

static void another_key_gives_another_order(void **state)
{
    const struct ss_hash_key other = {{3, 4}};
    (void)state;
    assert_int_not_equal(ss_hash_keyed(&hash_key, SS_LIT("a")), ss_hash_keyed(&other, SS_LIT("a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_that_collide_under_a_known_hash_cost_no_more_than_others),
        cmocka_unit_test(another_key_gives_another_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
