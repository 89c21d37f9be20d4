/* One way to transcode, as the benchmark drives it. */
#ifndef SS_BENCH_H
#define SS_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bench_bytes {
    const char *ptr;
    size_t len;
};

/* One message, into memory of the contestant's own; false when it was refused. */
typedef bool bench_run(void *contestant, struct bench_bytes in, struct bench_bytes *out);

/* Google's converters over the descriptor set and message named. NULL when they do not take those. */
void *bench_libprotobuf_new(struct bench_bytes descriptors, const char *message);
bench_run bench_libprotobuf_json_to_wire, bench_libprotobuf_wire_to_json;

#ifdef __cplusplus
}
#endif

#endif
