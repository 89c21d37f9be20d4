/* Names, looked up by h2o's getaddrinfo threads. Those cannot be interrupted: a cancelled resolve lives on,
 * without its owner, until the answer comes. */
#include <h2o/hostinfo.h>
#include <stdio.h>

#include "base/mem.h"
#include "net/address_impl.h"
#include "net/loop_impl.h"

enum { ADDRESSES_MAX = 256 };

struct ss_resolve {
    struct ss_loop *loop;
    ss_resolve_done *done; /* NULL once cancelled */
    void *ctx;
    struct ss_deferred deferred; /* of a numeric host */
    struct ss_address numeric;
};

static void on_numeric(void *ctx)
{
    struct ss_resolve *r = ctx;
    r->done(r->ctx, SS_OK, "", &r->numeric, 1);
    ss_free(r);
}

static size_t copy_addresses(const struct addrinfo *ai, struct ss_address *out)
{
    size_t n = 0;
    for (; ai != NULL && n < ADDRESSES_MAX; ai = ai->ai_next) {
        if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6)
            continue;
        memcpy(&out[n].addr, ai->ai_addr, ai->ai_addrlen);
        out[n++].len = ai->ai_addrlen;
    }
    return n;
}

static void on_answer(h2o_hostinfo_getaddr_req_t *req, const char *errstr, struct addrinfo *ai, void *ctx)
{
    (void)req;
    struct ss_resolve *r = ctx;
    r->loop->lookups--;
    if (r->done != NULL) {
        struct ss_address *addrs = ss_xcalloc(ADDRESSES_MAX, sizeof(*addrs));
        size_t n = errstr == NULL ? copy_addresses(ai, addrs) : 0;
        if (n != 0)
            r->done(r->ctx, SS_OK, "", addrs, n);
        else
            r->done(r->ctx, SS_ERR_UNAVAILABLE, errstr != NULL ? errstr : "no address", NULL, 0);
        ss_free(addrs);
    }
    ss_free(r);
}

struct ss_resolve *ss_resolve_start(struct ss_loop *l, struct ss_slice host, uint16_t port,
                                    ss_resolve_done *done, void *ctx)
{
    struct ss_resolve *r = ss_xcalloc(1, sizeof(*r));
    r->loop = l;
    r->done = done;
    r->ctx = ctx;
    ss_deferred_init(&r->deferred, on_numeric, r);
    if (ss_address_parse_host(host, port, &r->numeric) == SS_OK) {
        ss_loop_next(l, &r->deferred);
        return r;
    }
    char serv[8];
    int n = snprintf(serv, sizeof(serv), "%u", (unsigned)port);
    l->lookups++;
    h2o_hostinfo_getaddr(&l->names, h2o_iovec_init(host.ptr, host.len), h2o_iovec_init(serv, (size_t)n),
                         AF_UNSPEC, SOCK_STREAM, IPPROTO_TCP, AI_NUMERICSERV, on_answer, r);
    return r;
}

void ss_resolve_cancel(struct ss_resolve *r)
{
    if (r->numeric.len != 0) {
        ss_deferred_cancel(r->loop, &r->deferred);
        ss_free(r);
        return;
    }
    r->done = NULL;
}
