/* Base64 (RFC 4648), reading both alphabets, padded or not. */
#ifndef SS_BASE_BASE64_H
#define SS_BASE_BASE64_H

#include "base/err.h"
#include "base/slice.h"

static inline size_t ss_base64_encoded_len(size_t n, bool pad)
{
    return pad ? (n + 2) / 3 * 4 : n / 3 * 4 + (n % 3 ? n % 3 + 1 : 0);
}

/* Upper bound of what decoding n characters gives. */
static inline size_t ss_base64_decoded_max(size_t n)
{
    return n / 4 * 3 + 3;
}

/* Writes the standard alphabet, ss_base64_encoded_len bytes; returns that length. */
size_t ss_base64_encode(char *out, struct ss_slice bytes, bool pad);
/* Standard and URL alphabets, even mixed; padding may be absent but not wrong; no spaces; left-over bits of
 * the last character are ignored, as protobuf's parsers do. out has room for ss_base64_decoded_max.
 * SS_ERR_INVALID otherwise. */
enum ss_err ss_base64_decode(char *out, size_t *out_len, struct ss_slice text);

#endif
