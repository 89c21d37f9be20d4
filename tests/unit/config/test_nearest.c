/* Which word is meant by a misspelt one. */
#include "config/nearest.h"

#include "config/support.h"

static struct ss_slice nearest(const char *word, const char *const *candidates)
{
    struct ss_nearest n;
    ss_nearest_init(&n, ss_slice_str(word));
    for (; *candidates; candidates++)
        ss_nearest_offer(&n, ss_slice_str(*candidates));
    return n.best;
}

static void check(const char *word, const char *expected)
{
    static const char *const keys[] = {"address", "tls", "timeout", "idle_timeout",
                                       "get",     "put", "body",    NULL};
    struct ss_slice found = nearest(word, keys);
    if (!ss_slice_eq(found, ss_slice_str(expected)))
        fail_msg("\"%s\": expected \"%s\", found \"%.*s\"", word, expected, SS_FMT(found));
}

static void a_missing_letter_a_wrong_one_and_swapped_ones_are_seen(void **state)
{
    (void)state;
    check("adress", "address");
    check("addresss", "address");
    check("addrass", "address");
    check("addrses", "address");
    check("tmieout", "timeout");
    check("tsl", "tls");
    check("gte", "get");
}

static void letters_case_does_not_count(void **state)
{
    (void)state;
    check("Address", "address");
    check("TIMEOUT", "timeout");
}

static void what_is_far_from_everything_has_no_nearest(void **state)
{
    (void)state;
    check("listener", "");
    check("xyz", "");
    check("", "");
    check("b", "");
}

static void the_nearest_of_several_wins(void **state)
{
    (void)state;
    check("idle_timeot", "idle_timeout");
    check("timeouts", "timeout");
}

static void words_of_any_length_are_safe(void **state)
{
    (void)state;
    char *word = ss_xmalloc(1001);
    memset(word, 'a', 1000);
    word[1000] = '\0';
    for (size_t len = 190; len <= 1000; len += 1 + len / 50) {
        struct ss_nearest n;
        ss_nearest_init(&n, ss_slice_of(word, len));
        ss_nearest_offer(&n, ss_slice_of(word, len - 1));
        assert_true(n.best.len == (len <= 200 ? len - 1 : 0));
    }
    ss_free(word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_letter_a_wrong_one_and_swapped_ones_are_seen),
        cmocka_unit_test(letters_case_does_not_count),
        cmocka_unit_test(what_is_far_from_everything_has_no_nearest),
        cmocka_unit_test(the_nearest_of_several_wins),
        cmocka_unit_test(words_of_any_length_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
