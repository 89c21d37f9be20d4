/* The access log: one line a request, when it is over. Lines are collected and written at most every
 * FLUSH_MS, or when they fill the buffer: a system call per request would cost more than the line. */
#include <time.h>
#include <unistd.h>

#include "bridge/call.h"
#include "json/writer.h"

enum { FLUSH_MS = 100, FLUSH_BYTES = 32 * 1024, MAX_BYTES = 1024 * 1024 };

void ss_access_flush(struct ss_bridge *b)
{
    struct ss_buf *out = &b->access;
    size_t off = 0;
    ss_timer_cancel(b->loop, &b->access_timer);
    while (off < out->len) {
        ssize_t n = write(b->access_fd, out->ptr + off, out->len - off);
        if (n <= 0)
            break; /* nowhere to report it */
        off += (size_t)n;
    }
    out->len = 0;
}

static void on_timer(void *ctx)
{
    ss_access_flush(ctx);
}

static void put(struct ss_buf *out, struct ss_slice s)
{
    ss_buf_append_slice(out, s);
}

/* Quoted, as JSON has it, in both forms: nothing that a client sends can look like another line. */
static void put_quoted(struct ss_buf *out, struct ss_slice s)
{
    if (ss_json_write_string(out, s) != SS_OK)
        put(out, SS_LIT("\"?\""));
}

/* A word as it is; what could be taken for something else, and nothing at all, quoted. */
static void put_word(struct ss_buf *out, struct ss_slice s)
{
    bool word = s.len > 0;
    for (size_t i = 0; i < s.len; i++)
        word = word && s.ptr[i] > ' ' && s.ptr[i] < 0x7f && s.ptr[i] != '"' && s.ptr[i] != '=';
    if (word)
        put(out, s);
    else
        put_quoted(out, s);
}

static void put_time(struct ss_buf *out)
{
    char text[40];
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    ss_buf_append(out, text, n);
    ss_buf_printf(out, ".%03ldZ", now.tv_nsec / 1000000);
}

static void put_text_line(const struct ss_call *call, double total_ms, double up_ms, struct ss_buf *out)
{
    const struct ss_rule *rule = call->match.route ? ss_route_rule(call->match.route) : NULL;
    put_time(out);
    put(out, SS_LIT(" access "));
    put_word(out, call->http_method);
    put(out, SS_LIT(" "));
    put_quoted(out, call->path);
    ss_buf_printf(out, " %d grpc=%d total=%.3fms upstream=%.3fms in=%llu out=%llu id=", call->http_status,
                  call->grpc_status, total_ms, up_ms, (unsigned long long)call->bytes_in,
                  (unsigned long long)call->bytes_out);
    put_word(out, call->request_id);
    if (rule)
        ss_buf_printf(out, " route=%.*s", SS_FMT(rule->path));
    if (call->method)
        ss_buf_printf(out, " method=%.*s", SS_FMT(call->method->full_name));
    if (call->why.len && call->grpc_status != SS_CODE_OK) {
        put(out, SS_LIT(" why="));
        put_quoted(out, call->why);
    }
    put(out, SS_LIT("\n"));
}

static void put_json_line(const struct ss_call *call, double total_ms, double up_ms, struct ss_buf *out)
{
    const struct ss_rule *rule = call->match.route ? ss_route_rule(call->match.route) : NULL;
    put(out, SS_LIT("{\"time\":\""));
    put_time(out);
    put(out, SS_LIT("\",\"level\":\"access\",\"http_method\":"));
    put_quoted(out, call->http_method);
    put(out, SS_LIT(",\"path\":"));
    put_quoted(out, call->path);
    ss_buf_printf(
        out,
        ",\"status\":%d,\"grpc_status\":%d,\"total_ms\":%.3f,\"upstream_ms\":%.3f,\"bytes_in\":%llu,"
        "\"bytes_out\":%llu,\"request_id\":",
        call->http_status, call->grpc_status, total_ms, up_ms, (unsigned long long)call->bytes_in,
        (unsigned long long)call->bytes_out);
    put_quoted(out, call->request_id);
    put(out, SS_LIT(",\"route\":"));
    put_quoted(out, rule ? rule->path : (struct ss_slice){"", 0});
    put(out, SS_LIT(",\"grpc_method\":"));
    put_quoted(out, call->method ? call->method->full_name : (struct ss_slice){"", 0});
    if (call->why.len && call->grpc_status != SS_CODE_OK) {
        put(out, SS_LIT(",\"why\":"));
        put_quoted(out, call->why);
    }
    put(out, SS_LIT("}\n"));
}

void ss_access_log(struct ss_call *call)
{
    struct ss_bridge *b = call->bridge;
    uint64_t now = ss_loop_now_ns(b->loop);
    if (b->access_form == SS_ACCESS_LOG_OFF)
        return;
    uint64_t up_end = call->up_ended_ns ? call->up_ended_ns : now;
    double total_ms = (double)(now - call->began_ns) / 1e6;
    double up_ms = call->up_began_ns ? (double)(up_end - call->up_began_ns) / 1e6 : 0;
    if (b->access_form == SS_ACCESS_LOG_JSON)
        put_json_line(call, total_ms, up_ms, &b->access);
    else
        put_text_line(call, total_ms, up_ms, &b->access);
    if (b->access.len >= FLUSH_BYTES)
        ss_access_flush(b);
    else if (!ss_timer_armed(&b->access_timer))
        ss_timer_set(b->loop, &b->access_timer, ss_loop_now_ms(b->loop) + FLUSH_MS);
}

void ss_access_init(struct ss_bridge *b, enum ss_access_log form, int fd)
{
    b->access_form = form;
    b->access_fd = fd;
    ss_buf_init(&b->access, MAX_BYTES);
    ss_timer_init(&b->access_timer, on_timer, b);
}
