#include "bridge/bridge.h"

#include <sys/random.h>

#include "base/mem.h"
#include "bridge/call.h"
#include "http/gzip.h"

enum { MAX_HEADERS = 100 }; /* where the server says nothing */

static void fill_random(void *p, size_t n)
{
    while (getrandom(p, n, 0) != (ssize_t)n)
        continue;
}

static void seed(struct ss_bridge *b)
{
    fill_random(&b->hash_key, sizeof b->hash_key);
    fill_random(b->random, sizeof b->random);
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

/* 32 bits as 8 hex digits, all at once: nibbles are spread to bytes, and those above 9 are moved up to 'a'.
 */
static void put_hex(char *out, uint32_t v)
{
    uint64_t x = v;
    x = (x | x << 16) & 0x0000ffff0000ffffu;
    x = (x | x << 8) & 0x00ff00ff00ff00ffu;
    x = (x | x << 4) & 0x0f0f0f0f0f0f0f0fu;
    uint64_t letters = ((x + 0x0606060606060606u) >> 4) & 0x0101010101010101u;
    x += 0x3030303030303030u + letters * ('a' - '0' - 10);
    memcpy(out, &x, sizeof x);
}

void ss_bridge_random_hex(struct ss_bridge *b, char *out, size_t n)
{
    for (size_t i = 0; i < n; i += 16) {
        uint64_t v = next_random(b);
        put_hex(out + i, (uint32_t)v);
        put_hex(out + i + 8, (uint32_t)(v >> 32));
    }
}

void ss_bridge_init(struct ss_bridge *b, struct ss_loop *l, struct ss_snapshot *snapshot,
                    size_t max_request_bytes, size_t max_message_bytes)
{
    *b = (struct ss_bridge){.loop = l,
                            .snapshot = ss_snapshot_ref(snapshot),
                            .codec = ss_codec_new(),
                            .max_request_bytes = max_request_bytes,
                            .max_message_bytes = max_message_bytes,
                            .max_headers = MAX_HEADERS};
    ss_buf_init(&b->scratch, 1); /* each text says how much, as with zipped */
    ss_buf_init(&b->zipped, 1);
    ss_buf_init(&b->inflated, SS_GUNZIP_PIECE);
    ss_call_bridge_init(b);
    ss_access_init(b, SS_ACCESS_LOG_OFF, ss_loop_log(l));
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
    ss_buf_dispose(&b->inflated);
    ss_buf_dispose(&b->zipped);
    ss_gzip_free(b->gzip);
    ss_buf_dispose(&b->access);
    ss_snapshot_unref(b->snapshot);
}

bool ss_bridge_ready(const struct ss_bridge *b)
{
    for (size_t i = 0; i < b->snapshot->n_clusters; i++)
        if (b->snapshot->clusters[i].required && !ss_cluster_ready(b->clusters[i]))
            return false;
    return true;
}
