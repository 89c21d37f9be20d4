#include "config/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct ss_slice ss_path_join(struct ss_slice dir, struct ss_slice path, struct ss_arena *a)
{
    if (path.len && path.ptr[0] == '/')
        dir.len = 0;
    return ss_arena_printf(a, "%.*s%.*s", SS_FMT(dir), SS_FMT(path));
}

struct ss_slice ss_path_of_unix(const struct ss_located *text, struct ss_arena *a)
{
    struct ss_slice path = text->text;
    if (!ss_slice_starts(path, SS_LIT("unix:")) || path.len == 5 || path.ptr[5] == '/' || path.ptr[5] == '@')
        return path;
    path = ss_path_join(text->at->source->dir, ss_slice_skip(path, 5), a);
    return ss_arena_printf(a, "unix:%.*s", SS_FMT(path));
}

struct ss_slice ss_path_dir(struct ss_slice path)
{
    while (path.len && path.ptr[path.len - 1] != '/')
        path.len--;
    return path;
}

static enum ss_err read_all(int fd, size_t max, struct ss_arena *a, struct ss_slice *out, const char **why)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        *why = strerrordesc_np(errno);
        return SS_ERR_IO;
    }
    if (!S_ISREG(st.st_mode)) {
        *why = S_ISDIR(st.st_mode) ? "it is a folder" : "it is no regular file";
        return SS_ERR_IO;
    }
    if ((unsigned long long)st.st_size > max) {
        *why = "it is too large";
        return SS_ERR_LIMIT;
    }
    size_t size = (size_t)st.st_size, n = 0;
    char *p = ss_arena_try(a, size + 1);
    if (p == NULL) {
        *why = "out of memory";
        return SS_ERR_MEMORY;
    }
    while (n < size) {
        ssize_t r = read(fd, p + n, size - n);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0) {
            *why = strerrordesc_np(errno);
            return SS_ERR_IO;
        }
        if (r == 0) /* it shrank meanwhile */
            break;
        n += (size_t)r;
    }
    p[n] = '\0';
    *out = ss_slice_of(p, n);
    return SS_OK;
}

enum ss_err ss_file_read(struct ss_slice path, size_t max, struct ss_arena *a, struct ss_slice *out,
                         const char **why)
{
    /* NONBLOCK: a FIFO by that name must not hang the start */
    int fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        *why = strerrordesc_np(errno);
        return SS_ERR_IO;
    }
    enum ss_err err = read_all(fd, max, a, out, why);
    close(fd);
    return err;
}

bool ss_file_check(struct ss_diag *d, const struct ss_located *path)
{
    if (path->at == NULL)
        return true;
    int fd = open(path->text.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        ss_diag_at(d, path->at, "%.*s: %s", SS_FMT(path->text), strerrordesc_np(errno));
        return false;
    }
    close(fd);
    return true;
}

static bool ends_in(struct ss_slice s, const char *suffix)
{
    size_t n = strlen(suffix);
    return s.len > n && memcmp(s.ptr + s.len - n, suffix, n) == 0;
}

static bool is_document(struct ss_slice name)
{
    return name.ptr[0] != '.' && (ends_in(name, ".yaml") || ends_in(name, ".yml") || ends_in(name, ".json"));
}

static int by_name(const void *x, const void *y)
{
    const struct ss_slice *a = x, *b = y;
    return strcmp(a->ptr, b->ptr);
}

static void list_folder(DIR *dir, struct ss_slice folder, struct ss_arena *a, struct ss_string_list *out)
{
    if (folder.ptr[folder.len - 1] != '/')
        folder = ss_arena_printf(a, "%.*s/", SS_FMT(folder));
    size_t cap = 0;
    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        struct ss_slice name = ss_slice_str(e->d_name);
        if (!is_document(name))
            continue;
        struct ss_slice path = ss_path_join(folder, name, a);
        struct stat st;
        if (stat(path.ptr, &st) == 0 && !S_ISREG(st.st_mode)) /* what cannot be read is reported when it is */
            continue;
        if (out->n == cap) {
            struct ss_slice *bigger = ss_arena_alloc(a, (cap = cap ? cap * 2 : 16) * sizeof *bigger);
            if (out->n)
                memcpy(bigger, out->items, out->n * sizeof *bigger);
            out->items = bigger;
        }
        out->items[out->n++] = path;
    }
    if (out->n)
        qsort(out->items, out->n, sizeof *out->items, by_name);
}

bool ss_file_list(struct ss_diag *d, const struct ss_located *path, struct ss_string_list *out)
{
    *out = (struct ss_string_list){0};
    DIR *dir = opendir(path->text.ptr);
    if (dir == NULL && errno == ENOTDIR) {
        out->items = ss_arena_alloc(d->arena, sizeof *out->items);
        out->items[out->n++] = path->text;
        return true;
    }
    if (dir == NULL) {
        ss_diag_at(d, path->at, "%.*s: %s", SS_FMT(path->text), strerrordesc_np(errno));
        return false;
    }
    list_folder(dir, path->text, d->arena, out);
    closedir(dir);
    if (out->n == 0)
        ss_diag_at(d, path->at, "%.*s: no *.yaml, *.yml or *.json in it", SS_FMT(path->text));
    return out->n != 0;
}
