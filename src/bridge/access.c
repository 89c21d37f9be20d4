/* The access log: a line a request, when it is over. The log's queue collects lines and writes them together:
 * a system call per request would cost more than the line. */
#include <time.h>

#include "bridge/call.h"
#include "json/number.h"
#include "json/writer.h"

enum { MAX_BYTES = 1024 * 1024 /* of a line */ };

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

/* Milliseconds with microseconds behind the point. */
static void put_ms(struct ss_buf *out, uint64_t ns)
{
    char text[SS_NUMBER_MAX + 4];
    uint64_t us = ns / 1000;
    unsigned n = ss_print_uint64(text, us / 1000);
    text[n++] = '.';
    for (unsigned i = 3, rest = (unsigned)(us % 1000); i-- > 0; rest /= 10)
        text[n + i] = (char)('0' + rest % 10);
    ss_buf_append(out, text, n + 3);
}

static void put_number(struct ss_buf *out, int64_t v)
{
    char text[SS_NUMBER_MAX];
    ss_buf_append(out, text, ss_print_int64(text, v));
}

/* The loop's clock tells the milliseconds; a calendar is made once a second. */
static void put_time(struct ss_bridge *b)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != b->access_second) {
        struct tm tm;
        gmtime_r(&now.tv_sec, &tm);
        strftime(b->access_time, sizeof b->access_time, "%Y-%m-%dT%H:%M:%S", &tm);
        b->access_second = now.tv_sec;
    }
    char text[] = ".000Z";
    long ms = now.tv_nsec / 1000000;
    text[1] = (char)('0' + ms / 100);
    text[2] = (char)('0' + ms / 10 % 10);
    text[3] = (char)('0' + ms % 10);
    ss_buf_append(&b->access, b->access_time, 19);
    ss_buf_append(&b->access, text, 5);
}

static void put_why(struct ss_buf *out, const struct ss_call *call)
{
    char text[160];
    ss_status_note(&(struct ss_status){.err = call->why_err, .note = call->why}, text, sizeof text);
    put_quoted(out, ss_slice_str(text));
}

static void put_text_line(const struct ss_call *call, uint64_t total_ns, uint64_t up_ns, struct ss_buf *out)
{
    const struct ss_rule *rule = call->match.route ? ss_route_rule(call->match.route) : NULL;
    put_time(call->bridge);
    put(out, SS_LIT(" access "));
    put_word(out, call->http_method);
    put(out, SS_LIT(" "));
    put_quoted(out, call->path);
    put(out, SS_LIT(" "));
    put_number(out, call->http_status);
    put(out, SS_LIT(" grpc="));
    put_number(out, call->grpc_status);
    put(out, SS_LIT(" total="));
    put_ms(out, total_ns);
    put(out, SS_LIT("ms upstream="));
    put_ms(out, up_ns);
    put(out, SS_LIT("ms in="));
    put_number(out, (int64_t)call->bytes_in);
    put(out, SS_LIT(" out="));
    put_number(out, (int64_t)call->bytes_out);
    put(out, SS_LIT(" id="));
    put_word(out, call->request_id);
    if (rule) {
        put(out, SS_LIT(" route="));
        put(out, rule->path);
    }
    if (call->method) {
        put(out, SS_LIT(" method="));
        put(out, call->method->full_name);
    }
    if (call->why && call->grpc_status != SS_CODE_OK) {
        put(out, SS_LIT(" why="));
        put_why(out, call);
    }
    put(out, SS_LIT("\n"));
}

static void put_json_line(const struct ss_call *call, uint64_t total_ns, uint64_t up_ns, struct ss_buf *out)
{
    const struct ss_rule *rule = call->match.route ? ss_route_rule(call->match.route) : NULL;
    put(out, SS_LIT("{\"time\":\""));
    put_time(call->bridge);
    put(out, SS_LIT("\",\"level\":\"access\",\"http_method\":"));
    put_quoted(out, call->http_method);
    put(out, SS_LIT(",\"path\":"));
    put_quoted(out, call->path);
    put(out, SS_LIT(",\"status\":"));
    put_number(out, call->http_status);
    put(out, SS_LIT(",\"grpc_status\":"));
    put_number(out, call->grpc_status);
    put(out, SS_LIT(",\"total_ms\":"));
    put_ms(out, total_ns);
    put(out, SS_LIT(",\"upstream_ms\":"));
    put_ms(out, up_ns);
    put(out, SS_LIT(",\"bytes_in\":"));
    put_number(out, (int64_t)call->bytes_in);
    put(out, SS_LIT(",\"bytes_out\":"));
    put_number(out, (int64_t)call->bytes_out);
    put(out, SS_LIT(",\"request_id\":"));
    put_quoted(out, call->request_id);
    put(out, SS_LIT(",\"route\":"));
    put_quoted(out, rule ? rule->path : (struct ss_slice){"", 0});
    put(out, SS_LIT(",\"grpc_method\":"));
    put_quoted(out, call->method ? call->method->full_name : (struct ss_slice){"", 0});
    if (call->why && call->grpc_status != SS_CODE_OK) {
        put(out, SS_LIT(",\"why\":"));
        put_why(out, call);
    }
    put(out, SS_LIT("}\n"));
}

/* From when the call was opened until the service's last byte was there to be read, both as far as we know:
 * what came before, and what has become of the bytes since, is no time of the service's. */
static uint64_t upstream_ns(const struct ss_call *call, uint64_t now)
{
    uint64_t end = call->up_ended_ns ? call->up_ended_ns : now;
    return call->up_opened_ns && end > call->up_opened_ns ? end - call->up_opened_ns : 0;
}

void ss_access_log(struct ss_call *call)
{
    struct ss_bridge *b = call->bridge;
    if (b->access_form == SS_ACCESS_LOG_OFF)
        return;
    uint64_t now = ss_clock_ns(), total_ns = now - call->began_ns, up_ns = upstream_ns(call, now);
    if (b->access_form == SS_ACCESS_LOG_JSON)
        put_json_line(call, total_ns, up_ns, &b->access);
    else
        put_text_line(call, total_ns, up_ns, &b->access);
    if (b->access.ptr[b->access.len - 1] == '\n') /* else it is longer than any log takes */
        ss_log_put(b->access_log, b->access.ptr, b->access.len);
    ss_buf_clear(&b->access, 16 * 1024);
}

void ss_access_init(struct ss_bridge *b, enum ss_access_log form, const struct ss_log *log)
{
    if (form == SS_ACCESS_LOG_AS_LOG)
        form = log->json ? SS_ACCESS_LOG_JSON : SS_ACCESS_LOG_TEXT;
    b->access_form = form;
    b->access_log = log;
    ss_buf_init(&b->access, MAX_BYTES);
}
