/* What is wrong with a text that was refused, in words that its author (who may be a language model) can act
 * on, and where its tokens are. yajl's own messages are neither short nor exact. */
#ifndef SS_JSON_EXPLAIN_H
#define SS_JSON_EXPLAIN_H

#include "json/lexer.h"

/* The first fault of text, by RFC 8259 and with at most max_depth nested values. False when it has none.
 * stack is room for the smaller of max_depth and text.len bytes. */
bool ss_json_explain(struct ss_slice text, unsigned max_depth, char *stack, struct ss_json_fault *fault);
/* The first byte of the token that reaches to end or beyond. */
size_t ss_json_token_begin(struct ss_slice text, size_t end);

#endif
