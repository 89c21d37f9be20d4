/* A google.api.http annotation (google/api/http.proto, HttpRule) → bindings. */
#ifndef SS_CONFIG_HTTP_RULE_H
#define SS_CONFIG_HTTP_RULE_H

#include "config/document.h"

/* wire: HttpRule wire bytes, copied into a. Bindings all get that origin. *out is NULL when the rule has no
 * pattern. SS_ERR_CONFIG with a static text in *why: not wire bytes, or additional_bindings within
 * additional_bindings. */
enum ss_err ss_http_rule_read(struct ss_slice wire, struct ss_slice origin, struct ss_arena *a,
                              struct ss_binding **out, const char **why);

#endif
