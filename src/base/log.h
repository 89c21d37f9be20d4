/* Logging: one line an event, text or JSON. A logger is a value passed to whoever logs; lines stay whole, so
 * threads may share one. With a queue nobody who logs waits for the reader; without one lines are written at
 * once, by whoever logs. */
#ifndef SS_BASE_LOG_H
#define SS_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

struct ss_log_queue;

enum { SS_LOG_LINE_MAX = 4352 }; /* bytes of a line of ss_log_write */

enum ss_log_level { SS_LOG_DEBUG, SS_LOG_INFO, SS_LOG_WARN, SS_LOG_ERROR };

/* One line per request, or none. AS_LOG: in the form of all other lines. */
enum ss_access_log { SS_ACCESS_LOG_TEXT, SS_ACCESS_LOG_JSON, SS_ACCESS_LOG_OFF, SS_ACCESS_LOG_AS_LOG };

struct ss_log {
    int fd;                     /* where lines go; borrowed */
    struct ss_log_queue *queue; /* on their way there; borrowed. NULL: straight */
    enum ss_log_level level;    /* lines below it are dropped */
    bool json;
};

/* One line. The text is escaped: no peer can start a line of its own, nor speak to a terminal. Longer than
 * 2 KiB is cut. */
void ss_log_write(const struct ss_log *log, enum ss_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A line made elsewhere, its line break included. It may wait a moment for others. */
void ss_log_put(const struct ss_log *log, const char *line, size_t n);
/* A line of ss_log_write, of now, into line (SS_LOG_LINE_MAX bytes); returns its length. */
size_t ss_log_format(char *line, bool json, enum ss_log_level level, const char *text);

#endif
