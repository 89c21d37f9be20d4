/* Who sets which field of one request: a tree that follows the fields set so far, to find what is set twice,
 * by two sides, or beside another member of its oneof. Lives in the call's arena; siblings are as many as a
 * message's fields at most. */
#ifndef SS_ROUTE_CLAIMS_H
#define SS_ROUTE_CLAIMS_H

#include "base/hash.h"
#include "route/compile.h"

enum ss_claim_owner { SS_CLAIM_NOBODY, SS_CLAIM_PATH, SS_CLAIM_QUERY };

struct ss_claim {
    const struct ss_field *field;
    struct ss_claim *sibling, *children;
    enum ss_claim_owner owner; /* NOBODY: a message on the way, with children */
};

enum ss_claim_result {
    SS_CLAIM_OK,
    SS_CLAIM_TAKEN,    /* the field, one inside of it or one around it is set: *other's owner did */
    SS_CLAIM_ONEOF,    /* *other is another member of a oneof on the path */
    SS_CLAIM_NO_MEMORY /* the arena is at its cap */
};

/* root is zeroed before the first. A repeated field may be claimed by the query again and again. *other is
 * the claim in the way when there is one, else the claim taken. */
enum ss_claim_result ss_claim_take(struct ss_claim *root, struct ss_field_path path,
                                   enum ss_claim_owner owner, struct ss_arena *a,
                                   const struct ss_claim **other);

/* The map keys set so far. Peers choose them. */
struct ss_map_keys {
    const struct ss_hash_key *hash_key; /* borrowed */
    struct ss_map_key *slots;
    size_t n, cap;
};

/* Adds key (as on the wire; copied) of the map that claim stands for. *added is false when it was there.
 * SS_ERR_LIMIT when the arena is at its cap. set is zeroed but for its hash_key before
 * the first. */
enum ss_err ss_map_keys_add(struct ss_map_keys *set, const struct ss_claim *claim, struct ss_slice key,
                            struct ss_arena *a, bool *added);

#endif
