/* What has to be known of a text before yajl may see it, because yajl would let it through. */
#ifndef SS_JSON_PRESCAN_H
#define SS_JSON_PRESCAN_H

#include "base/buf.h"

struct ss_json_prescan {
    bool high;      /* a byte from 0x80: its UTF-8 is to be checked */
    bool backslash; /* a string with escapes: its surrogates are to be checked */
    bool feed;      /* a vertical tab or form feed: yajl takes them for white space, RFC 8259 does not */
};

/* One fast pass over text. */
struct ss_json_prescan ss_json_prescan(struct ss_slice text);
/* Whether every \u escape of a surrogate has its other half. Other faults in escapes are left to yajl. */
bool ss_json_surrogates_paired(struct ss_slice text);
/* Puts a copy of text into out, with the words True and False outside of strings in lower case. */
enum ss_err ss_json_lower_bools(struct ss_buf *out, struct ss_slice text);

#endif
