/* What matching a path costs in a table of many routes: bench/README.md.
 *
 *   routes DESCRIPTORS time ROUTES ROUNDS MILLISECONDS    a line of JSON: nanoseconds a match, by kind and
 * round routes DESCRIPTORS count ROUTES KIND MATCHES          matches that many times, for callgrind to count
 * in
 *
 * A table holds resources, ten templates each, as Google's APIs have them: nested collections, names of
 * several segments, verbs, and a path of any depth. KIND is hit (paths of routes from all over the table) or
 * miss (paths that share all segments but the last with one that is there). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <valgrind/callgrind.h>

#include "route/route.h"

enum { SAMPLES = 256, PER_RESOURCE = 10 };

struct request {
    struct ss_slice method, path;
};

struct bench {
    struct ss_arena arena, scratch;
    struct ss_schema *schema;
    struct ss_route_table *table;
    struct request hits[SAMPLES], misses[SAMPLES];
};

/* %s: the resource. The third column is a path that the template matches. */
static const char *const shapes[PER_RESOURCE][3] = {
    {"GET", "/v1/projects/{project}/locations/{location}/%s", "/v1/projects/p-1/locations/eu-west4/%s"},
    {"POST", "/v1/projects/{project}/locations/{location}/%s", "/v1/projects/p-1/locations/eu-west4/%s"},
    {"GET", "/v1/{name=projects/*/locations/*/%s/*}", "/v1/projects/p-1/locations/eu-west4/%s/c0ffee"},
    {"PATCH", "/v1/{name=projects/*/locations/*/%s/*}", "/v1/projects/p-1/locations/eu-west4/%s/c0ffee"},
    {"DELETE", "/v1/{name=projects/*/locations/*/%s/*}", "/v1/projects/p-1/locations/eu-west4/%s/c0ffee"},
    {"POST", "/v1/{name=projects/*/locations/*/%s/*}:cancel",
     "/v1/projects/p-1/locations/eu-west4/%s/c0ffee:cancel"},
    {"GET", "/v1/{name=projects/*/locations/*/%s/*}/operations",
     "/v1/projects/p-1/locations/eu-west4/%s/c0ffee/operations"},
    {"GET", "/api/%s/{id}", "/api/%s/jason%%20other"},
    {"POST", "/api/%s/{id}:archive", "/api/%s/42:archive"},
    {"GET", "/files/%s/{path=**}", "/files/%s/2024/05/report.pdf"},
};

static struct ss_slice fill(struct bench *b, const char *form, size_t resource, const char *more)
{
    static const char *const words[] = {"documents", "invoices", "sessions", "policies", "datasets"};
    const char *hole = strstr(form, "%s");
    char name[64];
    size_t n_words = sizeof words / sizeof words[0];
    snprintf(name, sizeof name, "%s%zu", words[resource % n_words], resource / n_words);
    struct ss_slice out = ss_arena_printf(&b->arena, "%.*s%s", (int)(hole - form), form, name);
    for (const char *p = hole + 2; *p; p++) { /* "%%" is '%' */
        p += p[0] == '%' && p[1] == '%';
        out = ss_arena_printf(&b->arena, "%.*s%c", SS_FMT(out), *p);
    }
    return ss_arena_printf(&b->arena, "%.*s%s", SS_FMT(out), more);
}

static void die(const char *what, struct ss_slice why)
{
    fprintf(stderr, "routes: %s: %.*s\n", what, SS_FMT(why));
    exit(1);
}

static void load_schema(struct bench *b, const char *path)
{
    FILE *f = fopen(path, "rb");
    char *bytes = ss_arena_alloc(&b->arena, 1 << 20);
    if (f == NULL)
        die(path, SS_LIT("cannot be read"));
    struct ss_descriptor_set set = {.bytes = {bytes, fread(bytes, 1, 1 << 20, f)},
                                    .origin = ss_slice_str(path)};
    struct ss_slice why = SS_LIT("");
    fclose(f);
    if (ss_schema_load(&set, 1, &b->arena, &why, &b->schema) != SS_OK)
        die(path, why);
}

static void build(struct bench *b, size_t n)
{
    static const struct ss_route_options options = {.timeout_ms = -1, .idle_timeout_ms = -1};
    struct ss_rule *rules = ss_arena_zalloc(&b->arena, n * sizeof *rules);
    const struct ss_method *method = ss_schema_method(b->schema, SS_LIT("bench.routes.Resources.Call"));
    for (size_t i = 0; i < n; i++) {
        const char *const *shape = shapes[i % PER_RESOURCE];
        rules[i] = (struct ss_rule){.http_method = ss_slice_str(shape[0]),
                                    .path = fill(b, shape[1], i / PER_RESOURCE, ""),
                                    .method = method,
                                    .options = &options,
                                    .origin = SS_LIT("bench")};
    }
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t at = i * n / SAMPLES; /* evenly over the table; every shape in turn */
        at = at / PER_RESOURCE * PER_RESOURCE + i % PER_RESOURCE;
        const char *const *shape = shapes[at % PER_RESOURCE];
        b->hits[i] = (struct request){ss_slice_str(shape[0]), fill(b, shape[2], at / PER_RESOURCE, "")};
        b->misses[i] =
            (struct request){ss_slice_str(shape[0]), fill(b, shapes[2][2], at / PER_RESOURCE, "/x/y")};
    }
    struct ss_slice why = SS_LIT("");
    if (ss_route_table_build(rules, n, &b->arena, &why, &b->table) != SS_OK)
        die("table", why);
}

static void match(struct bench *b, const struct request *r, enum ss_err expected)
{
    struct ss_route_match m;
    struct ss_status st = {0};
    if (ss_route_match(b->table, r->method, r->path, &b->scratch, &m, &st) != expected)
        die("unexpected match", r->path);
    ss_arena_reset(&b->scratch);
}

static void match_all(struct bench *b, bool hit)
{
    for (size_t i = 0; i < SAMPLES; i++)
        match(b, hit ? &b->hits[i] : &b->misses[i], hit ? SS_OK : SS_ERR_NO_ROUTE);
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_one(struct bench *b, bool hit, double ms)
{
    double begin = now_ns(), end = begin;
    size_t n = 0;
    for (; end - begin < ms * 1e6; end = now_ns(), n += SAMPLES)
        match_all(b, hit);
    return (end - begin) / (double)n;
}

static void print_times(struct bench *b, long rounds, double ms)
{
    for (int hit = 1; hit >= 0; hit--) {
        match_all(b, hit);
        printf("%s\"%s\": [", hit ? "{" : ", ", hit ? "hit" : "miss");
        for (long i = 0; i < rounds; i++)
            printf("%s%.1f", i ? ", " : "", time_one(b, hit, ms));
        printf("]");
    }
    printf("}\n");
}

int main(int argc, char **argv)
{
    static struct bench b;
    if (argc != 6) {
        fprintf(stderr, "usage: routes DESCRIPTORS time ROUTES ROUNDS MS | count ROUTES hit|miss MATCHES\n");
        return 2;
    }
    ss_arena_init(&b.arena, 0);
    ss_arena_init(&b.scratch, 0);
    load_schema(&b, argv[1]);
    build(&b, strtoul(argv[3], NULL, 10));
    if (strcmp(argv[2], "time") == 0) {
        print_times(&b, strtol(argv[4], NULL, 10), strtod(argv[5], NULL));
    } else {
        bool hit = strcmp(argv[4], "hit") == 0;
        match_all(&b, hit);
        CALLGRIND_TOGGLE_COLLECT;
        for (unsigned long left = strtoul(argv[5], NULL, 10); left >= SAMPLES; left -= SAMPLES)
            match_all(&b, hit);
        CALLGRIND_TOGGLE_COLLECT;
    }
    ss_route_table_free(b.table);
    ss_schema_free(b.schema);
    ss_arena_dispose(&b.scratch);
    ss_arena_dispose(&b.arena);
    return 0;
}
