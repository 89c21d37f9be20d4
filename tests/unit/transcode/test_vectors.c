/* The mapping as Google's own implementation has it: vectors.txt, which make_vectors.py wrote. */
#include "transcode/support.h"

enum { TYPE, JSON_IN, WIRE, JSON_OUT, JSON_DEFAULTS, COLUMNS };

static struct ss_slice read_vectors(void)
{
    struct ss_buf b;
    ss_buf_init(&b, 1 << 26);
    FILE *f = fopen("tests/unit/transcode/vectors.txt", "rb");
    assert_non_null(f);
    for (;;) {
        assert_int_equal(ss_buf_reserve(&b, 65536), SS_OK);
        size_t n = fread(b.ptr + b.len, 1, 65536, f);
        if (n == 0)
            break;
        b.len += n;
    }
    (void)fclose(f);
    return ss_buf_slice(&b);
}

static bool next(struct ss_slice *all, struct ss_slice columns[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        const char *end = all->len ? memchr(all->ptr, i == COLUMNS - 1 ? '\n' : '\t', all->len) : NULL;
        if (!end)
            return false;
        columns[i] = ss_slice_of(all->ptr, (size_t)(end - all->ptr));
        *all = ss_slice_skip(*all, columns[i].len + 1);
    }
    return true;
}

static int hex(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* In place. */
static struct ss_slice unhex(struct ss_slice s)
{
    char *p = exact(s);
    if (ss_slice_eq(s, SS_LIT("-")))
        return ss_slice_of(p, 0);
    for (size_t i = 0; i < s.len; i += 2)
        p[i / 2] = (char)(hex(p[i]) << 4 | hex(p[i + 1]));
    return ss_slice_of(p, s.len / 2);
}

static void check_out(const char *name, struct ss_slice wire, struct ss_slice want)
{
    if (to_json(name, wire))
        fail_msg("%.*s: %.*s", SS_FMT(want), SS_FMT(fx->status.message));
    if (!ss_slice_eq(ss_buf_slice(&fx->json), want))
        fail_msg("printed\n%s\nnot\n%.*s", fx->json.ptr, SS_FMT(want));
}

static void the_mapping_is_that_of_google_s_implementation(void **state)
{
    (void)state;
    struct ss_slice all = read_vectors(), rest = all, c[COLUMNS];
    unsigned n = 0;
    for (; next(&rest, c); n++) {
        char name[32];
        snprintf(name, sizeof name, "%.*s", SS_FMT(c[TYPE]));
        struct ss_slice wire = unhex(c[WIRE]);
        if (to_wire_body(name, NULL, c[JSON_IN]))
            fail_msg("%.*s: %.*s", SS_FMT(c[JSON_IN]), SS_FMT(fx->status.message));
        if (!ss_slice_eq(ss_buf_slice(&fx->wire), wire))
            fail_msg("other bytes for %.*s", SS_FMT(c[JSON_IN]));
        fx->out.emit_defaults = false;
        check_out(name, wire, c[JSON_OUT]);
        fx->out.emit_defaults = true;
        if (!ss_slice_eq(c[JSON_DEFAULTS], SS_LIT("-")))
            check_out(name, wire, c[JSON_DEFAULTS]);
        char *p;
        memcpy(&p, &wire.ptr, sizeof p);
        ss_free(p);
    }
    assert_true(n > 150);
    char *p;
    memcpy(&p, &all.ptr, sizeof p);
    ss_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_mapping_is_that_of_google_s_implementation, fixture_reset),
    };
    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
