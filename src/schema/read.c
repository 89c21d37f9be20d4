/* Bytes of FileDescriptorSets to files: their heads at once, the rest one by one. protobuf-c's form of a file
 * takes several times its bytes, so that no more than one is there at a time. */
#include <limits.h>

#include "schema/builtin.h"
#include "schema/load.h"
#include "schema/wire_scan.h"

/* googleapis as a whole, with comments, is below 64 MiB. */
enum { MAX_SET_BYTES = 64 << 20 };

enum { SET_FILE = 1 }; /* FileDescriptorSet.file */

/* Fields of FileDescriptorProto. protobuf-c's in bookworm does not have the edition yet. */
enum {
    FILE_NAME = 1,
    FILE_PACKAGE = 2,
    FILE_DEPENDENCY = 3,
    FILE_WEAK_DEPENDENCY = 11,
    FILE_SYNTAX = 12,
    FILE_EDITION = 14,
    FILE_BUF_EXTENSION = 8042, /* buf.alpha.image.v1.ImageFileExtension */
    BUF_IS_IMPORT = 1,
};

/* protobuf-c's allocations go to an arena with a cap, and are freed with it. */
static void *pb_alloc(void *data, size_t size)
{
    return ss_arena_try(data, size);
}

static void pb_free(void *data, void *p)
{
    (void)data;
    (void)p;
}

static enum ss_err report(struct ss_load *l, struct ss_slice origin, enum ss_scan_fault fault, size_t at)
{
    switch (fault) {
    case SS_SCAN_OK:
        break;
    case SS_SCAN_MALFORMED:
        return ss_load_fail_set(
            l, origin, "not a FileDescriptorSet as protoc --descriptor_set_out writes it (at byte %zu)", at);
    case SS_SCAN_DEPTH:
        return ss_load_fail_set(l, origin, "messages are nested more than %d deep (at byte %zu)",
                                SS_SCAN_MAX_DEPTH, at);
    case SS_SCAN_GROUP:
        return ss_load_fail_set(l, origin, "a group in an option is not supported (at byte %zu)", at);
    case SS_SCAN_TWICE:
        return ss_load_fail_set(l, origin, "options that come in two parts are not supported (at byte %zu)",
                                at);
    case SS_SCAN_NUL:
        return ss_load_fail_set(l, origin, "a NUL byte in a name (at byte %zu)", at);
    }
    return SS_OK;
}

/* One field of a message whose wire format has been checked. */
struct field {
    uint64_t number, value; /* value: of a varint */
    unsigned wire_type;
    struct ss_slice bytes; /* of wire type 2 */
};

static bool next_field(const uint8_t **p, const uint8_t *end, struct field *f)
{
    uint64_t tag, len;
    *f = (struct field){0};
    if (*p >= end || !ss_scan_varint(p, end, &tag))
        return false;
    f->number = tag >> 3;
    f->wire_type = tag & 7;
    switch (f->wire_type) {
    case 0:
        return ss_scan_varint(p, end, &f->value);
    case 2:
        if (!ss_scan_varint(p, end, &len) || len > (uint64_t)(end - *p))
            return false;
        f->bytes = ss_slice_of((const char *)*p, (size_t)len);
        *p += len;
        return true;
    default:
        *p += f->wire_type == 1 ? 8 : 4;
        return *p <= end;
    }
}

static void read_buf_extension(struct ss_file *f, struct ss_slice bytes)
{
    const uint8_t *p = (const uint8_t *)bytes.ptr, *end = p + bytes.len;
    struct field field;
    f->of_buf = true;
    while (next_field(&p, end, &field))
        if (field.number == BUF_IS_IMPORT && field.wire_type == 0)
            f->is_import = field.value;
}

static void read_field(struct ss_file *f, const struct field *field)
{
    if (field->wire_type == 0 && field->number == FILE_EDITION) {
        f->has_edition = true;
        f->edition = field->value;
    }
    if (field->wire_type != 2)
        return;
    switch (field->number) {
    case FILE_NAME:
        f->name = field->bytes;
        break;
    case FILE_PACKAGE:
        f->package = field->bytes;
        break;
    case FILE_SYNTAX:
        f->syntax = field->bytes;
        break;
    case FILE_DEPENDENCY:
        if (f->dependencies)
            f->dependencies[f->n_dependencies] = field->bytes;
        f->n_dependencies++;
        break;
    case FILE_BUF_EXTENSION:
        read_buf_extension(f, field->bytes);
        break;
    }
}

static enum ss_err read_head(struct ss_load *l, struct ss_file *f)
{
    for (int pass = 0; pass < 2; pass++) { /* counts dependencies, then keeps them */
        const uint8_t *p = (const uint8_t *)f->bytes.ptr, *end = p + f->bytes.len;
        struct field field;
        f->n_dependencies = 0;
        while (next_field(&p, end, &field))
            read_field(f, &field);
        if (pass == 0 &&
            (f->dependencies = ss_load_work(l, f->n_dependencies + 1, sizeof *f->dependencies)) == NULL)
            return ss_load_too_large(l);
    }
    return SS_OK;
}

static enum ss_err add_weak(struct ss_load *l, struct ss_file *f, uint64_t index)
{
    if (index >= f->n_dependencies)
        return ss_load_fail(l, f, NULL, "weak dependency %d is out of range", (int)index);
    if (f->weak == NULL && (f->weak = ss_load_work(l, f->n_dependencies, sizeof(bool))) == NULL)
        return ss_load_too_large(l);
    f->weak[index] = true;
    return SS_OK;
}

/* Which imports may be missing. Packed or not, as every repeated number. */
static enum ss_err read_weak(struct ss_load *l, struct ss_file *f)
{
    const uint8_t *p = (const uint8_t *)f->bytes.ptr, *end = p + f->bytes.len;
    struct field field;
    enum ss_err err = SS_OK;
    while (err == SS_OK && next_field(&p, end, &field)) {
        if (field.number != FILE_WEAK_DEPENDENCY)
            continue;
        if (field.wire_type == 0)
            err = add_weak(l, f, field.value);
        if (field.wire_type != 2)
            continue;
        const uint8_t *q = (const uint8_t *)field.bytes.ptr, *q_end = q + field.bytes.len;
        while (err == SS_OK && q < q_end && ss_scan_varint(&q, q_end, &field.value))
            err = add_weak(l, f, field.value);
    }
    return err;
}

/* What is added becomes a list in order of arrival. */
static enum ss_err add_files(struct ss_load *l, struct ss_slice bytes, size_t set, struct ss_slice origin,
                             struct ss_file ***end)
{
    const uint8_t *p = (const uint8_t *)bytes.ptr, *set_end = p + bytes.len;
    struct field field;
    size_t n = 0, at = 0;
    if (bytes.len > MAX_SET_BYTES)
        return ss_load_fail_set(l, origin, "larger than %d MiB", MAX_SET_BYTES >> 20);
    enum ss_scan_fault fault =
        ss_scan_message(&google__protobuf__file_descriptor_set__descriptor, bytes, &at);
    if (fault != SS_SCAN_OK)
        return report(l, origin, fault, at);
    while (next_field(&p, set_end, &field)) {
        if (field.number != SET_FILE)
            continue;
        if (field.wire_type != 2)
            return report(l, origin, SS_SCAN_MALFORMED, 0);
        struct ss_file *f = ss_load_work(l, 1, sizeof(*f));
        if (f == NULL)
            return ss_load_too_large(l);
        f->bytes = field.bytes;
        f->origin = origin;
        f->set = set;
        f->order = l->n_files++;
        **end = f;
        *end = &f->next;
        enum ss_err err = read_head(l, f);
        n++;
        if (err == SS_OK && f->name.len == 0)
            err = ss_load_fail_set(l, origin, "file %zu of the set has no name", n);
        if (err == SS_OK)
            err = read_weak(l, f);
        if (err != SS_OK)
            return err;
    }
    return SS_OK;
}

enum ss_err ss_load_read(struct ss_load *l, const struct ss_descriptor_set *sets, size_t n)
{
    struct ss_file *first = NULL, **end = &first;
    enum ss_err err = SS_OK;
    for (size_t i = 0; i < n && err == SS_OK; i++)
        err = add_files(l, sets[i].bytes, i, sets[i].origin, &end);
    if (err == SS_OK)
        err = add_files(l, ss_slice_of((const char *)ss_builtin_set, ss_builtin_set_len), n,
                        SS_LIT("built-in"), &end);
    if (err != SS_OK)
        return err;
    l->n_sets = n;
    l->files = ss_load_work(l, l->n_files, sizeof(struct ss_file *));
    if (l->files == NULL)
        return ss_load_too_large(l);
    for (struct ss_file *f = first; f; f = f->next)
        l->files[f->order] = f;
    return ss_load_given(l, sets);
}

enum ss_err ss_load_open(struct ss_load *l, const struct ss_file *f)
{
    ProtobufCAllocator allocator = {pb_alloc, pb_free, &l->scratch};
    l->open = google__protobuf__file_descriptor_proto__unpack(&allocator, f->bytes.len,
                                                              (const uint8_t *)f->bytes.ptr);
    if (l->open == NULL)
        return ss_load_fail(l, f, NULL, "not a FileDescriptorProto that can be read, or too large");
    return ss_symbols_init(&l->members, &l->scratch) ? SS_OK : ss_load_too_large(l);
}

void ss_load_close(struct ss_load *l)
{
    l->open = NULL;
    ss_arena_reset(&l->scratch);
}

pb_field *ss_load_keep_field(struct ss_load *l, const pb_field *p)
{
    ProtobufCAllocator allocator = {pb_alloc, pb_free, &l->work};
    size_t len = google__protobuf__field_descriptor_proto__get_packed_size(p);
    uint8_t *bytes = ss_load_work(l, len + 1, 1);
    if (bytes == NULL)
        return NULL;
    google__protobuf__field_descriptor_proto__pack(p, bytes);
    return google__protobuf__field_descriptor_proto__unpack(&allocator, len, bytes);
}
