#include "bridge/bridge.h"

#include <sys/random.h>

#include "base/mem.h"
#include "bridge/call.h"

static void seed(struct ss_bridge *b)
{
    while (getrandom(b->random, sizeof b->random, 0) != (ssize_t)sizeof b->random)
        continue;
    b->random[0] |= 1; /* the all-zero state is the one to avoid */
}

static uint64_t next_random(struct ss_bridge *b)
{
    uint64_t s0 = b->random[0], s1 = b->random[1], sum = s0 + s1;
    s1 ^= s0;
    b->random[0] = ((s0 << 24) | (s0 >> 40)) ^ s1 ^ (s1 << 16);
    b->random[1] = (s1 << 37) | (s1 >> 27);
    return sum;
}

void ss_bridge_request_id(struct ss_bridge *b, char out[32])
{
    static const char hex[] = "0123456789abcdef";
    for (int half = 0; half < 2; half++) {
        uint64_t v = next_random(b);
        for (int i = 0; i < 16; i++, v >>= 4)
            *out++ = hex[v & 15];
    }
}

void ss_bridge_init(struct ss_bridge *b, struct ss_loop *l, struct ss_snapshot *snapshot,
                    size_t max_request_bytes, size_t max_message_bytes)
{
    *b = (struct ss_bridge){.loop = l,
                            .snapshot = ss_snapshot_ref(snapshot),
                            .codec = ss_codec_new(),
                            .max_request_bytes = max_request_bytes,
                            .max_message_bytes = max_message_bytes};
    ss_buf_init(&b->scratch, SIZE_MAX / 4);
    ss_call_bridge_init(b);
    seed(b);
    b->clusters = ss_xcalloc(snapshot->n_clusters, sizeof *b->clusters);
    for (size_t i = 0; i < snapshot->n_clusters; i++)
        b->clusters[i] = ss_cluster_new(l, &snapshot->clusters[i], next_random(b));
}

void ss_bridge_dispose(struct ss_bridge *b)
{
    ss_call_bridge_dispose(b);
    for (size_t i = 0; i < b->snapshot->n_clusters; i++)
        ss_cluster_free(b->clusters[i]);
    ss_free(b->clusters);
    ss_codec_free(b->codec);
    ss_buf_dispose(&b->scratch);
    ss_snapshot_unref(b->snapshot);
}

bool ss_bridge_ready(const struct ss_bridge *b)
{
    for (size_t i = 0; i < b->snapshot->n_clusters; i++)
        if (b->snapshot->clusters[i].required && !ss_cluster_ready(b->clusters[i]))
            return false;
    return true;
}
