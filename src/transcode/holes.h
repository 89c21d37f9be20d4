/* The lengths of nested messages and packed arrays, which are known only when those end.
 *
 * Where a length belongs, one byte is left. When the value ends and is shorter than 128 bytes, its length
 * goes there and is done with. A longer one leaves a hole {where, length} in a table; ss_holes_fill moves the
 * bytes apart once, from the back, and puts the varints in. So each byte is moved at most once, whatever the
 * nesting, and a message of small parts is never moved at all.
 *
 *   written:  tag _ aaaaaaaa tag _ bbbb…        holes: {1,300} {10,200}     extra: 2
 *   filled:   tag AC 02 aaaaaaaa tag C8 01 bbbb…
 *
 * Holes are in the order of their places. A value shorter than 128 bytes holds only such, so its own entry is
 * the last one of the table when it ends, and is dropped: the table stays small. Should it grow all the same,
 * as with hostile nesting, values shorter than a kilobyte are moved when they end, and leave no hole. Groups
 * need no length; they are in the stack of open values for their end tag. */
#ifndef SS_TRANSCODE_HOLES_H
#define SS_TRANSCODE_HOLES_H

#include <stdint.h>

#include "base/buf.h"
#include "transcode/stack.h"

struct ss_hole {
    uint32_t at; /* from where the message begins */
    uint32_t len;
};

struct ss_open {
    uint32_t hole;  /* how many holes there were when it began */
    uint32_t group; /* field number of a group; 0: a hole */
    size_t extra;   /* what extra was then */
};

struct ss_holes {
    struct ss_stack holes; /* struct ss_hole */
    struct ss_stack open;  /* struct ss_open: values that have begun and not ended, outermost first */
    size_t extra;          /* bytes that filling will add */
    size_t base;           /* where in the buffer the message begins */
};

/* The largest message: protobuf's own limit. */
enum { SS_MESSAGE_MAX = INT32_MAX };

void ss_holes_dispose(struct ss_holes *h);
/* Empties it, for a message that begins at base. */
void ss_holes_begin(struct ss_holes *h, size_t base);

static inline size_t ss_holes_height(const struct ss_holes *h)
{
    return h->open.n;
}

/* Begins a value with a length here: leaves its byte. SS_ERR_LIMIT, SS_ERR_MEMORY. */
enum ss_err ss_holes_open(struct ss_holes *h, struct ss_buf *out);
/* Begins a group, whose start tag has been written. */
enum ss_err ss_holes_open_group(struct ss_holes *h, const struct ss_buf *out, uint32_t number);
/* Ends the open values down to that height. */
enum ss_err ss_holes_close(struct ss_holes *h, struct ss_buf *out, size_t height);
/* Forgets the open values down to that height; the caller cuts out back to before them. */
void ss_holes_abandon(struct ss_holes *h, size_t height);
/* Puts all lengths in. Every value has ended. */
enum ss_err ss_holes_fill(struct ss_holes *h, struct ss_buf *out);

#endif
