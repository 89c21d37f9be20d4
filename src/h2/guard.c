#include "h2/guard.h"

enum {
    CONTROL_BURST = 1000,
    CONTROL_PER_S = 100,
    RESET_BURST = 500,
    RESET_PER_S = 50,
    MAX_WINDOW_UPDATES = 10000, /* without any DATA from us: Envoy allows 10 per DATA frame sent */
    WINDOW_UPDATES_PER_DATA = 10,
    MAX_EMPTY_FRAMES = 100,
};

enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, WINDOW_UPDATE = 8, END_STREAM = 1 };

void ss_h2_guard_init(struct ss_h2_guard *g, uint64_t now_ms)
{
    *g = (struct ss_h2_guard){
        .bucket_ms = now_ms, .control_tokens = CONTROL_BURST, .reset_tokens = RESET_BURST};
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

bool ss_h2_guard_frame(struct ss_h2_guard *g, uint8_t type, uint8_t flags, uint32_t length, uint64_t now_ms)
{
    switch (type) {
    case DATA:
        if (length != 0) {
            g->empty_frames = 0;
            return true;
        }
        return (flags & END_STREAM) || ++g->empty_frames <= MAX_EMPTY_FRAMES;
    case HEADERS:
        g->window_updates = 0;
        return true;
    case WINDOW_UPDATE:
        return ++g->window_updates <= MAX_WINDOW_UPDATES;
    case RST_STREAM: /* nghttp2's own rate limit */
        return true;
    default:
        refill(g, now_ms);
        if (g->control_tokens == 0)
            return false;
        g->control_tokens--;
        return true;
    }
}

bool ss_h2_guard_reset(struct ss_h2_guard *g, uint64_t now_ms)
{
    refill(g, now_ms);
    if (g->reset_tokens == 0)
        return false;
    g->reset_tokens--;
    return true;
}

void ss_h2_guard_data_sent(struct ss_h2_guard *g)
{
    g->window_updates =
        g->window_updates > WINDOW_UPDATES_PER_DATA ? g->window_updates - WINDOW_UPDATES_PER_DATA : 0;
}
