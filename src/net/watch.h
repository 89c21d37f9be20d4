/* Notices that a peer has gone while nobody reads its socket. h2o drops a socket that neither reads nor
 * writes from its epoll set, and a socket at its end is readable for ever: so paused and half-closed sockets
 * stand in a second set, edge- triggered, for what is not data. That set is itself a readable descriptor of
 * h2o's loop. */
#ifndef SS_NET_WATCH_H
#define SS_NET_WATCH_H

#include <h2o/socket.h>

struct ss_loop;
struct ss_stream;

struct ss_watch {
    int epoll;
    h2o_socket_t *sock; /* owns epoll */
};

enum ss_watch_for {
    SS_WATCH_NONE,
    SS_WATCH_ERRORS, /* reset, or both directions closed */
    SS_WATCH_LEAVE,  /* these, and FIN */
};

void ss_watch_init(struct ss_watch *w, struct ss_loop *l);
void ss_watch_dispose(struct ss_watch *w);
/* Moves fd from one state to another: no system call when they are equal. Events go to ss_stream_departed. */
void ss_watch_set(struct ss_watch *w, struct ss_stream *s, int fd, enum ss_watch_for from,
                  enum ss_watch_for to);

#endif
