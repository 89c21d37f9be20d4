/* One upstream as a worker sees it: its connections, and the calls that wait for one.
 *
 *             call          SETTINGS
 *   idle ────────▶ dialing ─────────▶ ready (1 or 2 channels)
 *    ▲                │ failed            │ last channel lost
 *    │                ▼                   ▼
 *    └──timer──── backing off           idle
 *
 * Calls wait while dialing, and when all channels are full; they fail at once while backing off (gRPC's
 * fail-fast). */
#ifndef SS_UPSTREAM_CLUSTER_H
#define SS_UPSTREAM_CLUSTER_H

#include "net/loop.h"
#include "upstream/cluster_config.h"

struct ss_cluster;
struct ss_channel;
struct ss_upcall;
struct ss_h2;

/* config is borrowed for the cluster's life. random_seed: for jitter. A required cluster connects at once and
 * stays connected. */
struct ss_cluster *ss_cluster_new(struct ss_loop *l, const struct ss_cluster_config *config,
                                  uint64_t random_seed);
/* All calls must have ended or been cancelled. */
void ss_cluster_free(struct ss_cluster *c);
/* Whether a channel is there that takes calls. */
bool ss_cluster_ready(const struct ss_cluster *c);
const struct ss_cluster_config *ss_cluster_config(const struct ss_cluster *c);
struct ss_loop *ss_cluster_loop(const struct ss_cluster *c);

/* For calls: places u on a channel, or in the queue, or fails it (then *why is set): SS_ERR_UNAVAILABLE. */
enum ss_err ss_cluster_place(struct ss_cluster *c, struct ss_upcall *u, const char **why);
/* u waits or is open here, and leaves. */
void ss_cluster_remove(struct ss_cluster *c, struct ss_upcall *u);
/* A stream of ch is over: a waiting call may take its place. */
void ss_cluster_slot_free(struct ss_cluster *c);
struct ss_h2 *ss_channel_h2(const struct ss_channel *ch);

#endif
