/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef SS_BASE_UTF8_H
#define SS_BASE_UTF8_H

#include "base/slice.h"

/* The length of the longest valid prefix, in bytes: s.len when all of it is valid. Skips 8 ASCII bytes at a
 * time. */
size_t ss_utf8_valid_len(struct ss_slice s);

static inline bool ss_utf8_valid(struct ss_slice s)
{
    return ss_utf8_valid_len(s) == s.len;
}

#endif
