/* Reason phrases and the status lines made of them (RFC 9110 §15 and the IANA registry). Private to
 * src/http/. */
#ifndef SS_HTTP_HTTP1_REASON_H
#define SS_HTTP_HTTP1_REASON_H

#include "base/slice.h"

/* "HTTP/1.1 200 OK\r\n", static; empty for what is not registered. */
struct ss_slice ss_http1_status_line(int status);

#endif
