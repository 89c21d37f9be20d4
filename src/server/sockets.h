/* The listening sockets of a server: one per listener and worker, and the admin listener's. */
#ifndef SS_SERVER_SOCKETS_H
#define SS_SERVER_SOCKETS_H

#include "server/server.h"

struct ss_socket_file;

struct ss_sockets {
    int *fds;     /* rows of n_workers, one per listener; each is given away with its worker */
    int admin_fd; /* -1: none */
    struct ss_socket_file *files; /* of unix listeners */
    size_t n_files;
};

/* Opens all, or none: SS_ERR_CONFIG, and log says which. */
enum ss_err ss_sockets_open(struct ss_sockets *s, const struct ss_server_config *c, unsigned n_workers,
                            const struct ss_log *log);
/* Removes the files of unix listeners, if they are still those that were made. While the sockets are open:
 * the number of a file that is gone may be another's. Idempotent. */
void ss_sockets_remove_files(struct ss_sockets *s);
/* Frees what it holds. The sockets are the workers'. */
void ss_sockets_dispose(struct ss_sockets *s);

#endif
