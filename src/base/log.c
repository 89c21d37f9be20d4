#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/log_queue.h"
#include "base/utf8.h"

static const char *const names[] = {"debug", "info", "warn", "error"};

/* Whether the character at p, of n bytes, means something to a terminal: C0, DEL, C1 (U+0080 to U+009F). */
static bool is_control(const unsigned char *p, size_t n)
{
    return n == 1 ? *p < 0x20 || *p == 0x7f : n == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

/* The length of the character at p; 0: it is no UTF-8. */
static size_t char_len(const unsigned char *p)
{
    size_t n = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
    n = strnlen((const char *)p, n);
    return ss_utf8_valid(ss_slice_of((const char *)p, n)) ? n : 0;
}

/* Copies text as the inside of a JSON string; also for text lines, so that control bytes never reach a
 * terminal. What is no UTF-8 becomes "?". */
static void escape(char *out, size_t cap, const char *text, bool quote)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t n = 0;
    while (*p && n + 7 < cap) {
        size_t len = char_len(p);
        if (len == 0) {
            out[n++] = '?';
            p++;
            continue;
        }
        if (quote && (*p == '"' || *p == '\\'))
            out[n++] = '\\';
        if (is_control(p, len)) {
            n += (size_t)snprintf(out + n, cap - n, "\\u%04x", p[len - 1]);
        } else {
            memcpy(out + n, p, len);
            n += len;
        }
        p += len;
    }
    out[n] = '\0';
}

size_t ss_log_format(char *line, bool json, enum ss_log_level level, const char *text)
{
    char escaped[SS_LOG_LINE_MAX - 256], when[40];
    escape(escaped, sizeof escaped, text, json);
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t n = strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(when + n, sizeof when - n, ".%03ldZ", now.tv_nsec / 1000000);
    int len = json
                  ? snprintf(line, SS_LOG_LINE_MAX, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"%s\"}\n",
                             when, names[level], escaped)
                  : snprintf(line, SS_LOG_LINE_MAX, "%s %-5s %s\n", when, names[level], escaped);
    return (size_t)len; /* it fits */
}

static void write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, n);
        if (w <= 0 && errno != EINTR)
            return; /* nowhere to report it */
        if (w > 0) {
            p += w;
            n -= (size_t)w;
        }
    }
}

void ss_log_put(const struct ss_log *log, const char *line, size_t n)
{
    if (log->queue)
        ss_log_queue_put(log->queue, line, n, false);
    else
        write_all(log->fd, line, n);
}

void ss_log_write(const struct ss_log *log, enum ss_log_level level, const char *fmt, ...)
{
    if (level < log->level)
        return;
    char text[2048], line[SS_LOG_LINE_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    size_t n = ss_log_format(line, log->json, level, text);
    if (log->queue)
        ss_log_queue_put(log->queue, line, n, true);
    else
        write_all(log->fd, line, n);
}
