#include "h2/guard.h"

#include <stddef.h>

enum {
    CONTROL_BURST = 1000,
    CONTROL_PER_S = 100,
    RESET_BURST = 500,
    RESET_PER_S = 50,
    MAX_WINDOW_UPDATES = 10000, /* without any DATA from us: Envoy allows 10 per DATA frame sent */
    WINDOW_UPDATES_PER_DATA = 10,
    MAX_EMPTY_FRAMES = 100,
    MAX_INTERIM = 10,                    /* answers of 1xx before the one that counts */
    MAX_ANSWER = MAX_INTERIM + 2,        /* header blocks: those, the head, and the trailers */
    HEADERS_BURST = 1000,                /* of streams that are over */
    HEADERS_PER_CLIENT_STREAM = 2,       /* the head, and the trailers */
    HEADERS_PER_ANSWER = MAX_ANSWER + 1, /* and a reset */
    HEADERS_MAX = 100000,                /* what may be saved up: of streams that run at the same time */
};

enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, WINDOW_UPDATE = 8, CONTINUATION = 9 };
enum { END_STREAM = 1, PADDED = 8 };

void ss_h2_guard_init(struct ss_h2_guard *g, bool client, uint64_t now_ms)
{
    *g = (struct ss_h2_guard){.bucket_ms = now_ms,
                              .control_tokens = CONTROL_BURST,
                              .reset_tokens = RESET_BURST,
                              .header_tokens = HEADERS_BURST,
                              .client = client};
}

static uint32_t fill(uint32_t tokens, uint64_t seconds, uint32_t per_s, uint32_t burst)
{
    uint64_t more = seconds * per_s;
    return more >= burst - tokens ? burst : tokens + (uint32_t)more;
}

static void refill(struct ss_h2_guard *g, uint64_t now_ms)
{
    uint64_t seconds = (now_ms - g->bucket_ms) / 1000;
    if (seconds == 0)
        return;
    g->bucket_ms += seconds * 1000;
    g->control_tokens = fill(g->control_tokens, seconds, CONTROL_PER_S, CONTROL_BURST);
    g->reset_tokens = fill(g->reset_tokens, seconds, RESET_PER_S, RESET_BURST);
}

static bool take(uint32_t *tokens)
{
    if (*tokens == 0)
        return false;
    --*tokens;
    return true;
}

/* A padded frame may be empty however long it is: ss_h2_guard_payload tells. */
static bool data_frame(struct ss_h2_guard *g, uint8_t flags, uint32_t length)
{
    if (flags & END_STREAM)
        return true;
    if (length && !(flags & PADDED)) {
        g->empty_frames = 0;
        return true;
    }
    return ++g->empty_frames <= MAX_EMPTY_FRAMES;
}

const char *ss_h2_guard_frame(struct ss_h2_guard *g, uint8_t type, uint8_t flags, uint32_t length,
                              uint64_t now_ms)
{
    switch (type) {
    case DATA:
        return data_frame(g, flags, length) ? NULL : "empty DATA frames";
    case HEADERS:
        return take(&g->header_tokens) ? NULL : "HEADERS of streams that are over";
    case CONTINUATION: /* nghttp2 limits those of one block */
        return NULL;
    case WINDOW_UPDATE:
        return ++g->window_updates <= MAX_WINDOW_UPDATES ? NULL : "WINDOW_UPDATE frames";
    case RST_STREAM: /* nghttp2 limits those of a client */
        return !g->client || take(&g->header_tokens) ? NULL : "RST_STREAM of streams that are over";
    default:
        refill(g, now_ms);
        return take(&g->control_tokens) ? NULL : "PING, SETTINGS or other control frames";
    }
}

void ss_h2_guard_payload(struct ss_h2_guard *g)
{
    g->empty_frames = 0;
}

const char *ss_h2_guard_answer(unsigned n)
{
    return n <= MAX_ANSWER ? NULL : "interim answers";
}

void ss_h2_guard_opened(struct ss_h2_guard *g)
{
    g->window_updates = 0;
    g->header_tokens += g->client ? HEADERS_PER_ANSWER : HEADERS_PER_CLIENT_STREAM;
    if (g->header_tokens > HEADERS_MAX)
        g->header_tokens = HEADERS_MAX;
}

bool ss_h2_guard_reset(struct ss_h2_guard *g, uint64_t now_ms)
{
    refill(g, now_ms);
    return take(&g->reset_tokens);
}

void ss_h2_guard_data_sent(struct ss_h2_guard *g)
{
    g->window_updates =
        g->window_updates > WINDOW_UPDATES_PER_DATA ? g->window_updates - WINDOW_UPDATES_PER_DATA : 0;
    if (g->control_tokens < CONTROL_BURST)
        g->control_tokens++;
}
