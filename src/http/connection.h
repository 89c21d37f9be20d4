/* Which headers of a request its Connection names: they are meant for this hop and go no further (RFC 9110
 * §7.6.1). */
#ifndef SS_HTTP_CONNECTION_H
#define SS_HTTP_CONNECTION_H

#include "base/arena.h"
#include "http/header.h"

/* One flag for each of the n headers (lower-case names), in a; NULL when connection, a list of tokens, names
 * none of them. Takes time in proportion to both, however long a client makes them. */
const bool *ss_connection_named(const struct ss_header *headers, size_t n, struct ss_slice connection,
                                struct ss_arena *a);

#endif
