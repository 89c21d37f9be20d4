/* The grammar shared by Content-Type, Accept and Accept-Encoding: type/subtype, parameters, weights (RFC 9110
 * §5.6.6, §8.3.1, §12.4.2). Private to src/http/. */
#ifndef SS_HTTP_MEDIA_RANGE_H
#define SS_HTTP_MEDIA_RANGE_H

#include "base/slice.h"

struct ss_media_range {
    struct ss_slice type, subtype; /* tokens as written; "*" for a wildcard */
    struct ss_slice params;        /* from the first ';' on; empty when there is none */
};
/* All slices are views of text. False when it is malformed before its parameters. */
bool ss_media_range_parse(struct ss_slice text, struct ss_media_range *out);

struct ss_media_param {
    struct ss_slice name;
    struct ss_slice value; /* as written, with the quotes of a quoted string */
};
/* Cuts the next parameter off params (";name=value;…"). 1: *out is filled; 0: no more; -1: malformed. */
int ss_media_param_next(struct ss_slice *params, struct ss_media_param *out);
/* Whether a parameter's value, a quoted string undone, is text in any case. */
bool ss_media_value_is(struct ss_slice value, struct ss_slice text);

/* The weight among params in thousandths: 1000 when there is none, 0 for what is refused, -1 when malformed.
 */
int ss_media_weight(struct ss_slice params);

/* The subtypes of application/ that are newline-delimited JSON. */
bool ss_media_ndjson_subtype(struct ss_slice subtype);

#endif
