/* A path template of google.api.http (google/api/http.proto), parsed. "/" alone is one without segments,
 * which matches the path "/" only. Else:
 *
 *     Template  = "/" Segments [ Verb ] ;
 *     Segments  = Segment { "/" Segment } ;
 *     Segment   = "*" | "**" | LITERAL | Variable ;
 *     Variable  = "{" FieldPath [ "=" Segments ] "}" ;
 *     FieldPath = IDENT { "." IDENT } ;
 *     Verb      = ":" LITERAL ;
 *
 * A variable holds no variable, one without "=" is "{x=*}". At most one "**", and behind it literals only.
 * LITERAL is what a path segment may hold (RFC 3986 §3.3), escapes included, and UTF-8; a raw ':' stands in
 * it only where it cannot be taken for the verb's: not in the last segment. */
#ifndef SS_ROUTE_TEMPLATE_H
#define SS_ROUTE_TEMPLATE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum { SS_TEMPLATE_MAX_SEGMENTS = 128 };

enum ss_segment_kind { SS_SEGMENT_LITERAL, SS_SEGMENT_STAR, SS_SEGMENT_MULTI };

struct ss_template_segment {
    struct ss_slice text; /* of a literal, in normal form (route/segment.h) */
    uint32_t hash;        /* of text */
    enum ss_segment_kind kind;
};

struct ss_template_variable {
    struct ss_slice field_path; /* as written */
    size_t column;              /* 1-based, of the field path */
    size_t first, count;        /* its segments, count at least 1 */
    bool multi; /* may match more than one segment, or matches several: keeps reserved escapes */
};

struct ss_template {
    struct ss_template_segment *segments;
    size_t n_segments;
    struct ss_template_variable *variables;
    size_t n_variables;
    size_t multi;         /* index of the "**" segment; n_segments: none */
    struct ss_slice verb; /* normal form, without ':'; empty: none */
    uint32_t verb_hash;
};

struct ss_template_error {
    size_t column;    /* 1-based, in bytes */
    const char *what; /* static */
};

/* Everything in *out is allocated from a, but for field paths, which are views of text. SS_ERR_CONFIG fills
 * *error. */
enum ss_err ss_template_parse(struct ss_slice text, struct ss_arena *a, struct ss_template *out,
                              struct ss_template_error *error);

#endif
