/* What a context holds: for tls.c, which makes it, and tls_conn.c, which uses it. */
#ifndef SS_NET_TLS_IMPL_H
#define SS_NET_TLS_IMPL_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "net/tls.h"

struct ss_tls {
    atomic_uint refs;
    SSL_CTX *ssl;
    BIO_METHOD *bio;   /* of tls_conn.c */
    char *server_name; /* NULL: the target's */
    bool server;
    bool verify;
};

/* tls_conn.c: how OpenSSL reaches a connection's buffers. NULL when out of memory. */
BIO_METHOD *ss_tls_conn_bio_method(void);

#endif
