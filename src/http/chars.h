/* Character classes of RFC 9110 §5 as tables, and the word-at-a-time scan that the head parser and the value
 * check share. */
#ifndef SS_HTTP_CHARS_H
#define SS_HTTP_CHARS_H

#include <stdint.h>

#include "base/slice.h"

/* For a tchar (RFC 9110 §5.6.2) its lower case, for any other byte 0. */
extern const char ss_http_lower[256];

static inline char ss_http_tchar(char c)
{
    return ss_http_lower[(unsigned char)c];
}

/* field-vchar, obs-text, SP or HT. */
static inline bool ss_http_value_char(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 0x20 ? u != 0x7F : u == '\t';
}

static inline bool ss_http_space(char c)
{
    return c == ' ' || c == '\t';
}

/* The first byte of [p, end) that may not stand in a field value: a control byte other than HT; end when
 * there is none. */
const char *ss_http_value_end(const char *p, const char *end);
/* The first byte of [p, end) that is not in 0x21..0x7E; end when there is none. */
const char *ss_http_visible_end(const char *p, const char *end);
/* The same, where bytes above 0x7F may stand too. */
const char *ss_http_target_end(const char *p, const char *end);

/* s without SP and HT around it. */
struct ss_slice ss_http_trim(struct ss_slice s);
/* Cuts the next element off a comma-separated list (RFC 9110 §5.6.1), trimmed, quoted strings respected,
 * empty elements skipped. False when there is none left. */
bool ss_http_list_next(struct ss_slice *list, struct ss_slice *element);
/* The same for a list of tokens, such as Connection: a quote means nothing, so it can hide nothing. */
bool ss_http_token_next(struct ss_slice *list, struct ss_slice *element);

#endif
