/* What is wrong with a configuration: collected, never thrown. Each entry is one line, "file:line:column:
 * text". */
#ifndef SS_CONFIG_DIAG_H
#define SS_CONFIG_DIAG_H

#include "base/arena.h"
#include "config/config.h"
#include "config/node.h"

/* Holds pointers into itself: not to be copied. */
struct ss_diag {
    struct ss_arena *arena; /* borrowed; the entries live in it, and what decoding allocates */
    struct ss_config_error *errors, **errors_end;
    struct ss_config_error *notes, **notes_end; /* all that is no error, in order */
    size_t n_errors;
};

void ss_diag_init(struct ss_diag *d, struct ss_arena *a);
/* An error at a node. The text may hold what users wrote: control characters become '?', so it stays one
 * line. */
void ss_diag_at(struct ss_diag *d, const struct ss_node *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* An error whose text begins with its position, or has none. */
void ss_diag_text(struct ss_diag *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Not an error: something of somebody else's that is left out (WARN), a choice that was made (INFO), or a key
 * accepted and ignored (DEBUG). at is NULL when the text begins with its position. */
void ss_diag_note(struct ss_diag *d, enum ss_log_level level, const struct ss_node *at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* "file:line:column" of a node, in arena a. */
struct ss_slice ss_diag_position(const struct ss_node *at, struct ss_arena *a);

#endif
