/* The keys of all maps of one message in one hash table, for "is this key there already" in constant time
 * whatever keys a peer sends: SipHash-1-3 under a random key, so that no peer can make them collide. Nothing
 * is deleted when a map ends or a new message begins; entries are told apart by the serial of their map, and
 * older serials are free. */
#ifndef SS_TRANSCODE_KEY_SET_H
#define SS_TRANSCODE_KEY_SET_H

#include <stdint.h>

#include "base/slice.h"

struct ss_map_key {
    bool integer;           /* also a bool */
    uint64_t value;         /* of an integer */
    struct ss_slice string; /* else */
};

struct ss_key_entry {
    uint32_t hash;
    uint32_t serial; /* of the map */
    uint32_t len;    /* of the string; UINT32_MAX for an integer */
    uint32_t data;   /* the user's */
    uint64_t key;    /* the integer, or the offset of the string from the base given to find */
};

struct ss_key_set {
    struct ss_key_entry *entries; /* owned; a power of two of them */
    size_t n, cap;
    struct ss_key_entry *last; /* the newest entry */
    uint32_t serial;           /* of the newest map */
    uint32_t first;            /* entries with a serial below are free */
    uint64_t secret[2];
};

void ss_key_set_init(struct ss_key_set *set);
void ss_key_set_dispose(struct ss_key_set *set);
/* Forgets all keys; at the start of a message. */
void ss_key_set_clear(struct ss_key_set *set);
/* The serial of a new map. */
static inline uint32_t ss_key_set_map(struct ss_key_set *set)
{
    return ++set->serial;
}
/* The entry of key in the map of that serial; made if there is none, and *found says which. Strings lie at
 * base + entry->key; the new one is at offset. NULL when out of memory. The entry is valid until the next
 * call. */
struct ss_key_entry *ss_key_set_add(struct ss_key_set *set, uint32_t serial, const struct ss_map_key *key,
                                    const char *base, uint64_t offset, bool *found);
/* The entry of key; NULL when there is none. */
struct ss_key_entry *ss_key_set_find(const struct ss_key_set *set, uint32_t serial,
                                     const struct ss_map_key *key, const char *base);
/* Takes back the last addition; nothing was looked for or added since. */
void ss_key_set_forget_last(struct ss_key_set *set);

/* The keys of one map for as long as they are few: then to look at each is cheaper than to hash. All keys of
 * a map are strings, or none is. Zero it before the first key. */
enum { SS_FEW_KEYS = 8 };
struct ss_few_keys {
    uint32_t n;                 /* more than SS_FEW_KEYS: they are in the key set */
    uint32_t serial;            /* there */
    uint64_t keys[SS_FEW_KEYS]; /* the integer, or the string's offset from base << 32 | its length */
};
/* Adds a key; *found says whether it was there already. Strings are below 2^31 bytes, offsets too. False when
 * out of memory. */
bool ss_few_keys_add(struct ss_few_keys *few, struct ss_key_set *set, const struct ss_map_key *key,
                     const char *base, uint64_t offset, bool *found);
/* Takes back the last addition, a key that was not there before; nothing was added to set since. */
void ss_few_keys_forget_last(struct ss_few_keys *few, struct ss_key_set *set);

#endif
