/* Bytes of FileDescriptorSets to protobuf-c's structs. */
#include <limits.h>

#include "schema/builtin.h"
#include "schema/load.h"
#include "schema/wire_scan.h"

/* googleapis as a whole, with comments, is below 32 MiB. */
enum { MAX_SET_BYTES = 64 << 20 };

/* protobuf-c's allocations go to the capped work arena and are freed with it. */
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

static enum ss_err unpack(struct ss_load *l, struct ss_slice bytes, struct ss_slice origin,
                          const pb_set **out)
{
    ProtobufCAllocator allocator = {pb_alloc, pb_free, &l->work};
    size_t at = 0;
    if (bytes.len > MAX_SET_BYTES)
        return ss_load_fail_set(l, origin, "larger than %d MiB", MAX_SET_BYTES >> 20);
    enum ss_scan_fault fault =
        ss_scan_message(&google__protobuf__file_descriptor_set__descriptor, bytes, &at);
    if (fault != SS_SCAN_OK)
        return report(l, origin, fault, at);
    *out = google__protobuf__file_descriptor_set__unpack(&allocator, bytes.len, (const uint8_t *)bytes.ptr);
    if (*out == NULL)
        return ss_load_fail_set(l, origin, "not a FileDescriptorSet that can be read, or too large");
    return SS_OK;
}

static enum ss_err add_files(struct ss_load *l, const pb_set *set, size_t index, struct ss_slice origin)
{
    for (size_t i = 0; i < set->n_file; i++) {
        struct ss_file *f = ss_load_work(l, 1, sizeof(*f));
        if (f == NULL)
            return ss_load_too_large(l);
        f->proto = set->file[i];
        f->name = ss_slice_str(f->proto->name);
        f->package = ss_slice_str(f->proto->package);
        f->origin = origin;
        f->set = index;
        f->order = l->n_files;
        if (f->name.len == 0)
            return ss_load_fail_set(l, origin, "file %zu of the set has no name", i + 1);
        l->files[l->n_files++] = f;
    }
    return SS_OK;
}

enum ss_err ss_load_read(struct ss_load *l, const struct ss_descriptor_set *sets, size_t n)
{
    const struct ss_slice builtin = ss_slice_of((const char *)ss_builtin_set, ss_builtin_set_len);
    const struct ss_slice builtin_origin = SS_LIT("built-in");
    const pb_set **unpacked = ss_load_work(l, n + 1, sizeof(const pb_set *));
    size_t total = 0;
    enum ss_err err = SS_OK;
    for (size_t i = 0; i <= n; i++) {
        if (unpacked == NULL)
            return ss_load_too_large(l);
        err = i < n ? unpack(l, sets[i].bytes, sets[i].origin, &unpacked[i])
                    : unpack(l, builtin, builtin_origin, &unpacked[i]);
        if (err != SS_OK)
            return err;
        total += unpacked[i]->n_file;
    }
    l->files = ss_load_work(l, total, sizeof(struct ss_file *));
    if (l->files == NULL)
        return ss_load_too_large(l);
    for (size_t i = 0; i <= n && err == SS_OK; i++)
        err = add_files(l, unpacked[i], i, i < n ? sets[i].origin : builtin_origin);
    return err == SS_OK ? ss_load_given(l, sets, n) : err;
}
