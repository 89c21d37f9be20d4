/* "Did you mean": the candidate nearest to a word by edit distance, letters' case aside. */
#ifndef SS_CONFIG_NEAREST_H
#define SS_CONFIG_NEAREST_H

#include "base/slice.h"

struct ss_nearest {
    struct ss_slice word; /* borrowed */
    struct ss_slice best; /* the nearest so far, borrowed from its offer; empty: none is near */
    unsigned distance;    /* of best; only what is below it is taken */
};

/* Nothing counts as near that differs in more than a third of the word's letters (one letter at least). */
void ss_nearest_init(struct ss_nearest *n, struct ss_slice word);
void ss_nearest_offer(struct ss_nearest *n, struct ss_slice candidate);

#endif
