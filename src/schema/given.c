/* Which files were asked for, and which came along as imports: a set does not say. Where the caller knows, it
 * is the last file. Buf's images mark imports. Else a file counts as an import when another file of its set
 * imports it and no file that nobody imports has its package: an API of several files is whole, and
 * google.longrunning, which it uses, is not a part of it. */
#include <stdlib.h>

#include "schema/load.h"

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

static void mark_imported(struct ss_file **sorted, size_t n, const struct ss_file *f)
{
    for (size_t i = 0; i < f->n_dependencies; i++) {
        struct ss_file **d = bsearch(&f->dependencies[i], sorted, n, sizeof *sorted, name_before);
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
        struct ss_file *f = files[i];
        if (f->of_buf)
            f->given = !f->is_import;
        else
            f->given = bsearch(&f->package, sorted, n_roots, sizeof *sorted, package_before) != NULL;
    }
    return SS_OK;
}

enum ss_err ss_load_given(struct ss_load *l, const struct ss_descriptor_set *sets)
{
    enum ss_err err = SS_OK;
    for (size_t i = 0, next; i < l->n_files && err == SS_OK; i = next) {
        size_t set = l->files[i]->set;
        for (next = i + 1; next < l->n_files && l->files[next]->set == set; next++)
            ;
        if (set == l->n_sets) /* built in */
            break;
        if (sets[set].last_only)
            l->files[next - 1]->given = true;
        else
            err = mark_set(l, &l->files[i], next - i);
    }
    return err;
}
