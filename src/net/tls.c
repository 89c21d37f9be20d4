#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/mem.h"
#include "net/tls_impl.h"

/* What loading needs to say what went wrong. */
struct loading {
    struct ss_arena *a;
    struct ss_slice *why;
    SSL_CTX *ssl;
    bool encrypted; /* OpenSSL has asked for a passphrase */
};

static enum ss_err fault(struct loading *ld, const char *path, const char *what)
{
    *ld->why = ss_arena_printf(ld->a, "%s: %s", path, what);
    return SS_ERR_CONFIG;
}

/* As fault, with OpenSSL's reason behind. */
static enum ss_err ssl_fault(struct loading *ld, const char *path, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    *ld->why = ss_arena_printf(ld->a, "%s: %s%s%s%s", path, what, reason ? " (" : "", reason ? reason : "",
                               reason ? ")" : "");
    return SS_ERR_CONFIG;
}

static const char *path_of(struct loading *ld, struct ss_slice path)
{
    return ss_arena_copy(ld->a, path).ptr;
}

static enum ss_err check_readable(struct loading *ld, const char *path)
{
    FILE *f = fopen(path, "re");
    char byte;
    bool ok = f != NULL && fread(&byte, 1, 1, f) == 1;
    int error = f != NULL && !ferror(f) ? 0 : errno;
    if (f != NULL)
        fclose(f);
    if (ok)
        return SS_OK;
    return fault(ld, path, error != 0 ? strerror(error) : "the file is empty");
}

/* Never a prompt: a passphrase is refused, and it is noted that one would be needed. */
static int refuse_passphrase(char *buf, int size, int rwflag, void *ctx)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    struct loading *ld = ctx;
    ld->encrypted = true;
    return -1;
}

static enum ss_err load_certificate(struct loading *ld, const char *path)
{
    enum ss_err err = check_readable(ld, path);
    if (err != SS_OK)
        return err;
    if (SSL_CTX_use_certificate_chain_file(ld->ssl, path) != 1)
        return ssl_fault(ld, path, "not a PEM certificate chain");
    const X509 *x = SSL_CTX_get0_certificate(ld->ssl);
    if (X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
        *ld->why = ss_arena_printf(ld->a, "%s: the certificate has expired", path);
    else if (X509_cmp_current_time(X509_get0_notBefore(x)) > 0)
        *ld->why = ss_arena_printf(ld->a, "%s: the certificate is not valid yet", path);
    return SS_OK;
}

static enum ss_err load_key(struct loading *ld, const char *path, const char *certificate)
{
    enum ss_err err = check_readable(ld, path);
    if (err != SS_OK)
        return err;
    SSL_CTX_set_default_passwd_cb(ld->ssl, refuse_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(ld->ssl, ld);
    int ok = SSL_CTX_use_PrivateKey_file(ld->ssl, path, SSL_FILETYPE_PEM);
    SSL_CTX_set_default_passwd_cb(ld->ssl, NULL);
    SSL_CTX_set_default_passwd_cb_userdata(ld->ssl, NULL);
    if (ok == 1 && SSL_CTX_check_private_key(ld->ssl) == 1)
        return SS_OK;
    if (ld->encrypted)
        return ssl_fault(ld, path, "the key is encrypted; only a key without passphrase can be used");
    unsigned long e = ERR_peek_last_error();
    if (ERR_GET_LIB(e) == ERR_LIB_X509 && ERR_GET_REASON(e) != X509_R_UNKNOWN_KEY_TYPE) {
        ERR_clear_error();
        *ld->why = ss_arena_printf(ld->a, "%s: the key does not fit the certificate %s", path, certificate);
        return SS_ERR_CONFIG;
    }
    return ssl_fault(ld, path, "not a PEM private key");
}

/* OpenSSL reads the extensions of a certificate when it first verifies with it, and keeps them beside it. Of
 * one that workers share that happens here, before there are workers. */
static void read_extensions(SSL_CTX *ssl)
{
    const STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(SSL_CTX_get_cert_store(ssl));
    for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
        X509 *x = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
        if (x != NULL)
            (void)X509_get_extension_flags(x);
    }
}

static enum ss_err load_ca(struct loading *ld, const char *path, bool server)
{
    enum ss_err err = check_readable(ld, path);
    if (err != SS_OK)
        return err;
    if (SSL_CTX_load_verify_file(ld->ssl, path) != 1)
        return ssl_fault(ld, path, "no PEM certificates");
    read_extensions(ld->ssl);
    if (!server)
        return SS_OK;
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);
    if (names == NULL)
        return ssl_fault(ld, path, "no PEM certificates");
    SSL_CTX_set_client_CA_list(ld->ssl, names);
    return SS_OK;
}

static enum ss_err load_files(struct loading *ld, const struct ss_tls_config *config, bool server)
{
    bool has_certificate = config->certificate.len != 0, has_key = config->private_key.len != 0;
    enum ss_err err = SS_OK;
    if (has_certificate != has_key)
        return fault(ld, path_of(ld, has_key ? config->private_key : config->certificate),
                     has_key ? "a private key without its certificate"
                             : "a certificate without its private key");
    if (has_certificate) {
        const char *certificate = path_of(ld, config->certificate);
        err = load_certificate(ld, certificate);
        if (err == SS_OK)
            err = load_key(ld, path_of(ld, config->private_key), certificate);
    }
    if (err == SS_OK && config->ca.len != 0)
        err = load_ca(ld, path_of(ld, config->ca), server);
    return err;
}

/* RFC 7301 §3.2: the server chooses, and refuses when nothing fits. */
static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                       unsigned in_len, void *ctx)
{
    static const unsigned char ours[] = "\x02h2\x08http/1.1";
    (void)ssl;
    (void)ctx;
    unsigned char *selected;
    if (SSL_select_next_proto(&selected, out_len, ours, sizeof(ours) - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = selected;
    return SSL_TLSEXT_ERR_OK;
}

static bool set_up(SSL_CTX *ssl, bool server)
{
    static const unsigned char h2[] = "\x02h2", context[] = "sidespan";
    SSL_CTX_set_options(ssl,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    /* Tickets need no cache, and a cache is a lock that all threads share. */
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    /* RFC 9113 §9.2.2: in TLS 1.2 none but ephemeral key exchange with an AEAD. */
    if (SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(ssl, "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:!aNULL") != 1)
        return false;
    if (!server)
        return SSL_CTX_set_alpn_protos(ssl, h2, sizeof(h2) - 1) == 0;
    SSL_CTX_set_alpn_select_cb(ssl, select_alpn, NULL);
    return SSL_CTX_set_session_id_context(ssl, context, sizeof(context) - 1) == 1;
}

static enum ss_err set_verification(struct loading *ld, const struct ss_tls_config *config, bool server)
{
    if (server) {
        if (config->ca.len != 0)
            SSL_CTX_set_verify(ld->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        return SS_OK;
    }
    if (config->insecure_skip_verify) {
        SSL_CTX_set_verify(ld->ssl, SSL_VERIFY_NONE, NULL);
        return SS_OK;
    }
    SSL_CTX_set_verify(ld->ssl, SSL_VERIFY_PEER, NULL);
    if (config->ca.len == 0 && SSL_CTX_set_default_verify_paths(ld->ssl) != 1)
        return ssl_fault(ld, "TLS", "the system's certificate store cannot be used");
    return SS_OK;
}

static enum ss_err new_context(const struct ss_tls_config *config, struct ss_arena *a, struct ss_slice *why,
                               bool server, struct ss_tls **out)
{
    *why = SS_LIT("");
    ERR_clear_error();
    struct loading ld = {
        .a = a, .why = why, .ssl = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method())};
    BIO_METHOD *bio = ss_tls_conn_bio_method();
    enum ss_err err = SS_OK;
    if (ld.ssl == NULL || bio == NULL || !set_up(ld.ssl, server))
        err = ssl_fault(&ld, "TLS", "OpenSSL cannot be set up");
    if (err == SS_OK && server && config->certificate.len == 0)
        err = fault(&ld, "TLS", "a server needs a certificate and a private key");
    if (err == SS_OK)
        err = load_files(&ld, config, server);
    if (err == SS_OK)
        err = set_verification(&ld, config, server);
    if (err != SS_OK) {
        SSL_CTX_free(ld.ssl);
        BIO_meth_free(bio);
        return err;
    }
    struct ss_tls *t = ss_xcalloc(1, sizeof(*t));
    atomic_init(&t->refs, 1);
    t->ssl = ld.ssl;
    t->bio = bio;
    t->server = server;
    t->verify = !config->insecure_skip_verify;
    if (config->server_name.len != 0)
        t->server_name = ss_xstrndup(config->server_name.ptr, config->server_name.len);
    *out = t;
    return SS_OK;
}

enum ss_err ss_tls_server_new(const struct ss_tls_config *config, struct ss_arena *a, struct ss_slice *why,
                              struct ss_tls **out)
{
    return new_context(config, a, why, true, out);
}

enum ss_err ss_tls_client_new(const struct ss_tls_config *config, struct ss_arena *a, struct ss_slice *why,
                              struct ss_tls **out)
{
    return new_context(config, a, why, false, out);
}

struct ss_tls *ss_tls_ref(struct ss_tls *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

void ss_tls_unref(struct ss_tls *t)
{
    if (t == NULL || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
        return;
    SSL_CTX_free(t->ssl);
    BIO_meth_free(t->bio);
    ss_free(t->server_name);
    ss_free(t);
}
