/*                    ┌── line ──┐
 *                    │          ▼
 *   start ──▶ open for sending ──end of input──▶ half closed ──end, or a bad line──▶ over (the loop stops)
 *                    │                                                               ▲
 *                    └───────────────────────────────────────────────────────────────┘
 */
#include "cli/call.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/fd.h"
#include "cli/input.h"
#include "cli/pick.h"
#include "http/chars.h"
#include "http/grpc_frame.h"
#include "http/metadata.h"
#include "transcode/transcode.h"
#include "upstream/call.h"
#include "upstream/cluster.h"

enum {
    MAX_REQUEST = 256 << 20,  /* of one message's JSON */
    UNSENT_HIGH = 256 * 1024, /* bytes waiting to be sent above which no more input is taken */
    UNARY_TIMEOUT_MS = 60000,
};

struct calling {
    struct ss_upcall up; /* first: an event's call is this */
    const struct ss_cli_call *c;
    const struct ss_method *method;
    struct ss_json_in in;
    struct ss_json_out out;
    struct ss_loop *loop;
    struct ss_codec *codec;
    struct ss_arena arena;   /* of the call */
    struct ss_arena scratch; /* of one message */
    struct ss_buf line;      /* what has come of a line */
    struct ss_buf text;      /* an answer */
    struct ss_input *input;  /* NULL: everything was there at the start */
    size_t sent, received;   /* messages */
    bool paused, over;
    int exit;
};

static struct calling *calling_of(struct ss_upcall *u)
{
    return (struct calling *)(void *)u;
}

static void finish(struct calling *k, int code)
{
    if (k->over)
        return;
    k->over = true;
    k->exit = code;
    ss_upcall_cancel(&k->up);
    ss_loop_stop(k->loop);
}

static void print_status(struct calling *k, const struct ss_status *st)
{
    static const struct ss_json_out json = {.emit_defaults = true};
    k->text.len = 0;
    if (ss_status_to_json(k->codec, k->c->snapshot->schema, st, &json, &k->text) != SS_OK) {
        struct ss_status plain = {.code = st->code, .message = SS_LIT("the error is too large to be shown")};
        (void)ss_status_to_json(k->codec, k->c->snapshot->schema, &plain, &json, &k->text);
    }
    (void)ss_buf_append(&k->text, "\n", 1);
    (void)ss_fd_write_all(k->c->err, ss_buf_slice(&k->text));
}

static void fail(struct calling *k, const struct ss_status *st)
{
    if (k->over)
        return;
    print_status(k, st);
    finish(k, SS_EXIT_FAILED);
}

/* ---- up ---- */

static void send_end(struct calling *k)
{
    struct ss_buf none;
    ss_buf_init(&none, SS_GRPC_PREFIX);
    ss_upcall_send(&k->up, &none, true);
}

/* False: the call is over. */
static bool send_message(struct calling *k, struct ss_slice json, bool last)
{
    struct ss_status st = {0};
    struct ss_buf framed;
    ss_arena_reset(&k->scratch);
    ss_buf_init(&framed, MAX_REQUEST);
    enum ss_err err = ss_buf_append(&framed, "\0\0\0\0", SS_GRPC_PREFIX);
    if (err == SS_OK && ss_http_trim(json).len)
        err = ss_json_to_wire(k->codec, k->c->snapshot->schema, k->method->input, NULL, json, &k->in,
                              &k->scratch, &framed, &st);
    if (err != SS_OK) {
        ss_buf_dispose(&framed);
        if (k->method->client_streaming)
            st.message = ss_arena_printf(&k->arena, "message %zu: %.*s", k->sent + 1, SS_FMT(st.message));
        fail(k, &st);
        return false;
    }
    ss_grpc_prefix(framed.ptr, false, (uint32_t)(framed.len - SS_GRPC_PREFIX));
    ss_upcall_send(&k->up, &framed, last);
    k->sent++;
    return true;
}

static bool is_blank(struct ss_slice line)
{
    for (size_t i = 0; i < line.len; i++)
        if (!strchr(" \t\r", line.ptr[i]) || line.ptr[i] == '\0')
            return false;
    return true;
}

/* Sends the whole lines of line and, at the end, the rest. False: the call is over. */
static bool send_lines(struct calling *k, bool end)
{
    size_t at = 0;
    while (at < k->line.len) {
        const char *start = k->line.ptr + at, *newline = memchr(start, '\n', k->line.len - at);
        if (newline == NULL && !end)
            break;
        struct ss_slice one = ss_slice_of(start, newline ? (size_t)(newline - start) : k->line.len - at);
        at += one.len + (newline != NULL);
        if (!is_blank(one) && !send_message(k, one, false))
            return false;
    }
    ss_buf_drop(&k->line, at);
    if (end)
        send_end(k);
    return true;
}

static void go_on(struct calling *k)
{
    if (ss_upcall_unsent(&k->up) > UNSENT_HIGH) {
        k->paused = true;
        ss_upcall_want_writable(&k->up);
    } else {
        ss_input_next(k->input);
    }
}

static void on_input(void *ctx, struct ss_slice bytes, bool failed)
{
    struct calling *k = ctx;
    struct ss_status st = {0};
    if (k->over)
        return;
    if (failed) {
        ss_status_set(&st, &k->arena, SS_ERR_IO, "the input cannot be read");
        fail(k, &st);
    } else if (ss_buf_append(&k->line, bytes.ptr, bytes.len) != SS_OK) {
        ss_status_set(&st, &k->arena, SS_ERR_BODY_TOO_LARGE, "message %zu is too large", k->sent + 1);
        fail(k, &st);
    } else if (send_lines(k, bytes.len == 0) && bytes.len) {
        go_on(k);
    }
}

/* ---- down ---- */

static void on_writable(struct ss_upcall *u)
{
    struct calling *k = calling_of(u);
    if (k->paused)
        ss_input_next(k->input);
    k->paused = false;
}

static void on_message(struct ss_upcall *u, struct ss_slice wire)
{
    struct calling *k = calling_of(u);
    struct ss_status st = {0};
    ss_arena_reset(&k->scratch);
    k->text.len = 0;
    enum ss_err err = ss_wire_to_json(k->codec, k->c->snapshot->schema, k->method->output, NULL, wire,
                                      &k->out, &k->scratch, &k->text, &st);
    if (err == SS_OK && ss_buf_append(&k->text, "\n", 1) != SS_OK)
        err = ss_status_set(&st, &k->arena, SS_ERR_ANSWER_TOO_LARGE, "%s",
                            ss_err_text(SS_ERR_ANSWER_TOO_LARGE));
    if (err != SS_OK) {
        fail(k, &st);
        return;
    }
    k->received++;
    if (ss_fd_write_all(k->c->out, ss_buf_slice(&k->text)) != SS_OK) {
        finish(k, SS_EXIT_CONFIG);
        return;
    }
    ss_upcall_consume(u, wire.len);
}

static void on_end(struct ss_upcall *u, const struct ss_status *st, const struct ss_header *trailers,
                   size_t n)
{
    struct calling *k = calling_of(u);
    (void)trailers, (void)n;
    if (st->code != SS_CODE_OK) {
        fail(k, st);
    } else if (!k->method->server_streaming && k->received != 1) {
        struct ss_status wrong;
        ss_status_set(&wrong, &k->arena, SS_ERR_BAD_RESPONSE, "the service sent %zu messages instead of one",
                      k->received);
        fail(k, &wrong);
    } else {
        finish(k, 0);
    }
}

static void on_head(struct ss_upcall *u, const struct ss_header *metadata, size_t n)
{
    (void)u, (void)metadata, (void)n;
}

/* ---- the whole ---- */

static int usage(const struct ss_cli_call *c, struct ss_arena *a, struct ss_slice what, int code)
{
    (void)ss_fd_write_all(c->err, ss_arena_printf(a, "sidespan: %.*s\n", SS_FMT(what)));
    return code;
}

/* False: *why says which cannot be sent. */
static bool read_headers(const struct ss_cli_call *c, struct ss_arena *a, struct ss_header *out,
                         struct ss_slice *why)
{
    for (size_t i = 0; i < c->n_headers; i++) {
        struct ss_slice text = ss_slice_str(c->headers[i]);
        const char *colon = strchr(c->headers[i], ':');
        size_t len = colon ? (size_t)(colon - text.ptr) : text.len;
        char *lower = ss_arena_alloc(a, len + 1);
        for (size_t k = 0; k < len; k++)
            lower[k] = ss_http_tchar(text.ptr[k]) ? ss_http_tchar(text.ptr[k]) : ' ';
        struct ss_header h = {.name = ss_slice_of(lower, len)};
        h.value = ss_http_trim(ss_slice_skip(text, colon ? len + 1 : len));
        enum ss_forward way = ss_metadata_from_header(&h, a, &out[i]);
        if (way < SS_FORWARD_AS_IS) {
            *why = ss_arena_printf(a, "-H %.*s: %s", SS_FMT(text),
                                   way == SS_FORWARD_BAD_BASE64 ? "a value of -bin must be base64"
                                                                : "not a header that goes up as metadata");
            return false;
        }
    }
    return true;
}

static int64_t timeout_of(const struct ss_cli_call *c, const struct ss_pick *pick)
{
    if (c->timeout_ms >= 0)
        return c->timeout_ms;
    if (pick->options && pick->options->timeout_ms >= 0)
        return pick->options->timeout_ms;
    return pick->method->client_streaming || pick->method->server_streaming ? 0 : UNARY_TIMEOUT_MS;
}

static bool from_input(const struct ss_cli_call *c)
{
    return c->json == NULL || strcmp(c->json, "-") == 0;
}

/* The request, as far as it can be sent without the loop. */
static void begin(struct calling *k)
{
    const struct ss_cli_call *c = k->c;
    struct ss_status st = {0};
    bool streams = k->method->client_streaming;
    if (streams && from_input(c)) {
        k->input = ss_input_start(k->loop, c->in, on_input, k);
        if (k->input)
            return;
        ss_status_set(&st, &k->arena, SS_ERR_INTERNAL, "there is no thread to read the input");
        fail(k, &st);
        return;
    }
    enum ss_err err =
        from_input(c) ? ss_fd_read_all(c->in, &k->line) : ss_buf_append(&k->line, c->json, strlen(c->json));
    if (err != SS_OK) {
        ss_status_set(&st, &k->arena, err, "the input cannot be read");
        fail(k, &st);
    } else if (streams) {
        (void)send_lines(k, true);
    } else {
        (void)send_message(k, ss_buf_slice(&k->line), true);
    }
}

static void run(struct calling *k, const struct ss_pick *pick, const struct ss_header *metadata)
{
    static const struct ss_upcall_ops ops = {
        .head = on_head, .message = on_message, .writable = on_writable, .end = on_end};
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = 1; /* only jitter hangs on it */
    size_t max = pick->options && pick->options->max_message_bytes ? pick->options->max_message_bytes
                                                                   : k->c->max_message_bytes;
    k->text.max = ss_route_max_json(pick->options, k->c->max_json_bytes, max);
    struct ss_upcall_request request = {
        .path = k->method->path,
        .metadata = metadata,
        .n_metadata = k->c->n_headers,
        .timeout_ms = timeout_of(k->c, pick),
        .max_message_bytes = max,
        .max_unsent_bytes = 2 * (size_t)MAX_REQUEST + UNSENT_HIGH,
        .unary = !k->method->client_streaming,
    };
    k->loop = ss_loop_new(k->c->log);
    struct ss_cluster *cluster = ss_cluster_new(k->loop, pick->cluster, seed);
    ss_upcall_start(&k->up, cluster, &request, &ops, &k->arena);
    begin(k);
    if (!k->over)
        ss_loop_run(k->loop);
    ss_upcall_cancel(&k->up);
    ss_input_stop(k->input);
    ss_cluster_free(cluster);
    ss_loop_free(k->loop);
}

int ss_cli_call_run(const struct ss_cli_call *c)
{
    struct calling k = {.c = c, .out = {.emit_defaults = true}};
    struct ss_pick pick;
    struct ss_slice why;
    int code;
    ss_arena_init(&k.arena, 0);
    ss_arena_init(&k.scratch, 0);
    ss_buf_init(&k.line, MAX_REQUEST);
    ss_buf_init(&k.text, 1); /* the method says how much */
    struct ss_header *metadata = ss_arena_alloc(&k.arena, (c->n_headers + 1) * sizeof *metadata);
    if (!read_headers(c, &k.arena, metadata, &why)) {
        code = usage(c, &k.arena, why, SS_EXIT_USAGE);
    } else if (ss_pick_method(c->snapshot, ss_slice_str(c->method), &k.arena, &pick, &why) != SS_OK) {
        code = usage(c, &k.arena, why, SS_EXIT_CONFIG);
    } else {
        k.method = pick.method;
        if (pick.options) {
            k.in = pick.options->in;
            k.out = pick.options->out;
        }
        k.out.pretty = !k.method->server_streaming && isatty(c->out);
        k.codec = ss_codec_new();
        run(&k, &pick, metadata);
        ss_codec_free(k.codec);
        code = k.exit;
    }
    ss_buf_dispose(&k.text);
    ss_buf_dispose(&k.line);
    ss_arena_dispose(&k.scratch);
    ss_arena_dispose(&k.arena);
    return code;
}
