/* Tokens of a JSON text, found again to tell a client what is wrong with it and where. Slow (byte by byte)
 * but linear, and only ever run on a text that was refused. */
#ifndef SS_JSON_LEXER_H
#define SS_JSON_LEXER_H

#include "base/slice.h"

enum { SS_JSON_FAULT_MAX = 160 };

struct ss_json_fault {
    size_t offset; /* bytes from the start of the text */
    char message[SS_JSON_FAULT_MAX];
};

void ss_json_fault_set(struct ss_json_fault *f, size_t offset, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

enum ss_json_token {
    SS_JSON_END,
    SS_JSON_BAD, /* no token begins here; the fault says why */
    SS_JSON_PUNCTUATION,
    SS_JSON_STRING,
    SS_JSON_NUMBER,
    SS_JSON_WORD, /* letters: null, true, false, or what a client took for a value or key */
};

struct ss_json_lexer {
    struct ss_slice text; /* borrowed */
    size_t valid;         /* bytes of text that are UTF-8 */
    size_t begin, end;    /* of the current token */
};

void ss_json_lexer_init(struct ss_json_lexer *l, struct ss_slice text);
/* The next token. After SS_JSON_BAD or SS_JSON_END there is none. */
enum ss_json_token ss_json_lexer_next(struct ss_json_lexer *l, struct ss_json_fault *fault);

#endif
