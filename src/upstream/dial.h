/* From a target to a connected socket: resolves, then tries the addresses in order (gRPC's pick_first), each
 * with what is left of the time.
 *
 *   resolving ──▶ connecting(address 0) ──fails──▶ connecting(address 1) ──▶ … ──▶ done, once */
#ifndef SS_UPSTREAM_DIAL_H
#define SS_UPSTREAM_DIAL_H

#include "net/stream.h"
#include "upstream/cluster_config.h"

struct ss_dial;
/* s is the callee's, or NULL with a text for the log (of the last address tried). */
typedef void ss_dial_done(void *ctx, struct ss_stream *s, const char *why);

/* config is borrowed until done or cancel. Never calls done from within. */
struct ss_dial *ss_dial_start(struct ss_loop *l, const struct ss_cluster_config *config, ss_dial_done *done,
                              void *ctx);
/* done does not come any more. */
void ss_dial_cancel(struct ss_dial *d);

#endif
