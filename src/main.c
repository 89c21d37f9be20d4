/* The command line: reads it, loads the configuration, and does what the command says. Exit codes: 0, 1 for
 * bad configuration, 2 for bad usage, 3 for a call that failed or a request that would be refused. */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log_queue.h"
#include "cli/call.h"
#include "cli/explain.h"
#include "config/cli.h"
#include "config/config.h"
#include "config/route_list.h"
#include "server/server.h"

/* Bodies of a megabyte and more come and go with every call: memory for them stays in the heap instead of
 * going through mmap, page faults and munmap each time. What is larger than 8 MiB grows without a copy where
 * it is mapped. M_ARENA_MAX stays as it is: a worker allocates from an arena of its own, without a lock. */
static void tune_malloc(void)
{
    mallopt(M_MMAP_THRESHOLD, 8 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

static const char *get_env(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

/* a: the load's arena; given back before the long wait. */
static int serve(struct ss_config *config, const struct ss_cli *cli, struct ss_arena *a)
{
    if (cli->workers >= 0)
        config->server.workers = (unsigned)cli->workers;
    if (cli->log_json >= 0)
        config->log.json = cli->log_json;
    if (cli->log_level >= 0)
        config->log.level = (enum ss_log_level)cli->log_level;
    if (cli->access_log >= 0)
        config->server.access_log = (enum ss_access_log)cli->access_log;
    for (const struct ss_config_error *n = config->notes; n; n = n->next)
        ss_log_write(&config->log, n->level, "%.*s", SS_FMT(n->text));
    config->notes = NULL;
    ss_arena_dispose(a);
    malloc_trim(0);
    config->log.queue = ss_log_queue_start(config->log.fd, config->log.json);
    enum ss_err err = ss_server_run(&config->server, config->snapshot, &config->log);
    if (config->log.queue)
        ss_log_queue_stop(config->log.queue);
    config->log.queue = NULL;
    return err == SS_OK ? 0 : SS_EXIT_CONFIG;
}

static int call(const struct ss_config *config, const struct ss_cli *cli)
{
    const struct ss_log log = {.fd = STDERR_FILENO, .level = SS_LOG_WARN};
    const struct ss_cli_call c = {
        .snapshot = config->snapshot,
        .log = &log,
        .method = cli->words[0],
        .json = cli->words[1],
        .headers = cli->headers,
        .n_headers = cli->n_headers,
        .timeout_ms = cli->timeout_ms,
        .max_message_bytes = config->server.limits.max_message_bytes,
        .max_json_bytes = config->server.limits.max_json_bytes,
        .in = STDIN_FILENO,
        .out = STDOUT_FILENO,
        .err = STDERR_FILENO,
    };
    return ss_cli_call_run(&c);
}

static int explain(const struct ss_config *config, const struct ss_cli *cli)
{
    const struct ss_cli_explain e = {
        .snapshot = config->snapshot,
        .http_method = cli->words[0],
        .target = cli->words[1],
        .body = cli->words[2],
        .headers = cli->headers,
        .n_headers = cli->n_headers,
        .limits = &config->server.limits,
        .cors = config->server.n_listeners ? config->server.listeners[0].cors : NULL,
        .site = config->server.n_listeners ? &config->server.listeners[0].site : NULL,
        .in = STDIN_FILENO,
        .out = STDOUT_FILENO,
        .err = STDERR_FILENO,
    };
    return ss_cli_explain_run(&e);
}

/* Prints what is to be said of a configuration that loads; returns how many warnings that were. */
static size_t print_notes(const struct ss_config *config)
{
    size_t warnings = 0;
    for (const struct ss_config_error *n = config->notes; n; n = n->next) {
        if (n->level < SS_LOG_INFO)
            continue;
        warnings += n->level == SS_LOG_WARN;
        fprintf(stderr, "%s: %.*s\n", n->level == SS_LOG_WARN ? "warning" : "info", SS_FMT(n->text));
    }
    return warnings;
}

static int check(const struct ss_config *config, bool strict)
{
    size_t warnings = print_notes(config), n_routes = ss_route_table_count(config->snapshot->routes);
    if (strict && warnings) {
        fprintf(stderr, "%zu warning%s, and --strict makes errors of them\n", warnings,
                warnings == 1 ? "" : "s");
        return SS_EXIT_CONFIG;
    }
    printf("ok: %zu route%s, %zu upstream%s", n_routes, n_routes == 1 ? "" : "s",
           config->snapshot->n_clusters, config->snapshot->n_clusters == 1 ? "" : "s");
    if (warnings)
        printf(", %zu warning%s", warnings, warnings == 1 ? "" : "s");
    putchar('\n');
    return 0;
}

static int act(struct ss_config *config, const struct ss_cli *cli, struct ss_arena *a)
{
    switch (cli->command) {
    case SS_COMMAND_SERVE:
        return serve(config, cli, a);
    case SS_COMMAND_CHECK:
        return check(config, cli->strict);
    case SS_COMMAND_ROUTES:
        (void)print_notes(config);
        ss_route_list_print(config->snapshot->routes, stdout);
        return 0;
    case SS_COMMAND_CALL:
        return call(config, cli);
    case SS_COMMAND_EXPLAIN:
        return explain(config, cli);
    case SS_COMMAND_VERSION:
    case SS_COMMAND_HELP:
        break;
    }
    return 0;
}

static int load_and_act(const struct ss_cli *cli, struct ss_arena *a)
{
    struct ss_config config;
    struct ss_config_error *errors = NULL;
    enum ss_err err = cli->config ? ss_config_load(cli->config, a, &config, &errors)
                                  : ss_config_quick(&cli->quick, a, &config, &errors);
    for (; errors; errors = errors->next)
        fprintf(stderr, "%.*s\n", SS_FMT(errors->text));
    if (err != SS_OK)
        return SS_EXIT_CONFIG;
    int code = act(&config, cli, a);
    ss_config_dispose(&config);
    return code;
}

/* What was closed before us would be given to a file or a client, and log lines with it. */
static void open_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

int main(int argc, char *argv[])
{
    struct ss_arena a;
    struct ss_cli cli;
    struct ss_slice why;
    int code = 0;
    open_standard_files();
    signal(SIGPIPE, SIG_IGN); /* a write to a connection that is gone is an error, not the end */
    signal(SIGXFSZ, SIG_IGN); /* and so is one past the limit of a file's size */
    tune_malloc();
    ss_arena_init(&a, 0);
    if (ss_cli_parse(argc, argv, get_env, NULL, &a, &cli, &why) != SS_OK) {
        fprintf(stderr, "sidespan: %.*s\n", SS_FMT(why));
        code = SS_EXIT_USAGE;
    } else if (cli.command == SS_COMMAND_HELP) {
        fputs(ss_cli_help(cli.topic), stdout);
    } else if (cli.command == SS_COMMAND_VERSION) {
        puts("sidespan " SS_VERSION);
    } else {
        code = load_and_act(&cli, &a);
    }
    ss_arena_dispose(&a);
    if (fflush(stdout) != 0)
        return EXIT_FAILURE;
    return code;
}
