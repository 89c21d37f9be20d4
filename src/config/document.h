/* A route descriptor: a google.api.Service document with sidespan's options beside its rules. */
#ifndef SS_CONFIG_DOCUMENT_H
#define SS_CONFIG_DOCUMENT_H

#include "config/decode.h"
#include "config/route_keys.h"

/* One HTTP method and path of a rule or an annotation. */
struct ss_binding {
    struct ss_binding *next;
    struct ss_slice http_method, path, body, response_body;
    struct ss_slice origin;     /* "file:line:column" */
    const char *fault;          /* of an annotation's that cannot be served: why, static; else NULL */
    struct ss_route_keys *keys; /* of a binding that has options of its own; NULL: the rule's */
};

struct ss_document_rule {
    struct ss_document_rule *next;
    struct ss_located selector;
    struct ss_binding *bindings;
    struct ss_route_keys keys; /* the defaults, overwritten by what stands beside the rule */
};

struct ss_document_api {
    struct ss_document_api *next;
    struct ss_located name;
};

struct ss_document {
    struct ss_document *next;
    struct ss_located upstream;
    struct ss_auto_mapping auto_mapping;
    struct ss_document_api *apis;
    struct ss_document_rule *rules;
    bool fully_decode_reserved_expansion; /* given here, or by the defaults */
    int cluster; /* of its upstream, or the only one; -1: neither, or a wrong name. Set by ss_services_init */
};

/* Reads one document; it lives in d's arena. NULL, with errors in d, when the node is none. Bad rules are
 * left out. */
struct ss_document *ss_document_decode(struct ss_diag *d, const struct ss_node *node,
                                       const struct ss_route_keys *defaults);
/* `routes:`: reads every file that it names. */
struct ss_document *ss_documents_load(struct ss_diag *d, const struct ss_node *routes,
                                      const struct ss_route_keys *defaults);

#endif
