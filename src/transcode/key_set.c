#include "transcode/key_set.h"

#include <sys/random.h>

#include "base/mem.h"
#include "wire/varint.h"

enum { FIRST_CAP = 64, KEEP_CAP = 1 << 14 };

void ss_key_set_init(struct ss_key_set *set)
{
    *set = (struct ss_key_set){.first = 1};
    /* Before the kernel's pool is ready this fails; the addresses then serve, which a remote peer does not
     * know. */
    if (getrandom(set->secret, sizeof set->secret, GRND_NONBLOCK) != (ssize_t)sizeof set->secret) {
        set->secret[0] = (uint64_t)(uintptr_t)set;
        set->secret[1] = (uint64_t)(uintptr_t)&set;
    }
}

void ss_key_set_dispose(struct ss_key_set *set)
{
    ss_free(set->entries);
    set->entries = NULL;
    set->n = set->cap = 0;
}

void ss_key_set_clear(struct ss_key_set *set)
{
    if (set->cap > KEEP_CAP)
        ss_key_set_dispose(set);
    if (set->serial > UINT32_MAX / 2) { /* a message cannot have so many maps */
        ss_key_set_dispose(set);
        set->serial = 0;
    }
    set->n = 0;
    set->first = set->serial + 1;
}

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotl(uint64_t v, unsigned by)
{
    return v << by | v >> (64 - by);
}

static inline __attribute__((always_inline)) void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotl(s->v1, 13) ^ s->v0;
    s->v3 = rotl(s->v3, 16) ^ s->v2;
    s->v0 = rotl(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotl(s->v1, 17) ^ s->v2;
    s->v3 = rotl(s->v3, 21) ^ s->v0;
    s->v2 = rotl(s->v2, 32);
}

static inline __attribute__((always_inline)) void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

/* SipHash-1-3 (Aumasson and Bernstein) of the key, its map's serial going in as the first word. */
static uint32_t hash_of(const struct ss_key_set *set, uint32_t serial, const struct ss_map_key *key)
{
    struct sip s = {
        set->secret[0] ^ UINT64_C(0x736f6d6570736575), set->secret[1] ^ UINT64_C(0x646f72616e646f6d),
        set->secret[0] ^ UINT64_C(0x6c7967656e657261), set->secret[1] ^ UINT64_C(0x7465646279746573)};
    sip_word(&s, serial);
    uint64_t last;
    if (key->integer) {
        last = key->value;
    } else {
        const char *p = key->string.ptr;
        size_t left = key->string.len;
        for (; left >= 8; left -= 8, p += 8)
            sip_word(&s, ss_fixed64_get(p));
        last = (uint64_t)key->string.len << 56;
        for (size_t i = 0; i < left; i++)
            last |= (uint64_t)(unsigned char)p[i] << (8 * i);
    }
    sip_word(&s, last);
    s.v2 ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    uint64_t h = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    return (uint32_t)(h ^ h >> 32);
}

static bool grow(struct ss_key_set *set)
{
    size_t cap = set->cap ? set->cap * 2 : FIRST_CAP;
    struct ss_key_entry *entries = ss_try_realloc(NULL, cap * sizeof *entries);
    if (!entries)
        return false;
    memset(entries, 0, cap * sizeof *entries);
    for (size_t i = 0; i < set->cap; i++) {
        const struct ss_key_entry *e = &set->entries[i];
        if (e->serial < set->first)
            continue;
        size_t at = e->hash & (cap - 1);
        while (entries[at].serial)
            at = (at + 1) & (cap - 1);
        entries[at] = *e;
    }
    ss_free(set->entries);
    set->entries = entries;
    set->cap = cap;
    return true;
}

static bool same(const struct ss_key_entry *e, uint32_t hash, uint32_t serial, const struct ss_map_key *key,
                 const char *base)
{
    if (e->hash != hash || e->serial != serial)
        return false;
    if (key->integer || e->len == UINT32_MAX)
        return key->integer && e->len == UINT32_MAX && e->key == key->value;
    return ss_slice_eq(key->string, ss_slice_of(base + e->key, e->len));
}

/* The entry of key, or the free one where it belongs. */
static struct ss_key_entry *place(const struct ss_key_set *set, uint32_t hash, uint32_t serial,
                                  const struct ss_map_key *key, const char *base)
{
    size_t at = hash & (set->cap - 1);
    while (set->entries[at].serial >= set->first && !same(&set->entries[at], hash, serial, key, base))
        at = (at + 1) & (set->cap - 1);
    return &set->entries[at];
}

struct ss_key_entry *ss_key_set_add(struct ss_key_set *set, uint32_t serial, const struct ss_map_key *key,
                                    const char *base, uint64_t offset, bool *found)
{
    if (set->n >= set->cap / 2 && !grow(set))
        return NULL;
    uint32_t hash = hash_of(set, serial, key);
    struct ss_key_entry *e = place(set, hash, serial, key, base);
    *found = e->serial >= set->first;
    if (*found)
        return e;
    set->n++;
    set->last = e;
    *e = (struct ss_key_entry){hash, serial, key->integer ? UINT32_MAX : (uint32_t)key->string.len, 0,
                               key->integer ? key->value : offset};
    return e;
}

static bool same_few(uint64_t had, uint64_t wanted, const struct ss_map_key *key, const char *base)
{
    if (key->integer)
        return had == wanted;
    size_t n = key->string.len;
    return (uint32_t)had == (uint32_t)wanted &&
           (n == 0 ||
            (base[had >> 32] == key->string.ptr[0] && memcmp(base + (had >> 32), key->string.ptr, n) == 0));
}

/* The keys so far go into the set: there are too many for looking at each. */
static bool spill(struct ss_key_set *set, const struct ss_few_keys *few, bool integer, const char *base)
{
    for (uint32_t i = 0; i < SS_FEW_KEYS; i++) {
        uint64_t k = few->keys[i];
        struct ss_map_key key = {integer, k,
                                 integer ? SS_LIT("") : ss_slice_of(base + (k >> 32), (uint32_t)k)};
        bool found;
        if (!ss_key_set_add(set, few->serial, &key, base, k >> 32, &found))
            return false;
    }
    return true;
}

bool ss_few_keys_add(struct ss_few_keys *few, struct ss_key_set *set, const struct ss_map_key *key,
                     const char *base, uint64_t offset, bool *found)
{
    if (few->n > SS_FEW_KEYS)
        return ss_key_set_add(set, few->serial, key, base, offset, found) != NULL;
    uint64_t k = key->integer ? key->value : offset << 32 | key->string.len;
    *found = false;
    for (uint32_t i = 0; i < few->n; i++) {
        if (same_few(few->keys[i], k, key, base)) {
            *found = true;
            return true;
        }
    }
    if (few->n < SS_FEW_KEYS) {
        few->keys[few->n++] = k;
        return true;
    }
    few->n++;
    few->serial = ss_key_set_map(set);
    return spill(set, few, key->integer, base) &&
           ss_key_set_add(set, few->serial, key, base, offset, found) != NULL;
}

void ss_few_keys_forget_last(struct ss_few_keys *few, struct ss_key_set *set)
{
    if (few->n > SS_FEW_KEYS)
        ss_key_set_forget_last(set);
    else
        few->n--;
}

struct ss_key_entry *ss_key_set_find(const struct ss_key_set *set, uint32_t serial,
                                     const struct ss_map_key *key, const char *base)
{
    if (set->cap == 0)
        return NULL;
    struct ss_key_entry *e = place(set, hash_of(set, serial, key), serial, key, base);
    return e->serial >= set->first ? e : NULL;
}

void ss_key_set_forget_last(struct ss_key_set *set)
{
    /* No entry was placed behind it, so a gap here hides none. */
    set->last->serial = 0;
    set->n--;
}
