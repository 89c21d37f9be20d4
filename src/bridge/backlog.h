/* What a slow client's service has sent already: messages that came while its client had not taken what was
 * written before. They wait as they are, for as JSON they may be a hundred times their size. Their credit is
 * held back, so that they are at most one window of the service's, and one message. */
#ifndef SS_BRIDGE_BACKLOG_H
#define SS_BRIDGE_BACKLOG_H

#include "bridge/call.h"

/* A message of the service's: gives it to the answer, now or when the client has taken more. */
void ss_backlog_message(struct ss_call *call, struct ss_slice wire);
/* The end of the service's answer, likewise: behind the last message. */
void ss_backlog_end(struct ss_call *call, const struct ss_status *st, const struct ss_header *trailers,
                    size_t n);
/* The client has taken what was written. */
void ss_backlog_writable(struct ss_call *call);
/* Whether the service is done, and that is still to be told. */
bool ss_backlog_has_end(const struct ss_call *call);
/* No more of it comes: nothing is given to the answer any more. */
void ss_backlog_stop(struct ss_call *call);
void ss_backlog_dispose(struct ss_call *call);

#endif
