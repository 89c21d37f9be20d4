#include "net/orphan.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "net/loop_impl.h"
#include "net/stream_impl.h"

enum {
    INTERVAL_MS = 5, /* half of the streams are asked about each time, so that each is within 10 ms */
    AT_LEAST = 16,
    AT_MOST = 128, /* questions in a turn, 5 us each; of more than twice as many streams each waits longer */
};

enum answer { THERE, ORPHAN, ELSEWHERE, UNAVAILABLE };

struct question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
};

static void put_address(const struct sockaddr_storage *from, __be16 *port, __be32 address[4])
{
    if (from->ss_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, from, sizeof v4);
        *port = v4.sin_port;
        memcpy(address, &v4.sin_addr, sizeof v4.sin_addr);
    } else {
        struct sockaddr_in6 v6;
        memcpy(&v6, from, sizeof v6);
        *port = v6.sin6_port;
        memcpy(address, &v6.sin6_addr, sizeof v6.sin6_addr);
    }
}

/* A peer of IPv4 that has come to a socket of IPv6 knows itself by the former. */
static void unmap(struct sockaddr_storage *at)
{
    struct sockaddr_in6 v6;
    memcpy(&v6, at, sizeof v6);
    if (at->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
        return;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = v6.sin6_port};
    memcpy(&v4.sin_addr, &v6.sin6_addr.s6_addr[12], sizeof v4.sin_addr);
    memcpy(at, &v4, sizeof v4);
}

/* For the socket whose own address is fd's peer, and whose peer is fd. */
static bool make_question(int fd, struct question *q)
{
    struct sockaddr_storage own = {0}, peer = {0};
    socklen_t own_len = sizeof own, peer_len = sizeof peer;
    if (getsockname(fd, (struct sockaddr *)&own, &own_len) != 0 ||
        getpeername(fd, (struct sockaddr *)&peer, &peer_len) != 0)
        return false;
    unmap(&own);
    unmap(&peer);
    *q = (struct question){
        .header = {.nlmsg_len = sizeof *q, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
        .request = {.sdiag_family = (__u8)peer.ss_family, .sdiag_protocol = IPPROTO_TCP},
    };
    struct inet_diag_sockid *id = &q->request.id;
    q->request.idiag_states = ~0u;
    id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    put_address(&peer, &id->idiag_sport, id->idiag_src);
    put_address(&own, &id->idiag_dport, id->idiag_dst);
    return true;
}

/* Whether it is a state that a socket comes to by closing: one that has not been accepted yet has no process
 * either. */
static bool closing(unsigned state)
{
    return state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_CLOSING || state == TCP_LAST_ACK;
}

static enum answer read_answer(const char *p, size_t n)
{
    struct nlmsghdr header;
    struct nlmsgerr failed;
    struct inet_diag_msg found;
    if (n < sizeof header)
        return UNAVAILABLE;
    memcpy(&header, p, sizeof header);
    p += NLMSG_HDRLEN;
    n -= NLMSG_HDRLEN;
    if (header.nlmsg_type == NLMSG_ERROR && n >= sizeof failed) {
        memcpy(&failed, p, sizeof failed);
        return failed.error == -ENOENT ? ELSEWHERE : UNAVAILABLE;
    }
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || n < sizeof found)
        return UNAVAILABLE;
    memcpy(&found, p, sizeof found);
    return found.idiag_inode == 0 && closing(found.idiag_state) ? ORPHAN : THERE;
}

/* The kernel answers within the send. */
static enum answer ask(struct ss_orphans *o, int fd)
{
    struct question q;
    char buf[4096];
    if (o->netlink < 0)
        o->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
    if (o->netlink < 0)
        return UNAVAILABLE;
    if (!make_question(fd, &q))
        return ELSEWHERE; /* no peer any more: the socket itself will tell */
    if (send(o->netlink, &q, sizeof q, 0) != (ssize_t)sizeof q)
        return UNAVAILABLE;
    ssize_t n = recv(o->netlink, buf, sizeof buf, 0);
    return n < 0 ? UNAVAILABLE : read_answer(buf, (size_t)n);
}

static void append(struct ss_orphans *o, struct ss_stream *s)
{
    s->next_unread = NULL;
    s->unread_link = o->last;
    *o->last = s;
    o->last = &s->next_unread;
    o->n++;
}

static void take_out(struct ss_orphans *o, struct ss_stream *s)
{
    if (s->unread_link == NULL)
        return;
    *s->unread_link = s->next_unread;
    if (s->next_unread != NULL)
        s->next_unread->unread_link = s->unread_link;
    else
        o->last = s->unread_link;
    s->unread_link = NULL;
    o->n--;
}

static void give_up(struct ss_orphans *o)
{
    o->unavailable = true;
    while (o->first != NULL)
        take_out(o, o->first);
}

static void look(void *ctx)
{
    struct ss_orphans *o = ctx;
    struct ss_stream *end = NULL; /* the first that has been asked about in this turn */
    unsigned most = o->n / 2 < AT_LEAST ? AT_LEAST : o->n / 2 > AT_MOST ? AT_MOST : o->n / 2;
    for (unsigned i = 0; i < most && o->first != NULL && o->first != end; i++) {
        struct ss_stream *s = o->first;
        enum answer answer = ask(o, s->fd);
        take_out(o, s);
        switch (answer) {
        case THERE:
            append(o, s);
            end = end != NULL ? end : s;
            break;
        case ORPHAN:
            ss_stream_die(s);
            break;
        case ELSEWHERE:
            s->remote = true;
            break;
        case UNAVAILABLE:
            give_up(o);
            break;
        }
    }
    if (o->first != NULL)
        ss_timer_after(o->loop, &o->timer, INTERVAL_MS);
}

void ss_orphans_init(struct ss_orphans *o, struct ss_loop *l)
{
    *o = (struct ss_orphans){.loop = l, .netlink = -1, .last = &o->first};
    ss_timer_init(&o->timer, look, o);
}

void ss_orphans_dispose(struct ss_orphans *o)
{
    ss_timer_cancel(o->loop, &o->timer);
    if (o->netlink >= 0)
        close(o->netlink);
}

void ss_orphans_watch(struct ss_orphans *o, struct ss_stream *s, bool unread)
{
    bool watched = s->unread_link != NULL;
    bool want = unread && !s->is_unix && !s->remote && !o->unavailable;
    if (want == watched)
        return;
    if (!want) {
        take_out(o, s);
        return;
    }
    append(o, s);
    if (!ss_timer_armed(&o->timer))
        ss_timer_after(o->loop, &o->timer, INTERVAL_MS);
}
