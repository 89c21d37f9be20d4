#include "h2/pool.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

enum {
    STEP = 64,    /* bytes between two classes */
    CLASSES = 16, /* blocks of up to 1024 bytes are kept */
};

/* Before every block: its class, or CLASSES when it is too large for one. Keeps blocks 16-byte aligned. */
struct head {
    size_t class;
    struct head *next; /* while it is kept */
};

_Static_assert(sizeof(struct head) == 16, "blocks must stay aligned");

struct ss_h2_pool {
    struct head *kept[CLASSES];
    unsigned n_kept[CLASSES];
    unsigned keep;
};

struct ss_h2_pool *ss_h2_pool_new(unsigned keep)
{
    struct ss_h2_pool *p = ss_xcalloc(1, sizeof *p);
    p->keep = keep;
    return p;
}

void ss_h2_pool_free(struct ss_h2_pool *p)
{
    for (size_t i = 0; i < CLASSES; i++) {
        while (p->kept[i]) {
            struct head *h = p->kept[i];
            p->kept[i] = h->next;
            ss_free(h);
        }
    }
    ss_free(p);
}

static struct head *head_of(void *block)
{
    return (struct head *)block - 1;
}

void *ss_h2_pool_alloc(struct ss_h2_pool *p, size_t size)
{
    size_t class = size ? (size - 1) / STEP : 0;
    struct head *h;
    if (class < CLASSES && (h = p->kept[class]) != NULL) {
        p->kept[class] = h->next;
        p->n_kept[class]--;
        return h + 1;
    }
    if (class >= CLASSES)
        class = CLASSES;
    size_t bytes = class < CLASSES ? (class + 1) * STEP : size;
    if (bytes > SIZE_MAX - sizeof *h || (h = ss_try_realloc(NULL, sizeof *h + bytes)) == NULL)
        return NULL;
    h->class = class;
    return h + 1;
}

void *ss_h2_pool_zalloc(struct ss_h2_pool *p, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    void *block = ss_h2_pool_alloc(p, bytes);
    return block ? memset(block, 0, bytes) : NULL;
}

void ss_h2_pool_release(struct ss_h2_pool *p, void *block)
{
    if (block == NULL)
        return;
    struct head *h = head_of(block);
    if (h->class == CLASSES || p->n_kept[h->class] == p->keep) {
        ss_free(h);
        return;
    }
    h->next = p->kept[h->class];
    p->kept[h->class] = h;
    p->n_kept[h->class]++;
}

void *ss_h2_pool_realloc(struct ss_h2_pool *p, void *block, size_t size)
{
    if (block == NULL)
        return ss_h2_pool_alloc(p, size);
    struct head *h = head_of(block);
    if (h->class == CLASSES && size > CLASSES * STEP) {
        if (size > SIZE_MAX - sizeof *h || (h = ss_try_realloc(h, sizeof *h + size)) == NULL)
            return NULL;
        return h + 1;
    }
    size_t had =
        h->class < CLASSES ? (h->class + 1) * STEP : size; /* a large one that shrinks has size bytes */
    if (h->class < CLASSES && size <= had)
        return block;
    void *bigger = ss_h2_pool_alloc(p, size);
    if (bigger == NULL)
        return NULL;
    memcpy(bigger, block, had < size ? had : size);
    ss_h2_pool_release(p, block);
    return bigger;
}
