/* Accepting connections and making them. */
#ifndef SS_NET_LISTENER_H
#define SS_NET_LISTENER_H

#include "net/address.h"
#include "net/budget.h"
#include "net/stream.h"
#include "net/tls.h"

/* A bound, listening, non-blocking, close-on-exec socket. TCP gets SO_REUSEADDR, and SO_REUSEPORT so that
 * every worker opens its own; a unix path is unlinked first if a dead socket lies there, and is to be opened
 * once and shared by dup. SS_ERR_CONFIG with *why (through a) on failure. port 0 picks one: read it with
 * getsockname. */
enum ss_err ss_listen_open(const struct ss_address *at, struct ss_arena *a, struct ss_slice *why, int *fd);
/* The same; mode: of a unix path's file, as chmod has it, before anybody can connect. -1: as the umask has
 * it. */
enum ss_err ss_listen_open_mode(const struct ss_address *at, int mode, struct ss_arena *a,
                                struct ss_slice *why, int *fd);

struct ss_listener;
/* A stream is accepted: ready to be attached, TLS handshake done. The callee owns it. */
typedef void ss_listener_accept(void *ctx, struct ss_stream *s);

/* Accepts on fd (takes ownership). tls may be NULL; it is referenced. max_connections: connections accepted
 * here, still shaking hands or open, above which new ones wait in the kernel's queue; 0: no cap. A TLS
 * handshake has 10 s. At most 64 accepts a turn. When file descriptors run out it rests for 100 ms instead of
 * spinning. */
struct ss_listener *ss_listener_new(struct ss_loop *l, int fd, struct ss_tls *tls, unsigned max_connections,
                                    ss_listener_accept *on_accept, void *ctx);
/* Its connections count against budget too, which is borrowed. When that is used up new ones wait in the
 * kernel's queue, and the log has a line, once a minute at most. To be called before the loop runs. */
void ss_listener_share(struct ss_listener *n, struct ss_budget *budget);
/* New connections use tls from now on (a reloaded certificate). */
void ss_listener_set_tls(struct ss_listener *n, struct ss_tls *tls);
/* Accepts what waits already, and nothing more; handshakes go on. For ending without losing a connection. */
void ss_listener_stop(struct ss_listener *n);
/* Whether connections are shaking hands. */
bool ss_listener_busy(const struct ss_listener *n);
/* Stops accepting, breaks off handshakes; accepted streams live on. Frees the listener. */
void ss_listener_close(struct ss_listener *n);

/* Connects, with TLS when tls is not NULL (server_name: SNI and verification, copied; ALPN must come out as
 * h2). done comes once in a later turn, never after cancel: a stream that the callee owns, or NULL with err
 * and a text that may be logged (why: "certificate verify failed: unable to get local issuer certificate",
 * "connection refused").
 * The only error is SS_ERR_UNAVAILABLE. The connect is freed by its done or its cancel, whichever comes. */
struct ss_connect;
typedef void ss_connect_done(void *ctx, struct ss_stream *s, enum ss_err err, const char *why);
struct ss_connect *ss_connect_start(struct ss_loop *l, const struct ss_address *to, struct ss_tls *tls,
                                    struct ss_slice server_name, uint64_t timeout_ms, ss_connect_done *done,
                                    void *ctx);
void ss_connect_cancel(struct ss_connect *c);

#endif
