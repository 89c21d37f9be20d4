/* Which header goes where: client headers to gRPC metadata, metadata to response headers. Nothing passes
 * unchecked. */
#ifndef SS_HTTP_METADATA_H
#define SS_HTTP_METADATA_H

#include "base/arena.h"
#include "http/header.h"

/* A client header's way up. From AS_IS on it goes; before, it does not. */
enum ss_forward {
    SS_FORWARD_DROP,       /* its name is not for the service */
    SS_FORWARD_UNFIT,      /* gRPC cannot carry its name or its value */
    SS_FORWARD_BAD_BASE64, /* a "-bin" value is none */
    SS_FORWARD_AS_IS,
    SS_FORWARD_RENAMED,
};

/* name is lower case. Dropped: framing and hop-by-hop names (host, content-*, accept, accept-encoding,
 * accept-charset, connection, te, trailer, transfer-encoding, upgrade, keep-alive, proxy-*, expect,
 * user-agent, grpc-* but grpc-metadata-*, names starting with ':', http2-settings,
 * x-forwarded-for/-proto/-host/-user-agent (sidespan appends its own), x-request-id, x-request-timeout,
 * sec-websocket-*). Unfit: names outside [0-9a-z_.-], values outside 0x20..0x7E. "grpc-metadata-x" is renamed
 * to "x", under the same rules; a renamed name may not be one that gRPC or HTTP owns. A "-bin" value must be
 * base64: it is normalised to unpadded. *out gets what to send; its slices point into the header or a. What
 * the client's Connection names is dropped by the caller (http/connection.h). */
enum ss_forward ss_metadata_from_header(const struct ss_header *h, struct ss_arena *a, struct ss_header *out);
/* Whether an entry of the service's initial metadata may become a response header: not content-*, grpc-*,
 * connection, date, server, transfer-encoding, trailer, set of hop-by-hop names, names starting with ':';
 * valid name and value. */
bool ss_header_from_metadata(const struct ss_header *m);
/* The same beside a google.api.HttpBody, which is the service's own: content-disposition,
 * content-security-policy, content-encoding, accept-ranges and their like too, but not content-type and
 * content-length. */
bool ss_body_header_from_metadata(const struct ss_header *m);
/* Whether a trailer may become Grpc-Trailer-*: the same, and not grpc-status, grpc-message,
 * grpc-status-details-bin. */
bool ss_trailer_from_metadata(const struct ss_header *m);

#endif
