/* The nodes of a field filter, private to transcode/. */
#ifndef SS_TRANSCODE_FIELD_FILTER_NODE_H
#define SS_TRANSCODE_FIELD_FILTER_NODE_H

#include "transcode/field_filter.h"

struct ss_field_filter {
    const struct ss_field *field;     /* NULL: the root */
    struct ss_field_filter *children; /* fields wanted of field's messages, in order of declaration */
    struct ss_field_filter *next;     /* the next child of the same parent */
    bool whole;                       /* all of field; children do not count */
};

#endif
