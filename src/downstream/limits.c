#include "downstream/limits.h"

void ss_limits_init(struct ss_limits *l)
{
    *l = (struct ss_limits){
        .max_connections = 10000,
        .max_concurrent_streams = 256,
        .max_header_bytes = 64 * 1024,
        .max_headers = 100,
        .max_request_bytes = 4 << 20,
        .max_message_bytes = 4 << 20,
        .header_timeout_ms = 10000,
        .body_timeout_ms = 60000,
        .idle_timeout_ms = 300000,
        .min_drain_bytes_per_s = 256,
        .drain_grace_ms = 30000,
    };
}
