/* Hashes for tables. Two of them, for two kinds of tables:
 *
 * - ss_hash, FNV-1a, fast and the same in every process: for tables whose keys come from descriptors and
 *   configuration. A peer's key may be looked up there, never put in, for a peer can choose as many keys of
 * one hash as it likes.
 * - ss_hash_keyed, SipHash-1-3 (Aumasson and Bernstein) under a key that is drawn at random and passed in:
 * for tables that hold keys of a peer's choice, which cannot know what collides.
 */
#ifndef SS_BASE_HASH_H
#define SS_BASE_HASH_H

#include <stdint.h>

#include "base/slice.h"

static inline uint32_t ss_hash(struct ss_slice s)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.ptr[i]) * 16777619u;
    return h;
}

/* Random, and secret from peers. */
struct ss_hash_key {
    uint64_t words[2];
};

/* SipHash word by word: begin, ss_sip_word*, ss_sip_end. */
struct ss_sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t ss_sip_rotl(uint64_t v, unsigned by)
{
    return v << by | v >> (64 - by);
}

static inline __attribute__((always_inline)) void ss_sip_round(struct ss_sip *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = ss_sip_rotl(s->v1, 13) ^ s->v0;
    s->v3 = ss_sip_rotl(s->v3, 16) ^ s->v2;
    s->v0 = ss_sip_rotl(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = ss_sip_rotl(s->v1, 17) ^ s->v2;
    s->v3 = ss_sip_rotl(s->v3, 21) ^ s->v0;
    s->v2 = ss_sip_rotl(s->v2, 32);
}

static inline __attribute__((always_inline)) struct ss_sip ss_sip_begin(const struct ss_hash_key *key)
{
    return (struct ss_sip){
        key->words[0] ^ UINT64_C(0x736f6d6570736575), key->words[1] ^ UINT64_C(0x646f72616e646f6d),
        key->words[0] ^ UINT64_C(0x6c7967656e657261), key->words[1] ^ UINT64_C(0x7465646279746573)};
}

static inline __attribute__((always_inline)) void ss_sip_word(struct ss_sip *s, uint64_t word)
{
    s->v3 ^= word;
    ss_sip_round(s);
    s->v0 ^= word;
}

/* The bytes of text in words of eight, and what is left with its length as a last word. */
static inline __attribute__((always_inline)) void ss_sip_text(struct ss_sip *s, struct ss_slice text)
{
    const char *p = text.ptr;
    size_t left = text.len;
    for (; left >= 8; left -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        ss_sip_word(s, word);
    }
    uint64_t last = (uint64_t)text.len << 56;
    for (size_t i = 0; i < left; i++)
        last |= (uint64_t)(unsigned char)p[i] << (8 * i);
    ss_sip_word(s, last);
}

static inline __attribute__((always_inline)) uint32_t ss_sip_end(struct ss_sip *s)
{
    s->v2 ^= 0xff;
    ss_sip_round(s);
    ss_sip_round(s);
    ss_sip_round(s);
    uint64_t h = s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
    return (uint32_t)(h ^ h >> 32);
}

static inline uint32_t ss_hash_keyed(const struct ss_hash_key *key, struct ss_slice s)
{
    struct ss_sip sip = ss_sip_begin(key);
    ss_sip_text(&sip, s);
    return ss_sip_end(&sip);
}

#endif
