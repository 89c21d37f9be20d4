#include "http/connection.h"

#include "http/support.h"

static struct ss_arena arena;

/* Whether Connection: list names the header called name, among others. */
static bool named(const char *name, const char *list)
{
    struct ss_header headers[] = {
        {.name = SS_LIT("host")}, {.name = ss_slice_str(name)}, {.name = SS_LIT("x-z")}};
    const bool *flags = ss_connection_named(headers, 3, ss_slice_str(list), &arena);
    assert_true(flags == NULL || !flags[0]);
    return flags && flags[1];
}

static void a_token_names_the_header_whatever_its_case_and_place(void **state)
{
    (void)state;
    assert_true(named("x-a", "x-a"));
    assert_true(named("x-a", "close, X-A ,y"));
    assert_true(named("authorization", "Authorization"));
    assert_true(named("x-a", "\"close, x-a"));
    assert_true(named("close", "close"));
    assert_false(named("x-a", "x-ab, x, keep-alive, x-"));
    assert_false(named("x-a", ""));
    assert_false(named("x-a", ",, ,"));
    ss_arena_dispose(&arena);
}

static void nothing_is_allocated_for_what_nearly_every_connection_says(void **state)
{
    (void)state;
    assert_false(named("x-a", "keep-alive, Upgrade, TE"));
    assert_int_equal(arena.held, 0);
}

static void each_of_several_headers_of_a_name_is_named(void **state)
{
    struct ss_header headers[50];
    (void)state;
    for (size_t i = 0; i < 50; i++)
        headers[i] = (struct ss_header){.name = i % 2 ? SS_LIT("x-a") : SS_LIT("x-b")};
    const bool *flags = ss_connection_named(headers, 50, SS_LIT("x-a"), &arena);
    for (size_t i = 0; i < 50; i++)
        assert_int_equal(flags[i], i % 2);
    ss_arena_dispose(&arena);
}

/* What a list of n tokens costs beside m headers: both long, and the cost is that of a look-up for each
 * token. */
static void memory_is_that_of_the_headers_however_long_the_list(void **state)
{
    enum { HEADERS = 100, TOKENS = 20000 };
    struct ss_header headers[HEADERS];
    char *list = malloc(2 * TOKENS);
    (void)state;
    for (size_t i = 0; i < HEADERS; i++)
        headers[i] = (struct ss_header){.name = SS_LIT("x-a")};
    for (size_t i = 0; i < TOKENS; i++)
        memcpy(list + 2 * i, "y,", 2);
    assert_null(ss_connection_named(headers, HEADERS, ss_slice_of(list, 2 * TOKENS), &arena));
    assert_true(arena.held < 64 * HEADERS);
    ss_arena_dispose(&arena);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_names_the_header_whatever_its_case_and_place),
        cmocka_unit_test(nothing_is_allocated_for_what_nearly_every_connection_says),
        cmocka_unit_test(each_of_several_headers_of_a_name_is_named),
        cmocka_unit_test(memory_is_that_of_the_headers_however_long_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
