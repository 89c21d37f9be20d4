/* SHA-1 (RFC 3174), for WebSocket's handshake, which proves nothing but that both sides speak it: not for
 * anything that must resist an attacker. Private to src/http/. */
#ifndef SS_HTTP_SHA1_H
#define SS_HTTP_SHA1_H

#include "base/slice.h"

enum { SS_SHA1_LEN = 20, SS_SHA1_MAX = 119 };

/* text: at most SS_SHA1_MAX bytes. */
void ss_sha1(struct ss_slice text, unsigned char out[SS_SHA1_LEN]);

#endif
