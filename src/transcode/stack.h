/* A growable array of items of one size: the working memory of a codec. It keeps what it has between
 * messages, so a warm codec allocates nothing. */
#ifndef SS_TRANSCODE_STACK_H
#define SS_TRANSCODE_STACK_H

#include <stdbool.h>
#include <stddef.h>

struct ss_stack {
    void *items; /* owned */
    size_t n;    /* in use; the user's to change */
    size_t cap;
};

enum {
    SS_SCRATCH_KEEP = 1 << 18, /* bytes that one stack keeps between messages */
    SS_STACK_MAX =
        1 << 30, /* bytes that it may take: what it holds is as much as the message, by some factor */
};

/* Room for extra more items of size bytes. False when out of memory, or past SS_STACK_MAX. Items may move. */
bool ss_stack_grow(struct ss_stack *s, size_t size, size_t extra);
/* Empties it, and gives its memory back when that is above SS_SCRATCH_KEEP. */
void ss_stack_clear(struct ss_stack *s, size_t size);
void ss_stack_dispose(struct ss_stack *s);

static inline bool ss_stack_reserve(struct ss_stack *s, size_t size, size_t extra)
{
    return __builtin_expect(s->cap - s->n >= extra, 1) || ss_stack_grow(s, size, extra);
}

#endif
