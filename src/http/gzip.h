/* gzip (RFC 1952), both directions, streaming. State is on the heap and made on demand: only bodies that are
 * compressed pay for it. */
#ifndef SS_HTTP_GZIP_H
#define SS_HTTP_GZIP_H

#include <stdint.h>

#include "base/buf.h"

/* ---- in ---- */

enum {
    SS_GUNZIP_PIECE = 64 * 1024,      /* bytes that one push adds to out at most */
    SS_GUNZIP_FREE = 4 * 1024 * 1024, /* bytes of output that no ratio is asked of */
};

struct ss_gunzip; /* about 10 KiB, and 32 KiB more for bodies above 32 KiB */

/* max: bytes of output all told, 0 for no cap. max_ratio: how many bytes each byte of input may become, asked
 * of what is past SS_GUNZIP_FREE; 0 for any (deflate itself ends at 1032). NULL: out of memory. */
struct ss_gunzip *ss_gunzip_new(uint64_t max, unsigned max_ratio);
/* g may be NULL. */
void ss_gunzip_free(struct ss_gunzip *g);
/* Inflates from *in, cuts what it took off its front, and appends at most SS_GUNZIP_PIECE bytes to out.
 * *more: call again, with what is left of *in (which may be nothing), before more input comes. Several
 * members one after the other are one body. SS_ERR_INVALID: not gzip, a wrong checksum or length, anything
 * else behind a member; SS_ERR_BODY_TOO_LARGE: max or max_ratio is passed; SS_ERR_LIMIT, SS_ERR_MEMORY: out
 * could not grow. After an error it can only be freed. */
enum ss_err ss_gunzip_push(struct ss_gunzip *g, struct ss_slice *in, struct ss_buf *out, bool *more);
/* The body has ended: SS_ERR_INVALID in mid-member. A body of no bytes at all is good, and empty. */
enum ss_err ss_gunzip_end(const struct ss_gunzip *g);

/* ---- out ---- */

enum ss_gzip_use {
    SS_GZIP_WHOLE,  /* answers sent in one go: 268 KiB of state, which a worker can keep and use again */
    SS_GZIP_STREAM, /* streams, of which many are open at once: 18 KiB of state, and hardly less effect */
};
struct ss_gzip;

/* Whether compressing an answer of len bytes (SIZE_MAX when not known yet) and that Content-Type is worth it:
 * text, JSON and the like, from 1 KiB on. */
bool ss_gzip_worth(struct ss_slice content_type, size_t len);

/* NULL: out of memory. */
struct ss_gzip *ss_gzip_new(enum ss_gzip_use use);
/* g may be NULL. */
void ss_gzip_free(struct ss_gzip *g);
/* Takes all n bytes; compressed bytes are appended to out sooner or later. Errors are out's; after one it can
 * only be freed or restarted. */
enum ss_err ss_gzip_push(struct ss_gzip *g, const char *p, size_t n, struct ss_buf *out);
/* What has been pushed can be decoded from what is then in out: at the end of a message of a stream. */
enum ss_err ss_gzip_flush(struct ss_gzip *g, struct ss_buf *out);
/* The end of the body. Then it stands at the start of the next one. */
enum ss_err ss_gzip_finish(struct ss_gzip *g, struct ss_buf *out);
/* Forgets a body in the middle. */
void ss_gzip_restart(struct ss_gzip *g);

#endif
