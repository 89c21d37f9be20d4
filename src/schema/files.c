/* Which files take part, and whether their imports hold. */
#include <stdlib.h>

#include "base/utf8.h"
#include "schema/builtin.h"
#include "schema/load.h"

enum { MAX_COMPARED = 8 }; /* a file, with others of its name: equal ones cost nothing but work */

static int by_name_then_order(const void *x, const void *y)
{
    const struct ss_file *a = *(struct ss_file *const *)x, *b = *(struct ss_file *const *)y;
    int c = ss_slice_cmp(a->name, b->name);
    return c ? c : (a->order > b->order) - (a->order < b->order);
}

/* The first in files_by_name that does not stand before that name and set; NULL when it has another name. */
static struct ss_file *find_from(const struct ss_load *l, struct ss_slice name, size_t set)
{
    size_t low = 0, high = l->n_files;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = ss_slice_cmp(l->files_by_name[mid]->name, name);
        if (c < 0 || (c == 0 && l->files_by_name[mid]->set < set))
            low = mid + 1;
        else
            high = mid;
    }
    return low < l->n_files && ss_slice_eq(l->files_by_name[low]->name, name) ? l->files_by_name[low] : NULL;
}

/* Order is that of sets, too. */
struct ss_file *ss_load_find_file(const struct ss_load *l, struct ss_slice name, size_t set)
{
    struct ss_file *own = find_from(l, name, set);
    return own && own->set == set ? own : find_from(l, name, 0);
}

/* Of files with one name all stay that differ, since they may declare different things, and what they declare
 * is compared later. Of a name that is built in one stays: ours if it is pinned, else the first, which is the
 * user's if there is one. */
static void drop_doubles(struct ss_load *l)
{
    struct ss_file **v = l->files_by_name;
    size_t kept = 0;
    for (size_t i = 0, next; i < l->n_files; i = next) {
        size_t first = kept;
        enum ss_builtin_kind kind = ss_builtin_kind_of(v[i]->name);
        for (next = i + 1; next < l->n_files && ss_slice_eq(v[next]->name, v[i]->name); next++)
            ;
        if (kind == SS_BUILTIN_PINNED)
            i = next - 1;
        v[kept++] = v[i];
        for (size_t k = i + 1; k < next; k++) {
            struct ss_file *same = kind == SS_BUILTIN_NONE ? NULL : v[first];
            for (size_t j = first; j < kept && j < first + MAX_COMPARED && same == NULL; j++)
                if (ss_slice_eq(v[j]->bytes, v[k]->bytes))
                    same = v[j];
            if (same)
                same->given = same->given || v[k]->given;
            else
                v[kept++] = v[k];
        }
    }
    l->n_files = kept;
}

static void want_imports(const struct ss_load *l, const struct ss_file *f, bool *more)
{
    for (size_t i = 0; i < f->n_dependencies; i++) {
        struct ss_file *d = ss_load_find_file(l, f->dependencies[i], f->set);
        if (d && !d->wanted)
            d->wanted = *more = true;
    }
}

/* Our copies that come on demand go when nothing that stays imports them. */
static void drop_unwanted(struct ss_load *l, struct ss_slice builtin_origin)
{
    size_t kept = 0;
    bool more = true;
    for (size_t i = 0; i < l->n_files; i++) {
        struct ss_file *f = l->files_by_name[i];
        f->on_demand =
            f->origin.ptr == builtin_origin.ptr && ss_builtin_kind_of(f->name) == SS_BUILTIN_ON_DEMAND;
        f->wanted = !f->on_demand;
    }
    for (size_t i = 0; i < l->n_files; i++)
        if (!l->files_by_name[i]->on_demand)
            want_imports(l, l->files_by_name[i], &more);
    while (more) {
        more = false;
        for (size_t i = 0; i < l->n_files; i++)
            if (l->files_by_name[i]->on_demand && l->files_by_name[i]->wanted)
                want_imports(l, l->files_by_name[i], &more);
    }
    for (size_t i = 0; i < l->n_files; i++)
        if (l->files_by_name[i]->wanted)
            l->files_by_name[kept++] = l->files_by_name[i];
    l->n_files = kept;
}

static int by_order(const void *x, const void *y)
{
    const struct ss_file *a = *(struct ss_file *const *)x, *b = *(struct ss_file *const *)y;
    return (a->order > b->order) - (a->order < b->order);
}

static enum ss_err choose_files(struct ss_load *l)
{
    l->files_by_name = ss_load_work(l, l->n_files, sizeof(struct ss_file *));
    if (l->files_by_name == NULL)
        return ss_load_too_large(l);
    struct ss_slice builtin_origin =
        l->files[l->n_files - 1]->origin; /* ours are read last, and are never none */
    memcpy(l->files_by_name, l->files, l->n_files * sizeof(struct ss_file *));
    qsort(l->files_by_name, l->n_files, sizeof(struct ss_file *), by_name_then_order);
    drop_doubles(l);
    drop_unwanted(l, builtin_origin);
    memcpy(l->files, l->files_by_name, l->n_files * sizeof(struct ss_file *));
    qsort(l->files, l->n_files, sizeof(struct ss_file *), by_order);
    return SS_OK;
}

/* One step of the walk: the file that f imports next, NULL when there is none left. */
static enum ss_err next_import(struct ss_load *l, struct ss_file *f, struct ss_file **out)
{
    *out = NULL;
    while (f->next_import < f->n_dependencies) {
        size_t i = f->next_import++;
        struct ss_slice name = f->dependencies[i];
        struct ss_file *d = ss_load_find_file(l, name, f->set);
        if (d == NULL && f->weak && f->weak[i])
            continue;
        if (d == NULL)
            return ss_load_fail(l, f, NULL,
                                "imports %.*s, which is missing (protoc --include_imports adds it)",
                                SS_FMT(name));
        if (d->state == SS_FILE_ACTIVE)
            return ss_load_fail(l, f, NULL, "imports %.*s, which imports it in turn", SS_FMT(name));
        if (d->state == SS_FILE_NEW) {
            *out = d;
            return SS_OK;
        }
    }
    return SS_OK;
}

/* Depth first without recursion: importer leads back. */
static enum ss_err check_imports(struct ss_load *l, struct ss_file *start)
{
    struct ss_file *f = start;
    f->importer = NULL;
    f->state = SS_FILE_ACTIVE;
    while (f) {
        struct ss_file *d;
        enum ss_err err = next_import(l, f, &d);
        if (err != SS_OK)
            return err;
        if (d) {
            d->importer = f;
            d->state = SS_FILE_ACTIVE;
            f = d;
        } else {
            f->state = SS_FILE_DONE;
            f = f->importer;
        }
    }
    return SS_OK;
}

static enum ss_err read_syntax(struct ss_load *l, struct ss_file *f)
{
    uint64_t edition = SS_EDITION_PROTO2;
    f->proto2 = f->syntax.len == 0 || ss_slice_eq(f->syntax, SS_LIT("proto2"));
    f->proto3 = ss_slice_eq(f->syntax, SS_LIT("proto3"));
    if (f->proto3)
        edition = SS_EDITION_PROTO3;
    else if (!f->proto2) {
        edition = f->edition;
        if (!ss_slice_eq(f->syntax, SS_LIT("editions")))
            return ss_load_fail(l, f, NULL, "unknown syntax \"%.*s\"",
                                (int)(f->syntax.len < 64 ? f->syntax.len : 64), f->syntax.ptr);
        if (!f->has_edition)
            return ss_load_fail(l, f, NULL, "syntax editions without an edition");
        if (edition < SS_EDITION_2023)
            return ss_load_fail(l, f, NULL, "edition %llu is not supported", (unsigned long long)edition);
    }
    if (!ss_features_of_edition(edition, &f->features))
        return ss_load_fail(l, f, NULL, "edition %llu is not supported", (unsigned long long)edition);
    return SS_OK;
}

enum ss_err ss_load_files(struct ss_load *l)
{
    enum ss_err err = choose_files(l);
    for (size_t i = 0; i < l->n_files && err == SS_OK; i++) {
        if (!ss_utf8_valid(l->files[i]->name))
            return ss_load_fail(l, l->files[i], NULL, "the file's name is not UTF-8");
        if (l->files[i]->state == SS_FILE_NEW)
            err = check_imports(l, l->files[i]);
        if (err == SS_OK)
            err = read_syntax(l, l->files[i]);
    }
    return err;
}
