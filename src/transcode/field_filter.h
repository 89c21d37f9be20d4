/* Which fields of an answer the client wants: $fields, a field mask compiled against the answer's type. A
 * tree, one node for each field named; the paths are looked up when it is built, so printing only walks it.
 *
 * "title,clauses.name": names as in proto or as in JSON, an extension as "[full.name]"; spaces around a path
 * do not count. A path into a repeated field or a map trims each element or value. "*" as the last name of a
 * path is all fields there; behind a repeated field or a map it may also stand for its elements
 * ("clauses.*.name"). Types with a JSON form of their own (Timestamp, Struct, Any and so on) come whole.
 *
 * A message of which nothing was asked for, or that has nothing of it, prints as {}. */
#ifndef SS_TRANSCODE_FIELD_FILTER_H
#define SS_TRANSCODE_FIELD_FILTER_H

#include "base/status.h"
#include "schema/schema.h"

struct ss_field_filter;

/* Compiles text over m, the type that ss_field_filter_root gives. *out is NULL, which means everything, for
 * an empty text and for "*"; else it lives in a and refers to m's schema. SS_ERR_INVALID with a violation of
 * "$fields" in st that says which path names no field; also for m NULL, an answer that has no fields. */
enum ss_err ss_field_filter_new(const struct ss_message *m, struct ss_slice text, struct ss_arena *a,
                                const struct ss_field_filter **out, struct ss_status *st);
/* What a filter of an answer of type output is over: output itself; with a response_body the type of that
 * field's value, of its elements, of its map's values. NULL when these are no messages. */
const struct ss_message *ss_field_filter_root(const struct ss_message *output,
                                              const struct ss_field *response_body);

#endif
