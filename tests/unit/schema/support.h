/* For the tests of this layer: descriptors compiled by protoc while the test runs, descriptors written by
 * hand, and loading either with a check of the outcome. */
#ifndef TESTS_SCHEMA_SUPPORT_H
#define TESTS_SCHEMA_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "schema/schema.h"

#define S(literal) ss_slice_str(literal)

/* Bytes on a heap block of exactly their size, so that ASan sees a read past the end. */
struct bytes {
    char *ptr;
    size_t len;
};

static inline struct bytes bytes_of(const void *p, size_t len)
{
    struct bytes b = {ss_xmalloc(len), len};
    if (len)
        memcpy(b.ptr, p, len);
    return b;
}

static inline struct bytes read_whole(const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    long len = ftell(f);
    assert_true(len >= 0);
    rewind(f);
    struct bytes b = {ss_xmalloc((size_t)len), (size_t)len};
    assert_int_equal(fread(b.ptr, 1, b.len, f), b.len);
    fclose(f);
    return b;
}

/* A FileDescriptorSet of one source file named t.proto, with what it imports. */
static inline struct bytes compile(const char *source)
{
    char dir[] = "/tmp/ss_schema_XXXXXX", path[128], command[512];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/t.proto", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(source, f);
    fclose(f);
    snprintf(command, sizeof(command),
             "protoc -I %s -I proto -I /usr/include --include_imports --include_source_info "
             "--descriptor_set_out=%s/t.pb t.proto",
             dir, dir);
    assert_int_equal(system(command), 0);
    unlink(path);
    snprintf(path, sizeof(path), "%s/t.pb", dir);
    struct bytes b = read_whole(path);
    unlink(path);
    rmdir(dir);
    return b;
}

/* Descriptors by hand: pieces of wire format in a fixed buffer. */
struct w {
    uint8_t b[4096];
    size_t n;
};

static inline void w_varint(struct w *w, uint64_t v)
{
    do {
        assert_true(w->n < sizeof(w->b));
        w->b[w->n++] = (uint8_t)(v >= 0x80 ? (v & 0x7f) | 0x80 : v);
        v >>= 7;
    } while (v);
}

static inline void w_int(struct w *w, uint32_t number, uint64_t v)
{
    w_varint(w, (uint64_t)number << 3);
    w_varint(w, v);
}

static inline void w_bytes(struct w *w, uint32_t number, const void *p, size_t n)
{
    w_varint(w, (uint64_t)number << 3 | 2);
    w_varint(w, n);
    assert_true(n <= sizeof(w->b) - w->n);
    if (n)
        memcpy(w->b + w->n, p, n);
    w->n += n;
}

static inline void w_str(struct w *w, uint32_t number, const char *s)
{
    w_bytes(w, number, s, strlen(s));
}

static inline void w_sub(struct w *w, uint32_t number, const struct w *sub)
{
    w_bytes(w, number, sub->b, sub->n);
}

struct loaded {
    struct ss_arena a;
    struct ss_schema *s; /* NULL when loading failed */
    struct ss_slice why;
};

static inline struct loaded load_sets(const struct ss_descriptor_set *sets, size_t n)
{
    struct loaded l = {.s = NULL};
    ss_arena_init(&l.a, 0);
    enum ss_err err = ss_schema_load(sets, n, &l.a, &l.why, &l.s);
    if (err == SS_OK)
        assert_non_null(l.s);
    else {
        assert_int_equal(err, SS_ERR_CONFIG);
        assert_null(l.s);
        assert_true(l.why.len > 0);
        assert_null(memchr(l.why.ptr, '\n', l.why.len));
    }
    return l;
}

static inline void unload(struct loaded *l)
{
    ss_schema_free(l->s);
    ss_arena_dispose(&l->a);
}

/* Frees b: nothing of a schema may point into the bytes that it was loaded from. */
static inline struct loaded try_load(struct bytes b)
{
    struct ss_descriptor_set set = {.bytes = ss_slice_of(b.ptr, b.len), .origin = S("test.pb")};
    struct loaded l = load_sets(&set, 1);
    ss_free(b.ptr);
    return l;
}

static inline struct loaded load_bytes(struct bytes b)
{
    struct loaded l = try_load(b);
    if (l.s == NULL)
        fail_msg("%.*s", SS_FMT(l.why));
    return l;
}

static inline struct loaded load_source(const char *source)
{
    return load_bytes(compile(source));
}

/* A set of one file, whose FileDescriptorProto is given. */
static inline struct bytes set_of(const struct w *file)
{
    struct w set = {.n = 0};
    w_sub(&set, 1, file);
    return bytes_of(set.b, set.n);
}

static inline void assert_why(const struct loaded *l, const char *part)
{
    assert_null(l->s);
    if (memmem(l->why.ptr, l->why.len, part, strlen(part)) == NULL)
        fail_msg("\"%.*s\" does not hold \"%s\"", SS_FMT(l->why), part);
}

/* Loading fails, and says so with the text given. */
static inline void assert_refused(struct bytes b, const char *part)
{
    struct loaded l = try_load(b);
    if (l.s)
        fail_msg("accepted, but expected: %s", part);
    assert_why(&l, part);
    unload(&l);
}

#define assert_slice(slice, literal)                                                                         \
    do {                                                                                                     \
        struct ss_slice assert_slice_ = (slice);                                                             \
        assert_int_equal(assert_slice_.len, strlen(literal));                                                \
        assert_memory_equal(assert_slice_.ptr, literal, strlen(literal));                                    \
    } while (0)

static inline const struct ss_message *message(const struct loaded *l, const char *name)
{
    const struct ss_message *m = ss_schema_message(l->s, S(name));
    if (m == NULL)
        fail_msg("no message %s", name);
    return m;
}

static inline const struct ss_field *field(const struct loaded *l, const char *message_name, const char *name)
{
    const struct ss_field *f = ss_message_field(message(l, message_name), S(name));
    if (f == NULL)
        fail_msg("no field %s.%s", message_name, name);
    return f;
}

#endif
