/* Cuts the body of a client stream into JSON texts, each as soon as it is whole: the elements of one array,
 * or texts that follow one another, as the lines of NDJSON do. It looks at strings and nesting only; whether
 * a text is JSON is for its reader to say. */
#ifndef SS_HTTP_JSON_SPLIT_H
#define SS_HTTP_JSON_SPLIT_H

#include <stdint.h>

#include "base/buf.h"

enum ss_json_split_form {
    SS_JSON_SPLIT_LINES, /* NDJSON, but that a line may hold several texts */
    SS_JSON_SPLIT_VALUE, /* [text, text, …], or texts that follow one another */
};

struct ss_json_split {
    struct ss_buf text; /* a text in pieces */
    size_t max;         /* bytes of one text */
    size_t depth;       /* open brackets within the text */
    uint64_t texts;     /* how many have been given out */
    const char *why;    /* static text, after an error */
    uint8_t state;
    bool lines; /* of NDJSON */
    bool array; /* the body is one */
    bool given; /* text was handed out by the last call */
};

void ss_json_split_init(struct ss_json_split *s, enum ss_json_split_form form, size_t max);
void ss_json_split_dispose(struct ss_json_split *s);
/* Takes bytes from p[0..n), up to the end of one text; *used says how many. *have: *text is a whole one,
 * without white space around it, valid until the next call and as long as the pushed bytes; else all bytes
 * are used. SS_ERR_INVALID: a missing or extra comma, text after the array; SS_ERR_BODY_TOO_LARGE: a text
 * above max; SS_ERR_MEMORY. s->why then says more. */
enum ss_err ss_json_split_push(struct ss_json_split *s, const char *p, size_t n, size_t *used, bool *have,
                               struct ss_slice *text);
/* The body has ended: gives out a last number that only the end makes whole. SS_ERR_INVALID: the
 * array, or a text, is not whole. A body of white space is good, and of no texts. */
enum ss_err ss_json_split_end(struct ss_json_split *s, bool *have, struct ss_slice *text);

#endif
