/* What a peer may not do for ever: HTTP/2 floods that nghttp2 lets through. Counters per connection, budgets
 * that useful traffic earns back, as Envoy's HTTP/2 flood mitigation has them. Pure.
 *
 * Both roles have the same budgets; what earns them differs. A client earns by the streams that it opens, a
 * service by those that we open to it. DATA that we send earns both of them window updates and pings: peers
 * answer each frame with the first, and measure the way with the second (gRPC's BDP probes). */
#ifndef SS_H2_GUARD_H
#define SS_H2_GUARD_H

#include <stdbool.h>
#include <stdint.h>

struct ss_h2_guard {
    uint64_t bucket_ms; /* when the token buckets were last filled */
    uint32_t
        control_tokens; /* PING, SETTINGS, PRIORITY, GOAWAY and unknown frames; refilled by time and DATA */
    uint32_t reset_tokens;   /* RST_STREAM that we send; refilled by time */
    uint32_t header_tokens;  /* HEADERS, and in the client role RST_STREAM; refilled by streams opened */
    uint32_t window_updates; /* since the last DATA frame sent or stream opened */
    uint32_t empty_frames;   /* DATA without payload and END_STREAM, in a row */
    bool client;             /* our role: the peer is a service */
};

/* client: ours is the client role. */
void ss_h2_guard_init(struct ss_h2_guard *g, bool client, uint64_t now_ms);
/* A frame arrives: type and flags as on the wire. NULL, or what the peer floods us with, for a log; end the
 * connection with ENHANCE_YOUR_CALM then. */
const char *ss_h2_guard_frame(struct ss_h2_guard *g, uint8_t type, uint8_t flags, uint32_t length,
                              uint64_t now_ms);
/* Payload of a DATA frame arrives, padding not counted. */
void ss_h2_guard_payload(struct ss_h2_guard *g);
/* The header block of an answer begins, the nth of its stream (client role). As ss_h2_guard_frame. */
const char *ss_h2_guard_answer(unsigned n);
/* A stream is opened, by whichever side is the client. */
void ss_h2_guard_opened(struct ss_h2_guard *g);
/* We send RST_STREAM: false as above. */
bool ss_h2_guard_reset(struct ss_h2_guard *g, uint64_t now_ms);
/* We send DATA. */
void ss_h2_guard_data_sent(struct ss_h2_guard *g);

#endif
