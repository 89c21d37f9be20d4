/* The files that every schema holds, as the bytes of a FileDescriptorSet; made at build time from proto/ and
 * from libprotobuf-dev's. */
#ifndef SS_SCHEMA_BUILTIN_H
#define SS_SCHEMA_BUILTIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

extern const unsigned char ss_builtin_set[];
extern const size_t ss_builtin_set_len;

/* Which copy of a built-in file counts, ours or a user's of the same name. */
enum ss_builtin_kind {
    SS_BUILTIN_NONE,      /* the name is not built in */
    SS_BUILTIN_PINNED,    /* ours: code of ours relies on its fields */
    SS_BUILTIN_DEFAULT,   /* the user's if there is one: it may be newer, as descriptor.proto with editions is
                           */
    SS_BUILTIN_ON_DEMAND, /* the same, and ours comes only when a file imports it */
};
enum ss_builtin_kind ss_builtin_kind_of(struct ss_slice file_name);

#endif
