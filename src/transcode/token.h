/* One JSON token, as the reader gives it and as a tape keeps it. */
#ifndef SS_TRANSCODE_TOKEN_H
#define SS_TRANSCODE_TOKEN_H

#include "base/arena.h"

enum ss_token_kind {
    SS_TOKEN_NULL,
    SS_TOKEN_BOOL,
    SS_TOKEN_NUMBER,
    SS_TOKEN_STRING,
    SS_TOKEN_KEY,
    SS_TOKEN_START_OBJECT,
    SS_TOKEN_END_OBJECT,
    SS_TOKEN_START_ARRAY,
    SS_TOKEN_END_ARRAY,
};

struct ss_token {
    enum ss_token_kind kind;
    bool value;           /* of a BOOL */
    struct ss_slice text; /* of a NUMBER as written, of a STRING or KEY unescaped; borrowed */
};

/* The token for an error message: at most 64 bytes of what the client wrote, whole characters, strings
 * quoted. */
struct ss_slice ss_token_show(const struct ss_token *t, struct ss_arena *a);
/* s, cut to 64 bytes at the start of a character; *cut says whether it was. */
struct ss_slice ss_text_cut(struct ss_slice s, bool *cut);

#endif
