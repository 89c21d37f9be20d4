/* Which services are served, by which upstream, and whether their methods without a rule get a path.
 *
 * Served are the services that `services` of an upstream or `apis` of a document name; of an upstream that
 * nothing names services of, those whose files were asked for (schema/given.c). What is only imported is
 * never served by itself: it may be another API, with paths such as DELETE /v1/operations/{name}. */
#ifndef SS_CONFIG_SERVICES_H
#define SS_CONFIG_SERVICES_H

#include "config/document.h"
#include "config/upstreams.h"

struct ss_service_state {
    const struct ss_service *service;
    int cluster;                     /* -1: not known */
    const struct ss_document *claim; /* the document whose apis name it; NULL: none */
    const struct ss_node *named_at;  /* in `services` or `apis`; NULL: in neither */
    bool served;
    bool auto_mapping;
};

struct ss_services {
    struct ss_service_state *list; /* one per service of the schema, by its index */
    size_t n;
};

struct ss_services_input {
    struct ss_document *documents;
    const struct ss_upstream_services *upstreams; /* one per cluster */
    bool auto_mapping;                            /* where nothing nearer says otherwise */
};

/* Reads what is said of services everywhere, and sets the cluster of documents. Sets the snapshot's
 * served_by. */
void ss_services_init(struct ss_services *s, struct ss_diag *d, struct ss_snapshot *snapshot,
                      const struct ss_services_input *input);
struct ss_service_state *ss_services_get(const struct ss_services *s, const struct ss_service *service);

/* The method that a selector names; NULL, with an error that names the nearest, when there is none. */
const struct ss_method *ss_services_method(struct ss_diag *d, const struct ss_schema *schema,
                                           const struct ss_located *selector);

#endif
