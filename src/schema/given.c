/* Which files were asked for, and which came along as imports: a set does not say. Where the caller knows, it
 * is the last file. Buf's images mark imports. Else a file counts as an import when another file of its set
 * imports it and no file that nobody imports has its package: an API of several files is whole, and
 * google.longrunning, which it uses, is not a part of it. */
#include <stdlib.h>

#include "schema/load.h"
#include "schema/wire_scan.h"

enum {
    BUF_EXTENSION = 8042, /* of FileDescriptorProto: buf.alpha.image.v1.ImageFileExtension */
    BUF_IS_IMPORT = 1,
};

static int by_name(const void *x, const void *y)
{
    return ss_slice_cmp((*(struct ss_file *const *)x)->name, (*(struct ss_file *const *)y)->name);
}

static int by_package(const void *x, const void *y)
{
    return ss_slice_cmp((*(struct ss_file *const *)x)->package, (*(struct ss_file *const *)y)->package);
}

static int name_before(const void *key, const void *element)
{
    return ss_slice_cmp(*(const struct ss_slice *)key, (*(struct ss_file *const *)element)->name);
}

static int package_before(const void *key, const void *element)
{
    return ss_slice_cmp(*(const struct ss_slice *)key, (*(struct ss_file *const *)element)->package);
}

/* Whether Buf wrote the file, and then whether it is an import. */
static bool is_of_buf(const struct ss_file *f, bool *is_import)
{
    struct ss_slice bytes;
    size_t cursor = 0;
    bool found = false;
    *is_import = false;
    while (ss_unknown_bytes(&f->proto->base, BUF_EXTENSION, &cursor, &bytes)) {
        const uint8_t *p = (const uint8_t *)bytes.ptr, *end = p + bytes.len;
        uint64_t tag, value;
        found = true;
        if (ss_scan_varint(&p, end, &tag) && tag == BUF_IS_IMPORT << 3 && ss_scan_varint(&p, end, &value))
            *is_import = value;
    }
    return found;
}

static void mark_imported(struct ss_file **sorted, size_t n, const struct ss_file *f)
{
    for (size_t i = 0; i < f->proto->n_dependency; i++) {
        struct ss_slice name = ss_slice_str(f->proto->dependency[i]);
        struct ss_file **d = bsearch(&name, sorted, n, sizeof *sorted, name_before);
        if (d)
            (*d)->imported = true;
    }
}

/* files: all of one set. */
static enum ss_err mark_set(struct ss_load *l, struct ss_file **files, size_t n)
{
    struct ss_file **sorted = ss_load_work(l, n, sizeof *sorted);
    size_t n_roots = 0;
    if (sorted == NULL)
        return ss_load_too_large(l);
    memcpy(sorted, files, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_name);
    for (size_t i = 0; i < n; i++)
        mark_imported(sorted, n, files[i]);
    for (size_t i = 0; i < n; i++)
        if (!files[i]->imported)
            sorted[n_roots++] = files[i];
    qsort(sorted, n_roots, sizeof *sorted, by_package);
    for (size_t i = 0; i < n; i++) {
        bool is_import;
        if (is_of_buf(files[i], &is_import))
            files[i]->given = !is_import;
        else
            files[i]->given = bsearch(&files[i]->package, sorted, n_roots, sizeof *sorted, package_before);
    }
    return SS_OK;
}

enum ss_err ss_load_given(struct ss_load *l, const struct ss_descriptor_set *sets, size_t n_sets)
{
    enum ss_err err = SS_OK;
    for (size_t i = 0, next; i < l->n_files && err == SS_OK; i = next) {
        size_t set = l->files[i]->set;
        for (next = i + 1; next < l->n_files && l->files[next]->set == set; next++)
            ;
        if (set == n_sets) /* built in */
            break;
        if (sets[set].last_only)
            l->files[next - 1]->given = true;
        else
            err = mark_set(l, &l->files[i], next - i);
    }
    return err;
}
