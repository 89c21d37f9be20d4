/* What documents say of whole services: which upstream serves them, and whether methods without a rule get a
 * path. */
#ifndef SS_CONFIG_SERVICES_H
#define SS_CONFIG_SERVICES_H

#include "bridge/snapshot.h"
#include "config/document.h"

struct ss_service_state {
    const struct ss_service *service;
    int cluster;                     /* -1: not known */
    const struct ss_document *claim; /* the document whose apis name it; NULL: none */
    const struct ss_node *claimed_at;
    bool auto_mapping;
};

struct ss_services {
    struct ss_service_state *list; /* one per service of the schema, in its order */
    size_t n;
};

/* Reads upstream, apis and auto_mapping of all documents, and sets their cluster. auto_mapping: all services
 * get it. */
void ss_services_init(struct ss_services *s, struct ss_diag *d, const struct ss_snapshot *snapshot,
                      struct ss_document *documents, bool auto_mapping);
struct ss_service_state *ss_services_get(const struct ss_services *s, const struct ss_service *service);

/* The method that a selector names; NULL, with an error that names the nearest, when there is none. */
const struct ss_method *ss_services_method(struct ss_diag *d, const struct ss_schema *schema,
                                           const struct ss_located *selector);

#endif
