/* YAML (and the files it names) → ss_server_config and ss_snapshot. */
#ifndef SS_CONFIG_CONFIG_H
#define SS_CONFIG_CONFIG_H

#include "base/arena.h"
#include "base/log.h"
#include "server/server.h"

/* Everything wrong is collected, not only the first: one line each, "file:line:column: text". The same form
 * has what is said of a configuration that loads. */
struct ss_config_error {
    struct ss_config_error *next;
    struct ss_slice text;
    enum ss_log_level level; /* ERROR; of notes: WARN for what is left out, INFO, DEBUG for what is ignored */
};

struct ss_config {
    struct ss_server_config server;
    struct ss_snapshot *snapshot;  /* one reference */
    struct ss_log log;             /* format and level */
    struct ss_config_error *notes; /* what is to be said all the same; they live in the arena of the load */
};

/* Loads path. SS_ERR_CONFIG: *errors is not empty, its entries live in a. On SS_OK *out is the caller's. */
enum ss_err ss_config_load(const char *path, struct ss_arena *a, struct ss_config *out,
                           struct ss_config_error **errors);

/* `serve --upstream`: no file. Strings are borrowed for the call; NULL is absent. */
struct ss_config_quick {
    const char *upstream; /* HOST:PORT or a target */
    bool plaintext;
    const char **descriptors; /* FileDescriptorSet files */
    size_t n_descriptors;
    const char **protos; /* .proto files, compiled by protoc */
    size_t n_protos;
    const char **includes; /* folders that imports of protos are looked for in */
    size_t n_includes;
    const char *listen; /* default 127.0.0.1:8080 */
    const char *admin;  /* default 127.0.0.1:9901 */
};
enum ss_err ss_config_quick(const struct ss_config_quick *q, struct ss_arena *a, struct ss_config *out,
                            struct ss_config_error **errors);

void ss_config_dispose(struct ss_config *c);

#endif
