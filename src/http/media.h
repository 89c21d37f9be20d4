/* Content-Type, Accept and Accept-Encoding (RFC 9110 §8.3, §12.5). */
#ifndef SS_HTTP_MEDIA_H
#define SS_HTTP_MEDIA_H

#include "base/slice.h"

enum ss_media {
    SS_MEDIA_NONE, /* no Content-Type, or an empty one */
    SS_MEDIA_JSON, /* application/json, text/json, or any subtype ending in +json; charset absent or utf-8 */
    SS_MEDIA_NDJSON, /* application/x-ndjson, application/ndjson, application/jsonl, application/x-jsonlines
                      */
    SS_MEDIA_TEXT,   /* text/plain; charset absent or utf-8 */
    SS_MEDIA_FORM,   /* application/x-www-form-urlencoded */
    SS_MEDIA_MULTIPART, /* multipart/form-data */
    SS_MEDIA_GRPC,      /* application/grpc, and with +suffix; not grpc-web */
    SS_MEDIA_GRPC_WEB,  /* application/grpc-web, and with +suffix */
    SS_MEDIA_GRPC_WEB_TEXT,
    SS_MEDIA_OTHER,
};
enum ss_media ss_media_of(struct ss_slice content_type);

/* Which of the three stream types an Accept value wants most (q-values, then order; a wildcard wants none).
 */
enum ss_accept { SS_ACCEPT_ANY, SS_ACCEPT_JSON, SS_ACCEPT_NDJSON, SS_ACCEPT_SSE };
enum ss_accept ss_accept_of(struct ss_slice accept);
/* Whether an Accept-Encoding value takes gzip (q above 0, * counts). */
bool ss_accepts_gzip(struct ss_slice accept_encoding);

#endif
