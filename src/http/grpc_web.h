/* gRPC-Web (PROTOCOL-WEB.md): gRPC's frames over any HTTP, with the trailers as a last frame; and its text
 * mode, where the whole is base64, which may be padded at any place where a piece ended. */
#ifndef SS_HTTP_GRPC_WEB_H
#define SS_HTTP_GRPC_WEB_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "http/header.h"

enum { SS_GRPC_WEB_TRAILERS = 0x80 }; /* flag of the frame of trailers */

/* The codec that a content type of gRPC or gRPC-Web names: "+proto", "+json", …; empty: none, which means
 * proto. A view of content_type, without its parameters. */
struct ss_slice ss_grpc_codec(struct ss_slice content_type);
/* "application/" kind codec, into a. kind: "grpc", "grpc-web" or "grpc-web-text". */
struct ss_slice ss_grpc_content_type(const char *kind, struct ss_slice codec, struct ss_arena *a);

/* Appends the frame of trailers: "name: value" CR LF each, grpc-status among them. SS_ERR_INTERNAL, and
 * nothing written, when a name is not lower case or a value not clean. */
enum ss_err ss_grpc_web_trailers(const struct ss_header *trailers, size_t n, struct ss_buf *out);

/* Base64, piece by piece. Zero-initialised. */
struct ss_grpc_web_encoder {
    uint8_t n; /* bytes held back, 0 to 2 */
    char held[3];
};
/* Appends what is whole; flush: all, with padding, as the end of a message needs. Errors are out's; both out
 * and the encoder are then as they were. */
enum ss_err ss_grpc_web_encode(struct ss_grpc_web_encoder *e, struct ss_slice bytes, bool flush,
                               struct ss_buf *out);

/* The way back. Zero-initialised. */
struct ss_grpc_web_decoder {
    uint8_t n; /* characters held back, 0 to 3 */
    char held[4];
};
/* Appends the bytes of what is whole. SS_ERR_INVALID: not base64; else the errors of out. */
enum ss_err ss_grpc_web_decode(struct ss_grpc_web_decoder *d, struct ss_slice text, struct ss_buf *out);
/* The body has ended: gives out a last group without padding. SS_ERR_INVALID: a lone character. */
enum ss_err ss_grpc_web_decode_end(struct ss_grpc_web_decoder *d, struct ss_buf *out);

#endif
