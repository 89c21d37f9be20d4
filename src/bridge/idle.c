/* Nobody tells when a receiver takes a byte. So while messages wait it is looked at every POLL_MS, which is
 * how exact the time is of a message that had to wait; else the timer rests until the stream may be idle. */
#include "bridge/idle.h"

enum {
    MARKS = 128,
    POLL_MS = 25,
    WAITING = 4096, /* bytes unsent above which messages wait; fewer are on their way */
    GAP = 4096,     /* messages that end within so many bytes count together */
};

void ss_idle_begin(struct ss_idle *i, struct ss_loop *l, int64_t limit_ms, void (*fire)(void *ctx), void *ctx)
{
    i->limit_ms = limit_ms;
    i->moved_at_ms = ss_loop_from_ms(l);
    ss_timer_init(&i->timer, fire, ctx);
    ss_timer_set(l, &i->timer, i->moved_at_ms + (uint64_t)limit_ms);
}

void ss_idle_end(struct ss_idle *i, struct ss_loop *l)
{
    ss_timer_cancel(l, &i->timer);
}

void ss_idle_moved(struct ss_idle *i, const struct ss_loop *l)
{
    i->moved_at_ms = ss_loop_soon_ms(l);
}

static void add_mark(struct ss_marks *m, uint64_t end)
{
    bool close = m->n > 1 && end - m->ends[m->n - 2] <= GAP;
    if (close || m->n == MARKS)
        m->ends[m->n - 1] = end;
    else
        m->ends[m->n++] = end;
}

void ss_idle_wrote(struct ss_idle *i, struct ss_loop *l, struct ss_marks *way, uint64_t written,
                   size_t unsent, struct ss_arena *a)
{
    if (i->limit_ms == 0 || unsent <= WAITING)
        return;
    if (way->ends == NULL)
        way->ends = ss_arena_alloc(a, MARKS * sizeof *way->ends);
    add_mark(way, written);
    uint64_t look_at_ms = ss_loop_now_ms(l) + POLL_MS;
    if (ss_timer_armed(&i->timer) && i->timer.at_ms > look_at_ms)
        ss_timer_set(l, &i->timer, look_at_ms);
}

void ss_idle_took(struct ss_idle *i, const struct ss_loop *l, struct ss_marks *way, uint64_t written,
                  size_t unsent)
{
    uint64_t taken = written > unsent ? written - unsent : 0;
    unsigned passed = 0;
    while (passed < way->n && way->ends[passed] <= taken)
        passed++;
    if (passed == 0)
        return;
    way->n -= passed;
    memmove(way->ends, way->ends + passed, way->n * sizeof *way->ends);
    ss_idle_moved(i, l);
}

bool ss_idle_check(struct ss_idle *i, struct ss_loop *l)
{
    uint64_t now = ss_loop_now_ms(l), due = i->moved_at_ms + (uint64_t)i->limit_ms;
    if (now >= due)
        return true;
    bool waiting = i->down.n || i->up.n;
    ss_timer_set(l, &i->timer, waiting && due > now + POLL_MS ? now + POLL_MS : due);
    return false;
}
