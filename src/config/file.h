/* Files and folders that configuration names. */
#ifndef SS_CONFIG_FILE_H
#define SS_CONFIG_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "config/decode.h"

/* path itself when it is absolute, else dir (which is "" or ends in '/') and path. NUL-terminated, in a. */
struct ss_slice ss_path_join(struct ss_slice dir, struct ss_slice path, struct ss_arena *a);
/* An address or a target, with the path of a relative "unix:path" made relative to the folder of its file. */
struct ss_slice ss_path_of_unix(const struct ss_located *text, struct ss_arena *a);
/* What stands before the last component: "" or ends in '/'. Points into path. */
struct ss_slice ss_path_dir(struct ss_slice path);

/* The whole of a regular file of at most max bytes, in a. path is NUL-terminated. *why: a text such as "No
 * such file or directory", static. */
enum ss_err ss_file_read(struct ss_slice path, size_t max, struct ss_arena *a, struct ss_slice *out,
                         const char **why);
/* Whether the file can be read; says so at its place in the configuration when not. */
bool ss_file_check(struct ss_diag *d, const struct ss_located *path);

/* path when it is a file; when it is a folder its *.yaml, *.yml and *.json (hidden ones aside), sorted by
 * name. False with errors at the node. */
bool ss_file_list(struct ss_diag *d, const struct ss_located *path, struct ss_string_list *out);

#endif
