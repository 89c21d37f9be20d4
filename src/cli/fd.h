/* Whole reads and writes of the descriptors that a terminal or a pipe gives us. Blocking. */
#ifndef SS_CLI_FD_H
#define SS_CLI_FD_H

#include "base/buf.h"

/* Appends everything up to the end. SS_ERR_IO; SS_ERR_LIMIT or SS_ERR_MEMORY as ss_buf has them. */
enum ss_err ss_fd_read_all(int fd, struct ss_buf *out);
/* SS_ERR_IO when not all of it could be written. */
enum ss_err ss_fd_write_all(int fd, struct ss_slice bytes);

#endif
