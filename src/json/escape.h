/* Escapes kept from yajl, which decodes them a byte at a time and gives each string a copy. It reads a copy
 * of the text in which none is left, of the same length, so that every byte stands where it did:
 *
 *   \n   FF n      \"   FF A2      \\   FF DC      \u00e9   FF u 0 0 e 9
 *
 * (FF is in no UTF-8 text.) A string's escapes are then decoded in that copy, when yajl gives it out. A
 * backslash outside of strings becomes FF too, and is as wrong there. */
#ifndef SS_JSON_ESCAPE_H
#define SS_JSON_ESCAPE_H

#include "base/buf.h"

/* Puts that copy of text, which is UTF-8, into out. SS_ERR_MEMORY, SS_ERR_LIMIT. */
enum ss_err ss_json_hide_escapes(struct ss_buf *out, struct ss_slice text);
/* Decodes the n bytes of a string at p, in place; *decoded is its new length. False when an escape is not one
 * of RFC 8259.
 */
bool ss_json_decode_escapes(char *p, size_t n, size_t *decoded);

#endif
