/* A google.api.http annotation (google/api/http.proto, HttpRule) → bindings. */
#ifndef SS_CONFIG_HTTP_RULE_H
#define SS_CONFIG_HTTP_RULE_H

#include "config/document.h"

/* wire: HttpRule wire bytes, copied into a. Bindings all get that origin. One that means nothing (without a
 * pattern, an HTTP method that is none, additional_bindings within additional_bindings) has its fault.
 * SS_ERR_CONFIG with a static text in *why: not wire bytes. */
enum ss_err ss_http_rule_read(struct ss_slice wire, struct ss_slice origin, struct ss_arena *a,
                              struct ss_binding **out, const char **why);

/* The HTTP method that a custom pattern's kind names: a token (RFC 9110 §5.6.2) in upper case, as all in use
 * are, or "*". False when it is none. *out is in a. */
bool ss_http_method_of_kind(struct ss_slice kind, struct ss_arena *a, struct ss_slice *out);

#endif
