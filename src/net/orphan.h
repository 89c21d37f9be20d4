/* Notices that a peer has closed its socket while its FIN cannot come: TCP keeps the order, so a FIN stands
 * behind all that a paused stream does not read, in the peer's kernel, for as long as the window is shut. A
 * peer on this machine (the usual one of a sidecar) can be looked up there all the same: NETLINK_SOCK_DIAG
 * tells that its socket is closing and belongs to no process any more.
 *
 *   unread (paused, or FIN seen) ──settled──▶ asked about ──no process has it──▶ ss_stream_die
 *                                                └── read again, closed, or of another machine
 *
 * A socket that was only shut down for writing still belongs to its process: that peer is there, and may wait
 * for an answer. Where the kernel does not answer such questions, nobody is asked about. */
#ifndef SS_NET_ORPHAN_H
#define SS_NET_ORPHAN_H

#include <stdbool.h>

#include "net/loop.h"

struct ss_stream;

struct ss_orphans {
    struct ss_loop *loop;
    int netlink;                     /* -1: not opened yet, or to be had */
    bool unavailable;                /* the kernel answers no questions */
    struct ss_stream *first, **last; /* unread streams, the one asked about longest ago first */
    unsigned n;
    struct ss_timer timer; /* armed while there are any */
};

void ss_orphans_init(struct ss_orphans *o, struct ss_loop *l);
void ss_orphans_dispose(struct ss_orphans *o);
/* Nobody reads s any more, or somebody does. Idempotent. */
void ss_orphans_watch(struct ss_orphans *o, struct ss_stream *s, bool unread);

#endif
