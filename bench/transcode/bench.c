/* Measures transcoding one message, both directions: ours, libprotobuf's, and yajl's bare tokenizing of the
 * same text. bench/transcode.py drives it and makes sense of what it prints.
 *
 *   transcode DESCRIPTORS MESSAGE TEXT time ROUNDS MILLISECONDS   a line a round: ns per message of each leg
 *   transcode DESCRIPTORS MESSAGE TEXT count LEG MESSAGES         that leg alone, for callgrind to count in
 *
 * First the legs are checked against each other: each must take the text, and each must read what the other
 * wrote. Allocations are counted by standing in front of the C library's functions. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <valgrind/callgrind.h>
#include <yajl/yajl_parse.h>

#include "base/arena.h"
#include "transcode/transcode.h"

/* ---- counting allocations ---- */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static size_t allocations;

void *malloc(size_t n)
{
    allocations++;
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    allocations++;
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    allocations++;
    return __libc_realloc(p, n);
}

/* ---- the contestants ---- */

struct ours {
    struct ss_schema *schema;
    const struct ss_message *message;
    struct ss_codec *codec;
    struct ss_buf out;
};

static bool ours_done(struct ours *o, enum ss_err err, const struct ss_status *st, struct ss_arena *a,
                      struct bench_bytes *out)
{
    if (err)
        fprintf(stderr, "transcode: %.*s\n", SS_FMT(st->message));
    *out = (struct bench_bytes){o->out.ptr, o->out.len};
    ss_arena_dispose(a);
    return err == SS_OK;
}

static bool ours_json_to_wire(void *contestant, struct bench_bytes in, struct bench_bytes *out)
{
    struct ours *o = contestant;
    struct ss_arena a;
    struct ss_status st = {0};
    static const struct ss_json_in options = {0};
    ss_arena_init(&a, 0);
    o->out.len = 0;
    enum ss_err err = ss_json_to_wire(o->codec, o->schema, o->message, NULL, ss_slice_of(in.ptr, in.len),
                                      &options, &a, &o->out, &st);
    return ours_done(o, err, &st, &a, out);
}

static bool ours_wire_to_json(void *contestant, struct bench_bytes in, struct bench_bytes *out)
{
    struct ours *o = contestant;
    struct ss_arena a;
    struct ss_status st = {0};
    static const struct ss_json_out options = {0};
    ss_arena_init(&a, 0);
    o->out.len = 0;
    enum ss_err err = ss_wire_to_json(o->codec, o->schema, o->message, NULL, ss_slice_of(in.ptr, in.len),
                                      &options, &a, &o->out, &st);
    return ours_done(o, err, &st, &a, out);
}

static void *ours_new(struct bench_bytes descriptors, const char *message)
{
    struct ours *o = calloc(1, sizeof *o);
    struct ss_arena a;
    struct ss_slice why;
    struct ss_descriptor_set set = {.bytes = ss_slice_of(descriptors.ptr, descriptors.len),
                                    .origin = SS_LIT("descriptors")};
    if (!o)
        return NULL;
    ss_arena_init(&a, 0);
    if (ss_schema_load(&set, 1, &a, &why, &o->schema))
        return NULL;
    ss_arena_dispose(&a);
    o->message = ss_schema_message(o->schema, ss_slice_of(message, strlen(message)));
    o->codec = ss_codec_new();
    ss_buf_init(&o->out, 1u << 30);
    return o->message ? o : NULL;
}

/* yajl with events that do nothing, in memory of its own: what any program on top of it costs at least. */
static int on_nothing(void *ctx)
{
    (void)ctx;
    return 1;
}

static int on_bool(void *ctx, int v)
{
    (void)ctx;
    (void)v;
    return 1;
}

static int on_text(void *ctx, const char *p, size_t n)
{
    (void)ctx;
    (void)p;
    (void)n;
    return 1;
}

static int on_string(void *ctx, const unsigned char *p, size_t n)
{
    (void)ctx;
    (void)p;
    (void)n;
    return 1;
}

static const yajl_callbacks nothing = {
    .yajl_null = on_nothing,
    .yajl_boolean = on_bool,
    .yajl_number = on_text,
    .yajl_string = on_string,
    .yajl_start_map = on_nothing,
    .yajl_map_key = on_string,
    .yajl_end_map = on_nothing,
    .yajl_start_array = on_nothing,
    .yajl_end_array = on_nothing,
};

static bool yajl_alone(void *contestant, struct bench_bytes in, struct bench_bytes *out)
{
    (void)contestant;
    yajl_handle h = yajl_alloc(&nothing, NULL, NULL);
    yajl_config(h, yajl_dont_validate_strings, 1);
    bool ok = yajl_parse(h, (const unsigned char *)in.ptr, in.len) == yajl_status_ok &&
              yajl_complete_parse(h) == yajl_status_ok;
    yajl_free(h);
    *out = (struct bench_bytes){NULL, 0};
    return ok;
}

/* ---- legs ---- */

enum leg { OURS_READ, THEIRS_READ, YAJL_READ, OURS_PRINT, THEIRS_PRINT, N_LEGS };
static const char *const leg_names[N_LEGS] = {"ours_json_to_wire", "libprotobuf_json_to_wire", "yajl",
                                              "ours_wire_to_json", "libprotobuf_wire_to_json"};
static bench_run *const leg_runs[N_LEGS] = {ours_json_to_wire, bench_libprotobuf_json_to_wire, yajl_alone,
                                            ours_wire_to_json, bench_libprotobuf_wire_to_json};

struct bench {
    void *contestants[N_LEGS];
    struct bench_bytes in[N_LEGS];
};

static void die(const char *why)
{
    fprintf(stderr, "transcode: %s\n", why);
    exit(1);
}

/* Runs a leg n times. */
static void bench_messages(const struct bench *b, enum leg leg, size_t n)
{
    struct bench_bytes out;
    for (size_t i = 0; i < n; i++)
        if (!leg_runs[leg](b->contestants[leg], b->in[leg], &out))
            die(leg_names[leg]);
}

static struct bench_bytes read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END))
        die(path);
    size_t n = (size_t)ftell(f);
    char *p = malloc(n + 1);
    rewind(f);
    if (!p || fread(p, 1, n, f) != n)
        die(path);
    fclose(f);
    return (struct bench_bytes){p, n};
}

static struct bench_bytes copy(struct bench_bytes b)
{
    char *p = malloc(b.len + 1);
    if (!p)
        die("out of memory");
    memcpy(p, b.ptr, b.len);
    return (struct bench_bytes){p, b.len};
}

static bool same(struct bench_bytes a, struct bench_bytes b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* Runs a leg once and keeps what came out. */
static struct bench_bytes once(const struct bench *b, enum leg leg, struct bench_bytes in)
{
    struct bench_bytes out;
    if (!leg_runs[leg](b->contestants[leg], in, &out))
        die(leg_names[leg]);
    return copy(out);
}

/* Both print the wire bytes that we made. libprotobuf's own differ in form (it does not pack arrays, and
 * writes a timestamp's zero nanos), so the check is that each side understands the other to the last digit.
 */
static void prepare(struct bench *b, struct bench_bytes text)
{
    b->in[OURS_READ] = b->in[THEIRS_READ] = b->in[YAJL_READ] = text;
    struct bench_bytes ours = once(b, OURS_READ, text), theirs = once(b, THEIRS_READ, text);
    if (!same(once(b, OURS_PRINT, ours), text))
        die("we print something else than was read");
    if (!same(once(b, OURS_PRINT, theirs), text))
        die("of what libprotobuf has read we print something else");
    if (!same(once(b, OURS_READ, once(b, THEIRS_PRINT, ours)), ours))
        die("what libprotobuf prints reads as something else");
    b->in[OURS_PRINT] = b->in[THEIRS_PRINT] = ours;
}

/* ---- modes ---- */

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_of(const struct bench *b, enum leg leg, size_t n)
{
    double start = now_ns();
    bench_messages(b, leg, n);
    return now_ns() - start;
}

static size_t iterations(const struct bench *b, enum leg leg, double ns)
{
    size_t n = 1;
    double took;
    while ((took = time_of(b, leg, n)) < ns / 8)
        n *= 2;
    return 1 + (size_t)(ns / took * (double)n);
}

static void measure(const struct bench *b, unsigned rounds, double ns)
{
    size_t n[N_LEGS];
    for (int leg = 0; leg < N_LEGS; leg++)
        n[leg] = iterations(b, (enum leg)leg, ns);
    printf("{\"wire_bytes\":%zu", b->in[OURS_PRINT].len);
    for (int leg = 0; leg < N_LEGS; leg++) {
        size_t before = allocations;
        bench_messages(b, (enum leg)leg, 16);
        printf(",\"%s\":%g", leg_names[leg], (double)(allocations - before) / 16);
    }
    printf("}\n");
    for (unsigned round = 0; round < rounds; round++) {
        for (int leg = 0; leg < N_LEGS; leg++)
            printf("%s\"%s\":%.1f", leg ? "," : "{", leg_names[leg],
                   time_of(b, (enum leg)leg, n[leg]) / (double)n[leg]);
        printf("}\n");
    }
}

int main(int argc, char **argv)
{
    if (argc != 7)
        die("arguments: DESCRIPTORS MESSAGE TEXT time ROUNDS MILLISECONDS | count LEG MESSAGES");
    struct bench_bytes descriptors = read_file(argv[1]), text = read_file(argv[3]);
    struct bench b;
    void *ours = ours_new(descriptors, argv[2]), *theirs = bench_libprotobuf_new(descriptors, argv[2]);
    if (!ours || !theirs)
        die("the descriptors are refused or lack the message");
    b.contestants[OURS_READ] = b.contestants[OURS_PRINT] = ours;
    b.contestants[THEIRS_READ] = b.contestants[THEIRS_PRINT] = theirs;
    b.contestants[YAJL_READ] = NULL;
    prepare(&b, text);
    if (strcmp(argv[4], "time") == 0) {
        measure(&b, (unsigned)strtoul(argv[5], NULL, 10), strtod(argv[6], NULL) * 1e6);
        return 0;
    }
    for (int leg = 0; leg < N_LEGS; leg++) {
        if (strcmp(argv[5], leg_names[leg]) == 0) {
            for (int warm = 0; warm < 3; warm++)
                leg_runs[leg](b.contestants[leg], b.in[leg], &(struct bench_bytes){NULL, 0});
            CALLGRIND_TOGGLE_COLLECT;
            bench_messages(&b, (enum leg)leg, (size_t)strtoul(argv[6], NULL, 10));
            CALLGRIND_TOGGLE_COLLECT;
        }
    }
    return 0;
}
