/* Bytes that nobody's protoc wrote: refused or accepted, never a crash. */
#include "schema/support.h"

static const char source[] =
    "syntax = 'proto2'; package h; import 'google/api/annotations.proto';\n"
    "enum E { A = 0; B = 5; }\n"
    "message M { optional int32 a = 1 [default = 7]; repeated E e = 2 [packed = true]; map<string, M> m = "
    "3;\n"
    "  oneof o { string s = 4; group G = 5 { optional bytes b = 1; } } extensions 100 to 200;\n"
    "  message N { extend M { optional N n = 100; } } }\n"
    "extend M { repeated string x = 150; }\n"
    "service S { rpc R(M) returns (stream M.N) { option (google.api.http) = { post: '/v1/r' body: '*' }; } "
    "}\n";

static uint64_t next_random(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

/* Looks at everything that a caller may look at. */
static void walk(const struct ss_schema *s)
{
    size_t seen = 0;
    for (size_t i = 0; i < ss_schema_message_count(s); i++) {
        const struct ss_message *m = ss_schema_message_at(s, i);
        assert_ptr_equal(ss_schema_message(s, m->full_name), m);
        for (size_t k = 0; k < m->n_fields; k++) {
            const struct ss_field *f = &m->fields[k];
            assert_ptr_equal(ss_message_field_by_number(m, f->number), f);
            assert_non_null(ss_message_field(m, f->json_name));
            assert_int_equal(f->type == SS_TYPE_ENUM, f->enumeration != NULL);
            assert_int_equal(f->type == SS_TYPE_MESSAGE || f->type == SS_TYPE_GROUP, f->message != NULL);
            assert_true(f->oneof < (int)m->n_oneofs);
            seen += f->message ? f->message->n_fields : 1;
        }
        if (m->map_entry)
            assert_int_equal(m->n_fields, 2);
    }
    for (size_t i = 0; i < ss_schema_service_count(s); i++)
        for (size_t k = 0; k < ss_schema_service_at(s, i)->n_methods; k++)
            seen += ss_schema_service_at(s, i)->methods[k].input->n_fields;
    assert_true(seen > 0);
}

/* Only the file under test, so that a change hits it and not the imports. */
static struct bytes last_file(void)
{
    struct bytes b = compile(source);
    size_t at = 0, start = 0;
    while (at < b.len) {
        size_t len = 0, p = at + 1;
        for (unsigned shift = 0;; shift += 7) {
            len |= (size_t)((unsigned char)b.ptr[p] & 0x7f) << shift;
            if ((unsigned char)b.ptr[p++] < 0x80)
                break;
        }
        start = at;
        at = p + len;
    }
    struct bytes file = bytes_of(b.ptr + start, b.len - start);
    ss_free(b.ptr);
    return file;
}

static unsigned load_and_walk(const char *p, size_t len)
{
    struct loaded l = try_load(bytes_of(p, len));
    unsigned good = l.s != NULL;
    if (l.s)
        walk(l.s);
    unload(&l);
    return good;
}

static void a_set_cut_short_anywhere_does_not_crash(void **state)
{
    (void)state;
    struct bytes b = last_file();
    for (size_t n = 1; n < b.len; n++)
        assert_int_equal(load_and_walk(b.ptr, n), 0);
    assert_int_equal(load_and_walk(b.ptr, b.len), 1);
    assert_int_equal(load_and_walk(b.ptr, 0), 1);
    ss_free(b.ptr);
}

static void changed_bytes_do_not_crash(void **state)
{
    (void)state;
    struct bytes b = last_file(), copy = bytes_of(b.ptr, b.len);
    uint64_t seed = 0x5DEECE66D;
    unsigned good = 0;
    for (unsigned round = 0; round < 3000; round++) {
        memcpy(copy.ptr, b.ptr, b.len);
        for (unsigned n = 1 + (unsigned)(next_random(&seed) % 4); n > 0; n--) {
            size_t at = (size_t)(next_random(&seed) % b.len);
            uint64_t r = next_random(&seed);
            if (r & 1)
                copy.ptr[at] = (char)(copy.ptr[at] ^ (1 << (r >> 8 & 7)));
            else
                copy.ptr[at] = (char)(r >> 16);
        }
        good += load_and_walk(copy.ptr, copy.len);
    }
    assert_true(good > 0); /* else the changes never came past the first check */
    ss_free(copy.ptr);
    ss_free(b.ptr);
}

static void nesting_is_bounded_before_anything_recurses(void **state)
{
    (void)state;
    /* each level is DescriptorProto.nested_type around the one before */
    enum { LEVELS = 30000 };
    size_t cap = LEVELS * 6 + 64, len = 0;
    char *buffer = ss_xmalloc(cap), *start = buffer + cap;
    for (unsigned i = 0; i <= LEVELS; i++) {
        uint8_t head[8];
        size_t n = 0, v = len;
        head[n++] = i < LEVELS ? 0x1a : 0x22; /* the outermost is FileDescriptorProto.message_type */
        do
            head[n++] = (uint8_t)(v >= 0x80 ? (v & 0x7f) | 0x80 : v);
        while (v >>= 7);
        start -= n;
        memcpy(start, head, n);
        len += n;
    }
    struct w file = {.n = 0};
    uint8_t head[8] = {0x0a};
    size_t n = 1, v = len;
    do
        head[n++] = (uint8_t)(v >= 0x80 ? (v & 0x7f) | 0x80 : v);
    while (v >>= 7);
    (void)file;
    start -= n;
    memcpy(start, head, n);
    assert_refused(bytes_of(start, len + n), "nested more than 64 deep");
    ss_free(buffer);
}

static void text_that_is_no_descriptor_set_is_refused_with_a_hint(void **state)
{
    (void)state;
    const char text[] = "syntax = \"proto3\";\nmessage M {}\n";
    assert_refused(bytes_of(text, sizeof(text) - 1),
                   "test.pb: not a FileDescriptorSet as protoc --descriptor_set_out");
    assert_refused(bytes_of("\x0a\x05x", 3), "(at byte 1)");
    assert_refused(bytes_of("\x0b\x0c", 2), "not a FileDescriptorSet");
    assert_refused(bytes_of("\x0a\x04\x42\x02\x0b\x0c", 6), "a group in an option");
    assert_refused(bytes_of("\x0a\x04\x0a\x02x\0", 6), "NUL");
    assert_refused(bytes_of("\x08\x01", 2), "not a FileDescriptorSet");
}

static void many_tiny_things_reach_a_cap_and_not_the_memory(void **state)
{
    (void)state;
    /* two bytes each that make a struct of hundreds */
    enum { N = 8 << 20 };
    char *file = ss_xmalloc(N * 2 + 16);
    size_t n = 0;
    memcpy(file, "\x0a\x83\x80\x80\x08\x0a\x01x", 8);
    n = 8;
    for (unsigned i = 0; i < N; i++) {
        file[n++] = 0x22;
        file[n++] = 0;
    }
    assert_refused((struct bytes){file, n}, "too large");
}

static void long_names_are_refused_before_they_multiply(void **state)
{
    (void)state;
    char name[4100];
    memset(name, 'a', sizeof(name));
    name[4097] = '\0';
    struct w file = {.n = 0};
    w_str(&file, 1, "x.proto");
    char *big = ss_xmalloc(9000);
    uint8_t head[] = {0x22, 0x84, 0x20, 0x0a, 0x81, 0x20}; /* message_type {name of 4097} */
    memcpy(big, "\x0a\x90\x20", 3);
    memcpy(big + 3, file.b, file.n);
    memcpy(big + 3 + file.n, head, sizeof(head));
    memcpy(big + 3 + file.n + sizeof(head), name, 4097);
    assert_refused((struct bytes){big, 3 + file.n + sizeof(head) + 4097}, "longer than 4096 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_cut_short_anywhere_does_not_crash),
        cmocka_unit_test(changed_bytes_do_not_crash),
        cmocka_unit_test(nesting_is_bounded_before_anything_recurses),
        cmocka_unit_test(text_that_is_no_descriptor_set_is_refused_with_a_hint),
        cmocka_unit_test(many_tiny_things_reach_a_cap_and_not_the_memory),
        cmocka_unit_test(long_names_are_refused_before_they_multiply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
