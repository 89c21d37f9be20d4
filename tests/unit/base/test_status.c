#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_note_has_none_of_the_values_of_its_message(void **state)
{
    (void)state;
    struct ss_arena a;
    struct ss_status st;
    char note[80];
    struct ss_slice secret = SS_LIT("s3cret");
    ss_arena_init(&a, 0);

    ss_status_set(&st, &a, SS_ERR_INVALID, "no field \"%.*s\" in %s%s (%5u%%)", SS_FMT(secret), "s3", "cret",
                  7u);
    ss_status_note(&st, note, sizeof note);
    assert_string_equal(note, "no field \"…\" in … (…%)");

    ss_status_set(&st, &a, SS_ERR_INVALID, "%s", "s3cret");
    ss_status_note(&st, note, sizeof note);
    assert_string_equal(note, ss_err_text(SS_ERR_INVALID));

    ss_status_set(&st, &a, SS_ERR_INVALID, "%.*s; line %u", SS_FMT(secret), 7u);
    ss_status_note(&st, note, sizeof note);
    assert_string_equal(note, ss_err_text(SS_ERR_INVALID));

    ss_status_say(&st, &a, SS_ERR_UNAVAILABLE, "a text of ours");
    ss_status_note(&st, note, sizeof note);
    assert_string_equal(note, "a text of ours");

    st = (struct ss_status){0};
    ss_status_violation(&st, &a, secret, "expected %s, found %.*s", "int32", SS_FMT(secret));
    ss_status_note(&st, note, sizeof note);
    assert_string_equal(note, "expected …, found …");

    st = (struct ss_status){.code = 5, .message = secret}; /* the service's */
    ss_status_note(&st, note, sizeof note);
    assert_string_equal(note, "");

    ss_status_say(&st, &a, SS_ERR_INVALID, "it does not all fit here");
    ss_status_note(&st, note, 8);
    assert_true(strlen(note) < 8 && strncmp(note, "it do", strlen(note)) == 0);
    ss_arena_dispose(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_note_has_none_of_the_values_of_its_message)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
