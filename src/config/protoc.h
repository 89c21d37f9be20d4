/* Runs protoc, where it is installed, to compile a .proto into a FileDescriptorSet. */
#ifndef SS_CONFIG_PROTOC_H
#define SS_CONFIG_PROTOC_H

#include "config/decode.h"

/* include: folders that imports are looked for in, before the file's own folder. The set, imports included,
 * lives in a. False with errors in d: protoc is not there, or what it says, line by line. Blocks
 * until it is done. */
bool ss_protoc_compile(struct ss_diag *d, const struct ss_located *proto,
                       const struct ss_string_list *include, struct ss_arena *a, struct ss_slice *set);

#endif
