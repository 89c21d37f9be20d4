/* What a peer may not do for ever: HTTP/2 floods that nghttp2 lets through. Counters per connection, budgets
 * that its own useful traffic earns back, as Envoy's HTTP/2 flood mitigation has them. Pure. */
#ifndef SS_H2_GUARD_H
#define SS_H2_GUARD_H

#include <stdbool.h>
#include <stdint.h>

struct ss_h2_guard {
    uint64_t bucket_ms;      /* when the token buckets were last filled */
    uint32_t control_tokens; /* PING, SETTINGS, PRIORITY and unknown frames; refilled by time */
    uint32_t reset_tokens;   /* RST_STREAM that we send; refilled by time */
    uint32_t window_updates; /* since the last DATA frame sent or stream opened */
    uint32_t empty_frames;   /* DATA without payload and END_STREAM, in a row */
};

void ss_h2_guard_init(struct ss_h2_guard *g, uint64_t now_ms);
/* A frame arrives: type and flags as on the wire. false: the peer is flooding; end the connection with
 * ENHANCE_YOUR_CALM. */
bool ss_h2_guard_frame(struct ss_h2_guard *g, uint8_t type, uint8_t flags, uint32_t length, uint64_t now_ms);
/* We send RST_STREAM: false as above. */
bool ss_h2_guard_reset(struct ss_h2_guard *g, uint64_t now_ms);
/* We send DATA: window updates are due for it. */
void ss_h2_guard_data_sent(struct ss_h2_guard *g);

#endif
