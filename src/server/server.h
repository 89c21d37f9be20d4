/* The running process: worker threads, their listeners, the admin listener, signals, drain. */
#ifndef SS_SERVER_SERVER_H
#define SS_SERVER_SERVER_H

#include "base/log.h"
#include "bridge/snapshot.h"
#include "downstream/limits.h"
#include "http/site.h"
#include "net/address.h"
#include "net/tls.h"

struct ss_listener_config {
    struct ss_address address;
    struct ss_slice text; /* as configured, for logs */
    int mode;             /* of a unix socket's file; -1: as the umask has it */
    struct ss_tls *tls;   /* owned by the ss_server_config; NULL: cleartext */
    /* CORS for routes without their own; NULL: none. In the ss_server_config's arena. */
    const struct ss_cors_config *cors;
    struct ss_site site; /* its list is in the ss_server_config's arena */
};

/* What a restart is needed to change. Owned by its maker, who disposes of it after ss_server_run. */
struct ss_server_config {
    struct ss_arena arena; /* holds what is pointed to */
    struct ss_listener_config *listeners;
    size_t n_listeners;
    struct ss_listener_config admin;
    bool admin_off;
    unsigned workers;        /* 0: the cgroup's CPU quota rounded up, else the CPUs this process may run on */
    uint64_t drain_delay_ms; /* SIGTERM: how long listeners stay up with readiness failing. 0 */
    uint64_t drain_timeout_ms; /* how long calls may then take. 30 000 */
    struct ss_limits limits;
    enum ss_access_log access_log; /* as the log */
};

void ss_server_config_init(struct ss_server_config *c);
/* Drops TLS contexts and the arena. */
void ss_server_config_dispose(struct ss_server_config *c);

/* Serves until SIGTERM or SIGINT has drained. Takes a reference of snapshot. Blocks; to be called on the main
 * thread, once. SS_OK: drained. SS_ERR_CONFIG: an address could not be bound (logged). */
enum ss_err ss_server_run(const struct ss_server_config *config, struct ss_snapshot *snapshot,
                          const struct ss_log *log);

#endif
