/* The parts of the HTTP/1.1 head parser: http1_head.c finds the head's end and walks its lines,
 * http1_target.c reads the request line, http1_framing.c gives the fields that HTTP owns their meaning.
 * Private to src/http/. */
#ifndef SS_HTTP_HTTP1_HEAD_H
#define SS_HTTP_HTTP1_HEAD_H

#include "http/http1.h"

struct ss_head_parser {
    char *p;   /* next byte; borrowed */
    char *end; /* just behind the empty line: what stands before it is CR LF CR LF or the like */
    struct ss_http1_head *head; /* being filled */
    const char *why;            /* static text, with an error */
    struct ss_slice host;       /* the Host field */
    bool has_host;
    bool absolute;               /* the target named the host */
    bool has_coding;             /* Transfer-Encoding was there */
    bool saw_upgrade;            /* an Upgrade field */
    bool close, keep, switching; /* options of Connection */
};

static inline enum ss_err ss_head_refuse(struct ss_head_parser *h, enum ss_err err, const char *why)
{
    h->why = why;
    return err;
}

/* Reads the request line with its CR LF; then h->p is the first field line. */
enum ss_err ss_head_request_line(struct ss_head_parser *h);
/* Takes what one field says about framing, connection or host. */
enum ss_err ss_head_field(struct ss_head_parser *h, const struct ss_header *f);
/* When all fields have been read: what they say together. */
enum ss_err ss_head_conclude(struct ss_head_parser *h);
/* RFC 3986 host [":" port], of a Host field or an authority; no user information, no comma. */
bool ss_head_host_valid(struct ss_slice host);

#endif
