/* The command line and the environment → what to do. Pure: nothing is opened, printed or started here. */
#ifndef SS_CONFIG_CLI_H
#define SS_CONFIG_CLI_H

#include "config/config.h"

enum ss_command {
    SS_COMMAND_SERVE,
    SS_COMMAND_CHECK,
    SS_COMMAND_ROUTES,
    SS_COMMAND_CALL,
    SS_COMMAND_EXPLAIN,
    SS_COMMAND_VERSION,
    SS_COMMAND_HELP
};

enum { SS_CLI_MAX_WORDS = 3 };

struct ss_cli {
    enum ss_command command;
    const char *topic;                   /* of help; NULL: all of it */
    const char *config;                  /* --config; NULL: quick is to be used */
    struct ss_config_quick quick;        /* upstream is NULL when config is not */
    bool strict;                         /* check: warnings are errors */
    int workers;                         /* -1: as configured */
    int log_json;                        /* -1: as configured */
    int log_level;                       /* enum ss_log_level; -1: as configured */
    int access_log;                      /* enum ss_access_log; -1: as configured */
    const char *words[SS_CLI_MAX_WORDS]; /* call: METHOD [JSON]; explain: HTTP-METHOD PATH [BODY]; NULL: not
                                            given */
    const char **headers;                /* call, explain: each -H, "name:value" as given */
    size_t n_headers;
    int64_t timeout_ms; /* call: --timeout; -1: not given */
};

/* The value of an environment variable; NULL when it is not set. */
typedef const char *ss_cli_env(void *ctx, const char *name);

/* argv is borrowed for as long as out. Each flag is `--flag VALUE` or `--flag=VALUE`, and has a variable
 * SIDESPAN_FLAG which counts when the flag is not given (and is not empty); -H has none. --descriptor,
 * --proto and --include may come several times; their variables hold paths between colons. What does not
 * begin with '-', is that alone, or stands behind `--` is a word of the command. --config and --upstream
 * exclude each other, a flag wins over the other's variable, and the variables that go with the loser are not
 * looked at. SS_ERR_INVALID with a text of one or two lines in *why (through a). */
enum ss_err ss_cli_parse(int argc, char *const argv[], ss_cli_env *env, void *env_ctx, struct ss_arena *a,
                         struct ss_cli *out, struct ss_slice *why);

/* The text of `help TOPIC`; NULL topic: of `help`; NULL when there is no such topic. Static. */
const char *ss_cli_help(const char *topic);

#endif
