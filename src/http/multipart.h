/* multipart/form-data (RFC 7578, RFC 2046 §5.1), read as it comes in: part heads are collected under a cap,
 * part bodies are handed out as views of the pushed bytes. Holds no more than one part's head. */
#ifndef SS_HTTP_MULTIPART_H
#define SS_HTTP_MULTIPART_H

#include <stdint.h>

#include "base/buf.h"

struct ss_multipart_limits {
    size_t max_head_bytes; /* of one part's head; of what may stand before the first part, too */
    unsigned max_parts;
};

/* A part's head. UTF-8; valid until the next call. */
struct ss_multipart_part {
    struct ss_slice name;         /* never empty */
    struct ss_slice filename;     /* filename* where it is there, else filename; may be empty, or a path */
    struct ss_slice content_type; /* as written; empty: none, which means text/plain */
    bool is_file;                 /* it has a filename, if an empty one */
};

enum ss_multipart_kind {
    SS_MULTIPART_NONE,     /* all bytes are used: push more */
    SS_MULTIPART_PART,     /* part: its head has been read */
    SS_MULTIPART_DATA,     /* data: some of its body, never empty; any number of times */
    SS_MULTIPART_PART_END, /* its body is whole */
    SS_MULTIPART_END,      /* the last boundary; what follows its line is skipped */
};

struct ss_multipart_event {
    enum ss_multipart_kind kind;
    struct ss_multipart_part part;
    struct ss_slice data; /* valid until the next call, and as long as the pushed bytes */
};

enum { SS_MULTIPART_BOUNDARY = 70 }; /* RFC 2046 §5.1.1 */

struct ss_multipart {
    struct ss_buf head; /* of the part being read; after PART, its unescaped strings */
    struct ss_multipart_limits limits;
    const char *why; /* static text, after an error */
    size_t skipped;  /* bytes before the first boundary */
    unsigned parts;
    uint8_t state;
    uint8_t delimiter_len;
    uint8_t matched; /* bytes of delimiter seen so far, which may be a boundary's beginning */
    bool implied;    /* its CR LF belongs to what stands before, and is no data */
    char delimiter[4 + SS_MULTIPART_BOUNDARY]; /* CR LF "--" boundary */
};

/* content_type: of the request, borrowed for the call. SS_ERR_INVALID: not multipart/form-data, or without a
 * good boundary; nothing needs to be disposed of then. */
enum ss_err ss_multipart_init(struct ss_multipart *m, struct ss_slice content_type,
                              const struct ss_multipart_limits *limits);
void ss_multipart_dispose(struct ss_multipart *m);
/* Takes bytes from p[0..n), up to the end of one event; *used says how many. An event may take no bytes at
 * all: call again with the rest until it is SS_MULTIPART_NONE. SS_ERR_INVALID: malformed (bare LF, folded
 * lines, text after a boundary, no or two Content-Disposition, no name, bad UTF-8, a transfer encoding);
 * SS_ERR_BODY_TOO_LARGE: a limit; SS_ERR_MEMORY. m->why then says more. */
enum ss_err ss_multipart_push(struct ss_multipart *m, const char *p, size_t n, size_t *used,
                              struct ss_multipart_event *event);
/* The body has ended: SS_ERR_INVALID before the last boundary. */
enum ss_err ss_multipart_end(struct ss_multipart *m);

#endif
