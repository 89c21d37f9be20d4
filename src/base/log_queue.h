/* Log lines on their way to a reader who may be slow, or not read at all. Whoever logs copies a line into a
 * bounded buffer and goes on; a thread of the queue's own writes. A line for which there is no room is
 * dropped and counted, and a line says how many were once the reader reads again.
 *
 * - Lines stay in the order in which they were put, and are written whole: one that could not be finished (a
 *   full disk) is followed by a line break before the next.
 * - Lines that may wait are written every 200 ms, all together. Others, and a buffer that fills, wake the
 *   thread at once. A process that logs nothing has a thread that sleeps. */
#ifndef SS_BASE_LOG_QUEUE_H
#define SS_BASE_LOG_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct ss_log_queue;

/* Starts the thread, with all signals blocked. fd is borrowed, and stays as it is: it may be shared with
 * other processes, so it is not made non-blocking. json: the form of the line about lines that were dropped.
 * NULL when there is no thread to be had. */
struct ss_log_queue *ss_log_queue_start(int fd, bool json);
/* From any thread: copies one line, its line break included. prompt: do not wait for others. Never waits for
 * the reader. */
void ss_log_queue_put(struct ss_log_queue *q, const char *line, size_t n, bool prompt);
/* Writes what is left for as long as the reader takes it, 500 ms at most, and without progress 100 ms; then
 * frees the queue. With a reader that does not read, the thread cannot be waited for: it is left to the end
 * of the process, and the queue with it. Nobody may put lines any more. */
void ss_log_queue_stop(struct ss_log_queue *q);

#endif
