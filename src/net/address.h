/* Socket addresses: written "127.0.0.1:8080", "[::1]:8080", "unix:/path" or "unix:@abstract"; and names
 * resolved on h2o's getaddrinfo threads. */
#ifndef SS_NET_ADDRESS_H
#define SS_NET_ADDRESS_H

#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"
#include "net/loop.h"

struct ss_address {
    struct sockaddr_storage addr;
    socklen_t len;
};

/* Numeric addresses and unix paths only. SS_ERR_INVALID otherwise. */
enum ss_err ss_address_parse(struct ss_slice text, struct ss_address *out);
/* As it is written above, into a. */
struct ss_slice ss_address_print(const struct ss_address *addr, struct ss_arena *a);
bool ss_address_eq(const struct ss_address *x, const struct ss_address *y);
/* 127.0.0.0/8, also as IPv4-mapped IPv6, or ::1: reached from this machine only, but by its browsers too. */
bool ss_address_is_loopback(const struct ss_address *addr);

/* Asynchronous getaddrinfo for TCP. done comes once, in a later turn, and never after ss_resolve_cancel;
 * addrs are borrowed for the call (n is 0 on error). port in host byte order. A numeric host resolves without
 * a thread, in a later turn all the same. host is copied. The only error is SS_ERR_UNAVAILABLE. The resolve
 * is freed by its done or its cancel, whichever comes. */
struct ss_resolve;
typedef void ss_resolve_done(void *ctx, enum ss_err err, const char *why, const struct ss_address *addrs,
                             size_t n);
struct ss_resolve *ss_resolve_start(struct ss_loop *l, struct ss_slice host, uint16_t port,
                                    ss_resolve_done *done, void *ctx);
void ss_resolve_cancel(struct ss_resolve *r);

#endif
