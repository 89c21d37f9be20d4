/* TLS on one connection: OpenSSL between two buffers, without a descriptor. Ciphertext is fed, plaintext
 * read; what OpenSSL has to say to the peer is appended to a buffer that the stream sends. So a turn costs
 * one read and one write here as without TLS, and OpenSSL never waits for a socket to become writable. */
#ifndef SS_NET_TLS_CONN_H
#define SS_NET_TLS_CONN_H

#include "base/buf.h"
#include "net/tls.h"

struct ss_tls_conn;

enum ss_tls_result {
    SS_TLS_OK,
    SS_TLS_WANT,   /* all that was fed is used up, and it is not enough */
    SS_TLS_END,    /* close_notify */
    SS_TLS_FAILED, /* broken for good */
};

/* t is referenced. name, for the client role: SNI and what is verified unless t has a name of its own;
 * copied. NULL and *why (static) when it cannot be. */
struct ss_tls_conn *ss_tls_conn_new(struct ss_tls *t, struct ss_slice name, const char **why);
/* c may be NULL. */
void ss_tls_conn_free(struct ss_tls_conn *c);
/* out is borrowed for c's life. done is called once by the functions below that end the handshake. */
void ss_tls_conn_begin(struct ss_tls_conn *c, struct ss_buf *out, void (*done)(void *ctx, const char *why),
                       void *ctx);

/* Ciphertext, borrowed until it is used up or ss_tls_conn_keep is called. */
void ss_tls_conn_feed(struct ss_tls_conn *c, char *p, size_t n);
/* Copies what is left of it, for later. */
void ss_tls_conn_keep(struct ss_tls_conn *c);
/* Whether there is something kept, or decrypted, that has not been read. */
bool ss_tls_conn_has_more(const struct ss_tls_conn *c);

bool ss_tls_conn_is_server(const struct ss_tls_conn *c);
/* The handshake goes on and its end has not been told. */
bool ss_tls_conn_shaking(const struct ss_tls_conn *c);
/* Goes on with the handshake: OK, WANT or FAILED; never END. */
enum ss_tls_result ss_tls_conn_handshake(struct ss_tls_conn *c);
/* Tells how it ended, by the result of ss_tls_conn_handshake. */
void ss_tls_conn_finish_handshake(struct ss_tls_conn *c);
/* If the handshake still goes on: tells that it has failed. Whether it did. */
bool ss_tls_conn_fail_handshake(struct ss_tls_conn *c, const char *why);

/* Fills p as far as it can; *n bytes, also when the result is not OK. OK: p is full. */
enum ss_tls_result ss_tls_conn_read(struct ss_tls_conn *c, char *p, size_t size, size_t *n);
/* Encrypts all of it. SS_ERR_IO: broken for good. */
enum ss_err ss_tls_conn_write(struct ss_tls_conn *c, const char *p, size_t n);
/* close_notify, if the connection is in a state to say so. */
void ss_tls_conn_shutdown(struct ss_tls_conn *c);
/* Static. */
struct ss_slice ss_tls_conn_alpn(const struct ss_tls_conn *c);
/* Why the last result was FAILED; for a log. Lives as long as c. */
const char *ss_tls_conn_why(const struct ss_tls_conn *c);

#endif
