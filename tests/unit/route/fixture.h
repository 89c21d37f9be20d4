/* A schema compiled by protoc from text, and route tables over it, for the tests of this layer. */
#ifndef TEST_ROUTE_FIXTURE_H
#define TEST_ROUTE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "route/route.h"

static inline struct ss_slice read_file(struct ss_arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    long len = ftell(f);
    rewind(f);
    char *p = ss_arena_alloc(a, (size_t)len + 1);
    assert_int_equal(fread(p, 1, (size_t)len, f), (size_t)len);
    assert_int_equal(fclose(f), 0);
    return ss_slice_of(p, (size_t)len);
}

/* The schema of one .proto file given as text. Freed with ss_schema_free. */
static inline struct ss_schema *compile_schema(const char *proto)
{
    char dir[] = "/tmp/sidespan-route-XXXXXX", path[64], command[256];
    assert_non_null(mkdtemp(dir));
    assert_true(snprintf(path, sizeof path, "%s/test.proto", dir) > 0);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(proto, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_true(snprintf(command, sizeof command,
                         "cd %s && protoc --include_imports --descriptor_set_out=set.pb test.proto",
                         dir) > 0);
    assert_int_equal(system(command), 0);
    assert_int_equal(unlink(path), 0);
    assert_true(snprintf(path, sizeof path, "%s/set.pb", dir) > 0);

    struct ss_arena a;
    ss_arena_init(&a, 0);
    struct ss_descriptor_set set = {.bytes = read_file(&a, path), .origin = SS_LIT("test.proto")};
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
    struct ss_schema *schema = NULL;
    struct ss_slice why = SS_LIT("");
    if (ss_schema_load(&set, 1, &a, &why, &schema))
        fail_msg("schema: %.*s", SS_FMT(why));
    ss_arena_dispose(&a);
    return schema;
}

static const struct ss_hash_key hash_key = {{1, 2}};

/* A copy that ends at the end of its heap block; freed with free. */
static inline struct ss_slice exact_copy(const char *text)
{
    size_t n = strlen(text);
    char *p = malloc(n ? n : 1);
    memcpy(p, text, n);
    return ss_slice_of(p, n);
}

/* "POST /v1/{id}" as a rule of method. text is borrowed. */
static inline struct ss_rule rule_of(const struct ss_method *method, const char *text)
{
    const char *space = strchr(text, ' ');
    assert_non_null(space);
    return (struct ss_rule){.http_method = ss_slice_of(text, (size_t)(space - text)),
                            .path = ss_slice_str(space + 1),
                            .method = method,
                            .origin = SS_LIT("routes.yaml:1:1")};
}

#endif
