#include "config/nearest.h"

#include <ctype.h>

enum { MAX_WORD = 200 };

void ss_nearest_init(struct ss_nearest *n, struct ss_slice word)
{
    *n = (struct ss_nearest){.word = word};
    size_t third = word.len / 3;
    n->distance = (unsigned)(third < 1 ? 1 : third > 20 ? 20 : third) + 1;
}

static unsigned min(unsigned x, unsigned y)
{
    return x < y ? x : y;
}

static int lower(char c)
{
    return tolower((unsigned char)c);
}

/* Optimal string alignment: insertion, deletion, replacement and a swap of neighbours cost 1. Three rows,
 * rotated. */
static unsigned distance(struct ss_slice a, struct ss_slice b)
{
    unsigned rows[3][MAX_WORD + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b.len; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned cost = lower(a.ptr[i - 1]) != lower(b.ptr[j - 1]);
            now[j] = min(min(last[j] + 1, now[j - 1] + 1), last[j - 1] + cost);
            if (i > 1 && j > 1 && lower(a.ptr[i - 1]) == lower(b.ptr[j - 2]) &&
                lower(a.ptr[i - 2]) == lower(b.ptr[j - 1]))
                now[j] = min(now[j], before[j - 2] + 1);
        }
        unsigned *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[b.len];
}

void ss_nearest_offer(struct ss_nearest *n, struct ss_slice candidate)
{
    size_t gap = candidate.len > n->word.len ? candidate.len - n->word.len : n->word.len - candidate.len;
    if (candidate.len == 0 || n->word.len == 0 || gap >= n->distance || candidate.len > MAX_WORD ||
        n->word.len > MAX_WORD)
        return;
    unsigned d = distance(n->word, candidate);
    if (d < n->distance) {
        n->distance = d;
        n->best = candidate;
    }
}
