/* A part's head: its lines, and what Content-Disposition says (RFC 7578 §4.2). Private to src/http/. */
#ifndef SS_HTTP_MULTIPART_HEAD_H
#define SS_HTTP_MULTIPART_HEAD_H

#include "http/multipart.h"

/* head: lines that each end in CR LF, the last of them empty; quoted strings are unescaped in place. *part
 * gets views of it. SS_ERR_INVALID, with *why a static text. */
enum ss_err ss_multipart_head(char *head, size_t n, struct ss_multipart_part *part, const char **why);
/* The boundary that a Content-Type names, a view of it; SS_ERR_INVALID when it is not multipart/form-data
 * with one good boundary. */
enum ss_err ss_multipart_boundary(struct ss_slice content_type, struct ss_slice *boundary);

#endif
