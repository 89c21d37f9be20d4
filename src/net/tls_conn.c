#include "net/tls_conn.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/mem.h"
#include "net/tls_impl.h"

enum handshake { SHAKING, DONE, FAILED };

struct ss_tls_conn {
    struct ss_tls *tls;
    SSL *ssl;
    struct ss_buf *out; /* ciphertext for the peer; the stream's */
    char *in;           /* ciphertext not yet used: in the feeder's memory, or in kept */
    size_t in_len;
    struct ss_buf kept;
    void (*done)(void *ctx, const char *why); /* NULL once told */
    void *ctx;
    enum handshake handshake;
    bool said_goodbye;
    bool failed; /* OpenSSL wants no more calls */
    char why[160];
};

/* ---- OpenSSL's view of the two buffers ---- */

static int bio_read(BIO *bio, char *p, int size)
{
    struct ss_tls_conn *c = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size <= 0)
        return 0;
    if (c->in_len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t n = (size_t)size < c->in_len ? (size_t)size : c->in_len;
    memcpy(p, c->in, n);
    c->in += n;
    c->in_len -= n;
    return (int)n;
}

static int bio_write(BIO *bio, const char *p, int n)
{
    struct ss_tls_conn *c = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (n <= 0)
        return 0;
    return ss_buf_append(c->out, p, (size_t)n) == SS_OK ? n : -1;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    (void)bio;
    (void)num;
    (void)ptr;
    return cmd == BIO_CTRL_FLUSH;
}

BIO_METHOD *ss_tls_conn_bio_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "sidespan stream");
    if (m != NULL) {
        BIO_meth_set_read(m, bio_read);
        BIO_meth_set_write(m, bio_write);
        BIO_meth_set_ctrl(m, bio_ctrl);
    }
    return m;
}

/* ---- making one ---- */

static bool is_ip(const char *name)
{
    unsigned char addr[16];
    return inet_pton(AF_INET, name, addr) == 1 || inet_pton(AF_INET6, name, addr) == 1;
}

/* SNI (RFC 6066 §3: no address, no trailing dot) and the name that the certificate must bear. */
static const char *set_name(struct ss_tls_conn *c, char *name)
{
    bool ip = is_ip(name);
    if (name[0] == '\0')
        return c->tls->verify ? "there is no server name to verify the certificate by" : NULL;
    if (!ip && SSL_set_tlsext_host_name(c->ssl, name) != 1)
        return "the server name cannot be used";
    if (!c->tls->verify)
        return NULL;
    X509_VERIFY_PARAM *param = SSL_get0_param(c->ssl);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    int ok = ip ? X509_VERIFY_PARAM_set1_ip_asc(param, name) : X509_VERIFY_PARAM_set1_host(param, name, 0);
    return ok == 1 ? NULL : "the server name cannot be used";
}

static const char *set_up_client(struct ss_tls_conn *c, struct ss_slice target)
{
    struct ss_slice name = c->tls->server_name != NULL ? ss_slice_str(c->tls->server_name) : target;
    if (name.len >= 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
        name = ss_slice_of(name.ptr + 1, name.len - 2);
    if (name.len != 0 && name.ptr[name.len - 1] == '.')
        name.len--;
    if (name.len != 0 && memchr(name.ptr, '\0', name.len) != NULL)
        return "the server name cannot be used";
    char *text = ss_xstrndup(name.ptr, name.len);
    const char *why = set_name(c, text);
    ss_free(text);
    SSL_set_connect_state(c->ssl);
    return why;
}

struct ss_tls_conn *ss_tls_conn_new(struct ss_tls *t, struct ss_slice name, const char **why)
{
    struct ss_tls_conn *c = ss_xcalloc(1, sizeof(*c));
    c->tls = ss_tls_ref(t);
    ss_buf_init(&c->kept, 1 << 20);
    ERR_clear_error();
    c->ssl = SSL_new(t->ssl);
    BIO *bio = BIO_new(t->bio);
    *why = NULL;
    if (c->ssl == NULL || bio == NULL) {
        BIO_free(bio);
        *why = "out of memory";
    } else {
        BIO_set_data(bio, c);
        BIO_set_init(bio, 1);
        SSL_set_bio(c->ssl, bio, bio);
        if (t->server)
            SSL_set_accept_state(c->ssl);
        else
            *why = set_up_client(c, name);
    }
    if (*why == NULL)
        return c;
    ss_tls_conn_free(c);
    return NULL;
}

void ss_tls_conn_free(struct ss_tls_conn *c)
{
    if (c == NULL)
        return;
    SSL_free(c->ssl);
    ss_tls_unref(c->tls);
    ss_buf_dispose(&c->kept);
    ss_free(c);
}

void ss_tls_conn_begin(struct ss_tls_conn *c, struct ss_buf *out, void (*done)(void *ctx, const char *why),
                       void *ctx)
{
    c->out = out;
    c->done = done;
    c->ctx = ctx;
}

/* ---- ciphertext ---- */

void ss_tls_conn_feed(struct ss_tls_conn *c, char *p, size_t n)
{
    c->in = p;
    c->in_len = n;
}

void ss_tls_conn_keep(struct ss_tls_conn *c)
{
    if (c->in_len == 0) {
        ss_buf_dispose(&c->kept);
    } else if (c->kept.len != 0) { /* in points into it */
        ss_buf_drop(&c->kept, c->kept.len - c->in_len);
        c->in = c->kept.ptr;
    } else if (ss_buf_append(&c->kept, c->in, c->in_len) == SS_OK) {
        c->in = c->kept.ptr;
    } else {
        c->in_len = 0; /* a hole in the stream: the next record will not authenticate */
    }
}

bool ss_tls_conn_has_more(const struct ss_tls_conn *c)
{
    return c->in_len != 0 || SSL_pending(c->ssl) > 0;
}

/* ---- results ---- */

static void explain(struct ss_tls_conn *c)
{
    long verdict = SSL_get_verify_result(c->ssl);
    unsigned long e = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(e);
    c->failed = true;
    if (c->handshake != DONE && verdict != X509_V_OK)
        snprintf(c->why, sizeof(c->why), "certificate verify failed: %s",
                 X509_verify_cert_error_string(verdict));
    else if (!SSL_is_server(c->ssl) && ERR_GET_REASON(e) == SSL_R_WRONG_VERSION_NUMBER)
        snprintf(c->why, sizeof(c->why), "%s (is the service plaintext?)", reason);
    else
        snprintf(c->why, sizeof(c->why), "%s", reason != NULL ? reason : "broken");
    ERR_clear_error();
}

/* What a call that did not succeed means. */
static enum ss_tls_result judge(struct ss_tls_conn *c, int ret)
{
    switch (SSL_get_error(c->ssl, ret)) {
    case SSL_ERROR_WANT_READ:
        ss_buf_dispose(&c->kept); /* all of it is used */
        return SS_TLS_WANT;
    case SSL_ERROR_ZERO_RETURN:
        return SS_TLS_END;
    default:
        explain(c);
        return SS_TLS_FAILED;
    }
}

bool ss_tls_conn_is_server(const struct ss_tls_conn *c)
{
    return c->tls->server;
}

/* ---- handshake ---- */

bool ss_tls_conn_shaking(const struct ss_tls_conn *c)
{
    return c->done != NULL;
}

static void tell(struct ss_tls_conn *c, const char *why)
{
    void (*done)(void *ctx, const char *why) = c->done;
    c->done = NULL;
    done(c->ctx, why);
}

enum ss_tls_result ss_tls_conn_handshake(struct ss_tls_conn *c)
{
    ERR_clear_error();
    int ret = SSL_do_handshake(c->ssl);
    if (ret != 1) {
        enum ss_tls_result r = judge(c, ret);
        if (r == SS_TLS_WANT)
            return r;
        if (r == SS_TLS_END)
            snprintf(c->why, sizeof(c->why), "the peer closed the connection");
        c->handshake = FAILED;
        return SS_TLS_FAILED;
    }
    c->handshake = DONE;
    if (!c->tls->server && !ss_slice_eq(ss_tls_conn_alpn(c), SS_LIT("h2"))) {
        snprintf(c->why, sizeof(c->why), "the server does not speak HTTP/2: ALPN h2 was not negotiated");
        c->handshake = FAILED;
        return SS_TLS_FAILED;
    }
    return SS_TLS_OK;
}

void ss_tls_conn_finish_handshake(struct ss_tls_conn *c)
{
    if (c->done != NULL)
        tell(c, c->handshake == DONE ? NULL : c->why);
}

bool ss_tls_conn_fail_handshake(struct ss_tls_conn *c, const char *why)
{
    if (c->done == NULL)
        return false;
    c->handshake = FAILED;
    tell(c, why);
    return true;
}

/* ---- data ---- */

enum ss_tls_result ss_tls_conn_read(struct ss_tls_conn *c, char *p, size_t size, size_t *n)
{
    *n = 0;
    if (c->failed)
        return SS_TLS_FAILED;
    ERR_clear_error();
    while (*n < size) {
        size_t got = 0;
        int ret = SSL_read_ex(c->ssl, p + *n, size - *n, &got);
        if (ret != 1)
            return judge(c, ret);
        *n += got;
    }
    return SS_TLS_OK;
}

enum ss_err ss_tls_conn_write(struct ss_tls_conn *c, const char *p, size_t n)
{
    size_t written = 0;
    if (c->failed || c->handshake != DONE || c->said_goodbye)
        return SS_ERR_IO;
    if (n == 0)
        return SS_OK;
    ERR_clear_error();
    if (SSL_write_ex(c->ssl, p, n, &written) == 1 && written == n)
        return SS_OK;
    explain(c);
    return SS_ERR_IO;
}

void ss_tls_conn_shutdown(struct ss_tls_conn *c)
{
    if (c->failed || c->handshake != DONE || c->said_goodbye)
        return;
    c->said_goodbye = true;
    ERR_clear_error();
    SSL_shutdown(c->ssl);
    ERR_clear_error();
}

struct ss_slice ss_tls_conn_alpn(const struct ss_tls_conn *c)
{
    const unsigned char *p = NULL;
    unsigned n = 0;
    SSL_get0_alpn_selected(c->ssl, &p, &n);
    if (n == 2 && memcmp(p, "h2", 2) == 0)
        return SS_LIT("h2");
    if (n == 8 && memcmp(p, "http/1.1", 8) == 0)
        return SS_LIT("http/1.1");
    return SS_LIT("");
}

const char *ss_tls_conn_why(const struct ss_tls_conn *c)
{
    return c->why;
}
