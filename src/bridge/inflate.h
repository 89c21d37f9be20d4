/* A compressed request body, through the decompressor at a pace that the service keeps up with. Private to
 * bridge/. */
#ifndef SS_BRIDGE_INFLATE_H
#define SS_BRIDGE_INFLATE_H

#include "base/status.h"

struct ss_call;

/* From now on the body is gzip; max: bytes that it may become, 0 for no cap. */
void ss_call_inflate_begin(struct ss_call *call, size_t max);
/* What intake->push is to a body that is not compressed. */
enum ss_err ss_call_inflate(struct ss_call *call, const char *p, size_t n, bool last, struct ss_status *st);
/* Whether input waits, so that its client must get no credit yet. */
bool ss_call_inflate_waits(const struct ss_call *call);
/* Goes on with what waits. */
void ss_call_inflate_more(struct ss_call *call);
/* Nothing happens any more; then, later, what it holds is freed. Both do nothing without a compressed body.
 */
void ss_call_inflate_stop(struct ss_call *call);
void ss_call_inflate_dispose(struct ss_call *call);

#endif
