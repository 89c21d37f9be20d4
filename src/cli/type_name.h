/* The type of a field as a .proto file writes it. */
#ifndef SS_CLI_TYPE_NAME_H
#define SS_CLI_TYPE_NAME_H

#include "schema/schema.h"

/* "string", "repeated legal.v1.Doc", "map<string, int32>"; through a where it must be made. */
struct ss_slice ss_type_name(const struct ss_field *f, struct ss_arena *a);

#endif
