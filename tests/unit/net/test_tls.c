/* Contexts: what they load and what they refuse. */
#include "net/certs.h"
#include "net/tls.h"

typedef enum ss_err make_fn(const struct ss_tls_config *config, struct ss_arena *a, struct ss_slice *why,
                            struct ss_tls **out);

/* SS_OK or SS_ERR_CONFIG with both words in the text. */
static void assert_makes(make_fn *make, const struct ss_tls_config *config, enum ss_err want,
                         const char *file, const char *word)
{
    struct ss_arena a;
    struct ss_slice why = {0};
    struct ss_tls *t = NULL;
    ss_arena_init(&a, 0);
    enum ss_err err = make(config, &a, &why, &t);
    if (err != want)
        print_error("why: %.*s\n", SS_FMT(why));
    assert_int_equal(err, want);
    if (file != NULL && memmem(why.ptr, why.len, file, strlen(file)) == NULL)
        fail_msg("no %s in: %.*s", file, SS_FMT(why));
    if (word != NULL && memmem(why.ptr, why.len, word, strlen(word)) == NULL)
        fail_msg("no %s in: %.*s", word, SS_FMT(why));
    if (file == NULL)
        assert_int_equal(why.len, 0);
    assert_null(why.len != 0 ? memchr(why.ptr, '\n', why.len) : NULL);
    if (err == SS_OK)
        assert_non_null(t);
    ss_tls_unref(t);
    ss_arena_dispose(&a);
}

static struct ss_tls_config config_of(const char *crt, const char *key, const char *ca)
{
    struct ss_tls_config c = {0};
    if (crt != NULL)
        c.certificate = cert_path(crt);
    if (key != NULL)
        c.private_key = cert_path(key);
    if (ca != NULL)
        c.ca = cert_path(ca);
    return c;
}

static void good_files_make_contexts(void **state)
{
    (void)state;
    struct ss_tls_config server = config_of("server.crt", "server.key", NULL), mutual = server;
    struct ss_tls_config client = config_of(NULL, NULL, "ca.crt"), none = {0};
    mutual.ca = cert_path("ca.crt");
    assert_makes(ss_tls_server_new, &server, SS_OK, NULL, NULL);
    assert_makes(ss_tls_server_new, &mutual, SS_OK, NULL, NULL);
    assert_makes(ss_tls_client_new, &client, SS_OK, NULL, NULL);
    assert_makes(ss_tls_client_new, &mutual, SS_OK, NULL, NULL);
    assert_makes(ss_tls_client_new, &none, SS_OK, NULL, NULL);
}

static void bad_files_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *crt, *key, *ca, *file, *word;
    } cases[] = {
        {"missing", "server.key", NULL, "/missing: ", "No such file"},
        {"server.crt", "missing", NULL, "/missing: ", "No such file"},
        {"server.crt", "server.key", "missing", "/missing: ", "No such file"},
        {"", "server.key", NULL, "", "directory"},
        {"nonsense", "server.key", NULL, "/nonsense: ", "not a PEM certificate"},
        {"server.crt", "nonsense", NULL, "/nonsense: ", "not a PEM private key"},
        {"server.crt", "server.key", "nonsense", "/nonsense: ", "no PEM certificates"},
        {"empty", "server.key", NULL, "/empty: ", "empty"},
        {"server.crt", "empty", NULL, "/empty: ", "empty"},
        {"server.crt", "client.key", NULL, "/client.key: ", "does not fit"},
        {"server.crt", "encrypted.key", NULL, "/encrypted.key: ", "encrypted"},
        {"server.key", "server.key", NULL, "/server.key: ", "not a PEM certificate"},
        {"server.crt", "server.crt", NULL, "/server.crt: ", "not a PEM private key"},
        {"server.crt", NULL, NULL, "/server.crt: ", "without its private key"},
        {NULL, "server.key", NULL, "/server.key: ", "without its certificate"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ss_tls_config c = config_of(cases[i].crt, cases[i].key, cases[i].ca);
        if (i < 13)
            assert_makes(ss_tls_server_new, &c, SS_ERR_CONFIG, cases[i].file, cases[i].word);
        assert_makes(ss_tls_client_new, &c, SS_ERR_CONFIG, cases[i].file, cases[i].word);
    }
    struct ss_tls_config none = {0};
    assert_makes(ss_tls_server_new, &none, SS_ERR_CONFIG, "server", "certificate");
}

static void an_expired_certificate_is_a_warning(void **state)
{
    (void)state;
    struct ss_tls_config c = config_of("expired.crt", "expired.key", NULL);
    assert_makes(ss_tls_server_new, &c, SS_OK, "/expired.crt: ", "expired");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files_make_contexts),
        cmocka_unit_test(bad_files_are_named),
        cmocka_unit_test(an_expired_certificate_is_a_warning),
    };
    return cmocka_run_group_tests_name("tls", tests, certs_make, certs_remove);
}
