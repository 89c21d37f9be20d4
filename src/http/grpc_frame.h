/* gRPC's length-prefixed messages (PROTOCOL-HTTP2.md): flag, 4 bytes big-endian length, bytes. */
#ifndef SS_HTTP_GRPC_FRAME_H
#define SS_HTTP_GRPC_FRAME_H

#include <stdint.h>

#include "base/buf.h"

enum { SS_GRPC_PREFIX = 5 };

/* Writes the 5-byte prefix. */
static inline void ss_grpc_prefix(char *out, bool compressed, uint32_t len)
{
    out[0] = compressed;
    out[1] = (char)(len >> 24);
    out[2] = (char)(len >> 16);
    out[3] = (char)(len >> 8);
    out[4] = (char)len;
}

/* Cuts a byte stream into messages. A message that lies whole in the pushed bytes is a view of them; one that
 * is split is collected. Holds no memory between messages. */
struct ss_deframer {
    struct ss_buf body;
    size_t max;   /* bytes of one message */
    uint32_t len; /* of the message being collected */
    uint8_t prefix[SS_GRPC_PREFIX];
    uint8_t prefix_len;
};
void ss_deframer_init(struct ss_deframer *d, size_t max);
void ss_deframer_dispose(struct ss_deframer *d);

struct ss_grpc_message {
    struct ss_slice bytes; /* valid until the next call on the deframer, and as long as the pushed bytes */
    bool compressed;
};
/* Takes bytes from p[0..n), up to the end of one message; *used says how many. *have: *m is a whole message.
 * SS_ERR_MESSAGE_TOO_LARGE as soon as a prefix announces more than max; SS_ERR_BAD_RESPONSE: a flag that is
 * not 0 or 1. */
enum ss_err ss_deframer_push(struct ss_deframer *d, const char *p, size_t n, size_t *used, bool *have,
                             struct ss_grpc_message *m);
/* Whether it stands between messages: false at the end of a stream means a truncated message. */
bool ss_deframer_idle(const struct ss_deframer *d);

/* Looks at messages that pass, and keeps none of their bytes. Zero-initialised. */
struct ss_frame_watch {
    uint64_t left;  /* of the message that is passing */
    uint64_t whole; /* messages that have passed whole, so far */
    uint8_t prefix[SS_GRPC_PREFIX];
    uint8_t prefix_len;
};
/* How many of n bytes at p may pass: all, or those before a message of more than max bytes. *cut: that
 * message began in an earlier piece, a part of its prefix has passed. */
size_t ss_frame_watch_push(struct ss_frame_watch *w, const char *p, size_t n, size_t max, bool *cut);

#endif
