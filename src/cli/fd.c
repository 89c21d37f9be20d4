#include "cli/fd.h"

#include <errno.h>
#include <unistd.h>

enum { READ_SIZE = 65536 };

enum ss_err ss_fd_read_all(int fd, struct ss_buf *out)
{
    for (;;) {
        enum ss_err err = ss_buf_reserve(out, READ_SIZE);
        if (err != SS_OK)
            return err;
        ssize_t n = read(fd, out->ptr + out->len, READ_SIZE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return SS_ERR_IO;
        if (n == 0)
            return SS_OK;
        out->len += (size_t)n;
    }
}

enum ss_err ss_fd_write_all(int fd, struct ss_slice bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return SS_ERR_IO;
        bytes = ss_slice_skip(bytes, (size_t)n);
    }
    return SS_OK;
}
