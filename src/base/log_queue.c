#include "base/log_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"

enum {
    QUEUE_BYTES = 512 * 1024, /* that wait; as many again are being written */
    HURRY_BYTES = 256 * 1024, /* that do not wait for the end of a nap */
    NAP_MS = 200,
    MAX_NAPS = 5,             /* without a line, before the thread sleeps until there is one */
    PIECE_BYTES = 256 * 1024, /* of a write to a file */
    SOCKET_BYTES = 16 * 1024, /* less than a socket takes as one piece */
    STALL_MS = 100,           /* at the end, without progress */
    END_MS = 500,             /* at the end, in all */
    NOTE_BYTES = SS_LOG_LINE_MAX,
};

/* The two buffers change places: `in` is filled under the lock, `out` belongs to the thread. */
struct ss_log_queue {
    pthread_mutex_t lock;
    pthread_cond_t wake; /* for the thread */
    pthread_cond_t over; /* for who stops it */
    pthread_t thread;
    struct ss_buf in, out;
    size_t overflow; /* lines for which `in` had no room. Until `in` is taken, all that follow are dropped */
    size_t lost;     /* lines that could not be written */
    size_t written;  /* bytes, for progress */
    bool idle;       /* the thread sleeps without a limit */
    bool hurry, stopping, done;
    bool abandoned; /* nobody waits for the thread, which frees the queue */
    int fd;
    bool json;
    size_t piece;     /* bytes that a write may have without being cut in the middle */
    size_t pipe_size; /* of a pipe; 0: it is none */
    size_t note_at;   /* where in `out` the line about dropped lines begins */
    size_t note_n;    /* how many it speaks of; 0: there is none */
    bool torn;        /* the last byte written was not the end of its line */
};

static struct timespec in_ms(unsigned ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    t.tv_sec += (time_t)(ms / 1000) + t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

/* ---- writing ---- */

/* Bytes that a write of n may have now. A pipe takes what there is room for in one piece, and PIPE_BUF in any
 * case (pipe(7)). The first and the last page in it may be used in part. */
static size_t piece_of(const struct ss_log_queue *q, size_t n)
{
    int unread;
    if (q->pipe_size == 0 || n <= q->piece || ioctl(q->fd, FIONREAD, &unread) != 0)
        return q->piece;
    size_t used = unread == 0 ? 0 : (size_t)unread + 2 * PIPE_BUF;
    return used + q->piece < q->pipe_size ? q->pipe_size - used : q->piece;
}

/* As many whole lines of the n bytes at p as max holds; one at least, however long. */
static size_t whole_lines(const char *p, size_t n, size_t max)
{
    if (n <= max)
        return n;
    const char *end = memrchr(p, '\n', max);
    if (end == NULL)
        end = memchr(p + max, '\n', n - max);
    return end ? (size_t)(end - p) + 1 : n;
}

/* Writes the n bytes at p. Returns how many were written: less than n if they cannot be. */
static size_t write_piece(struct ss_log_queue *q, const char *p, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t w = write(q->fd, p + done, n - done);
        if (w > 0) {
            done += (size_t)w;
            q->torn = p[done - 1] != '\n';
            pthread_mutex_lock(&q->lock);
            q->written += (size_t)w;
            pthread_mutex_unlock(&q->lock);
        } else if (w < 0 && errno == EAGAIN) { /* somebody else has made it non-blocking */
            struct pollfd fd = {.fd = q->fd, .events = POLLOUT};
            poll(&fd, 1, -1);
        } else if (w == 0 || errno != EINTR) {
            break;
        }
    }
    return done;
}

/* How many lines of `out` from off on are lost; those that the note speaks of stay lost. */
static size_t count_lost(const struct ss_log_queue *q, size_t off)
{
    size_t end = q->note_n ? q->note_at : q->out.len, n = q->note_n;
    while (off < end) {
        const char *line_end = memchr(q->out.ptr + off, '\n', end - off);
        off = line_end ? (size_t)(line_end - q->out.ptr) + 1 : end;
        n++;
    }
    return n;
}

static void write_out(struct ss_log_queue *q)
{
    size_t off = 0;
    bool ok = !q->torn || write_piece(q, "\n", 1) == 1;
    while (ok && off < q->out.len) {
        size_t n = whole_lines(q->out.ptr + off, q->out.len - off, piece_of(q, q->out.len - off));
        size_t done = write_piece(q, q->out.ptr + off, n);
        off += done;
        ok = done == n;
    }
    if (!ok) {
        size_t lost = count_lost(q, off);
        pthread_mutex_lock(&q->lock);
        q->lost += lost;
        pthread_mutex_unlock(&q->lock);
    }
    q->out.len = 0;
}

/* ---- the thread ---- */

static void free_queue(struct ss_log_queue *q)
{
    pthread_cond_destroy(&q->wake);
    pthread_cond_destroy(&q->over);
    pthread_mutex_destroy(&q->lock);
    ss_buf_dispose(&q->in);
    ss_buf_dispose(&q->out);
    ss_free(q);
}

/* Returns when there are lines that have waited long enough, or at the end. Under the lock. */
static void await_lines(struct ss_log_queue *q)
{
    for (unsigned naps = 0; !q->stopping && !q->hurry; naps++) {
        if (q->in.len > 0 && naps > 0)
            return;
        if (q->in.len == 0 && naps > MAX_NAPS) {
            q->idle = true;
            pthread_cond_wait(&q->wake, &q->lock);
            q->idle = false;
            naps = 0;
            continue;
        }
        struct timespec until = in_ms(NAP_MS);
        while (!q->stopping && !q->hurry && pthread_cond_timedwait(&q->wake, &q->lock, &until) == 0)
            continue;
    }
}

/* Under the lock. */
static void take_lines(struct ss_log_queue *q)
{
    struct ss_buf empty = q->out;
    size_t dropped = q->overflow + q->lost;
    q->out = q->in;
    q->in = empty;
    q->hurry = false;
    q->overflow = q->lost = 0;
    q->note_at = q->out.len;
    q->note_n = dropped;
    if (dropped == 0)
        return;
    char text[64], line[NOTE_BYTES];
    snprintf(text, sizeof text, "%zu log line%s dropped", dropped, dropped == 1 ? " was" : "s were");
    ss_buf_append(&q->out, line, ss_log_format(line, q->json, SS_LOG_WARN, text));
}

static void *run(void *arg)
{
    struct ss_log_queue *q = arg;
    pthread_mutex_lock(&q->lock);
    while (true) {
        await_lines(q);
        if (q->in.len == 0 && q->stopping)
            break;
        take_lines(q);
        pthread_mutex_unlock(&q->lock);
        write_out(q);
        pthread_mutex_lock(&q->lock);
    }
    q->done = true;
    bool abandoned = q->abandoned;
    pthread_cond_signal(&q->over);
    pthread_mutex_unlock(&q->lock);
    if (abandoned)
        free_queue(q);
    return NULL;
}

/* ---- who logs ---- */

void ss_log_queue_put(struct ss_log_queue *q, const char *line, size_t n, bool prompt)
{
    pthread_mutex_lock(&q->lock);
    if (q->overflow > 0 || n > QUEUE_BYTES - q->in.len || ss_buf_append(&q->in, line, n) != SS_OK)
        q->overflow++;
    bool hurry = !q->hurry && (prompt || q->in.len >= HURRY_BYTES);
    q->hurry |= hurry;
    bool wake = hurry || q->idle;
    pthread_mutex_unlock(&q->lock);
    if (wake)
        pthread_cond_signal(&q->wake); /* no system call while the thread is at work */
}

/* ---- life ---- */

static void init_locks(struct ss_log_queue *q)
{
    pthread_mutexattr_t mutex;
    pthread_condattr_t cond;
    pthread_mutexattr_init(&mutex);
    pthread_mutexattr_settype(&mutex, PTHREAD_MUTEX_ADAPTIVE_NP); /* held for the copying of a line */
    pthread_mutex_init(&q->lock, &mutex);
    pthread_mutexattr_destroy(&mutex);
    pthread_condattr_init(&cond);
    pthread_condattr_setclock(&cond, CLOCK_MONOTONIC);
    pthread_cond_init(&q->wake, &cond);
    pthread_cond_init(&q->over, &cond);
    pthread_condattr_destroy(&cond);
}

static void look_at(struct ss_log_queue *q)
{
    struct stat st;
    mode_t type = fstat(q->fd, &st) == 0 ? st.st_mode & S_IFMT : S_IFREG;
    int size = type == S_IFIFO ? fcntl(q->fd, F_GETPIPE_SZ) : 0;
    q->pipe_size = size > 0 ? (size_t)size : 0;
    q->piece = type == S_IFREG ? PIECE_BYTES : type == S_IFSOCK ? SOCKET_BYTES : PIPE_BUF;
}

static bool start_thread(struct ss_log_queue *q)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&q->thread, NULL, run, q) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

struct ss_log_queue *ss_log_queue_start(int fd, bool json)
{
    struct ss_log_queue *q = ss_xcalloc(1, sizeof *q);
    q->fd = fd;
    q->json = json;
    init_locks(q);
    look_at(q);
    ss_buf_init(&q->in, QUEUE_BYTES + NOTE_BYTES);
    ss_buf_init(&q->out, QUEUE_BYTES + NOTE_BYTES);
    /* Now, so that nobody has to wait for a buffer to grow. Pages that are never used cost nothing. */
    if (ss_buf_reserve(&q->in, QUEUE_BYTES + NOTE_BYTES) == SS_OK &&
        ss_buf_reserve(&q->out, QUEUE_BYTES + NOTE_BYTES) == SS_OK && start_thread(q))
        return q;
    free_queue(q);
    return NULL;
}

void ss_log_queue_stop(struct ss_log_queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->stopping = true;
    pthread_cond_signal(&q->wake);
    for (int round = 0; !q->done && round < END_MS / STALL_MS; round++) {
        struct timespec until = in_ms(STALL_MS);
        size_t before = q->written;
        while (!q->done && pthread_cond_timedwait(&q->over, &q->lock, &until) == 0)
            continue;
        if (q->written == before)
            break;
    }
    bool done = q->done;
    q->abandoned = !done;
    if (!done)
        pthread_detach(q->thread);
    pthread_mutex_unlock(&q->lock);
    if (done) {
        pthread_join(q->thread, NULL);
        free_queue(q);
    }
}
