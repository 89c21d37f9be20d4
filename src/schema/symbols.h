/* The names that descriptors declare, as a tree: package, message, field and so on hang under their scope.
 * Full names are not stored, so a long package costs once. */
#ifndef SS_SCHEMA_SYMBOLS_H
#define SS_SCHEMA_SYMBOLS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

enum ss_symbol_kind {
    SS_SYMBOL_PACKAGE, /* the root is the package without a name */
    SS_SYMBOL_MESSAGE,
    SS_SYMBOL_ENUM,
    SS_SYMBOL_ENUM_VALUE, /* hangs beside its enum, not under it: protobuf scopes them as C++ does */
    SS_SYMBOL_FIELD,
    SS_SYMBOL_EXTENSION,
    SS_SYMBOL_ONEOF,
    SS_SYMBOL_SERVICE,
    SS_SYMBOL_METHOD,
};

struct ss_file;

struct ss_symbol {
    const struct ss_symbol *parent; /* NULL: the root */
    struct ss_slice name;           /* the last component; borrowed */
    uint32_t hash;
    uint32_t full_len; /* length of the full name */
    enum ss_symbol_kind kind;
    const struct ss_file *file; /* the first that declares it */
    void *def;                  /* ss_message_def, ss_enum_def, or NULL */
};

/* All memory is a's. */
struct ss_symbols {
    struct ss_arena *a;
    const struct ss_symbol *root;
    struct ss_symbol **slots;
    size_t n, n_slots; /* n_slots is a power of two */
};

/* Names longer than this are refused. */
enum { SS_SYMBOL_MAX_LEN = 4096 };

enum ss_symbol_result {
    SS_SYMBOL_ADDED,
    SS_SYMBOL_EXISTS, /* *out is the one that was there */
    SS_SYMBOL_TOO_LONG,
    SS_SYMBOL_NO_MEMORY, /* a's cap is reached, or more names fall together than chance allows */
};

/* False when a's cap is reached. */
bool ss_symbols_init(struct ss_symbols *t, struct ss_arena *a);
enum ss_symbol_result ss_symbols_add(struct ss_symbols *t, const struct ss_symbol *parent,
                                     struct ss_slice name, enum ss_symbol_kind kind,
                                     const struct ss_file *file, struct ss_symbol **out);
const struct ss_symbol *ss_symbols_child(const struct ss_symbols *t, const struct ss_symbol *parent,
                                         struct ss_slice name);
/* A type name as descriptors refer to it from scope: ".pkg.Message" is absolute; otherwise the innermost
 * scope that has its first component counts, as in C++. NULL when it names neither message nor enum. */
const struct ss_symbol *ss_symbols_resolve(const struct ss_symbols *t, const struct ss_symbol *scope,
                                           struct ss_slice name);
/* Writes the full name, symbol->full_len bytes. */
void ss_symbol_write(const struct ss_symbol *symbol, char *out);

#endif
