/* Names of fields: JSON spelling, quoting, and what an identifier is. */
#ifndef SS_SCHEMA_NAMES_H
#define SS_SCHEMA_NAMES_H

#include "base/arena.h"
#include "base/slice.h"

/* [A-Za-z_][A-Za-z0-9_]* */
bool ss_name_is_identifier(struct ss_slice s);
/* lowerCamelCase as protoc derives json_name: underscores go, the letter behind one becomes upper case. In a;
 * ptr is NULL when a's cap is reached, as in the next. */
struct ss_slice ss_name_to_json(struct ss_slice proto_name, struct ss_arena *a);
/* "\"name\"", escaped as RFC 8259 wants it, and a colon behind it where asked for. */
struct ss_slice ss_name_quote(struct ss_slice name, bool colon, struct ss_arena *a);
/* The edit distance of a and b (insertions, deletions, substitutions, swaps of neighbours; ASCII case is
 * ignored), or a value above max when it is above max. Both at most SS_NAME_DISTANCE_MAX_LEN long. */
enum { SS_NAME_DISTANCE_MAX_LEN = 64 };
unsigned ss_name_distance(struct ss_slice a, struct ss_slice b, unsigned max);

#endif
