/* The keys of the maps that are open, for "is this key there already" in constant time whatever keys a peer
 * sends: SipHash-1-3 under a random key, so that no peer can make them collide.
 *
 * A million keys must not cost much more than they cost the peer, so the set holds but four bytes of each:
 * where it lies, in the message that is read or written, from a base that its user gives. One open addressed
 * table has the numbers of the keys in that list:
 *
 *   maps  [ {field, 0}     {field, 3} ]        two maps, the second inside the first
 *   list  [ at at at        at at     ]        keys in the order of coming
 *   slots [ 0 4 0 1 0 3 5 0 0 2 … ]            number + 1; 0: free
 *
 * Maps end in the reverse order of their beginning, and then take their keys, which are the newest, out of
 * the table: no key has been placed behind them that would be lost by that. */
#ifndef SS_TRANSCODE_KEY_SET_H
#define SS_TRANSCODE_KEY_SET_H

#include <stdint.h>

#include "base/hash.h"
#include "schema/schema.h"
#include "transcode/stack.h"

struct ss_map_key {
    bool integer;           /* also a bool */
    uint64_t value;         /* of an integer */
    struct ss_slice string; /* else */
};

struct ss_key_set {
    struct ss_stack maps; /* private: the maps that are open */
    struct ss_stack list; /* uint32_t: where their keys are */
    uint32_t *slots;      /* owned */
    size_t cap;           /* of slots, a power of two; 0: none yet */
    struct ss_hash_key secret;
};

/* The place of a key is from the base to its value, behind the tag. SS_KEY_ABSENT and any number: it is not
 * there, and so has the default value. */
#define SS_KEY_ABSENT (UINT32_C(1) << 31)

void ss_key_set_init(struct ss_key_set *set);
void ss_key_set_dispose(struct ss_key_set *set);
/* Forgets all maps; at the start of a message. */
void ss_key_set_clear(struct ss_key_set *set);

/* The keys of one map for as long as they are few: then to look at each is cheaper than to hash. All keys of
 * a map are strings, or none is. Zero n before the first key. The base may lie elsewhere from call to call;
 * what is at it stays. */
enum { SS_FEW_KEYS = 8 };
struct ss_few_keys {
    uint32_t n;                    /* more than SS_FEW_KEYS: they are in the key set */
    uint32_t at[SS_FEW_KEYS];      /* their places */
    uint32_t offsets[SS_FEW_KEYS]; /* of strings: the place of the text */
    uint64_t prints[SS_FEW_KEYS];  /* the integer; of a string its length, first and last byte */
};
/* Adds key, of type f (a map's key field), which lies at at, a string's text at offset; *found says whether
 * it was there already. Strings are below 2^31 bytes, offsets too. False when out of memory. */
bool ss_few_keys_add(struct ss_few_keys *few, struct ss_key_set *set, const struct ss_field *f,
                     struct ss_slice base, const struct ss_map_key *key, uint32_t at, uint32_t offset,
                     bool *found);
/* Takes back the last addition, a key that was not there before; nothing was added to set since. */
void ss_few_keys_forget_last(struct ss_few_keys *few, struct ss_key_set *set, struct ss_slice base);
/* The key last added, a string or not, has moved by so many bytes. */
void ss_few_keys_moved(struct ss_few_keys *few, struct ss_key_set *set, bool string, size_t by);
/* The map ends. */
void ss_few_keys_end(struct ss_few_keys *few, struct ss_key_set *set, struct ss_slice base);

/* For a map whose keys may come again: begins it with all its keys in the set. False when out of memory. */
bool ss_few_keys_begin_all(struct ss_few_keys *few, struct ss_key_set *set, const struct ss_field *f);
/* Adds the key at at, or puts that in the place of what was there. False when out of memory. */
bool ss_few_keys_note(struct ss_key_set *set, struct ss_slice base, uint32_t at);
/* Whether at is where the key that lies there was last noted. */
bool ss_few_keys_is_last(const struct ss_key_set *set, struct ss_slice base, uint32_t at);

#endif
