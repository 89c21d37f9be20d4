/* Logging: one line an event, text or JSON. A logger is a value passed to whoever logs; writes are whole
 * lines, so threads may share one. */
#ifndef SS_BASE_LOG_H
#define SS_BASE_LOG_H

#include <stdbool.h>

enum ss_log_level { SS_LOG_DEBUG, SS_LOG_INFO, SS_LOG_WARN, SS_LOG_ERROR };

/* One line per request, or none. */
enum ss_access_log { SS_ACCESS_LOG_TEXT, SS_ACCESS_LOG_JSON, SS_ACCESS_LOG_OFF };

struct ss_log {
    int fd;                  /* where lines go; borrowed */
    enum ss_log_level level; /* lines below it are dropped */
    bool json;
};

/* One line. The text is escaped: no peer can start a line of its own. Longer than 2 KiB is cut. */
void ss_log_write(const struct ss_log *log, enum ss_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
