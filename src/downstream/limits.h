/* What one client, or all of them, may use up. Every limit is on by default. */
#ifndef SS_DOWNSTREAM_LIMITS_H
#define SS_DOWNSTREAM_LIMITS_H

#include <stddef.h>
#include <stdint.h>

struct ss_limits {
    unsigned max_connections;        /* per worker and listener; 0: none. 10 000 */
    unsigned max_concurrent_streams; /* per HTTP/2 connection. 256 */
    size_t max_header_bytes;         /* of a request's head. 65 536 */
    unsigned max_headers;            /* 100 */
    size_t max_request_bytes;        /* of a body, where the route says nothing. 4 MiB */
    size_t max_message_bytes;        /* of one message from a service, where the route says nothing. 4 MiB */
    size_t max_json_bytes;           /* of an answer's JSON, where the route says nothing. 0: 16 times
                                        max_message_bytes,           at most 64 MiB */
    uint64_t header_timeout_ms;      /* for a head to be whole, from its first byte. 10 000 */
    uint64_t body_timeout_ms;        /* between two pieces of a request's body. 60 000 */
    uint64_t idle_timeout_ms;        /* of a connection without a request. 300 000 */
    uint64_t
        min_drain_bytes_per_s; /* a reader with output waiting that takes less is dropped... 0: off. 256 */
    uint64_t drain_grace_ms;   /* ...after that long. 30 000 */
};

/* The defaults named above. */
void ss_limits_init(struct ss_limits *l);

#endif
