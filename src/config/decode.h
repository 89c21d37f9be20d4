/* Node trees → structs, by tables: a table says which keys a mapping may have and where their values go.
 * Every error goes to the diag, with the position of the key or value at fault; decoding then goes on with
 * the rest. */
#ifndef SS_CONFIG_DECODE_H
#define SS_CONFIG_DECODE_H

#include <stdint.h>

#include "config/diag.h"
#include "config/node.h"

/* Reads one value into field; arg is the key's. Never called for a BROKEN node. */
typedef void ss_decode_fn(struct ss_diag *d, const struct ss_node *value, void *field, const void *arg);

struct ss_key {
    const char *name;
    ss_decode_fn *decode;
    size_t offset; /* of the field in the struct that its ss_keys names */
    const void *arg;
    bool required;
};

/* Keys and the struct that their offsets count from. A mapping may be spread over several. */
struct ss_keys {
    const struct ss_key *keys;
    size_t n;
    void *into;
    bool json_names; /* a key may also be written in lowerCamelCase, as protobuf's JSON has it */
};

#define SS_KEYS(table, into) ((struct ss_keys){(table), sizeof(table) / sizeof((table)[0]), (into), false})
/* Of a protobuf message. */
#define SS_PROTO_KEYS(table, into)                                                                           \
    ((struct ss_keys){(table), sizeof(table) / sizeof((table)[0]), (into), true})

/* Decodes a mapping; null counts as an empty one. Unknown keys are errors that name the nearest valid one, or
 * all. */
void ss_decode_map(struct ss_diag *d, const struct ss_node *node, const struct ss_keys *parts,
                   size_t n_parts);

/* "expected X, found Y" at the value; silent for a BROKEN one. */
void ss_decode_wrong(struct ss_diag *d, const struct ss_node *value, const char *expected);
/* Whether node is a list (null counts as an empty one); says so in d when it is not. */
bool ss_decode_is_list(struct ss_diag *d, const struct ss_node *node);
/* The same for a mapping. */
bool ss_decode_is_map(struct ss_diag *d, const struct ss_node *node);

/* `off`, or `false`, unquoted. */
bool ss_decode_is_off(const struct ss_node *node);

/* A text and where it stands. at is NULL when it was not given. */
struct ss_located {
    struct ss_slice text; /* NUL-terminated behind its len */
    const struct ss_node *at;
};

/* A whole text; a number, a bool or null must be quoted to be one. */
bool ss_decode_text(struct ss_diag *d, const struct ss_node *value, struct ss_slice *out);

struct ss_range {
    uint64_t min, max;
};
struct ss_choice {
    const char *name;
    int value;
};
struct ss_choices {
    const struct ss_choice *list;
    size_t n;
};

/* The decoders of tables, by the type of their field. */
ss_decode_fn ss_decode_string;    /* struct ss_located */
ss_decode_fn ss_decode_path;      /* struct ss_located; relative to the folder of its file */
ss_decode_fn ss_decode_strings;   /* struct ss_string_list */
ss_decode_fn ss_decode_bool;      /* bool */
ss_decode_fn ss_decode_unsigned;  /* unsigned; arg: struct ss_range or NULL */
ss_decode_fn ss_decode_bytes;     /* size_t; arg: struct ss_range or NULL */
ss_decode_fn ss_decode_bytes64;   /* uint64_t, the same */
ss_decode_fn ss_decode_ms;        /* uint64_t; arg: struct ss_range of ms, or NULL */
ss_decode_fn ss_decode_ms_signed; /* int64_t */
ss_decode_fn ss_decode_choice;    /* int; arg: struct ss_choices */
ss_decode_fn ss_decode_node;      /* const struct ss_node * */
ss_decode_fn ss_decode_ignored;   /* nothing; leaves a note */
ss_decode_fn ss_decode_later;     /* nothing; an error unless the value is false, empty, or the text in arg */
ss_decode_fn ss_decode_refused;   /* nothing; the error in arg */

struct ss_string_list {
    struct ss_slice *items;
    size_t n;
};

/* A copy in a; NULL when n is 0. */
struct ss_slice *ss_slices_keep(const struct ss_slice *items, size_t n, struct ss_arena *a);

#endif
