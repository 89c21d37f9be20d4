/* Names of headers in configuration, and `forward_headers:`. */
#ifndef SS_CONFIG_HEADER_KEYS_H
#define SS_CONFIG_HEADER_KEYS_H

#include "config/decode.h"

/* struct ss_string_list: a list of header names that metadata can have, in any case; lower case comes out. */
ss_decode_fn ss_header_names_decode;
/* struct ss_route_options */
ss_decode_fn ss_forward_headers_decode;

#endif
