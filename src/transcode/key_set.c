#include "transcode/key_set.h"

#include <sys/random.h>

#include "base/mem.h"
#include "transcode/to_json.h"
#include "wire/varint.h"

enum { FIRST_CAP = 64, KEEP_CAP = 1 << 14 };

struct open_map {
    const struct ss_field *field; /* of its keys */
    uint32_t first;               /* number of its first key */
};

void ss_key_set_init(struct ss_key_set *set)
{
    *set = (struct ss_key_set){.cap = 0};
    /* Before the kernel's pool is ready this fails; the addresses then serve, which a remote peer does not
     * know. */
    if (getrandom(&set->secret, sizeof set->secret, GRND_NONBLOCK) != (ssize_t)sizeof set->secret) {
        set->secret.words[0] = (uint64_t)(uintptr_t)set;
        set->secret.words[1] = (uint64_t)(uintptr_t)&set;
    }
}

static void drop_slots(struct ss_key_set *set)
{
    ss_free(set->slots);
    set->slots = NULL;
    set->cap = 0;
}

void ss_key_set_dispose(struct ss_key_set *set)
{
    drop_slots(set);
    ss_stack_dispose(&set->maps);
    ss_stack_dispose(&set->list);
}

void ss_key_set_clear(struct ss_key_set *set)
{
    if (set->cap > KEEP_CAP)
        drop_slots(set);
    else if (set->list.n) /* the last message was not read to its end */
        memset(set->slots, 0, set->cap * sizeof *set->slots);
    ss_stack_clear(&set->maps, sizeof(struct open_map));
    ss_stack_clear(&set->list, sizeof(uint32_t));
}

/* Of the key, its map going in as the first word. */
static uint32_t hash_of(const struct ss_key_set *set, uint32_t map, const struct ss_map_key *key)
{
    struct ss_sip s = ss_sip_begin(&set->secret);
    ss_sip_word(&s, map);
    if (key->integer)
        ss_sip_word(&s, key->value);
    else
        ss_sip_text(&s, key->string);
    return ss_sip_end(&s);
}

static uint32_t *place_at(const struct ss_key_set *set, uint32_t i)
{
    return (uint32_t *)set->list.items + i;
}

static struct ss_map_key read_key(const struct ss_field *f, struct ss_slice base, uint32_t at)
{
    struct ss_value v = {0, {NULL, 0}};
    if (!(at & SS_KEY_ABSENT))
        ss_value_read(f, base.ptr + at, base.ptr + base.len, &v);
    if (f->type == SS_TYPE_STRING)
        return (struct ss_map_key){.string = v.bytes};
    return (struct ss_map_key){.integer = true, .value = v.bits};
}

static bool same(const struct ss_map_key *a, const struct ss_map_key *b)
{
    return a->integer ? a->value == b->value : ss_slice_eq(a->string, b->string);
}

static struct open_map top(const struct ss_key_set *set)
{
    return ((const struct open_map *)set->maps.items)[set->maps.n - 1];
}

/* The slot of key, or the free one where it belongs. Keys of maps around this one may lie between. */
static uint32_t *place(const struct ss_key_set *set, struct open_map map, struct ss_slice base,
                       const struct ss_map_key *key)
{
    size_t i = hash_of(set, map.first, key) & (set->cap - 1);
    for (; set->slots[i]; i = (i + 1) & (set->cap - 1)) {
        uint32_t number = set->slots[i] - 1;
        if (number < map.first)
            continue;
        struct ss_map_key had = read_key(map.field, base, *place_at(set, number));
        if (same(&had, key))
            break;
    }
    return &set->slots[i];
}

/* Puts the keys of all maps into a larger table, oldest first. */
static bool grow(struct ss_key_set *set, struct ss_slice base)
{
    size_t cap = set->cap ? set->cap * 2 : FIRST_CAP;
    drop_slots(set); /* first: the list has all that is needed */
    set->slots = ss_try_realloc(NULL, cap * sizeof *set->slots);
    if (!set->slots)
        return false;
    memset(set->slots, 0, cap * sizeof *set->slots);
    set->cap = cap;
    const struct open_map *maps = set->maps.items;
    for (size_t m = 0; m < set->maps.n; m++) {
        size_t end = m + 1 < set->maps.n ? maps[m + 1].first : set->list.n;
        for (uint32_t i = maps[m].first; i < end; i++) {
            struct ss_map_key key = read_key(maps[m].field, base, *place_at(set, i));
            size_t at = hash_of(set, maps[m].first, &key) & (cap - 1);
            while (set->slots[at])
                at = (at + 1) & (cap - 1);
            set->slots[at] = i + 1;
        }
    }
    return true;
}

/* The place of the key at at in the newest map; at itself when it is new. NULL when out of memory. */
static uint32_t *add(struct ss_key_set *set, struct ss_slice base, uint32_t at)
{
    if ((set->list.n + 1) * 8 > set->cap * 7 && !grow(set, base))
        return NULL;
    struct open_map map = top(set);
    struct ss_map_key key = read_key(map.field, base, at);
    uint32_t *slot = place(set, map, base, &key);
    if (*slot)
        return place_at(set, *slot - 1);
    if (!ss_stack_reserve(&set->list, sizeof(uint32_t), 1))
        return NULL;
    *place_at(set, (uint32_t)set->list.n++) = at;
    *slot = (uint32_t)set->list.n;
    return place_at(set, *slot - 1);
}

/* Takes the newest key out. */
static void forget(struct ss_key_set *set, struct open_map map, struct ss_slice base)
{
    struct ss_map_key key = read_key(map.field, base, *place_at(set, (uint32_t)set->list.n - 1));
    size_t i = hash_of(set, map.first, &key) & (set->cap - 1);
    while (set->slots[i] != set->list.n)
        i = (i + 1) & (set->cap - 1);
    set->slots[i] = 0;
    set->list.n--;
}

static bool begin(struct ss_key_set *set, const struct ss_field *f)
{
    if (!ss_stack_reserve(&set->maps, sizeof(struct open_map), 1))
        return false;
    ((struct open_map *)set->maps.items)[set->maps.n++] = (struct open_map){f, (uint32_t)set->list.n};
    return true;
}

/* Equal keys have equal prints; of strings they hold the length whole, so that equal prints are of equal
 * lengths. */
static uint64_t print_of(const struct ss_map_key *key)
{
    size_t n = key->string.len;
    if (key->integer)
        return key->value;
    return n ? (uint64_t)n << 16 | (uint64_t)(unsigned char)key->string.ptr[0] << 8 |
                   (unsigned char)key->string.ptr[n - 1]
             : 0;
}

static bool same_string(const struct ss_map_key *key, const char *had)
{
    return key->integer || key->string.len == 0 || memcmp(had, key->string.ptr, key->string.len) == 0;
}

bool ss_few_keys_add(struct ss_few_keys *few, struct ss_key_set *set, const struct ss_field *f,
                     struct ss_slice base, const struct ss_map_key *key, uint32_t at, uint32_t offset,
                     bool *found)
{
    *found = false;
    if (few->n <= SS_FEW_KEYS) {
        uint64_t print = print_of(key);
        for (uint32_t i = 0; i < few->n; i++) {
            if (few->prints[i] == print && same_string(key, base.ptr + few->offsets[i])) {
                *found = true;
                return true;
            }
        }
        if (few->n < SS_FEW_KEYS) {
            few->at[few->n] = at;
            few->offsets[few->n] = offset;
            few->prints[few->n++] = print;
            return true;
        }
        if (!begin(set, f)) /* too many for looking at each */
            return false;
        for (uint32_t i = 0; i < SS_FEW_KEYS; i++)
            if (!add(set, base, few->at[i]))
                return false;
        few->n++;
    }
    size_t before = set->list.n;
    bool ok = add(set, base, at) != NULL;
    *found = set->list.n == before;
    return ok;
}

void ss_few_keys_forget_last(struct ss_few_keys *few, struct ss_key_set *set, struct ss_slice base)
{
    if (few->n > SS_FEW_KEYS)
        forget(set, top(set), base);
    else
        few->n--;
}

void ss_few_keys_moved(struct ss_few_keys *few, struct ss_key_set *set, bool string, size_t by)
{
    if (few->n > SS_FEW_KEYS) {
        *place_at(set, (uint32_t)set->list.n - 1) += (uint32_t)by;
        return;
    }
    if (string)
        few->offsets[few->n - 1] += (uint32_t)by;
    few->at[few->n - 1] += (uint32_t)by;
}

void ss_few_keys_end(struct ss_few_keys *few, struct ss_key_set *set, struct ss_slice base)
{
    if (few->n <= SS_FEW_KEYS)
        return;
    struct open_map map = top(set);
    if (map.first == 0 && set->list.n > set->cap / 16) {
        memset(set->slots, 0, set->cap * sizeof *set->slots);
        set->list.n = 0;
    }
    while (set->list.n > map.first)
        forget(set, map, base);
    set->maps.n--;
}

bool ss_few_keys_begin_all(struct ss_few_keys *few, struct ss_key_set *set, const struct ss_field *f)
{
    few->n = SS_FEW_KEYS + 1;
    return begin(set, f);
}

bool ss_few_keys_note(struct ss_key_set *set, struct ss_slice base, uint32_t at)
{
    uint32_t *last = add(set, base, at);
    if (last)
        *last = at;
    return last != NULL;
}

bool ss_few_keys_is_last(const struct ss_key_set *set, struct ss_slice base, uint32_t at)
{
    struct open_map map = top(set);
    struct ss_map_key key = read_key(map.field, base, at);
    uint32_t slot = set->cap ? *place(set, map, base, &key) : 0;
    return slot && *place_at(set, slot - 1) == at;
}
