/* One table of flags; a command takes those that name it. */
#include "config/cli.h"

#include <stdlib.h>

#include "config/nearest.h"
#include "config/units.h"
#include "http/grpc_timeout.h"

enum {
    SERVE = 1 << SS_COMMAND_SERVE,
    CHECK = 1 << SS_COMMAND_CHECK,
    ROUTES = 1 << SS_COMMAND_ROUTES,
    CALL = 1 << SS_COMMAND_CALL,
    EXPLAIN = 1 << SS_COMMAND_EXPLAIN,
    ALL = SERVE | CHECK | ROUTES | CALL | EXPLAIN
};

/* Which of the two ways to be configured a flag belongs to. */
enum way { EITHER, BY_FILE, BY_FLAGS };

enum flag_id {
    CONFIG,
    UPSTREAM,
    PLAINTEXT,
    DESCRIPTOR,
    PROTO,
    INCLUDE,
    STRICT,
    LISTEN,
    ADMIN,
    LOG_FORMAT,
    LOG_LEVEL,
    ACCESS_LOG,
    WORKERS,
    TIMEOUT,
    N_FLAGS
};

struct flag {
    const char *name, *env;
    unsigned commands;
    enum way way;
    enum { ONE, BOOLEAN, MANY } kind;
};

static const struct flag flags[N_FLAGS] = {
    [CONFIG] = {"--config", "SIDESPAN_CONFIG", ALL, BY_FILE, ONE},
    [UPSTREAM] = {"--upstream", "SIDESPAN_UPSTREAM", ALL, BY_FLAGS, ONE},
    [PLAINTEXT] = {"--plaintext", "SIDESPAN_PLAINTEXT", ALL, BY_FLAGS, BOOLEAN},
    [DESCRIPTOR] = {"--descriptor", "SIDESPAN_DESCRIPTOR", ALL, BY_FLAGS, MANY},
    [PROTO] = {"--proto", "SIDESPAN_PROTO", ALL, BY_FLAGS, MANY},
    [INCLUDE] = {"--include", "SIDESPAN_INCLUDE", ALL, BY_FLAGS, MANY},
    [STRICT] = {"--strict", "SIDESPAN_STRICT", CHECK, EITHER, BOOLEAN},
    [LISTEN] = {"--listen", "SIDESPAN_LISTEN", SERVE, BY_FLAGS, ONE},
    [ADMIN] = {"--admin", "SIDESPAN_ADMIN", SERVE, BY_FLAGS, ONE},
    [LOG_FORMAT] = {"--log-format", "SIDESPAN_LOG_FORMAT", SERVE, EITHER, ONE},
    [LOG_LEVEL] = {"--log-level", "SIDESPAN_LOG_LEVEL", SERVE, EITHER, ONE},
    [ACCESS_LOG] = {"--access-log", "SIDESPAN_ACCESS_LOG", SERVE, EITHER, ONE},
    [WORKERS] = {"--workers", "SIDESPAN_WORKERS", SERVE, EITHER, ONE},
    [TIMEOUT] = {"--timeout", "SIDESPAN_TIMEOUT", CALL, EITHER, ONE},
};

static const char *const commands[] = {"serve", "check", "routes", "call", "explain", "version", "help"};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

/* How many words a command takes, and what they are. */
static const struct {
    size_t least, most;
    const char *what;
} takes[N_COMMANDS] = {
    [SS_COMMAND_CALL] = {1, 2, "a method, as in package.Service.Method, and perhaps JSON"},
    [SS_COMMAND_EXPLAIN] = {2, 3, "an HTTP method, a path and perhaps a body"},
};

struct parse {
    struct ss_arena *a;
    struct ss_slice *why;
    const char *command;
    const char *values[N_FLAGS]; /* NULL: not given; of MANY the last */
    const char **lists[N_FLAGS]; /* of MANY: all */
    size_t n_listed[N_FLAGS];
    bool by_env[N_FLAGS];
};

static enum ss_err bad(struct parse *p, struct ss_slice what)
{
    *p->why = p->command ? ss_arena_printf(p->a, "%.*s\nTry: sidespan help %s", SS_FMT(what), p->command)
                         : ss_arena_printf(p->a, "%.*s\nTry: sidespan help", SS_FMT(what));
    return SS_ERR_INVALID;
}

static struct ss_slice did_you_mean(struct ss_arena *a, const struct ss_nearest *near)
{
    return near->best.len ? ss_arena_printf(a, "; did you mean %.*s?", SS_FMT(near->best)) : SS_LIT("");
}

static const char *name_of(const struct parse *p, enum flag_id id)
{
    return p->by_env[id] ? flags[id].env : flags[id].name;
}

static enum ss_err find_command(struct parse *p, const char *word, enum ss_command *command)
{
    struct ss_nearest near;
    ss_nearest_init(&near, ss_slice_str(word));
    for (int i = 0; i < N_COMMANDS; i++) {
        if (strcmp(word, commands[i]) == 0) {
            *command = (enum ss_command)i;
            return SS_OK;
        }
        ss_nearest_offer(&near, ss_slice_str(commands[i]));
    }
    struct ss_slice hint = did_you_mean(p->a, &near);
    return bad(p, ss_arena_printf(p->a, "unknown command \"%s\"%.*s", word, SS_FMT(hint)));
}

/* N_FLAGS: not one of this command's. */
static enum flag_id find_flag(enum ss_command command, struct ss_slice name, struct ss_nearest *near)
{
    for (int i = 0; i < N_FLAGS; i++) {
        if (!(flags[i].commands & 1u << command))
            continue;
        if (ss_slice_eq(name, ss_slice_str(flags[i].name)))
            return (enum flag_id)i;
        ss_nearest_offer(near, ss_slice_str(flags[i].name));
    }
    return N_FLAGS;
}

/* `-H name:value`, as often as wanted. */
static enum ss_err read_header(struct parse *p, struct ss_cli *out, int argc, char *const argv[], int *i)
{
    if (*i + 1 >= argc)
        return bad(p, SS_LIT("-H needs a value"));
    const char *value = argv[++*i], *colon = strchr(value, ':');
    if (colon == NULL || colon == value)
        return bad(p, ss_arena_printf(p->a, "-H: expected name:value, found \"%s\"", value));
    if (out->headers == NULL)
        out->headers = ss_arena_alloc(p->a, (size_t)argc * sizeof *out->headers);
    out->headers[out->n_headers++] = value;
    return SS_OK;
}

static enum ss_err read_word(struct parse *p, struct ss_cli *out, size_t *n, const char *word)
{
    if (*n == takes[out->command].most)
        return bad(p, ss_arena_printf(p->a, "unexpected argument \"%s\"", word));
    out->words[(*n)++] = word;
    return SS_OK;
}

/* max: of values that there can be. */
static void append(struct parse *p, enum flag_id id, const char *value, size_t max)
{
    if (p->lists[id] == NULL)
        p->lists[id] = ss_arena_alloc(p->a, max * sizeof *p->lists[id]);
    p->lists[id][p->n_listed[id]++] = value;
}

/* Paths between colons, as in PATH; empty ones are none. */
static void append_all(struct parse *p, enum flag_id id, const char *value)
{
    struct ss_slice rest = ss_slice_str(value);
    while (rest.len) {
        const char *colon = memchr(rest.ptr, ':', rest.len);
        struct ss_slice one = ss_slice_of(rest.ptr, colon ? (size_t)(colon - rest.ptr) : rest.len);
        if (one.len)
            append(p, id, ss_arena_copy(p->a, one).ptr, strlen(value));
        rest = ss_slice_skip(rest, one.len + (colon ? 1 : 0));
    }
}

static enum ss_err read_flag(struct parse *p, enum ss_command command, int argc, char *const argv[], int *i)
{
    const char *word = argv[*i], *equals = strchr(word, '=');
    struct ss_slice name = ss_slice_of(word, equals ? (size_t)(equals - word) : strlen(word));
    struct ss_nearest near;
    ss_nearest_init(&near, name);
    enum flag_id id = find_flag(command, name, &near);
    if (id == N_FLAGS) {
        struct ss_slice hint = did_you_mean(p->a, &near);
        return bad(p, ss_arena_printf(p->a, "unknown flag %.*s%.*s", SS_FMT(name), SS_FMT(hint)));
    }
    if (p->values[id] && flags[id].kind != MANY)
        return bad(p, ss_arena_printf(p->a, "%.*s is given twice", SS_FMT(name)));
    p->values[id] = NULL;
    if (equals)
        p->values[id] = equals + 1;
    else if (flags[id].kind == BOOLEAN)
        p->values[id] = "true";
    else if (*i + 1 < argc)
        p->values[id] = argv[++*i];
    if (p->values[id] == NULL || p->values[id][0] == '\0')
        return bad(p, ss_arena_printf(p->a, "%.*s needs a value", SS_FMT(name)));
    if (flags[id].kind == MANY)
        append(p, id, p->values[id], (size_t)argc);
    return SS_OK;
}

static bool given_by_flag(const struct parse *p, enum flag_id id)
{
    return p->values[id] && !p->by_env[id];
}

/* Variables stand in for flags; those of the way that a flag has ruled out are not looked at. */
static void read_env(struct parse *p, enum ss_command command, ss_cli_env *env, void *ctx)
{
    bool file = given_by_flag(p, CONFIG), quick = given_by_flag(p, UPSTREAM);
    for (int i = 0; i < N_FLAGS; i++) {
        bool other_way = (flags[i].way == BY_FILE && quick) || (flags[i].way == BY_FLAGS && file);
        if (p->values[i] || other_way || !(flags[i].commands & 1u << command))
            continue;
        const char *value = env(ctx, flags[i].env);
        if (value && *value) {
            p->values[i] = value;
            p->by_env[i] = true;
            if (flags[i].kind == MANY)
                append_all(p, (enum flag_id)i, value);
        }
    }
}

static enum ss_err check_way(struct parse *p)
{
    if (p->values[CONFIG] && p->values[UPSTREAM])
        return bad(p, ss_arena_printf(p->a, "%s and %s exclude each other", name_of(p, CONFIG),
                                      name_of(p, UPSTREAM)));
    if (p->values[CONFIG] == NULL && p->values[UPSTREAM] == NULL)
        return bad(p, ss_arena_printf(p->a, "%s needs --config FILE or --upstream HOST:PORT", p->command));
    for (int i = 0; i < N_FLAGS; i++)
        if (p->values[CONFIG] && p->values[i] && flags[i].way == BY_FLAGS)
            return bad(p,
                       ss_arena_printf(p->a, "%s goes with --upstream only: with --config, the file says it",
                                       name_of(p, (enum flag_id)i)));
    if (p->values[INCLUDE] && p->values[PROTO] == NULL)
        return bad(p, ss_arena_printf(p->a, "%s goes with --proto only", name_of(p, INCLUDE)));
    return SS_OK;
}

static enum ss_err bad_value(struct parse *p, enum flag_id id, const char *expected)
{
    return bad(
        p, ss_arena_printf(p->a, "%s: expected %s, found \"%s\"", name_of(p, id), expected, p->values[id]));
}

/* The index of the value in words; -1: it is none of them. */
static int word_index(const char *value, const char *const *words, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(value, words[i]) == 0)
            return i;
    return -1;
}

static enum ss_err read_bool(struct parse *p, enum flag_id id, bool *out)
{
    static const char *const bools[] = {"false", "true", "0", "1"};
    int b = p->values[id] ? word_index(p->values[id], bools, 4) : 0;
    if (b < 0)
        return bad_value(p, id, "true or false");
    *out = b & 1;
    return SS_OK;
}

static enum ss_err take_values(struct parse *p, struct ss_cli *out)
{
    static const char *const formats[] = {"text", "json"},
                             *const levels[] = {"debug", "info", "warn", "error"},
                             *const access[] = {"text", "json", "off"};
    out->config = p->values[CONFIG];
    out->quick = (struct ss_config_quick){
        .upstream = p->values[UPSTREAM],
        .descriptors = p->lists[DESCRIPTOR],
        .n_descriptors = p->n_listed[DESCRIPTOR],
        .protos = p->lists[PROTO],
        .n_protos = p->n_listed[PROTO],
        .includes = p->lists[INCLUDE],
        .n_includes = p->n_listed[INCLUDE],
        .listen = p->values[LISTEN],
        .admin = p->values[ADMIN],
    };
    if (read_bool(p, PLAINTEXT, &out->quick.plaintext) != SS_OK ||
        read_bool(p, STRICT, &out->strict) != SS_OK)
        return SS_ERR_INVALID;
    if (p->values[LOG_FORMAT] && (out->log_json = word_index(p->values[LOG_FORMAT], formats, 2)) < 0)
        return bad_value(p, LOG_FORMAT, "text or json");
    if (p->values[LOG_LEVEL] && (out->log_level = word_index(p->values[LOG_LEVEL], levels, 4)) < 0)
        return bad_value(p, LOG_LEVEL, "debug, info, warn or error");
    if (p->values[ACCESS_LOG] && (out->access_log = word_index(p->values[ACCESS_LOG], access, 3)) < 0)
        return bad_value(p, ACCESS_LOG, "text, json or off");
    if (p->values[TIMEOUT] &&
        (ss_duration_parse(ss_slice_str(p->values[TIMEOUT]), true, &out->timeout_ms) != SS_OK ||
         out->timeout_ms == 0))
        return bad_value(p, TIMEOUT, "a duration such as 5s or 400ms");
    if (p->values[WORKERS]) {
        uint64_t n;
        if (!ss_uint_parse(ss_slice_str(p->values[WORKERS]), &n) || n > 1024)
            return bad_value(p, WORKERS, "a number from 0 to 1024");
        out->workers = (int)n;
    }
    return SS_OK;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* `help`, `--help`, and `COMMAND … --help`. */
static enum ss_err parse_help(struct parse *p, int argc, char *const argv[], struct ss_cli *out)
{
    enum ss_command topic;
    out->command = SS_COMMAND_HELP;
    p->command = NULL;
    if (argc > 2)
        return bad(p, SS_LIT("help takes one command"));
    if (argc == 2 && !is_help(argv[1])) {
        if (find_command(p, argv[1], &topic) != SS_OK)
            return SS_ERR_INVALID;
        out->topic = commands[topic];
    }
    return SS_OK;
}

static bool takes_headers(enum ss_command command)
{
    return command == SS_COMMAND_CALL || command == SS_COMMAND_EXPLAIN;
}

/* What stands behind the command. */
static enum ss_err read_arguments(struct parse *p, struct ss_cli *out, int argc, char *const argv[])
{
    enum ss_err err = SS_OK;
    size_t n = 0;
    bool flags_over = false;
    for (int i = 2; i < argc && err == SS_OK; i++) {
        if (!flags_over && is_help(argv[i])) {
            out->command = SS_COMMAND_HELP;
            out->topic = p->command;
            return SS_OK;
        }
        if (flags_over || argv[i][0] != '-' || argv[i][1] == '\0')
            err = read_word(p, out, &n, argv[i]);
        else if (strcmp(argv[i], "--") == 0)
            flags_over = true;
        else if (takes_headers(out->command) && strcmp(argv[i], "-H") == 0)
            err = read_header(p, out, argc, argv, &i);
        else
            err = read_flag(p, out->command, argc, argv, &i);
    }
    if (err == SS_OK && n < takes[out->command].least)
        err = bad(p, ss_arena_printf(p->a, "%s needs %s", p->command, takes[out->command].what));
    return err;
}

enum ss_err ss_cli_parse(int argc, char *const argv[], ss_cli_env *env, void *env_ctx, struct ss_arena *a,
                         struct ss_cli *out, struct ss_slice *why)
{
    struct parse p = {.a = a, .why = why};
    *out =
        (struct ss_cli){.workers = -1, .log_json = -1, .log_level = -1, .access_log = -1, .timeout_ms = -1};
    if (argc < 2)
        return bad(&p, SS_LIT("no command: expected serve, check, routes, call, explain, version or help"));
    if (is_help(argv[1]))
        return parse_help(&p, argc - 1, argv + 1, out);
    if (strcmp(argv[1], "--version") == 0 && argc == 2) {
        out->command = SS_COMMAND_VERSION;
        return SS_OK;
    }
    if (argv[1][0] == '-')
        return bad(
            &p, ss_arena_printf(
                    a, "expected a command before %s: serve, check, routes, call, explain, version or help",
                    argv[1]));
    if (find_command(&p, argv[1], &out->command) != SS_OK)
        return SS_ERR_INVALID;
    if (out->command == SS_COMMAND_HELP)
        return parse_help(&p, argc - 1, argv + 1, out);
    p.command = commands[out->command];
    enum ss_err err = read_arguments(&p, out, argc, argv);
    if (err != SS_OK || out->command == SS_COMMAND_VERSION || out->command == SS_COMMAND_HELP)
        return err;
    read_env(&p, out->command, env, env_ctx);
    err = check_way(&p);
    return err == SS_OK ? take_values(&p, out) : err;
}
